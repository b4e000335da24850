"""Reading the catalogue's file, and what is said of one that is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from promptflow.catalog import Catalog, read_catalog
from promptflow.errors import SetupError
from promptflow.settings import ROOT, SHIPPED_DATA

SHIPPED = SHIPPED_DATA / "models.toml"

SPOILED = [
    (
        "output_image_micro_usd_per_million = 120_000_000",
        'output_image_micro_usd_per_million = "120"',
        "'gemini-3-pro-image', field 'prices.0.output_image_micro_usd_per_million':"
        " Input should be a valid integer.",
    ),
    (
        "output_image_micro_usd_per_million = 120_000_000",
        "output_image_micro_usd_per_million = -1",
        "'gemini-3-pro-image', field 'prices.0': micro-dollars of zero or more were expected.",
    ),
    (
        "micro_usd_per_picture = 0\n",
        "",
        "'offline-gouache', field 'prices.0': micro-dollars of zero or more were expected.",
    ),
    (
        'title = "Offline poster"',
        'titel = "Offline poster"',
        "'offline-poster', field 'title': Field required.",
    ),
    (
        'title = "Nano Banana 2.1"',
        'title = " "',
        "'gemini-nano-banana-2.1', field 'title': a text was expected.",
    ),
    (
        'provider = "google"',
        'provider = "gogle"',
        "'gemini-3.8-flash', field 'provider': one of google, offline, openai was expected.",
    ),
    (
        'id = "offline-poster"',
        'id = "offline-planner"',
        "'offline-planner', field 'id': an id that no other entry has was expected.",
    ),
    (
        'sources = [{ title = "Prompt Flow itself: it runs on this machine", read = 2026-11-23 }]',
        "sources = []",
        "'offline-planner', field 'prices.0.sources': at least one source was expected.",
    ),
    (
        "discussions/44983",
        '", rad = "',
        "'gemini-nano-banana-2.1', field 'prices.0.sources.1.rad': Unexpected keyword argument.",
    ),
    (
        "valid_through = 2026-12-31\n",
        "",
        "'gemini-3.8-flash', field 'prices.0.valid_through': a day before the following price's"
        " was expected.",
    ),
    (
        '"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:8"',
        '"1x1"',
        "'gemini-nano-banana-2.1', field 'aspect_ratios': at least one, each like 16:9, was"
        " expected.",
    ),
    (
        '"1:1", "2:3", "3:2"]',
        '"1:1", "2:3", "9:16"]',
        "'gpt-image-1.5', field 'aspect_ratios': a size for 9:16 was expected.",
    ),
    (
        "max_images_per_call = 1\n",
        "max_images_per_call = 0\n",
        "'gemini-nano-banana-2.1', field 'max_images_per_call': 1 or more was expected.",
    ),
    (
        "references = 14\n",
        "references = -1\n",
        "'gemini-nano-banana-2.1', field 'references': 0 or more was expected.",
    ),
    (
        'output_formats = ["png", "jpeg", "webp"]',
        'output_formats = ["png", "gif"]',
        "'gpt-image-2.6-flare', field 'output_formats': some of jpeg, png, webp were expected.",
    ),
    (
        'sizes = ["1K"]',
        'sizes = ["1k"]',
        "'gemini-3.1-flash-lite-image', field 'sizes': sizes like 1536x1024 or 2K were expected.",
    ),
    (
        '{ size = "4K", tokens = 3_780 }',
        '{ size = "8K", tokens = 3_780 }',
        "'gemini-nano-banana-2.1', field 'picture_tokens.1': a size of this model with 1 or more"
        " tokens was expected.",
    ),
    (
        'successor = "gpt-image-2.6-flare"',
        'successor = "gpt-image-2.6-flair"',
        "'gpt-image-1-mini', field 'successor': a model of the same kind that outlives this one was"
        " expected.",
    ),
    (
        'successor = "gpt-image-2.6-flare"',
        'successor = "gpt-image-1.5"',
        "'gpt-image-1-mini', field 'successor': a model of the same kind that outlives this one was"
        " expected.",
    ),
    (
        'id = "gemini-3-pro-image"\n',
        'id = "gemini-3-pro-image"\nnamed = true\n',
        "'gemini-3-pro-image', field 'named': nothing was expected, since it is for models that are"
        " not in the file.",
    ),
]


@pytest.mark.parametrize(("good", "bad", "expected"), SPOILED)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, good: str, bad: str, expected: str) -> None:
    """The operator is told the file, the model, the field and what was expected."""
    path = tmp_path / "models.toml"
    path.write_text(SHIPPED.read_text("utf-8").replace(good, bad), "utf-8")

    with pytest.raises(SetupError) as caught:
        read_catalog(path)

    assert caught.value.message == f"The catalogue {str(path)!r} is wrong at {expected} Correct it."


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is wrong at the top level, field 'providers': Field required."),
        (b"[[text_models]]\nid = 3", "'providers': Field required."),
        (b"[[x", "is not valid TOML in UTF-8"),
        (b"\xff", "is not valid TOML in UTF-8"),
        (b"providers = []\ntext_models = []\nimage_models = []", "at least one model was expected"),
        (b"providers = [{}]\ntext_models = []\nimage_models = []", "at number 1 of providers"),
    ],
)
def test_a_broken_file_is_a_setup_error(tmp_path: Path, content: bytes, part: str) -> None:
    """Whatever the file holds, the operator gets one sentence about it."""
    path = tmp_path / "models.toml"
    path.write_bytes(content)

    with pytest.raises(SetupError) as caught:
        read_catalog(path)

    assert part in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A catalogue that is not there is a matter for the operator."""
    with pytest.raises(SetupError, match=r"models\.toml' can't be read"):
        read_catalog(tmp_path / "models.toml")


def test_the_catalogue_is_a_value() -> None:
    """Reading the same file twice gives equal catalogues."""
    first, second = read_catalog(SHIPPED), read_catalog(SHIPPED)

    assert first == second
    assert isinstance(first, Catalog)


def test_importing_the_catalogue_is_cheap() -> None:
    """Pydantic is imported when a file is read, not before."""
    script = "import sys, promptflow.catalog; sys.exit('pydantic' in sys.modules)"

    finished = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert finished.returncode == 0


def test_the_shipped_catalogue_is_read_without_pydantic() -> None:
    """A start doesn't pay for the library that would say what is wrong with the file."""
    script = (
        "import sys; from promptflow.catalog import read_catalog;"
        "from promptflow.settings import SHIPPED_DATA;"
        "read_catalog(SHIPPED_DATA / 'models.toml'); print('pydantic' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
