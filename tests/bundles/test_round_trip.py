"""What is exported comes back: into another ledger, once, and whole."""

import json
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from promptflow.bundles import Exported, Imported, export_bundle, import_bundle
from promptflow.errors import InputError, LedgerError, StorageError, UnknownGenerationError
from promptflow.events import Event, FlowStarted
from promptflow.ledger import SqliteLedger
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.exchange import Rows, insert_rows, read_rows, upgrade_rows
from promptflow.ledger.migrations import STEPS, migrate
from promptflow.records import PromptOrigin, Stage
from promptflow.settings import ROOT
from promptflow.view import fold
from tests.bundles.made import (
    ElsewhereStore,
    Place,
    Tables,
    make_rich,
    read_files,
    with_manifest,
    with_rows,
    write_files,
)
from tests.ledger.scripted_flow import (
    StoppedClock,
    at,
    flow_finished,
    flow_started,
    image_ready,
    outline,
    resumed_flow,
    rich_flow,
    run_finished,
    run_started,
    stage_reused,
)
from tests.storage.tiny_disk import run_on_tiny_disk

if TYPE_CHECKING:
    pass


def all_rows(place: Place) -> Rows:
    """Return all rows of a place."""
    with place.ledger.file.reading() as connection:
        return read_rows(connection, place.generations())


def execute(place: Place, sql: str) -> None:
    """Change a ledger behind its back."""
    with closing(sqlite3.connect(place.ledger.file.path)) as connection:
        connection.execute(sql)
        connection.commit()


def test_a_generation_comes_back_in_another_ledger(rich: Place, bundle: Path, empty: Place) -> None:
    """Its events, its rows and its pictures are what they were, and it can be found by its words."""
    done = empty.take(bundle)

    assert done == Imported(generations=1, known=0, pictures=5)
    assert empty.ledger.read_events("g1") == rich.ledger.read_events("g1")
    assert all_rows(empty) == all_rows(rich)
    assert empty.pictures() == rich.pictures()
    assert [empty.store.read(key) for key in empty.pictures()] == [
        rich.store.read(key) for key in rich.pictures()
    ]
    assert empty.ledger.list_generations(search="octopus")[0].generation_id == "g1"


def test_a_bundle_of_an_imported_generation_is_the_same_bundle(bundle: Path, empty: Place) -> None:
    """Nothing is lost on the way there and back."""
    empty.take(bundle)
    again = bundle.with_name("again.zip")

    empty.export(again, "g1")

    assert read_files(again) == read_files(bundle)


def forked() -> list[Event]:
    """Return a fork of ``g1``: a stage of it taken over, and a prompt that grew from one of its."""
    started = replace(
        flow_started("g2", at=at(80)), parent_id="g1", forked_at=Stage.PROMPT_CONSTRUCTION
    )
    run = replace(
        run_started("r9", generation_id="g2"),
        prompt="a squid by night",
        prompt_origin=PromptOrigin.EDITED,
        parent_prompt_id="prompt-r5",
    )
    return [
        started,
        replace(stage_reused("s9", "s3", edited=False), generation_id="g2"),
        run,
        image_ready("r9", 0, "a20", key="generations/g2/output/painter-1/a20.png"),
        run_finished("r9", "t20"),
        flow_finished("g2"),
    ]


def test_a_fork_of_a_resumed_generation_comes_with_its_parent(tmp_path: Path) -> None:
    """The fork alone is asked for; versions, edits and what was reused come back as they were."""
    here, there = Place(tmp_path / "here"), Place(tmp_path / "there")
    here.record([*resumed_flow(), *forked()])
    out = tmp_path / "fork.zip"
    here.export(out, "g2")

    done = there.take(out)

    assert done == Imported(generations=2, known=0, pictures=9)
    assert all_rows(there) == all_rows(here)
    for generation_id in ("g1", "g2"):
        assert there.ledger.read_events(generation_id) == here.ledger.read_events(generation_id)
    runs = fold(there.ledger.read_events("g1")).runs
    assert [(run.run_id, run.version, run.parent_run_id, run.seed) for run in runs[-3:]] == [
        ("r4", 2, "r2", 8),
        ("r5", 2, "r1", 8),
        ("r6", 1, None, 8),
    ]


