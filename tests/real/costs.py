"""What a run or a stage comes to, in micro-dollars, when every attempt meets a fault."""

from collections.abc import Mapping

from tests.real.scripts import PICTURE_COST, STAGE_COST
from tests.wire.fault_rows import Fault

TURNED_DOWN = frozenset(
    {
        "bad_gateway",
        "bad_key",
        "bad_key_as_bad_request",
        "bad_request",
        "billing_limit",
        "connection_refused",
        "forbidden",
        "model_not_found",
        "moderation_as_bad_request",
        "overloaded",
        "quota",
        "rate_limited",
        "rate_limited_with_header",
        "rate_limited_with_wait",
        "rate_limited_with_wait_ms",
        "server_error",
        "unauthorized",
    }
)
"""Faults that come before anything else, or that nothing left for: they cost nothing."""

_PAINTED = (
    "cut_picture",
    "mislabelled",
    "reset_at_the_end",
    "stall_at_the_end",
    "unknown_event",
)
_SAID = ("cut_at_limit",)
_TWICE = ("mislabelled", "reset_at_the_end", "stall_at_the_end", "unknown_event")
"""Answers that are whole, but no plan: they are asked for twice."""
_PROMPT_READ, _PICTURE_PROMPT_READ = 120 * 3 // 4, 120 * 3 // 2
"""Of a prompt to Google's text and image model that nothing came of, and that was billed."""

COSTS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("openai", "image"): {
        "moderation": 0,
        **dict.fromkeys((*_PAINTED, "not_a_picture"), PICTURE_COST["openai"]),
    },
    ("google", "image"): {
        **dict.fromkeys(
            (
                *_PAINTED,
                *("malformed_event", "error_event"),
                *("blocked_answer", "unknown_finish", "not_a_picture"),
            ),
            PICTURE_COST["google"],
        ),
        **dict.fromkeys(("moderation", "empty"), _PICTURE_PROMPT_READ),
        "no_image": 2 * PICTURE_COST["google"],
    },
    ("openai", "text"): {
        "moderation": 0,
        **dict.fromkeys((*_SAID, "filtered", "refusal"), STAGE_COST["openai"]),
        **dict.fromkeys((*_TWICE, "empty", "truncated_base64"), 2 * STAGE_COST["openai"]),
    },
    ("google", "text"): {
        "moderation": _PROMPT_READ,
        **dict.fromkeys((*_SAID, "blocked_answer"), STAGE_COST["google"]),
        **dict.fromkeys((*_TWICE, "unknown_finish"), 2 * STAGE_COST["google"]),
    },
}
"""(provider, kind of model) → fault → what is known to be billed; the rest is unknown."""


def find_cost(fault: Fault) -> int | None:
    """Return what all attempts come to; ``None`` where nobody can know."""
    known = COSTS[fault.provider, fault.kind]
    return 0 if fault.name in TURNED_DOWN else known.get(fault.name)
