"""A process that is killed while it goes on with a generation, and the next one that goes on after it."""

import signal
from pathlib import Path

import pytest

from promptflow.laboratory import Laboratory
from promptflow.records import GenerationStatus, RunStatus
from promptflow.settings import read_settings
from tests.ledger.processes import start
from tests.scripted import GOUACHE, POSTER, ListPainter, ListWriter, finish, give, make_laboratory

RETRY = """
import sys, time
from promptflow.ports import Picture
from promptflow.settings import read_settings
from tests.scripted import *

def half_done():
    print(generation_id, flush=True)
    time.sleep(600)

first = Picture(index=0, data=make_png(1))
calls = {"fails": [make_fault()], "half": [first, half_done], "none": [half_done]}
lab = make_laboratory(
    read_settings({"PROMPTFLOW_DATA_DIR": sys.argv[1]}),
    painters={
        GOUACHE: ListPainter(calls["fails"], calls[sys.argv[2]]),
        POSTER: give(2, 3),
    },
)
generation_id = lab.start(make_request(images_per_model=2))
list(finish(lab, generation_id))
lab.resume(generation_id, lab.iterations.retry)
time.sleep(600)
"""


def kill_while_retrying(folder: Path, how: str) -> None:
    """Run a generation of which one model fails, and kill the process while it retries that model."""
    process = start(RETRY, str(folder), how)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def open_next(folder: Path, painter: ListPainter) -> Laboratory:
    """Open the laboratory as the next process would; no other model may be asked."""
    return make_laboratory(
        read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}),
        planner=ListWriter(),
        painters={GOUACHE: painter, POSTER: ListPainter()},
    )


@pytest.mark.parametrize(("how", "there"), [("half", 1), ("none", 0)])
def test_what_was_killed_while_it_was_retried_is_retried(
    tmp_path: Path, how: str, there: int
) -> None:
    """What the killed retry had finished is kept; only what is missing is asked for, once."""
    kill_while_retrying(tmp_path, how)
    painter = give(*range(10, 12 - there))
    lab = open_next(tmp_path, painter)
    (summary,) = lab.list_generations()
    killed = lab.look_up(summary.generation_id)[1]

    lab.resume(summary.generation_id, lab.iterations.retry)
    list(finish(lab, summary.generation_id))

    view = lab.look_up(summary.generation_id)[1]
    lab.close(timeout_s=10)
    assert killed.status is GenerationStatus.INTERRUPTED
    assert view.status is GenerationStatus.SUCCEEDED
    assert [one.count for one in painter.requests] == [2 - there]
    assert [(run.version, run.status, len(run.images)) for run in view.versions(GOUACHE)] == [
        (1, RunStatus.FAILED, 0),
        (2, RunStatus.INTERRUPTED, there),
        (3, RunStatus.SUCCEEDED, 2 - there),
    ]
    assert [len(run.images) for run in view.versions(POSTER)] == [2]
