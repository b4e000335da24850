"""The composition root of the app: one laboratory per process and data folder."""

import atexit
import os

import streamlit as st

from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.settings import Settings, read_settings

_FINISH_S = 120.0
"""Seconds that paid work is given to arrive when the server stops."""

_installed: list[Laboratory] = []


def laboratory() -> Laboratory:
    """Return this process's laboratory; pages open it once they have drawn what needs no ledger.

    Raises:
        SetupError: it can't be put together; the next call tries again.
    """
    if _installed:
        return _installed[-1]
    return _make(read_settings(os.environ))


def install(laboratory: Laboratory | None) -> None:
    """Make the pages use a laboratory of the caller's, e.g. one with scripted models.

    Args:
        laboratory: the one to use; ``None`` goes back to the process's own.
    """
    _installed.clear()
    if laboratory is not None:
        _installed.append(laboratory)


@st.cache_resource(show_spinner=False)
def _make(settings: Settings) -> Laboratory:
    laboratory = make_laboratory(settings)
    atexit.register(laboratory.close, timeout_s=_FINISH_S)
    return laboratory
