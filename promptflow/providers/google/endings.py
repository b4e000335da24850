"""Why an answer ended, and what that makes of it: an answer, a refusal, or a failure.

Source: google-genai 3.4.0, google/genai/types.py, `FinishReason` and `BlockedReason`, read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError, ReplyError
from promptflow.providers.google.errors import Call
from promptflow.providers.google.replies import Reply
from promptflow.providers.google.words import PROVIDER

if TYPE_CHECKING:
    from google.genai import types

REFUSALS: Mapping[str, str] = {
    "SAFETY": "its filter finds the content unsafe. Take out what is sexual, violent, hateful or"
    " dangerous.",
    "IMAGE_SAFETY": "its filter finds the picture unsafe. Take out what is sexual, violent, hateful"
    " or dangerous.",
    "PROHIBITED_CONTENT": "the content is of a kind that it never allows. Ask for something else.",
    "IMAGE_PROHIBITED_CONTENT": "the picture is of a kind that it never allows. Ask for something"
    " else.",
    "RECITATION": "the answer came too close to a published work. Take out quotations, titles and"
    " names of authors.",
    "IMAGE_RECITATION": "the picture came too close to an existing work. Take out names of works,"
    " artists, characters and brands.",
    "BLOCKLIST": "a word in it is on a list of forbidden ones. Say it in other words.",
    "SPII": "it touches private data of people. Take out names, addresses and numbers.",
    "LANGUAGE": "it does not support the language. Write the request in another one, such as"
    " English.",
    "JAILBREAK": "it reads like an attempt to get around the rules. Describe the picture only, and"
    " take out instructions to the model.",
    "MODEL_ARMOR": "the Model Armor policy of the key's project blocks it. Say it in other words, or"
    " change the policy in the Google Cloud console.",
    "ESCALATION": "a rule against abuse filtered it. Ask for something else.",
}
"""Google's word for a refusal → why, and what to change."""

_UNNAMED = "it does not say why. Say it in other words, and leave out what could be objected to."
_ACCOUNT = frozenset({"PUP_LIMITED_DISABLED"})
_CUT = frozenset({"MAX_TOKENS", "CONTINUATION"})
BROKEN = frozenset({
    "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "IMAGE_OTHER", "NO_IMAGE",
})  # fmt: skip
"""Endings that leave nothing to use."""
AGAIN = frozenset({"NO_IMAGE", "IMAGE_OTHER", "MALFORMED_RESPONSE"})
"""Of these, the ones after which painting once more often helps."""

_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_ALIASES = {"image/jpg": "image/jpeg"}


def check_text(reply: Reply, call: Call) -> None:
    """Raise if an answer in text is not one.

    Args:
        reply: everything that came.
        call: what it answers.

    Raises:
        ProviderError: a filter blocked the question or the answer (RefusedError), Google has limited
            the account (RejectedError), the answer broke off (BusyError), or there is no text or not
            all of it (ReplyError).
    """
    failure = _find_refusal(reply, call) or _find_text_failure(reply, call)
    if failure:
        raise failure


def pick_picture(reply: Reply, parts: Sequence["types.Part"], call: Call) -> bytes:
    """Return the picture of an answer.

    Args:
        reply: what is known of the answer.
        parts: its parts; pictures that are thoughts are drafts.
        call: what it answers.

    Returns:
        The bytes, whose first ones are those of the type they claim: PNG, JPEG or WebP.

    Raises:
        ProviderError: a filter blocked the prompt or the picture (RefusedError), Google has limited
            the account (RejectedError), there is no picture but painting again may help (BusyError),
            or there is none, or it is not what it says it is (ReplyError).
    """
    pictures = [part.inline_data for part in parts if part.inline_data and not part.thought]
    failure = _find_refusal(reply, call)
    if failure is None:
        failure = (
            _find_lie(pictures[-1], reply, call) if pictures else _no_picture(reply, parts, call)
        )
    if failure:
        raise failure
    return pictures[-1].data or b""


