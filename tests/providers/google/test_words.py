"""Other people's words, made fit for a message."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.providers.google.words import MAX_CHARS, check_id, quote

_KEY = "unusual-key-0123456789"


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("Slow down.", "Slow down."),
        ("two\n  lines\there", "two lines here"),
        (f"key {_KEY}!", "key [key]!"),
        ("key AIzaSyA-0123456789_x and sk-0123456789", "key [key] and [key]"),
        ("see https://a.example/b?key=1&x=2 there", "see https://a.example/b there"),
        ("see https://a.example/b#token=1.", "see https://a.example/b"),
        ("<html><body>Bad gateway", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_words_are_quoted(words: object, quoted: str) -> None:
    """Words stand on one line, without keys, queries and pages of HTML."""
    assert quote(words, key=_KEY) == quoted


def test_long_words_are_cut() -> None:
    """At most 200 characters are quoted, and the cut is seen."""
    assert quote("x" * 500, key=_KEY) == "x" * 199 + "…"


@settings(deadline=None)
@given(before=st.text(), after=st.text())
def test_key_is_never_quoted(before: str, after: str) -> None:
    """Wherever the key stands, even across the cut, it is not in the quotation."""
    quoted = quote(f"{before}{_KEY}{after}", key=_KEY)

    assert _KEY not in quoted
    assert len(quoted) <= MAX_CHARS


@settings(deadline=None)
@given(st.text())
def test_without_a_key_there_is_nothing_to_hide(words: str) -> None:
    """An empty key is not looked for."""
    assert len(quote(words, key="")) <= MAX_CHARS


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("resp-7_A.b:c=/+", "resp-7_A.b:c=/+"),
        ("x" * 100, "x" * 100),
        ("x" * 101, None),
        ("", None),
        (None, None),
        (7, None),
        ("two words", None),
        ("<b>", None),
        ("a\n", None),
        ("ä", None),
        (f"req-{_KEY}", None),
        ("AIzaSyA-0123456789_x", None),
    ],
)
def test_id_is_kept_if_it_is_one(given: object, kept: str | None) -> None:
    """An id is short, without blanks, and holds no key; anything else is none."""
    assert check_id(given, key=_KEY) == kept
