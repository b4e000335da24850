"""What is known of a failure: an error of the SDK, or of what lies below it, taken apart."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_SECONDS = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One failure, as far as it is known; nothing that a server said is fit to be shown yet."""

    names: frozenset[str] = frozenset()
    """Of the exception's class and of those above it."""
    status: int | None = None
    """The HTTP status, or the one in an error that came in the middle of a stream."""
    title: str = ""
    """Google's word for the status, e.g. ``INVALID_ARGUMENT``."""
    said: str = field(default="", repr=False)
    """The words of the server, or else of the exception."""
    reasons: frozenset[str] = frozenset()
    """What `ErrorInfo` gives, e.g. ``API_KEY_INVALID``."""
    quotas: tuple[str, ...] = ()
    """Ids of the quotas that are used up."""
    limit: str = ""
    """Of an answer that is larger than is read: how much that is."""
    retry_after_s: float | None = None
    """The wait the server asks for."""
    request_id: str | None = None
    """The server's id of the call."""


def read_exception(error: Exception) -> Trouble:
    """Take an exception apart; nothing about its shape is sure.

    Args:
        error: of any class.

    Returns:
        What it tells.
    """
    names = frozenset(kind.__name__ for kind in type(error).__mro__)
    if "APIError" not in names:
        return Trouble(names=names, said=str(error), limit=getattr(error, "limit", ""))
    told: Any = error
    headers = getattr(told.response, "headers", None) or {}
    details = list(_details(told.details))
    return Trouble(
        names=names,
        status=told.code if isinstance(told.code, int) else None,
        title=told.status if isinstance(told.status, str) else "",
        said=told.message if isinstance(told.message, str) else "",
        reasons=frozenset(_texts(details, "reason")),
        quotas=tuple(_quotas(details)),
        retry_after_s=_read_wait(details, headers),
        request_id=next(_texts(details, "requestId"), headers.get("x-request-id")),
    )


def _details(body: object) -> Iterator[Mapping[str, object]]:
    """Yield the typed details of an error's body."""
    error = body.get("error", body) if isinstance(body, dict) else None
    yield from _objects(error.get("details") if isinstance(error, dict) else None)


def _quotas(details: list[Mapping[str, object]]) -> Iterator[str]:
    """Yield the ids of the quotas that are used up."""
    for each in details:
        yield from _texts(_objects(each.get("violations")), "quotaId")


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    """Yield the objects in a list; nothing where it is none."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _texts(
    objects: Iterator[Mapping[str, object]] | list[Mapping[str, object]], name: str
) -> Iterator[str]:
    """Yield the texts that stand under a name."""
    for each in objects:
        value = each.get(name)
        if isinstance(value, str):
            yield value


def _read_wait(details: list[Mapping[str, object]], headers: Mapping[str, str]) -> float | None:
    """Read the wait that Google asks for in the body, or else a server between us and Google."""
    asked = next(_texts(details, "retryDelay"), "")
    wait_s = _to_seconds(asked)
    return _read_retry_after(headers.get("retry-after", "")) if wait_s is None else wait_s


def _read_retry_after(value: str) -> float | None:
    """Read a header: seconds, or a date."""
    seconds = _to_seconds(value)
    if seconds is not None:
        return seconds
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((until.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _to_seconds(delay: str) -> float | None:
    """Read ``7s`` or ``0.5s``."""
    found = _SECONDS.fullmatch(delay.strip())
    return float(found[1]) if found else None
