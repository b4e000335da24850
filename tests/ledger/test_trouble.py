"""What can be wrong with the ledger's file, and what is said about it."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from promptflow.errors import LedgerError, SetupError
from promptflow.inventory import take_inventory
from promptflow.ledger import SqliteLedger
from promptflow.records import GalleryFilter
from promptflow.storage.shelves import Shelves
from promptflow.view import fold
from tests.ledger.scripted_flow import StoppedClock, flow_started, rich_flow
from tests.storage.tiny_disk import run_on_tiny_disk


def open_ledger(path: Path, timeout_s: float = 30.0) -> SqliteLedger:
    """Return a ledger that has yet to be prepared."""
    return SqliteLedger(path, clock=StoppedClock(), owner="owner-1", timeout_s=timeout_s)


def test_making_a_ledger_touches_nothing(path: Path) -> None:
    """Until it is prepared, a ledger is only a name."""
    open_ledger(path)

    assert not path.parent.exists()


def test_a_file_in_the_place_of_the_folder_is_named(path: Path) -> None:
    """A folder that can't be made is a matter of setup."""
    path.parent.write_text("a file")

    with pytest.raises(SetupError, match=r"The folder '.*data' for the ledger can't be made"):
        open_ledger(path).prepare()


def test_a_folder_in_the_place_of_the_file_is_named(path: Path) -> None:
    """A file that can't be opened is a matter of setup."""
    path.mkdir(parents=True)

    with pytest.raises(SetupError, match="can't be opened or written"):
        open_ledger(path).prepare()


@pytest.mark.parametrize(
    "content", [b"These are my notes. " * 200, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_file_that_is_no_ledger_is_refused_and_kept(path: Path, content: bytes) -> None:
    """Something else under the ledger's name stays as it is."""
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(SetupError, match=r"is not a ledger|is damaged"):
        open_ledger(path).prepare()

    assert path.read_bytes() == content


def test_a_damaged_ledger_is_named(path: Path) -> None:
    """Pages that were overwritten are found by the check."""
    ledger = open_ledger(path)
    ledger.prepare()
    for event in rich_flow():
        ledger.record(event)
    ledger.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))

    with pytest.raises(LedgerError, match="is damaged"):
        open_ledger(path).check()
    with pytest.raises(LedgerError, match="is damaged"):
        open_ledger(path).read_events("g1")


def damage(sound: bytes, dice: random.Random) -> bytes:
    """Return a copy with bits turned over, a page made blank, or its end cut off."""
    copy = bytearray(sound)
    match dice.randrange(3):
        case 0:
            for _ in range(dice.choice((1, 8, 64, 400))):
                copy[dice.randrange(len(copy))] ^= 1 << dice.randrange(8)
        case 1:
            start = dice.randrange(len(copy) // 4096) * 4096
            copy[start : start + 4096] = bytes(4096)
        case _:
            del copy[dice.randrange(len(copy)) :]
    return bytes(copy)


def try_everything(path: Path) -> Iterator[str]:
    """Open and read a ledger in every way; yield what became of each."""
    ledger = open_ledger(path)
    ways: tuple[Callable[[], object], ...] = (
        ledger.prepare,
        lambda: fold(ledger.read_events("g1")),
        ledger.list_generations,
        lambda: ledger.list_generations(search="octopus"),
        lambda: ledger.list_generations(search="oc linocut mosaic"),
        lambda: ledger.read_lineage("g1"),
        lambda: ledger.pictures.list_pictures(GalleryFilter(), limit=24),
        lambda: ledger.pictures.count_pictures(GalleryFilter(text="octopus", starred=True)),
        ledger.check,
        lambda: take_inventory(ledger, Shelves(path.parent)),
    )
    for way in ways:
        try:
            way()
        except (LedgerError, SetupError):
            yield "refused"
        else:
            yield "fine"
    ledger.close()


def test_no_damage_is_a_crash(path: Path, tmp_path: Path) -> None:
    """Whatever happens to the file, each way to read it works or says what is wrong."""
    ledger = open_ledger(path)
    ledger.prepare()
    for event in rich_flow():
        ledger.record(event)
    ledger.close()
    sound = path.read_bytes()
    seen = Counter[str]()
    for seed in range(300):
        dice = random.Random(seed)  # noqa: S311
        copy = tmp_path / f"{seed}" / "promptflow.db"
        copy.parent.mkdir()
        copy.write_bytes(damage(sound, dice))
        seen.update(try_everything(copy))

    assert min(seen["fine"], seen["refused"]) > 300


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE generations SET image_models = '[\"painter'",
        "UPDATE generations SET image_models = '7'",
        "UPDATE generations SET status = 'runing'",
        "UPDATE generations SET created_at = 'noon'",
        "UPDATE generations SET created_at = '0001-01-01T00:00:00+05:00'",
        "UPDATE stages SET plan = '{}' WHERE plan IS NOT NULL",
        "UPDATE stages SET timeline = '[1]'",
        "UPDATE generations SET request = CAST(x'ff' AS TEXT)",
        "DELETE FROM attempts",
    ],
)
def test_rows_that_make_no_sense_are_a_damaged_ledger(
    ledger: SqliteLedger, path: Path, sql: str
) -> None:
    """Rows that can be read and not understood are an error of the ledger's, with its name."""
    for event in rich_flow():
        ledger.record(event)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)

    with pytest.raises(LedgerError, match=r"The ledger '.*promptflow\.db' (is damaged|refused)"):
        ledger.read_events("g1")


