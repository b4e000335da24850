"""The command line as programs and people meet it: streams, exit codes, the document."""

import hashlib
import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

import pytest
from PIL import Image
from pydantic import BaseModel, ConfigDict

from promptflow.cli import main
from promptflow.laboratory import open_laboratory
from promptflow.ports import ImageModel, ImageRequest, Picture, TextModel
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Stage
from promptflow.settings import Settings, read_settings
from promptflow.transcript import printable
from tests.processes import run_cli, start_cli
from tests.scripted import (
    BOTH,
    GOUACHE,
    IDEA,
    POSTER,
    ListPainter,
    PlannerPerModel,
    make_fault,
    make_laboratory,
    make_png,
    make_refusal,
    make_rush,
)
from tests.wrecks import WRECKS, Wreck

# The document


class Part(BaseModel):
    """A part of the document: these keys, these types, nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Fault(Part):
    """Why something is missing."""

    code: str
    message: str


class StageCall(Part):
    """One language-model call."""

    stage: Literal["action_plan", "thinking", "prompt_construction"]
    image_model: str | None
    model: str
    status: Literal["running", "succeeded", "failed", "interrupted"]
    output: str
    first_token_ms: int | None
    total_ms: int | None
    error: Fault | None


class Stored(Part):
    """One picture."""

    asset_id: str
    key: str
    sha256: str
    mime: str
    width_px: int
    height_px: int
    size_bytes: int


class Run(Part):
    """One image model's work."""

    run_id: str
    image_model: str
    provider: str
    version: int
    status: Literal[
        "running", "succeeded", "partial", "failed", "refused", "cancelled", "interrupted"
    ]
    prompt: str
    prompt_origin: Literal["constructed", "fallback"]
    error: Fault | None
    images: list[Stored]
    total_ms: int | None
    cost_usd: float | None


class Document(Part):
    """What ``--json`` prints."""

    generation_id: str
    status: Literal["running", "succeeded", "partial", "failed", "cancelled", "interrupted"]
    cost_usd: float | None
    stages: list[StageCall]
    runs: list[Run]


# A finished generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A generation made by the command line."""

    folder: Path
    done: subprocess.CompletedProcess[bytes]

    @property
    def document(self) -> Document:
        """What it printed."""
        return Document.model_validate_json(self.done.stdout)

    @property
    def told(self) -> str:
        """What it said on stderr."""
        return self.done.stderr.decode()

    @property
    def generation_id(self) -> str:
        """As stderr told it at the very beginning."""
        return self.told.split()[1]


EVERYTHING = "شمس 🦊👨‍👩‍👧 **bold** <script>alert(1)</script> $\\frac{a}{b}$ `x` [a](b) „é“\nחתל "
"""Right-to-left, emoji, Markdown, HTML, LaTeX and a line break."""
LONGEST = (EVERYTHING * 70)[:3_999] + "."


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One made with every option and the longest of requests."""
    folder = tmp_path_factory.mktemp("finished")
    options = (
        *("--image-model", POSTER, "--image-model", GOUACHE, "--text-model", "offline-planner"),
        *("--aspect-ratio", "16:9", "--images", "2", "--seed", "7", "--json"),
    )
    return Finished(folder=folder, done=run_cli(folder, "generate", LONGEST, *options))


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One made without any option."""
    folder = tmp_path_factory.mktemp("default")
    return Finished(folder=folder, done=run_cli(folder, "generate", IDEA))


def test_every_picture_ends_in_exit_code_0(finished: Finished) -> None:
    """A generation that delivered everything succeeds."""
    assert finished.done.returncode == 0
    assert finished.document.status == "succeeded"


def test_the_document_has_exactly_its_keys_in_their_order(finished: Finished) -> None:
    """Each object of the document has the documented keys, typed, in the documented order."""
    document = json.loads(finished.done.stdout)

    assert list(document) == list(Document.model_fields)
    assert [list(stage) for stage in document["stages"]] == [list(StageCall.model_fields)] * 4
    assert [list(run) for run in document["runs"]] == [list(Run.model_fields)] * 2
    assert list(document["runs"][0]["images"][0]) == list(Stored.model_fields)
    assert Document.model_validate(document, strict=True) == finished.document


def test_stdout_carries_the_document_and_nothing_else(finished: Finished) -> None:
    """With --json stdout is one JSON document, indented, in UTF-8, with a line break."""
    document = json.loads(finished.done.stdout)

    whole = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    assert finished.done.stdout.decode() == whole


