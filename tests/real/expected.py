"""How a stage or a run is to end when every attempt meets a fault."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptflow.errors import RefusedError
from promptflow.records import Fault as Kept
from promptflow.view import RunView, StageView
from tests.providers.google.outcomes import OUTCOMES as GOOGLE
from tests.providers.openai.outcomes import OUTCOMES as OPENAI
from tests.providers.outcome import Outcome, find_outcome
from tests.real.costs import find_cost
from tests.wire.fault_rows import Fault

CALLED = {
    ("openai", "text"): "GPT-6.1 Terra",
    ("openai", "image"): "GPT Image 2.6 Flare",
    ("google", "text"): "Gemini 3.8 Flash",
    ("google", "image"): "Nano Banana 2.1",
}
"""What messages call the models."""
_BACKOFF_S = (0.5, 1.0, 2.0)
"""Without jitter, where the provider asks for no wait of its own."""
NOT_A_PICTURE = {
    "not_a_picture": "The 41 bytes are no such picture. A PNG, JPEG or WebP picture was expected.",
    "cut_picture": "The PNG picture of 104 bytes breaks off or is damaged. Ask for it again.",
}
"""Faults of pictures that no adapter sees: they show when a picture is to be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a stage or a run ended."""

    status: str
    attempts: int
    cost_micro_usd: int | None
    fault: Kept | None


def find_ending(part: StageView | RunView | None) -> Ending | None:
    """Return how a stage or a run ended; ``None`` where there was none."""
    if part is None:
        return None
    return Ending(
        status=part.status,
        attempts=part.attempt,
        cost_micro_usd=part.cost_micro_usd,
        fault=part.fault,
    )


def find_expected(fault: Fault) -> Outcome | None:
    """Return what the adapter makes of a fault."""
    return find_outcome(OPENAI if fault.provider == "openai" else GOOGLE, fault)


def expect_run(fault: Fault) -> Ending:
    """Return how the run of a painter ends that meets a fault at every attempt."""
    outcome = find_expected(fault)
    if outcome is None:
        return _expect_picture(fault)
    return _expect(fault, outcome)


def expect_stage(fault: Fault, outcome: Outcome) -> Ending:
    """Return how a stage ends that meets a fault at every attempt."""
    return _expect(fault, outcome)


def expect_waits(outcome: Outcome | None) -> Sequence[float]:
    """Return the seconds before each retry."""
    if outcome is None:
        return []
    if outcome.wait_s is not None:
        return [outcome.wait_s] * (outcome.attempts - 1)
    return list(_BACKOFF_S[: outcome.attempts - 1])


def _expect(fault: Fault, outcome: Outcome) -> Ending:
    return Ending(
        status="refused" if outcome.becomes is RefusedError else "failed",
        attempts=outcome.attempts,
        cost_micro_usd=find_cost(fault),
        fault=Kept(
            code=outcome.becomes.code,
            message=outcome.says.format(model=CALLED[fault.provider, fault.kind]),
            http_status=outcome.status,
            category=outcome.category,
            request_id=_write_id(fault, outcome.attempts) if outcome.has_id else None,
        ),
    )


def _expect_picture(fault: Fault) -> Ending:
    wrong, title = NOT_A_PICTURE.get(fault.name), CALLED[fault.provider, fault.kind]
    message = f"{title} sent a picture that can't be kept. {wrong}" if wrong else None
    return Ending(
        status="failed" if message else "succeeded",
        attempts=1,
        cost_micro_usd=find_cost(fault),
        fault=Kept(code="bad_picture", message=message) if message else None,
    )


def _write_id(fault: Fault, number: int) -> str:
    """Return the id of a provider's call of that number; it is that of the last attempt."""
    return f"req_{number:032x}" if fault.provider == "openai" else f"resp{number:024d}"
