"""What becomes of every fault of a call to Google, word by word."""

from promptflow.errors import BusyError, RefusedError, RejectedError, ReplyError
from tests.providers.outcome import Outcome, Outcomes

_LIMITED = (
    "Google limits how often {model} may be asked: “Resource has been exhausted (e.g. check quota)”. Try"
    " again later; the limits are at https://aistudio.google.com/rate-limit."
)
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information"
    " on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_BROKE = (
    "The connection to Google broke while {model} was answering; the call may be billed all the same."
    " Try again."
)
_SILENT = (
    "{model} was silent for 0.3 s; Google may bill the call all the same. Try again;"
    " https://aistudio.google.com/status tells of outages."
)
_DAMAGED = (
    "The answer of {model} is damaged or not Google's. Try again; with GOOGLE_GEMINI_BASE_URL set, check"
    " that it names a server that speaks Google's API."
)
_UNSAFE_PICTURE = Outcome(
    becomes=RefusedError,
    category="IMAGE_SAFETY",
    says="Google refused this for {model} (IMAGE_SAFETY): its filter finds the picture unsafe. Take out"
    " what is sexual, violent, hateful or dangerous.",
)


def _bad_key(status: int, said: str) -> Outcome:
    """Return what a key becomes that is not accepted."""
    return Outcome(
        becomes=RejectedError,
        status=status,
        has_id=False,
        says=f"Google does not accept the API key that {{model}} was asked with: “{said}”. Check it, or"
        " make a new one at https://aistudio.google.com/api-keys, and set it as GOOGLE_AI_API_KEY.",
    )


def _outage(status: int, quoted: str, *, has_id: bool = False) -> Outcome:
    """Return what an error of the server's own becomes."""
    return Outcome(
        becomes=BusyError,
        status=status,
        attempts=4,
        has_id=has_id,
        says=f"Google can't answer for {{model}} just now (status {status}){quoted}. Try again later;"
        " https://aistudio.google.com/status tells of outages.",
    )


