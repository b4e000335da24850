"""What can go wrong with a call to Google, and what it means: the most specific row comes first.

Sources, read 2026-11-23: google-genai 3.4.0 for Python, google/genai/errors.py and _api_client.py;
"Troubleshooting guide" and "Billing", https://ai.google.dev/gemini-api/docs.
"""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass

from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError, ReplyError
from promptflow.providers.google.troubles import Trouble

_KEYS_PAGE = "https://aistudio.google.com/api-keys"
_REGIONS_PAGE = "https://aistudio.google.com/docs/available-regions"
_BILLING_PAGE = "https://aistudio.google.com/billing"
_LIMITS_PAGE = "https://aistudio.google.com/rate-limit"
_MODELS_PAGE = "https://aistudio.google.com/docs/models"
_STATUS_PAGE = "https://aistudio.google.com/status"

_MONEY = r"billing|prepay|credits|spend(ing)? cap|payment"
_LONG_QUOTA = re.compile(r"Per(Day|Week|Month)", re.IGNORECASE)
_NO_QUOTA = re.compile(r"\blimit: 0(?!\.?\d)")
_PLAN = re.compile(rf"\bplan\b|{_MONEY}", re.IGNORECASE)
_DAMAGED = frozenset({
    "UnknownApiResponseError", "JSONDecodeError", "UnicodeDecodeError", "ValidationError",
    # The SDK stumbles over JSON of another shape than it knows, or too deep.
    "TypeError", "AttributeError", "LookupError", "RecursionError",
    # Of calls of functions, which are never offered to a model.
    "UnknownFunctionCallArgumentError", "FunctionInvocationError",
})  # fmt: skip
"""What reading an answer raises that is damaged, or of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of failure: a reason tells it, a status, a class, or words under some statuses."""

    becomes: type[ProviderError]
    sentence: str
    """With fields in braces: title, quoted (nothing, or the server's words after a colon), http,
    category, silence, limit, variable."""
    reasons: frozenset[str] = frozenset()
    """Google's own words for it."""
    statuses: Container[int] = ()
    """Any of these is enough."""
    names: frozenset[str] = frozenset()
    """Classes of exceptions; any of these is enough."""
    words: re.Pattern[str] | None = None
    """What the server's message says, under one of `worded`."""
    worded: Container[int | None] = ()
    fits: Callable[[Trouble], bool] | None = None
    """Tells it where no such sign does."""
    never_sent: bool = False
    """The request has not reached Google, so it costs nothing."""
    may_be_billed: bool = False
    """A picture may have been painted, although none came."""

    def holds(self, trouble: Trouble) -> bool:
        """Say whether a failure is of this kind."""
        if self.fits is not None:
            return self.fits(trouble)
        said = self.words is not None and self.words.search(trouble.said) is not None
        return (
            (said and trouble.status in self.worded)
            or trouble.status in self.statuses
            or not self.names.isdisjoint(trouble.names)
            or not self.reasons.isdisjoint(trouble.reasons)
        )


def _is_used_up(trouble: Trouble) -> bool:
    """Say whether waiting does not help: the quota is a day's, or there is none.

    Google's message names plan and billing at every quota, so it counts only where nothing else tells.
    """
    if trouble.status != 429:
        return False
    if any(map(_LONG_QUOTA.search, trouble.quotas)) or _NO_QUOTA.search(trouble.said):
        return True
    nothing_else = not trouble.quotas and trouble.retry_after_s is None
    return nothing_else and bool(_PLAN.search(trouble.said))


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


