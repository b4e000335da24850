"""Failures of calls to Google, as errors of ours: what failed, for what, and where to go."""

from dataclasses import dataclass, field
from typing import Any

from promptflow.errors import BusyError, ProviderError, RefusedError
from promptflow.providers.google.table import Row, find_row
from promptflow.providers.google.troubles import Trouble, read_exception
from promptflow.providers.google.words import KEY_VARIABLE, PROVIDER, check_id, quote

_MAX_BILLED_ATTEMPTS = 2
"""Calls in all for a picture that may be paid for each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, as its error messages need it."""

    model: str
    """The model's id."""
    title: str
    """What people call the model."""
    silence_s: float
    """Seconds without a sign of life after which it is given up."""
    paints: bool = False
    """Whether it asks for a picture: those cost too much to be asked for again and again."""
    key: str = field(default="", repr=False)
    """The key it is asked with, so that it is not quoted."""
    key_variable: str = KEY_VARIABLE
    """Where the key is set."""
    request_id: str | None = None
    """Google's id of it, where something of the answer has told it already."""


def to_ours(error: Exception, call: Call) -> ProviderError | None:
    """Turn an error of the SDK, or of what lies below it, into ours.

    Args:
        error: of any class.
        call: what it came of.

    Returns:
        Our error, worded; the caller raises it. ``None`` for what is a mistake of our own.
    """
    trouble = read_exception(error)
    row = find_row(trouble)
    return None if row is None else _make_error(row, trouble, call)


def _make_error(row: Row, trouble: Trouble, call: Call) -> ProviderError:
    category = quote(", ".join(sorted(trouble.reasons)) or trouble.title, key=call.key) or "unknown"
    words = quote(trouble.said, key=call.key).rstrip(".")
    message = row.sentence.format(
        title=call.title,
        quoted=f": “{words}”" if words else "",
        http=f" (status {trouble.status})" if trouble.status else "",
        category=category,
        silence=f"{call.silence_s:g} s",
        limit=trouble.limit,
        variable=call.key_variable,
    )
    known: dict[str, Any] = {
        "provider": PROVIDER,
        "model": call.model,
        "status": trouble.status,
        "request_id": check_id(trouble.request_id, key=call.key) or call.request_id,
    }
    if row.becomes is RefusedError:
        return RefusedError(message, category=category, **known)
    if row.becomes is BusyError:
        return BusyError(
            message,
            retry_after_s=trouble.retry_after_s,
            max_attempts=_MAX_BILLED_ATTEMPTS if row.may_be_billed and call.paints else None,
            sent=not row.never_sent,
            **known,
        )
    return row.becomes(message, sent=not row.never_sent, **known)
