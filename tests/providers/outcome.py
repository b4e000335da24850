"""What an adapter makes of a fault, as one value to compare."""

from collections.abc import Mapping
from dataclasses import dataclass

from promptflow.errors import BusyError, ProviderError, RefusedError
from promptflow.retries import MAX_ATTEMPTS
from tests.wire.fault_rows import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An error as those see it who retry it, price it, record it and show it."""

    becomes: type[ProviderError]
    says: str
    """The whole message; in a table, ``{model}`` stands for what the model is called."""
    status: int | None = None
    attempts: int = 1
    """Calls in all that it is worth."""
    wait_s: float | None = None
    """The wait before the next one, where the provider asks for one."""
    free: bool = False
    """Whether it certainly cost nothing."""
    category: str | None = None
    """Of a refusal: the provider's own word for the reason."""
    has_id: bool = True
    """Whether it names the call by the provider's id."""


def describe(error: ProviderError | None, *, request_id: str) -> Outcome | None:
    """Describe an error.

    Args:
        error: as an adapter raised it; None where it raised none.
        request_id: the provider's id of the call.

    Returns:
        The value to compare; None for no error.

    Raises:
        ValueError: the error names another call.
    """
    if error is None:
        return None
    if error.request_id not in {None, request_id}:
        message = f"the error names the call {error.request_id!r}, which is not {request_id!r}"
        raise ValueError(message)
    busy = error if isinstance(error, BusyError) else None
    return Outcome(
        becomes=type(error),
        says=error.message,
        status=error.status,
        attempts=(busy.max_attempts or MAX_ATTEMPTS) if busy else 1,
        wait_s=busy.retry_after_s if busy else None,
        free=not error.sent,
        category=error.category if isinstance(error, RefusedError) else None,
        has_id=error.request_id is not None,
    )


Outcomes = Mapping[str, Outcome | None]
"""The name of a fault, or the kind of model and the name → what becomes of it; None for an answer."""


def find_outcome(outcomes: Outcomes, fault: Fault) -> Outcome | None:
    """Return what becomes of a fault.

    Raises:
        KeyError: the table does not say.
    """
    own = f"{fault.kind} {fault.name}"
    return outcomes[own if own in outcomes else fault.name]
