"""What the Usage page shows, out of an address and into one. Pure: draws nothing, asks nobody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from promptflow.usage import MOST_DAYS, Period, month_of

Address = Mapping[str, Sequence[str]]
"""The query of an address: name → its values, in their order."""

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)

_PERIOD, _FROM, _TO, _BY, _MEASURE = "period", "from", "to", "by", "show"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Span(StrEnum):
    """Which days are added up."""

    WEEK = "7d"
    THIRTY = "30d"
    NINETY = "90d"
    MONTH = "month"
    """This calendar month."""
    DAYS = "days"
    """From one day to another."""


class Grouping(StrEnum):
    """What the sums are told apart by."""

    DAY = "day"
    MODEL = "model"
    PROVIDER = "provider"
    STAGE = "stage"


class Measure(StrEnum):
    """What the chart shows."""

    SPEND = "spend"
    PICTURES = "pictures"
    CALLS = "calls"
    TIME = "time"
    TOKENS = "tokens"


_LENGTHS = {Span.WEEK: 7, Span.THIRTY: 30, Span.NINETY: 90}
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """What the Usage page shows."""

    span: Span = Span.THIRTY
    days: Period | None = None
    """Of `Span.DAYS`; ``None`` with the others."""
    by: Grouping = Grouping.DAY
    measure: Measure = Measure.SPEND


def parse_address(address: Address) -> UsageView:
    """Read what to show off an address; what is unknown or makes no sense is left out.

    Args:
        address: anything; where a name comes several times, the last counts.

    Returns:
        What `render_address` makes an address of that reads the same again.
    """
    last = {name: values[-1] for name, values in address.items() if values}
    days = choose_days(_parse_day(last.get(_FROM, "")), _parse_day(last.get(_TO, "")))
    span = _parse_word(last.get(_PERIOD, ""), Span.THIRTY)
    if days:
        span = Span.DAYS
    elif span is Span.DAYS:
        span = Span.THIRTY
    return UsageView(
        span=span,
        days=days,
        by=_parse_word(last.get(_BY, ""), Grouping.DAY),
        measure=_parse_word(last.get(_MEASURE, ""), Measure.SPEND),
    )


def render_address(view: UsageView) -> dict[str, str]:
    """Write what is shown as the query of an address; what goes without saying is left out."""
    address = {
        _PERIOD: "" if view.days or view.span is Span.THIRTY else view.span.value,
        _FROM: view.days.first.isoformat() if view.days else "",
        _TO: view.days.last.isoformat() if view.days else "",
        _BY: "" if view.by is Grouping.DAY else view.by.value,
        _MEASURE: "" if view.measure is Measure.SPEND else view.measure.value,
    }
    return {name: value for name, value in address.items() if value}


def find_period(view: UsageView, now: datetime) -> Period:
    """Return the days that are added up.

    Args:
        view: what is shown.
        now: an aware datetime.
    """
    if view.days:
        return view.days
    if view.span is Span.MONTH:
        return month_of(now)
    today = now.astimezone(UTC).date()
    length = _LENGTHS.get(view.span, _LENGTHS[Span.THIRTY])
    return Period(first=today - timedelta(days=length - 1), last=today)


def choose_days(first: date | None, last: date | None) -> Period | None:
    """Return the days from one to another, the last `MOST_DAYS` of them where there are more.

    Returns:
        The days; ``None`` where one is missing, or the last comes before the first.
    """
    if first is None or last is None or last < first:
        return None
    return Period(first=max(first, last - timedelta(days=MOST_DAYS - 1)), last=last)


def _parse_word(text: str, default: _Word) -> _Word:
    words = {word.value: word for word in type(default)}
    return words.get(text, default)


def _parse_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day and FIRST_DAY <= day <= LAST_DAY else None
