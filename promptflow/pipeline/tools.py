"""What every part of one flow shares: the tools it works with and the account it keeps."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date

from promptflow.catalog import Catalog, Charge, ImageModelCard, TextModelCard, price_call
from promptflow.clock import Clock
from promptflow.errors import (
    InternalError,
    PromptflowError,
    ProviderError,
    RefusedError,
    SetupError,
)
from promptflow.events import Event
from promptflow.instructions import Instructions
from promptflow.ports import ImageModel, ImageStore, Ledger, Reference, TextModel
from promptflow.records import Fault, GenerationRequest, RunStatus, Usage
from promptflow.wording import mend_text

_log = logging.getLogger(__name__)

CANCELLED = Fault(
    code="cancelled",
    message="Cancelled: what was already paid for was finished, nothing more was started.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the pipeline works with."""

    text_model: Callable[[str], TextModel]
    """Text model id → the model."""
    image_model: Callable[[str], ImageModel]
    """Image model id → the model."""
    store: ImageStore
    ledger: Ledger
    catalog: Catalog
    instructions: Instructions
    clock: Clock
    new_id: Callable[[], str]
    """Makes ids that sort by time."""
    jitter: Callable[[], float]
    """Returns 0 to 1, for the waits between attempts."""

    def since_ms(self, started_s: float) -> int:
        """Return the milliseconds since an earlier reading of the stopwatch."""
        return round((self.clock.stopwatch_s() - started_s) * 1000)


@dataclass(slots=True, kw_only=True)
class Account:
    """One flow's request and what has come of it; lanes append to it from their own threads."""

    request: GenerationRequest
    generation_id: str
    tools: Tools
    cancel: threading.Event
    references: tuple[Reference, ...] = ()
    """The pictures that go along with the request."""
    costs: list[int | None] = field(default_factory=list)
    """Micro-dollars of every stage and run that has ended."""
    outcomes: dict[str, RunStatus] = field(default_factory=dict)
    """Image model id → how the best of its runs that have ended did; of the baseline nothing is said."""
    pictures: list[str] = field(default_factory=list)
    """Ids of the assets."""
    unrecorded: list[str] = field(default_factory=list)
    """Keys of pictures that are stored, but that the ledger did not take."""
    versions: dict[str, int] = field(default_factory=dict)
    """Image model id → the newest version of its runs."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start_run(self, event: Callable[[int], Event], image_model: str) -> Event:
        """Record the start of a run as the next version of its model.

        Args:
            event: version → the event.
            image_model: whose run it is.

        Returns:
            The event, recorded: versions that are seen have no gaps.

        Raises:
            LedgerError: it could not be recorded; the version is still free.
        """
        with self._turn:
            version = self.versions.get(image_model, 0) + 1
            started = self.write(event(version))
            self.versions[image_model] = version
        return started

    def close_run(self, image_model: str, status: RunStatus) -> None:
        """Take note of how a run ended; one that succeeded stays the best."""
        if self.outcomes.get(image_model) is not RunStatus.SUCCEEDED:
            self.outcomes[image_model] = status

    def write(self, event: Event) -> Event:
        """Put an event in the ledger and hand it back, fit to be shown.

        Raises:
            LedgerError: it could not be recorded.
        """
        self.tools.ledger.record(event)
        return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a call failed, as far as money goes."""

    error: PromptflowError
    told: bool
    """Whether it said what it is billed for."""
    heard: bool = False
    """Whether the pipeline had anything of the call; of several at once the error says it itself."""

    @property
    def billed(self) -> bool:
        """Whether it may be billed: not if it was never made, or turned down before anything came."""
        if isinstance(self.error, SetupError):
            return False
        if self.heard or not isinstance(self.error, ProviderError):
            return True
        return not self.error.settled or not self.error.turned_down


@dataclass(slots=True, kw_only=True)
class Bill:
    """What the calls of one stage or run come to."""

    tools: Tools
    card: TextModelCard | ImageModelCard
    _price: Charge | None = None
    """The last charge, for the price it goes by."""
    _usage: Usage | None = None
    _costs: list[int | None] = field(default_factory=list)

    def enter(
        self,
        usage: Usage,
        *,
        pictures: int = 0,
        size: str | None = None,
        failure: Failure | None = None,
    ) -> None:
        """Enter one call.

        Args:
            usage: the tokens it was billed for, as far as it told.
            pictures: how many whole pictures came.
            size: the class of sizes they were asked in; ``None`` for the model's own choice.
            failure: how it failed, if it did.
        """
        if failure is None or usage != Usage():
            self._usage = usage if self._usage is None else add_usage(self._usage, usage)
            self._add(usage, pictures, size)
        if failure and not failure.billed:
            self._costs.append(0)
        elif failure and not failure.told:
            # Only a free model's price is known of a call that told nothing.
            self._add(Usage(), 0, size)

    def _add(self, usage: Usage, pictures: int, size: str | None) -> None:
        today = self.tools.clock.now().date()
        charge = price_call(self.card, usage, pictures=pictures, size=size, on=today)
        self._price = charge or self._price
        self._costs.append(charge.micro_usd if charge else None)

    @property
    def price_source(self) -> str | None:
        """The title of the document the price is from."""
        return self._price.source if self._price else None

    @property
    def price_date(self) -> date | None:
        """The day that document was read."""
        return self._price.price_date if self._price else None

    @property
    def usage(self) -> Usage:
        """The tokens of all calls that told them; of a number that one left out, unknown."""
        return self._usage or Usage()

    @property
    def cost_micro_usd(self) -> int | None:
        """The sum; ``None`` where the cost of one attempt is unknown."""
        return add_costs(self._costs)


@contextmanager
def surprises_named(what: str) -> Iterator[None]:
    """Turn a mistake of our own into a failure of the call it happened in, and log it.

    Args:
        what: what was at work, e.g. a model's title.

    Yields:
        Nothing; the errors of the block are turned.

    Raises:
        InternalError: something unexpected was raised.
        PromptflowError: something expected was.
    """
    try:
        yield
    except PromptflowError:
        raise
    except Exception as error:
        _log.exception("%s stopped on an unexpected error.", what)
        message = (
            f"Prompt Flow made a mistake while {what} was at work; the server's log says more. "
            "Try again, or choose another model."
        )
        raise InternalError(message) from error


def to_fault(error: PromptflowError) -> Fault:
    """Turn an error into what is kept and shown of it."""
    message = mend_text(error.message)
    if not isinstance(error, ProviderError):
        return Fault(code=error.code, message=message)
    return Fault(
        code=error.code,
        message=message,
        http_status=error.status,
        category=error.category if isinstance(error, RefusedError) else None,
        request_id=error.request_id,
    )


def add_usage(first: Usage, second: Usage) -> Usage:
    """Add two bills up.

    Returns:
        The sum; a number that one of them lacks is unknown in the sum, too.
    """
    sums: dict[str, int | None] = {}
    for one in fields(Usage):
        mine, other = getattr(first, one.name), getattr(second, one.name)
        sums[one.name] = None if mine is None or other is None else mine + other
    return Usage(**sums)


def add_costs(costs: list[int | None]) -> int | None:
    """Add micro-dollars up.

    Returns:
        The sum; ``None`` where one of them is unknown, because a part is not the whole.
    """
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
