"""The steps of the schema, by subject. Each is out: it stays as it is. Floor 4."""
