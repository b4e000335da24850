"""The SQLite side: schema, writing, reading, and mending what a killed process left. Floor 4."""

from promptflow.ledger.recovery import Ownership, find_missing, recover
from promptflow.ledger.sqlite_ledger import GenerationLedger, SqliteLedger

__all__ = ["GenerationLedger", "Ownership", "SqliteLedger", "find_missing", "recover"]
