"""The JSON document: its exact shape, and the same whichever way it is arrived at."""

import json
import re
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from promptflow.document import render_document
from promptflow.events import Event
from promptflow.ledger import SqliteLedger
from promptflow.records import (
    Fault,
    GenerationRequest,
    ImageParameters,
    RunStatus,
    Stage,
    Usage,
)
from promptflow.settings import ROOT
from promptflow.view import fold
from tests.ledger.scripted_flow import (
    BAD_PLAN,
    PLAN,
    StoppedClock,
    flow_finished,
    flow_started,
    image_ready,
    reference_stored,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_failed,
    stage_finished,
    stage_started,
)

STORY = rich_flow()
NO_LABELS = {"title": "", "note": "", "tags": []}
NO_USAGE = {
    "input_tokens": None,
    "cached_tokens": None,
    "cache_write_tokens": None,
    "input_image_tokens": None,
    "output_tokens": None,
    "thinking_tokens": None,
    "output_image_tokens": None,
}


def _document(events: list[Event]) -> dict[str, object]:
    """Render a document and read it back, as a program would."""
    text = json.dumps(render_document(fold(events)))
    document: dict[str, object] = json.loads(text)
    return document


def _listed(document: dict[str, object], part: str) -> list[dict[str, object]]:
    found = document[part]
    assert isinstance(found, list)
    return found


def test_document_of_a_short_flow() -> None:
    """A generation with a repair, one picture and one failure is exactly this document."""
    events: list[Event] = [
        flow_started(),
        stage_started("s1", Stage.ACTION_PLAN),
        stage_failed("s1", "No.", BAD_PLAN),
        stage_started("s2", Stage.ACTION_PLAN),
        stage_finished("s2", "{…}", PLAN),
        stage_started("s3", Stage.PROMPT_CONSTRUCTION, "painter-1"),
        stage_finished("s3", "an octopus, linocut"),
        run_started("r1", "painter-1", "s3"),
        image_ready("r1", 0, "a1"),
        run_finished("r1", "t1"),
        flow_finished(),
    ]

    assert _document(events) == {
        "generation_id": "g1",
        **NO_LABELS,
        "parent_id": None,
        "forked_at": None,
        "status": "succeeded",
        "cost_usd": 0.081,
        "estimate_usd": 0.09,
        "references": [],
        "stages": [
            {
                "stage_id": "s1",
                "stage": "action_plan",
                "image_model": None,
                "model": "writer-1",
                "reused_from": None,
                "edited": False,
                "status": "failed",
                "attempts": 1,
                "reasoning": "",
                "output": "No.",
                "first_token_ms": None,
                "total_ms": 80,
                "usage": NO_USAGE,
                "cost_usd": None,
                "price_source": None,
                "price_date": None,
                "error": {"code": "bad_reply", "message": "The plan lacks a mood."},
            },
            {
                "stage_id": "s2",
                "stage": "action_plan",
                "image_model": None,
                "model": "writer-1",
                "reused_from": None,
                "edited": False,
                "status": "succeeded",
                "attempts": 1,
                "reasoning": "",
                "output": "{…}",
                "first_token_ms": 120,
                "total_ms": 250,
                "usage": NO_USAGE | {"input_tokens": 100, "output_tokens": 20},
                "cost_usd": 0.0005,
                "price_source": None,
                "price_date": None,
                "error": None,
            },
            {
                "stage_id": "s3",
                "stage": "prompt_construction",
                "image_model": "painter-1",
                "model": "writer-1",
                "reused_from": None,
                "edited": False,
                "status": "succeeded",
                "attempts": 1,
                "reasoning": "",
                "output": "an octopus, linocut",
                "first_token_ms": 120,
                "total_ms": 250,
                "usage": NO_USAGE | {"input_tokens": 100, "output_tokens": 20},
                "cost_usd": 0.0005,
                "price_source": None,
                "price_date": None,
                "error": None,
            },
        ],
        "runs": [
            {
                "run_id": "r1",
                "image_model": "painter-1",
                "provider": "offline",
                "version": 1,
                "parent_run_id": None,
                "status": "succeeded",
                "attempts": 1,
                "images_asked": None,
                "seed": None,
                "parameters": {},
                "prompt_id": "prompt-r1",
                "prompt": "an octopus, linocut",
                "prompt_origin": "constructed",
                "parent_prompt_id": None,
                "stage_id": "s3",
                "error": None,
                "images": [
                    {
                        "asset_id": "a1",
                        "key": "generations/g1/output/painter-1/a1.png",
                        "sha256": "ab" * 32,
                        "mime": "image/png",
                        "width_px": 1024,
                        "height_px": 576,
                        "size_bytes": 321000,
                        **NO_LABELS,
                        "resolved": {},
                        "seed": 7,
                    }
                ],
                "total_ms": 3000,
                "usage": NO_USAGE | {"input_tokens": 30},
                "cost_usd": 0.04,
                "price_source": None,
                "price_date": None,
            }
        ],
    }


