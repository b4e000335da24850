"""Flows as they happen, event by event, for tests to write down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from promptflow.clock import Clock
from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    ReferenceStored,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageReused,
    StageStarted,
)
from promptflow.records import (
    ActionPlan,
    Asset,
    AssetRole,
    Fault,
    GenerationRequest,
    GenerationStatus,
    ImageParameters,
    PromptOrigin,
    Question,
    RunStatus,
    Stage,
    Usage,
)

ASKED = ImageParameters(quality="auto", size="2K", output_compression=80)
RESOLVED = ImageParameters(quality="high", size="2K")
START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

PLAN = ActionPlan(
    summary="An octopus plays chess",
    intent="A poster",
    subjects=("octopus", "chess board"),
    style="linocut",
    composition="centred",
    mood="calm ☕",
    technical_notes=(),
)


class StoppedClock(Clock):
    """A clock that shows one moment."""

    def now(self) -> datetime:
        """Return noon."""
        return START


def at(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def flow_started(
    generation_id: str = "g1", request: str = "An octopus plays chess", at: datetime = START
) -> FlowStarted:
    """Return the first event of a flow."""
    return FlowStarted(
        generation_id=generation_id,
        request=GenerationRequest(
            request=request,
            text_model="writer-1",
            image_models=("painter-1", "painter-2"),
            aspect_ratio="16:9",
            images_per_model=2,
            seed=7,
            parameters={"painter-1": ASKED},
            estimate_micro_usd=90_000,
        ),
        at=at,
    )


def flow_finished(
    generation_id: str = "g1", status: GenerationStatus = GenerationStatus.SUCCEEDED
) -> FlowFinished:
    """Return the last event of a flow."""
    return FlowFinished(
        generation_id=generation_id,
        status=status,
        fault=None,
        total_ms=9_000,
        cost_micro_usd=81_000,
        at=at(9),
    )


def stage_started(
    stage_id: str,
    stage: Stage = Stage.THINKING,
    image_model: str | None = None,
    generation_id: str = "g1",
) -> StageStarted:
    """Return the first event of a stage."""
    return StageStarted(
        generation_id=generation_id,
        stage_id=stage_id,
        stage=stage,
        image_model=image_model,
        model="writer-1",
        at=at(1),
    )


def stage_finished(stage_id: str, output: str, plan: ActionPlan | None = None) -> StageFinished:
    """Return the last event of a stage that went well."""
    return StageFinished(
        stage_id=stage_id,
        output=output,
        plan=plan,
        timeline=((120, 3), (240, len(output))),
        first_token_ms=120,
        total_ms=250,
        usage=Usage(input_tokens=100, output_tokens=20),
        cost_micro_usd=500,
    )


def stage_failed(stage_id: str, output: str, fault: Fault) -> StageFailed:
    """Return the last event of a stage that failed."""
    return StageFailed(
        stage_id=stage_id,
        output=output,
        fault=fault,
        timeline=(),
        first_token_ms=None,
        total_ms=80,
        usage=Usage(),
        cost_micro_usd=None,
    )


def run_started(
    run_id: str,
    image_model: str = "painter-1",
    stage_id: str | None = None,
    origin: PromptOrigin = PromptOrigin.CONSTRUCTED,
    generation_id: str = "g1",
) -> RunStarted:
    """Return the first event of a run."""
    return RunStarted(
        generation_id=generation_id,
        run_id=run_id,
        image_model=image_model,
        provider="offline",
        version=1,
        prompt_id=f"prompt-{run_id}",
        prompt="an octopus, linocut",
        prompt_origin=origin,
        stage_id=stage_id,
        at=at(2.5),
    )


def run_finished(run_id: str, attempt_id: str, attempt: int = 1) -> RunFinished:
    """Return the last event of a run that went well."""
    return RunFinished(
        run_id=run_id,
        attempt_id=attempt_id,
        attempt=attempt,
        total_ms=3_000,
        usage=Usage(input_tokens=30, output_tokens=None),
        cost_micro_usd=40_000,
    )


def run_failed(
    run_id: str, attempt_id: str, status: RunStatus, fault: Fault, attempt: int = 1
) -> RunFailed:
    """Return the last event of a run that went wrong."""
    return RunFailed(
        run_id=run_id,
        attempt_id=attempt_id,
        attempt=attempt,
        status=status,
        fault=fault,
        total_ms=1_000,
        usage=Usage(),
        cost_micro_usd=None,
    )


def image_ready(run_id: str, index: int, asset_id: str, key: str | None = None) -> ImageReady:
    """Return the event of a stored picture."""
    return ImageReady(
        run_id=run_id,
        index=index,
        asset=Asset(
            asset_id=asset_id,
            role=AssetRole.OUTPUT,
            backend="local",
            key=key or f"generations/g1/output/painter-1/{asset_id}.png",
            sha256="ab" * 32,
            mime="image/png",
            width_px=1_024,
            height_px=576,
            size_bytes=321_000,
        ),
        seed=7 + index,
        at_ms=1_500 + index,
    )


def reference_stored(index: int, asset_id: str) -> ReferenceStored:
    """Return the event of a stored reference."""
    asset = replace(
        image_ready("", 0, asset_id).asset,
        role=AssetRole.REFERENCE,
        key=f"generations/g1/reference/upload/{asset_id}.png",
    )
    return ReferenceStored(generation_id="g1", index=index, asset=asset)


BUSY = Fault(
    code="busy",
    message="Offline is busy. It will be asked again.",
    http_status=429,
    request_id="req-1",
)
REFUSED = Fault(
    code="refused",
    message="Offline refused the words. Change them.",
    http_status=400,
    category="violence",
)
FULL_USAGE = Usage(
    input_tokens=100,
    cached_tokens=10,
    cache_write_tokens=20,
    input_image_tokens=30,
    output_tokens=90,
    thinking_tokens=15,
    output_image_tokens=60,
)
BAD_PLAN = Fault(code="bad_reply", message="The plan lacks a mood.")


def stage_reused(stage_id: str, reused_from: str, *, edited: bool = True) -> StageReused:
    """Return a thinking stage that was taken over."""
    return StageReused(
        generation_id="g1",
        stage_id=stage_id,
        reused_from=reused_from,
        edited=edited,
        stage=Stage.THINKING,
        image_model=None,
        model="planner",
        output="Ink and pepper",
        plan=None,
        at=at(3),
        reasoning="It is ink.",
        question=Question(instructions="Think.", material="<request>", sha256="0" * 64),
    )


def rich_flow() -> list[Event]:
    """Return a flow in which everything happens: repair, retries, fallback, refusal, part of a run."""
    return [
        flow_started(request="\n  An octopus plays chess  \nsecond line"),
        reference_stored(0, "a8"),
        reference_stored(1, "a9"),
        stage_started("s1", Stage.ACTION_PLAN),
        StageDelta(stage_id="s1", text='{"summary":'),
        StageDelta(stage_id="s1", text=" 1}"),
        stage_failed("s1", '{"summary": 1}', BAD_PLAN),
        stage_started("s2", Stage.ACTION_PLAN),
        StageDelta(stage_id="s2", text="{…}"),
        stage_finished("s2", "{…}", PLAN),
        stage_started("s3"),
        ReasoningDelta(stage_id="s3", text="Is it ink?"),
        StageDelta(stage_id="s3", text="In"),
        StageRetrying(stage_id="s3", attempt_id="t9", attempt=1, wait_s=0.5, fault=BUSY, at=at(2)),
        ReasoningDelta(stage_id="s3", text="It is "),
        ReasoningDelta(stage_id="s3", text="ink."),
        StageDelta(stage_id="s3", text="Ink "),
        StageDelta(stage_id="s3", text="and salt"),
        replace(
            stage_finished("s3", "Ink and salt"),
            reasoning="It is ink.",
            attempt=2,
            usage=FULL_USAGE,
            price_source="A page",
            price_date=date(2026, 11, 1),
        ),
        stage_started("s4", Stage.PROMPT_CONSTRUCTION, "painter-1"),
        stage_started("s5", Stage.PROMPT_CONSTRUCTION, "painter-2"),
        StageDelta(stage_id="s4", text="an octopus, linocut"),
        stage_finished("s4", "an octopus, linocut"),
        replace(run_started("r1", "painter-1", "s4"), parameters=ASKED),
        stage_failed("s5", "", BUSY),
        run_started("r2", "painter-2", "s5", PromptOrigin.FALLBACK),
        stage_started("s6", Stage.PROMPT_CONSTRUCTION, "painter-3"),
        stage_finished("s6", "words"),
        run_started("r3", "painter-3", "s6"),
        stage_reused("s7", "s3"),
        PartialImage(run_id="r1", index=0, data=b"preview"),
        replace(image_ready("r1", 0, "a1"), resolved=RESOLVED, request_id="req-2"),
        RunRetrying(run_id="r1", attempt_id="t1", attempt=1, wait_s=1.5, fault=BUSY, at=at(4)),
        image_ready("r2", 0, "a2"),
        image_ready("r1", 1, "a3"),
        replace(
            run_finished("r1", "t2", attempt=2),
            usage=FULL_USAGE,
            price_source="A page",
            price_date=date(2026, 11, 1),
        ),
        run_failed("r2", "t3", RunStatus.PARTIAL, BUSY),
        run_failed("r3", "t4", RunStatus.REFUSED, REFUSED),
        FlowFinished(
            generation_id="g1",
            status=GenerationStatus.PARTIAL,
            fault=BUSY,
            total_ms=9_000,
            cost_micro_usd=None,
            at=at(9),
        ),
    ]


def resumed_flow() -> list[Event]:
    """Return `rich_flow`, resumed a minute later: the same words again, edited ones, and the request."""
    request = replace(flow_started().request, request="\n  An octopus plays chess  \nsecond line")
    added = replace(
        request,
        image_models=("painter-1", "painter-2", "painter-4"),
        estimate_micro_usd=120_000,
    )
    again, edited, raw = (
        replace(run_started(run_id, model), at=at(70), images=1, seed=8)
        for run_id, model in (("r4", "painter-2"), ("r5", "painter-1"), ("r6", "painter-4"))
    )
    return [
        *rich_flow(),
        FlowResumed(generation_id="g1", request=added, at=at(69), after=at(9)),
        replace(
            again,
            version=2,
            prompt_id="prompt-r2",
            prompt_origin=PromptOrigin.FALLBACK,
            stage_id="s5",
            parent_run_id="r2",
        ),
        replace(
            edited,
            version=2,
            prompt="a squid",
            prompt_origin=PromptOrigin.EDITED,
            parent_run_id="r1",
            parent_prompt_id="prompt-r1",
        ),
        image_ready("r4", 0, "a4"),
        replace(raw, prompt=request.request, prompt_origin=PromptOrigin.RAW),
        image_ready("r6", 0, "a6"),
        image_ready("r5", 0, "a5"),
        *(run_finished("r5", "t5"), run_finished("r4", "t6"), run_finished("r6", "t7")),
        FlowFinished(
            generation_id="g1",
            status=GenerationStatus.SUCCEEDED,
            fault=None,
            total_ms=13_000,
            cost_micro_usd=None,
            at=at(74),
        ),
    ]


RICH_FLOW_IN_ORDER = (
    "FlowStarted",
    *("ReferenceStored", "ReferenceStored"),
    *("StageStarted s1", "StageDelta s1", "StageFailed s1"),
    *("StageStarted s2", "StageDelta s2", "StageFinished s2"),
    *("StageStarted s3", "StageRetrying s3", "ReasoningDelta s3", "StageDelta s3"),
    "StageFinished s3",
    *("StageStarted s4", "StageDelta s4", "StageFinished s4"),
    *("StageStarted s5", "StageFailed s5"),
    *("StageStarted s6", "StageDelta s6", "StageFinished s6"),
    "StageReused s7",
    *("RunStarted r1", "RunRetrying r1", "ImageReady r1", "ImageReady r1", "RunFinished r1"),
    *("RunStarted r2", "ImageReady r2", "RunFailed r2"),
    *("RunStarted r3", "RunFailed r3"),
    "FlowFinished",
)
"""The canonical order of `rich_flow` as the ledger gives it back."""


def outline(events: Sequence[Event]) -> tuple[str, ...]:
    """Render events as their names and the ids of their run or stage."""
    return tuple(
        f"{type(event).__name__} {getattr(event, 'run_id', getattr(event, 'stage_id', ''))}".strip()
        for event in events
    )
