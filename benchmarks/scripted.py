"""Models that take exactly as long as a script says, and laboratories with them."""

import dataclasses
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from promptflow.catalog import Catalog, read_catalog
from promptflow.clock import Clock
from promptflow.laboratory import Laboratory
from promptflow.ports import ImageModel, ImageRequest, Picture, TextModel, TextPart, TextRequest
from promptflow.providers import Provider
from promptflow.records import GenerationRequest, Stage
from promptflow.settings import SHIPPED_DATA, read_settings

IDEA = "A lighthouse in a storm at dusk"

_PIECES = 50
_SENTENCE = "The lamp is the warmest thing in sight, low on the left, and the sea stays dark. "
_PLAN = json.dumps(
    {
        "summary": "A lighthouse stands against a storm at dusk, its lamp the only warm light.",
        "intent": "Shelter and its cost: the light is small, the weather is not.",
        "subjects": ["a white lighthouse", "a small sailing boat", "breaking waves"],
        "style": "gouache, visible strokes, few colours",
        "composition": "low horizon, the tower left of the middle, the boat far to the right",
        "mood": "tense and hopeful",
        "technical_notes": ["keep the lamp the brightest point", "no text in the picture"],
    },
    indent=2,
)
ANSWERS = {
    Stage.ACTION_PLAN: _PLAN,
    Stage.THINKING: f"## Light\n\n{_SENTENCE * 8}\n\n## What could go wrong\n\n{_SENTENCE * 8}",
    Stage.PROMPT_CONSTRUCTION: f"A lighthouse in a storm at dusk, gouache. {_SENTENCE * 6}",
}
"""What a text model says at each stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedWriter:
    """A text model that streams each answer over exactly its stage's time."""

    stage_s: Mapping[Stage, float]
    """Seconds from the call to the last piece."""

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Yield about fifty pieces, evenly over the stage's time."""
        started_s = time.monotonic()
        for number, piece in enumerate(cut(ANSWERS[request.stage], _PIECES), start=1):
            sleep_until(started_s + self.stage_s[request.stage] * number / _PIECES)
            yield TextPart(text=piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedPainter:
    """An image model that delivers one prepared picture exactly when its time is over."""

    paint_s: float
    """Seconds from the call to the picture."""
    picture: Callable[[], bytes]
    """Makes, or hands out, the next whole picture; asked when the call begins."""
    previews: tuple[bytes, ...] = ()
    """Sent on the way, evenly over the time."""
    before_last: Callable[[bytes], None] | None = None
    """Told the whole picture at the moment its last byte is there, before anyone else has it."""

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Yield the previews, then the picture."""
        started_s, data = time.monotonic(), self.picture()
        index, steps = request.first_index, len(self.previews) + 1
        for number, preview in enumerate(self.previews, start=1):
            sleep_until(started_s + self.paint_s * number / steps)
            yield Picture(index=index, data=preview, partial=True)
        sleep_until(started_s + self.paint_s)
        if self.before_last:
            self.before_last(data)
        yield Picture(index=index, data=data)


def cut(text: str, pieces: int) -> list[str]:
    """Cut a text into so many pieces, all about as long."""
    edges = [len(text) * number // pieces for number in range(pieces + 1)]
    return [text[start:end] for start, end in pairwise(edges)]


def sleep_until(moment_s: float) -> None:
    """Sleep until `time.monotonic` has come to a moment; not at all once it has."""
    time.sleep(max(moment_s - time.monotonic(), 0))


def make_picture(width_px: int = 1024, height_px: int = 1024, *, seed: int = 1) -> bytes:
    """Make a PNG that weighs what a painted one does: soft shapes under a fine grain.

    Args:
        width_px: its width.
        height_px: its height.
        seed: of the grain; the same one makes the same bytes.

    Returns:
        The encoded picture, about 1.2 bytes for each pixel.
    """
    import numpy as np
    from PIL import Image

    x = np.linspace(0, 9, width_px)[None, :, None]
    y = np.linspace(0, 7, height_px)[:, None, None]
    soft = 128 + 70 * np.sin(x + np.array([0.0, 1.0, 2.0])) * np.cos(y)
    grain = np.random.default_rng(seed).normal(0, 1.6, (height_px, width_px, 1))
    pixels = np.clip(soft + grain, 0, 255).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def widen_catalog(image_models: int) -> Catalog:
    """Return the shipped catalogue with as many offline image models as asked for, and no others.

    Args:
        image_models: how many; their ids are ``painter-1`` and so on.
    """
    catalog = read_catalog(SHIPPED_DATA / "models.toml")
    card = catalog.image_model("offline-gouache")
    cards = tuple(
        dataclasses.replace(card, id=f"painter-{number}", title=f"Painter {number}")
        for number in range(1, image_models + 1)
    )
    return dataclasses.replace(catalog, image_models=cards)


def open_scripted(
    folder: Path,
    *,
    writer: TextModel,
    painter: Callable[[str], ImageModel],
    catalog: Catalog | None = None,
) -> Laboratory:
    """Open a laboratory on disk whose offline models are scripted.

    Args:
        folder: where its ledger and pictures go.
        writer: answers for every text model.
        painter: image model id → who paints for it.
        catalog: the shipped one by default.
    """
    laboratory = Laboratory(
        settings=read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}),
        catalog=catalog or read_catalog(SHIPPED_DATA / "models.toml"),
        providers={"offline": Provider(text_model=lambda _: writer, image_model=painter)},
        clock=Clock(),
    )
    laboratory.open()
    return laboratory


def run_whole(laboratory: Laboratory, image_models: Sequence[str]) -> str:
    """Start a flow, follow it to its end, and return the generation's id."""
    request = GenerationRequest(
        request=IDEA,
        text_model=laboratory.catalog.text_models[0].id,
        image_models=tuple(image_models),
    )
    generation_id = laboratory.start(request)
    flow = laboratory.find_flow(generation_id)
    for _ in flow.follow() if flow else ():
        pass
    return generation_id
