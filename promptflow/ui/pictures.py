"""The one way a page comes by a picture to show: a link where there is one, else the picture itself."""

from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.laboratory import Laboratory
from promptflow.records import Asset, AssetRole

SourceOf = Callable[[Asset], str | bytes]
"""Asset → what it is shown from; raises StorageError."""

_MOST_KEPT = 240
"""Thumbnails that are kept in memory: ten pages of the Gallery, some 13 MB at most."""
_KINDS: dict[str, Literal["JPEG", "PNG", "auto"]] = {"image/jpeg": "JPEG", "image/png": "PNG"}
"""Named, because Streamlit turns a PNG without transparency into a JPEG otherwise."""


def source_of(lab: Laboratory, asset: Asset) -> str | bytes:
    """Return what `st.image` can show a picture from.

    Thumbnails are small enough to be part of the page: of a WebP file's bytes Streamlit 1.67 would
    make a JPEG or PNG each time the page is drawn, some 5 ms each. It sends a part of a page that a
    browser has once more by its name only.

    Args:
        lab: where it is kept.
        asset: the picture or its thumbnail.

    Returns:
        A link, signed where it must be, or the file: of a thumbnail as an address that holds all of
        it, of any other picture as bytes.

    Raises:
        StorageError: there is no link, and the file is missing, damaged or can't be read.
    """
    link = lab.gallery.link(asset)
    if link is not None:
        return link
    if asset.role is AssetRole.THUMBNAIL:
        return _read_address(lab, asset)
    return lab.gallery.read_picture(asset)


@lru_cache(maxsize=_MOST_KEPT)
def _read_address(lab: Laboratory, asset: Asset) -> str:
    """Read a file as an address that holds all of it; what is stored under a key never changes."""
    return f"data:{asset.mime};base64,{b64encode(lab.gallery.read_picture(asset)).decode()}"


def draw_picture(
    source: str | bytes,
    mime: str,
    *,
    alt: str,
    width: int | Literal["stretch"] = "stretch",
    place: DeltaGenerator | None = None,
) -> None:
    """Draw a picture.

    Args:
        source: as `source_of` returns it.
        mime: its type.
        alt: what it shows, for those who can't see it; plain text.
        width: pixels at most.
        place: where it goes; ``None`` is where the script has come to.
    """
    draw = st.image if place is None else place.image
    draw(source, alt=alt, width=width, output_format=_KINDS.get(mime, "auto"))
