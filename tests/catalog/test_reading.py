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
        "micro_usd_per_picture = 33_600",
        'micro_usd_per_picture = "33"',
        "'gemini-nano-banana-2.1', field 'prices.0.micro_usd_per_picture':"
        " Input should be a valid integer.",
    ),
    (
        "micro_usd_per_picture = 33_600",
        "micro_usd_per_picture = -1",
        "'gemini-nano-banana-2.1', field 'prices.0': micro-dollars of zero or more were expected.",
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
        'sources = [{ title = "LiteLLM: Nano Banana 2.1", url = '
        '"https://github.com/BerriAI/litellm/discussions/44983", read = 2026-11-23 }]',
        "sources = []",
        "'gemini-nano-banana-2.1', field 'prices.0.sources': at least one source was expected.",
    ),
    (
        "discussions/44983",
        '", rad = "',
        "'gemini-nano-banana-2.1', field 'prices.0.sources.0.rad': Unexpected keyword argument.",
    ),
    (
        "valid_through = 2026-12-31\n",
        "",
        "'gemini-3.8-flash', field 'prices.0.valid_through': a day before the following price's"
        " was expected.",
    ),
    (
        '"1:1", "2:3", "3:2", "3:4", "4:3", "4:5"',
        '"1x1"',
        "'gemini-nano-banana-2.1', field 'aspect_ratios': at least one, each like 16:9, was"
        " expected.",
    ),
    (
        "max_images_per_call = 1\n",
        "max_images_per_call = 0\n",
        "'gemini-nano-banana-2.1', field 'max_images_per_call': 1 or more was expected.",
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
