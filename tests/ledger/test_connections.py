"""Connections are used again, and never for a file that isn't there any more."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

import pytest

from promptflow.errors import LedgerError
from promptflow.ledger import SqliteLedger
from promptflow.ledger.database import LedgerFile
from tests.ledger.scripted_flow import StoppedClock, flow_started


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFile(LedgerFile):
    """A ledger's file that keeps the modes in which it was opened."""

    opened: list[str] = field(default_factory=list)

    def connect(self, mode: str) -> Connection:
        """Open a connection, and count it."""
        self.opened.append(mode)
        return LedgerFile.connect(self, mode)


def write_half(file: LedgerFile) -> None:
    """Begin to write something that can't be written."""
    with file.writing() as db:
        db.execute("DELETE FROM generations")
        db.execute("DELETE FROM nowhere")


@pytest.fixture
def file(ledger: SqliteLedger, path: Path) -> CountedFile:
    """The file of a prepared ledger, counted from now on."""
    file = CountedFile(path=path)
    ledger.access.file = file
    return file


def test_one_connection_serves_operation_after_operation(
    ledger: SqliteLedger, file: CountedFile
) -> None:
    """Reading and writing open the file once each."""
    for number in range(5):
        ledger.record(flow_started(f"g{number}"))
        ledger.list_generations()

    assert sorted(file.opened) == ["ro", "rw"]


def test_after_a_failure_the_next_operation_starts_afresh(
    ledger: SqliteLedger, file: CountedFile
) -> None:
    """A connection on which something failed is not used again, and nothing of it is written."""
    ledger.record(flow_started("g1"))
    with pytest.raises(LedgerError, match="nowhere"):
        write_half(file)
    ledger.record(flow_started("g2"))

    assert file.opened == ["rw", "rw"]
    assert [one.generation_id for one in ledger.list_generations()] == ["g2", "g1"]


def test_a_look_shows_what_others_have_written(ledger: SqliteLedger, path: Path) -> None:
    """A connection that is used again sees every commit made since."""
    other = SqliteLedger(path, clock=StoppedClock())
    counts = []
    for number in range(3):
        ledger.record(flow_started(f"g{number}"))
        counts.append(len(other.list_generations()))

    assert counts == [1, 2, 3]


def test_nothing_is_written_to_a_file_that_was_removed(ledger: SqliteLedger, path: Path) -> None:
    """A ledger that is gone is missed at once, although connections to it are still open."""
    ledger.record(flow_started("g1"))
    ledger.list_generations()
    path.unlink()

    with pytest.raises(LedgerError, match="can't be opened or written"):
        ledger.record(flow_started("g2"))
    with pytest.raises(LedgerError, match="can't be opened or written"):
        ledger.list_generations()


def test_a_file_that_was_replaced_is_opened_anew(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    """After a restore, records and reads go to the file that is now at the path."""
    ledger.record(flow_started("g1"))
    ledger.close()
    shutil.copy(path, tmp_path / "copy.db")
    ledger.record(flow_started("g2"))
    ledger.list_generations()
    for left in path.parent.glob("promptflow.db*"):
        left.unlink()
    shutil.copy(tmp_path / "copy.db", path)

    ledger.record(flow_started("g3"))

    assert [one.generation_id for one in ledger.list_generations()] == ["g3", "g1"]


def test_a_file_that_was_replaced_during_an_operation_is_opened_anew(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    """An operation that ends on a file which is gone by then leaves nothing for the next one."""
    ledger.record(flow_started("g1"))
    ledger.close()
    shutil.copy(path, tmp_path / "copy.db")
    with ledger.file.reading():
        path.unlink()
        shutil.copy(tmp_path / "copy.db", path)
        SqliteLedger(path, clock=StoppedClock()).record(flow_started("g2"))

    assert [one.generation_id for one in ledger.list_generations()] == ["g2", "g1"]


def test_threads_share_connections_one_at_a_time(ledger: SqliteLedger, file: CountedFile) -> None:
    """Of many threads that read and write each has a connection to itself, and all are served."""

    def use(number: int) -> int:
        ledger.record(flow_started(f"g{number:03}"))
        return len(ledger.list_generations(search="octopus", limit=1_000))

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(use, range(80)))

    assert max(counts) == 80
    assert len(ledger.list_generations(limit=1_000)) == 80
