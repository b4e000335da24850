"""What can go wrong with a call to OpenAI, and what it means: the most specific row comes first.

Sources, read 2026-11-23: openai 3.54.0 for Python, openai/_exceptions.py and
openai/types/responses/response_error.py; OpenAI's guide to error codes,
https://developers.openai.com/api/docs/guides/error-codes, and for the codes of billing
https://learn.microsoft.com/en-us/microsoft-cloud/dev/dev-proxy/concepts/openai-insufficient-quota
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError, ReplyError
from promptflow.providers.openai.troubles import Trouble

_BILLING_PAGE = "https://platform.openai.com/settings/organization/billing"
_GENERAL_PAGE = "https://platform.openai.com/settings/organization/general"
_KEYS_PAGE = "https://platform.openai.com/api-keys"
_LIMITS_PAGE = "https://platform.openai.com/settings/organization/limits"
_MEMBERS_PAGE = "https://platform.openai.com/settings/organization/people"
_MODELS_PAGE = "https://developers.openai.com/api/docs/models"
_REGIONS_PAGE = "https://developers.openai.com/api/docs/supported-countries"
_STATUS_PAGE = "https://status.openai.com"

_REFUSALS = frozenset({
    "moderation_blocked", "content_policy_violation", "image_content_policy_violation",
    "invalid_prompt", "bio_policy", "misalignment_policy_violation", "content_filter",
})  # fmt: skip
"""Codes of safety systems, OpenAI's own and those of gateways."""
_BILLING = frozenset({
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
    "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
})  # fmt: skip
"""Codes for which waiting is no use, although some come with the status of a rate limit."""
_PICTURES = frozenset({
    "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url",
    "invalid_image_file", "image_too_large", "image_too_small", "image_parse_error",
    "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
    "unsupported_file_mimetype", "empty_image_file", "failed_to_download_image",
    "image_file_not_found",
})  # fmt: skip
"""Codes about pictures that were sent."""
_BROKEN = frozenset({
    "APIConnectionError", "TransportError", "RequestError", "SSLError", "EndOfStream",
    "WebSocketConnectionClosedError", "WebSocketQueueFullError",
})  # fmt: skip
"""What a connection may break off with, of the SDK and of what lies below it."""
_UNREADABLE = frozenset({
    "APIResponseValidationError", "InvalidWebhookSignatureError", "LengthFinishReasonError",
    "JSONDecodeError", "UnicodeDecodeError", "RecursionError", "DecodingError",
})  # fmt: skip
"""What the SDK raises over an answer, and what reading it raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of failure: one of the codes tells it, or a status or class together with the words."""

    becomes: type[ProviderError]
    sentence: str
    """With fields in braces: who, title, page, category, http, patience_s, billed, limit."""
    page: str = ""
    """Where to go."""
    codes: frozenset[str] = frozenset()
    """The server's words for it, or for its family."""
    statuses: Container[int] = ()
    names: frozenset[str] = frozenset()
    """Classes of exceptions."""
    words: re.Pattern[str] | None = None
    """What the server's message has to say besides; ``None`` where status or class is enough."""
    quotes: bool = False
    """Whether the server's own words help."""
    never_sent: bool = False
    """Whether the request has not reached the server, so that it costs nothing."""
    may_be_billed: bool = False
    """Whether a picture may have been painted, although none came."""

    def holds(self, trouble: Trouble) -> bool:
        """Say whether a failure is of this kind."""
        if not self.codes.isdisjoint({trouble.code, trouble.type}):
            return True
        known = trouble.status in self.statuses or not self.names.isdisjoint(trouble.names)
        return known and (self.words is None or self.words.search(trouble.said) is not None)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


