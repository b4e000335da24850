"""Serves the real app after four weeks of use, in which offline models played paid ones: ``used.py PORT PIECE_S``.

What the models answer is drawn and written by code, and what it would have cost is made up; models, prices and limits
are the real ones. It is always the same day, so that the page looks the same whenever its picture is taken.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from streamlit.web.cli import main

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.errors import RefusedError
from promptflow.flows import LiveFlow
from promptflow.laboratory import Laboratory
from promptflow.ports import ImageModel, ImageRequest, Picture, TextModel
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import ImageParameters, Usage
from promptflow.settings import ROOT, SHIPPED_DATA, read_settings
from promptflow.ui import deps
from tests.scripted import make_png

_TODAY = datetime(2026, 11, 24, 16, tzinfo=UTC)
_DAYS = 28
_FASTER = 60
"""How much longer everything is said to have taken than it does here."""
_SECONDS = {
    "gpt-image-2": 14.0,
    "gemini-3-pro-image": 11.0,
    "gemini-3.1-flash-lite-image": 4.0,
}
"""Image model → how long a picture takes."""
_TOKENS = {
    "gpt-image-2": 1_056,
    "gemini-3-pro-image": 1_120,
    "gemini-3.1-flash-lite-image": 1_120,
}
"""Image model → what a picture is billed as."""
_TEXT_MODELS = ("gpt-6.1-terra", "gemini-3.8-flash")
_IDEAS = (
    "A castle on a mountain at dawn",
    "A robot gardener among sunflowers",
    "A red fox reading a book under a lantern",
    "A tram in the rain, seen from above",
)
_ONE_IN = 12
"""Of so many pictures one is refused."""


@dataclass(frozen=True, slots=True)
class Calendar(Clock):
    """A clock that is put to another day by hand, and whose stopwatch runs fast."""

    days: list[datetime] = field(default_factory=lambda: [_TODAY])

    def now(self) -> datetime:
        """Return the moment that it was put to last."""
        return self.days[-1]

    def stopwatch_s(self) -> float:
        """Return seconds that go by quickly."""
        return time.monotonic() * _FASTER


class Painter:
    """An image model that gives a dot after a while, with a bill.

    Args:
        model: whose name it goes by.
        chance: decides how long it takes, and what is refused.
    """

    def __init__(self, model: str, chance: Random) -> None:
        self._model = model
        self._chance = chance

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Give what is asked for, or refuse it."""
        time.sleep(_SECONDS[self._model] * self._chance.uniform(0.7, 1.6) / _FASTER)
        read = len(request.prompt) // 4
        if self._chance.randrange(_ONE_IN) == 0:
            message = "The picture was refused. Describe it in other words."
            raise RefusedError(
                message, provider="none", model=self._model, status=400, category="policy"
            )
        tokens = _TOKENS[self._model]
        bill = Usage(
            input_tokens=read,
            cached_tokens=0,
            input_image_tokens=0,
            output_tokens=tokens,
            output_image_tokens=tokens,
        )
        for index in range(request.first_index, request.first_index + request.count):
            yield Picture(index=index, data=make_png(self._chance.randrange(256)), usage=bill)


def _open(clock: Calendar, chance: Random, piece_s: float) -> Laboratory:
    def find_planner(model: str) -> TextModel:
        return OfflinePlanner(model=model, piece_s=piece_s)

    def find_painter(model: str) -> ImageModel:
        return Painter(model, chance)

    keys = {"OPENAI_API_KEY": "sk-none", "GEMINI_API_KEY": "none"}
    limits = {
        "PROMPTFLOW_MONTHLY_LIMIT_USD": "30",
        "PROMPTFLOW_GENERATION_LIMIT_USD": "2",
    }
    provider = Provider(text_model=find_planner, image_model=find_painter)
    lab = Laboratory(
        settings=read_settings(os.environ | keys | limits),
        catalog=read_catalog(SHIPPED_DATA / "models.toml"),
        providers=dict.fromkeys(("offline", "openai", "google"), provider),
        clock=clock,
    )
    lab.open(make=True)
    return lab


def _use(lab: Laboratory, clock: Calendar, chance: Random) -> None:
    """Make some generations on each day, fewer on Saturdays and Sundays."""
    for back in reversed(range(_DAYS)):
        day = _TODAY - timedelta(days=back)
        most = 2 if day.isoweekday() > 5 else 7
        flows: list[LiveFlow | None] = []
        for number in range(chance.randint(1, most)):
            clock.days.append(day.replace(hour=9) + timedelta(minutes=50 * number))
            flows.append(_generate(lab, chance))
        _wait(flows)
    clock.days.append(_TODAY)


def _generate(lab: Laboratory, chance: Random) -> LiveFlow | None:
    models = chance.sample(sorted(_SECONDS), chance.choice((1, 2, 2, 3)))
    asked = {"gpt-image-2": ImageParameters(quality="medium")} if "gpt-image-2" in models else {}
    request = lab.check(
        request=chance.choice(_IDEAS),
        image_models=models,
        text_model=chance.choice(_TEXT_MODELS),
        aspect_ratio="1:1",
        images_per_model=chance.choice((1, 1, 2)),
        seed=None,
        parameters=asked,
    )
    return lab.find_flow(lab.start(request))


def _wait(flows: list[LiveFlow | None]) -> None:
    if not all(flow.wait(30) for flow in flows if flow):
        message = "A generation did not end within 30 seconds."
        raise AssertionError(message)


if __name__ == "__main__":
    port, piece_s = sys.argv[1], float(sys.argv[2])
    calendar, dice = Calendar(), Random(4)  # noqa: S311 - the same each time
    laboratory = _open(calendar, dice, piece_s)
    _use(laboratory, calendar, dice)
    deps.install(laboratory)
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
    }
    main(["run", str(ROOT / "app.py"), *(f"--{name}={value}" for name, value in options.items())])
