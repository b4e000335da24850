"""Errors on a page: a sentence, once, and never a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from promptflow.errors import PromptflowError, SetupError
from promptflow.ui.plain import as_message


@contextmanager
def telling_errors() -> Iterator[None]:
    """Draw an error of ours that ends the block as a sentence; anything else is a bug."""
    try:
        yield
    except PromptflowError as error:
        draw_error(error)


def errors_told(draw: Callable[[], None]) -> Callable[[], None]:
    """Wrap a fragment: it runs by itself, outside of what the page catches."""

    @wraps(draw)
    def drawn() -> None:
        with telling_errors():
            draw()

    return drawn


def draw_error(error: PromptflowError) -> None:
    """Draw what is wrong and what to do."""
    title = "Prompt Flow can't start" if isinstance(error, SetupError) else "This can't be shown"
    st.error(as_message(error.message), title=title, icon=":material/build:")
