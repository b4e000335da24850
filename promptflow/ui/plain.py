"""Text that isn't ours, shown as the text it is.

`st.text` parses nothing and is used wherever it can be. Labels, alerts and `st.write_stream` parse
Markdown, and there a backslash is not enough: Streamlit finds bare addresses, ``:streamlit:`` and
arrows in what the parser leaves as text (seen in Streamlit 1.67 in a browser). A word joiner, which
has no width and breaks no line, keeps those from being found, and indented lines from being code.
"""

import re
import string

_JOINER = "\N{WORD JOINER}"
_FOUND = re.compile(r"https?:|www\.|@|:streamlit:|<-|->|--|>=|<=|~=", re.IGNORECASE)
"""What Streamlit finds in plain text, or its beginning."""
_IN_FOUND = frozenset(".:@->=~")
"""The marks without which none of it can be found."""
_PAGE = re.compile(
    r"(?<![^\s(])https://(?:(?:platform|developers|status)\.openai\.com|aistudio\.google\.com)(?:/[\w-]+)*"
    r"(?=[.,;:)]*(?:\s|$))"
)
"""The help pages that errors name: whole addresses at the providers' own sites, without a query."""
_INDENT = re.compile(r"^(?=[ \t])", re.MULTILINE)

_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in string.punctuation} | {"\n": "  \n"})
_MARKS = dict.fromkeys(map(ord, set(string.punctuation) - set("',")), " ")
_PIECE_ESCAPES = (
    _ESCAPES
    | {ord(mark): f"{_JOINER}\\{mark}" for mark in _IN_FOUND}
    | {ord("\n"): f"  \n{_JOINER}", ord("\r"): ""}
)


def as_markdown(text: str) -> str:
    """Write Markdown that shows a text as it is, lines kept.

    Args:
        text: anything; every kind of line end counts as one.

    Returns:
        Markdown without any effect: no HTML, image, link, code, directive, emoji code or formula.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _FOUND.sub(_part, _INDENT.sub(_JOINER, lines)).translate(_ESCAPES)


def as_message(text: str) -> str:
    """Write Markdown that shows an error as it is, with the help pages it names fit to be copied.

    The joiners of `as_markdown` would be copied along and break an address. As code it needs none; it
    is no link, since an error may quote what a model or a person wrote.

    Args:
        text: an error's message.

    Returns:
        Markdown whose only effect is that these addresses are set as code.
    """
    written, at = "", 0
    for found in _PAGE.finditer(text):
        written += f"{as_markdown(text[at : found.start()])}`{found[0]}`"
        at = found.end()
    return written + as_markdown(text[at:])


def as_markdown_piece(piece: str) -> str:
    """Write Markdown for one piece of a text that comes in pieces.

    Args:
        piece: any part of a text, cut anywhere.

    Returns:
        Markdown that, put together with that of the other pieces, shows the text as it is. It holds
        more joiners than `as_markdown` needs, because what is to be kept apart may lie across a cut,
        and no carriage return, because its line feed may.
    """
    return piece.translate(_PIECE_ESCAPES)


def as_label(text: str, *, limit: int = 80) -> str:
    """Write a one-line label that shows a text as it is, cut where it is too long.

    Args:
        text: anything; white space and line breaks become single spaces.
        limit: characters of the text to show at most.

    Returns:
        Markdown fit for a label.
    """
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return as_markdown(line)


def as_words(text: str, *, limit: int = 80) -> str:
    """Write a one-line text without marks, for labels that are read out as they are written.

    Of a widget whose label is hidden, Streamlit tells screen readers the Markdown itself, backslashes
    and all (seen in 1.67).

    Args:
        text: anything; white space, line breaks and the marks of Markdown become single spaces.
        limit: characters to keep at most.

    Returns:
        Words that are no markup and need no escape.
    """
    line = " ".join(text.translate(_MARKS).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _part(found: re.Match[str]) -> str:
    return f"{found[0][0]}{_JOINER}{found[0][1:]}" if len(found[0]) > 1 else f"{_JOINER}{found[0]}"
