"""What would go beyond a limit in dollars, said beside the price before anything is clicked."""

import streamlit as st

from promptflow.errors import BudgetError, LedgerError
from promptflow.laboratory import Laboratory
from promptflow.ui.plain import as_markdown
from promptflow.view import FlowView


def draw_over_limit(
    lab: Laboratory, estimate_micro_usd: int | None, view: FlowView | None = None
) -> None:
    """Draw by how much something may go beyond a limit, if it may.

    Args:
        lab: has the limits, and knows what was spent.
        estimate_micro_usd: the most that it can cost; ``None`` where that is unknown.
        view: the generation that it adds to, if any.
    """
    try:
        lab.spending.check_budget(estimate_micro_usd, view)
    except BudgetError as error:
        st.caption(f":red[:material/block: {as_markdown(error.hint)}]")
    except LedgerError:
        return  # whoever starts something is told
