"""A picture with nothing of our own around it that could fail in a browser."""

import streamlit as st

from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.ui.compare.compared import Compared
from promptflow.ui.pictures import draw_picture, source_of
from promptflow.ui.plain import as_markdown, as_message


def draw_plain(lab: Laboratory, one: Compared) -> None:
    """Draw a picture and its name; one that can't be read is a sentence.

    Args:
        lab: where it is kept.
        one: the picture.
    """
    try:
        source = source_of(lab, one.picture.asset)
        draw_picture(source, one.picture.asset.mime, alt=one.alt)
    except StorageError as error:
        st.error(as_message(error.message), icon=":material/broken_image:")
    st.caption(as_markdown(one.name), text_alignment="center")