def test_an_imported_generation_can_go_on(tmp_path: Path) -> None:
    """What came out of a bundle is resumed like any other, by whoever has it."""
    here, there = Place(tmp_path / "here"), Place(tmp_path / "there")
    here.record(rich_flow())
    here.export(tmp_path / "rich.zip", "g1")
    there.take(tmp_path / "rich.zip")
    more = resumed_flow()[len(rich_flow()) :]

    there.record(more)

    here.record(more)
    assert outline(there.ledger.read_events("g1")) == outline(here.ledger.read_events("g1"))


def test_twice_is_once(bundle: Path, empty: Place) -> None:
    """A second import changes nothing and says so."""
    empty.take(bundle)
    before = all_rows(empty), empty.pictures()

    done = empty.take(bundle)

    assert done == Imported(generations=0, known=1, pictures=0)
    assert (all_rows(empty), empty.pictures()) == before


def test_pictures_belong_to_the_store_they_come_into(bundle: Path, empty: Place) -> None:
    """The rows name the importing store; a second import doesn't mind that they differ in it."""
    store = ElsewhereStore(store=empty.store)

    import_bundle(bundle, ledger=empty.ledger, store=store)

    again = import_bundle(bundle, ledger=empty.ledger, store=store)
    assert {row["backend"] for row in all_rows(empty)["assets"]} == {"elsewhere"}
    assert again.known == 1


def test_several_generations_go_into_one_bundle(tmp_path: Path, empty: Place) -> None:
    """Those that are known are passed over, the others are taken in; two alike are one."""
    rich = make_rich(tmp_path / "rich")
    for number in (2, 3):
        rich.ledger.record(flow_started(f"g{number}"))
        rich.ledger.record(flow_finished(f"g{number}"))
    rich.export(tmp_path / "one.zip", "g2")
    empty.take(tmp_path / "one.zip")

    exported = rich.export(tmp_path / "all.zip", "g3", "g1", "g2", "g3")
    imported = empty.take(tmp_path / "all.zip")

    size_bytes = (tmp_path / "all.zip").stat().st_size
    assert exported == Exported(generations=3, pictures=5, size_bytes=size_bytes)
    assert imported == Imported(generations=2, known=1, pictures=5)
    assert all_rows(empty) == all_rows(rich)


def test_a_picture_that_two_rows_share_is_in_it_once(tmp_path: Path, empty: Place) -> None:
    """The same bytes are one file, and both rows come back."""
    rich = make_rich(tmp_path / "rich")
    execute(
        rich,
        """UPDATE assets SET (key, sha256, size_bytes) =
        (SELECT key, sha256, size_bytes FROM assets WHERE id = 'a1') WHERE id = 'a3'""",
    )

    exported = rich.export(tmp_path / "bundle.zip", "g1")
    empty.take(tmp_path / "bundle.zip")

    assert exported.pictures == 4
    assert all_rows(empty) == all_rows(rich)


def test_the_manifest_tells_what_is_in_it(bundle: Path) -> None:
    """Format, version, schema, time, generations, and the facts of every file."""
    files = read_files(bundle)

    manifest = json.loads(files["manifest.json"])

    facts = manifest.pop("files")
    assert manifest.pop("app_version")
    assert manifest == {
        "format": "promptflow-bundle",
        "version": 1,
        "schema": STEPS[-1].__name__,
        "created_at": "2026-11-23T12:00:00.000+00:00",
        "generations": ["g1"],
    }
    assert {one["name"]: one["size_bytes"] for one in facts} == {
        name: len(data) for name, data in files.items() if name != "manifest.json"
    }


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("nowhere",), "There is no generation 'nowhere' in this ledger."),
        (("g1", "g1 "), "There is no generation 'g1 ' in this ledger."),
        (("\udcff",), "There is no generation '?' in this ledger."),
    ],
)
def test_what_is_not_there_is_not_exported(
    ids: tuple[str, ...], said: str, rich: Place, tmp_path: Path
) -> None:
    """An id that leads nowhere is named, and no file is made."""
    with pytest.raises(UnknownGenerationError) as caught:
        rich.export(tmp_path / "bundle.zip", *ids)

    assert caught.value.message.startswith(said)
    assert list(tmp_path.iterdir()) == []


def test_a_new_ledger_has_nothing_to_export(tmp_path: Path) -> None:
    """Where there is no ledger yet, the generation is unknown."""
    folder = tmp_path / "data"
    ledger = SqliteLedger(folder / "promptflow.db", clock=StoppedClock())

    with pytest.raises(UnknownGenerationError, match="no generation 'g1'"):
        export_bundle(
            ["g1"],
            tmp_path / "b.zip",
            ledger=ledger,
            read_picture=lambda _: b"",
            clock=ledger.clock,
        )

    assert list(tmp_path.iterdir()) == []


