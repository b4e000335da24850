"""What becomes of every fault of a call to OpenAI, word by word."""

from promptflow.errors import BusyError, RefusedError, RejectedError, ReplyError
from tests.providers.outcome import Outcome, Outcomes

_UNPAID = (
    "OpenAI wants to be paid before {model} answers: the account's credit or a spending limit is used"
    " up. Add credit or raise the limit at https://platform.openai.com/settings/organization/billing;"
    " before that, trying again is no use."
)
_LIMITED = (
    "OpenAI takes no more requests to {model} just now: a rate limit is reached. Try again in a moment,"
    " or raise the limit at https://platform.openai.com/settings/organization/limits."
)
_BROKE = (
    "OpenAI broke the connection off before {model} had answered in full. Try again, check the network,"
    " or look for trouble at https://status.openai.com."
)
_BROKE_AND_BILLED = (
    "OpenAI broke the connection off before {model} had answered in full, and may have billed it all the"
    " same. Try again, check the network, or look for trouble at https://status.openai.com."
)
_SILENT = (
    "OpenAI sent nothing of {model}'s answer for 0.4 s. Try again later, or look for trouble at"
    " https://status.openai.com."
)
_SILENT_AND_BILLED = (
    "OpenAI sent nothing of {model}'s answer for 0.4 s, and may have billed it all the same. Try again"
    " later, or look for trouble at https://status.openai.com."
)
_ENDED_EARLY = (
    "OpenAI ended {model}'s answer before it was complete. Try again; if it stays so, choose another"
    " model, or check OPENAI_BASE_URL if it is set."
)
_UNREADABLE = (
    "OpenAI sent an answer for {model} that can't be read. Try again; if it stays so, check that"
    " OPENAI_BASE_URL, if it is set, is the address of an API and not of a web page."
)
_FAILED = Outcome(
    becomes=BusyError,
    attempts=4,
    says="OpenAI has trouble of its own with {model}. Try again in a moment, or see at"
    " https://status.openai.com whether it is known.",
)


def _trouble(status: int, *, has_id: bool = True) -> Outcome:
    """Return what an error of the server's own becomes."""
    return Outcome(
        becomes=BusyError,
        status=status,
        attempts=4,
        has_id=has_id,
        says=f"OpenAI has trouble of its own with {{model}} (HTTP {status}). Try again in a moment, or"
        " see at https://status.openai.com whether it is known.",
    )


def _refused(category: str, *, status: int | None = None) -> Outcome:
    """Return what the no of a safety system becomes."""
    return Outcome(
        becomes=RefusedError,
        status=status,
        category=category,
        says="OpenAI refused the request to {model} for reasons of content policy (category:"
        f" {category}). Change the words or the reference pictures that could be meant, and ask again.",
    )


