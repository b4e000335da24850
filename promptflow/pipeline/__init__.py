"""The stages and their order: an idea goes in, events come out. Floor 5.

Knows ports, not adapters: no SDK, no Streamlit, no SQL. Every event but the fleeting ones is in the
ledger before it is yielded, so nothing that was paid for is shown before it is written down.
"""

from promptflow.pipeline.flow import run_flow
from promptflow.pipeline.tools import CANCELLED, Tools, add_costs

__all__ = ["CANCELLED", "Tools", "add_costs", "run_flow"]
