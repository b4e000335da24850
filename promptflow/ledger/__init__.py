"""The SQLite side: schema, writing, reading, and mending what a killed process left. Floor 4."""

from promptflow.ledger.recovery import Ownership, recover
from promptflow.ledger.sqlite_ledger import SqliteLedger

__all__ = ["Ownership", "SqliteLedger", "recover"]