def test_what_runs_is_not_exported(tmp_path: Path) -> None:
    """A generation that is still running is told to be waited for."""
    place = make_rich(tmp_path / "rich")
    place.ledger.record(flow_started("g2"))

    with pytest.raises(InputError) as caught:
        place.export(tmp_path / "bundle.zip", "g1", "g2")

    assert caught.value.message == (
        "The generation 'g2' is still running. Export it when it is finished."
    )
    assert not (tmp_path / "bundle.zip").exists()


def test_nothing_is_overwritten(rich: Place, tmp_path: Path) -> None:
    """What is there already stays, and another name is asked for."""
    out = tmp_path / "bundle.zip"
    out.write_text("mine")

    with pytest.raises(InputError) as caught:
        rich.export(out, "g1")

    assert caught.value.message == (
        f"There is something at {str(out)!r} already. Choose another name, or remove it."
    )
    assert out.read_text() == "mine"


@pytest.mark.parametrize("out", ["nowhere/bundle.zip", "file/bundle.zip", "x" * 300])
def test_a_place_that_cannot_be_written_is_named(out: str, rich: Place, tmp_path: Path) -> None:
    """A missing folder, a file for a folder, a name that is too long."""
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match=r"can't be written \(.*\)\. Choose another place\."):
        rich.export(tmp_path / out, "g1")


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"no picture")])
def test_a_lost_picture_makes_no_bundle(harm: Callable[[Path], object], tmp_path: Path) -> None:
    """A picture that is gone or was changed is named, and nothing half is left behind."""
    place = make_rich(tmp_path / "rich")
    key = place.pictures()[0]
    harm(place.folder / key)

    with pytest.raises(StorageError) as caught:
        place.export(tmp_path / "bundle.zip", "g1")

    assert repr(key) in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["rich"]


def test_a_picture_of_other_bytes_than_recorded_makes_no_bundle(tmp_path: Path) -> None:
    """The whole of the hash is compared, not only what the name holds of it."""
    place = make_rich(tmp_path / "rich")
    execute(place, "UPDATE assets SET sha256 = substr(sha256, 1, 16) || 'x' WHERE id = 'a1'")

    with pytest.raises(StorageError, match="is not the one that was recorded"):
        place.export(tmp_path / "bundle.zip", "g1")


FULL = """
import sys
from pathlib import Path
from promptflow.errors import StorageError
from tests.bundles.made import make_rich
disk = Path(sys.argv[1])
rich = make_rich(disk.parent / "rich")
filler = disk / "filler"
try:
    with filler.open("wb") as file:
        while True:
            file.write(bytes(1_000))
except OSError:
    filler.write_bytes(bytes(filler.stat().st_size - 12_000))
try:
    rich.export(disk / "bundle.zip", "g1")
except StorageError as error:
    print(error.message)
print([path.name for path in disk.iterdir()])
"""


def test_a_full_disk_leaves_nothing_half(tmp_path: Path) -> None:
    """The disk is named, and the file that was begun is gone."""
    printed = run_on_tiny_disk(tmp_path / "disk", FULL)

    assert "can't be written (No space left on device). Check the disk." in printed
    assert "['filler']" in printed


DOOMED = """
import os, signal, sys
from pathlib import Path
from promptflow.bundles import import_bundle
from promptflow.storage.local import LocalStore
from tests.bundles.made import Place
class DoomedStore(LocalStore):
    written = 0
    def write(self, **picture):
        asset = super().write(**picture)
        self.written += 1
        if self.written == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        return asset
place = Place(Path(sys.argv[1]))
import_bundle(Path(sys.argv[2]), ledger=place.ledger, store=DoomedStore(place.folder))
"""


@pytest.mark.parametrize("pictures", [1, 5])
def test_a_kill_between_pictures_and_rows_is_mended_by_another_import(
    pictures: int, rich: Place, bundle: Path, tmp_path: Path
) -> None:
    """No row is there without its pictures, and the pictures that are there are used."""
    folder = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-c", DOOMED, str(folder), str(bundle), str(pictures)],
        cwd=ROOT,
        check=False,
    )
    place = Place(folder)
    left = place.generations(), len(place.pictures())

    imported = place.take(bundle)

    assert done.returncode == -signal.SIGKILL
    assert left == ([], pictures)
    assert imported == Imported(generations=1, known=0, pictures=5)
    assert all_rows(place) == all_rows(rich)
    assert place.pictures() == rich.pictures()


