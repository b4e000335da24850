"""Text stages that are tried again: the answer starts over, and every attempt is on the bill."""

import threading
from dataclasses import replace
from pathlib import Path

from promptflow.clock import Clock
from promptflow.errors import BusyError, RefusedError, ReplyError
from promptflow.events import (
    Event,
    FlowFinished,
    ReasoningDelta,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
)
from promptflow.pipeline import CANCELLED
from promptflow.pipeline.tools import to_fault
from promptflow.ports import TextPart
from promptflow.records import GenerationStatus, Usage
from promptflow.retries import MAX_ATTEMPTS
from tests.pipeline.expected import PLAN_TEXT, PROMPT, THOUGHT
from tests.scripted import (
    ListLedger,
    ListWriter,
    give,
    make_request,
    make_rush,
    make_tools,
    run_whole,
)

FLASH, BANANA = "gemini-3.8-flash", "gemini-nano-banana-2.1"
USAGE = Usage(input_tokens=1_000, output_tokens=100)
USAGE_MICRO_USD = 1_125
"""1,000 tokens at $0.75 and 100 at $3.75 per million."""
PICTURE_MICRO_USD = 33_600
PLAN = [TextPart(text=PLAN_TEXT), TextPart(usage=USAGE)]
REST = (
    [TextPart(text=THOUGHT), TextPart(usage=USAGE)],
    [TextPart(text=PROMPT), TextPart(usage=USAGE)],
)


def _broken(status: int | None = None, *, sent: bool = True) -> BusyError:
    """Make the failure of a call that broke off."""
    return BusyError(
        "The connection broke off. Try again.",
        provider="google",
        model=FLASH,
        status=status,
        retry_after_s=0.0,
        request_id="req-7",
        sent=sent,
    )


def _run(folder: Path, writer: ListWriter, cancel: threading.Event | None = None) -> list[Event]:
    tools = make_tools(folder, planner=writer, painters={BANANA: give(0)})
    return run_whole(tools, make_request(text_model=FLASH, image_models=(BANANA,)), cancel)


def _of_first_stage(events: list[Event]) -> list[Event]:
    first = next(
        event.stage_id for event in events if isinstance(event, StageFinished | StageFailed)
    )
    return [event for event in events if getattr(event, "stage_id", None) == first][1:]


def test_answer_that_broke_off_starts_over(tmp_path: Path) -> None:
    """A call worth another try is made again: the wait is told, and only the last answer counts."""
    writer = ListWriter([TextPart(reasoning="Hm"), TextPart(text="{"), _broken()], PLAN, *REST)

    events = _of_first_stage(_run(tmp_path, writer))

    assert [type(event) for event in events] == [
        ReasoningDelta,
        StageDelta,
        StageRetrying,
        StageDelta,
        StageFinished,
    ]
    retry, end = events[2], events[-1]
    assert isinstance(retry, StageRetrying)
    assert (retry.attempt, retry.wait_s, retry.fault) == (1, 0.0, to_fault(_broken()))
    assert isinstance(end, StageFinished)
    assert (end.output, end.reasoning, end.attempt) == (PLAN_TEXT, "", 2)


def test_reasoning_is_kept_apart_from_the_answer(tmp_path: Path) -> None:
    """What a model lets be seen of its reasoning is told, kept, and no part of the answer."""
    plan = [TextPart(reasoning="A cliff"), TextPart(reasoning=" at dusk."), *PLAN]

    events = _of_first_stage(_run(tmp_path, ListWriter(plan, *REST)))

    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == (
        "A cliff at dusk."
    )
    end = events[-1]
    assert isinstance(end, StageFinished)
    assert (end.reasoning, end.output) == ("A cliff at dusk.", PLAN_TEXT)


