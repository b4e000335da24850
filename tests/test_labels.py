"""What may be written on a generation or picture: what is mended, and what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.errors import InputError
from promptflow.labels import MOST_TAGS, NOTE_CHARS, TAG_CHARS, TITLE_CHARS, clean_labels

ANY_TEXT = st.text(st.characters(), max_size=30)


def test_what_can_be_mended_is_mended() -> None:
    """White space is trimmed, control characters go, lines of a note stay, tags are in lower case."""
    labels = clean_labels(
        " A\tfox\n\x00 at  dusk ", "\r\none\rtwo\x07\n ", ["  Red  Fox", "red fox", ""]
    )

    assert labels.title == "A fox at dusk"
    assert labels.note == "one\ntwo"
    assert labels.tags == ("red fox",)


def test_joined_emoji_and_other_scripts_stay_whole() -> None:
    """A family of emoji is held together by signs that no one sees, and they are kept."""
    family = "👨\u200d👩\u200d👧 שלום"

    assert clean_labels(family, family, [family]).title == family


@pytest.mark.parametrize(
    ("title", "note", "tags", "field", "said"),
    [
        ("x" * (TITLE_CHARS + 1), "", [], "title", "has 81 characters; 80 are the most"),
        ("", "x" * (NOTE_CHARS + 1), [], "note", "has 4,001 characters; 4,000 are the most"),
        ("", "", ["x" * (TAG_CHARS + 1)], "tags", "has 41 characters; 40 are the most"),
        ("", "", [str(n) for n in range(MOST_TAGS + 1)], "tags", "There are 21 tags; 20 are the"),
    ],
)
def test_what_is_too_much_is_told(
    title: str, note: str, tags: list[str], field: str, said: str
) -> None:
    """A sentence names the field, says how much it is, and how much there may be."""
    with pytest.raises(InputError, match=said) as caught:
        clean_labels(title, note, tags)

    assert caught.value.field == field


def test_what_just_fits_is_taken() -> None:
    """The bounds themselves are within."""
    labels = clean_labels(
        "x" * TITLE_CHARS, "x" * NOTE_CHARS, [f"{n:040}" for n in range(MOST_TAGS)]
    )

    assert (len(labels.title), len(labels.note), len(labels.tags)) == (80, 4_000, 20)


@given(title=ANY_TEXT, note=ANY_TEXT, tags=st.lists(ANY_TEXT, max_size=5))
def test_what_is_clean_stays_as_it_is(title: str, note: str, tags: list[str]) -> None:
    """Cleaning twice is cleaning once, and what is clean can be stored."""
    once = clean_labels(title, note, tags)

    assert clean_labels(once.title, once.note, once.tags) == once
    assert "\x00" not in once.title + once.note + "".join(once.tags)
    (once.title + once.note + "".join(once.tags)).encode()
