"""The command line over the real SDKs, against servers on this machine that speak both APIs."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptflow.references import prepare_reference
from tests.cli.document import Document, Fault
from tests.processes import run_cli
from tests.scripted import IDEA
from tests.wire.pictures import JPEG, make_png
from tests.wire.wire import Wire

KEY = "sk-marked-0123456789abcdefghij"
FLARE, BANANA = "gpt-image-2.6-flare", "gemini-nano-banana-2.1"
PLAN = {
    "summary": "A lighthouse at dusk",
    "intent": "Show calm before a storm",
    "subjects": ["a lighthouse", "the sea"],
    "style": "gouache",
    "composition": "wide",
    "mood": "calm",
    "technical_notes": [],
}
ASKED = (
    *("--parameter", f"{FLARE}:quality=low", "--parameter", f"{FLARE}:output_format=jpeg"),
    *("--parameter", f"{FLARE}:output_compression=60", "--parameter", f"{BANANA}:size=2K"),
)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Both providers on the loopback."""
    with Wire() as both:
        yield both


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture to go by."""
    path = tmp_path / "photo.png"
    path.write_bytes(make_png(30, 20))
    return path


def run_keyed(wire: Wire, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line with keys of both providers."""
    return run_cli(
        folder / "data",
        *arguments,
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=wire.openai.base_url,
        GEMINI_API_KEY=KEY,
        GOOGLE_GEMINI_BASE_URL=wire.google.base_url,
    )


def script_texts(wire: Wire) -> None:
    """Let OpenAI plan, think and write two prompts."""
    wire.openai.answer_text(json.dumps(PLAN), reasoning="A calm one.")
    wire.openai.answer_text("## Reading the idea\nThe lighthouse leads.")
    wire.openai.answer_text("A lighthouse at dusk, in gouache.", times=2)


def test_both_providers_paint_by_a_reference_as_asked(
    wire: Wire, tmp_path: Path, photo: Path
) -> None:
    """Reference and parameters reach the models they are for, and the document tells all of it."""
    script_texts(wire)
    wire.openai.answer_image(JPEG)
    wire.google.answer_image(make_png())

    done = run_keyed(wire, tmp_path, "generate", IDEA, "--reference", str(photo), *ASKED, "--json")

    document = Document.model_validate_json(done.stdout)
    flare, banana = document.runs
    [edit] = [one for one in wire.openai.requests if one.kind == "image"]
    [drawing] = [one for one in wire.google.requests if one.kind == "image"]
    sent = prepare_reference(photo.read_bytes(), name="photo.png").data
    assert (done.returncode, wire.violations) == (0, ())
    assert (edit.path, edit.read_field("quality")) == ("/v1/images/edits", "low")
    assert [part.data for part in edit.parts if part.filename] == [sent]
    assert drawing.json is not None
    assert drawing.json["generationConfig"]["imageConfig"]["imageSize"] == "2K"
    assert flare.parameters == {
        "quality": "low",
        "output_format": "jpeg",
        "output_compression": 60,
    }
    assert banana.parameters == {"size": "2K"}
    assert flare.images[0].resolved["quality"] == "low"
    assert document.stages[0].reasoning == "A calm one."


def test_the_document_tells_references_and_money(wire: Wire, tmp_path: Path, photo: Path) -> None:
    """The reference is a file below the data folder; the cost is known and below the estimate."""
    script_texts(wire)
    wire.openai.answer_image(make_png())
    wire.google.answer_image(make_png())

    # Of the newer models of OpenAI's it is not documented how many tokens a picture takes.
    models = ("--image-model", "gpt-image-2", "--image-model", BANANA)
    call = ("generate", IDEA, "--reference", str(photo), *models, "--json")
    done = run_keyed(wire, tmp_path, *call)

    document = Document.model_validate_json(done.stdout)
    [reference] = document.references
    kept = (tmp_path / "data" / reference.key).read_bytes()
    assert wire.violations == ()
    assert reference.key.startswith(f"generations/{document.generation_id}/reference/upload/")
    assert kept == prepare_reference(photo.read_bytes(), name="photo.png").data
    assert 0 < (document.cost_usd or 0) < (document.estimate_usd or 0)
    assert " of at most $" in done.stderr.decode().splitlines()[-1]


