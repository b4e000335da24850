"""When a failed call is tried again, and after how long. Floor 3.

The one retry policy of the product: the providers' own retries are off, so that every attempt is
seen, recorded and priced.
"""

from promptflow.errors import BusyError

MAX_ATTEMPTS = 4
"""Calls in all, the first included."""
MAX_WAIT_S = 120.0
"""Seconds of waiting in all, over every attempt of one run."""
_FIRST_WAIT_S = 1.0


def plan_wait(error: BusyError, *, attempt: int, waited_s: float, jitter: float) -> float | None:
    """Say how long to wait before the next attempt.

    Args:
        error: what the attempt failed with; its `retry_after_s` and `max_attempts` are obeyed.
        attempt: the number of the failed attempt, from 1.
        waited_s: seconds already waited in this run.
        jitter: 0 to 1, spreads the waits of calls that failed together.

    Returns:
        Seconds, at least 0; ``None`` where another try is not worth it.
    """
    if attempt >= min(MAX_ATTEMPTS, error.max_attempts or MAX_ATTEMPTS):
        return None
    wait_s = error.retry_after_s
    if wait_s is None:
        wait_s = _FIRST_WAIT_S * 2 ** (attempt - 1) * (0.5 + jitter / 2)
    return max(wait_s, 0.0) if waited_s + wait_s <= MAX_WAIT_S else None
