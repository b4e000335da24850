"""A text in named sections, whole or while it is still being written."""

import re
from collections.abc import Iterator, Sequence

from streamlit.delta_generator import DeltaGenerator

from promptflow.instructions import split_sections
from promptflow.ui.plain import as_markdown, as_markdown_piece

_MAY_BE_HEADING = re.compile(r"^[ \t]*(#|\*\*|\*\Z)[^\n]*\Z", re.MULTILINE)


def draw_sections(place: DeltaGenerator, text: str) -> None:
    """Draw a text in its sections.

    Args:
        place: a container of its own.
        text: what a model wrote, whole or as far as it is there.
    """
    for heading, body in split_sections(text):
        _draw_heading(place, heading)
        place.text(body)


def stream_sections(place: DeltaGenerator, outputs: Iterator[str]) -> None:
    """Write a text in its sections as it grows, until there is no more of it.

    Args:
        place: a container of its own.
        outputs: the whole text so far, again and again; it only grows.
    """
    growing = _Growing(outputs)
    index = 0
    while growing.reaches(index):
        _draw_heading(place, growing.sections[index][0])
        place.write_stream(growing.pieces(index))
        index += 1


class _Growing:
    """The sections of a text that grows at its end."""

    def __init__(self, outputs: Iterator[str]) -> None:
        self._outputs = outputs
        self.sections: Sequence[tuple[str, str]] = ()

    def reaches(self, index: int) -> bool:
        """Wait until a section has begun; say whether it has."""
        while len(self.sections) <= index:
            if not self._grow():
                return False
        return True

    def pieces(self, index: int) -> Iterator[str]:
        """Yield the body of a section, piece by piece, until the next one begins."""
        said = 0
        while True:
            body = self.sections[index][1]
            if len(body) > said:
                yield as_markdown_piece(body[said:])
                said = len(body)
            if len(self.sections) > index + 1 or not self._grow():
                return

    def _grow(self) -> bool:
        output = next(self._outputs, None)
        if output is None:
            return False
        # A line that may become a heading is told when it is whole: nothing said is taken back.
        self.sections = split_sections(_MAY_BE_HEADING.sub("", output))
        return True


def _draw_heading(place: DeltaGenerator, heading: str) -> None:
    if heading:
        place.markdown(f"**{as_markdown(heading)}**")
