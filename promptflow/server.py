"""The app and the questions about its lineage on one port: ``streamlit run promptflow/server.py``. Floor 8."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

_FOLDER = Path(__file__).resolve().parent
# Streamlit puts this file's folder first, where modules of ours would stand in for others of their names.
sys.path[:] = [str(_FOLDER.parent), *(place for place in sys.path if Path(place) != _FOLDER)]

from promptflow.questions.site import LedgerSource, QuestionSite  # noqa: E402
from promptflow.questions.sources import find_ledger  # noqa: E402
from promptflow.settings import ROOT  # noqa: E402
from promptflow.ui.mounts import note_questions  # noqa: E402

_PREFIX = "/".join(("", *st.get_option("server.baseUrlPath").strip("/").split("/"))).rstrip("/")
"""What every address of the app begins with: nothing, or a path with a slash at its beginning."""
_PATH = f"{_PREFIX}/datasette"


def _find_ledger() -> LedgerSource | None:
    # Importing it takes half a second, which the start of the page is not to wait for.
    from promptflow.ui import deps

    return find_ledger(deps.laboratory())


async def _redirect(request: Request) -> RedirectResponse:
    """Lead to the address with a slash at its end, by which the others are relative."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{_PATH}/{query}", 307)


@asynccontextmanager
async def _live_in_order(_app: st.App) -> AsyncIterator[None]:
    """Tell the pages of the questions, and in the end let Python end as it does by itself.

    Paid work arrives then, and the ledger is saved. The server sends itself the SIGTERM that stopped it once
    more when it is done, by which Python would end on the spot.
    """
    # Not on import: whoever only looks at this module serves nothing.
    note_questions(_PATH)
    try:
        yield
    finally:
        note_questions(None)
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


app = st.App(
    ROOT / "app.py",
    lifespan=_live_in_order,
    routes=[
        Route(_PATH, _redirect),
        Mount(
            _PATH,
            QuestionSite(_find_ledger, base_url=f"{_PATH}/", studio_url=f"{_PREFIX}/"),
        ),
    ],
)
