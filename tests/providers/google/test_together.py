"""The same call made several times at once."""

import itertools
import threading

import pytest

from promptflow.providers.google.together import run_together


def test_one_call_stays_in_its_thread() -> None:
    """A single call needs no thread of its own."""
    outcomes = list(run_together(threading.current_thread, times=1, at_once=4))

    assert outcomes == [threading.current_thread()]


def test_no_more_calls_are_under_way_than_allowed() -> None:
    """Six calls, two at a time, meet in three pairs."""
    pairs = threading.Barrier(2, timeout=5)

    outcomes = list(run_together(pairs.wait, times=6, at_once=2))

    assert sorted(map(repr, outcomes)) == ["0", "0", "0", "1", "1", "1"]


def test_after_a_failure_nothing_more_is_started() -> None:
    """What is under way ends; the rest is not begun."""
    numbers = itertools.count()
    both_begun = threading.Barrier(2, timeout=5)

    def call() -> int:
        number = next(numbers)
        both_begun.wait()
        if number == 0:
            message = "broken"
            raise ValueError(message)
        return number

    outcomes = list(run_together(call, times=2, at_once=2))
    rest = list(run_together(lambda: 1 // 0, times=9, at_once=1))

    assert sorted(map(repr, outcomes)) == ["1", "ValueError('broken')"]
    assert [type(outcome) for outcome in rest] == [ZeroDivisionError]


def test_who_leaves_starts_nothing_more() -> None:
    """Closing the iterator ends the work after what is under way."""
    begun = threading.Semaphore(0)
    go_on = threading.Semaphore(0)
    numbers = itertools.count()

    def call() -> int:
        begun.release()
        go_on.acquire(timeout=5)
        return next(numbers)

    outcomes = run_together(call, times=50, at_once=2)
    go_on.release()
    first = next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]  # a generator
    go_on.release(100)

    assert first == 0
    assert next(numbers) < 10


@pytest.mark.parametrize("times", [1, 3])
def test_whatever_is_raised_is_an_outcome(times: int) -> None:
    """No thread dies with an error that nobody hears of."""

    def leave() -> None:
        raise KeyboardInterrupt

    outcomes = list(run_together(leave, times=times, at_once=1))

    assert [type(outcome) for outcome in outcomes] == [KeyboardInterrupt]
