"""The part of the page that JavaScript draws: pictures that zoom and move in step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit import runtime

from promptflow.records import Asset
from promptflow.ui import state

Mode = Literal["zoom", "slider"]
"""All side by side, or the first over the second with a line between them."""
_FILES = Path(__file__).with_name("viewer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One picture as the viewer shows it; texts may be anything."""

    asset_id: str
    name: str
    alt: str
    source: str | None
    """An address that the browser can load; ``None`` where there is none."""


def draw_viewer(pictures: Sequence[Shown], *, mode: Mode, shape: float) -> None:
    """Draw pictures in step.

    Args:
        pictures: two for the slider, as many as you like otherwise.
        mode: how they lie.
        shape: width to height of their frames.
    """
    _component()(
        key=state.VIEWER,
        data={
            "mode": mode,
            "shape": shape,
            "pictures": [
                {
                    "id": picture.asset_id,
                    "name": picture.name,
                    "alt": picture.alt,
                    "src": picture.source,
                }
                for picture in pictures
            ],
        },
    )


def serve_picture(data: bytes, asset: Asset) -> str:
    """Have Streamlit serve a picture, as it does what `st.image` is given; return its address.

    Whole, as large as it is: who zooms looks at the pixels. The same picture is held once.

    Args:
        data: the picture's.
        asset: what it is.
    """
    files = runtime.get_instance().media_file_mgr
    path = files.add(data, asset.mime, state.of_picture(asset.asset_id, state.VIEWER))
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path


@cache
def _component() -> Callable[..., object]:
    html, css, js = (
        (_FILES / f"viewer.{kind}").read_text("utf-8") for kind in ("html", "css", "js")
    )
    return st.components.v2.component("promptflow_viewer", html=html, css=css, js=js)
