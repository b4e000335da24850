"""What a person may write on a generation or a picture: mended where it can be, else told. Floor 3."""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from promptflow.errors import InputError
from promptflow.records import Labels
from promptflow.wording import mend_text

Kind = Literal["generation", "picture"]
"""What can have a title, a note and tags, and can be deleted."""

TITLE_CHARS, NOTE_CHARS, TAG_CHARS, MOST_TAGS = 80, 4_000, 40, 20
_EXCERPT_CHARS = 40


def clean_labels(title: str, note: str, tags: Sequence[str]) -> Labels:
    """Bring what was typed into the form in which it is kept.

    Args:
        title: anything; white space of every kind becomes single spaces.
        note: anything; its lines stay.
        tags: anything; in lower case, so that no two differ in that alone. What is empty is left out.

    Returns:
        The same without control characters and half surrogate pairs.

    Raises:
        InputError: something is too long, or there are too many tags; it names the field.
    """
    return Labels(title=_clean_title(title), note=_clean_note(note), tags=clean_tags(tags))


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Bring tags into the form in which they are kept.

    Args:
        tags: anything.

    Returns:
        In lower case, each once, in the order of the alphabet.

    Raises:
        InputError: one is too long, or there are too many.
    """
    cleaned = sorted({tag for one in tags if (tag := _clean_line(one).casefold())})
    for tag in cleaned:
        if len(tag) > TAG_CHARS:
            message = (
                f"The tag {_cut(tag)} has {len(tag):,} characters; {TAG_CHARS} are the most. "
                "Shorten it."
            )
            raise InputError("tags", message)
    if len(cleaned) > MOST_TAGS:
        message = f"There are {len(cleaned)} tags; {MOST_TAGS} are the most. Take some away."
        raise InputError("tags", message)
    return tuple(cleaned)


def _clean_title(title: str) -> str:
    cleaned = _clean_line(title)
    if len(cleaned) > TITLE_CHARS:
        message = (
            f"The title {_cut(cleaned)} has {len(cleaned):,} characters; {TITLE_CHARS} are the most. "
            "Shorten it."
        )
        raise InputError("title", message)
    return cleaned


def _clean_note(note: str) -> str:
    lines = mend_text(note).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cleaned = "\n".join(map(_drop_controls, lines)).strip()
    if len(cleaned) > NOTE_CHARS:
        message = (
            f"The note has {len(cleaned):,} characters; {NOTE_CHARS:,} are the most. Shorten it."
        )
        raise InputError("note", message)
    return cleaned


def _clean_line(text: str) -> str:
    return " ".join(_drop_controls(mend_text(text)).split())


def _drop_controls(text: str) -> str:
    """Replace control characters; those that join emoji and turn directions are none."""
    return "".join(" " if unicodedata.category(mark) == "Cc" else mark for mark in text)


def _cut(text: str) -> str:
    return repr(text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS]}…")