def test_document_of_a_flow_that_runs() -> None:
    """What is not known yet is null, never 0."""
    document = _document([flow_started(), stage_started("s1"), run_started("r1")])

    [stage], [run] = _listed(document, "stages"), _listed(document, "runs")
    assert (document["status"], document["cost_usd"]) == ("running", None)
    assert (stage["status"], stage["output"]) == ("running", "")
    assert (stage["first_token_ms"], stage["total_ms"], stage["error"]) == (None, None, None)
    assert (run["status"], run["images"]) == ("running", [])
    assert (run["total_ms"], run["cost_usd"], run["error"]) == (None, None, None)


def test_what_was_asked_and_what_was_done_are_told() -> None:
    """A run has what was asked of its model, a picture what was done; nothing that was left open."""
    asked = ImageParameters(size="2K", output_compression=0)
    resolved = ImageParameters(quality="high", size="2K")
    events: list[Event] = [
        flow_started(),
        replace(run_started("r1"), parameters=asked),
        replace(image_ready("r1", 0, "a1"), resolved=resolved),
        run_finished("r1", "t2", attempt=2),
    ]

    [run] = _listed(_document(events), "runs")

    [image] = _listed(run, "images")
    assert (run["attempts"], run["parameters"]) == (2, {"size": "2K", "output_compression": 0})
    assert image["resolved"] == {"quality": "high", "size": "2K"}


def test_references_are_told_as_stored_pictures() -> None:
    """Each picture that went along is there, in order, described as those that were painted."""
    document = _document([flow_started(), reference_stored(0, "a8"), reference_stored(1, "a9")])

    [first, second] = _listed(document, "references")
    assert first == {
        "asset_id": "a8",
        "key": "generations/g1/reference/upload/a8.png",
        "sha256": "ab" * 32,
        "mime": "image/png",
        "width_px": 1024,
        "height_px": 576,
        "size_bytes": 321000,
    }
    assert second["asset_id"] == "a9"


def test_an_error_tells_what_the_provider_told() -> None:
    """Category, status and id of the call follow code and message, where there are any."""
    fault = Fault(
        code="refused", message="No.", http_status=400, category="violence", request_id="req-1"
    )

    told = _document(
        [
            flow_started(),
            run_started("r1"),
            run_failed("r1", "t1", RunStatus.REFUSED, fault),
            run_started("r2", "painter-2"),
            run_failed("r2", "t2", RunStatus.FAILED, Fault(code="network", message="Gone.")),
        ]
    )

    errors = [run["error"] for run in _listed(told, "runs")]
    assert json.dumps(errors[0]) == (
        '{"code": "refused", "message": "No.", "category": "violence", "http_status": 400,'
        ' "request_id": "req-1"}'
    )
    assert errors[1] == {"code": "network", "message": "Gone."}


def test_attempts_and_reasoning_of_a_stage_are_told() -> None:
    """What a model let be seen of its reasoning stands apart from its answer."""
    ending = replace(stage_finished("s1", "Ink."), reasoning="Is it ink?", attempt=3)

    [stage] = _listed(_document([flow_started(), stage_started("s1"), ending]), "stages")

    assert (stage["attempts"], stage["reasoning"], stage["output"]) == (3, "Is it ink?", "Ink.")


