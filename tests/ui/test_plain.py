"""Text that isn't ours, shown as the text it is."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.ui.plain import as_label, as_markdown, as_markdown_piece, as_message, as_words

JOINER = "\N{WORD JOINER}"
PUNCTUATION = re.escape(string.punctuation)

# Rich in what Markdown, Streamlit and its browser side look for.
marks = st.sampled_from(
    [*string.punctuation, " ", "    ", "\t", "\n", "\r\n", "1. ", "a", "Ü", "日"]
)
finds = st.sampled_from(["https://a.b", "WWW.", "a@b.c", ":streamlit:", "<->", "--", ">=", "~="])
texts = (
    st.lists(marks | finds | st.text(max_size=3), max_size=20)
    .map("".join)
    .filter(lambda text: JOINER not in text)
)


def _shown(markdown: str) -> str:
    """Read Markdown back as the text that it shows."""
    lines = markdown.replace(JOINER, "").replace("  \n", "\n")
    return re.sub(rf"\\([{PUNCTUATION}])", r"\1", lines)


def _lines(text: str) -> str:
    """Make every line end a line feed, as a page has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(texts)
def test_markdown_shows_the_text_itself(text: str) -> None:
    """Without the marks that keep it plain, what is written is the text."""
    assert _shown(as_markdown(text)) == _lines(text)


@given(texts)
def test_pieces_put_together_show_the_whole(text: str) -> None:
    """However a text is cut, its pieces show the same as the whole."""
    cuts = [text[start : start + 3] for start in range(0, len(text), 3)]

    together = "".join(as_markdown_piece(piece) for piece in cuts)

    assert _shown(together) == text.replace("\r", "")
    assert together == as_markdown_piece(text)


@given(texts.filter(lambda text: "\r" not in text))
def test_pieces_and_whole_differ_in_joiners_only(text: str) -> None:
    """Both ways of writing a text escape the same marks."""
    assert as_markdown_piece(text).replace(JOINER, "") == as_markdown(text).replace(JOINER, "")


@given(texts)
def test_every_mark_is_escaped(text: str) -> None:
    """No mark that Markdown could act on is left bare."""
    for written in (as_markdown(text), as_markdown_piece(text)):
        assert not re.search(rf"[{PUNCTUATION}]", re.sub(rf"\\[{PUNCTUATION}]", "", written))


@given(texts)
def test_no_line_is_indented_code(text: str) -> None:
    """No line within a text begins with white space, which would make it code."""
    inner = [*as_markdown(text).split("\n"), *as_markdown_piece(text).split("\n")[1:]]

    assert not [line for line in inner if line.startswith((" ", "\t")) and line.strip()]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("a *b* _c_ `d`", r"a \*b\* \_c\_ \`d\`"),
        ("$40 and $x^2$", r"\$40 and \$x\^2\$"),
        ("<b>bold</b> &amp;", r"\<b\>bold\<\/b\> \&amp\;"),
        ("![x](y.png)", r"\!\[x\]\(y\.png\)"),
        (":material/home:", r"\:material\/home\:"),
        ("# not a heading", r"\# not a heading"),
        ("1. not a list", r"1\. not a list"),
        ("two\nlines", "two  \nlines"),
        ("two\r\nlines\rmore", "two  \nlines  \nmore"),
        ("    not code", f"{JOINER}    not code"),
        ("a\n\n\tnot code", f"a  \n  \n{JOINER}\tnot code"),
    ],
)
def test_markdown_of_what_is_looked_for(text: str, markdown: str) -> None:
    """What a person or model may write, exactly as it is handed to Streamlit."""
    assert as_markdown(text) == markdown


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://a.example", ["h", "ttps"]),
        ("HTTP://a.example", ["H", "TTP"]),
        ("www.a.example", ["w", "ww"]),
        ("me@a.example", ["me", r"\@a"]),
        (":streamlit:", [r"\:", r"streamlit\:"]),
        ("a -> b", [r"a \-", r"\> b"]),
        ("a <- b", [r"a \<", r"\- b"]),
        ("a -- b", [r"a \-", r"\- b"]),
        ("a >= b", [r"a \>", r"\= b"]),
        ("a <= b", [r"a \<", r"\= b"]),
        ("a ~= b", [r"a \~", r"\= b"]),
    ],
)
def test_what_streamlit_finds_in_text_is_kept_apart(text: str, parts: list[str]) -> None:
    """A word joiner stands within each thing that is looked for in what the parser left as text."""
    assert JOINER.join(parts) in as_markdown(text)


@pytest.mark.parametrize(
    "text", ["https://a.example", "www.a.example", "me@a.example", ":streamlit:", "->", "<-", "~="]
)
def test_pieces_keep_apart_what_lies_across_a_cut(text: str) -> None:
    """Cut into single characters, nothing that is looked for is found in what comes together."""
    together = "".join(as_markdown_piece(sign) for sign in text).replace("\\", "")

    assert JOINER in together
    assert not re.search(r"https?:|www\.|\w@|:streamlit:|<-|->|~=", together)


@pytest.mark.parametrize(
    ("text", "limit", "label"),
    [
        ("  two\n\twords ", 80, "two words"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abcd efg", 6, "abcd…"),
        ("*a*", 80, r"\*a\*"),
        ("", 80, ""),
    ],
)
def test_label_is_one_line_of_limited_length(text: str, limit: int, label: str) -> None:
    """White space becomes single spaces, and what is too long ends in an ellipsis."""
    assert as_label(text, limit=limit) == label


@given(text=texts, limit=st.integers(2, 100))
def test_label_shows_at_most_its_limit(text: str, limit: int) -> None:
    """However long a text is, its label shows one line of so many characters at most."""
    shown = _shown(as_label(text, limit=limit))

    assert len(shown) <= limit
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("text", "limit", "words"),
    [
        ("An otter, who paints", 80, "An otter, who paints"),
        (
            "**b** ![x](http://a.example/x.png)\n:material/home:",
            80,
            "b x http a example x png material home",
        ),
        ("it's 日本 é", 80, "it's 日本 é"),
        ("one two three", 8, "one two…"),
    ],
)
def test_words_are_the_text_without_marks(text: str, limit: int, words: str) -> None:
    """Of a text its words are left, on one line, and cut where it is long."""
    assert as_words(text, limit=limit) == words


@given(texts)
def test_words_read_the_same_as_markdown_and_as_text(text: str) -> None:
    """Nothing in them is markup, so that Markdown shows them as they are written."""
    assert set(as_words(text)) & set(string.punctuation) <= {"'", ","}


def test_message_sets_the_help_pages_it_names_as_code() -> None:
    """An address at a provider's own site can be copied as it is, and is no link."""
    said = as_message("Make a key at https://platform.openai.com/api-keys. *Now*")

    assert "`https://platform.openai.com/api-keys`" in said
    assert "\\*Now\\*" in said


@pytest.mark.parametrize(
    "address",
    [
        "https://platform.openai.com.evil.example",
        "https://platform.openai.com/x?next=https://evil.example",
        "https://platform.openai.com@evil.example",
        "http://platform.openai.com/api-keys",
        "https://evil.example/https://status.openai.com",
        "https://status.openai.com`",
    ],
)
def test_message_leaves_any_other_address_alone(address: str) -> None:
    """Any other address, however like one of those, stays text."""
    assert as_message(f"See {address} now") == as_markdown(f"See {address} now")