def test_the_stages_come_in_order(finished: Finished) -> None:
    """Plan, thinking, then a prompt for each image model in the order they were chosen."""
    stages = finished.document.stages

    assert [(one.stage, one.image_model) for one in stages] == [
        ("action_plan", None),
        ("thinking", None),
        ("prompt_construction", POSTER),
        ("prompt_construction", GOUACHE),
    ]
    assert {(one.model, one.status, one.error) for one in stages} == {
        ("offline-planner", "succeeded", None)
    }
    assert all(one.output for one in stages)
    assert all(0 <= (one.first_token_ms or 0) <= (one.total_ms or 0) for one in stages)


def test_the_runs_come_in_the_order_chosen(finished: Finished) -> None:
    """Each image model has its run, with the words that were constructed for it."""
    document = finished.document

    assert [(run.image_model, run.provider, run.version) for run in document.runs] == [
        (POSTER, "offline", 1),
        (GOUACHE, "offline", 1),
    ]
    assert {(run.status, run.prompt_origin, run.cost_usd) for run in document.runs} == {
        ("succeeded", "constructed", 0.0)
    }
    assert [run.prompt for run in document.runs] == [
        stage.output.strip() for stage in document.stages[2:]
    ]


def test_pictures_are_where_and_what_the_document_says(finished: Finished) -> None:
    """Below the data folder, each key is a file of this hash, size, type and shape."""
    images = [image for run in finished.document.runs for image in run.images]
    files = [(finished.folder / image.key).read_bytes() for image in images]
    opened = [Image.open(BytesIO(data)) for data in files]

    assert [len(run.images) for run in finished.document.runs] == [2, 2]
    assert [image.sha256 for image in images] == [hashlib.sha256(one).hexdigest() for one in files]
    assert [image.size_bytes for image in images] == [len(data) for data in files]
    assert [(image.width_px, image.height_px) for image in images] == [one.size for one in opened]
    assert {(image.mime, image.width_px, image.height_px) for image in images} == {
        ("image/png", 1024, 576)
    }
    assert len({image.sha256 for image in images}) == len({image.asset_id for image in images}) == 4


def test_show_prints_the_very_same_document(finished: Finished) -> None:
    """``show --json`` prints from the ledger what ``generate --json`` had printed, byte by byte."""
    shown = run_cli(finished.folder, "show", finished.generation_id, "--json")

    assert shown.returncode == 0
    assert shown.stdout == finished.done.stdout
    assert shown.stderr == b""


def test_the_request_is_kept_as_it_was_typed(finished: Finished) -> None:
    """Four thousand characters of any script and any markup arrive whole."""
    lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(finished.folder)}))

    request = lab.look_up(finished.generation_id)[1].request

    assert len(LONGEST) == 4_000
    assert request.request == LONGEST
    assert (request.seed, request.images_per_model, request.aspect_ratio) == (7, 2, "16:9")


def test_stderr_tells_the_stages_as_they_come(finished: Finished) -> None:
    """People read the id, then plan, thinking, prompts, pictures and the end."""
    headings = re.findall(r"^── (.+) ──$", finished.told, re.MULTILINE)

    assert finished.told.startswith(f"Generation {finished.document.generation_id}\n")
    assert headings[:2] == ["Action plan", "Thinking"]
    assert sorted(headings[2:]) == ["Prompt for Offline gouache", "Prompt for Offline poster"]
    assert all(image.key in finished.told for run in finished.document.runs for image in run.images)
    assert finished.told.splitlines()[-1].startswith("Succeeded in ")
    assert "Traceback" not in finished.told


def test_without_json_stdout_stays_empty(default: Finished) -> None:
    """What people read goes to stderr alone."""
    assert default.done.returncode == 0
    assert default.done.stdout == b""


def test_without_options_two_models_paint_one_square_picture_each(default: Finished) -> None:
    """The defaults are the first text model, two image models, 1:1, one picture."""
    shown = run_cli(default.folder, "show", default.generation_id, "--json")

    document = Document.model_validate_json(shown.stdout)
    assert [(run.image_model, len(run.images)) for run in document.runs] == [
        (GOUACHE, 1),
        (POSTER, 1),
    ]
    assert {(image.width_px, image.height_px) for run in document.runs for image in run.images} == {
        (1024, 1024)
    }


def test_show_tells_people_the_same_story_on_stdout(default: Finished) -> None:
    """Without --json, ``show`` tells each stage and each picture, and how it ended."""
    shown = run_cli(default.folder, "show", default.generation_id)

    told = shown.stdout.decode()
    assert shown.returncode == 0
    assert shown.stderr == b""
    assert sorted(told.splitlines()) == sorted(default.told.splitlines())