TABLE = (
    Row(
        becomes=RejectedError,
        statuses={401},
        reasons=frozenset({"API_KEY_INVALID"}),
        words=_words(r"api key (not valid|not found|expired|was reported)"),
        worded=range(400, 500),
        sentence="Google does not accept the API key that {title} was asked with{quoted}. Check it, or"
        f" make a new one at {_KEYS_PAGE}, and set it as {{variable}}.",
    ),
    Row(
        becomes=RejectedError,
        words=_words(r"location is not supported|not available in your (country|region)"),
        worded={400, 403},
        sentence="Google does not offer {title} where this server stands{quoted}. See"
        f" {_REGIONS_PAGE} for the places where it does; in some countries it is enough to set up"
        f" billing at {_BILLING_PAGE}.",
    ),
    Row(
        becomes=RejectedError,
        statuses={402},
        reasons=frozenset({"BILLING_DISABLED"}),
        words=_words(_MONEY),
        worded={400, 403},
        sentence="Google wants {title} to be paid for first{quoted}. Set up billing for the key's"
        f" project at {_BILLING_PAGE}.",
    ),
    Row(
        becomes=RejectedError,
        fits=_is_used_up,
        sentence="The quota for {title} is used up{quoted}. See what is left at"
        f" {_LIMITS_PAGE}, and raise it or add credit at {_BILLING_PAGE}.",
    ),
    Row(
        becomes=RefusedError,
        # Google says no with status 200, in the answer itself; this is for servers that pass it on.
        words=_words(
            r"responsible ai|violat\w*[^.]{0,60}\b(polic|guideline)|blocked[^.]{0,40}safety"
        ),
        worded={400},
        sentence="Google refused this for {title} ({category}){quoted}. Say it in other words, and"
        " leave out what could be objected to.",
    ),
    Row(
        becomes=RejectedError,
        statuses={403},
        sentence="The API key has no permission to use {title}{quoted}. Check at"
        f" {_KEYS_PAGE} what it is allowed to do, or choose another model.",
    ),
    Row(
        becomes=RejectedError,
        statuses={404},
        sentence="Google has no model {title} for this key, or no longer{quoted}. Choose another one;"
        f" {_MODELS_PAGE} lists those there are.",
    ),
    Row(
        becomes=BusyError,
        statuses={429},
        sentence="Google limits how often {title} may be asked{quoted}. Try again later; the limits"
        f" are at {_LIMITS_PAGE}.",
    ),
    Row(
        becomes=BusyError,
        statuses={408, 504},
        sentence="{title} took too long to answer{http}{quoted}. Try again, or ask for less.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"ServerError"}),
        sentence="Google can't answer for {title} just now{http}{quoted}. Try again later;"
        f" {_STATUS_PAGE} tells of outages.",
    ),
    Row(
        becomes=BusyError,
        statuses={409, 499},
        sentence="Google dropped the request for {title}{http}{quoted}. Try again.",
    ),
    Row(
        becomes=RejectedError,
        statuses={413},
        words=_words(r"payload size|request (is )?too large"),
        worded={400},
        sentence="The request for {title} is larger than Google accepts{quoted}. Use fewer or smaller"
        " reference pictures.",
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"ClientError"}),
        sentence="Google does not accept the request for {title}{http}{quoted}. Change the words or"
        " parameters that it objects to, or choose another model.",
    ),
    Row(
        becomes=RejectedError,
        statuses={301, 302, 303, 307, 308},
        sentence="The server asked for {title} points to another address{http}, where the key is"
        " not sent. Correct GOOGLE_GEMINI_BASE_URL.",
    ),
    Row(
        becomes=ReplyError,
        names=frozenset({"APIError", "ContinuationInterruptedError"}),
        sentence="The answer of {title} is not one that can be read{quoted}. Try again; with"
        " GOOGLE_GEMINI_BASE_URL set, check that it names a server that speaks Google's API.",
    ),
    Row(
        becomes=ReplyError,
        names=frozenset({"AnswerTooLargeError"}),
        sentence="The answer of {title} was broken off: more than {limit} of it came, and Google may"
        " bill them. Try again with a shorter request, or choose another model.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"ConnectError", "ConnectTimeout", "ProxyError"}),
        never_sent=True,
        sentence="Google could not be reached for {title}. Check this server's network, and"
        " GOOGLE_GEMINI_BASE_URL if it is set.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"PoolTimeout"}),
        never_sent=True,
        sentence="Too many requests to Google are under way at once: {title} could not be asked in"
        " time. Try again, or ask for fewer pictures at once.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"TimeoutException"}),
        may_be_billed=True,
        sentence="{title} was silent for {silence}; Google may bill the call all the same. Try again;"
        f" {_STATUS_PAGE} tells of outages.",
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"InvalidURL", "UnsupportedProtocol", "LocalProtocolError"}),
        never_sent=True,
        sentence="The request for {title} can't be sent to that address. Correct"
        " GOOGLE_GEMINI_BASE_URL, or unset it.",
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"TooManyRedirects", "CookieConflict"}),
        sentence="The server asked for {title} does not answer as Google does. Correct"
        " GOOGLE_GEMINI_BASE_URL, or unset it.",
    ),
    Row(
        becomes=ReplyError,
        names=frozenset({"DecodingError"}),
        sentence="The answer of {title} came damaged. Try again.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"HTTPError"}),
        may_be_billed=True,
        sentence="The connection to Google broke while {title} was answering; the call may be billed"
        " all the same. Try again.",
    ),
    Row(
        becomes=ReplyError,
        names=_DAMAGED,
        # Python reads no number of more than 4,300 digits.
        words=_words(r"integer string conversion"),
        worded={None},
        sentence="The answer of {title} is damaged or not Google's. Try again; with"
        " GOOGLE_GEMINI_BASE_URL set, check that it names a server that speaks Google's API.",
    ),
    Row(
        becomes=RejectedError,
        # What the SDK checks before it sends anything.
        names=frozenset({"ValueError"}),
        never_sent=True,
        sentence="The request for {title} can't be sent as it is{quoted}. Change the parameters that"
        " it names, or choose another model.",
    ),
)
"""Every kind of failure, the first that holds counts."""


def find_row(trouble: Trouble) -> Row | None:
    """Return the kind of a failure; ``None`` for what comes neither from the SDK nor the network."""
    return next((row for row in TABLE if row.holds(trouble)), None)