def _find_refusal(reply: Reply, call: Call) -> ProviderError | None:
    category = reply.block or reply.finish or ""
    if category in _ACCOUNT:
        message = (
            f"Google has limited this account for breaking its use policy, and {call.title} does not"
            " answer it. See https://aistudio.google.com/api-keys, or use another provider."
        )
        return _fail(RejectedError, message, reply, call)
    if not reply.block and category not in REFUSALS:
        return None
    harms = f": {', '.join(reply.harms)}" if reply.harms else ""
    message = f"Google refused this for {call.title} ({category}{harms}): {REFUSALS.get(category, _UNNAMED)}"
    return RefusedError(
        message,
        provider=PROVIDER,
        model=call.model,
        category=category,
        request_id=reply.response_id,
    )


def _find_text_failure(reply: Reply, call: Call) -> ProviderError | None:
    if reply.finish in _CUT:
        message = (
            f"The answer of {call.title} was cut off at its limit of {ANSWER_TOKENS:,} tokens. Ask for"
            " less, or choose another text model."
        )
        return _fail(ReplyError, message, reply, call)
    if reply.finish in BROKEN:
        message = (
            f"The answer of {call.title} ended with {reply.finish}, where text was"
            " expected. Try again, or choose another text model."
        )
        return _fail(ReplyError, message, reply, call)
    if not reply.has_text:
        message = (
            f"{call.title} gave an empty answer where text was expected. Try again, or choose another"
            " text model."
        )
        return _fail(ReplyError, message, reply, call)
    if reply.finish is None:
        message = (
            f"The answer of {call.title} broke off before its end. Try again; if it stays so, see"
            " https://aistudio.google.com/status."
        )
        return _fail(BusyError, message, reply, call)
    return None


def _no_picture(reply: Reply, parts: Sequence["types.Part"], call: Call) -> ProviderError:
    """Return the failure that an answer without a picture is."""
    if reply.finish in AGAIN:
        message = (
            f"{call.title} painted no picture ({reply.finish}), as happens now and then."
            " Try again, or describe the picture more plainly."
        )
        return BusyError(
            message,
            provider=PROVIDER,
            model=call.model,
            retry_after_s=0.0,
            max_attempts=2,
            request_id=reply.response_id,
        )
    said = next((part.text for part in parts if part.text and not part.thought), None)
    why = f" but the words “{reply.quote(said)}”" if said else ""
    ended = f" ({reply.finish})" if reply.finish not in {None, "STOP"} else ""
    message = (
        f"There is no picture in the answer of {call.title}{ended}{why}. Try again, or describe the"
        " picture more plainly."
    )
    return _fail(ReplyError, message, reply, call)


def _find_lie(picture: "types.Blob", reply: Reply, call: Call) -> ProviderError | None:
    """Return what is wrong with a picture, as far as its first bytes show it."""
    data = picture.data or b""
    claimed, found = (picture.mime_type or "").lower(), _detect_mime(data)
    if found and _ALIASES.get(claimed, claimed) in {"", found}:
        return None
    claim = f" as {reply.quote(claimed)!r}" if claimed else ""
    message = (
        f"{call.title} sent {len(data):,} bytes{claim}, but they are {found or 'no picture'}, where a"
        " PNG, a JPEG or a WebP was expected. Try again, or leave this model out."
    )
    return _fail(ReplyError, message, reply, call)


def _fail(
    kind: type[ReplyError | BusyError | RejectedError], message: str, reply: Reply, call: Call
) -> ProviderError:
    return kind(message, provider=PROVIDER, model=call.model, request_id=reply.response_id)


def _detect_mime(data: bytes) -> str | None:
    """Return the type of a picture by its first bytes; ``None`` for anything else."""
    found = next((mime for mime, magic in _MAGIC.items() if data.startswith(magic)), None)
    return None if found == "image/webp" and data[8:12] != b"WEBP" else found
