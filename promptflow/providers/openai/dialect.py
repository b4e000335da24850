"""How much of OpenAI's API a server understands, found out by what it turns down.

Everything here happens before anything is answered, and a request that is turned down is not billed.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from promptflow.providers.openai.table import is_refusal
from promptflow.providers.openai.troubles import Trouble

_NO_SUCH_PLACE = frozenset({404, 405, 501})
_MISUNDERSTOOD = frozenset({400, 422})
_SCHEMA = re.compile(
    r"response_format|json_schema|text\.format|structured output|grammar", re.IGNORECASE
)
_NEW_LIMIT: Literal["max_completion_tokens"] = "max_completion_tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a server is spoken to."""

    chat: bool
    """By Chat Completions instead of the Responses API."""
    reasoning: bool
    """The model is asked to reason briefly."""
    summary: bool
    """A summary of the reasoning is asked for."""
    schema: bool = True
    """An answer in JSON is held to its schema by the server; else it is only told of it."""
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What bounds the answer of a chat on servers other than OpenAI's own.

    Most of them know the older name alone and would pass the newer one over in silence.
    Source: ollama/ollama issue 7125, https://github.com/ollama/ollama/issues/7125, read 2026-11-23.
    """


def simplify(
    dialect: Dialect, trouble: Trouble, *, has_schema: bool, is_openai: bool
) -> Dialect | None:
    """Choose a simpler way to say the same, after a server has turned a request down.

    Each step gives something up that is not taken up again, so there is an end to it.

    Args:
        dialect: how the request was put.
        trouble: what came of it.
        has_schema: whether the answer has to fit one.
        is_openai: whether it went to OpenAI itself, which knows its own API.

    Returns:
        How to put it next; ``None`` where that is not what is wrong.
    """
    misunderstood = trouble.status in _MISUNDERSTOOD
    told = f"{trouble.param} {trouble.said}"
    if misunderstood and dialect.summary and trouble.param.startswith("reasoning.summary"):
        # OpenAI, too: organizations that it has not verified get no summaries. Source: openai-cookbook
        # issue 2271, https://github.com/openai/openai-cookbook/issues/2271, read 2026-11-23.
        return replace(dialect, summary=False)
    if is_openai or is_refusal(trouble):
        return None
    if not dialect.chat and _lacks_responses(trouble):
        return replace(dialect, chat=True)
    if misunderstood and dialect.chat and dialect.limit != _NEW_LIMIT and _NEW_LIMIT in told:
        return replace(dialect, limit=_NEW_LIMIT)
    if misunderstood and has_schema and dialect.schema and _SCHEMA.search(told):
        return replace(dialect, schema=False)
    return None


def _lacks_responses(trouble: Trouble) -> bool:
    """Say whether there is nothing at the address of the Responses API."""
    return trouble.status in _NO_SUCH_PLACE and trouble.code != "model_not_found"
