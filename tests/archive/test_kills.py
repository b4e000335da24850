"""Upkeep that is killed at any step: the next `sync` and the doctor find nothing missing and nothing double."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from promptflow.doctor import examine
from promptflow.settings import ROOT, read_settings
from tests.archive.installation import NO_BUCKET, Installation, generate
from tests.processes import environ_for

DEATHS = 8
"""Moments at which each piece of upkeep is killed, spread over its whole length."""


def make_waiting(kept: Installation) -> None:
    """Leave a generation in the outbox."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    lab.archive.settle(timeout_s=30)
    kept.close()


def make_local(kept: Installation) -> None:
    """Leave a generation on this machine."""
    lab = kept.open(variables=NO_BUCKET)
    generate(lab)
    lab.archive.settle(timeout_s=30)
    kept.close()


def make_uploaded(kept: Installation) -> None:
    """Leave a generation in the bucket."""
    lab = kept.open()
    generate(lab)
    kept.close()


def make_lost(kept: Installation) -> None:
    """Leave a generation and its snapshot in the bucket, and no ledger."""
    make_uploaded(kept)
    lose_again(kept)


def wait_again(kept: Installation) -> None:
    """Put all that was uploaded back into the outbox."""
    localize_again(kept)
    (kept.folder / "generations").rename(kept.folder / "outbox" / "generations")
    kept.change("UPDATE assets SET backend = 'outbox'")


def localize_again(kept: Installation) -> None:
    """Bring everything back to this machine."""
    shutil.rmtree(kept.folder / "outbox", ignore_errors=True)
    (kept.folder / "outbox").mkdir()
    assert kept.open().archive.move("local", lambda _: None).failed == 0
    kept.close()


def upload_again(kept: Installation) -> None:
    """Bring everything back into the bucket."""
    assert kept.open().archive.move("b2", lambda _: None).failed == 0
    kept.close()


def change_again(kept: Installation) -> None:
    """Change the ledger."""
    kept.change("UPDATE assets SET starred_at = created_at WHERE role = 'output'")


def lose_again(kept: Installation) -> None:
    """Lose the ledger."""
    for path in kept.folder.glob("promptflow.db*"):
        path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A piece of upkeep."""

    make: Callable[[Installation], None]
    """Makes what there is to do."""
    again: Callable[[Installation], None]
    """Makes it once more, when it was done."""


DEEDS = {
    "sync": Deed(make=make_waiting, again=wait_again),
    "backup": Deed(make=make_uploaded, again=change_again),
    "to-b2": Deed(make=make_local, again=localize_again),
    "to-local": Deed(make=make_uploaded, again=upload_again),
    "restore": Deed(make=make_lost, again=lose_again),
}


def run(kept: Installation, deed: str, step: int) -> subprocess.CompletedProcess[bytes]:
    """Do a piece of upkeep in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.archive.doomed", deed, "--step", str(step)],
        cwd=ROOT,
        env=environ_for(kept.folder, **kept.variables),
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("deed", DEEDS)
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    kept: Installation, deed: str, tmp_path: Path
) -> None:
    """Killed over and over, ever later, upkeep that is done again ends as if it had never been."""
    DEEDS[deed].make(kept)
    pictures = dict.fromkeys([*kept.here("."), *kept.here("outbox"), *kept.stored()])
    whole = Installation(folder=tmp_path / "whole", front=kept.front)
    DEEDS[deed].make(whole)
    steps = int(run(whole, deed, 0).stdout)
    whole.close()

    ends = []
    for number in range(DEATHS):
        ends.append(run(kept, deed, 1 + steps * number // DEATHS).returncode)
        settings = read_settings({"PROMPTFLOW_DATA_DIR": str(kept.folder), **kept.variables})
        lab = kept.open()
        synced = lab.archive.sync()
        kept.close()
        assert synced.tidied.trouble is None
        assert synced.left.missing == ()
        stored = [*kept.here("."), *kept.here("outbox"), *kept.stored()]
        assert sorted(stored) == sorted(pictures) == sorted(kept.recorded())
        assert [one.said for one in examine(settings) if not one.fine] == []
        DEEDS[deed].again(kept)
    last = run(kept, deed, 0)

    assert ends.count(-signal.SIGKILL) >= DEATHS // 2
    assert last.returncode == 0, last.stderr
    kept.open().archive.sync()
    found = {**kept.here("."), **kept.here("outbox"), **kept.stored()}
    assert found == kept.recorded()
    assert kept.here("outbox") == {}
    assert list(kept.folder.glob("**/*.part")) == []
