"""Who is alive: locks that end with their process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptflow.errors import SetupError
from promptflow.ledger import Ownership, SqliteLedger, recover
from promptflow.storage.local import LocalStore
from tests.ledger.processes import start
from tests.ledger.scripted_flow import StoppedClock, flow_started

CLAIM = """
import sys
from pathlib import Path
from promptflow.ledger import Ownership

ownership = Ownership.claim(Path(sys.argv[1]))
print(ownership.owner, flush=True)
sys.stdin.readline()
"""

SWEEP = """
import sys, time
from pathlib import Path
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger, recover
from promptflow.storage.local import LocalStore

folder = Path(sys.argv[1])
ledger, store = SqliteLedger(folder / "promptflow.db", clock=Clock()), LocalStore(folder)
print("ready", flush=True)
while True:
    recover(ledger, store, folder=folder, live=tuple)
"""


def locks(folder: Path) -> list[str]:
    """Return the names of the owners that have a lock file."""
    return sorted(path.stem for path in (folder / "owners").iterdir())


def sweep(ledger: SqliteLedger) -> tuple[str, ...]:
    """Recover as a process that runs nothing."""
    folder = ledger.file.path.parent
    return recover(ledger, [LocalStore(folder)], folder=folder, live=tuple)


def test_an_owner_has_an_id_and_a_lock_of_its_own(tmp_path: Path) -> None:
    """Each claim is a new one, with a file for as long as it is held."""
    first, second = Ownership.claim(tmp_path), Ownership.claim(tmp_path)
    held = locks(tmp_path)
    first.release()
    first.release()

    assert held == sorted([first.owner, second.owner])
    assert locks(tmp_path) == [second.owner]


def test_a_folder_that_can_not_hold_locks_is_named(tmp_path: Path) -> None:
    """A claim that can't be made is a matter of setup."""
    (tmp_path / "owners").write_text("a file")

    with pytest.raises(SetupError, match=r"The lock '.*' can't be taken \(.*\)\. Make the folder"):
        Ownership.claim(tmp_path)


def test_the_lock_of_a_living_process_stays(ledger: SqliteLedger, path: Path) -> None:
    """Nobody takes the lock of a process that is there, in this process or another."""
    mine = Ownership.claim(path.parent)
    other = start(CLAIM, str(path.parent))

    sweep(ledger)
    held = locks(path.parent)
    other.communicate("end\n")

    assert mine.owner in held
    assert len(held) == 2


def test_the_lock_of_a_killed_process_is_removed(ledger: SqliteLedger, path: Path) -> None:
    """The kernel lets go of a killed process's lock, and the next look removes its file."""
    other = start(CLAIM, str(path.parent))
    left = locks(path.parent)
    other.kill()
    other.communicate()

    sweep(ledger)

    assert len(left) == 1
    assert locks(path.parent) == []


def test_a_claim_survives_being_looked_at_while_it_is_made(
    ledger: SqliteLedger, path: Path
) -> None:
    """Whoever looks between the making of a lock file and its lock doesn't take it away."""
    sweepers = [start(SWEEP, str(path.parent)) for _ in range(2)]
    try:
        with ThreadPoolExecutor(4) as threads:
            claims = list(threads.map(Ownership.claim, [path.parent] * 150))
        sweep(ledger)
        held = locks(path.parent)
    finally:
        for sweeper in sweepers:
            sweeper.kill()
            sweeper.communicate()

    assert set(held) >= {claim.owner for claim in claims}


@pytest.mark.parametrize("owner", ["", "never-seen", "../owner", "a/b"])
def test_an_owner_without_a_lock_is_gone(path: Path, owner: str) -> None:
    """A generation whose owner has no lock file, or no proper name, is left over."""
    ledger = SqliteLedger(path, clock=StoppedClock(), owner=owner)
    ledger.prepare()
    ledger.record(flow_started())
    ledger.owner = "someone-else"

    recovered = sweep(ledger)

    assert recovered == ("g1",)
    assert sorted(one.name for one in path.parent.parent.iterdir()) == ["data"]
