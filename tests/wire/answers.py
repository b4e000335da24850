"""What a server says back, step by step: the vocabulary of answers and of their faults.

An answer is a head and a body in steps. Every fault inside the body is a change to an answer that was
whole: `reset_after(2)` takes one and gives back one that ends with a reset after its second piece.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]
"""A JSON object as it is on the wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to send in one go; in an event stream, one event."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence until the client leaves or the server is closed."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is torn down (TCP reset)."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is closed in good order, but before the answer's end."""


Step = Piece | Pause | Stall | Reset | HangUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Without those that frame the body: the server adds them."""
    steps: tuple[Step, ...] = ()
    """The body."""
    length: int | None = None
    """The announced size of the body in bytes; None for one in chunks, as streams are."""
    before: Stall | Reset | HangUp | None = None
    """What happens instead of any answer."""
    split: int | None = None
    """The most bytes a chunk may hold; None for one chunk per piece. Only for bodies in chunks."""

    @property
    def streamed(self) -> bool:
        """Whether the body comes in chunks."""
        return self.length is None


ALL = 1_000_000
"""So many pieces as the answer has: `reset_after(ALL)` breaks after the last one."""

Break = Callable[[Answer], Answer]
"""Takes an answer that is whole and gives back one that is not."""


def whole_answer(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Make an answer of known size, sent in two halves so that it can break in the middle.

    Args:
        body: the bytes.
        status: the HTTP status.
        headers: those of the answer, without the length.

    Returns:
        The answer.
    """
    middle = len(body) // 2
    steps = tuple(Piece(half) for half in (body[:middle], body[middle:]) if half)
    return Answer(status=status, headers=headers or {}, steps=steps, length=len(body))


def json_answer(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Make an answer of JSON.

    Args:
        body: what is to be encoded.
        status: the HTTP status.
        headers: more than the content type.

    Returns:
        The answer.
    """
    kind = {"content-type": "application/json; charset=utf-8"}
    return whole_answer(to_json(body), status=status, headers=kind | dict(headers or {}))


def stream_answer(
    events: Iterable[bytes], *, pace_s: float = 0, headers: Mapping[str, str] | None = None
) -> Answer:
    """Make a stream of server-sent events.

    Args:
        events: each with its empty line, ready to send.
        pace_s: the pause before each event but the first.
        headers: more than the content type.

    Returns:
        The answer, in chunks.
    """
    steps: list[Step] = []
    for event in events:
        if pace_s and steps:
            steps.append(Pause(pace_s))
        steps.append(Piece(event))
    kind = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return Answer(headers=kind | dict(headers or {}), steps=tuple(steps))


def to_json(value: object) -> bytes:
    """Encode as both APIs do: compact, letters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def split_words(text: str | Sequence[str]) -> tuple[str, ...]:
    """Cut a text into words with the space after them; a sequence stays as it is cut."""
    return tuple(re.findall(r"\s*\S+\s*", text) or [text]) if isinstance(text, str) else tuple(text)


def reset_after(pieces: int) -> Break:
    """Tear the connection down after so many pieces; negative counts from the end."""
    return lambda answer: _end_with(answer, pieces, Reset())


def stall_after(pieces: int) -> Break:
    """Fall silent after so many pieces; negative counts from the end."""
    return lambda answer: _end_with(answer, pieces, Stall())


def hang_up_after(pieces: int) -> Break:
    """Close the connection after so many pieces; negative counts from the end."""
    return lambda answer: _end_with(answer, pieces, HangUp())


def end_after(pieces: int) -> Break:
    """End the body as if it were whole, after so many pieces; negative counts from the end."""
    return lambda answer: _end_with(answer, pieces)


def insert_after(pieces: int, *raw: bytes) -> Break:
    """Slip bytes in after so many pieces of a stream; a body of known size stays as it is."""

    def insert(answer: Answer) -> Answer:
        if not answer.streamed:
            return answer
        place = _place(answer, pieces)
        steps = (*answer.steps[:place], *map(Piece, raw), *answer.steps[place:])
        return replace(answer, steps=steps)

    return insert


def truncate_after(pieces: int) -> Break:
    """End the body in good order in the middle of the piece that follows so many."""

    def truncate(answer: Answer) -> Answer:
        kept = answer.steps[: _place(answer, pieces)]
        following = [step for step in answer.steps[len(kept) :] if isinstance(step, Piece)]
        half = following[0].data[: len(following[0].data) // 2]
        length = None if answer.streamed else _size(kept) + len(half)
        return replace(answer, steps=(*kept, Piece(half)), length=length)

    return truncate


def split_every(size_bytes: int) -> Break:
    """Send a stream in chunks of at most so many bytes, wherever that cuts."""
    return lambda answer: replace(answer, split=size_bytes)


def instead(step: Stall | Reset | HangUp) -> Break:
    """Let something happen instead of any answer."""
    return lambda answer: replace(answer, before=step)


def later(seconds: float) -> Break:
    """Let the body begin later; the head comes at once."""
    return lambda answer: replace(answer, steps=(Pause(seconds), *answer.steps))


def midway(make: Callable[[int], Break]) -> Break:
    """Break an answer when half of its pieces are sent: `midway(reset_after)`."""

    def break_midway(answer: Answer) -> Answer:
        pieces = sum(isinstance(step, Piece) for step in answer.steps)
        return make(pieces // 2)(answer)

    return break_midway


def add_fields(**fields: object) -> Break:
    """Add fields to a JSON body of known size; a stream stays as it is."""

    def add(answer: Answer) -> Answer:
        if answer.streamed:
            return answer
        body = b"".join(step.data for step in answer.steps if isinstance(step, Piece))
        more = json_answer(json.loads(body) | fields)
        return replace(answer, steps=more.steps, length=more.length)

    return add


def relabel(content_type: str) -> Break:
    """Send an answer under another content type."""
    return lambda answer: replace(answer, headers={**answer.headers, "content-type": content_type})


def both(*breaks: Break) -> Break:
    """Break an answer in several ways, one after the other."""

    def break_all(answer: Answer) -> Answer:
        for one in breaks:
            answer = one(answer)
        return answer

    return break_all


UNBROKEN: Break = both()
"""Leaves an answer as it is."""


def _end_with(answer: Answer, pieces: int, *last: Step) -> Answer:
    """Keep so many pieces, then do something else. A promised length stays promised."""
    return replace(answer, steps=(*answer.steps[: _place(answer, pieces)], *last))


def _place(answer: Answer, pieces: int) -> int:
    """Return how many steps hold the first so many pieces.

    Raises:
        ValueError: the answer has fewer pieces.
    """
    ends = [number for number, step in enumerate(answer.steps, 1) if isinstance(step, Piece)]
    kept = len(ends) if pieces == ALL else pieces if pieces >= 0 else len(ends) + pieces
    if not 0 <= kept <= len(ends):
        message = f"the answer has {len(ends)} pieces: it can't break after {pieces}"
        raise ValueError(message)
    return ends[kept - 1] if kept else 0


def _size(steps: Iterable[Step]) -> int:
    """Return how many bytes the steps send."""
    return sum(len(step.data) for step in steps if isinstance(step, Piece))
