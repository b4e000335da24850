"""Where time comes from. Floor 1: the standard library only."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock and the stopwatch of the machine.

    Passed as an argument wherever time is read, so that tests can stand in another.
    """

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    def stopwatch_s(self) -> float:
        """Return a monotonic reading in seconds; only differences mean anything."""
        return time.monotonic()


def to_text(moment: datetime) -> str:
    """Render a moment as the ledger keeps it: ISO-8601, UTC, milliseconds.

    Args:
        moment: an aware datetime, in any zone.

    Returns:
        Text like ``2026-11-23T15:04:05.678+00:00``; texts sort as their moments do.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def from_text(text: str) -> datetime:
    """Read a moment back from the ledger's text.

    Args:
        text: ISO-8601 with a zone, as `to_text` writes it.

    Returns:
        An aware datetime in UTC.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
