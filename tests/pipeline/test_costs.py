"""What a flow costs: every call at the price of its day, the unknown never as nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promptflow.catalog import price_call
from promptflow.clock import Clock
from promptflow.errors import BusyError, SetupError
from promptflow.events import (
    Event,
    FlowFinished,
    RunFailed,
    RunFinished,
    RunRetrying,
    StageFinished,
)
from promptflow.pipeline import add_costs
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePlanner
from promptflow.providers.several import speak_for_all
from tests.scripted import (
    FailingLedger,
    ListPainter,
    give,
    make_fault,
    make_png,
    make_request,
    make_rush,
    make_tools,
    run_whole,
)

FLASH, BANANA, FLARE = "gemini-3.8-flash", "gemini-nano-banana-2.1", "gpt-image-2.6-flare"
PICTURE_MICRO_USD = 33_600
THIS_YEAR = datetime(2026, 12, 31, 12, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Calendar(Clock):
    """A clock that stands at one moment of some day."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment


def _run(
    folder: Path, model: str, painter: ListPainter, *, count: int = 1, on: datetime = THIS_YEAR
) -> list[Event]:
    """Run a flow of paid models, played by offline ones."""
    tools = make_tools(
        folder, planner=OfflinePlanner(), painters={model: painter}, clock=Calendar(on)
    )
    request = make_request(text_model=FLASH, image_models=(model,), images_per_model=count)
    return run_whole(tools, request)


@pytest.mark.parametrize("on", [THIS_YEAR, NEXT_YEAR], ids=["before", "after"])
def test_stage_costs_what_its_tokens_cost_on_that_day(tmp_path: Path, on: datetime) -> None:
    """A price that changes with the year is taken as it was on the day of the call."""
    card = make_tools(tmp_path).catalog.text_model(FLASH)

    events = _run(tmp_path, BANANA, give(0), on=on)

    stages = [event for event in events if isinstance(event, StageFinished)]
    charges = [price_call(card, stage.usage, on=on.date()) for stage in stages]
    assert [stage.cost_micro_usd for stage in stages] == [
        charge.micro_usd for charge in charges if charge
    ]


def test_the_same_call_costs_more_next_year(tmp_path: Path) -> None:
    """The flash model's price doubles on the first of January, and so does what it cost."""
    before, after = (
        sum(
            event.cost_micro_usd or 0
            for event in _run(tmp_path, BANANA, give(0), on=on)
            if isinstance(event, StageFinished)
        )
        for on in (THIS_YEAR, NEXT_YEAR)
    )

    assert 0 < before < after


def test_flow_costs_the_sum_of_its_calls(tmp_path: Path) -> None:
    """The last event adds up every stage and every run."""
    events = _run(tmp_path, BANANA, give(0, 1), count=2)

    ending = events[-1]
    calls = [event for event in events if isinstance(event, StageFinished | RunFinished)]
    assert isinstance(ending, FlowFinished)
    assert calls[-1].cost_micro_usd == 2 * PICTURE_MICRO_USD
    assert ending.cost_micro_usd == sum(call.cost_micro_usd or 0 for call in calls)


def test_unknown_price_makes_the_sum_unknown(tmp_path: Path) -> None:
    """Where one price is not known, the whole is not known: a part is not the whole."""
    ending = _run(tmp_path, FLARE, give(0))[-1]

    assert isinstance(ending, FlowFinished)
    assert ending.cost_micro_usd is None


@pytest.mark.parametrize("torn", [b"torn", make_png(1)], ids=["torn", "whole"])
def test_failed_run_costs_the_pictures_that_came(tmp_path: Path, torn: bytes) -> None:
    """Pictures that came before a failure were paid for, even one that can't be used."""
    painter = ListPainter(
        [Picture(index=0, data=make_png()), Picture(index=1, data=torn), make_fault(BANANA)]
    )

    events = _run(tmp_path, BANANA, painter, count=3)

    run = events[-2]
    assert isinstance(run, RunFailed)
    assert run.cost_micro_usd == 2 * PICTURE_MICRO_USD


def test_failure_beside_which_another_call_broke_off_has_an_unknown_cost(tmp_path: Path) -> None:
    """A call that was turned down costs nothing; one that broke off beside it may be billed."""
    alone, beside = make_fault(BANANA), make_fault(BANANA)
    broken = BusyError("It broke off. Try again.", provider="google", model=BANANA)
    speak_for_all(alone, [alone, make_rush(BANANA)])
    speak_for_all(beside, [beside, broken])

    costs = [
        next(
            event
            for event in _run(tmp_path, BANANA, ListPainter([error]))[::-1]
            if isinstance(event, RunFailed)
        )
        for error in (alone, beside)
    ]

    assert [run.cost_micro_usd for run in costs] == [0, None]


def test_failure_after_a_lost_picture_is_on_the_bill(tmp_path: Path) -> None:
    """What is told is the picture that could not be kept; what broke off after it may be billed."""
    broken = BusyError("It broke off. Try again.", provider="google", model=BANANA)
    painter = ListPainter([Picture(index=0, data=b"torn"), broken])

    run = _run(tmp_path, BANANA, painter, count=2)[-2]

    assert isinstance(run, RunFailed)
    assert run.fault.code == "bad_picture"
    assert run.cost_micro_usd is None


def test_preview_of_a_call_that_broke_off_is_not_forgotten(tmp_path: Path) -> None:
    """A call that had begun to paint may be billed, whatever it ends with and whoever came meanwhile."""
    begun = make_fault(BANANA)
    begun.heard = True
    painter = ListPainter(
        [
            Picture(index=1, data=make_png(), partial=True),
            Picture(index=0, data=make_png()),
            begun,
        ]
    )

    run = _run(tmp_path, BANANA, painter, count=2)[-2]

    assert isinstance(run, RunFailed)
    assert run.cost_micro_usd is None


def test_key_that_can_not_be_sent_costs_nothing(tmp_path: Path) -> None:
    """Where the installation is at fault nothing was sent, and so nothing spent."""
    run = _run(tmp_path, BANANA, ListPainter([SetupError("The key is none. Copy it again.")]))[-2]

    assert isinstance(run, RunFailed)
    assert run.cost_micro_usd == 0


def test_run_whose_end_is_not_recorded_still_counts(tmp_path: Path) -> None:
    """Pictures that came are in the sum, also where the ledger fails before their run is over."""
    painter = ListPainter([Picture(index=0, data=make_png()), make_rush(BANANA)])
    tools = make_tools(
        tmp_path,
        painters={BANANA: painter},
        ledger=FailingLedger(lambda event: isinstance(event, RunRetrying)),
    )
    request = make_request(image_models=(BANANA,), images_per_model=2)

    ending = run_whole(tools, request)[-1]

    assert isinstance(ending, FlowFinished)
    assert ending.cost_micro_usd == PICTURE_MICRO_USD


@pytest.mark.parametrize(
    ("costs", "whole"), [([], 0), ([0], 0), ([1, 2], 3), ([1, None], None), ([None], None)]
)
def test_costs_add_up_or_are_unknown(costs: list[int | None], whole: int | None) -> None:
    """Unknown money is never counted as 0."""
    assert add_costs(costs) == whole
