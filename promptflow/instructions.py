"""What each stage is told, and how its thinking is taken apart to be shown. Floor 3.

The texts are shipped data, in `data/instructions/`; this module reads them once and hands them out.
Which sections a stage gets besides is the pipeline's business.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptflow.errors import SetupError
from promptflow.records import Stage

_GUIDANCE_FOLDER = "image_models"
_DEFAULT_GUIDANCE = "default"
_HEADING_MARKS = ("# ", "## ", "### ")
_BOLD_LINE = re.compile(r"\*\*([^*]+)\*\*:?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """The texts of all stages."""

    stages: Mapping[Stage, str]
    guidance: Mapping[str, str]
    """Image model id → what it is good at and how to write for it."""
    default_guidance: str
    """For image models without any of their own."""

    def for_stage(
        self, stage: Stage, image_model: str | None = None, *, instead: str | None = None
    ) -> str:
        """Return what a language model is told for one call.

        Args:
            stage: the kind of call.
            image_model: for prompt construction, the id of the image model to write for; other
                stages pass it over.
            instead: what takes the place of the stage's own text.

        Returns:
            The stage's text; for prompt construction with the guidance for the image model at its
            end, or the general one where it has none.
        """
        text = self.stages[stage] if instead is None else instead
        if stage is not Stage.PROMPT_CONSTRUCTION:
            return text
        advice = self.guidance.get(image_model or "", self.default_guidance)
        name = f" `{image_model}`" if image_model else ""
        return f"{text}\n\n# The image model{name}\n\n{advice}"


def read_instructions(folder: Path) -> Instructions:
    """Read all stage texts.

    Args:
        folder: holds one ``<stage>.md`` per stage and, in ``image_models/``, ``default.md`` and one
            ``<image model id>.md`` for each model that has guidance of its own.

    Returns:
        The texts, stripped.

    Raises:
        SetupError: a file is missing, unreadable or empty; it says which.
    """
    guidance_folder = folder / _GUIDANCE_FOLDER
    default_guidance = _read_text(guidance_folder / f"{_DEFAULT_GUIDANCE}.md")
    own = (path for path in guidance_folder.glob("*.md") if path.stem != _DEFAULT_GUIDANCE)
    return Instructions(
        stages={stage: _read_text(folder / f"{stage.value}.md") for stage in Stage},
        guidance={path.stem: _read_text(path) for path in sorted(own)},
        default_guidance=default_guidance,
    )


def split_sections(text: str) -> tuple[tuple[str, str], ...]:
    """Take a text apart at its headings.

    A heading is a line that starts with one to three ``#`` and a space, or is wholly bold.

    Args:
        text: what a model wrote, whole or still growing.

    Returns:
        (heading, body) in order, both stripped, the heading without its marks. Text before the
        first heading has the heading "". A heading without a body is kept; a blank text is ().
    """
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in text.replace("\r\n", "\n").split("\n"):
        heading = _heading(line)
        if heading:
            sections.append((heading, []))
        else:
            sections[-1][1].append(line)
    joined = ((heading, "\n".join(lines).strip()) for heading, lines in sections)
    return tuple((heading, body) for heading, body in joined if heading or body)


def _heading(line: str) -> str:
    """Return the words of a heading; "" for any other line."""
    words = line.partition(" ")[2].strip() if line.startswith(_HEADING_MARKS) else ""
    bold = _BOLD_LINE.fullmatch(words or line.strip())
    if bold:
        words = bold[1]
    return words.strip().removesuffix(":").rstrip()


def _read_text(path: Path) -> str:
    try:
        text = path.read_text("utf-8-sig").strip()
    except FileNotFoundError as error:
        message = f"The instructions {str(path)!r} are missing. Restore the file from the project."
        raise SetupError(message) from error
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"The instructions {str(path)!r} can't be read: UTF-8 text was expected. Check the"
            " file's encoding and permissions, or restore it from the project."
        )
        raise SetupError(message) from error
    if not text:
        message = f"The instructions {str(path)!r} are empty. Restore the file from the project."
        raise SetupError(message)
    return text
