"""The lineage, open to questions in a browser: Datasette over the ledger, read-only. Floor 7."""
