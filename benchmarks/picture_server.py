"""The real app over painters that write down when their last byte was there; for `bench_picture`.

Run as `picture_server.py DATA_FOLDER LOG [settings of Streamlit's]`, from the checkout.
"""

import json
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.scripted import ScriptedPainter, ScriptedWriter, make_picture, open_scripted
from promptflow.records import Stage

STAGE_S = {Stage.ACTION_PLAN: 0.2, Stage.THINKING: 0.3, Stage.PROMPT_CONSTRUCTION: 0.2}
PAINT_S = {"offline-gouache": 0.6, "offline-poster": 1.0}
"""Far enough apart for the first picture to come into a flow that goes on, the last to end it."""
PICTURES = 40
"""How many are prepared, so that none has to be made while time is taken."""
SMALLEST_PX = 1000
"""The width of the first whole picture; each is a pixel wider than the one before, and so known by it."""
_PREVIEW_PX = 384


def main() -> None:
    """Install the painters, then be `streamlit run app.py`."""
    # Here, because the benchmark itself only wants the constants.
    from streamlit.web import cli

    from promptflow.ui import deps

    data_dir, log = map(Path, sys.argv[1:3])
    widths = range(SMALLEST_PX, SMALLEST_PX + PICTURES)
    pictures = iter([make_picture(width, 1000, seed=width) for width in widths])
    previews = tuple(make_picture(_PREVIEW_PX, _PREVIEW_PX, seed=seed) for seed in (1, 2))
    painters = {
        model: ScriptedPainter(
            paint_s=paint_s,
            picture=lambda: next(pictures),
            previews=previews,
            before_last=_note(log),
        )
        for model, paint_s in PAINT_S.items()
    }
    writer = ScriptedWriter(stage_s=STAGE_S)
    deps.install(open_scripted(data_dir, writer=writer, painter=lambda model: painters[model]))
    cli.main(["run", "app.py", *sys.argv[3:]])


def _note(log: Path) -> Callable[[bytes], None]:
    def note(picture: bytes) -> None:
        line = json.dumps({"width": read_width(picture), "at_ms": time.time() * 1000})
        with log.open("a", encoding="utf-8") as lines:
            lines.write(f"{line}\n")

    return note


def read_width(png: bytes) -> int:
    """Return the pixels a PNG is wide: the first number in its header."""
    return int(struct.unpack(">I", png[16:20])[0])


if __name__ == "__main__":
    main()