def test_who_sees_the_references_is_told(wire: Wire, tmp_path: Path, photo: Path) -> None:
    """The transcript names the chosen models that see them and those that don't, as the Studio does."""
    script_texts(wire)
    wire.google.answer_image(make_png())
    models = ("--image-model", "offline-poster", "--image-model", BANANA)
    call = ("generate", IDEA, "--reference", str(photo), *models, "--json")

    done = run_keyed(wire, tmp_path, *call)
    shown = run_keyed(
        wire, tmp_path, "show", Document.model_validate_json(done.stdout).generation_id
    )

    said = "\nGPT-6.1 Terra and Nano Banana 2.1 see them; Offline poster does not.\n"
    assert said in done.stderr.decode()
    assert said in shown.stdout.decode()


def test_show_prints_the_same_document_of_keyed_models(
    wire: Wire, tmp_path: Path, photo: Path
) -> None:
    """Reasoning, parameters, references, errors and bills come back from the ledger as they were."""
    script_texts(wire)
    wire.openai.answer_error(400, "Blocked.", code="moderation_blocked", kind="image")
    wire.google.answer_image(make_png())
    call = ("generate", IDEA, "--reference", str(photo), *ASKED, "--json")
    done = run_keyed(wire, tmp_path, *call)
    generation_id = Document.model_validate_json(done.stdout).generation_id

    shown = run_keyed(wire, tmp_path, "show", generation_id, "--json")

    assert shown.stdout == done.stdout


def test_a_refusal_is_told_and_counted(wire: Wire, tmp_path: Path) -> None:
    """One provider's refusal has its category and status; the other's picture is there; no key is."""
    script_texts(wire)
    wire.openai.answer_error(400, "Blocked.", code="moderation_blocked", kind="image")
    wire.google.answer_image(make_png())

    done = run_keyed(wire, tmp_path, "generate", IDEA, "--json")
    listed = run_keyed(wire, tmp_path, "models", "--json")

    refused, painted = Document.model_validate_json(done.stdout).runs
    rows = {row["id"]: row for row in json.loads(listed.stdout)["models"]}
    assert done.returncode == 3
    assert (refused.status, painted.status) == ("refused", "succeeded")
    assert isinstance(refused.error, Fault)
    assert (refused.error.http_status, refused.error.category) == (400, "moderation_blocked")
    assert (rows[FLARE]["runs"], rows[FLARE]["refused"]) == (1, 1)
    assert (rows[BANANA]["runs"], rows[BANANA]["refused"]) == (1, 0)
    assert KEY.encode() not in done.stdout + done.stderr + listed.stdout


def test_a_key_that_is_not_accepted_is_told_by_its_variable(wire: Wire, tmp_path: Path) -> None:
    """The model is called what people call it, and the variable named that holds the key."""
    script_texts(wire)
    wire.openai.answer_image(make_png())
    wire.google.answer_error(401, "No.", name="UNAUTHENTICATED")

    done = run_keyed(wire, tmp_path, "generate", IDEA, "--json")

    _, failed = Document.model_validate_json(done.stdout).runs
    assert isinstance(failed.error, Fault)
    assert failed.error.message == (
        "Google does not accept the API key that Nano Banana 2.1 was asked with: “No”. Check it, or make"
        " a new one at https://aistudio.google.com/api-keys, and set it as GEMINI_API_KEY."
    )


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (
            "quality=low",
            "Nano Banana 2.1 can't be asked for any quality. Leave the quality out. To ask it of one"
            " model only, write gpt-image-2.6-flare:quality=low.",
        ),
        (
            "size=2K",
            "Choose one of them, or leave it out. To ask it of one model only, write"
            " gemini-nano-banana-2.1:size=2K.",
        ),
        (f"{FLARE}:quality=best", "GPT Image 2.6 Flare has no quality 'best'. It accepts low,"),
        (f"{FLARE}:size=1536x1024", "does not have the aspect ratio 1:1"),
        (f"{FLARE}:output_compression=101", "The compression 101 can't be used."),
    ],
)
def test_what_a_model_lacks_is_refused_before_anything_is_spent(
    parameter: str, said: str, wire: Wire, tmp_path: Path
) -> None:
    """No request leaves the machine; one line says what the model accepts."""
    done = run_keyed(wire, tmp_path, "generate", IDEA, "--parameter", parameter)

    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert wire.requests == ()
