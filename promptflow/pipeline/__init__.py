"""The stages and their order: an idea goes in, events come out. Floor 5.

Knows ports, not adapters: no SDK, no Streamlit, no SQL. Every event but the fleeting ones is in the
ledger before it is yielded, so nothing that was paid for is shown before it is written down.
"""

from promptflow.pipeline.flow import run_flow
from promptflow.pipeline.stages import write_question
from promptflow.pipeline.tools import CANCELLED, Account, Tools, add_costs
from promptflow.pipeline.work import Earlier, Known, Lane, Words, Work, whole_work

__all__ = [
    "CANCELLED",
    "Account",
    "Earlier",
    "Known",
    "Lane",
    "Tools",
    "Words",
    "Work",
    "add_costs",
    "run_flow",
    "whole_work",
    "write_question",
]
