"""What Datasette says about the ledger fits the ledger."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from promptflow.settings import SHIPPED_DATA

LEDGER: Mapping[str, Any] = yaml.safe_load(
    (SHIPPED_DATA / "datasette" / "metadata.yaml").read_text("utf-8")
)["databases"]["promptflow"]
TABLES: Mapping[str, Any] = LEDGER["tables"]
QUESTIONS: Mapping[str, Any] = LEDGER["queries"]
UNITS = {
    "_ms": r"\bms\b",
    "_micro_usd": "micro-dollars",
    "_usd": "dollars",
    "_bytes": "bytes",
    "_px": "pixels",
    "_at": r"UTC|forked|first stage",
    "_tokens": "[Tt]okens",
}
"""Ending of a column's name → what its description has to say."""


def _columns(path: Path) -> dict[str, list[str]]:
    """Return the columns of each table and view; those of the search indexes are left out."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
            "AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"
        ).fetchall()
        return {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for (name,) in names
        }


def test_every_column_is_described(known: Path) -> None:
    """Each table, view and column has its description, and nothing is described that isn't there."""
    described = {
        name: list(table["columns"]) for name, table in TABLES.items() if "columns" in table
    }

    assert {name: sorted(columns) for name, columns in described.items()} == {
        name: sorted(columns) for name, columns in _columns(known).items()
    }
    assert all(TABLES[name]["title"] and TABLES[name]["description"] for name in described)


@pytest.mark.parametrize("table", [name for name in TABLES if "columns" in TABLES[name]])
def test_every_unit_is_told(table: str) -> None:
    """A column whose name carries a unit is described with it."""
    columns = TABLES[table]["columns"]

    untold = [
        name
        for name, text in columns.items()
        for ending, unit in UNITS.items()
        if name.endswith(ending) and not (re.search(unit, text) or text.startswith("Of the tokens"))
        if not (ending == "_usd" and name.endswith("_micro_usd"))
    ]

    assert untold == []


def test_facets_and_order_name_columns(known: Path) -> None:
    """What tables are grouped and sorted by are columns of theirs."""
    columns = _columns(known)

    for name, table in TABLES.items():
        named = {*table.get("facets", ()), *filter(None, [table.get("sort_desc")])}
        assert named <= {*columns.get(name, ()), "id"}


def test_the_search_index_and_the_schema_are_hidden() -> None:
    """What is of use to the program alone doesn't stand beside the tables."""
    hidden = {name for name, table in TABLES.items() if table.get("hidden")}

    assert hidden == {"_sqlite_migrations", "generations_fts", "texts_fts"}


def test_every_question_says_what_it_answers() -> None:
    """Each question has a title and a description, and names the parameters its SQL has."""
    assert len(QUESTIONS) >= 12
    for question in QUESTIONS.values():
        assert question["title"]
        assert question["description"].endswith(".")
        assert set(re.findall(r":([a-z_]+)\b", question["sql"])) == set(question.get("params", ()))


def test_nothing_is_given_as_html() -> None:
    """No title or description is taken for markup."""
    text = (SHIPPED_DATA / "datasette" / "metadata.yaml").read_text("utf-8")

    assert "_html" not in text
