"""Ctrl-C, and readers that go away."""

import signal
from pathlib import Path
from typing import IO

import pytest

from tests.cli.document import Document
from tests.cli.finished import Finished
from tests.processes import run_cli, start_cli
from tests.scripted import IDEA, POSTER


def wait_for(stream: IO[bytes] | None, mark: bytes) -> bytes:
    """Read up to and with the first line that holds a mark; return all of it."""
    read = b""
    while stream and mark not in read:
        line = stream.readline()
        assert line, f"it ended before it said {mark!r}"
        read += line
    return read


def test_ctrl_c_while_thinking_starts_nothing_more(tmp_path: Path) -> None:
    """The stage under way is finished; no prompt is written, no picture painted."""
    with start_cli(tmp_path, "generate", IDEA, "--json") as process:
        wait_for(process.stderr, b"Thinking")
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=30)

    document = Document.model_validate_json(out)
    assert process.returncode == 1
    assert (document.status, document.runs) == ("cancelled", [])
    assert [(one.stage, one.status) for one in document.stages] == [
        ("action_plan", "succeeded"),
        ("thinking", "succeeded"),
    ]
    assert b"Cancelling: finishing what is paid for." in told
    assert b"Traceback" not in told
    shown = run_cli(tmp_path, "show", document.generation_id, "--json")
    assert shown.stdout == out


def test_ctrl_c_while_painting_finishes_what_is_paid_for(tmp_path: Path) -> None:
    """A run that has started delivers all its pictures, and they are kept."""
    options = ("--image-model", POSTER, "--images", "2", "--json")
    with start_cli(tmp_path, "generate", IDEA, *options) as process:
        wait_for(process.stderr, b"painting")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)

    document = Document.model_validate_json(out)
    files = [tmp_path / image.key for run in document.runs for image in run.images]
    assert process.returncode == 0
    assert document.status == "cancelled"
    assert [(run.status, len(run.images)) for run in document.runs] == [("succeeded", 2)]
    assert [path.is_file() for path in files] == [True, True]


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    """It ends with 130 and one sentence; the generation then reads as interrupted."""
    with start_cli(tmp_path, "generate", IDEA, "--json") as process:
        before = wait_for(process.stderr, b"Thinking")
        process.send_signal(signal.SIGINT)
        wait_for(process.stderr, b"Cancelling")
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=30)

    shown = run_cli(tmp_path, "show", before.decode().split()[1], "--json")
    assert process.returncode == 130
    assert out == b""
    assert told.decode().splitlines()[-1] == (
        "Stopped at once; what was under way will read as interrupted."
    )
    assert b"Traceback" not in told
    assert Document.model_validate_json(shown.stdout).status == "interrupted"


def test_a_reader_that_goes_away_is_no_traceback(finished: Finished) -> None:
    """Where nobody reads stdout any more, the command ends without a word."""
    with start_cli(finished.folder, "show", finished.generation_id, "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()

    assert process.returncode == 1
    assert told == b""


def test_a_flow_goes_on_when_nobody_listens(tmp_path: Path) -> None:
    """What is paid for is finished and printed, though stderr was closed in mid-flight."""
    with start_cli(tmp_path, "generate", IDEA, "--image-model", POSTER, "--json") as process:
        wait_for(process.stderr, b"Action plan")
        assert process.stderr is not None
        process.stderr.close()
        assert process.stdout is not None
        out = process.stdout.read()

    assert process.returncode == 0
    assert Document.model_validate_json(out).status == "succeeded"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_does_not_fit_is_one_line_on_stderr(finished: Finished) -> None:
    """A full disk behind stdout is named, without a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = run_cli(finished.folder, "doctor", stdout=full)

    told = done.stderr.decode()
    assert done.returncode == 1
    assert told == (
        "The output can't be written (No space left on device). Send it somewhere else.\n"
    )