def test_a_quoted_cause_is_cut_short(ledger: SqliteLedger, path: Path) -> None:
    """A sentence about damage doesn't repeat a page of rubbish."""
    ledger.record(flow_started())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE generations SET created_at = ?", ("x" * 4096,))

    with pytest.raises(LedgerError) as caught:
        ledger.list_generations()

    assert len(caught.value.message) < 400 + len(str(path))


def test_a_mistake_in_writing_is_not_called_damage(ledger: SqliteLedger) -> None:
    """Only what is read can be damaged; an error in a writing block stays what it is."""
    with pytest.raises(ValueError, match="a mistake"), ledger.file.writing():
        raise ValueError("a mistake")


def test_an_address_that_is_no_text_is_not_called_damage(ledger: SqliteLedger) -> None:
    """A page that begins before something unspeakable is a page like any other."""
    ledger.record(flow_started())

    assert ledger.list_generations(before="\udcff") == ()


def test_a_ledger_that_is_gone_is_not_replaced_by_an_empty_one(path: Path) -> None:
    """Records go to the ledger that was prepared, or nowhere."""
    ledger = open_ledger(path)
    ledger.prepare()
    ledger.close()
    path.unlink()

    with pytest.raises(LedgerError, match="can't be opened or written"):
        ledger.record(flow_started())
    with pytest.raises(LedgerError, match="can't be opened or written"):
        ledger.list_generations()

    assert not path.exists()


def test_a_ledger_that_was_not_prepared_says_so(path: Path) -> None:
    """A file without tables is refused with a word on what to do."""
    path.parent.mkdir()
    sqlite3.connect(path).close()
    path.touch()

    with pytest.raises(LedgerError, match=r"no such table: generations.*doctor"):
        open_ledger(path).record(flow_started())


def test_a_ledger_locked_for_too_long_is_named(path: Path) -> None:
    """A writer that holds the ledger makes others wait, and then give up with a sentence."""
    ledger = open_ledger(path, timeout_s=0.1)
    ledger.prepare()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(LedgerError, match=r"was locked by another program for 0\.1 s"):
        ledger.record(flow_started())
    listed = ledger.list_generations()
    holder.execute("ROLLBACK")
    holder.close()
    ledger.record(flow_started())

    assert listed == ()
    assert len(ledger.list_generations()) == 1


def test_an_odd_path_is_taken_as_it_is(tmp_path: Path) -> None:
    """A folder with characters that mean something in an address works."""
    path = tmp_path / "100% data?mode=ro#1" / "my ledger.db"
    ledger = open_ledger(path)
    ledger.prepare()
    ledger.record(flow_started())

    assert path.exists()
    assert len(ledger.list_generations()) == 1


FILL_DISK = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.errors import PromptflowError
from promptflow.ledger import SqliteLedger
from tests.ledger.scripted_flow import flow_started

disk = Path(sys.argv[1])

def fill():
    with (disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass

ledger = SqliteLedger(disk / "promptflow.db", clock=Clock())
try:
    if {early}:
        fill()
    ledger.prepare()
    ledger.record(flow_started("g000"))
    fill()
    for number in range(1, 1000):
        ledger.record(flow_started(f"g{{number:03}}", "An octopus " * 300))
except PromptflowError as error:
    print(type(error).__name__, error)
(disk / "ballast").unlink()
ledger.prepare()
ledger.record(flow_started("g999"))
print([one.generation_id for one in ledger.list_generations(limit=1)], ledger.check()[0])
"""


@pytest.mark.parametrize(("early", "kind"), [(True, "SetupError"), (False, "LedgerError")])
def test_a_full_disk_is_named_and_survived(tmp_path: Path, early: bool, kind: str) -> None:
    """When the disk is full the message says so; once there is room, records work again."""
    disk = tmp_path / "disk"

    printed = run_on_tiny_disk(disk, FILL_DISK.format(early=early))

    name = str(disk / "promptflow.db")
    assert printed.splitlines() == [
        f"{kind} The disk that holds the ledger {name!r} is full. Free some space and try again.",
        "['g999'] the file is sound",
    ]


FREEZE_DISK = """
import subprocess, sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.errors import PromptflowError
from promptflow.ledger import SqliteLedger

subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
try:
    SqliteLedger(Path(sys.argv[1]) / "promptflow.db", clock=Clock()).prepare()
except PromptflowError as error:
    print(type(error).__name__, error)
"""


def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    """Where nothing can be written, that is a matter of setup."""
    printed = run_on_tiny_disk(tmp_path / "disk", FREEZE_DISK)

    assert printed.startswith("SetupError The ledger")
    assert "can't be opened or written" in printed
