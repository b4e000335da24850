"""What is known of the pictures, in one table that shows where they differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import streamlit as st

from promptflow.records import ImageParameters
from promptflow.ui.compare.compared import Compared
from promptflow.ui.gallery.filters import STATUS_WORDS
from promptflow.ui.labels import Names
from promptflow.ui.lineage.facts import ORIGIN_WORDS
from promptflow.ui.plain import as_label
from promptflow.view import ImageView, RunView
from promptflow.wording import format_age, format_duration, format_size, format_usd

_UNKNOWN = "–"
_MOST_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fact about all of the pictures."""

    name: str
    values: tuple[str, ...]
    """As the pictures lie; they may be anything."""

    @property
    def differs(self) -> bool:
        """Whether the pictures differ in it."""
        return len(set(self.values)) > 1


def draw_table(compared: Sequence[Compared], names: Names, now: datetime) -> None:
    """Draw the table.

    Args:
        compared: the pictures.
        names: model id → title.
        now: an aware datetime, for the ages.
    """
    rows = list_rows(compared, names, now)
    st.markdown(render_table([one.letter for one in compared], rows))
    if len(compared) > 1:
        differing = sum(row.differs for row in rows)
        st.caption(f"≠ marks what differs: {differing} of {len(rows)} rows.")


def list_rows(compared: Sequence[Compared], names: Names, now: datetime) -> list[Row]:
    """List what is known; what is known of none of them is left out.

    Args:
        compared: the pictures.
        names: model id → title.
        now: an aware datetime, for the ages.
    """
    rows = [*_painting_rows(compared, names), *_parameter_rows(compared), *_file_rows(compared)]
    ages = tuple(format_age(one.picture.created_at, now) for one in compared)
    rows += [*_bill_rows(compared), Row(name="Painted", values=ages)]
    return [row for row in rows if set(row.values) != {_UNKNOWN}]


def render_table(letters: Sequence[str], rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table; nothing of the values is markup.

    Args:
        letters: what the pictures go by.
        rows: what is known of them.
    """
    lines = [
        "| ".join(["", "\u2002", *letters, ""]),
        "|---" * (len(letters) + 1) + "|",
    ]
    for row in rows:
        values = [as_label(value, limit=_MOST_CHARS) for value in row.values]
        if row.differs:
            cells = [f"**{row.name}** ≠", *values]
        else:
            cells = [f":gray[{row.name}]", *(f":gray[{value}]" for value in values)]
        lines.append("| ".join(["", *cells, ""]))
    return "\n".join(lines)


def _painting_rows(compared: Sequence[Compared], names: Names) -> list[Row]:
    return [
        Row(name="Idea", values=tuple(one.picture.title for one in compared)),
        Row(name="Model", values=tuple(names(one.picture.image_model) for one in compared)),
        _of_runs(compared, "Version", lambda run: f"run {run.version}"),
        _of_runs(compared, "Prompt", lambda run: ORIGIN_WORDS[run.prompt_origin]),
        Row(
            name="Words by",
            values=tuple(
                names(one.view.request.text_model) if one.view else _UNKNOWN for one in compared
            ),
        ),
        Row(name="Run", values=tuple(STATUS_WORDS[one.picture.run_status] for one in compared)),
        _of_images(
            compared, "Seed", lambda image: _UNKNOWN if image.seed is None else str(image.seed)
        ),
    ]


def _parameter_rows(compared: Sequence[Compared]) -> list[Row]:
    rows = []
    for one in fields(ImageParameters):
        title = one.name.replace("_", " ").capitalize()
        rows.append(
            _of_runs(compared, f"{title}, asked", lambda run, n=one.name: _told(run.parameters, n))  # type: ignore[misc]  # a lambda's default has no type
        )
        rows.append(
            _of_images(
                compared,
                f"{title}, resolved",
                lambda image, n=one.name: _told(image.resolved, n),  # type: ignore[misc]  # likewise
            )
        )
    return rows


def _told(parameters: ImageParameters | None, name: str) -> str:
    value = getattr(parameters, name, None)
    return _UNKNOWN if value is None else str(value)


def _file_rows(compared: Sequence[Compared]) -> list[Row]:
    assets = [one.picture.asset for one in compared]
    return [
        Row(name="Shape asked", values=tuple(one.picture.aspect_ratio for one in compared)),
        Row(name="Pixels", values=tuple(f"{one.width_px} × {one.height_px}" for one in assets)),
        Row(
            name="File",
            values=tuple(f"{one.mime}, {format_size(one.size_bytes)}" for one in assets),
        ),
    ]


def _bill_rows(compared: Sequence[Compared]) -> list[Row]:
    first = _of_runs(
        compared,
        "First picture after",
        lambda run: format_duration(min(image.at_ms for image in run.images)),
    )
    this = _of_images(compared, "This picture after", lambda image: format_duration(image.at_ms))
    return [
        Row(
            name="Cost of the run",
            values=tuple(format_usd(one.picture.cost_micro_usd) for one in compared),
        ),
        _of_runs(compared, "Pictures of the run", lambda run: str(len(run.images))),
        first,
        *([this] if this.values != first.values else []),
        _of_runs(compared, "Run in total", lambda run: format_duration(run.total_ms)),
    ]


def _of_runs(compared: Sequence[Compared], name: str, tell: Callable[[RunView], str]) -> Row:
    return Row(name=name, values=tuple(tell(one.run) if one.run else _UNKNOWN for one in compared))


def _of_images(compared: Sequence[Compared], name: str, tell: Callable[[ImageView], str]) -> Row:
    return Row(
        name=name, values=tuple(tell(one.image) if one.image else _UNKNOWN for one in compared)
    )