def test_tokens_and_the_price_they_were_billed_by_are_told() -> None:
    """A stage and a run have the tokens by modality, and the title and day of the price's source."""
    usage = Usage(
        input_tokens=100,
        cached_tokens=0,
        cache_write_tokens=10,
        input_image_tokens=40,
        output_tokens=1_120,
        thinking_tokens=8,
        output_image_tokens=1_100,
    )
    day = date(2026, 11, 23)

    told = _document(
        [
            flow_started(),
            stage_started("s1"),
            replace(
                stage_finished("s1", "Ink."), usage=usage, price_source="A page", price_date=day
            ),
            run_started("r1"),
            replace(run_finished("r1", "t1"), usage=usage, price_source="A list", price_date=day),
        ]
    )

    [stage], [run] = _listed(told, "stages"), _listed(told, "runs")
    assert stage["usage"] == run["usage"] == asdict(usage)
    assert (stage["price_source"], stage["price_date"]) == ("A page", "2026-11-23")
    assert (run["price_source"], run["price_date"]) == ("A list", "2026-11-23")


def test_order_is_that_of_the_choice_not_of_the_clock() -> None:
    """Prompt constructions and runs are in the order in which the image models were chosen."""
    request = GenerationRequest(
        request="An idea", text_model="writer-1", image_models=("painter-2", "painter-1")
    )
    events: list[Event] = [
        replace(flow_started(), request=request),
        stage_started("s1", Stage.PROMPT_CONSTRUCTION, "painter-1"),
        stage_started("s2", Stage.PROMPT_CONSTRUCTION, "painter-2"),
        run_started("r1", "painter-1"),
        run_started("r2", "painter-2"),
        stage_started("s3", Stage.THINKING),
        stage_started("s4", Stage.ACTION_PLAN),
    ]

    document = _document(events)

    assert [(stage["stage"], stage["image_model"]) for stage in _listed(document, "stages")] == [
        ("action_plan", None),
        ("thinking", None),
        ("prompt_construction", "painter-2"),
        ("prompt_construction", "painter-1"),
    ]
    assert [run["run_id"] for run in _listed(document, "runs")] == ["r2", "r1"]


def test_repair_comes_after_what_it_repairs() -> None:
    """Both action plans are there, in the order in which they were asked for."""
    outputs = [stage["output"] for stage in _listed(_document(STORY), "stages")]

    assert outputs[:2] == ['{"summary": 1}', "{…}"]


def test_versions_of_a_run_follow_one_another() -> None:
    """Two runs of one model are in the order of their versions."""
    again = replace(run_started("r8"), version=2)
    first = run_started("r9")

    runs = _listed(_document([flow_started(), again, first]), "runs")

    assert [run["version"] for run in runs] == [1, 2]


def test_document_is_the_same_live_and_from_the_ledger(tmp_path: Path) -> None:
    """`generate --json` and `show --json` can't differ."""
    ledger = SqliteLedger(tmp_path / "promptflow.db", clock=StoppedClock(), owner="owner-1")
    ledger.prepare()
    for event in STORY:
        ledger.record(event)

    assert _document(list(ledger.read_events("g1"))) == _document(STORY)


@given(end=st.integers(1, len(STORY)))
def test_every_state_on_the_way_can_be_written(end: int) -> None:
    """Whatever has happened so far is plain JSON with the same fields."""
    assert _document(STORY[:end]).keys() == _document(STORY).keys()


def test_documentation_names_every_field() -> None:
    """`docs/command-line.md` names each field of the document, and no other."""
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    table = {
        row.split("|")[1].strip(" `"): row.split("|", 2)[2]
        for row in page.split("## The list of models")[0].splitlines()
        if row.startswith("| `")
    }
    document = _document(STORY)
    stage, run = _listed(document, "stages")[0], _listed(document, "runs")[0]
    references, images = _listed(document, "references"), _listed(run, "images")

    assert set(table) == (set(document) - {"references", "stages", "runs"}) | {
        "references[]",
        "stages[]",
        "runs[]",
        "runs[].images[]",
    }
    assert _names(table["references[]"]) == set(references[0])
    assert _names(table["stages[]"]) == set(stage)
    assert _names(table["runs[]"]) == set(run)
    assert _names(table["runs[].images[]"]) == set(images[0])


def _names(cell: str) -> set[str]:
    """Read the names out of a cell, without the values that stand in brackets behind them."""
    return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cell)))
