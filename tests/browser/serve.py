"""Serves the real app with offline models that take their time: ``serve.py PORT PIECE_S``.

Settings come from the environment, as ever. The laboratory is installed in the same process before
Streamlit starts, so that the app itself is the shipped one.
"""

import os
import sys

from streamlit.web.cli import main

from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.settings import ROOT, read_settings
from promptflow.ui import deps
from tests.scripted import BOTH, make_laboratory

if __name__ == "__main__":
    port, piece_s = sys.argv[1], float(sys.argv[2])
    deps.install(
        make_laboratory(
            read_settings(os.environ),
            planner=OfflinePlanner(piece_s=piece_s),
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
