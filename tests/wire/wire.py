"""Both providers' APIs on the loopback, for the real SDKs to talk to."""

from types import TracebackType
from typing import Self

from tests.wire.google_wire import GoogleWire
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request, Violation


class Wire:
    """OpenAI and Google, each on a port of its own, until the `with` block ends.

    Leaving the block ends every handler at once. It raises RuntimeError if a server or a script
    function crashed, so that a crash is never taken for a network fault.
    """

    def __init__(self) -> None:
        self.openai = OpenAIWire()
        self.google = GoogleWire()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.openai.close()
        finally:
            self.google.close()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request to either, in the order of arrival."""
        both = (*self.openai.requests, *self.google.requests)
        return tuple(sorted(both, key=lambda request: request.arrived_s))

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Everything about the requests that either API does not accept."""
        return (*self.openai.violations, *self.google.violations)
