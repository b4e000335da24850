"""The one-line texts of what retries, what was refused, what a picture is and what it cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promptflow.events import RunRetrying, StageRetrying
from promptflow.records import (
    Asset,
    AssetRole,
    Fault,
    GenerationStatus,
    ImageParameters,
    PromptOrigin,
    RunStatus,
    Stage,
    StageStatus,
)
from promptflow.ui.labels import (
    clock_words,
    cost_words,
    is_waiting,
    join_facts,
    picture_facts,
    refusal_facts,
    retry_words,
    run_facts,
    run_line,
    stage_label,
)
from promptflow.view import FlowView, ImageView, RunView, StageView
from tests.scripted import GOUACHE, make_request

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUSY = Fault(code="busy", message="Too much to do.")


def test_countdown_says_seconds_attempt_and_reason() -> None:
    """A wait reads as whole seconds that are never too few, the attempt they lead to, and why."""
    words = retry_words(_run_wait(), NOW + timedelta(seconds=1.2), verb="retrying")

    assert words == "retrying in 3 s (attempt 2): Too much to do."


def test_countdown_that_is_over_says_now() -> None:
    """Once the wait is over nothing is counted below zero."""
    words = retry_words(_run_wait(), NOW + timedelta(seconds=9), verb="retrying")

    assert words == "retrying now (attempt 2): Too much to do."


def test_countdown_does_not_ask_to_try_again() -> None:
    """What happens by itself is not asked for; the rest of the reason stays."""
    fault = Fault(code="busy", message="Too much to do. Try again in a moment, or see there.")

    words = retry_words(replace(_run_wait(), fault=fault), NOW, verb="retrying")

    assert words == "retrying in 4 s (attempt 2): Too much to do."


def test_reused_stage_says_where_it_is_from_and_that_it_is_free() -> None:
    """Of an answer that was taken over no model, time or price is told."""
    reused = _written(reused_from="s0")

    assert _told([reused]) == "Reused from an earlier generation ·  free"
    assert _told([replace(reused, edited=True)]) == "Edited by you ·  free"


def test_prompts_say_how_many_of_them_were_reused() -> None:
    """Where some were taken over, the others are told of as ever."""
    written = replace(_written(), image_model="painter-2", total_ms=1_200, cost_micro_usd=20_000)

    told = _told([_written(reused_from="s0"), written])

    assert told == "planner ·  1 of 2 reused ·  1.2 s ·  $0.02"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus.REFUSED, "refused after 8.2 s"),
        (RunStatus.FAILED, "failed after 8.2 s"),
        (RunStatus.PARTIAL, "0 of 1 in 8.2 s, then failed"),
    ],
)
def test_line_of_a_run_leaves_the_reason_to_the_card(status: RunStatus, words: str) -> None:
    """The card beside it has the whole message; a run without one says so here."""
    told, untold = _run(retry=None, attempt=1), _run(retry=None, attempt=1)
    told.fault = Fault(code="x", message="Change the words.")
    for run in (told, untold):
        run.status, run.total_ms = status, 8_200

    lines = [run_line(GOUACHE, run, _flow(), str, NOW) for run in (told, untold)]

    said = [line.replace("\\", "").partition(":gray")[2] for line in lines]
    assert said == [f"[{words}]", f"[{words}: no reason was recorded]"]


def test_attempt_under_way_is_not_a_wait() -> None:
    """The attempt after a wait may take minutes, and is painting like the first."""
    run = _run(retry=_run_wait(), attempt=2)

    line = run_line(GOUACHE, run, _flow(), str, NOW + timedelta(seconds=64))

    assert is_waiting(run.retry, NOW)
    assert not is_waiting(run.retry, NOW + timedelta(seconds=4))
    assert "painting\\, 1 min 4 s\\, attempt 2" in line


def test_lanes_that_start_over_are_told_by_the_name_of_their_model() -> None:
    """Of several prompts being written, each that starts over is told with its image model."""
    stages = [_stage("one", retry=None), _stage("two", retry=_stage_wait())]

    words = clock_words(stages, NOW + timedelta(seconds=2), str.title)

    assert words == "2.0 s\nTwo: starting over in 2 s (attempt 2): Too much to do."


def test_nothing_running_has_no_clock() -> None:
    """Without anything running there are no words."""
    assert clock_words([], NOW, str) == ""


@pytest.mark.parametrize(
    ("category", "refused", "runs", "words"),
    [
        ("violence", 3, 12, "Category: violence · Refused in 3 of 12 runs of this model"),
        ("IMAGE_SAFETY", 1, 1, "Category: image safety · Refused in 1 of 1 run of this model"),
        ("HARM_CATEGORY_HARASSMENT", 0, 0, "Category: harassment"),
        ("SPII", 0, 0, "Category: personal information"),
        (None, 2, 4, "Refused in 2 of 4 runs of this model"),
        (None, 0, 0, ""),
    ],
)
def test_refusal_is_told_in_words_and_numbers(
    category: str | None, refused: int, runs: int, words: str
) -> None:
    """The provider's own word is written out, and what isn't known is left out."""
    assert _plain(refusal_facts(category, refused, runs)) == words


@pytest.mark.parametrize(
    ("status", "cost", "most", "words"),
    [
        (GenerationStatus.SUCCEEDED, 43_000, 120_000, "$0.04 of at most $0.12"),
        (GenerationStatus.SUCCEEDED, 130_000, 120_000, "$0.13, estimated at most $0.12"),
        (GenerationStatus.PARTIAL, None, 120_000, "price unknown, estimated at most $0.12"),
        (GenerationStatus.SUCCEEDED, None, None, "price unknown"),
        (GenerationStatus.SUCCEEDED, 43_000, None, "$0.04"),
        (GenerationStatus.SUCCEEDED, 0, 0, "$0.00"),
        (GenerationStatus.RUNNING, None, 120_000, "at most $0.12"),
        (GenerationStatus.RUNNING, None, None, ""),
    ],
)
def test_cost_stands_beside_its_estimate(
    status: GenerationStatus, cost: int | None, most: int | None, words: str
) -> None:
    """What was spent is told beside what was estimated; what isn't known is never a number."""
    view = _flow(most)
    view.status, view.cost_micro_usd = status, cost

    assert cost_words(view) == words


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "1024 × 1536 px · JPEG 34 kB · seed 7"),
        (
            ImageParameters(quality="high", size="1024x1536", background="opaque"),
            "1024 × 1536 px · high quality · JPEG 34 kB · seed 7",
        ),
        (
            ImageParameters(quality="auto", size="2K", background="transparent"),
            "1024 × 1536 px · 2K · transparent · JPEG 34 kB · seed 7",
        ),
    ],
)
def test_picture_is_told_with_what_its_provider_did(
    told: ImageParameters | None, words: str
) -> None:
    """Quality and class of size are told where the provider told them, and nothing twice."""
    assert _plain(picture_facts(_image(told))) == words


