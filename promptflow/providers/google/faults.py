"""The errors of the SDK and of its transport, and which of ours each one is.

One ordered table: the first row that fits counts. Facts about Google's errors, read 2026-11-23:
google-genai 3.4.0, google/genai/errors.py and _api_client.py; "Troubleshooting guide" and "Billing",
https://ai.google.dev/gemini-api/docs.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from promptflow.errors import BusyError, ProviderError, RejectedError, ReplyError
from promptflow.providers.google.words import PROVIDER, quote

_BAD_KEY = re.compile(r"api key (not valid|not found|expired|was reported)", re.IGNORECASE)
_REGION = re.compile(
    r"location is not supported|not available in your (country|region)", re.IGNORECASE
)
_MONEY = re.compile(r"billing|prepay|credits|spend(ing)? cap|payment", re.IGNORECASE)
_PLAN = re.compile(rf"\bplan\b|{_MONEY.pattern}", re.IGNORECASE)
_TOO_LARGE = re.compile(r"payload size|request (is )?too large", re.IGNORECASE)
_LONG_QUOTA = re.compile(r"Per(Day|Week|Month)", re.IGNORECASE)
_NO_QUOTA = re.compile(r"\blimit: 0(?!\.?\d)")
_SECONDS = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an error says, in one shape whatever its class."""

    status: int | None = None
    """The HTTP status, or the one in an error that came in mid-stream."""
    message: str = ""
    reasons: frozenset[str] = frozenset()
    """What `ErrorInfo` gives, e.g. ``API_KEY_INVALID``."""
    quotas: tuple[str, ...] = ()
    """Ids of the quotas that are used up."""
    wait_s: float | None = None
    """The wait the server asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    catches: tuple[type[Exception], ...]
    fits: Callable[[Said], bool] = lambda _said: True
    raises: type[RejectedError | BusyError | ReplyError]
    says: str
    """The message; ``{model}``, ``{quoted}`` (empty, or the server's words), ``{status}`` and
    ``{silence}`` are filled in."""
    max_attempts: int | None = None
    """Calls in all that a busy one is worth, where it is fewer than usual."""


def _statuses(*statuses: int) -> Callable[[Said], bool]:
    return lambda said: said.status in statuses


def _is_bad_key(said: Said) -> bool:
    return (
        said.status == 401
        or "API_KEY_INVALID" in said.reasons
        or bool(_BAD_KEY.search(said.message))
    )


def _is_region(said: Said) -> bool:
    return said.status in {400, 403} and bool(_REGION.search(said.message))


def _is_unpaid(said: Said) -> bool:
    return said.status == 402 or (
        said.status in {400, 403}
        and ("BILLING_DISABLED" in said.reasons or bool(_MONEY.search(said.message)))
    )


def _is_used_up(said: Said) -> bool:
    """Say whether waiting does not help: the quota is a day's, or there is none.

    Google's message names plan and billing at every quota, so it counts only where nothing else tells.
    """
    if said.status != 429:
        return False
    if any(map(_LONG_QUOTA.search, said.quotas)) or _NO_QUOTA.search(said.message):
        return True
    nothing_else = not said.quotas and said.wait_s is None
    return nothing_else and bool(_PLAN.search(said.message))


def _is_too_large(said: Said) -> bool:
    return said.status == 413 or (said.status == 400 and bool(_TOO_LARGE.search(said.message)))


@cache
def table() -> tuple[Row, ...]:
    """Return the table, the most specific rows first."""
    import httpx2
    from google.genai import errors
    from pydantic import ValidationError

    api, client, server = errors.APIError, errors.ClientError, errors.ServerError
    return (
        Row(
            catches=(api,),
            fits=_is_bad_key,
            raises=RejectedError,
            says="Google does not accept the API key that {model} was asked with{quoted}. Make a new"
            " one at https://aistudio.google.com/api-keys and set it as GOOGLE_AI_API_KEY.",
        ),
        Row(
            catches=(api,),
            fits=_is_region,
            raises=RejectedError,
            says="Google does not offer {model} where this server stands{quoted}. See"
            " https://aistudio.google.com/docs/available-regions; in some countries it is enough to"
            " set up billing at https://aistudio.google.com/billing.",
        ),
        Row(
            catches=(api,),
            fits=_is_unpaid,
            raises=RejectedError,
            says="Google wants {model} to be paid for first{quoted}. Set up billing for the key's"
            " project at https://aistudio.google.com/billing.",
        ),
        Row(
            catches=(api,),
            fits=_is_used_up,
            raises=RejectedError,
            says="The quota for {model} is used up{quoted}. See what is left at"
            " https://aistudio.google.com/rate-limit, and raise it or add credit at"
            " https://aistudio.google.com/billing.",
        ),
        Row(
            catches=(api,),
            fits=_statuses(403),
            raises=RejectedError,
            says="The API key has no permission to use {model}{quoted}. Check at"
            " https://aistudio.google.com/api-keys what it is allowed to do.",
        ),
        Row(
            catches=(api,),
            fits=_statuses(404),
            raises=RejectedError,
            says="Google has no model {model} for this key, or no longer{quoted}. Choose another one;"
            " https://aistudio.google.com/docs/models lists those there are.",
        ),
        Row(
            catches=(api,),
            fits=_statuses(429),
            raises=BusyError,
            says="Google limits how often {model} may be asked{quoted}. Try again later; the limits"
            " are at https://aistudio.google.com/rate-limit.",
        ),
        Row(
            catches=(api,),
            fits=_statuses(408, 504),
            raises=BusyError,
            says="{model} took too long to answer ({status}){quoted}. Try again, or ask for less.",
        ),
        Row(
            catches=(server,),
            raises=BusyError,
            says="Google can't answer for {model} just now ({status}){quoted}. Try again later;"
            " https://aistudio.google.com/status tells of outages.",
        ),
        Row(
            catches=(client,),
            fits=_statuses(409, 499),
            raises=BusyError,
            says="Google dropped the request for {model} ({status}){quoted}. Try again.",
        ),
        Row(
            catches=(api,),
            fits=_is_too_large,
            raises=RejectedError,
            says="The request for {model} is larger than Google accepts{quoted}. Use fewer or smaller"
            " reference pictures.",
        ),
        Row(
            catches=(client,),
            raises=RejectedError,
            says="Google does not accept the request for {model} ({status}){quoted}. Change what it"
            " names, or choose another model.",
        ),
        Row(
            catches=(api,),
            fits=_statuses(301, 302, 303, 307, 308),
            raises=RejectedError,
            says="The server asked for {model} points to another address ({status}), where the key is"
            " not sent. Correct GOOGLE_GEMINI_BASE_URL.",
        ),
        Row(
            catches=(api, errors.ContinuationInterruptedError),
            raises=ReplyError,
            says="The answer of {model} is not one that can be read{quoted}. Try again; with"
            " GOOGLE_GEMINI_BASE_URL set, check that it names a server that speaks Google's API.",
        ),
        *_transport_rows(httpx2),
        Row(
            catches=(
                errors.UnknownApiResponseError,
                json.JSONDecodeError,
                UnicodeDecodeError,
                ValidationError,
                # The SDK stumbles over JSON of another shape than it knows.
                TypeError,
                AttributeError,
                LookupError,
            ),
            raises=ReplyError,
            says="The answer of {model} is damaged or not Google's. Try again; with"
            " GOOGLE_GEMINI_BASE_URL set, check that it names a server that speaks Google's API.",
        ),
        Row(
            catches=(ValueError,),
            raises=RejectedError,
            says="The request for {model} can't be sent as it is{quoted}. Change what it names, or"
            " choose another model.",
        ),
    )


def _transport_rows(httpx2: Any) -> tuple[Row, ...]:
    """Return the rows of what goes wrong below HTTP; none of it is an error of the SDK's own."""
    return (
        Row(
            catches=(httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError),
            raises=BusyError,
            says="Google could not be reached for {model}. Check this server's network, and"
            " GOOGLE_GEMINI_BASE_URL if it is set.",
        ),
        Row(
            catches=(httpx2.PoolTimeout,),
            raises=BusyError,
            says="Too many requests to Google are under way at once: {model} could not be asked in"
            " time. Try again.",
        ),
        Row(
            catches=(httpx2.TimeoutException,),
            raises=BusyError,
            max_attempts=2,
            says="{model} was silent for {silence}; Google may bill the call all the same. Try again;"
            " https://aistudio.google.com/status tells of outages.",
        ),
        Row(
            catches=(
                httpx2.InvalidURL,
                httpx2.UnsupportedProtocol,
                httpx2.LocalProtocolError,
                httpx2.TooManyRedirects,
                httpx2.CookieConflict,
            ),
            raises=RejectedError,
            says="The request for {model} can't be sent to that address. Correct"
            " GOOGLE_GEMINI_BASE_URL, or unset it.",
        ),
        Row(
            catches=(httpx2.DecodingError,),
            raises=ReplyError,
            says="The answer of {model} came damaged. Try again.",
        ),
        Row(
            catches=(httpx2.HTTPError,),
            raises=BusyError,
            says="The connection to Google broke while {model} was answering; the call may be billed"
            " all the same. Try again.",
        ),
    )


@cache
def foreign_errors() -> tuple[type[Exception], ...]:
    """Return every class that a row catches."""
    return tuple(dict.fromkeys(each for row in table() for each in row.catches))


def to_ours(error: Exception, *, model: str, key: str, silence_s: float) -> ProviderError:
    """Turn an error that a row catches into ours.

    Args:
        error: of one of `foreign_errors`.
        model: the model's id.
        key: the key, so that it is not quoted.
        silence_s: the silence that the call bore.

    Returns:
        Our error, worded; the caller raises it.
    """
    said = _listen(error)
    row = next(row for row in table() if isinstance(error, row.catches) and row.fits(said))
    words = quote(said.message, key=key).rstrip(".")
    message = row.says.format(
        model=repr(model),
        quoted=f": “{words}”" if words else "",
        status=f"status {said.status}",
        silence=f"{silence_s:g} s",
    )
    if row.raises is BusyError:
        return BusyError(
            message,
            provider=PROVIDER,
            model=model,
            status=said.status,
            retry_after_s=said.wait_s,
            max_attempts=row.max_attempts,
        )
    return row.raises(message, provider=PROVIDER, model=model, status=said.status)


def _listen(error: Exception) -> Said:
    """Take from an error what it says; nothing about its shape is sure."""
    from google.genai import errors

    if not isinstance(error, errors.APIError):
        return Said(message=str(error))
    status: object = error.code
    details = list(_details(error.details))
    waits = [_to_seconds(each.get("retryDelay")) for each in details]
    asked_s = next((wait_s for wait_s in waits if wait_s is not None), None)
    return Said(
        status=status if isinstance(status, int) else None,
        message=error.message if isinstance(error.message, str) else "",
        reasons=frozenset(str(each["reason"]) for each in details if "reason" in each),
        quotas=tuple(_quotas(details)),
        wait_s=_read_retry_after(error) if asked_s is None else asked_s,
    )


def _details(body: object) -> Iterator[Mapping[str, Any]]:
    """Yield the typed details of an error's body."""
    error = body.get("error", body) if isinstance(body, dict) else None
    yield from _objects(error.get("details") if isinstance(error, dict) else None)


def _quotas(details: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the ids of the quotas that are used up."""
    for each in details:
        for violation in _objects(each.get("violations")):
            if "quotaId" in violation:
                yield str(violation["quotaId"])


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a list; nothing where it is none."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _to_seconds(delay: object) -> float | None:
    """Read ``7s`` or ``0.5s``."""
    found = _SECONDS.fullmatch(delay.strip()) if isinstance(delay, str) else None
    return float(found[1]) if found else None


def _read_retry_after(error: Any) -> float | None:
    """Read the header that servers between us and Google set: seconds, or a date."""
    value = (getattr(error.response, "headers", None) or {}).get("retry-after")
    seconds = _to_seconds(value)
    if seconds is not None or not isinstance(value, str):
        return seconds
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((until.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)
