"""The SQLite side: schema, writing, reading."""
