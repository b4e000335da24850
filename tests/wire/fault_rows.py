"""What a row of the fault matrix is, and the faults that know nothing of any API."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from tests.wire.answers import Answer, Break, to_json, whole_answer
from tests.wire.pictures import NOT_A_PICTURE, make_png
from tests.wire.requested import Request
from tests.wire.wire import Wire

TEXT = "A lighthouse on a cliff — Leuchtturm 🗼, in the last light of a long day."
"""What a text model says where the fault leaves it time to."""

PICTURE = make_png(64, 48)
"""What an image model paints where the fault leaves it time to."""

PREVIEW = make_png(16, 12, rgb=(90, 90, 90))
"""What it shows on the way, to those who ask for previews."""


class Script(Protocol):
    """Sets a fault up."""

    def __call__(self, wire: Wire, *, times: int | None = 1) -> None:
        """Let so many of the next calls meet the fault; None for all that come.

        Args:
            wire: the servers.
            times: how many calls; a fault of the connection itself is for good.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a call goes wrong."""

    name: str
    provider: str
    """``openai`` or ``google``."""
    kind: str
    """``text`` or ``image``."""
    script: Script
    streamed: str | None
    """The class raised by a call that asks for a stream, by its full name."""
    whole: str | None
    """The class raised by a call that does not."""
    status: int | None = None
    """The HTTP status, where it is an error's."""
    code: str | None = None
    """OpenAI's code or Google's reason, where there is one."""
    wait_s: float | None = None
    """The wait the provider asks for, where it asks."""
    note: str = ""
    """What there is to see where nothing is raised, or what is easily overlooked."""

    @property
    def id(self) -> str:
        """The name of the row, e.g. ``openai-image-stall``."""
        return f"{self.provider}-{self.kind}-{self.name}"


def answer_healthily(provider: str, kind: str, fault: Break) -> Script:
    """Make a script: the call would succeed, but for one break."""

    def script(wire: Wire, *, times: int | None = 1) -> None:
        if provider == "openai" and kind == "image":
            wire.openai.answer_image(PICTURE, partials=[PREVIEW], times=times, fault=fault)
        elif provider == "openai":
            wire.openai.answer_text(TEXT, times=times, fault=fault)
        elif kind == "image":
            wire.google.answer_image(PICTURE, times=times, fault=fault)
        else:
            wire.google.answer_text(TEXT, times=times, fault=fault)

    return script


def answer_with(provider: str, kind: str, render: Callable[[Request], Answer]) -> Script:
    """Make a script: the call gets an answer made by a function."""

    def script(wire: Wire, *, times: int | None = 1) -> None:
        endpoint = wire.openai if provider == "openai" else wire.google
        endpoint.answer_with(render, kind=kind, times=times)

    return script


def refuse(provider: str) -> Script:
    """Make a script: nothing listens any more."""

    def script(wire: Wire, *, times: int | None = 1) -> None:
        (wire.openai if provider == "openai" else wire.google).refuse()

    return script


def send_a_page(_request: Request) -> Answer:
    """Answer as a proxy in the way does: a page of HTML that claims success."""
    return whole_answer(NOT_A_PICTURE, headers={"content-type": "text/html; charset=utf-8"})


def fail_as_a_gateway(_request: Request) -> Answer:
    """Answer as a proxy in the way does: a page of HTML, and a status the API itself never sends."""
    return replace(send_a_page(_request), status=502)


def send_broken_json(_request: Request) -> Answer:
    """Answer with JSON of the right type that ends too early."""
    body = to_json({"data": [1, 2, 3]})[:-4]
    return whole_answer(body, headers={"content-type": "application/json"})
