"""The list of models."""

import json
from pathlib import Path

from tests.processes import run_cli
from tests.scripted import BOTH


def test_the_catalogue_is_listed(shared: Path) -> None:
    """Every model is there, with why it can't be used where it can't."""
    as_json = run_cli(shared, "models", "--json")
    told = run_cli(shared, "models")

    listed = json.loads(as_json.stdout)["models"]
    assert (as_json.returncode, as_json.stderr, told.returncode, told.stderr) == (0, b"", 0, b"")
    assert [row["id"] for row in listed if row["available"]] == ["offline-planner", *BOTH]
    assert {row["kind"] for row in listed} == {"text", "image"}
    assert [
        row["id"] for row in listed if row["available"] == bool(row["reason_unavailable"])
    ] == []
    assert [row["id"] for row in listed if row["id"] not in told.stdout.decode()] == []
