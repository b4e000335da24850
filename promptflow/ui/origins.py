"""A picture that was dropped and says where it comes from: opening that, or filling the form with it.

What a file says of itself may be anyone's words. It is checked like what is typed, shown as text, and
whether a generation is there only the ledger says.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from promptflow.catalog import (
    MAX_REQUEST_CHARS,
    MAX_SEED,
    ImageModelCard,
    check_parameters,
)
from promptflow.catalog.excerpts import excerpt
from promptflow.errors import DeletedGenerationError, InputError, UnknownGenerationError
from promptflow.laboratory import Laboratory
from promptflow.records import ImageParameters
from promptflow.ui import state
from promptflow.ui.history import open_generation
from promptflow.ui.plain import as_label, as_markdown
from promptflow.wording import join_names

if TYPE_CHECKING:
    from promptflow.xmp import PictureLineage

PICTURE_TYPES = ("png", "jpg", "jpeg", "webp")
"""How the names of pictures end that can be dropped."""

_SHOWN_CHARS = 160
_MOST_NAMES = 6
"""How many of the things that can't be taken over are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a picture's file says that it comes from."""

    lineage: "PictureLineage"
    known: bool
    """Whether there is a generation of that id in this ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What of a picture's lineage the form can take."""

    values: Mapping[str, object] = field(default_factory=dict)
    """Key of a field → what to put into it."""
    left_out: tuple[str, ...] = ()
    """What can't be taken over, named; it may hold anyone's words."""


def find_origin(lab: Laboratory, data: bytes) -> Origin | None:
    """Read where a picture comes from.

    Args:
        lab: whose ledger is asked.
        data: a file that someone sent, whole, of any kind.

    Returns:
        What it says; ``None`` where it says nothing that can be understood.

    Raises:
        LedgerError: the ledger can't be read.
    """
    # Only who drops a picture waits for it.
    from promptflow.xmp import read_lineage

    lineage = read_lineage(data)
    if lineage is None:
        return None
    try:
        lab.read_lineage(lineage.generation_id)
    except UnknownGenerationError:
        return Origin(lineage=lineage, known=False)
    except DeletedGenerationError as error:
        # At its address it can be restored, unless there is nothing left of it.
        return Origin(lineage=lineage, known=not error.is_purged)
    return Origin(lineage=lineage, known=True)


def draw_opening(lab: Laboratory) -> None:
    """Draw a field for a picture to open what it comes from, where no model takes references.

    It is behind a button: a field for files is a script of its own for the browser, a tenth of a second
    that a newcomer's first page need not wait for.

    Args:
        lab: whose ledger and models there are.
    """
    if not st.session_state.get(state.OPENING, False):
        st.button(
            "Open a picture",
            key=state.OPEN,
            icon=":material/imagesearch_roller:",
            type="tertiary",
            on_click=_offer_opening,
            help="One that was painted with Prompt Flow opens the generation it comes from.",
        )
        return
    # Above the field: below it, what to do with the picture would be out of sight on most screens.
    place = st.container()
    file = st.file_uploader(
        "Open a picture",
        type=PICTURE_TYPES,
        key=state.OPEN_PICTURE,
        help="One that was painted with Prompt Flow opens the generation it comes from, or fills the form with "
        "its idea and models. It can't be a reference image: that needs a model with a key.",
    )
    if file is None:
        return
    origin = find_origin(lab, file.getvalue())
    if origin is None:
        st.caption(as_markdown(f"{excerpt(file.name)} tells nothing of where it comes from."))
        return
    with place:
        draw_origin(lab, origin, key=file.file_id)


def _offer_opening() -> None:
    st.session_state[state.OPENING] = True


def draw_origin(
    lab: Laboratory,
    origin: Origin,
    *,
    key: str,
    name: str = "",
    use: Callable[[], None] | None = None,
) -> None:
    """Draw what can be done with a picture that says where it comes from.

    Args:
        lab: whose ledger and models there are.
        origin: of the picture.
        key: tells its buttons from those of others.
        name: of its file, where there may be several.
        use: makes it a reference image; ``None`` where no model could use it.
    """
    with st.container(border=True, gap="small"):
        with st.container(gap=None):
            st.markdown(":material/imagesearch_roller: **Painted with Prompt Flow**")
            if name:
                st.caption(as_label(name, limit=60))
        st.text(_shorten(origin.lineage.request))
        if origin.known:
            _draw_open(origin.lineage.generation_id, key)
        else:
            _draw_fill(lab, origin.lineage, key)
        if use is not None:
            st.button(
                "Use as a reference image",
                key=f"use {key}",
                icon=":material/add_photo_alternate:",
                on_click=use,
                width="stretch",
            )


def plan_filling(lab: Laboratory, lineage: "PictureLineage") -> Filling:
    """Work out what of a picture's lineage the form can take, by the catalogue as it is today.

    Args:
        lab: which models can be asked.
        lineage: as a file tells it.
    """
    values: dict[str, object] = {}
    left_out: list[str] = []
    for taken, key, what in _sort_out(lab, lineage):
        if key is not None:
            values[key] = taken
        if what:
            left_out.append(what)
    return Filling(values=values, left_out=tuple(left_out))


