"""Each question that is shipped gives the right answer, on ledgers of any size."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.ledgers import fill
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import migrate
from promptflow.questions.guard import begin_question, guard
from tests.datasette.known import ASSETS, DAY, GENERATIONS, PROMPTS
from tests.datasette.test_metadata import QUESTIONS

NOON = f"{DAY}T12:0"
Rows = list[dict[str, Any]]
EXPECTED: Mapping[str, Rows] = {
    "cheapest_model_per_picture": [
        {
            "image_model": "painter-2",
            "provider": "offline",
            "runs": 2,
            "pictures": 1,
            "runs_lost": 1,
            "runs_of_unknown_cost": 0,
            "cost_usd": 0.02,
            "usd_per_picture": 0.02,
        },
        {
            "image_model": "painter-1",
            "provider": "offline",
            "runs": 2,
            "pictures": 1,
            "runs_lost": 1,
            "runs_of_unknown_cost": 0,
            "cost_usd": 0.04,
            "usd_per_picture": 0.04,
        },
    ],
    "cost_per_picture_by_size": [
        {
            "image_model": model,
            "size_px": "1024 × 1024",
            "pictures": 1,
            "pictures_of_unknown_cost": 0,
            "usd_per_picture": cost,
            "megabytes": 2.0,
        }
        for model, cost in (("painter-1", 0.04), ("painter-2", 0.02))
    ],
    "estimate_against_actual": [
        {
            "image_models": '["painter-1", "painter-2"]',
            "text_model": "writer-1",
            "generations": 2,
            "estimate_usd": 0.15,
            "actual_usd": 0.12,
            "percent_of_estimate": 80.0,
            "above_estimate": 1,
        }
    ],
    "spending_by_day": [
        {
            "day": DAY,
            "kind": kind,
            "model": model,
            "calls": calls,
            "unpriced_calls": 0,
            "cost_usd": cost,
        }
        for kind, model, calls, cost in (
            ("image", "painter-1", 2, 0.04),
            ("image", "painter-2", 2, 0.02),
            ("text", "writer-2", 20, 0.02),
            ("text", "writer-1", 4, 0.004),
        )
    ],
    "refusals_by_model": [
        {
            "kind": "image",
            "model": "painter-1",
            "category": "violence",
            "refusals": 1,
            "calls": 2,
            "percent": 50.0,
            "last_at": f"{NOON}3:00.000+00:00",
            "generation_id": GENERATIONS[1],
        }
    ],
    "version_two_replaced_one": [
        {
            "image_model": "painter-2",
            "first_versions": 1,
            "second_versions": 1,
            "percent": 100.0,
            "second_succeeded": 1,
            "second_mended_first": 1,
        },
        {
            "image_model": "painter-1",
            "first_versions": 2,
            "second_versions": 0,
            "percent": 0.0,
            "second_succeeded": 0,
            "second_mended_first": 0,
        },
    ],
    "slowest_stage_by_model": [
        {
            "stage": stage,
            "model": model,
            "calls": calls,
            "p50_ms": p50,
            "p95_ms": p95,
            "longest_ms": longest,
        }
        for stage, model, calls, p50, p95, longest in (
            ("thinking", "writer-1", 1, 300, 300, 300),
            ("thinking", "writer-2", 20, 100, 190, 200),
            ("action_plan", "writer-1", 1, 100, 100, 100),
            ("prompt_construction", "writer-1", 1, 50, 50, 50),
        )
    ],
    "time_to_first_token": [
        {"model": "writer-1", "calls": 4, "p50_ms": 6, "p95_ms": 30, "longest_ms": 30},
        {"model": "writer-2", "calls": 20, "p50_ms": 10, "p95_ms": 19, "longest_ms": 20},
    ],
    "time_to_first_picture": [
        {"image_model": model, "runs": 1, "p50_ms": took, "p95_ms": took, "longest_ms": took}
        for model, took in (("painter-2", 700), ("painter-1", 900))
    ],
    "tokens_by_stage": [
        {
            "stage": stage,
            "model": model,
            "calls": calls,
            "input_tokens": 100 * calls,
            "cached_tokens": None,
            "output_tokens": 20 * calls,
            "thinking_tokens": None,
            "output_tokens_a_call": 20.0,
            "cost_usd": calls / 1_000,
        }
        for stage, model, calls in (
            ("thinking", "writer-2", 20),
            ("prompt_construction", "writer-1", 2),
            ("action_plan", "writer-1", 1),
            ("thinking", "writer-1", 1),
        )
    ],
    "retries_by_provider": [
        {
            "kind": kind,
            "provider_or_model": who,
            "error_code": "busy",
            "http_status": status,
            "retries": 1,
            "waited_ms": waited,
            "longest_wait_ms": waited,
        }
        for kind, who, status, waited in (
            ("image", "offline", 429, 1_500),
            ("text", "writer-1", None, 500),
        )
    ],
    "what_failed_most": [
        {
            "what": what,
            "model": model,
            "error_code": "busy",
            "failures": 1,
            "last_at": at,
            "last_message": "Offline is busy.",
            "generation_id": GENERATIONS[0],
        }
        for what, model, at in (
            ("prompt_construction", "writer-1", f"{NOON}0:18.000+00:00"),
            ("run", "painter-2", f"{NOON}1:00.000+00:00"),
        )
    ],
    "fallback_prompts": [
        {
            "text_model": "writer-1",
            "runs": 4,
            "fallbacks": 2,
            "percent": 50.0,
            "generation_id": GENERATIONS[0],
        }
    ],
    "prompt_length_by_model": [
        {
            "image_model": "painter-1",
            "origin": "constructed",
            "runs": 2,
            "mean_characters": 18.0,
            "shortest": 14,
            "longest": 21,
            "mean_of_succeeded": 21.0,
            "mean_of_refused": 14.0,
        },
        {
            "image_model": "painter-2",
            "origin": "fallback",
            "runs": 2,
            "mean_characters": 10.0,
            "shortest": 10,
            "longest": 10,
            "mean_of_succeeded": 10.0,
            "mean_of_refused": None,
        },
    ],
    "pictures_by_day": [
        {"day": DAY, "image_model": model, "pictures": 1, "of_runs_that_failed_later": 0}
        for model in ("painter-1", "painter-2")
    ],
    "starred_pictures": [
        {
            "asset_id": ASSETS[1],
            "image_model": "painter-2",
            "prompt": "A red fox.",
            "origin": "fallback",
            "title": "A red fox",
            "generation_id": GENERATIONS[0],
            "created_at": f"{NOON}1:00.000+00:00",
        }
    ],
    "uploads_that_failed": [
        {
            "asset_id": asset_id,
            "failures": 1,
            "now": now,
            "error_code": "storage",
            "error_message": "The bucket is down.",
            "total_ms": took,
            "last_try_at": at,
        }
        for asset_id, now, took, at in (
            (ASSETS[1], "waits in the outbox", 100, f"{NOON}2:00.000+00:00"),
            (ASSETS[0], "uploaded", 200, f"{NOON}1:00.000+00:00"),
        )
    ],
    "what_each_stage_added": [
        {
            "step": step,
            "stage": stage,
            "model": model,
            "characters": len(text),
            "different_words": words,
            "new_words": len(added.split()),
            "added": added or None,
            "text": text,
        }
        for step, stage, model, words, added, text in (
            (1, "idea", "", 3, "a fox red", "A red fox"),
            (2, "action_plan", "writer-1", 4, "linocut", "A red fox linocut"),
            (3, "thinking", "writer-1", 6, "ink runs then", "Linocut, then: ink!\nA fox runs."),
            (4, "prompt_construction", "writer-1", 3, "", "red fox, ink"),
            (
                *(5, "prompt sent (constructed)", "painter-1", 5),
                *("on paper", "red fox, ink on paper"),
            ),
        )
    ],
    "prompts_that_grew_from_this": [
        {
            "generations_away": depth,
            "prompt_id": PROMPTS[prompt],
            "parent_prompt_id": PROMPTS[parent] if parent is not None else None,
            "image_model": "painter-1",
            "origin": "constructed",
            "text": text,
            "generation_id": GENERATIONS[generation],
            "asset_id": ASSETS[0] if prompt == 0 else None,
        }
        for depth, prompt, parent, text, generation in (
            (0, 0, None, "red fox, ink on paper", 0),
            (1, 2, 0, "red fox, blood", 1),
            (2, 3, 2, "red fox, berries", 1),
        )
    ],
}
BLANK = {"days": "", "until": "", "prompt_id": ""}


def _ask(path: Path, name: str, **given: str) -> list[tuple[Any, ...]]:
    """Ask a question of a ledger directly, as guarded as it is on the site."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        guard(db)
        begin_question()
        return db.execute(QUESTIONS[name]["sql"], {**BLANK, **given}).fetchall()


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_is_answered(site: httpx.Client, name: str) -> None:
    """Asked for one day, or for one prompt, a question gives what is known of it."""
    asked = {"_shape": "array", "days": "1", "until": DAY, "prompt_id": PROMPTS[0]}

    rows = site.get(f"/promptflow/{name}.json", params=asked)

    assert rows.status_code == 200
    assert rows.json() == EXPECTED[name]


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_has_a_page(site: httpx.Client, name: str) -> None:
    """A question's page has its title, its fields and its answer."""
    page = site.get(f"/promptflow/{name}", params={"days": "1", "until": DAY})

    assert page.status_code == 200
    assert QUESTIONS[name]["title"] in page.text
    assert page.text.count('<input type="text"') == len(QUESTIONS[name].get("params", ()))


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_can_be_asked_of_an_empty_ledger(tmp_path: Path, name: str) -> None:
    """Where nothing happened, nothing is the answer."""
    path = tmp_path / "promptflow.db"
    migrate(LedgerFile(path=path))

    assert _ask(path, name) == []