def test_run_that_took_several_attempts_says_how_many() -> None:
    """More than one attempt is told, and a price that isn't known is called so."""
    run = _run(retry=None, attempt=2)
    run.status, run.total_ms = RunStatus.FAILED, 8_200

    assert _plain(run_facts(run)) == "8.2 s · 2 attempts · price unknown"


def test_line_breaks_between_facts_only() -> None:
    """A short fact stays in one piece, and the dot stays at the end of a line."""
    line = join_facts(["1.2 MB", "a fact that is longer than a narrow card"])

    assert line == "1.2\u00a0MB\u00a0·  a fact that is longer than a narrow card"


def _plain(line: str) -> str:
    return " ".join(line.split())


def _run_wait() -> RunRetrying:
    return RunRetrying(run_id="run", attempt_id="a", attempt=1, wait_s=4.0, fault=BUSY, at=NOW)


def _stage_wait() -> StageRetrying:
    return StageRetrying(
        stage_id="stage", attempt_id="a", attempt=1, wait_s=4.0, fault=BUSY, at=NOW
    )


def _flow(estimate_micro_usd: int | None = None) -> FlowView:
    request = make_request(estimate_micro_usd=estimate_micro_usd)
    return FlowView(generation_id="generation", request=request, started_at=NOW)


def _run(*, retry: RunRetrying | None, attempt: int) -> RunView:
    return RunView(
        run_id="run",
        image_model=GOUACHE,
        provider="offline",
        version=1,
        prompt_id="prompt",
        prompt="A lighthouse",
        prompt_origin=PromptOrigin.CONSTRUCTED,
        stage_id="stage",
        parameters=ImageParameters(),
        started_at=NOW,
        retry=retry,
        attempt=attempt,
    )


def _stage(image_model: str, *, retry: StageRetrying | None) -> StageView:
    return StageView(
        stage_id="stage",
        stage=Stage.PROMPT_CONSTRUCTION,
        image_model=image_model,
        model="offline-planner",
        started_at=NOW,
        retry=retry,
    )


def _image(told: ImageParameters | None) -> ImageView:
    asset = Asset(
        asset_id="asset",
        role=AssetRole.OUTPUT,
        backend="local",
        key="generations/g/output/m/0123456789abcdef.jpg",
        sha256="0" * 64,
        mime="image/jpeg",
        width_px=1024,
        height_px=1536,
        size_bytes=34_000,
    )
    return ImageView(index=0, asset=asset, seed=7, at_ms=900, resolved=told)


def _written(reused_from: str | None = None) -> StageView:
    return StageView(
        stage_id="s1",
        stage=Stage.PROMPT_CONSTRUCTION,
        image_model="painter-1",
        model="planner",
        started_at=NOW,
        reused_from=reused_from,
        status=StageStatus.SUCCEEDED,
        total_ms=0,
        cost_micro_usd=0,
    )


def _told(stages: list[StageView]) -> str:
    text = stage_label("Prompts", stages, stages, str).partition(":small[")[2]
    return text.removesuffix("]]").replace("\\", "").replace("\u2060", "").replace("\u00a0", " ")
