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
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import FrameType

from promptflow.events import Event, FlowStarted, ImageReady, RunFinished, StageFinished
from promptflow.laboratory import open_laboratory
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePlanner
from promptflow.settings import read_settings
from tests.scripted import BOTH, ListPainter, make_laboratory, make_request

_ON_DISK = {
    *("execute", "executescript", "connect", "close"),
    *("mkdir", "open", "write", "flush", "fsync", "replace", "unlink", "flock"),
}
"""The names of C functions that read or change files."""
_EDGE_PX = 640
_PAUSE_S = 0.02


class Doom:
    """Counts what is done on the disk, and kills the process at one step of it.

    Args:
        step: at which, counting each beginning and each end of each deed; 0 for none.
        deed: or at which deed, e.g. ``before replace 2``; empty for none.
    """

    def __init__(self, step: int, deed: str) -> None:
        self.steps = 0
        self._step = step
        self._deed = deed
        self._numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))

    def watch(self) -> None:
        """Watch this thread, and those it starts from now on."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def _see(self, _frame: FrameType, event: str, function: object) -> None:
        moment = {"c_call": "before", "c_return": "after"}.get(event)
        name = getattr(function, "__name__", "")
        if moment is None or name not in _ON_DISK:
            return
        if isinstance(getattr(function, "__self__", None), str):
            return  # texts have a `replace`, too
        self.steps = next(self._numbers["all"])
        deed = f"{moment} {name}"
        if self._step == self.steps or self._deed == f"{deed} {next(self._numbers[deed])}":
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
    parser.add_argument("--deed", default="", help="die at this deed, e.g. 'after replace 3'")
    parser.add_argument("--wait", action="store_true", help="wait for a line in mid-flight")
    parser.add_argument("--mend", action="store_true", help="only open the laboratory")
    chosen = parser.parse_args()
    doom = Doom(chosen.step, chosen.deed)
    # sqlite-utils imports them where they are installed: a second in which there is nothing to kill.
    sys.modules |= {"numpy": None, "pandas": None}  # type: ignore[dict-item]  # None: not to be had
    if chosen.mend:
        _mend(chosen.folder, doom)
    else:
        _run(chosen.folder, doom, waits=chosen.wait)
    sys.setprofile(None)
    _say(json.dumps({"steps": doom.steps}))


if __name__ == "__main__":
    _main()