OUTCOMES: Outcomes = {
    # Google's errors carry no id; its answers do.
    "rate_limited": Outcome(becomes=BusyError, status=429, attempts=4, has_id=False, says=_LIMITED),
    "rate_limited_with_header": Outcome(
        becomes=BusyError, status=429, attempts=4, wait_s=7, has_id=False, says=_LIMITED
    ),
    "rate_limited_with_wait": Outcome(
        becomes=BusyError,
        status=429,
        attempts=4,
        wait_s=7,
        has_id=False,
        says=f"Google limits how often {{model}} may be asked: “{_QUOTA} Please retry in 7s”. Try again"
        " later; the limits are at https://aistudio.google.com/rate-limit.",
    ),
    "quota": Outcome(
        becomes=RejectedError,
        status=429,
        has_id=False,
        says=f"The quota for {{model}} is used up: “{_QUOTA} Please retry in 41.5s”. See what is left at"
        " https://aistudio.google.com/rate-limit, and raise it or add credit at"
        " https://aistudio.google.com/billing.",
    ),
    "bad_request": Outcome(
        becomes=RejectedError,
        status=400,
        has_id=False,
        says="Google does not accept the request for {model} (status 400): “Request contains an invalid"
        " argument”. Change the words or parameters that it objects to, or choose another model.",
    ),
    "text moderation": Outcome(
        becomes=RefusedError,
        category="PROHIBITED_CONTENT",
        says="Google refused this for {model} (PROHIBITED_CONTENT): the content is of a kind that it"
        " never allows. Ask for something else.",
    ),
    "image moderation": _UNSAFE_PICTURE,
    "moderation_as_bad_request": Outcome(
        becomes=RefusedError,
        status=400,
        category="INVALID_ARGUMENT",
        has_id=False,
        says="Google refused this for {model} (INVALID_ARGUMENT): “The prompt violates Google's"
        " Responsible AI practices. Try rephrasing the prompt”. Say it in other words, and leave out"
        " what could be objected to.",
    ),
    "text blocked_answer": Outcome(
        becomes=RefusedError,
        category="SAFETY",
        says="Google refused this for {model} (SAFETY: sexually explicit): its filter finds the content"
        " unsafe. Take out what is sexual, violent, hateful or dangerous.",
    ),
    "image blocked_answer": _UNSAFE_PICTURE,
    "bad_key": _bad_key(400, "API key not valid. Please pass a valid API key"),
    "unauthorized": _bad_key(401, "Request had invalid authentication credentials"),
    "forbidden": Outcome(
        becomes=RejectedError,
        status=403,
        has_id=False,
        says="The API key has no permission to use {model}: “Generative Language API has not been used"
        " in this project or it is disabled”. Check at https://aistudio.google.com/api-keys what it is"
        " allowed to do, or choose another model.",
    ),
    "model_not_found": Outcome(
        becomes=RejectedError,
        status=404,
        has_id=False,
        says="Google has no model {model} for this key, or no longer: “models/x is not found for API"
        " version v1, or is not supported for generateContent. Call ListModels to see the list of"
        " available models”. Choose another one; https://aistudio.google.com/docs/models lists those"
        " there are.",
    ),
    "server_error": _outage(500, ": “An internal error has occurred. Please retry”"),
    "overloaded": _outage(503, ": “The model is overloaded. Please try again later”"),
    "bad_gateway": _outage(502, ""),
    "text error_event": _outage(
        503, ": “The model is overloaded. Please try again later”", has_id=True
    ),
    "connection_refused": Outcome(
        becomes=BusyError,
        attempts=4,
        free=True,
        has_id=False,
        says="Google could not be reached for {model}. Check this server's network, and"
        " GOOGLE_GEMINI_BASE_URL if it is set.",
    ),
    "text reset_before_headers": Outcome(becomes=BusyError, attempts=4, has_id=False, says=_BROKE),
    "text hang_up_before_headers": Outcome(
        becomes=BusyError, attempts=4, has_id=False, says=_BROKE
    ),
    # The request had gone out: a picture may have been painted, and billed, for it.
    "image reset_before_headers": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_BROKE),
    "image hang_up_before_headers": Outcome(
        becomes=BusyError, attempts=2, has_id=False, says=_BROKE
    ),
    "text stall": Outcome(becomes=BusyError, attempts=4, has_id=False, says=_SILENT),
    "text stall_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_SILENT),
    "text reset_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_BROKE),
    "text hang_up_mid_stream": Outcome(becomes=BusyError, attempts=4, says=_BROKE),
    # A picture is not streamed: its id would have come with it.
    "image stall": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_SILENT),
    "image stall_mid_stream": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_SILENT),
    "image reset_mid_stream": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_BROKE),
    "image hang_up_mid_stream": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_BROKE),
    "reset_at_the_end": None,
    "stall_at_the_end": None,
    "wrong_content_type": Outcome(becomes=ReplyError, has_id=False, says=_DAMAGED),
    "mislabelled": None,
    "broken_json": Outcome(becomes=ReplyError, has_id=False, says=_DAMAGED),
    "text malformed_event": Outcome(becomes=ReplyError, says=_DAMAGED),
    "text truncated_event": Outcome(becomes=ReplyError, says=_DAMAGED),
    "image truncated_event": Outcome(becomes=ReplyError, has_id=False, says=_DAMAGED),
    "text no_final_event": Outcome(
        becomes=BusyError,
        attempts=4,
        says="The answer of {model} broke off before its end. Try again; if it stays so, see"
        " https://aistudio.google.com/status.",
    ),
    "image no_final_event": Outcome(becomes=BusyError, attempts=2, has_id=False, says=_BROKE),
    # Breaks of a stream, which a picture is not.
    "image malformed_event": None,
    "image error_event": None,
    "unknown_event": None,
    "text empty": Outcome(
        becomes=ReplyError,
        says="{model} gave an empty answer where text was expected. Try again, or choose another text"
        " model.",
    ),
    "image empty": Outcome(
        becomes=ReplyError,
        says="There is no picture in the answer of {model}. Try again, or describe the picture more"
        " plainly.",
    ),
    "cut_at_limit": Outcome(
        becomes=ReplyError,
        says="The answer of {model} was cut off at its limit of 8,000 tokens. Ask for less, or choose"
        " another text model.",
    ),
    "no_image": Outcome(
        becomes=BusyError,
        attempts=2,
        wait_s=0,
        says="{model} painted no picture (NO_IMAGE), as happens now and then. Try again, or describe the"
        " picture more plainly.",
    ),
    "text unknown_finish": None,
    "image unknown_finish": Outcome(
        becomes=ReplyError,
        says="There is no picture in the answer of {model} (IMAGE_HOLOGRAM). Try again, or describe the"
        " picture more plainly.",
    ),
    "text truncated_base64": Outcome(becomes=ReplyError, says=_DAMAGED),
    # The SDK stumbles over the picture before anyone sees the id beside it.
    "image truncated_base64": Outcome(becomes=ReplyError, has_id=False, says=_DAMAGED),
    "not_a_picture": Outcome(
        becomes=ReplyError,
        says="{model} sent 41 bytes as 'image/png', but they are no picture, where a PNG, a JPEG or a"
        " WebP was expected. Try again, or leave this model out.",
    ),
    # Its first bytes are right: that its end is missing shows when it is decoded.
    "cut_picture": None,
}
"""Silence is borne for 0.3 s."""
