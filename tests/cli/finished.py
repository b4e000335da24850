"""Generations made by the command line, in a process of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cli.document import Document

EVERYTHING = "شمس 🦊👨‍👩‍👧 **bold** <script>alert(1)</script> $\\frac{a}{b}$ `x` [a](b) „é“\nחתל "
"""Right-to-left, emoji, Markdown, HTML, LaTeX and a line break."""
LONGEST = (EVERYTHING * 70)[:3_999] + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A generation made by the command line."""

    folder: Path
    done: subprocess.CompletedProcess[bytes]

    @property
    def document(self) -> Document:
        """What it printed."""
        return Document.model_validate_json(self.done.stdout)

    @property
    def told(self) -> str:
        """What it said on stderr."""
        return self.done.stderr.decode()

    @property
    def generation_id(self) -> str:
        """As stderr told it at the very beginning."""
        return self.told.split()[1]
