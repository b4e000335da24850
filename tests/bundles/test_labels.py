"""What a person wrote goes along with a bundle; what was deleted stays at home."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from promptflow.errors import DeletedGenerationError, InputError
from promptflow.labels import clean_labels
from promptflow.ledger import purging
from promptflow.records import GalleryFilter
from tests.bundles.made import Place, Tables, make_rich, read_files, with_rows, write_files
from tests.ledger.scripted_flow import START

LABELS = clean_labels("A title", "A note\nof two lines", ["red", "blue"])


@pytest.fixture
def labelled(tmp_path: Path) -> Place:
    """A place whose generation and one of whose pictures have labels."""
    place = make_rich(tmp_path / "labelled")
    place.ledger.marks.write_labels("generation", "g1", LABELS)
    place.ledger.marks.write_labels("picture", "a1", clean_labels("Best", "", ["print"]))
    return place


def shown(place: Place) -> set[str]:
    """Return the ids of the pictures that a place shows, as many as it counts."""
    pictures = place.ledger.pictures.list_pictures(GalleryFilter(), limit=99)
    assert place.ledger.pictures.count_pictures(GalleryFilter()) == (len(pictures), False)
    return {one.asset.asset_id for one in pictures}


def test_labels_go_along(labelled: Place, empty: Place, tmp_path: Path) -> None:
    """Titles, notes and tags come back the same, are found, and come once however often."""
    labelled.export(tmp_path / "bundle.zip", "g1")

    empty.take(tmp_path / "bundle.zip")
    again = empty.take(tmp_path / "bundle.zip")

    assert again.generations == 0
    assert empty.ledger.marks.read_all_labels("g1") == labelled.ledger.marks.read_all_labels("g1")
    assert empty.ledger.marks.read_labels("generation", "g1") == LABELS
    assert [one.generation_id for one in empty.ledger.list_generations(search="lines")] == ["g1"]


def test_labels_that_differ_are_left_alone(labelled: Place, tmp_path: Path) -> None:
    """An import of what is there already changes no label, and brings no tag back."""
    labelled.export(tmp_path / "bundle.zip", "g1")
    labelled.ledger.marks.write_labels("generation", "g1", clean_labels("Other", "", ["green"]))

    done = labelled.take(tmp_path / "bundle.zip")

    assert (done.generations, done.known) == (0, 1)
    assert labelled.ledger.marks.read_labels("generation", "g1") == clean_labels(
        "Other", "", ["green"]
    )


def test_deleted_pictures_stay_at_home(labelled: Place, empty: Place, tmp_path: Path) -> None:
    """A bundle has what is shown, in its rows, its files and its page."""
    labelled.ledger.marks.delete("picture", "a1", START)

    labelled.export(tmp_path / "bundle.zip", "g1")
    empty.take(tmp_path / "bundle.zip")

    files = read_files(tmp_path / "bundle.zip")
    assert {row["id"] for row in json.loads(files["ledger.json"])["assets"]}.isdisjoint({"a1"})
    assert json.loads(files["ledger.json"])["asset_tags"] == []
    assert shown(empty) == shown(labelled) == {"a2", "a3"}


def test_a_deleted_generation_is_not_exported(labelled: Place, tmp_path: Path) -> None:
    """It is said that it was deleted, and no file is made."""
    labelled.ledger.marks.delete("generation", "g1", START)

    with pytest.raises(DeletedGenerationError):
        labelled.export(tmp_path / "bundle.zip", "g1")
    assert not (tmp_path / "bundle.zip").exists()


def test_a_deleted_parent_goes_along_with_its_words_alone(
    labelled: Place, empty: Place, tmp_path: Path
) -> None:
    """What a generation grew from must be there; it arrives deleted, without its pictures."""
    fork(labelled)
    labelled.ledger.marks.delete("generation", "g1", START)

    done = labelled.export(tmp_path / "bundle.zip", "g2")
    empty.take(tmp_path / "bundle.zip")

    assert (done.generations, done.pictures) == (2, 0)
    assert b"An octopus" not in read_files(tmp_path / "bundle.zip")["index.html"]
    assert shown(empty) == set()
    assert [one.generation_id for one in empty.ledger.list_generations()] == ["g2"]
    empty.ledger.marks.undelete("generation", "g1")
    assert len(empty.ledger.list_generations()) == 2


def fork(place: Place) -> None:
    """Give the generation a child without anything."""
    with closing(sqlite3.connect(place.ledger.file.path)) as db, db:
        db.row_factory = sqlite3.Row
        row = dict(db.execute("SELECT * FROM generations").fetchone())
        row |= {"id": "g2", "parent_id": "g1", "request": "A fork", "title": "A fork"}
        marks = ", ".join(f":{name}" for name in row)
        db.execute(f"INSERT INTO generations ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608


def test_what_was_purged_is_not_filled_again(labelled: Place, tmp_path: Path) -> None:
    """A bundle of a purged generation is refused with a sentence, and nothing changes."""
    labelled.export(tmp_path / "bundle.zip", "g1")
    labelled.ledger.marks.delete("generation", "g1", START)
    with labelled.ledger.file.writing() as db:
        purging.mark_doomed(db, START, now=START)
        purging.forget_words(db, "g1")

    with pytest.raises(InputError, match="was deleted and purged in this ledger"):
        labelled.take(tmp_path / "bundle.zip")


def test_pictures_that_were_purged_stay_gone(labelled: Place, tmp_path: Path) -> None:
    """Where a purge left the words, since another generation grew from them, no import brings pictures."""
    labelled.export(tmp_path / "bundle.zip", "g1")
    labelled.ledger.marks.delete("generation", "g1", START)
    with labelled.ledger.file.writing() as db:
        purging.mark_doomed(db, START, now=START)
    with labelled.ledger.file.reading() as connection:
        marked = purging.list_marked(connection, limit=99)
    with labelled.ledger.file.writing() as db:
        purging.remove_assets(db, marked)

    done = labelled.take(tmp_path / "bundle.zip")

    assert (done.generations, done.known, done.pictures) == (0, 1, 0)
    with labelled.ledger.file.reading() as connection:
        assert connection.execute("SELECT count(*) FROM assets").fetchone()[0] == 0


SENSELESS: dict[str, tuple[Callable[[Tables], object], str]] = {
    "a long tag": (
        lambda rows: rows["generation_tags"].append({"generation_id": "g1", "tag": "x" * 41}),
        "make no sense",
    ),
    "a tag in capitals": (
        lambda rows: rows["generation_tags"].append({"generation_id": "g1", "tag": "UPPER"}),
        "a note or tag that is not as it is kept",
    ),
    "a tag of nothing": (
        lambda rows: rows["generation_tags"].append({"generation_id": "g9", "tag": "x"}),
        "points at one of 'generations' that is not there",
    ),
    "a tag of no picture": (
        lambda rows: rows["asset_tags"].append({"asset_id": "g1", "tag": "x"}),
        "points at one of 'assets' that is not there",
    ),
    "a long note": (
        lambda rows: rows["generations"][0].update(note="x" * 4_001),
        "make no sense",
    ),
    "a note with a control character": (
        lambda rows: rows["generations"][0].update(note="a\x07b"),
        "a note or tag that is not as it is kept",
    ),
}


@pytest.mark.parametrize("case", SENSELESS)
def test_labels_that_make_no_sense_are_refused(
    labelled: Place, untouched: Place, tmp_path: Path, case: str
) -> None:
    """What could not have been written here is not taken in from elsewhere."""
    change, said = SENSELESS[case]
    labelled.export(tmp_path / "bundle.zip", "g1")
    files = read_files(tmp_path / "bundle.zip")
    with_rows(change)(files)
    write_files(tmp_path / "other.zip", files)

    with pytest.raises(InputError) as caught:
        untouched.take(tmp_path / "other.zip")

    assert said in caught.value.message
    assert untouched.ledger.list_generations() == ()


def test_a_mark_that_lies_has_no_effect(labelled: Place, empty: Place, tmp_path: Path) -> None:
    """Whether a picture is hidden follows from what was deleted, whatever a bundle says."""
    labelled.export(tmp_path / "bundle.zip", "g1")
    files = read_files(tmp_path / "bundle.zip")
    with_rows(lambda rows: [row.update(hidden=1) for row in rows["assets"]])(files)
    write_files(tmp_path / "other.zip", files)

    empty.take(tmp_path / "other.zip")

    assert shown(empty) == {"a1", "a2", "a3"}