OUTCOMES: Outcomes = {
    "rate_limited": Outcome(becomes=BusyError, status=429, attempts=4, says=_LIMITED),
    "rate_limited_with_wait": Outcome(
        becomes=BusyError, status=429, attempts=4, wait_s=7, says=_LIMITED
    ),
    "rate_limited_with_wait_ms": Outcome(
        becomes=BusyError, status=429, attempts=4, wait_s=1.5, says=_LIMITED
    ),
    "quota": Outcome(becomes=RejectedError, status=429, says=_UNPAID),
    "billing_limit": Outcome(becomes=RejectedError, status=400, says=_UNPAID),
    "text moderation": _refused("invalid_prompt", status=400),
    "image moderation": _refused("sexual", status=400),
    "bad_request": Outcome(
        becomes=RejectedError,
        status=400,
        says="OpenAI rejected the request to {model} (HTTP 400). Change the words or parameters that it"
        " objects to, or choose another model. It said: “Invalid value: 'x'. Supported values are:"
        " 'y'.”",
    ),
    "bad_key": Outcome(
        becomes=RejectedError,
        status=401,
        says="OpenAI does not accept the key in OPENAI_API_KEY. Check it, or make a new one at"
        " https://platform.openai.com/api-keys.",
    ),
    "bad_key_as_bad_request": Outcome(
        becomes=RejectedError,
        status=400,
        says="OpenAI says that OPENAI_API_KEY is not one of its keys. Check it, or make a new one at"
        " https://platform.openai.com/api-keys.",
    ),
    "unauthorized": Outcome(
        becomes=RejectedError,
        status=401,
        says="OpenAI does not accept the key in OPENAI_API_KEY, because its owner belongs to no"
        " organization. Get invited to one at https://platform.openai.com/settings/organization/people,"
        " or use another key.",
    ),
    "forbidden": Outcome(
        becomes=RejectedError,
        status=403,
        says="OpenAI lets only verified organizations use {model}. Verify yours at"
        " https://platform.openai.com/settings/organization/general, which counts within 15 minutes, or"
        " choose another model.",
    ),
    "model_not_found": Outcome(
        becomes=RejectedError,
        status=404,
        says="OpenAI has no model {model}, or this key may not use it. Choose another one of those"
        " listed at https://developers.openai.com/api/docs/models.",
    ),
    "server_error": _trouble(500),
    "overloaded": _trouble(503),
    # A proxy knows of no call.
    "bad_gateway": _trouble(502, has_id=False),
    "connection_refused": Outcome(
        becomes=BusyError,
        attempts=4,
        free=True,
        has_id=False,
        says="OpenAI can't be reached to ask {model}. Check the network, and OPENAI_BASE_URL if it is"
        " set, or look for trouble at https://status.openai.com.",
    ),
    "text reset_before_headers": Outcome(becomes=BusyError, attempts=4, has_id=False, says=_BROKE),
    "text hang_up_before_headers": Outcome(
        becomes=BusyError, attempts=4, has_id=False, says=_BROKE
    ),
    "text reset_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_BROKE),
    "text hang_up_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_BROKE),
    # The request had gone out: a picture may have been painted, and billed, for it.
    "image reset_before_headers": Outcome(
        becomes=BusyError, attempts=2, has_id=False, says=_BROKE_AND_BILLED
    ),
    "image hang_up_before_headers": Outcome(
        becomes=BusyError, attempts=2, has_id=False, says=_BROKE_AND_BILLED
    ),
    "image reset_mid_stream": Outcome(becomes=BusyError, attempts=2, says=_BROKE_AND_BILLED),
    "image hang_up_mid_stream": Outcome(becomes=BusyError, attempts=2, says=_BROKE_AND_BILLED),
    "text stall": Outcome(becomes=BusyError, attempts=4, has_id=False, says=_SILENT),
    "text stall_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_SILENT),
    "image stall": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_SILENT_AND_BILLED),
    "image stall_mid_stream": Outcome(becomes=BusyError, attempts=2, says=_SILENT_AND_BILLED),
    "reset_at_the_end": None,
    "stall_at_the_end": None,
    "wrong_content_type": Outcome(becomes=ReplyError, has_id=False, says=_ENDED_EARLY),
    "mislabelled": None,
    "text broken_json": Outcome(becomes=ReplyError, has_id=False, says=_ENDED_EARLY),
    "image broken_json": Outcome(becomes=ReplyError, has_id=False, says=_UNREADABLE),
    "malformed_event": Outcome(becomes=ReplyError, says=_UNREADABLE),
    "truncated_event": Outcome(becomes=ReplyError, says=_ENDED_EARLY),
    "no_final_event": Outcome(becomes=ReplyError, says=_ENDED_EARLY),
    "unknown_event": None,
    "error_event": _FAILED,
    "image error_event": Outcome(
        becomes=BusyError,
        attempts=2,
        says="OpenAI has trouble of its own with {model}, and may have billed it all the same. Try again in"
        " a moment, or see at https://status.openai.com whether it is known.",
    ),
    "wrapped_error_event": _FAILED,
    "failed": _FAILED,
    "cut_at_limit": Outcome(
        becomes=ReplyError,
        says="OpenAI cut {model}'s answer off at 8,000 tokens. Try again with a shorter request, or"
        " choose another text model.",
    ),
    "filtered": _refused("content_filter"),
    "refusal": Outcome(
        becomes=RefusedError,
        category="refusal",
        says="{model} refused the request. Change the words that could be meant, and ask again."
        " It said: “I can't help with that.”",
    ),
    # A picture among the words is nothing that was asked for, and an answer without words is for those
    # who look into it; so are bytes that are no picture.
    "text truncated_base64": None,
    "text empty": None,
    "image empty": Outcome(becomes=ReplyError, says=_ENDED_EARLY),
    "image truncated_base64": Outcome(
        becomes=ReplyError,
        says="OpenAI sent a picture by {model} that is empty, cut short or no picture at all. Try"
        " again, or choose another model.",
    ),
    "not_a_picture": None,
    "cut_picture": None,
}
"""As OpenAI itself is spoken of; silence is borne for 0.4 s."""
