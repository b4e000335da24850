"""Two texts compared word by word, and the comparison written as Markdown that shows words only."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from promptflow.ui.plain import as_markdown_piece

MOST_WORDS = 3_000
"""Words of each text that are compared: the comparison takes longer by the square."""
_WORD = re.compile(r"(\w+(?:['\u2019-]\w+)*|[^\w\s])(\s*)")


class Change(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words that follow one another and share their fate."""

    change: Change
    text: str
    words: int
    """How many; marks like commas count as well."""


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """Compare two texts word by word.

    Args:
        before: the older text; what is beyond `MOST_WORDS` words is left out.
        after: the newer one, likewise.

    Returns:
        Pieces in order, what is gone before what is new in its place. White space is shown and not
        compared; those kept have the newer text's.
    """
    old, new = _split(before), _split(after)
    # With `autojunk`, which it has by itself: without it a text of one word over and over takes minutes.
    matcher = SequenceMatcher(None, [word for word, _ in old], [word for word, _ in new])
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(_piece(Change.KEPT, new[new_from:new_to]))
            continue
        if old_to > old_from:
            pieces.append(_piece(Change.GONE, old[old_from:old_to]))
        if new_to > new_from:
            pieces.append(_piece(Change.NEW, new[new_from:new_to]))
    return tuple(pieces)


def render_comparison(pieces: Sequence[Piece]) -> str:
    """Write a comparison as Markdown.

    Nothing of the texts is markup: `as_markdown_piece` escapes every mark, wherever a text was cut. The
    marks around it are ours: what is gone is red and struck through, what is new is green and begins
    with a plus sign, so that it can be told without colours.

    Args:
        pieces: as `compare_words` returns them.
    """
    return "".join(_render(piece) for piece in pieces)


def _split(text: str) -> list[tuple[str, str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    found = _WORD.finditer(lines)
    return [(one[1], one[2]) for one, _ in zip(found, range(MOST_WORDS), strict=False)]


def _piece(change: Change, words: Sequence[tuple[str, str]]) -> Piece:
    return Piece(
        change=change, text="".join(word + space for word, space in words), words=len(words)
    )


def _render(piece: Piece) -> str:
    if piece.change is Change.KEPT:
        return as_markdown_piece(piece.text)
    return "".join(_render_changed(piece.change, line) for line in _lines(piece.text))


def _lines(text: str) -> Iterator[str]:
    """Cut a text before each white space that has a line break in it, and after it."""
    yield from (part for part in re.split(r"(\s*\n\s*)", text) if part)


def _render_changed(change: Change, line: str) -> str:
    """Mark one line: a mark around a line break would not be taken for one."""
    words = line.rstrip()
    space = as_markdown_piece(line[len(words) :])
    if not words:
        return space
    shown = as_markdown_piece(words)
    if change is Change.GONE:
        return f":red-background[~~{shown}~~]{space}"
    return f":green-background[**\\+{shown}**]{space}"
