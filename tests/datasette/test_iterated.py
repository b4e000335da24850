"""The questions that are shipped tell the truth of versions, baselines, and what was deleted."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.records import PromptOrigin, Stage
from promptflow.settings import Settings
from promptflow.view import FlowView
from tests.datasette.test_metadata import QUESTIONS
from tests.scripted import finish
from tests.sequences import FAILS, GOOD, PAINTERS, WRITER, Script

FLARE = PAINTERS[0]


@pytest.fixture
def script() -> Script:
    """How the calls go."""
    return Script()


@pytest.fixture
def lab(settings: Settings, script: Script) -> Iterator[Laboratory]:
    """A laboratory with scripted models."""
    opened = make_laboratory(settings, providers=script.providers())
    opened.open(make=True, tend=False)
    yield opened
    opened.close(timeout_s=10)


def run(lab: Laboratory) -> FlowView:
    """Run a generation with a baseline to its end."""
    request = lab.check(
        request="A lighthouse",
        image_models=[FLARE],
        text_model=WRITER,
        aspect_ratio="1:1",
        images_per_model=1,
        seed=None,
        baseline=True,
    )
    return follow(lab, lab.start(request))


def again(lab: Laboratory, view: FlowView, *, prompt: str | None = None) -> FlowView:
    """Paint the words that were made for the model once more, or others."""
    run_id = view.versions(FLARE)[0].run_id
    return follow(
        lab,
        lab.resume(
            view.generation_id, lambda view: lab.iterations.again(view, run_id, prompt=prompt)
        ),
    )


def follow(lab: Laboratory, generation_id: str) -> FlowView:
    """Follow a flow to its end."""
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]


def ask(path: Path, name: str, **given: str) -> list[Mapping[str, Any]]:
    """Ask a question of a ledger."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        blank = {"days": "", "until": "", "prompt_id": ""}
        return [dict(row) for row in db.execute(QUESTIONS[name]["sql"], blank | given)]


def test_a_baseline_is_no_second_version(lab: Laboratory) -> None:
    """Of two first versions beside their baselines, one was painted again: half of them."""
    run(lab)
    again(lab, run(lab))

    (row,) = ask(lab.settings.database, "version_two_replaced_one")

    assert (row["first_versions"], row["second_versions"], row["percent"]) == (2, 1, 50.0)
    assert (row["second_succeeded"], row["second_mended_first"]) == (1, 0)


def test_words_of_a_person_are_no_prompts_that_could_have_failed(
    lab: Laboratory, script: Script
) -> None:
    """One prompt of one was built by rule: baseline and edited words are of nobody's making."""
    script.tell([GOOD, GOOD, FAILS], {})
    again(lab, run(lab), prompt="A cat, gouache")

    (row,) = ask(lab.settings.database, "fallback_prompts")

    assert (row["runs"], row["fallbacks"], row["percent"]) == (1, 1, 100.0)


def test_no_stage_added_to_a_baseline(lab: Laboratory) -> None:
    """Between the idea and a baseline's words there is nothing; between it and made words all stages."""
    view = run(lab)
    prompts = {one.prompt_origin: one.prompt_id for one in view.runs}

    raw, made = (
        [
            row["stage"]
            for row in ask(
                lab.settings.database, "what_each_stage_added", prompt_id=prompts[origin]
            )
        ]
        for origin in (PromptOrigin.RAW, PromptOrigin.CONSTRUCTED)
    )

    assert raw == ["idea", "prompt sent (raw)"]
    assert made == ["idea", *Stage, "prompt sent (constructed)"]


def test_pictures_that_were_deleted_were_painted(lab: Laboratory) -> None:
    """Deleting takes no picture out of the count of what was painted on a day."""
    view = run(lab)
    before = ask(lab.settings.database, "pictures_by_day")

    lab.organiser.delete("generation", view.generation_id)

    assert before[0]["pictures"] == 2
    assert ask(lab.settings.database, "pictures_by_day") == before
