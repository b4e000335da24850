"""What still comes of an answer that is complete."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

_Chunk = TypeVar("_Chunk")


def take_late(answer: Iterator[_Chunk], *, within_s: float) -> Iterator[_Chunk]:
    """Yield what still comes of an answer, as long as it comes soon.

    A thread reads it to its end, so that its connection can be used again; nobody waits for that, and
    whatever goes wrong now concerns no one.

    Args:
        answer: the rest of a stream; it closes itself at its end, and belongs to the thread from now on.
        within_s: the seconds that each further chunk may take.

    Yields:
        Chunks, until the end has come or none comes in time.
    """
    came: SimpleQueue[_Chunk | None] = SimpleQueue()

    def read_rest() -> None:
        try:
            for chunk in answer:
                came.put(chunk)
        except Exception:  # noqa: BLE001, S110 - the answer is already complete
            pass
        finally:
            came.put(None)

    # A daemon, so that a process that ends does not wait for a silent server.
    threading.Thread(target=read_rest, name="google rest of answer", daemon=True).start()
    with suppress(Empty):
        while (chunk := came.get(timeout=within_s)) is not None:
            yield chunk
