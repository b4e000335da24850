"""The composition root of the app: one laboratory per process and data folder."""

import atexit
import gc
import os
from pathlib import Path

import streamlit as st

from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.settings import ROOT, Settings, gather_variables, read_settings

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
    return _make(
        read_settings(gather_variables(os.environ, dotenv=ROOT / ".env", secrets=_read_secrets()))
    )


def install(laboratory: Laboratory | None) -> None:
    """Make the pages use a laboratory of the caller's, e.g. one with scripted models.

    Args:
        laboratory: the one to use; ``None`` goes back to the process's own.
    """
    _installed.clear()
    if laboratory is not None:
        _installed.append(laboratory)


def _read_secrets() -> dict[str, object]:
    """Return what stands at the top of Streamlit's secrets; nothing where there are none."""
    if not any(Path(path).exists() for path in st.get_option("secrets.files")):
        return {}
    return dict(st.secrets)


@st.cache_resource(show_spinner=False)
def _make(settings: Settings) -> Laboratory:
    laboratory = make_laboratory(settings)
    atexit.register(laboratory.close, timeout_s=_FINISH_S)
    # After each run of a script Streamlit (1.67) looks for garbage among all there is, and most of that are
    # modules, which stay: a quarter of a rerun's time, spent on nothing.
    gc.freeze()
    return laboratory