TABLE = (
    Row(
        becomes=RefusedError,
        codes=_REFUSALS,
        names=frozenset({"ContentFilterFinishReasonError"}),
        sentence="{who} refused the request to {title} for reasons of content policy (category:"
        " {category}). Change the words or the reference pictures that could be meant, and ask again.",
    ),
    Row(
        becomes=RejectedError,
        codes=_BILLING,
        statuses={402},
        page=_BILLING_PAGE,
        sentence="{who} wants to be paid before {title} answers: the account's credit or a spending"
        " limit is used up. Add credit or raise the limit{page}; before that, trying again is no use.",
    ),
    Row(
        becomes=BusyError,
        codes=frozenset({"rate_limit_exceeded", "rate_limit_error", "slow_down"}),
        statuses={429},
        names=frozenset({"RateLimitError"}),
        page=_LIMITS_PAGE,
        sentence="{who} takes no more requests to {title} just now: a rate limit is reached. Try again"
        " in a moment, or raise the limit{page}.",
    ),
    Row(
        becomes=RejectedError,
        statuses={401},
        words=_words(r"member of an organi[sz]ation"),
        page=_MEMBERS_PAGE,
        sentence="{who} does not accept the key in OPENAI_API_KEY, because its owner belongs to no"
        " organization. Get invited to one{page}, or use another key.",
    ),
    Row(
        becomes=RejectedError,
        codes=frozenset({"invalid_api_key"}),
        statuses={401},
        names=frozenset({"AuthenticationError", "OAuthError", "SubjectTokenProviderError"}),
        page=_KEYS_PAGE,
        # Without a quotation: theirs repeats the ends of the key.
        sentence="{who} does not accept the key in OPENAI_API_KEY. Check it, or make a new one{page}.",
    ),
    Row(
        becomes=RejectedError,
        # So some compatible servers say it, their spaces as %20.
        statuses={400, 403},
        words=_words(r"(incorrect|invalid|malformed)(\s|%20)api(\s|%20|_)?key"),
        page=_KEYS_PAGE,
        sentence="{who} says that OPENAI_API_KEY is not one of its keys. Check it, or make a new"
        " one{page}.",
    ),
    Row(
        becomes=RejectedError,
        codes=frozenset({"unsupported_country_region_territory"}),
        statuses={403},
        words=_words(r"country|territory"),
        page=_REGIONS_PAGE,
        sentence="{who} does not answer requests from the country or region of this server. Use models"
        " of another provider, or run Prompt Flow in one of the places listed{page}.",
    ),
    Row(
        becomes=RejectedError,
        statuses={400, 403, 404},
        words=_words(r"must be verified|verify (your )?organi[sz]ation"),
        page=_GENERAL_PAGE,
        sentence="{who} lets only verified organizations use {title}. Verify yours{page}, which counts"
        " within 15 minutes, or choose another model.",
    ),
    Row(
        becomes=RejectedError,
        statuses={403},
        names=frozenset({"PermissionDeniedError"}),
        page=_KEYS_PAGE,
        sentence="{who} does not let this key use {title}. Check the key's permissions and its"
        " project's models{page}, or choose another model.",
        quotes=True,
    ),
    Row(
        becomes=RejectedError,
        codes=frozenset({"model_not_found"}),
        statuses={404},
        words=_words(r"\bmodel\b"),
        page=_MODELS_PAGE,
        sentence="{who} has no model {title}, or this key may not use it. Choose another one of those"
        " listed{page}.",
    ),
    Row(
        becomes=RejectedError,
        statuses={404, 405},
        names=frozenset({"NotFoundError"}),
        sentence="{who} does not know the address at which {title} was asked. Check OPENAI_BASE_URL,"
        " which usually ends in /v1.",
        quotes=True,
    ),
    Row(
        becomes=RejectedError,
        codes=_PICTURES,
        sentence="{who} can't use a reference picture for {title}. Save it anew as PNG or JPEG, or leave"
        " it out.",
        quotes=True,
    ),
    Row(
        becomes=BusyError,
        codes=frozenset({"server_error", "server_is_overloaded", "vector_store_timeout"}),
        statuses={408, 409, *range(500, 600)},
        names=frozenset({"ConflictError", "InternalServerError"}),
        page=_STATUS_PAGE,
        sentence="{who} has trouble of its own with {title}{http}{billed}. Try again in a moment, or see{page}"
        " whether it is known.",
    ),
    Row(
        becomes=ReplyError,
        names=_UNREADABLE,
        sentence="{who} sent an answer for {title} that can't be read. Try again; if it stays so, check"
        " that OPENAI_BASE_URL, if it is set, is the address of an API and not of a web page.",
    ),
    Row(
        becomes=ReplyError,
        names=frozenset({"AnswerTooLargeError"}),
        sentence="{who} sent more than {limit} of {title}'s answer, where it was broken off; they may be"
        " billed. Try again with a shorter request, or choose another model.",
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"LocalProtocolError", "UnsupportedProtocol"}),
        never_sent=True,
        sentence="{who} can't be asked for {title} in this way. Check OPENAI_BASE_URL, which has to be the"
        " address of an API and usually ends in /v1.",
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"TooManyRedirects"}),
        sentence="{who} passes requests to {title} on and on, and nobody answers. Check OPENAI_BASE_URL,"
        " which has to be the address of an API and usually ends in /v1.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"PoolTimeout"}),
        never_sent=True,
        sentence="{who} is being asked so much at once that {title}'s turn did not come in time. Try"
        " again, or ask for fewer pictures at once.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"ConnectTimeout", "ConnectError", "ProxyError"}),
        never_sent=True,
        page=_STATUS_PAGE,
        sentence="{who} can't be reached to ask {title}. Check the network, and OPENAI_BASE_URL if it is"
        " set, or look for trouble{page}.",
    ),
    Row(
        becomes=BusyError,
        names=frozenset({"APITimeoutError", "TimeoutException"}),
        page=_STATUS_PAGE,
        sentence="{who} sent nothing of {title}'s answer for {patience_s:g} s{billed}. Try"
        " again later, or look for trouble{page}.",
        may_be_billed=True,
    ),
    Row(
        becomes=BusyError,
        names=_BROKEN,
        page=_STATUS_PAGE,
        sentence="{who} broke the connection off before {title} had answered in full{billed}. Try again,"
        " check the network, or look for trouble{page}.",
        may_be_billed=True,
    ),
    Row(
        becomes=RejectedError,
        codes=frozenset({"invalid_request_error", "image_generation_user_error"}),
        statuses=range(400, 500),
        names=frozenset({"BadRequestError", "UnprocessableEntityError", "APIStatusError"}),
        sentence="{who} rejected the request to {title}{http}. Change the words or parameters that it"
        " objects to, or choose another model.",
        quotes=True,
    ),
    Row(
        becomes=ReplyError,
        names=frozenset({"APIError"}),
        sentence="{who} broke {title}'s answer off with an error. Try again, or choose another model.",
        quotes=True,
    ),
    Row(
        becomes=RejectedError,
        names=frozenset({"OpenAIError"}),
        never_sent=True,
        sentence="{who} was not asked for {title}: its SDK refused the request. Check OPENAI_API_KEY and"
        " OPENAI_BASE_URL.",
        quotes=True,
    ),
)
"""Every kind of failure, the first that holds counts."""


def find_row(trouble: Trouble) -> Row | None:
    """Return the kind of a failure; ``None`` for what comes neither from the SDK nor the network."""
    return next((row for row in TABLE if row.holds(trouble)), None)


def is_refusal(trouble: Trouble) -> bool:
    """Say whether a safety system said no: then nothing is asked again in other words."""
    row = find_row(trouble)
    return row is not None and row.becomes is RefusedError
