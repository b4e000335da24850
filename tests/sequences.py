"""Models for sequences of flows: they do as they are told call by call, have a price, and count their calls."""

import json
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from promptflow.clock import Clock
from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError
from promptflow.ports import ImageRequest, Picture, TextPart, TextRequest
from promptflow.providers import Provider
from promptflow.records import Stage, Usage
from tests.pipeline.expected import PLAN_TEXT
from tests.scripted import make_png

WRITER = "gpt-6.1-terra"
OTHER_WRITER = "gemini-3.8-flash"
PAINTERS = ("gpt-image-2.6-flare", "gemini-nano-banana-2.1", "offline-gouache")
"""Two with a price and one for free."""
GOOD, REFUSES, FAILS, RUSHES, WAITS, NONSENSE = (
    *("good", "refuses", "fails", "rushes", "waits"),
    "nonsense",
)
OUTCOMES = (GOOD, REFUSES, FAILS, RUSHES, WAITS, NONSENSE)
"""How a call can go; after ``waits`` the next attempt is so far off that only a wish to cancel ends it."""
_USAGE = Usage(input_tokens=100, output_tokens=50)
_PICTURE_USAGE = Usage(
    input_tokens=100, input_image_tokens=0, output_tokens=500, output_image_tokens=500
)
_FAR_OFF_S = 60.0


class MillisecondClock(Clock):
    """The machine's clock, as exactly as the ledger keeps moments."""

    def now(self) -> datetime:
        """Return the current time."""
        now = super().now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def make_error(outcome: str, model: str) -> ProviderError:
    """Make the error of a call that goes like this."""
    message = f"{model} {outcome}. Try again."
    match outcome:
        case "refuses":
            return RefusedError(message, provider="offline", model=model, category="violence")
        case "rushes" | "waits":
            wait_s = 0.0 if outcome == RUSHES else _FAR_OFF_S
            return BusyError(
                message, provider="offline", model=model, status=429, retry_after_s=wait_s
            )
        case _:
            return RejectedError(message, provider="offline", model=model, status=400)


@dataclass(slots=True)
class Script:
    """How the next calls go; those that nothing is said of go well."""

    texts: deque[str] = field(default_factory=deque)
    pictures: dict[str, deque[str]] = field(default_factory=dict)
    """Image model id → its calls."""
    text_calls: Counter[str] = field(default_factory=Counter)
    """Stage → how often a text model was asked for it."""
    picture_calls: Counter[str] = field(default_factory=Counter)
    """Image model id → how often it was asked."""
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _shade: int = 0

    def tell(self, texts: Iterable[str], pictures: Mapping[str, Iterable[str]]) -> None:
        """Say how the calls of the next flow go."""
        self.texts = deque(texts)
        self.pictures = {model: deque(outcomes) for model, outcomes in pictures.items()}

    @property
    def waits(self) -> bool:
        """Whether a call might have to be cancelled."""
        return WAITS in {*self.texts, *(one for each in self.pictures.values() for one in each)}

    @property
    def calls(self) -> tuple[Counter[str], Counter[str]]:
        """How often text and image models were asked, as of now."""
        return Counter(self.text_calls), Counter(self.picture_calls)

    def next_text(self, stage: Stage) -> str:
        """Count a call to a text model; return how it goes."""
        with self._turn:
            self.text_calls[stage] += 1
            return self.texts.popleft() if self.texts else GOOD

    def next_picture(self, model: str) -> str:
        """Count a call to an image model; return how it goes."""
        with self._turn:
            self.picture_calls[model] += 1
            told = self.pictures.get(model)
            return told.popleft() if told else GOOD

    def next_shade(self) -> int:
        """Return another shade each time, as far as there are any."""
        with self._turn:
            self._shade = (self._shade + 1) % 256
            return self._shade

    def providers(self) -> dict[str, Provider]:
        """Return the providers of all the models."""
        provider = Provider(
            text_model=lambda model: _Writer(self, model),
            image_model=lambda model: _Painter(self, model),
        )
        return dict.fromkeys(("openai", "google", "offline"), provider)


@dataclass(frozen=True, slots=True)
class _Writer:
    script: Script
    model: str

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        outcome = self.script.next_text(request.stage)
        if outcome == NONSENSE:
            yield TextPart(text=json.dumps({"summary": 1}), usage=_USAGE)
            return
        yield TextPart(text=PLAN_TEXT if request.stage is Stage.ACTION_PLAN else "Light and salt")
        if outcome != GOOD:
            raise make_error(outcome, self.model)
        yield TextPart(usage=_USAGE)


@dataclass(frozen=True, slots=True)
class _Painter:
    """Fails after its first picture, where several are asked for."""

    script: Script
    model: str

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        outcome = self.script.next_picture(self.model)
        for index in range(request.first_index, request.first_index + request.count):
            if outcome != GOOD and (request.count == 1 or index > request.first_index):
                raise make_error(outcome, self.model)
            data = make_png(self.script.next_shade())
            yield Picture(index=index, data=data, usage=_PICTURE_USAGE)