def test_a_packed_bundle_is_taken_too(bundle: Path, empty: Place, tmp_path: Path) -> None:
    """One that somebody unpacked and packed again is the same bundle."""
    packed = tmp_path / "packed.zip"
    write_files(packed, read_files(bundle), zipfile.ZIP_DEFLATED)

    assert empty.take(packed).generations == 1


def _as_of_old(tables: Tables, columns: dict[str, list[str]]) -> None:
    """Leave out all that the first schema hadn't."""
    tables["assets"] = [row for row in tables["assets"] if row["role"] == "output"]
    tables["attempts"] = [row for row in tables["attempts"] if row["run_id"]]
    for table, rows in tables.items():
        tables[table] = [{name: row[name] for name in columns[table]} for row in rows]


def test_a_bundle_of_an_older_schema_is_brought_up_to_date(
    bundle: Path, empty: Place, tmp_path: Path
) -> None:
    """What it doesn't tell is filled as a migration fills it."""
    old = LedgerFile(path=tmp_path / "old.db")
    migrate(old, STEPS[:2])
    with old.reading() as connection:
        columns = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in ("generations", "stages", "prompts", "runs", "attempts", "assets")
        }
    files = read_files(bundle)
    references = [name for name in files if "/reference/" in name]
    for name in references:
        del files[name]
    with_rows(lambda tables: _as_of_old(tables, columns))(files)
    with_manifest(schema="m002_create_search")(files)
    write_files(tmp_path / "old.zip", files)

    done = empty.take(tmp_path / "old.zip")

    view = fold(empty.ledger.read_events("g1"))
    assert len(references) == 2
    assert done == Imported(generations=1, known=0, pictures=3)
    assert (view.request.parameters, view.request.request) == ({}, flow_request())
    assert view.runs[0].usage.cached_tokens is None


def flow_request() -> str:
    """Return the request of the flow in which everything happens."""
    started = rich_flow()[0]
    assert isinstance(started, FlowStarted)
    return started.request.request


def fork(place: Place) -> LedgerFile:
    """Put in two generations that grew one from another, and an upload."""
    file = place.ledger.file
    for number in (2, 3):
        place.ledger.record(flow_started(f"g{number}"))
        place.ledger.record(flow_finished(f"g{number}"))
    execute(place, "UPDATE generations SET parent_id = 'g1' WHERE id = 'g2'")
    execute(place, "UPDATE generations SET parent_id = 'g2' WHERE id = 'g3'")
    execute(place, "UPDATE assets SET source_id = 'a3', starred_at = 'noon' WHERE id = 'a1'")
    execute(place, "INSERT INTO uploads VALUES ('u1', 'a1', 1, 'failed', '', '', 1, 'noon', 1)")
    return file


def test_what_a_generation_grew_from_comes_along(tmp_path: Path) -> None:
    """A fork of a fork brings both; uploads belong to a place and stay there."""
    file = fork(make_rich(tmp_path / "rich"))

    with file.reading() as connection:
        rows = read_rows(connection, ["g3"])

    assert [row["id"] for row in rows["generations"]] == ["g1", "g2", "g3"]
    assert "uploads" not in rows
    assert rows["assets"][0]["source_id"] == "a3"
    assert upgrade_rows(json.loads(json.dumps(rows)), step=STEPS[-1].__name__) == rows


def test_stars_are_left_as_they_are(tmp_path: Path, empty: Place) -> None:
    """Rows go in whatever the order they point at each other in; a star that was taken away stays so."""
    file = fork(make_rich(tmp_path / "rich"))
    with file.reading() as connection:
        rows = read_rows(connection, ["g3"])

    for new in (("g1", "g2", "g3"), ()):
        with empty.ledger.file.writing() as connection:
            assert insert_rows(connection, rows) == new
        execute(empty, "UPDATE assets SET starred_at = NULL")

    with empty.ledger.file.reading() as connection:
        assert {row["starred_at"] for row in read_rows(connection, ["g1"])["assets"]} == {None}


def test_rows_that_point_nowhere_are_not_inserted(rich: Place, empty: Place) -> None:
    """A table that is left out breaks the whole transaction."""
    rows = {**all_rows(rich), "prompts": ()}

    with (
        pytest.raises(LedgerError, match="FOREIGN KEY"),
        empty.ledger.file.writing() as connection,
    ):
        insert_rows(connection, rows)

    assert empty.generations() == []
