"""Where flows are set going: what they work with, and what is seen to before anything is spent.

Above the archive and the flows, below the laboratory, which has one.
"""

import random
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from threading import Event as Flag
from threading import Lock
from typing import TYPE_CHECKING

from promptflow.archive import Archive
from promptflow.catalog import Catalog
from promptflow.clock import Clock
from promptflow.errors import SetupError
from promptflow.events import Event, FlowFinished, ImageReady, ReferenceStored
from promptflow.flows import Flows
from promptflow.instructions import read_instructions
from promptflow.ledger import Ownership, SqliteLedger
from promptflow.models import Models
from promptflow.ports import Reference
from promptflow.records import GenerationRequest
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.spending import Spending
from promptflow.view import fold

if TYPE_CHECKING:
    from promptflow.pipeline import Tools, Work

MIN_FREE_BYTES = 64_000_000
"""Below this much free disk nothing is started: a picture that can't be kept must not be bought."""


class Workshop:
    """Sets the flows of one installation going, in this process.

    Args:
        settings: how the installation is set up.
        catalog: the models.
        models: how to get at them.
        ledger: where all is recorded.
        archive: where pictures are kept.
        spending: says whether more may be spent.
        clock: where time comes from.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        models: Models,
        ledger: SqliteLedger,
        archive: Archive,
        spending: Spending,
        clock: Clock,
    ) -> None:
        self._folder = settings.data_dir
        self._catalog = catalog
        self._models = models
        self._ledger = ledger
        self._archive = archive
        self._spending = spending
        self._clock = clock
        self._lock = Lock()
        self._ownership: Ownership | None = None
        self._tools: Tools | None = None
        self.flows = Flows(self._run, new_id=_new_id, clock=clock)
        self.instructions = read_instructions(SHIPPED_DATA / "instructions")

    def set_going(
        self,
        request: GenerationRequest,
        references: Sequence[Reference],
        work: "Work | None",
        *,
        added_micro_usd: int | None,
        before: Sequence[Event] = (),
    ) -> str:
        """Start a generation, or go on with one; the ledger is ready.

        Args:
            request: checked.
            references: the pictures that go along; one that comes twice goes along once.
            work: what there is to do; ``None`` for all.
            added_micro_usd: the most that it can cost; ``None`` where that is unknown.
            before: the events of the generation so far, where it is one that goes on.

        Returns:
            Its id; it is recorded and under way.

        Raises:
            BudgetError: it may cost more than a limit allows; nothing was started, nothing spent.
            BusyGenerationError: it is being worked on; nothing was started, nothing spent.
            SetupError: the disk is nearly full or gone; nothing was started, nothing spent.
            StorageError: pictures can't be kept; nothing was started, nothing spent.
            LedgerError: it could not be recorded; nothing was started, nothing spent.
        """
        self._check_room()
        self._archive.store.check_writable()
        with self._lock:
            if self._ownership is None:
                self._ownership = Ownership.claim(self._folder)
                self._ledger.owner = self._ownership.owner
        view = fold(tuple(before)) if before else None
        # Until it is recorded, with its estimate, nobody else's is checked.
        with self._spending.committing(added_micro_usd, view):
            return self.flows.start(
                request, tuple(dict.fromkeys(references)), work=work, before=before
            )

    def gather_tools(self) -> "Tools":
        """Return what all flows work with; the first of them has it put together."""
        from promptflow.pipeline import Tools

        with self._lock:
            if self._tools is None:
                self._tools = Tools(
                    text_model=cache(self._models.text_model),
                    image_model=cache(self._models.image_model),
                    store=self._archive.store,
                    ledger=self._ledger,
                    catalog=self._catalog,
                    instructions=self.instructions,
                    clock=self._clock,
                    new_id=_new_id,
                    jitter=random.random,  # noqa: S311 - it spreads waits, it keeps no secret
                )
            return self._tools

    def close(self, *, timeout_s: float) -> None:
        """Cancel what runs, wait for what is paid for, and let go of the data folder.

        Args:
            timeout_s: seconds to wait.
        """
        self.flows.close(timeout_s=timeout_s)
        with self._lock:
            if self._ownership is not None and not self.flows.live():
                self._ownership.release()
                self._ownership = None

    def _run(
        self,
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: "Work | None",
        generation_id: str,
        cancel: Flag,
    ) -> Iterator[Event]:
        # Only now: the first page need not wait for what no flow needs yet.
        from promptflow.pipeline import run_flow

        for event in run_flow(
            request,
            references=references,
            work=work,
            generation_id=generation_id,
            tools=self.gather_tools(),
            cancel=cancel,
        ):
            yield event
            # Thumbnails can wait until nothing is painted any more; uploads need no processor.
            stored = isinstance(event, ImageReady | ReferenceStored) and self._archive.bucket
            if stored or isinstance(event, FlowFinished):
                self._archive.wake()

    def _check_room(self) -> None:
        """See that there is room for pictures.

        Raises:
            SetupError: the disk is nearly full, or gone.
        """
        try:
            free_bytes = shutil.disk_usage(self._folder).free
        except OSError as error:
            message = (
                f"The data folder {str(self._folder)!r} can't be used any more ({error.strerror}). "
                "Bring it back and restart the app; nothing was started."
            )
            raise SetupError(message) from error
        if free_bytes < MIN_FREE_BYTES:
            message = (
                f"The disk that holds {str(self._folder)!r} has {free_bytes // 1_000_000} MB left, "
                f"and pictures need {MIN_FREE_BYTES // 1_000_000} MB. Free some space; nothing was "
                "started."
            )
            raise SetupError(message)


def _new_id() -> str:
    """Make an id that sorts by time."""
    from uuid_utils import uuid7

    return str(uuid7())
