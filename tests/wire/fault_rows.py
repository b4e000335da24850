"""What a row of the fault matrix is, and the rows that both providers have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from tests.wire.answers import (
    ALL,
    Answer,
    Break,
    HangUp,
    Reset,
    Stall,
    hang_up_after,
    instead,
    midway,
    reset_after,
    stall_after,
    to_json,
    whole_answer,
)
from tests.wire.endpoint import Render
from tests.wire.pictures import (
    NOT_A_PICTURE,
    cut_picture,
    encode_base64,
    encode_truncated,
    make_png,
)
from tests.wire.requested import Request
from tests.wire.wire import Wire

KINDS = ("text", "image")
"""Of models."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The classes in which one SDK raises what goes wrong below HTTP, by their full names."""

    refused: str
    """Nobody takes the connection."""
    reset: str
    """It is torn down."""
    hung_up: str
    """It is closed in good order, but too early."""
    silent: str
    """Nothing comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Makes the rows of one kind of model of one provider."""

    provider: str
    kind: str

    def make(
        self, name: str, script: Script, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        """Make a row without a status of its own."""
        return Fault(
            name=name,
            provider=self.provider,
            kind=self.kind,
            script=script,
            streamed=streamed,
            whole=whole,
            note=note,
        )

    def broken(
        self, name: str, fault: Break, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        """Make the row of a call that would succeed, but for one break."""

        def script(wire: Wire, *, times: int | None = 1) -> None:
            if self.provider == "openai" and self.kind == "image":
                wire.openai.answer_image(PICTURE, partials=[PREVIEW], times=times, fault=fault)
            elif self.provider == "openai":
                wire.openai.answer_text(TEXT, times=times, fault=fault)
            elif self.kind == "image":
                wire.google.answer_image(PICTURE, times=times, fault=fault)
            else:
                wire.google.answer_text(TEXT, times=times, fault=fault)

        return self.make(name, script, streamed, whole, note)

    def answered(
        self, name: str, render: Render, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        """Make the row of a call that gets an answer made by a function."""
        return self.make(name, self.answer(render), streamed, whole, note)

    def answer(self, render: Render) -> Script:
        """Make a script: the call gets an answer made by a function."""

        def script(wire: Wire, *, times: int | None = 1) -> None:
            endpoint = wire.openai if self.provider == "openai" else wire.google
            endpoint.answer_with(render, kind=self.kind, times=times)

        return script

    def painted(
        self,
        name: str,
        picture: bytes,
        encode: Callable[[bytes], str],
        raised: str | None,
        note: str,
    ) -> Fault:
        """Make the row of an answer with one picture in it."""

        def script(wire: Wire, *, times: int | None = 1) -> None:
            if self.provider == "openai":
                wire.openai.answer_image(picture, encode=encode, times=times)
            else:
                wire.google.answer_image(picture, encode=encode, times=times)

        return self.make(name, script, raised, raised, note)

    def connections(self, seen: Seen) -> Iterator[Fault]:
        """Yield the rows in which the connection fails."""

        def refuse(wire: Wire, *, times: int | None = 1) -> None:
            (wire.openai if self.provider == "openai" else wire.google).refuse()

        note = "everything has come, the picture and the bill too, before it breaks"
        yield self.make("connection_refused", refuse, seen.refused, seen.refused)
        yield self.broken("reset_before_headers", instead(Reset()), seen.reset, seen.reset)
        yield self.broken("hang_up_before_headers", instead(HangUp()), seen.hung_up, seen.hung_up)
        yield self.broken(
            "stall", instead(Stall()), seen.silent, seen.silent, "nothing comes, not even headers"
        )
        yield self.broken("reset_mid_stream", midway(reset_after), seen.reset, seen.reset)
        yield self.broken("hang_up_mid_stream", midway(hang_up_after), seen.hung_up, seen.hung_up)
        yield self.broken("stall_mid_stream", midway(stall_after), seen.silent, seen.silent)
        yield self.broken("reset_at_the_end", reset_after(ALL), seen.reset, None, note)
        yield self.broken(
            "stall_at_the_end", stall_after(ALL), seen.silent, None, "everything has come"
        )

    def gateway(self, raised: str) -> Fault:
        """Make the row of a proxy that fails in its own words, with a status the API never sends."""

        def fail(request: Request) -> Answer:
            return replace(send_a_page(request), status=502)

        return replace(self.answered("bad_gateway", fail, raised, raised, "HTML"), status=502)

    def pictures(self, *, truncated: str | None, note: str) -> Iterator[Fault]:
        """Yield the rows of pictures that are none.

        Args:
            truncated: the class raised over base64 that ends too early; None where that is not looked at.
            note: on the same.
        """
        yield self.painted("truncated_base64", PICTURE, encode_truncated, truncated, note)
        yield self.painted(
            "not_a_picture", NOT_A_PICTURE, encode_base64, None, "good base64 of HTML"
        )
        yield self.painted(
            "cut_picture", cut_picture(PICTURE), encode_base64, None, "its end is missing"
        )


def send_a_page(_request: Request) -> Answer:
    """Answer as a proxy in the way does: a page of HTML that claims success."""
    return whole_answer(NOT_A_PICTURE, headers={"content-type": "text/html; charset=utf-8"})


def send_broken_json(_request: Request) -> Answer:
    """Answer with JSON of the right type that ends too early."""
    body = to_json({"data": [1, 2, 3]})[:-4]
    return whole_answer(body, headers={"content-type": "application/json"})
