"""Two texts compared word by word, written so that words stay words."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promptflow.ui.lineage.diff import (
    MOST_WORDS,
    Change,
    Piece,
    compare_words,
    render_comparison,
)

JOINER = "\N{WORD JOINER}"
PUNCTUATION = re.escape(string.punctuation)
OURS = re.compile(r":(?:green|red)-background\[(?:\*\*\\\+|~~)((?:\\.|[^\\*~\]])*)(?:\*\*|~~)\]")
"""The marks around changed words. Within them each mark has a backslash before it."""

marks = st.sampled_from([*string.punctuation, " ", "\n", "\r\n", "a", "b", "Ü", "don't", "日"])
finds = st.sampled_from(["https://a.b", "WWW.", "a@b.c", ":streamlit:", "<->", "]", "**", "~~"])
texts = st.lists(marks | finds, max_size=20).map("".join)


def _words(text: str) -> str:
    return "".join(text.split())


@given(before=texts, after=texts)
def test_both_texts_are_in_the_pieces(before: str, after: str) -> None:
    """What is kept and gone is the older text, what is kept and new the newer one, but for spaces."""
    pieces = compare_words(before, after)

    kept_new = "".join(one.text for one in pieces if one.change is not Change.GONE)
    kept_gone = "".join(one.text for one in pieces if one.change is not Change.NEW)
    assert _words(kept_new) == _words(after)
    assert _words(kept_gone) == _words(before)


@given(texts)
def test_equal_texts_are_kept_whole(text: str) -> None:
    """A text compared with itself has nothing new and nothing gone."""
    assert {one.change for one in compare_words(text, text)} <= {Change.KEPT}


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", []),
        ("a fox", "a red fox", [("kept", "a "), ("new", "red "), ("kept", "fox")]),
        ("a red fox", "a fox", [("kept", "a "), ("gone", "red "), ("kept", "fox")]),
        ("a fox.", "a dog.", [("kept", "a "), ("gone", "fox"), ("new", "dog"), ("kept", ".")]),
        ("it  is", "it\nis", [("kept", "it\nis")]),
        ("don't", "do", [("gone", "don't"), ("new", "do")]),
    ],
)
def test_words_are_compared(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    """Words and marks are compared; spaces between them are not."""
    assert [(one.change, one.text) for one in compare_words(before, after)] == pieces


def test_changes_are_told_by_colour_and_sign() -> None:
    """What is new is green and bold behind a plus sign, what is gone red and struck through."""
    written = render_comparison(compare_words("a red fox", "a fox here")).replace(JOINER, "")

    assert written == "a :red-background[~~red~~] fox :green-background[**\\+here**]"


def test_changed_lines_are_marked_one_by_one() -> None:
    """No mark goes around a line break, where it would not be taken for one."""
    written = render_comparison(compare_words("", "one\n\ntwo")).replace(JOINER, "")

    assert written == ":green-background[**\\+one**]  \n  \n:green-background[**\\+two**]"


@given(before=texts, after=texts)
def test_no_mark_of_a_text_is_bare(before: str, after: str) -> None:
    """Without our own marks around changed words, every mark has a backslash before it."""
    rest = OURS.sub(r"\1", render_comparison(compare_words(before, after)).replace(JOINER, ""))

    assert not re.search(rf"[{PUNCTUATION}]", re.sub(rf"\\[{PUNCTUATION}]", "", rest))


@given(before=texts, after=texts)
def test_a_parser_finds_no_element_of_a_text(before: str, after: str) -> None:
    """A Markdown parser makes paragraphs, line breaks, bold and struck text of it, and nothing else."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(render_comparison(compare_words(before, after)))
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or ()
    }

    assert kinds <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "hardbreak", "softbreak"),
        *("strong_open", "strong_close", "s_open", "s_close"),
    }


def test_endless_texts_are_compared_as_far_as_is_quick() -> None:
    """A text of one word over and over is cut, and compared without waiting for minutes."""
    pieces = compare_words("a " * 50_000, "a b " * 50_000)

    assert sum(one.words for one in pieces if one.change is not Change.NEW) == MOST_WORDS
    assert sum(one.words for one in pieces if one.change is not Change.GONE) == MOST_WORDS


def test_piece_counts_its_words() -> None:
    """Marks count as words do."""
    [piece] = compare_words("", "Rain, wind.")

    assert piece == Piece(change=Change.NEW, text="Rain, wind.", words=4)
