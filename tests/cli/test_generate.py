"""A generation as the command line makes, prints and shows it."""

import hashlib
import json
import re
from io import BytesIO
from pathlib import Path

from PIL import Image

from promptflow.laboratory import open_laboratory
from promptflow.settings import read_settings
from tests.cli.document import Document, Painted, Run, StageCall
from tests.cli.finished import LONGEST, Finished
from tests.processes import run_cli
from tests.scripted import GOUACHE, POSTER
from tests.unmarked import without_lineage


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
    assert list(document["runs"][0]["images"][0]) == list(Painted.model_fields)
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
    """A picture can be had again, pixel by pixel, from what is kept of it."""
    options = ("--image-model", POSTER, "--aspect-ratio", "16:9", "--seed", "7", "--json")
    again = run_cli(tmp_path, "generate", LONGEST, *options)

    first = finished.folder / finished.document.runs[0].images[0].key
    second = tmp_path / Document.model_validate_json(again.stdout).runs[0].images[0].key
    assert without_lineage(first.read_bytes()) == without_lineage(second.read_bytes())


def test_the_streams_are_utf8_wherever_they_lead(finished: Finished) -> None:
    """A terminal of Latin letters gets the same JSON, and question marks in what is told."""
    arguments = ("show", finished.generation_id)
    as_json = run_cli(finished.folder, *arguments, "--json", PYTHONIOENCODING="latin-1")
    told = run_cli(finished.folder, *arguments, PYTHONIOENCODING="latin-1")

    assert as_json.stdout == finished.done.stdout
    assert told.returncode == 0
    assert told.stderr == b""
    assert b"?? Action plan ??" in told.stdout