@pytest.mark.parametrize(
    "given",
    [
        {"days": "many"},
        {"days": "-1"},
        {"days": "0"},
        {"until": "yesterday"},
        {"until": "2026-13-99"},
        {"days": "'; DROP TABLE runs; --"},
    ],
)
@pytest.mark.parametrize(
    "name", [name for name in QUESTIONS if "days" in QUESTIONS[name].get("params", ())]
)
def test_senseless_days_have_no_rows(known: Path, name: str, given: dict[str, str]) -> None:
    """Days that are none are no error, and no rows."""
    assert _ask(known, name, **{"until": DAY, **given}) == []


def test_days_left_empty_are_the_last_ones(known: Path) -> None:
    """By themselves questions look back from today, which the known day is long before."""
    assert _ask(known, "pictures_by_day") == []
    assert len(_ask(known, "pictures_by_day", until=DAY)) == 2
    assert len(_ask(known, "pictures_by_day", until=DAY, days="61")) == 3


def test_a_circle_of_prompts_ends(tmp_path: Path, known: Path) -> None:
    """Prompts that grew from one another, as damage might have it, are each told a bounded number of times."""
    path = tmp_path / "promptflow.db"
    with closing(sqlite3.connect(known)) as source, closing(sqlite3.connect(path)) as db:
        source.backup(db)
        db.execute("UPDATE prompts SET parent_prompt_id = ? WHERE id = ?", (PROMPTS[3], PROMPTS[0]))
        db.commit()

    rows = _ask(path, "prompts_that_grew_from_this", prompt_id=PROMPTS[0])

    assert 3 <= len(rows) <= 51


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of two thousand generations, as flows leave them."""
    path = tmp_path_factory.mktemp("large") / "data" / "promptflow.db"
    fill(path, 2_000)
    return path


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_goes_by_an_index(large: Path, name: str) -> None:
    """No question looks at every row of a table: each filter has an index."""
    with closing(sqlite3.connect(large)) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {QUESTIONS[name]['sql']}", BLANK).fetchall()
    tables = {"generations", "stages", "prompts", "runs", "attempts", "assets", "uploads"}
    aliases = {"g", "s", "p", "r", "a", "u", "one", "two"}

    scanned = [
        step
        for *_, step in plan
        if step.startswith("SCAN")
        and step.split()[1] in tables | aliases
        and "USING INDEX pictures_starred" not in step
    ]

    assert scanned == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_is_answered_in_a_large_ledger(large: Path, name: str) -> None:
    """Many rows are answered, too."""
    rows = _ask(large, name, until="2026-01-04", days="3")

    assert isinstance(rows, list)
    assert rows or name in {
        "prompts_that_grew_from_this",
        "retries_by_provider",
        "uploads_that_failed",
    }
