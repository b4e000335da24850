"""Text that isn't ours, shown as the text it is.

`st.text` parses nothing and is used wherever it can be. Labels, alerts and `st.write_stream` parse
Markdown, and there a backslash is not enough: Streamlit finds bare addresses, ``:streamlit:`` and
arrows in what the parser leaves as text (seen in Streamlit 1.67 in a browser). A word joiner, which
has no width and breaks no line, keeps those from being found.
"""

import string

_JOINER = "\N{WORD JOINER}"
_BROKEN = frozenset(".:@->=~<")
"""Characters that take part in something Streamlit finds in plain text."""
_ESCAPES = str.maketrans(
    {mark: f"{_JOINER if mark in _BROKEN else ''}\\{mark}" for mark in string.punctuation}
    | {"\n": "  \n"}
)


def as_markdown(text: str) -> str:
    """Write Markdown that shows a text as it is, lines kept.

    Works piece by piece too: the pieces of a text, each passed through and put together, show the
    text.

    Args:
        text: anything.

    Returns:
        Markdown without any effect: no HTML, image, link, directive, emoji code or formula.
    """
    return text.translate(_ESCAPES)


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