def test_stage_is_given_up_after_the_last_attempt(tmp_path: Path) -> None:
    """After as many calls as the policy allows the stage fails with what the last one failed with."""
    writer = ListWriter(*[[make_rush(FLASH)]] * MAX_ATTEMPTS)

    events = _run(tmp_path, writer)

    end = _of_first_stage(events)[-1]
    assert isinstance(end, StageFailed)
    assert (end.attempt, end.fault) == (MAX_ATTEMPTS, to_fault(make_rush(FLASH)))
    assert len(writer.requests) == MAX_ATTEMPTS


def test_refusal_is_not_tried_again(tmp_path: Path) -> None:
    """A refusal is a result, with the provider's own category."""
    refusal = RefusedError("No. Ask otherwise.", provider="google", model=FLASH, category="SAFETY")
    writer = ListWriter([refusal])

    end = _of_first_stage(_run(tmp_path, writer))[-1]

    assert isinstance(end, StageFailed)
    assert (end.fault.code, end.fault.category, len(writer.requests)) == ("refused", "SAFETY", 1)


def test_call_that_was_turned_down_costs_nothing(tmp_path: Path) -> None:
    """A call answered with an error status, or never made, adds nothing to the bill."""
    for error in (_broken(429), _broken(503), _broken(sent=False)):
        events = _run(tmp_path, ListWriter([error], PLAN, *REST))

        ending = events[-1]
        assert isinstance(ending, FlowFinished)
        assert ending.cost_micro_usd == 3 * USAGE_MICRO_USD + PICTURE_MICRO_USD


def test_call_that_broke_off_makes_the_cost_unknown(tmp_path: Path) -> None:
    """What an answer that broke off is billed for is unknown, and so is the sum."""
    broken: tuple[list[TextPart | BaseException], ...] = (
        [_broken()],
        [TextPart(text="{"), _broken(500)],
    )
    for parts in broken:
        events = _run(tmp_path, ListWriter(parts, PLAN, *REST))

        ending = events[-1]
        assert isinstance(ending, FlowFinished)
        assert ending.cost_micro_usd is None


def test_broken_call_that_told_its_bill_is_on_it(tmp_path: Path) -> None:
    """An answer of no use that tells its usage is paid for like any other."""
    cut = ReplyError("The answer was cut off. Ask for less.", provider="google", model=FLASH)
    writer = ListWriter([TextPart(text="{"), TextPart(usage=USAGE), cut])

    events = _run(tmp_path, writer)

    ending = events[-1]
    assert isinstance(ending, FlowFinished)
    assert ending.cost_micro_usd == USAGE_MICRO_USD


def test_price_is_told_with_its_source_and_day(tmp_path: Path) -> None:
    """A priced stage says which document its price is from, and when that was read."""
    tools = make_tools(tmp_path, painters={BANANA: give(0)}, planner=ListWriter(PLAN, *REST))
    newest = tools.catalog.text_model(FLASH).prices[0].sources[0]

    events = run_whole(tools, make_request(text_model=FLASH, image_models=(BANANA,)))

    end = _of_first_stage(events)[-1]
    assert isinstance(end, StageFinished)
    assert (end.price_source, end.price_date) == (newest.title, newest.read)


def test_cancel_ends_the_wait(tmp_path: Path) -> None:
    """Cancelled while it waits for another attempt, the stage ends at once, and so does the flow."""
    cancel = threading.Event()

    class CancellingLedger(ListLedger):
        def record(self, event: Event) -> None:
            super().record(event)
            if isinstance(event, StageRetrying):
                cancel.set()

    writer = ListWriter([make_rush(FLASH, retry_after_s=60)])
    tools = make_tools(tmp_path, planner=writer, ledger=CancellingLedger())
    started_s = Clock().stopwatch_s()

    events = run_whole(tools, make_request(text_model=FLASH, image_models=(BANANA,)), cancel)

    ending = events[-1]
    assert isinstance(ending, FlowFinished)
    assert ending == replace(ending, status=GenerationStatus.CANCELLED, fault=CANCELLED)
    assert Clock().stopwatch_s() - started_s < 30
