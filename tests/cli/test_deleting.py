"""The commands that delete: what they say, what they remove, and how they end."""

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from promptflow.laboratory import make_laboratory
from promptflow.ledger import Ownership
from promptflow.settings import read_settings
from tests.processes import run_cli


def generate(folder: Path, *options: str) -> str:
    """Make a generation with the command line, and return its id."""
    done = run_cli(folder, "generate", "A kite", *options, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["generation_id"])


def told(done: subprocess.CompletedProcess[bytes]) -> tuple[int, str]:
    """Return how a command ended, and what it said on stdout."""
    return done.returncode, done.stdout.decode()


def files(folder: Path) -> list[Path]:
    """Return the stored pictures."""
    return [path for path in folder.glob("generations/**/*") if path.is_file()]


def test_deleting_can_be_undone(tmp_path: Path) -> None:
    """A deleted generation isn't shown or exported, and comes back as it was."""
    own = generate(tmp_path)
    before = run_cli(tmp_path, "show", own, "--json").stdout

    deleted = run_cli(tmp_path, "delete", own)
    shown = run_cli(tmp_path, "show", own)
    exported = run_cli(tmp_path, "export", own, "--out", str(tmp_path / "bundle.zip"))
    restored = run_cli(tmp_path, "delete", own, "--undo")

    assert (deleted.returncode, restored.returncode) == (0, 0)
    assert b"`delete --undo` with the same id brings it back" in deleted.stderr
    assert (shown.returncode, exported.returncode) == (2, 2)
    assert b"was deleted on 20" in shown.stderr
    assert b"was deleted on 20" in exported.stderr
    assert not (tmp_path / "bundle.zip").exists()
    assert run_cli(tmp_path, "show", own, "--json").stdout == before


def test_a_purge_only_tells_until_it_is_confirmed(tmp_path: Path) -> None:
    """Without --yes everything is counted and nothing removed; with it, all that was told goes."""
    own = generate(tmp_path, "--image-model", "offline-poster")
    run_cli(tmp_path, "delete", own)
    before = files(tmp_path)

    young = told(run_cli(tmp_path, "purge"))
    dry = told(run_cli(tmp_path, "purge", "--older-than", "0"))
    kept = files(tmp_path)
    done = told(run_cli(tmp_path, "purge", "--older-than", "0", "--yes"))
    again = told(run_cli(tmp_path, "purge", "--older-than", "0", "--yes"))
    doctor = run_cli(tmp_path, "doctor")
    undone = run_cli(tmp_path, "delete", own, "--undo")

    assert young == (0, "Nothing was deleted more than 30 days ago; there is nothing to purge.\n")
    assert dry[0] == 0
    first, place, last = dry[1].splitlines()
    assert first.startswith(
        f"Deleted until now: 1 generation, 1 picture, {len(before) - 1} thumbnail"
    )
    assert place.startswith(f"  on this machine: {len(before)} object")
    assert last.startswith("Nothing was removed. With --yes")
    assert kept == before
    assert done == (0, f"{first}\n{place}\n".replace("Deleted until now", "Purged"))
    assert files(tmp_path) == []
    assert again == (0, "Nothing was deleted until now; there is nothing to purge.\n")
    assert doctor.returncode == 0, doctor.stdout
    assert undone.returncode == 1
    assert b"can't be brought back" in undone.stderr


@pytest.mark.parametrize("days", ["-1", "soon", "9999999999"])
def test_days_that_make_no_sense_are_told(tmp_path: Path, days: str) -> None:
    """A number below 0, no number, and one before all time have a sentence each."""
    done = run_cli(tmp_path, "purge", "--older-than", days, "--yes")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"older-than" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("undo", [(), ("--undo",)])
def test_an_unknown_generation_is_told(tmp_path: Path, undo: tuple[str, ...]) -> None:
    """What isn't there can't be deleted or restored."""
    done = run_cli(tmp_path, "delete", "x", *undo)

    assert done.returncode == 2
    assert b"There is no generation 'x' in this ledger." in done.stderr


@pytest.mark.parametrize("undo", [(), ("--undo",)])
def test_an_id_that_is_no_text_is_told(tmp_path: Path, undo: tuple[str, ...]) -> None:
    """Bytes that are no text are the id of no generation."""
    done = run_cli(tmp_path, "delete", os.fsdecode(b"\xff"), *undo)

    assert done.returncode == 2
    assert b"There is no generation" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_running_generation_is_not_deleted(tmp_path: Path) -> None:
    """One that another process runs has to be cancelled first, or to end."""
    own = generate(tmp_path)
    # As long as its owner's lock is held nobody takes it for dead.
    ownership = Ownership.claim(tmp_path)
    with closing(sqlite3.connect(tmp_path / "promptflow.db")) as db, db:
        db.execute("UPDATE generations SET status = 'running', owner = ?", (ownership.owner,))

    done = run_cli(tmp_path, "delete", own)
    ownership.release()

    assert done.returncode == 2
    assert b"Cancel it first, or wait until it has ended." in done.stderr


def test_the_document_has_title_note_and_tags(tmp_path: Path) -> None:
    """`show --json` tells what a person wrote, on the generation and on each picture."""
    own = generate(tmp_path, "--image-model", "offline-poster")
    lab = make_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(tmp_path)}))
    lab.open(tend=False)
    run = lab.look_up(own)[1].runs[0]
    lab.organiser.label(
        "generation", own, title="High up", note="A note\nof two lines", tags=["Sky", "red"]
    )
    lab.organiser.label(
        "picture", run.images[0].asset.asset_id, title="Best", note="", tags=["print"]
    )
    lab.close(timeout_s=0)

    document = json.loads(run_cli(tmp_path, "show", own, "--json").stdout)

    assert [document[name] for name in ("title", "note", "tags")] == [
        *("High up", "A note\nof two lines"),
        ["red", "sky"],
    ]
    image = document["runs"][0]["images"][0]
    assert [image[name] for name in ("title", "note", "tags")] == ["Best", "", ["print"]]
