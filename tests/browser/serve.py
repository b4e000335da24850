"""Serves the real app with offline models that take their time: ``serve.py PORT PIECE_S``.

Settings come from the environment, as ever. The laboratory is installed in the same process before
Streamlit starts, so that the app itself is the shipped one.
"""

import os
import sys
from collections.abc import Iterator

from streamlit.web.cli import main

from promptflow.errors import BusyError
from promptflow.ports import TextPart, TextRequest
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import Stage
from promptflow.settings import ROOT, read_settings
from promptflow.ui import deps
from tests.scripted import BOTH, make_laboratory

STUMBLE = "stumble"
"""A request with this word has its thinking break off once, after some reasoning and some text."""
_SAID_CHARS = 300
_WAIT_S = 3.0


class StumblingPlanner:
    """The offline planner, which reasons aloud and breaks off once where the request asks for it."""

    def __init__(self, piece_s: float) -> None:
        self._planner = OfflinePlanner(piece_s=piece_s)
        self._stumbled: set[str] = set()

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Answer; the first thinking about a request that asks for it breaks off."""
        idea = request.sections["request"]
        stumbles = STUMBLE in idea and request.stage is Stage.THINKING
        if not stumbles:
            yield from self._planner.stream(request)
            return
        yield TextPart(reasoning="Weighing the light. ")
        first = idea not in self._stumbled
        self._stumbled.add(idea)
        said = 0
        for part in self._planner.stream(request):
            yield part
            said += len(part.text)
            if first and said > _SAID_CHARS:
                message = "Offline planner has too much to do. It is tried again by itself."
                raise BusyError(
                    message,
                    provider="offline",
                    model="offline-planner",
                    status=503,
                    retry_after_s=_WAIT_S,
                )


if __name__ == "__main__":
    port, piece_s = sys.argv[1], float(sys.argv[2])
    deps.install(
        make_laboratory(
            read_settings(os.environ),
            planner=StumblingPlanner(piece_s),
            painters={model: OfflinePainter(model=model, partials=2, step_s=0.3) for model in BOTH},
        )
    )
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
    }
    main(["run", str(ROOT / "app.py"), *(f"--{name}={value}" for name, value in options.items())])
