"""The offline models: drawn by code, not by an AI model. Floor 4.

`OfflinePlanner` answers by rule and `OfflinePainter` draws with numpy and Pillow. They are the demo,
and, scripted through their constructors, the stand-ins of the tests. Same request, same answer.
"""

import io
import math
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from promptflow.errors import ProviderError, RejectedError
from promptflow.ports import ImageRequest, Picture, TextPart, TextRequest
from promptflow.providers.offline.words import hash_text
from promptflow.providers.offline.writing import (
    Brief,
    brief_from_plan,
    write_brief,
    write_plan,
    write_prompt,
    write_thinking,
)
from promptflow.records import Stage, Usage

if TYPE_CHECKING:
    from PIL.Image import Image

PROVIDER = "offline"
_MANNERS: Mapping[str, Literal["gouache", "poster"]] = {
    "offline-gouache": "gouache",
    "offline-poster": "poster",
}
_MAX_SEED = 2**31
_PREVIEW_PX = 384
_CHARS_PER_TOKEN = 4
_PIECE_CHARS = (2, 5, 3, 6, 4)


class _Script:
    """What a scripted call is to do: wait, fail, and in which order. Safe for threads."""

    def __init__(
        self,
        *,
        delay_s: float,
        faults: Sequence[ProviderError | None],
        gate: threading.Event | None,
    ) -> None:
        self._delay_s = delay_s
        self._faults = list(faults)
        self._gate = gate
        self.lock = threading.Lock()

    def next_fault(self) -> ProviderError | None:
        """Take the fault of this call; the caller holds the lock."""
        return self._faults.pop(0) if self._faults else None

    def wait(self) -> None:
        """Wait as long as the script says before anything is given."""
        if self._gate is not None:
            self._gate.wait()
        _pause(self._delay_s)


class OfflinePlanner:
    """A text model made of rules: plans, thinks and writes prompts without any AI model.

    Args:
        model: its id in the catalogue.
        delay_s: seconds before the first piece.
        piece_s: seconds between two pieces.
        faults: what to raise, one entry a call in order; ``None``, or none left, means to behave.
        break_after: characters to give before the fault; ``None`` raises before the first.
        answers: stage → raw answers to give instead, one a call of that stage, in order.
        gate: waited for before the first piece.
        keep_requests: remember every request in ``requests``; say no for a model that lives as long
            as the process, which would keep them all.
    """

    def __init__(
        self,
        *,
        model: str = "offline-planner",
        delay_s: float = 0.0,
        piece_s: float = 0.0,
        faults: Sequence[ProviderError | None] = (),
        break_after: int | None = None,
        answers: Mapping[Stage, Sequence[str]] | None = None,
        gate: threading.Event | None = None,
        keep_requests: bool = True,
    ) -> None:
        self.model = model
        self.requests: list[TextRequest] = []
        """Every request received, in order; stays empty without ``keep_requests``."""
        self._keep_requests = keep_requests
        self._piece_s = piece_s
        self._break_after = break_after or 0
        self._answers = {stage: list(texts) for stage, texts in (answers or {}).items()}
        self._script = _Script(delay_s=delay_s, faults=faults, gate=gate)

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Answer one question in small pieces, always in the same way.

        Args:
            request: the question; its stage decides what is written.

        Yields:
            TextPart with 2 to 6 characters each, then one with the usage, estimated at one token
            per four characters.

        Raises:
            ProviderError: the script says so.

        Cost:
            Nothing.
        """
        with self._script.lock:
            if self._keep_requests:
                self.requests.append(request)
            fault = self._script.next_fault()
            scripted = self._answers.get(request.stage)
            given = scripted.pop(0) if scripted else None
        self._script.wait()
        answer = _answer(request) if given is None else given
        told = 0
        for piece in _split(answer[: self._break_after] if fault else answer):
            if told:
                _pause(self._piece_s)
            told += len(piece)
            yield TextPart(text=piece)
        if fault is not None:
            raise fault
        yield TextPart(usage=_estimate_usage(request, answer))


class OfflinePainter:
    """An image model made of code: draws from the words of the prompt, without any AI model.

    Args:
        model: ``offline-gouache`` or ``offline-poster``.
        delay_s: seconds before the first picture.
        faults: what to raise, one entry a call in order; ``None``, or none left, means to behave.
        fail_after: whole pictures to give before the fault; ``None`` raises before the first.
        partials: rough previews before each whole picture.
        step_s: seconds before each preview.
        gate: waited for before the first picture.
        keep_requests: remember every request in ``requests``; say no for a model that lives as long
            as the process, which would keep them all.

    Raises:
        ValueError: there is no painter of that name.
    """

    def __init__(
        self,
        *,
        model: str,
        delay_s: float = 0.0,
        faults: Sequence[ProviderError | None] = (),
        fail_after: int | None = None,
        partials: int = 0,
        step_s: float = 0.0,
        gate: threading.Event | None = None,
        keep_requests: bool = True,
    ) -> None:
        if model not in _MANNERS:
            message = f"There is no offline painter {model!r}. Choose one of {', '.join(_MANNERS)}."
            raise ValueError(message)
        self.model = model
        self.requests: list[ImageRequest] = []
        """Every request received, in order; stays empty without ``keep_requests``."""
        self._keep_requests = keep_requests
        self._partials = partials
        self._step_s = step_s
        self._fail_after = fail_after or 0
        self._script = _Script(delay_s=delay_s, faults=faults, gate=gate)

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Draw pictures from the words of a prompt, always the same ones.

        Args:
            request: the prompt, the shape, and how many.

        Yields:
            For each index the scripted number of previews and one PNG whose longest side is
            1,024 px; the usage, estimated, on the last.

        Raises:
            RejectedError: the aspect ratio is not two whole numbers.
            ProviderError: the script says so.

        Cost:
            Nothing.
        """
        with self._script.lock:
            if self._keep_requests:
                self.requests.append(request)
            fault = self._script.next_fault()
        self._script.wait()
        _check_ratio(request.aspect_ratio, self.model)
        first_seed = _derive_seed(request.prompt) if request.seed is None else request.seed
        whole = min(request.count, self._fail_after) if fault else request.count
        for offset in range(whole):
            index = request.first_index + offset
            seed = (first_seed + index) % _MAX_SEED
            image = self._draw(request, seed)
            yield from self._preview(image, index, seed)
            is_last = offset == request.count - 1 and fault is None
            usage = Usage(input_tokens=_count_tokens(request.prompt), output_tokens=0)
            data = _encode(image)
            yield Picture(index=index, data=data, seed=seed, usage=usage if is_last else None)
        if fault is not None:
            raise fault

    def _draw(self, request: ImageRequest, seed: int) -> "Image":
        """Render one picture."""
        from promptflow.providers.offline.scene import render_scene

        return render_scene(
            request.prompt,
            manner=_MANNERS[self.model],
            aspect_ratio=request.aspect_ratio,
            seed=seed,
        )

    def _preview(self, image: "Image", index: int, seed: int) -> Iterator[Picture]:
        """Yield rougher versions of a picture, each clearer than the one before."""
        from PIL import ImageFilter

        for step in range(self._partials):
            _pause(self._step_s)
            rough = image.copy()
            rough.thumbnail((_PREVIEW_PX, _PREVIEW_PX))
            blurred = rough.filter(ImageFilter.GaussianBlur(24 / (step + 1)))
            yield Picture(index=index, data=_encode(blurred), partial=True, seed=seed)


