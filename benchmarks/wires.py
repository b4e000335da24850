"""Both providers' APIs on the loopback, in a process of their own, and laboratories that ask them.

Run as `wires.py texts` or `wires.py pictures BURSTS PREVIEWS`, from the checkout; it ends when its stdin does.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import CannotMeasureError
from benchmarks.scripted import ANSWERS, cut, make_picture
from benchmarks.servers import ROOT, environment
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.records import Stage
from promptflow.settings import read_settings

if TYPE_CHECKING:
    from tests.wire.requested import Request
    from tests.wire.wire import Wire

KEY = "loopback-servers-take-any"

FIRST_S = 0.3
"""Seconds from a request to the first piece of a plan or of thinking."""
PIECES = 100
PACE_S = 0.01
"""Seconds between two pieces."""
_OPENING_EVENTS = 6
"""What OpenAI's stream says before the first piece, at the same pace."""

OPENAI_PAINTERS = ("gpt-image-2.6-flare", "gpt-image-2.6-sunburst")
GOOGLE_PAINTERS = ("gemini-nano-banana-2.1", "gemini-3-pro-image")
PICTURES_EACH = 4
PAINT_S = 3.0
"""Seconds from a request to its picture; the fewer, the harder to keep up with bare SDKs."""
PREVIEWS = 2
"""Asked for with each picture of OpenAI's, as the product does."""
_PICTURE_PX = (1280, 1312)
"""The sides of a picture of 2 MB."""

_END_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the servers are, as each SDK is to be told."""

    openai: str
    google: str


@contextmanager
def open_wires(*script: str) -> Iterator[Addresses]:
    """Run both servers until the block ends.

    Args:
        script: what they answer, as this program's arguments.

    Yields:
        Where they are.

    Raises:
        CannotMeasureError: they did not start, or got requests that the APIs don't accept.
    """
    with subprocess.Popen(
        [sys.executable, __file__, *script],
        cwd=ROOT,
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            first_line = process.stdout.readline() if process.stdout else ""
            if first_line:
                yield Addresses(**json.loads(first_line))
        finally:
            complaints, _ = process.communicate(timeout=_END_S)
            if complaints or process.returncode:
                raise CannotMeasureError(f"The servers complain: {complaints or 'see above'}")


@contextmanager
def open_keyed(folder: Path, addresses: Addresses) -> Iterator[Laboratory]:
    """Open a laboratory on disk that has both providers' keys, until the block ends.

    Args:
        folder: where its ledger and pictures go.
        addresses: whom it asks.

    Yields:
        The laboratory.
    """
    variables = {
        "PROMPTFLOW_DATA_DIR": str(folder),
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": addresses.openai,
        "GOOGLE_AI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": addresses.google,
    }
    laboratory = open_laboratory(read_settings(variables))
    try:
        yield laboratory
    finally:
        laboratory.close(timeout_s=10)


def main() -> None:
    """Answer until stdin ends, then say what was wrong with the requests."""
    # Here, because the benchmarks themselves only want the addresses.
    from tests.wire.wire import Wire

    with Wire() as wire:
        if sys.argv[1] == "texts":
            _script_texts(wire)
        else:
            bursts, previews = map(int, sys.argv[2:])
            _script_pictures(wire, bursts=bursts, previews=previews)
        addresses = {"openai": wire.openai.base_url, "google": wire.google.base_url}
        print(json.dumps(addresses), flush=True)
        sys.stdin.read()
        for violation in wire.violations:
            print(f"{violation.where}: {violation.message}")


def _script_texts(wire: "Wire") -> None:
    """Answer any number of flows: plans and thinking at their pace, everything else at once."""
    from tests.wire.answers import later
    from tests.wire.pictures import make_png

    opening_s = _OPENING_EVENTS * PACE_S
    for endpoint, wait_s in ((wire.openai, FIRST_S - opening_s), (wire.google, FIRST_S)):
        late = later(wait_s)
        plan, thinking = (
            cut(ANSWERS[each], PIECES) for each in (Stage.ACTION_PLAN, Stage.THINKING)
        )
        prompt = ANSWERS[Stage.PROMPT_CONSTRUCTION]
        endpoint.answer_text(prompt, fits=_wants_prompt, times=None)
        endpoint.answer_text(plan, fits=_wants_plan, times=None, pace_s=PACE_S, fault=late)
        endpoint.answer_text(thinking, times=None, pace_s=PACE_S, fault=late)
        endpoint.answer_image(make_png(), times=None)


def _script_pictures(wire: "Wire", *, bursts: int, previews: int) -> None:
    """Answer texts at once, and bursts of pictures, each after a tiny picture of every model.

    Args:
        wire: the servers.
        bursts: how many processes will warm up and then ask for all pictures, one after the other.
        previews: of each picture of OpenAI's, as heavy as the picture, evenly over the time.
    """
    from tests.wire.answers import later
    from tests.wire.pictures import encode_base64, make_png

    wire.openai.answer_text(ANSWERS[Stage.PROMPT_CONSTRUCTION], fits=_wants_prompt, times=None)
    wire.openai.answer_text(ANSWERS[Stage.ACTION_PLAN], fits=_wants_plan, times=None)
    wire.openai.answer_text(ANSWERS[Stage.THINKING], times=None)
    count = len(OPENAI_PAINTERS + GOOGLE_PAINTERS) * PICTURES_EACH
    pictures = [make_picture(*_PICTURE_PX, seed=number) for number in range(count)]
    # Beforehand, so that the server has little to do while time is taken.
    encode = {picture: encode_base64(picture) for picture in pictures}.__getitem__
    step_s = PAINT_S / (previews + 1)
    for _ in range(bursts):
        left = iter(pictures)
        for model in OPENAI_PAINTERS:
            wire.openai.answer_image(make_png(), model=model)
            for picture in islice(left, PICTURES_EACH):
                wire.openai.answer_image(
                    picture,
                    partials=[picture] * previews,
                    encode=encode,
                    pace_s=step_s,
                    model=model,
                    fault=later(step_s),
                )
        for model in GOOGLE_PAINTERS:
            wire.google.answer_image(make_png(), model=model)
            for picture in islice(left, PICTURES_EACH):
                wire.google.answer_image(picture, encode=encode, model=model, fault=later(PAINT_S))


def _wants_prompt(request: "Request") -> bool:
    return b"<image_model>" in request.body


def _wants_plan(request: "Request") -> bool:
    """Say whether the answer has to fit a schema, as only a plan's has."""
    body = request.json or {}
    return "text" in body or "responseJsonSchema" in body.get("generationConfig", {})


if __name__ == "__main__":
    main()
