"""What calls to models took, added up in whichever way it is looked at. Floor 3: values and sums.

A call is a stage, which a text model was asked for, or a run of an image model. What was reused from
another generation is no call. Days are UTC, money is integer micro-dollars.
"""

from calendar import monthrange
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

PAINTING = "painting"
"""What runs are told by beside the stages of text models."""
MOST_DAYS = 366
"""The longest period that is added up."""
_MIN_ELAPSED = timedelta(days=1)
"""Before so much of a month has passed, its pace says nothing."""

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it, in order."""
        count = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=number) for number in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Calls, and what they took together."""

    calls: int = 0
    """All of them, those that still run too."""
    running: int = 0
    refused: int = 0
    failed: int = 0
    """Those that failed, after some pictures or before any."""
    stopped: int = 0
    """Cancelled or interrupted."""
    pictures: int = 0
    total_ms: int = 0
    """Milliseconds that the calls took, one after another; side by side they took less."""
    input_tokens: int = 0
    output_tokens: int = 0
    untold: int = 0
    """Calls that are over and of which nobody told the tokens."""
    cost_micro_usd: int = 0
    """What the calls of known cost cost together."""
    unpriced: int = 0
    """Calls that are over and whose cost is unknown."""

    def __add__(self, other: "Tally") -> "Tally":
        sums = {
            one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Tally)
        }
        return Tally(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """What one model took for one stage on one day."""

    day: date
    """The day on which the calls began."""
    stage: str
    """A `promptflow.records.Stage`, or `PAINTING`."""
    model: str
    provider: str | None
    """``None`` where it was not recorded and the catalogue has lost the model."""
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTimes:
    """How long the calls took that succeeded, of one model for one stage."""

    stage: str
    model: str
    calls: int
    p50_ms: int
    """Half of them took no longer."""
    p95_ms: int
    """95 of 100 took no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSum:
    """The estimates of generations that are over, and what these cost."""

    generations: int = 0
    """Those of which both are known."""
    estimate_micro_usd: int = 0
    cost_micro_usd: int = 0
    left_out: int = 0
    """Generations of which one of both is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What a period took."""

    period: Period
    lines: tuple[UsageLine, ...] = ()
    times: tuple[CallTimes, ...] = ()
    """By stage, in the order in which they happen, then by model."""
    estimates: EstimateSum = EstimateSum()


def add_up(lines: Iterable[UsageLine], key: Callable[[UsageLine], _Key]) -> dict[_Key, Tally]:
    """Add lines up by something they have.

    Args:
        lines: any.
        key: what to tell them apart by.

    Returns:
        Key → sum, in the order in which the keys come.
    """
    sums: dict[_Key, Tally] = {}
    for line in lines:
        group = key(line)
        sums[group] = sums.get(group, Tally()) + line.tally
    return sums


def name_providers(
    lines: Sequence[UsageLine], providers: Mapping[str, str]
) -> tuple[UsageLine, ...]:
    """Fill in the providers that were not recorded.

    Args:
        lines: any.
        providers: model id → provider id.
    """
    return tuple(
        line if line.provider else replace(line, provider=providers.get(line.model))
        for line in lines
    )


def month_of(moment: datetime) -> Period:
    """Return the calendar month, in UTC, that a moment lies in."""
    first = moment.astimezone(UTC).date().replace(day=1)
    return Period(first=first, last=first.replace(day=monthrange(first.year, first.month)[1]))


def project_month(spent_micro_usd: int, now: datetime) -> int | None:
    """Say what a month comes to at this pace: what was spent, by the part of the month that is over.

    Args:
        spent_micro_usd: what the month has cost so far.
        now: an aware datetime.

    Returns:
        Micro-dollars; ``None`` on the month's first day, whose pace says nothing yet.
    """
    month = month_of(now)
    begin = datetime(month.first.year, month.first.month, 1, tzinfo=UTC)
    elapsed = now - begin
    if elapsed < _MIN_ELAPSED:
        return None
    return round(spent_micro_usd * (timedelta(days=len(month.days)) / elapsed))
