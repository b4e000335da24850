"""Data folders that can't be used, each in its own way."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from promptflow.laboratory import open_laboratory
from promptflow.settings import read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wreck:
    """One way in which a data folder can't be used."""

    name: str
    make: Callable[[Path], Path]
    """Makes it below an empty folder; returns the data folder."""
    said: str
    """A part of what is said about it."""

    def __str__(self) -> str:
        return self.name


def _put_a_file_in_its_place(folder: Path) -> Path:
    (folder / "data").write_text("no folder")
    return folder / "data"


def _put_a_file_above_it(folder: Path) -> Path:
    return _put_a_file_in_its_place(folder) / "below"


def _put_a_folder_for_the_database(folder: Path) -> Path:
    (folder / "promptflow.db").mkdir()
    return folder


def _fill_with_noise(folder: Path) -> Path:
    (folder / "promptflow.db").write_bytes(os.urandom(5_000))
    return folder


def _overwrite_its_pages(folder: Path) -> Path:
    database = _make_sound(folder)
    data = database.read_bytes()
    database.write_bytes(data[:8_192] + b"\xa5" * (len(data) - 8_192))
    return folder


def _cut_it_short(folder: Path) -> Path:
    database = _make_sound(folder)
    database.write_bytes(database.read_bytes()[:20_000])
    return folder


def _bring_it_from_the_future(folder: Path) -> Path:
    with closing(sqlite3.connect(_make_sound(folder))) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('promptflow', 'm999_read_minds', '2036-01-01')"
        )
        connection.commit()
    return folder


def _make_sound(folder: Path) -> Path:
    """Make an installation, close its database, and return where that is."""
    lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))
    lab.ledger.close()
    return lab.settings.database


WRECKS = (
    Wreck(name="file in its place", make=_put_a_file_in_its_place, said="can't be made"),
    Wreck(name="file above it", make=_put_a_file_above_it, said="can't be made"),
    Wreck(
        name="folder for the database",
        make=_put_a_folder_for_the_database,
        said="can't be opened or written",
    ),
    Wreck(name="noise", make=_fill_with_noise, said="is no SQLite database"),
    Wreck(name="damaged pages", make=_overwrite_its_pages, said="is damaged"),
    Wreck(name="cut short", make=_cut_it_short, said="is damaged"),
    Wreck(name="newer version", make=_bring_it_from_the_future, said="'m999_read_minds'"),
)
