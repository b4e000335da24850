"""When a failed call is tried again, and after how long."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.retries import MAX_ATTEMPTS, MAX_WAIT_S, plan_wait
from tests.scripted import make_rush


def _wait(
    *, attempt: int = 1, asked_s: float | None = None, waited_s: float = 0.0, jitter: float = 1.0
) -> float | None:
    error = make_rush(retry_after_s=asked_s)
    return plan_wait(error, attempt=attempt, waited_s=waited_s, jitter=jitter)


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 1.0), (2, 2.0), (3, 4.0)])
def test_wait_doubles(attempt: int, wait_s: float) -> None:
    """Without a word from the provider each wait is twice the one before."""
    assert _wait(attempt=attempt) == wait_s


def test_waits_are_spread_over_their_upper_half() -> None:
    """Calls that failed together don't come back together, and none at once."""
    assert [_wait(attempt=2, jitter=jitter) for jitter in (0.0, 0.5, 1.0)] == [1.0, 1.5, 2.0]


def test_fourth_failure_is_the_last() -> None:
    """There are four calls in all, the first included."""
    assert MAX_ATTEMPTS == 4
    assert _wait(attempt=3) is not None
    assert _wait(attempt=4) is None


@pytest.mark.parametrize("asked_s", [0.0, 0.5, 30.0])
def test_what_the_provider_asks_for_is_obeyed(asked_s: float) -> None:
    """A time the provider named is taken as it is, without any spread."""
    assert _wait(asked_s=asked_s, jitter=0.3) == asked_s


def test_a_time_in_the_past_is_no_wait() -> None:
    """A provider that names a moment which is over is asked again at once."""
    assert _wait(asked_s=-3.0) == 0.0


@pytest.mark.parametrize(
    ("waited_s", "asked_s", "worth_it"),
    [
        (0.0, MAX_WAIT_S, True),
        (0.0, MAX_WAIT_S + 0.1, False),
        (100.0, 20.0, True),
        (100.0, 20.1, False),
        (MAX_WAIT_S, 0.0, True),
        (0.0, math.inf, False),
        (0.0, math.nan, False),
    ],
)
def test_waiting_is_bounded(waited_s: float, asked_s: float, worth_it: bool) -> None:
    """More than two minutes in all is not waited."""
    assert (_wait(waited_s=waited_s, asked_s=asked_s) is not None) is worth_it


@given(
    attempt=st.integers(1, 10),
    asked_s=st.none() | st.floats(),
    waited_s=st.floats(0, MAX_WAIT_S),
    jitter=st.floats(0, 1),
)
def test_wait_is_within_its_bounds(
    attempt: int, asked_s: float | None, waited_s: float, jitter: float
) -> None:
    """Whatever a provider says, a wait is a number of seconds that can be waited."""
    wait_s = _wait(attempt=attempt, asked_s=asked_s, waited_s=waited_s, jitter=jitter)

    assert wait_s is None or 0 <= wait_s <= MAX_WAIT_S
