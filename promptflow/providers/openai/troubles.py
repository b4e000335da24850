"""What is known of a failure, whoever told it: an exception of the SDK or an event in a stream."""

import email.utils
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from promptflow.providers.openai.reading import read, read_request_id, read_text

QUOTE_CHARS = 200
"""The most that is quoted of a server's own words."""
_MIN_SECRET_CHARS = 8
"""Shorter keys are stand-ins, such as ``none``; to take them out would garble words."""
_SECRETS = re.compile(
    # sk-…, AIza…, Bearer …, what stands beside "key" or "token", and what was masked by stars.
    r"\bsk-[\w.*…-]+|\bAIza[\w*…-]+|\bBearer\s+\S+|\b(?i:api[_-]?key|token)\s*[=:]\s*\S+|\S*\*{3,}\S*"
)
_QUERY = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_LOGIN = re.compile(r"(https?://)[^\s/@]+@")
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]*)\]")
_CATEGORY = re.compile(r"[\w /-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One failure, as far as it is known."""

    names: frozenset[str] = frozenset()
    """Of the exception's class, of those above it, and of its cause's."""
    status: int | None = None
    """The HTTP status."""
    code: str = ""
    """The server's word for it."""
    type: str = ""
    """The server's word for its family."""
    param: str = ""
    """The parameter it is about."""
    said: str = field(default="", repr=False)
    """The server's own words, as they came: not fit to be shown."""
    categories: tuple[str, ...] = ()
    """What a safety system objected to."""
    limit: str = ""
    """Of an answer that is larger than is read: how much that is."""
    retry_after_s: float | None = None
    request_id: str | None = None


def read_exception(error: BaseException) -> Trouble:
    """Take an exception of the SDK, or of what lies below it, apart.

    Args:
        error: of any class.

    Returns:
        What it tells.
    """
    headers = read(error, "response", "headers")
    told = headers if isinstance(headers, Mapping) else {}
    status = read(error, "status_code")
    names = _names(error) | (_names(error.__cause__) if error.__cause__ else frozenset())
    trouble = read_event(
        read(error, "body"),
        names=names,
        status=status if isinstance(status, int) else None,
        retry_after_s=read_wait(told, now=datetime.now(UTC)),
        request_id=read_request_id(told, "x-request-id"),
    )
    return replace(trouble, limit=read_text(error, "limit"))


def read_event(
    body: object,
    *,
    names: frozenset[str] = frozenset(),
    status: int | None = None,
    retry_after_s: float | None = None,
    request_id: str | None = None,
) -> Trouble:
    """Take an error object apart, as it stands in an event or in the body of an answer.

    Args:
        body: anything with ``code``, ``type``, ``param`` and ``message``, or less.
        names: of the classes of the exception it came with.
        status: the HTTP status it came with.
        retry_after_s: seconds to wait, where the server said.
        request_id: the server's id of the call.

    Returns:
        What it tells.
    """
    code = str(read(body, "code") or "")
    if status is None and re.fullmatch(r"[45]\d\d", code):
        # Within a stream some servers can say the status only here.
        status = int(code)
    said = read_text(body, "message") or read_text(body, "detail") or _read_plain(body)
    return Trouble(
        names=names,
        status=status,
        code=code,
        type=read_text(body, "type"),
        param=read_text(body, "param"),
        said=said,
        categories=_read_categories(body, said),
        retry_after_s=retry_after_s,
        request_id=request_id,
    )


def read_wait(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return how long a server asks to wait.

    Args:
        headers: of its answer, found whatever their case.
        now: aware; stands in for the server's own clock where it doesn't tell its date.

    Returns:
        Seconds, 0 or more; ``None`` where it doesn't say or what it says is no time.
    """
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            wait_s = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if math.isfinite(wait_s):
            return max(wait_s, 0.0)
    until = _read_date(headers.get("retry-after", ""))
    if until is None:
        return None
    # By the server's clock, because ours may be wrong.
    since = _read_date(headers.get("date", "")) or now
    return max((until - since).total_seconds(), 0.0)


def redact(text: str, *, key: str = "") -> str:
    """Make a server's words fit to be shown: short, on one line, without keys, query strings and logins.

    Args:
        text: as it came.
        key: the key in use, which is taken out whatever it looks like.

    Returns:
        At most 200 characters.
    """
    # What can't be seen goes first: it could stand in the middle of a key.
    words = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    if len(key) >= _MIN_SECRET_CHARS:
        words = words.replace(key, "[key]")
    words = _QUERY.sub(r"\1", _LOGIN.sub(r"\1", _SECRETS.sub("[key]", words)))
    return words if len(words) <= QUOTE_CHARS else f"{words[: QUOTE_CHARS - 1]}…"


def _names(error: BaseException) -> frozenset[str]:
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def _read_plain(body: object) -> str:
    """Return a body that is nothing but words; the pages of gateways say nothing to anyone."""
    words = read_text(body)
    return "" if words.lstrip().startswith("<") else words


def _read_categories(body: object, said: str) -> tuple[str, ...]:
    """Return what a safety system names as its reasons."""
    listed = read(body, "moderation_details", "categories")
    found = _VIOLATIONS.search(said)
    named = listed if isinstance(listed, list) else (found[1].split(",") if found else [])
    words = (name.strip() for name in named if isinstance(name, str))
    return tuple(word for word in words if _CATEGORY.fullmatch(word))


def _read_date(text: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