def _answer(request: TextRequest) -> str:
    """Write the answer a stage asks for."""
    idea = request.sections.get("request", "")
    match request.stage:
        case Stage.ACTION_PLAN:
            return write_plan(write_brief(idea))
        case Stage.THINKING:
            return write_thinking(_brief_of(request, idea))
        case Stage.PROMPT_CONSTRUCTION:
            brief = _brief_of(request, idea)
            return write_prompt(brief, request.sections.get("image_model", ""))


def _brief_of(request: TextRequest, idea: str) -> Brief:
    """Take the brief from the plan, which may have been changed, or else from the idea."""
    plan = request.sections.get("action_plan")
    return write_brief(idea) if plan is None else brief_from_plan(plan, idea)


def _split(text: str) -> Iterator[str]:
    """Cut a text into pieces of two to six characters."""
    start = count = 0
    while start < len(text):
        size = _PIECE_CHARS[count % len(_PIECE_CHARS)]
        yield text[start : start + size]
        start += size
        count += 1


def _estimate_usage(request: TextRequest, answer: str) -> Usage:
    """Estimate the tokens of a call: a quarter of the characters, rounded up."""
    asked = request.instructions + "".join(request.sections.values())
    return Usage(input_tokens=_count_tokens(asked), output_tokens=_count_tokens(answer))


def _count_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return math.ceil(len(text) / _CHARS_PER_TOKEN)


def _derive_seed(prompt: str) -> int:
    """Return the seed of a prompt that came without one: 0 to 2,147,483,647."""
    return hash_text(prompt) % _MAX_SEED


def _check_ratio(aspect_ratio: str, model: str) -> None:
    """Raise if a shape is not given as two whole numbers, e.g. ``16:9``."""
    if not re.fullmatch(r"[1-9]\d?:[1-9]\d?", aspect_ratio):
        message = (
            f"The offline painter {model!r} can't draw in the shape {aspect_ratio!r}. "
            "It takes width to height in whole numbers up to 99, e.g. 16:9; pick one of those."
        )
        raise RejectedError(message, provider=PROVIDER, model=model)


def _encode(image: "Image") -> bytes:
    """Encode a picture as PNG, without any text that varies."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def _pause(seconds: float) -> None:
    """Sleep, if there is anything to sleep."""
    if seconds > 0:
        time.sleep(seconds)
