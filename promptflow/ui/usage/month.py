"""This month: what it has cost, what it comes to at this pace, and what the limits leave."""

from datetime import UTC, datetime

import streamlit as st

from promptflow.budget import GENERATION_LIMIT, MONTHLY_LIMIT, Limits, MonthSpend, format_limit
from promptflow.laboratory import Laboratory
from promptflow.ui.plain import as_markdown
from promptflow.usage import month_of, project_month
from promptflow.wording import count, format_usd

_NEAR = 0.8
"""From this part of a limit on it is said that it is near."""
_DAY_S = 86_400


def draw_month(lab: Laboratory) -> None:
    """Draw the month's numbers, and say how they came about.

    Args:
        lab: what was spent there.

    Raises:
        LedgerError: the ledger can't be read.
    """
    spent, limits, now = lab.spending.read_month_spend(), lab.settings.limits, lab.now()
    pace = project_month(spent.known_micro_usd, now)
    st.subheader("This month", anchor=False)
    with st.grid(4, min_column_width=150):
        st.metric("Spent", format_usd(spent.known_micro_usd), border=True)
        st.metric("At this pace", "–" if pace is None else format_usd(pace), border=True)
        _draw_limit("Monthly limit", limits.monthly_micro_usd, MONTHLY_LIMIT)
        _draw_limit("Limit a generation", limits.generation_micro_usd, GENERATION_LIMIT)
    st.caption(as_markdown(_month_words(spent, pace, now)))
    _draw_left(spent, limits)


def _draw_limit(label: str, limit: int | None, variable: str) -> None:
    st.metric(
        label,
        "None" if limit is None else format_limit(limit),
        border=True,
        help=f"Set by {variable}, in dollars. What may go beyond it is not started.",
    )


def _month_words(spent: MonthSpend, pace: int | None, now: datetime) -> str:
    """Say how the numbers came about, and what is in none of them."""
    month = month_of(now)
    days = len(month.days)
    begin = datetime(month.first.year, month.first.month, 1, tzinfo=UTC)
    elapsed = (now - begin).total_seconds() / _DAY_S
    told = f"{month.first:%B %Y}, in UTC: {format_usd(spent.known_micro_usd)} in "
    if pace is None:
        words = [f"{told}its first hours. The pace is told from the second day on."]
    else:
        words = [
            f"{told}{elapsed:.1f} of {days} days comes to {format_usd(pace)} for all of them at "
            "this pace."
        ]
    if spent.reserved_micro_usd:
        words.append(
            f"Up to {format_usd(spent.reserved_micro_usd)} more is under way or not told; limits "
            "take it for spent."
        )
    if spent.unknown_calls:
        words.append(f"The cost of {count(spent.unknown_calls, 'call')} is unknown and in no sum.")
    if spent.unestimated:
        words.append(
            f"What {count(spent.unestimated, 'generation')} may come to can't be told at all; "
            "limits leave that out."
        )
    return " ".join(words)


def _draw_left(spent: MonthSpend, limits: Limits) -> None:
    """Say what is left of the month's limit, where it is near."""
    limit = limits.monthly_micro_usd
    if limit is None:
        return
    left = limit - spent.committed_micro_usd
    if left <= 0:
        words = (
            f"The month's limit of {format_limit(limit)} is used up. Until the next month nothing is "
            f"started but what is free, unless {MONTHLY_LIMIT} is raised."
        )
        st.error(as_markdown(words), icon=":material/money_off:")
    elif spent.committed_micro_usd >= limit * _NEAR:
        words = (
            f"{format_usd(left)} of the month's {format_limit(limit)} are left. What may cost more "
            "is not started."
        )
        st.warning(as_markdown(words), icon=":material/payments:")
