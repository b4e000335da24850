"""Two pictures measured against each other, with a map of where they differ."""

from collections.abc import Callable

import streamlit as st

from promptflow.comparison import EDGE_PX, HASH_BITS, Comparison, compare_pictures
from promptflow.errors import PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.ui.compare.compared import Compared
from promptflow.ui.compare.plainly import draw_plain
from promptflow.ui.plain import as_markdown, as_message

_SSIM_WORDS = (
    "Structural similarity: how alike the pictures are, window by window, in light, contrast and "
    "structure. From minus 1 to 1, higher is more alike: 1 is the same pixels, about 0 nothing in common. "
    "A thing that is only moved a little counts as different."
)
_HASH_WORDS = (
    f"How many of {HASH_BITS} bits differ between the perceptual hashes, which go by the coarse "
    "pattern of light and dark. Lower is more alike: 0 looks the same from afar, about "
    f"{HASH_BITS // 2} is what two pictures have that have nothing to do with each other."
)
_MAP_WORDS = (
    "The map shows one minus the SSIM of each place: dark where the pictures are the same, over "
    "purple, red and orange to light yellow where they differ most."
)


def draw_difference(lab: Laboratory, first: Compared, second: Compared) -> None:
    """Draw how far two pictures lie apart; what can't be measured is a sentence.

    Args:
        lab: where they are kept.
        first: the one that is named first.
        second: the other.
    """
    try:
        with st.spinner("Measuring…"):
            measured = _measure(
                first.picture.asset.sha256,
                second.picture.asset.sha256,
                lambda: (
                    lab.gallery.read_picture(first.picture.asset),
                    lab.gallery.read_picture(second.picture.asset),
                ),
            )
    except PromptflowError as error:
        st.error(as_message(error.message), icon=":material/broken_image:")
        return
    left, middle, right = st.columns(3)
    with left:
        draw_plain(lab, first)
    with middle:
        alt = f"Where {first.name} and {second.name} differ: light where they do"
        st.image(measured.heat, alt=alt, width="stretch", output_format="PNG")
        st.caption("Dark: the same. Light: different.", text_alignment="center")
    with right:
        draw_plain(lab, second)
    _draw_measures(measured, first, second)


def fitting_words(measured: Comparison, first: str, second: str) -> str:
    """Say how two pictures were brought to one size.

    Args:
        measured: the two.
        first: what the first goes by.
        second: what the second goes by.
    """
    size = f"{measured.width_px} × {measured.height_px} pixels"
    if measured.cut is not None:
        wider = (first, second)[measured.cut]
        return (
            f"Their shapes differ: {wider} is wider, so its sides were left out evenly, and the rest "
            f"was measured at {size}."
        )
    if measured.resized:
        return f"Both were brought to {size} to be measured, {EDGE_PX} a side at most."
    return f"Both were measured as they are, at {size}."


def _draw_measures(measured: Comparison, first: Compared, second: Compared) -> None:
    ssim, distance, how = st.columns(3)
    with ssim:
        st.metric("SSIM", f"{_floor(measured.ssim):.3f}")
        st.caption(_SSIM_WORDS)
    with distance:
        st.metric("Hash distance", f"{measured.hash_distance} of {HASH_BITS}")
        st.caption(_HASH_WORDS)
    with how:
        st.caption(as_markdown(fitting_words(measured, first.letter, second.letter)))
        st.caption(_MAP_WORDS)


def _floor(ssim: float) -> float:
    """Cut to three digits: only the same pixels read as 1.000."""
    return ssim if ssim == 1 else min(round(ssim, 3), 0.999)


@st.cache_data(max_entries=20, show_spinner=False)
def _measure(
    first: str,  # noqa: ARG001 - what the result is kept by
    second: str,  # noqa: ARG001 - likewise
    _read: Callable[[], tuple[bytes, bytes]],
) -> Comparison:
    """Measure two pictures, known by their hashes, once."""
    return compare_pictures(*_read())