def _sort_out(
    lab: Laboratory, lineage: "PictureLineage"
) -> Iterator[tuple[object, str | None, str]]:
    """Yield (value, key of its field or ``None``, what of it can't be taken over or nothing)."""
    idea = lineage.request.replace("\r\n", "\n").replace("\r", "\n").strip()
    rest = "the end of its idea, which is too long" if len(idea) > MAX_REQUEST_CHARS else ""
    yield idea[:MAX_REQUEST_CHARS], state.REQUEST if idea else None, rest
    has_writer = lineage.text_model in lab.models.available(lab.catalog.text_models)
    unknown = f"the text model {excerpt(lineage.text_model)}"
    yield (
        lineage.text_model,
        state.TEXT_MODEL if has_writer else None,
        "" if has_writer else unknown,
    )
    painter = _find_painter(lab, lineage.image_model)
    if painter is None:
        yield None, None, f"the image model {excerpt(lineage.image_model)}"
        return
    yield [painter.id], state.IMAGE_MODELS, ""
    fits = lineage.aspect_ratio in painter.aspect_ratios
    shape = f"the aspect ratio {excerpt(lineage.aspect_ratio)}"
    yield lineage.aspect_ratio, state.ASPECT_RATIO if fits else None, "" if fits else shape
    yield from _sort_out_seed(painter, lineage.seed)
    if fits:
        yield from _sort_out_parameters(painter, lineage)


def _sort_out_seed(
    painter: ImageModelCard, seed: int | None
) -> Iterator[tuple[object, str | None, str]]:
    if seed is None:
        return
    fits = painter.has_seed and 0 <= seed <= MAX_SEED
    yield seed, state.SEED if fits else None, "" if fits else f"the seed {seed}"


def _sort_out_parameters(
    painter: ImageModelCard, lineage: "PictureLineage"
) -> Iterator[tuple[object, str | None, str]]:
    names = {one.name for one in fields(ImageParameters)}
    for name, value in lineage.parameters.items():
        fits = name in names and _accepts(painter, name, value, lineage.aspect_ratio)
        what = "" if fits else f"{excerpt(name)} {excerpt(value)}"
        yield value, state.parameter(painter.id, name) if fits else None, what


def _accepts(painter: ImageModelCard, name: str, value: str | int, aspect_ratio: str) -> bool:
    """Say whether an image model takes one parameter, whatever it is asked for besides."""
    is_number = name == "output_compression"
    if isinstance(value, int) is not is_number:
        return False
    # Only formats that are compressed have a compression.
    alone: dict[str, object] = {name: value}
    if is_number:
        alone["output_format"] = "jpeg"
    try:
        asked = ImageParameters(**alone)  # type: ignore[arg-type]  # the type was just looked at
        check_parameters(painter, asked, aspect_ratio=aspect_ratio)
    except InputError:
        return False
    return True


def _find_painter(lab: Laboratory, model_id: str) -> ImageModelCard | None:
    """Return an image model that can be asked; ``None`` where it can't, or there is no such model."""
    cards = lab.catalog.image_models
    available = lab.models.available(cards)
    return next((card for card in cards if card.id == model_id and card.id in available), None)


def _draw_open(generation_id: str, key: str) -> None:
    if st.query_params.get(state.GENERATION) == generation_id:
        st.caption(":material/check: Its generation is open.")
        return
    st.button(
        "Open the generation it comes from",
        key=f"open from {key}",
        icon=":material/open_in_new:",
        on_click=open_generation,
        args=(generation_id,),
        width="stretch",
    )


def _draw_fill(lab: Laboratory, lineage: "PictureLineage", key: str) -> None:
    filling = plan_filling(lab, lineage)
    models = join_names(
        [lab.models.name_of(lineage.text_model), lab.models.name_of(lineage.image_model)]
    )
    st.caption(f"Not in this ledger. By {as_label(models, limit=120)}")
    st.button(
        "Fill the form with what it tells",
        key=f"fill from {key}",
        icon=":material/edit_square:",
        on_click=partial(_fill, filling.values),
        width="stretch",
    )
    if filling.left_out:
        st.caption(as_markdown(_tell_left_out(filling.left_out)))


def _fill(values: Mapping[str, object]) -> None:
    """Put what fits into the form; a callback, so that it runs before the form is drawn."""
    for key, value in values.items():
        st.session_state[key] = value
    # On a narrow screen the form is folded away.
    st.toast("The form is filled in; Generate is in the sidebar.", icon=":material/edit_square:")


def _tell_left_out(names: tuple[str, ...]) -> str:
    over = len(names) - _MOST_NAMES
    named = [*names[:_MOST_NAMES], *([f"{over} more"] if over > 0 else [])]
    return f"Can't be taken over here: {join_names(named)}."


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1].rstrip()}…"
