"""One flow in a process of its own, to be killed: ``python -m tests.doomed_flow FOLDER [options]``.

Says ``ready`` when the laboratory is open and the flow is about to start, then one JSON line for each
thing that a follower has seen done, and at the end how many steps on the disk it took.
"""

import argparse
import itertools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import FrameType

# sqlite-utils imports them where they are installed: seconds in which there is nothing to kill.
sys.modules |= {"numpy": None, "pandas": None}  # type: ignore[dict-item]  # None: not to be had

from promptflow.events import Event, FlowStarted, ImageReady, RunFinished, StageFinished
from promptflow.laboratory import open_laboratory
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePlanner
from promptflow.settings import read_settings
from tests.scripted import BOTH, ListPainter, make_laboratory, make_request

_ON_DISK = {
    *("execute", "executescript", "connect", "close"),
    *("mkdir", "open", "write", "flush", "fsync", "replace", "rename", "unlink", "flock"),
}
"""The names of C functions that read or change files."""
_EDGE_PX = 640
_PAUSE_S = 0.02


class Doom:
    """Counts what is about to be done, or was done, on the disk, and kills the process at a step.

    Args:
        step: at which, from 1; 0 only counts.
    """

    def __init__(self, step: int) -> None:
        self.steps = 0
        self._step = step
        self._numbers = itertools.count(1)

    def watch(self) -> None:
        """Watch this thread, and those it starts from now on."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def _see(self, _frame: FrameType, event: str, function: object) -> None:
        if event in {"c_call", "c_return"} and getattr(function, "__name__", "") in _ON_DISK:
            self.steps = next(self._numbers)
            if self.steps == self._step:
                os.kill(os.getpid(), signal.SIGKILL)


def _make_painter(*, waits: bool) -> ListPainter:
    """Make a painter of two pictures, with time between them in which to be killed."""

    def pause() -> None:
        time.sleep(_PAUSE_S)

    def wait() -> None:
        if waits:
            sys.stdin.readline()

    first, second = (Picture(index=index, data=_make_noise()) for index in range(2))
    return ListPainter([pause, first, pause, wait, second, pause])


def _make_noise() -> bytes:
    """Encode a picture like no other, big enough to be met half-written."""
    from PIL import Image

    buffer = BytesIO()
    noise = Image.frombytes("RGB", (_EDGE_PX, _EDGE_PX), os.urandom(3 * _EDGE_PX**2))
    noise.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def _describe(event: Event) -> Iterator[dict[str, object]]:
    """Say what a follower now takes for done."""
    match event:
        case FlowStarted():
            yield {"generation": event.generation_id}
        case StageFinished():
            yield {"stage": event.stage_id, "output": event.output}
        case ImageReady():
            yield {"picture": event.asset.key, "sha256": event.asset.sha256}
        case RunFinished():
            yield {"run": event.run_id}
        case _:
            pass


def _say(line: str) -> None:
    """Write a line past every buffer: it is out when the next step is taken."""
    os.write(1, f"{line}\n".encode())


def _run(folder: Path, doom: Doom, *, waits: bool) -> None:
    laboratory = make_laboratory(
        read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}),
        planner=OfflinePlanner(piece_s=0.0002),
        painters={model: _make_painter(waits=waits and model == BOTH[0]) for model in BOTH},
    )
    _say("ready")
    doom.watch()
    generation_id = laboratory.start(make_request(images_per_model=2))
    flow = laboratory.find_flow(generation_id)
    for batch in flow.follow() if flow else ():
        for event in batch:
            for line in _describe(event):
                _say(json.dumps(line))
    laboratory.close(timeout_s=0)


def _mend(folder: Path, doom: Doom) -> None:
    _say("ready")
    doom.watch()
    open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)})).close(timeout_s=0)


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", type=int, default=0, help="die at this step on the disk")
    parser.add_argument("--wait", action="store_true", help="wait for a line in mid-flight")
    parser.add_argument("--mend", action="store_true", help="only open the laboratory")
    chosen = parser.parse_args()
    doom = Doom(chosen.step)
    if chosen.mend:
        _mend(chosen.folder, doom)
    else:
        _run(chosen.folder, doom, waits=chosen.wait)
    sys.setprofile(None)
    _say(json.dumps({"steps": doom.steps}))


if __name__ == "__main__":
    _main()
