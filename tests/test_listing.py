"""The list of models, for programs and for people, on one day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from promptflow.clock import Clock
from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.listing import list_models, render_models, tell_models
from promptflow.settings import ROOT, Settings


@dataclass(frozen=True, slots=True)
class Calendar(Clock):
    """A clock that stands on one day."""

    def now(self) -> datetime:
        """Return noon of it."""
        return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def lab(settings: Settings) -> Iterator[Laboratory]:
    """A laboratory without keys, of which nothing was asked yet."""
    made = make_laboratory(settings, clock=Calendar())
    yield made
    made.close(timeout_s=0)


def render(lab: Laboratory) -> dict[str, dict[str, object]]:
    """Return what programs are told: id → row."""
    rows = render_models(list_models(lab))["models"]
    assert isinstance(rows, list)
    return {row["id"]: row for row in rows}


def tell(lab: Laboratory) -> str:
    """Return what people are told."""
    return "".join(tell_models(list_models(lab), lambda text: f"~{text.strip()}~"))


def test_a_model_has_its_price(lab: Laboratory) -> None:
    """It is in dollars for a million tokens, with its source; what isn't told by itself is null."""
    assert render(lab)["gpt-6.1-terra"]["price"] == {
        "max_input_tokens": 272_000,
        "usd_per_million_tokens": {
            "input": 1.0,
            "cached_input": 0.05,
            "cache_write": 1.25,
            "input_image": None,
            "output": 5.0,
            "output_image": None,
        },
        "usd_per_picture": None,
        "source": lab.catalog.text_model("gpt-6.1-terra").prices[0].sources[0].title,
        "source_date": "2026-11-23",
    }


def test_a_model_that_is_gone_names_its_successor(lab: Laboratory) -> None:
    """It has no price any more, and says since when it is gone and what to use instead."""
    row = render(lab)["gpt-image-1"]

    assert (row["gone"], row["available"], row["price"]) == (True, False, None)
    assert (row["shutdown_on"], row["successor"]) == ("2026-10-23", "gpt-image-2.5-sunburst")


def test_a_model_near_its_end_carries_a_warning(lab: Laboratory) -> None:
    """It says on which day the model ends, and what to use instead."""
    warned = {model: row["warning"] for model, row in render(lab).items() if row["warning"]}

    assert warned == {
        "gpt-image-1.5": "GPT Image 1.5 is shut down in 8 days, on 2026-12-01; use"
        " gpt-image-2.6-sunburst instead.",
        "gpt-image-1-mini": "GPT Image 1 mini is shut down in 8 days, on 2026-12-01; use"
        " gpt-image-2.6-flare instead.",
    }


def test_an_image_model_tells_what_can_be_asked_of_it(lab: Laboratory) -> None:
    """Parameters are those it takes alone; a rule for sizes stands beside those that are offered."""
    mini, flare = render(lab)["gpt-image-1-mini"], render(lab)["gpt-image-2.6-flare"]

    assert mini["parameters"] == {
        "quality": ["low", "medium", "high", "auto"],
        "size": ["1024x1024", "1024x1536", "1536x1024", "auto"],
        "background": ["opaque", "auto"],
        "output_format": ["png", "jpeg", "webp"],
        "output_compression": [0, 100],
        "moderation": ["auto", "low"],
    }
    assert mini["size_rule"] is None
    assert flare["size_rule"] == {
        "multiple_px": 16,
        "max_ratio": 3,
        "max_edge_px": 3840,
        "min_pixels": 655_360,
        "max_pixels": 8_294_400,
    }
    assert render(lab)["gemini-nano-banana-2.1"]["parameters"] == {"size": ["1K", "2K", "4K"]}
    assert render(lab)["offline-gouache"]["parameters"] == {}


def test_a_model_that_never_ran_has_no_refusals(lab: Laboratory) -> None:
    """Both kinds count from nought: runs of an image model, stages of a text model."""
    rows = render(lab)

    assert (rows["offline-gouache"]["runs"], rows["offline-gouache"]["refused"]) == (0, 0)
    planner = rows["offline-planner"]
    assert (planner["runs"], planner["stages"], planner["refused"]) == (None, 0, 0)


def test_people_read_of_prices_ends_and_parameters(lab: Laboratory) -> None:
    """Below a model stand its end, its price and what it takes; one that is gone is struck out."""
    lines = [line.strip() for line in tell(lab).splitlines()]

    gone = lines.index(
        "~gpt-image-1~ GPT Image 1 has been gone since 2026-10-23; use gpt-image-2.5-sunburst"
        " instead."
    )
    mini = next(number for number, line in enumerate(lines) if line.startswith("gpt-image-1-mini"))
    assert lines[mini + 1].startswith("GPT Image 1 mini is shut down in 8 days")
    assert "$2.00 in, $2.50 in for pictures, $8.00 out for pictures" in lines[mini + 2 : gone][1]
    assert "quality low, medium, high, auto; size 1024x1024" in " ".join(lines[mini + 3 : gone])
    assert lines[gone + 1].startswith("gemini-nano-banana-2.1")
    assert lines[lines.index("Image models") + 2] == "free"


def test_no_line_of_facts_is_longer_than_a_page(lab: Laboratory) -> None:
    """What hangs below a model's name is broken to fit beside it."""
    facts = [line for line in tell(lab).splitlines() if line.startswith(" " * 20)]

    assert max(map(len, facts)) <= 100


def test_an_id_is_never_broken(lab: Laboratory) -> None:
    """Where a line of facts is wrapped, the id of a successor stays in one piece."""
    told = tell(lab)

    assert [line for line in told.splitlines() if line.endswith("-")] == []
    assert "gpt-image-2.6-sunburst instead.\n" in told


def test_the_documentation_names_every_field(lab: Laboratory) -> None:
    """`docs/command-line.md` names each field of a model in the list, in their order."""
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    section = page.split("## The list of models")[1].split("\n## ")[0]
    named = [
        name
        for row in section.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]

    assert named == list(render(lab)["offline-gouache"])
