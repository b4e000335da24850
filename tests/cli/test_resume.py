"""A generation that the command line goes on with, and what it can be told besides."""

import json
import subprocess
from pathlib import Path

import pytest

from promptflow.errors import RejectedError
from promptflow.laboratory import Laboratory
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Stage
from promptflow.settings import Settings
from tests.cli.document import Document
from tests.processes import run_cli
from tests.scripted import (
    GOUACHE,
    IDEA,
    POSTER,
    ListPainter,
    finish,
    give,
    make_fault,
    make_laboratory,
    make_request,
)

SUCCEEDED, NONE, BAD_INPUT, SOME = 0, 1, 2, 3


def half_done(settings: Settings) -> str:
    """Make a generation of which gouache failed and the poster was painted; return its id."""
    lab = make_laboratory(
        settings, painters={GOUACHE: ListPainter([make_fault()]), POSTER: give(1)}
    )
    return run(lab)


def run(lab: Laboratory) -> str:
    """Run a generation to its end."""
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))
    lab.close(timeout_s=10)
    return generation_id


def read(done: subprocess.CompletedProcess[bytes]) -> Document:
    """Read the document that was printed."""
    return Document.model_validate_json(done.stdout)


def test_what_failed_is_retried(settings: Settings) -> None:
    """The model that failed paints another version; the document has both, and all that was there."""
    generation_id = half_done(settings)

    done = run_cli(settings.data_dir, "resume", generation_id, "--json")

    document = read(done)
    assert done.returncode == SUCCEEDED
    assert document.status == "succeeded"
    assert [(one.image_model, one.version, one.status) for one in document.runs] == [
        (GOUACHE, 1, "failed"),
        (GOUACHE, 2, "succeeded"),
        (POSTER, 1, "succeeded"),
    ]
    assert document.runs[1].parent_run_id == document.runs[0].run_id
    assert document.runs[1].prompt_id == document.runs[0].prompt_id
    shown = run_cli(settings.data_dir, "show", generation_id, "--json")
    assert shown.stdout == done.stdout


def test_stderr_tells_what_is_new_alone(settings: Settings) -> None:
    """What has been told when it happened is not told once more."""
    generation_id = half_done(settings)

    done = run_cli(settings.data_dir, "resume", generation_id)

    told = done.stderr.decode()
    assert told.startswith(f"Generation {generation_id} goes on\n")
    assert "Offline gouache: painting version 2\n" in told
    assert "Action plan" not in told
    assert "poster" not in told
    assert told.splitlines()[-1].startswith("Succeeded in ")
    assert done.stdout == b""


def test_a_text_model_that_failed_is_asked_again(settings: Settings) -> None:
    """A generation without anything becomes a whole one."""
    error = RejectedError("No.", provider="offline", model="offline-planner", status=400)
    lab = make_laboratory(settings, planner=OfflinePlanner(faults=[error]))
    generation_id = run(lab)

    done = run_cli(settings.data_dir, "resume", generation_id, "--json")

    assert done.returncode == SUCCEEDED
    assert [(one.stage, one.status) for one in read(done).stages][:2] == [
        ("action_plan", "failed"),
        ("action_plan", "succeeded"),
    ]


def test_nothing_to_retry_is_bad_input(settings: Settings) -> None:
    """Exit code 2, one line, and the generation is as it was."""
    generation_id = half_done(settings)
    before = run_cli(settings.data_dir, "resume", generation_id, "--json")

    done = run_cli(settings.data_dir, "resume", generation_id, "--json")

    assert (done.returncode, done.stdout) == (BAD_INPUT, b"")
    assert b"There is nothing to retry." in done.stderr
    after = run_cli(settings.data_dir, "show", generation_id, "--json")
    assert after.stdout == before.stdout


def test_an_unknown_generation_is_bad_input(shared: Path) -> None:
    """It says which, and where to look."""
    done = run_cli(shared, "resume", "nowhere")

    assert done.returncode == BAD_INPUT
    assert b"There is no generation 'nowhere'" in done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A generation with a baseline and instructions of one's own."""
    folder = tmp_path_factory.mktemp("told")
    text = folder / "mine.md"
    text.write_text("\ufeffThink of nothing but salt.", "utf-8")
    options = ("--image-model", GOUACHE, "--baseline", "--instructions", f"thinking={text}")
    return read(run_cli(folder, "generate", IDEA, *options, "--json"))


def test_a_baseline_is_painted_from_the_request(told: Document) -> None:
    """Beside the constructed words the request unchanged is sent, as the next version."""
    made, raw = told.runs

    assert (made.version, made.prompt_origin) == (1, "constructed")
    assert (raw.version, raw.prompt_origin, raw.prompt) == (2, "raw", IDEA)
    assert (raw.stage_id, raw.parent_run_id) == (None, None)
    assert made.stage_id == told.stages[2].stage_id


def test_instructions_of_ones_own_are_kept(settings: Settings) -> None:
    """The stage is told the text in the file, without the mark at its beginning."""
    settings.data_dir.mkdir(parents=True)
    text = settings.data_dir / "mine.md"
    text.write_text("\ufeffThink of nothing but salt.\n", "utf-8")
    options = ("--image-model", GOUACHE, "--instructions", f"thinking={text}")

    done = run_cli(settings.data_dir, "generate", IDEA, *options, "--json")

    view = make_laboratory(settings).look_up(json.loads(done.stdout)["generation_id"])[1]
    assert view.request.instructions == {Stage.THINKING: "Think of nothing but salt."}
    thinking = view.stage(Stage.THINKING)
    assert thinking is not None
    assert thinking.question is not None
    assert thinking.question.instructions == "Think of nothing but salt."
