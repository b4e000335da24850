"""One API's server: the script of its answers, and the record of what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypedDict

from tests.wire.answers import Answer, Break, Json
from tests.wire.requested import Request, Violation, read_form
from tests.wire.server import HOST, Arrival, Loopback

Render = Callable[[Request], Answer]
"""Makes the answer to one request; called when it has been checked."""


class To(TypedDict, total=False):
    """Which requests an answer is for, and how it breaks. Every `answer_…` method takes these."""

    model: str
    """Only requests for this model; left out: any."""
    fits: Callable[[Request], bool]
    """Only requests this says yes to; left out: any."""
    times: int | None
    """How many requests; 1 when left out, None for all that come."""
    fault: Break
    """What happens to the answer on the way."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One answer of the script."""

    render: Render
    kind: str | None
    model: str | None
    fits: Callable[[Request], bool] | None
    left: int | None

    def is_for(self, request: Request) -> bool:
        """Say whether this is the answer to a request."""
        return (
            self.left != 0
            and self.kind in {None, request.kind}
            and self.model in {None, request.model}
            and (self.fits is None or self.fits(request))
        )


class Endpoint:
    """A server that speaks one provider's API; `openai_wire` and `google_wire` say how.

    A request is recorded, then checked, then answered: with the API's own error where it breaks a rule
    of the API, else with the first answer of the script that is for it. An answer is used up by a
    request, `times` times. Without an answer for it, the request is itself a violation.
    """

    provider = ""

    def __init__(self) -> None:
        self._known = threading.Condition()
        self._requests: list[Request] = []
        self._violations: list[Violation] = []
        self._script: list[_Entry] = []
        self.loopback = Loopback(self._respond, f"wire-{self.provider}")

    @property
    def origin(self) -> str:
        """The address without a path, e.g. ``http://127.0.0.1:41234``."""
        return f"http://{HOST}:{self.loopback.port}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, in the order of arrival."""
        with self._known:
            return tuple(self._requests)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Everything about the requests so far that the API does not accept."""
        with self._known:
            return tuple(self._violations)

    def count(self, *, kind: str | None = None, model: str | None = None) -> int:
        """Return how many requests came so far.

        Args:
            kind: ``text``, ``image`` or ``models``; None for any.
            model: only those for this model; None for any.
        """
        return sum(
            kind in {None, request.kind} and model in {None, request.model}
            for request in self.requests
        )

    def wait_for(self, count: int, *, kind: str | None = None, timeout_s: float = 5) -> None:
        """Wait until so many requests have come.

        Args:
            count: of requests since the start.
            kind: only requests of this kind; None for any.
            timeout_s: how long to wait.

        Raises:
            TimeoutError: they did not come.
        """
        with self._known:
            if not self._known.wait_for(lambda: self.count(kind=kind) >= count, timeout_s):
                message = f"{self.count(kind=kind)} of {count} requests came within {timeout_s} s"
                raise TimeoutError(message)

    def wait_until_idle(self, timeout_s: float = 5) -> None:
        """Wait until no request is being answered.

        Args:
            timeout_s: how long to wait.

        Raises:
            TimeoutError: one still is.
        """
        until_s = time.monotonic() + timeout_s
        while self.loopback.in_hand:
            if time.monotonic() > until_s:
                message = f"{self.loopback.in_hand} requests are still in hand after {timeout_s} s"
                raise TimeoutError(message)
            time.sleep(0.005)

    def answer_with(
        self,
        render: Render,
        *,
        kind: str | None = None,
        model: str | None = None,
        times: int | None = 1,
        fits: Callable[[Request], bool] | None = None,
        fault: Break | None = None,
    ) -> None:
        """Add an answer to the script.

        Args:
            render: makes it from the request.
            kind: ``text`` or ``image``; None for any.
            model: only for this model; None for any.
            times: how many requests it answers; None for all that come.
            fits: only for requests this says yes to.
            fault: what happens to it on the way.
        """

        def render_broken(request: Request) -> Answer:
            whole = render(request)
            return whole if fault is None else fault(whole)

        with self._known:
            self._script.append(
                _Entry(render=render_broken, kind=kind, model=model, fits=fits, left=times)
            )

    def refuse(self) -> None:
        """Refuse connections from now on."""
        self.loopback.refuse()

    def close(self) -> None:
        """End everything at once.

        Raises:
            RuntimeError: this server or a script function crashed; its tracebacks are the message.
        """
        self.loopback.close()
        if self.loopback.crashes:
            raise RuntimeError("\n".join(self.loopback.crashes))

    def _respond(self, arrival: Arrival) -> Answer:
        """Record, check and answer one request."""
        request = self._record(arrival)
        complaints = [
            replace(complaint, where=f"{request.method} {request.path}")
            for complaint in self._complain(request)
        ]
        render = None
        if not complaints:
            render = self._fixed_answer(request) or self._next_render(request)
        if render is None and not complaints:
            complaints = [self._unscripted(request)]
        if render is None:
            with self._known:
                self._violations.extend(complaints)
            return self._turn_down(request, complaints[0])
        return render(request)

    def _record(self, arrival: Arrival) -> Request:
        """Make sense of a request and keep it."""
        content_type = arrival.headers.get("content-type", "")
        with self._known:
            request = self._sort(
                Request(
                    provider=self.provider,
                    number=len(self._requests) + 1,
                    arrived_s=arrival.arrived_s,
                    method=arrival.method,
                    path=arrival.path,
                    query=arrival.query,
                    headers=arrival.headers,
                    body=arrival.body,
                    json=_read_json(arrival.body) if "json" in content_type else None,
                    parts=read_form(content_type, arrival.body),
                )
            )
            self._requests.append(request)
            self._known.notify_all()
            return request

    def _next_render(self, request: Request) -> Render | None:
        """Take the first answer of the script that is for a request."""
        with self._known:
            entry = next((entry for entry in self._script if entry.is_for(request)), None)
            if entry is not None and entry.left is not None:
                entry.left -= 1
            return None if entry is None else entry.render

    def _unscripted(self, request: Request) -> Violation:
        """Say that the script has no answer; a client must not take it for a passing trouble."""
        return Violation(
            status=400,
            message=f"No answer is scripted for a request of kind {request.kind!r} "
            f"to model {request.model!r}.",
            code="unscripted",
            where=f"{request.method} {request.path}",
        )

    def _sort(self, request: Request) -> Request:
        """Return the request with its kind, its model and whether it wants a stream."""
        raise NotImplementedError

    def _complain(self, request: Request) -> Iterator[Violation]:
        """Yield everything the API does not accept about a request, the gravest first."""
        raise NotImplementedError

    def _turn_down(self, request: Request, violation: Violation) -> Answer:
        """Make the API's own error out of a violation."""
        raise NotImplementedError

    def _fixed_answer(self, request: Request) -> Render | None:
        """Return the answer to a request that needs no script, or None."""
        raise NotImplementedError


def _read_json(body: bytes) -> Json | None:
    """Read a JSON object; None where the bytes are not one."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
