"""The same call made several times at once, in threads."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

_Result = TypeVar("_Result")


def run_together(
    call: Callable[[], _Result], *, times: int, at_once: int
) -> Iterator[_Result | BaseException]:
    """Make a call several times and yield the outcomes as they come.

    The first ones start together. After a failure, and once the caller leaves, no other is started.
    Calls under way are waited for, except by a caller who leaves.

    Args:
        call: what to do; called from several threads at once.
        times: how often, 1 or more.
        at_once: how many calls may be under way at a time.

    Yields:
        What a call returned or raised, in the order in which they end.
    """
    if times == 1:
        # The caller's own thread has nothing else to do.
        yield _attempt(call)
        return
    to_do: SimpleQueue[None] = SimpleQueue()
    for _ in range(times):
        to_do.put(None)
    over = threading.Event()
    outcomes: SimpleQueue[_Result | BaseException | None] = SimpleQueue()
    working = min(times, at_once)
    for number in range(working):
        # Daemons, so that a process that ends does not wait for a silent server.
        threading.Thread(
            target=_work,
            args=(call, to_do, over, outcomes),
            name=f"call {number + 1}",
            daemon=True,
        ).start()
    try:
        while working:
            outcome = outcomes.get()
            if outcome is None:
                working -= 1
            else:
                yield outcome
    finally:
        over.set()


def _work(
    call: Callable[[], _Result],
    to_do: "SimpleQueue[None]",
    over: threading.Event,
    outcomes: "SimpleQueue[_Result | BaseException | None]",
) -> None:
    """Make calls until none is left to do, or it is over; ``None`` says that this thread ends."""
    while _take(to_do):
        outcome = _attempt(call)
        if isinstance(outcome, BaseException):
            over.set()
        outcomes.put(outcome)
        # Not before the first call: how many are made must not hang on which thread is quicker.
        if over.is_set():
            break
    outcomes.put(None)


def _take(to_do: "SimpleQueue[None]") -> bool:
    """Take one thing to do; say whether there was one."""
    try:
        to_do.get_nowait()
    except Empty:
        return False
    return True


def _attempt(call: Callable[[], _Result]) -> _Result | BaseException:
    try:
        return call()
    except BaseException as error:  # noqa: BLE001 - the caller raises it again
        return error
