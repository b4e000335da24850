"""File names of downloads, in any script and with any tricks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.storage.dispositions import make_disposition


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("a fox.png", 'attachment; filename="a fox.png"'),
        ('a "fox".png', 'attachment; filename="a _fox_.png"'),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("a\r\nSet-Cookie: x=1.png", 'attachment; filename="a_Set-Cookie_ x=1.png"'),
        ("100%.png", 'attachment; filename="100_.png"'),
        ("", 'attachment; filename="picture"'),
        (" .. ", 'attachment; filename="picture"'),
        (
            "füchsin.webp",
            "attachment; filename=\"f_chsin.webp\"; filename*=UTF-8''f%C3%BCchsin.webp",
        ),
        ("gpj.\u202egnp", 'attachment; filename="gpj._gnp"'),
    ],
)
def test_a_name_becomes_a_header(filename: str, header: str) -> None:
    """What can't be part of a name is replaced; letters beyond ASCII are said a second time."""
    assert make_disposition(filename) == header


def test_a_long_name_keeps_its_ending() -> None:
    """A name that is too long is cut before its extension."""
    assert make_disposition("x" * 500 + ".png") == f'attachment; filename="{"x" * 120}.png"'


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_makes_one_sendable_header(filename: str) -> None:
    """Whatever the name, the header is printable ASCII with one quoted name."""
    header = make_disposition(filename)

    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert len(header) < 2_000