def test_the_same_request_and_seed_paint_the_same_picture(
    finished: Finished, tmp_path: Path
) -> None:
    """A picture can be had again, byte by byte, from what is kept of it."""
    options = ("--image-model", POSTER, "--aspect-ratio", "16:9", "--seed", "7", "--json")
    again = run_cli(tmp_path, "generate", LONGEST, *options)

    first = finished.document.runs[0].images[0].sha256
    assert Document.model_validate_json(again.stdout).runs[0].images[0].sha256 == first


def test_the_streams_are_utf8_wherever_they_lead(finished: Finished) -> None:
    """A terminal of Latin letters gets the same JSON, and question marks in what is told."""
    arguments = ("show", finished.generation_id)
    as_json = run_cli(finished.folder, *arguments, "--json", PYTHONIOENCODING="latin-1")
    told = run_cli(finished.folder, *arguments, PYTHONIOENCODING="latin-1")

    assert as_json.stdout == finished.done.stdout
    assert told.returncode == 0
    assert told.stderr == b""
    assert b"?? Action plan ??" in told.stdout


# Requests that can't be carried out

NINES = "9" * 5_000
BAD_INPUT: Mapping[str, tuple[tuple[str | bytes, ...], str]] = {
    "empty": (("generate", ""), "The request is empty."),
    "blank": (("generate", " \t\n\u3000"), "The request is empty."),
    "nothing to see": (("generate", "\u200b\u2060"), "The request is empty."),
    "too long": (("generate", "x" * 4_001), "The request has 4,001 characters; at most 4,000"),
    "escape": (("generate", "a\x1b[31mb"), "control character U+001B at position 2"),
    "C1 control": (("generate", "a\x9bb"), "control character U+009B at position 2"),
    "no text": (("generate", b"a\xffb"), "lone surrogate U+DCFF at position 2"),
    "image model": (
        ("generate", "a", "--image-model", "offline-gouach"),
        "There is no image model 'offline-gouach'. Did you mean 'offline-gouache'?",
    ),
    "image model of controls": (
        ("generate", "a", "--image-model", "\x1b]0;x\x07\n"),
        r"There is no image model '\x1b]0;x\x07\n'.",
    ),
    "empty image model": (("generate", "a", "--image-model", ""), "no image model ''"),
    "text model": (
        ("generate", "a", "--text-model", "offline-plannr"),
        "There is no text model 'offline-plannr'. Did you mean 'offline-planner'?",
    ),
    "empty text model": (("generate", "a", "--text-model", ""), "no text model ''"),
    "image model without key": (
        ("generate", "a", "--image-model", "gpt-image-2.6-flare"),
        "needs OPENAI_API_KEY to be set",
    ),
    "text model without key": (
        ("generate", "a", "--text-model", "gpt-6-luna"),
        "needs OPENAI_API_KEY to be set",
    ),
    "ratio": (("generate", "a", "--aspect-ratio", "17:3"), "does not paint '17:3'. It accepts 1:1"),
    "ratio of words": (("generate", "a", "--aspect-ratio", "wide\n"), r"'wide\n'"),
    "no images": (("generate", "a", "--images", "0"), "0 images per model"),
    "five images": (("generate", "a", "--images", "5"), "5 images per model"),
    "images of words": (("generate", "a", "--images", "abc"), "'abc' is not a valid integer"),
    "images of lines": (("generate", "a", "--images", "1\n2"), r"'1\n2' is not a valid integer"),
    "half an image": (("generate", "a", "--images", "1.5"), "'1.5' is not a valid integer"),
    "images without a number": (("generate", "a", "--images"), "'--images' requires an argument"),
    "seed below zero": (("generate", "a", "--seed", "-1"), "The seed -1 can't be used."),
    "huge seed": (("generate", "a", "--seed", "2147483648"), "The seed 2147483648 can't be used."),
    "endless seed": (("generate", "a", "--seed", NINES), "is not a valid integer"),
    "seed of words": (("generate", "a", "--seed", "abc"), "'abc' is not a valid integer"),
    "no request": (("generate",), "Missing argument 'REQUEST'."),
    "two requests": (("generate", "a", "b\x1b\nc\u202e"), "unexpected extra argument (b� c�)"),
    "option": (("generate", "a", "--size", "1"), "No such option '--size'."),
    "no command": ((), "Missing command."),
    "command": (("paint\x1b[31m",), r"No such command 'paint\x1b[31m'."),
    "command of no text": ((b"paint\xff",), "No such command"),
    "path as id": (("show", "../../etc/passwd"), "no generation '../../etc/passwd'"),
    "SQL as id": (("show", "'; DROP TABLE runs; --"), "DROP TABLE runs"),
    "empty id": (("show", ""), "There is no generation ''"),
    "id of no text": (("show", b"\xff", "--json"), "There is no generation '?'"),
    "id of controls": (("show", "\x1b[2J\n"), r"There is no generation '\x1b[2J\n'"),
    "id that isn't there": (
        ("show", "01890000-0000-7000-8000-000000000000", "--json"),
        "There is no generation '01890000-0000-7000-8000-000000000000'",
    ),
    "no id": (("show",), "Missing argument 'GENERATION_ID'."),
    "show of what": (("show", "a", "--yaml"), "No such option '--yaml'."),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which nothing is ever started."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def refused(shared: Path) -> Iterator[Mapping[str, Future[subprocess.CompletedProcess[bytes]]]]:
    """What became of each bad input, a few at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            case: pool.submit(run_cli, shared, *arguments)
            for case, (arguments, _) in BAD_INPUT.items()
        }


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(
    case: str, refused: Mapping[str, Future[subprocess.CompletedProcess[bytes]]]
) -> None:
    """It says what is wrong; stdout stays empty, the terminal unharmed, and there is no traceback."""
    done = refused[case].result()

    told = done.stderr.decode()
    assert done.returncode == 2
    assert done.stdout == b""
    assert BAD_INPUT[case][1] in told
    assert told.endswith("\n")
    assert len(told.splitlines()) == 1
    assert printable(told) == told


def test_bad_input_starts_nothing(
    shared: Path, refused: Mapping[str, Future[subprocess.CompletedProcess[bytes]]]
) -> None:
    """After all of it the ledger is as empty as before, and nobody owns anything."""
    wait(refused.values())

    lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(shared)}))
    assert lab.list_generations() == ()
    assert list(shared.glob("owners/*")) == list(shared.glob("generations/*")) == []


# Installations that can't be used


@pytest.mark.parametrize("wreck", WRECKS, ids=str)
def test_a_useless_installation_is_one_line_on_stderr_and_exit_code_1(
    wreck: Wreck, tmp_path: Path
) -> None:
    """Whatever can't be used is named, with what to do; there is no traceback."""
    folder = wreck.make(tmp_path)

    generated = run_cli(folder, "generate", IDEA, "--json")
    shown = run_cli(folder, "show", "01890000-0000-7000-8000-000000000000", "--json")

    told = generated.stderr.decode()
    assert wreck.said in told
    assert str(folder) in told
    assert len(told.splitlines()) == 1
    assert (generated.returncode, generated.stdout) == (1, b"")
    assert (shown.returncode, shown.stdout, shown.stderr) == (1, b"", generated.stderr)


# The models


def test_the_catalogue_is_listed(shared: Path) -> None:
    """Every model is there, with why it can't be used where it can't."""
    as_json = run_cli(shared, "models", "--json")
    told = run_cli(shared, "models")

    listed = json.loads(as_json.stdout)["models"]
    assert (as_json.returncode, as_json.stderr, told.returncode, told.stderr) == (0, b"", 0, b"")
    assert [row["id"] for row in listed if row["available"]] == ["offline-planner", *BOTH]
    assert {row["kind"] for row in listed} == {"text", "image"}
    assert [
        row["id"] for row in listed if row["available"] == bool(row["reason_unavailable"])
    ] == []
    assert [row["id"] for row in listed if row["id"] not in told.stdout.decode()] == []


@pytest.mark.parametrize("command", [(), ("generate",), ("show",), ("models",), ("doctor",)])
def test_help_says_how_it_is_called(command: tuple[str, ...], shared: Path) -> None:
    """Each command explains itself on stdout."""
    done = run_cli(shared, *command, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(
        b"Usage: " + " ".join(("python -m promptflow", *command)).encode()
    )
    assert done.stderr == b""


# Ctrl-C, and readers that go away


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


# Models that do as the test says


def run_here(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    *arguments: str,
    painters: Mapping[str, ImageModel] | None = None,
    planner: TextModel | None = None,
) -> int:
    """Run ``generate`` in this process, in a laboratory whose models are scripted."""
    monkeypatch.setenv("PROMPTFLOW_DATA_DIR", str(settings.data_dir))
    chosen = {model: ListPainter([paint(0)]) for model in BOTH} | dict(painters or {})
    return main(
        ["generate", IDEA, *arguments],
        open_lab=lambda given: make_laboratory(given, planner=planner, painters=chosen),
    )


def paint(index: int) -> Picture:
    """Make a small picture."""
    return Picture(index=index, data=make_png(index))


def test_options_reach_the_image_models(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shape, number and seed are asked for as given, of the chosen model alone."""
    asked, idle = ListPainter([paint(0), paint(1), paint(2)]), ListPainter()
    options = ("--aspect-ratio", "9:16", "--images", "3", "--seed", "0", "--json")

    code = run_here(
        monkeypatch,
        settings,
        *("--image-model", GOUACHE, "--image-model", GOUACHE),
        *options,
        painters={GOUACHE: asked, POSTER: idle},
    )

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 0
    assert asked.requests == [
        ImageRequest(prompt=document.runs[0].prompt, aspect_ratio="9:16", count=3, seed=0)
    ]
    assert idle.requests == []


def test_some_pictures_end_in_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal is that model's result; the other's picture is there."""
    code = run_here(
        monkeypatch, settings, "--json", painters={GOUACHE: ListPainter([make_refusal()])}
    )

    out, told = capsys.readouterr()
    document = Document.model_validate_json(out)
    assert code == 3
    assert document.status == "partial"
    assert [(run.status, len(run.images)) for run in document.runs] == [
        ("refused", 0),
        ("succeeded", 1),
    ]
    assert document.runs[0].error == Fault(code="refused", message=make_refusal().message)
    assert f"Offline gouache: refused. {make_refusal().message}" in told


def test_a_run_cut_short_ends_in_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One picture of two is some: the run is partial, and says why."""
    code = run_here(
        monkeypatch,
        settings,
        *("--image-model", GOUACHE, "--images", "2", "--json"),
        painters={GOUACHE: ListPainter([paint(0), make_fault()])},
    )

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 3
    assert (document.status, document.runs[0].status) == ("partial", "partial")
    assert len(document.runs[0].images) == 1
    assert document.runs[0].error == Fault(code="rejected", message=make_fault().message)


def test_no_picture_ends_in_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where every image model fails, the document says why for each."""
    failing = {model: ListPainter([make_fault(model)]) for model in BOTH}

    code = run_here(monkeypatch, settings, "--json", painters=failing)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 1
    assert document.status == "failed"
    assert [(run.status, run.images) for run in document.runs] == [("failed", [])] * 2
    assert all(run.error for run in document.runs)


def test_a_plan_that_fails_ends_in_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a plan nothing is painted; the stage and the generation say why."""
    planner = OfflinePlanner(faults=[make_fault("offline-planner")])

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 1
    assert (document.status, document.runs) == ("failed", [])
    assert [stage.status for stage in document.stages] == ["failed"]
    assert document.stages[0].error == Fault(code="rejected", message=make_fault().message)


def test_a_prompt_that_fails_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The picture still comes, from a prompt that is marked as a fallback."""
    broken = OfflinePlanner(faults=[make_fault("offline-planner")])
    planner = PlannerPerModel(OfflinePlanner(), {GOUACHE: broken})

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 0
    assert document.status == "succeeded"
    assert [run.prompt_origin for run in document.runs] == ["fallback", "constructed"]
    assert [stage.status for stage in document.stages[2:]] == ["failed", "succeeded"]


def test_a_retry_is_told_and_the_picture_comes(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A busy model is asked again, and people hear of it."""
    busy = ListPainter([make_rush()], [paint(0)])

    code = run_here(monkeypatch, settings, "--json", painters={GOUACHE: busy})

    assert code == 0
    assert "Offline gouache: retrying in 0 s. Offline gouache has too much to do." in (
        capsys.readouterr().err
    )


def test_what_a_model_writes_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Controls in an answer are shown as marks, and kept in the JSON as escapes."""
    answer = "\x1b]0;title\x07 \x9b31m red \x7f\r \u202e turned \u2028 👨‍👩‍👧"
    planner = OfflinePlanner(answers={Stage.THINKING: [answer]})

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    out, told = capsys.readouterr()
    assert code == 0
    assert Document.model_validate_json(out).stages[1].output == answer
    assert printable(out) == out
    assert printable(told) == told
    assert "�]0;title� �31m red �� � turned � 👨‍👩‍👧" in told


@pytest.mark.parametrize(
    "text",
    [
        "a line\nand another\twith a tab",
        "👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️ é",
        "می‌خواهم \u200fשלם\u200e",
        "日本語\u3000全角 10\u00a0000 10\u202f000 soft\u00adhyphen",
    ],
    ids=["lines", "emoji", "joiners and marks", "spaces"],
)
def test_text_of_any_script_is_told_as_it_is(text: str) -> None:
    """Joiners, directional marks and wide or narrow spaces are no danger."""
    assert printable(text) == text
