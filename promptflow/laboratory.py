"""One installation, put together: settings, catalogue, models, ledger, store and live flows.

The page and the command line ask the same laboratory. Making one is cheap: a provider is imported
when one of its models is first asked, and only a process that starts a flow claims ownership.
Above the flows, below whoever shows them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from promptflow.archive import Archive
from promptflow.catalog import (
    NO_INSTRUCTIONS,
    NO_PARAMETERS,
    Catalog,
    check_request,
    read_catalog,
)
from promptflow.clock import Clock
from promptflow.errors import LedgerError
from promptflow.events import Event
from promptflow.flows import LiveFlow
from promptflow.gallery import Gallery
from promptflow.ledger import SqliteLedger, recover
from promptflow.models import Models, find_providers
from promptflow.organiser import Organiser
from promptflow.ports import Reference
from promptflow.providers import Provider
from promptflow.records import (
    Fault,
    GenerationRequest,
    GenerationStatus,
    GenerationSummary,
    ImageParameters,
    Lineage,
    Stage,
)
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.spending import Spending
from promptflow.view import FlowView, fold
from promptflow.workshop import Workshop

if TYPE_CHECKING:
    from promptflow.iterations import Iteration, Iterations
    from promptflow.offers import Offer
    from promptflow.pipeline import Work

_log = logging.getLogger(__name__)


class Laboratory:
    """What the page and the command line work with.

    It starts flows, finds them again, and opens and closes. The rest is with a role of its own: `models`
    for what can be asked, `gallery` for the pictures, `organiser` for what a person does with them,
    `spending` for what it costs, `archive` for what is kept where.

    Args:
        settings: how this installation is set up.
        catalog: the models.
        providers: provider id → how to get at its models, of those that can be asked.
        clock: where time comes from.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.ledger = SqliteLedger(settings.database, clock=clock)
        self.archive = Archive(settings=settings, ledger=self.ledger, clock=clock)
        self.models = Models(settings=settings, catalog=catalog, providers=providers, clock=clock)
        self.gallery = Gallery(pictures=self.ledger.pictures, archive=self.archive)
        self.organiser = Organiser(marks=self.ledger.marks, wake=self.archive.wake, clock=clock)
        self.spending = Spending(
            calls=self.ledger.calls, limits=settings.limits, catalog=catalog, clock=clock
        )
        self._workshop = Workshop(
            settings=settings,
            catalog=catalog,
            models=self.models,
            ledger=self.ledger,
            archive=self.archive,
            spending=self.spending,
            clock=clock,
        )
        self._clock = clock
        self._opening = Lock()
        self._open = False

    # What there is to choose from

    def check(
        self,
        *,
        request: str,
        image_models: Sequence[str],
        text_model: str,
        aspect_ratio: str,
        images_per_model: int,
        seed: int | None,
        parameters: Mapping[str, ImageParameters] = NO_PARAMETERS,
        references: int = 0,
        baseline: bool = False,
        instructions: Mapping[Stage, str] = NO_INSTRUCTIONS,
    ) -> GenerationRequest:
        """Check what someone asks for against the catalogue.

        Args:
            request: the idea, as typed.
            image_models: ids, as chosen.
            text_model: an id.
            aspect_ratio: width to height, e.g. ``16:9``.
            images_per_model: 1 to 4.
            seed: 0 to 2,147,483,647, or ``None``.
            parameters: image model id → what is asked of it besides the prompt.
            references: how many reference pictures go along, 0 to 8.
            baseline: whether each image model also paints the request unchanged.
            instructions: stage → what it is told instead of the shipped text.

        Returns:
            A request fit for `start`.

        Raises:
            InputError: something can't be done as asked; it names the field.
        """
        return check_request(
            self.catalog,
            request=request,
            image_models=image_models,
            text_model=text_model,
            aspect_ratio=aspect_ratio,
            images_per_model=images_per_model,
            seed=seed,
            unavailable=self.models.reason_unavailable,
            parameters=parameters,
            references=references,
            baseline=baseline,
            instructions=instructions,
        )

    @property
    def iterations(self) -> "Iterations":
        """What can be done once more with a generation, for `resume` and `fork`."""
        from promptflow.iterations import Iterations

        return Iterations(catalog=self.catalog, unavailable=self.models.reason_unavailable)

    def shipped_instructions(self, stage: Stage, image_model: str | None = None) -> str:
        """Return what a stage is told unless a request says otherwise.

        Args:
            stage: which.
            image_model: for prompt construction, the image model whose guidance comes at the end; none
                does by default.
        """
        if image_model is None:
            return self._workshop.instructions.stages[stage]
        return self._workshop.instructions.for_stage(stage, image_model)

    # Flows

    def find_offer(
        self, request: GenerationRequest, references: Sequence[Reference] = ()
    ) -> "Offer | None":
        """Look for earlier answers to the very questions that a request would ask.

        Args:
            request: as `check` returns it.
            references: the pictures that go along.

        Returns:
            What could be reused; it is taken only by handing it to `start`.

        Raises:
            LedgerError: the ledger can't be read.
        """
        from promptflow.offers import find_offer

        return find_offer(
            request,
            tuple(dict.fromkeys(references)),
            tools=self._workshop.gather_tools(),
            find_answer=self.ledger.find_answer,
        )

    def start(
        self,
        request: GenerationRequest,
        references: Sequence[Reference] = (),
        *,
        work: "Work | None" = None,
    ) -> str:
        """Start a generation.

        Args:
            request: as `check` returns it.
            references: the pictures that go along, as many as were checked; one that comes twice
                goes along once.
            work: what there is to do where some of it is reused, from an `Offer`; by default all.

        Returns:
            Its id; it is recorded and under way.

        Raises:
            BudgetError: it may cost more than a limit allows; nothing was started, nothing spent.
            SetupError: the disk is nearly full or gone; nothing was started, nothing spent.
            StorageError: pictures can't be kept; nothing was started, nothing spent.
            LedgerError: it could not be recorded; nothing was started, nothing spent.
        """
        if work:
            estimate = self.iterations.estimate(request, work, len(references))
            request = replace(request, estimate_micro_usd=estimate)
        self.open(make=True)
        return self._workshop.set_going(
            request, references, work, added_micro_usd=request.estimate_micro_usd
        )

    def resume(self, generation_id: str, plan: Callable[[FlowView], "Iteration"]) -> str:
        """Do something once more within a generation that is over: a version, a retry, a model more.

        Args:
            generation_id: which.
            plan: what to do with it as it stands, one of `iterations`.

        Returns:
            Its id; it is under way again.

        Raises:
            BusyGenerationError: it is being worked on; nothing was started, nothing spent.
            UnknownGenerationError: there is no such generation.
            InputError: it can't be done; it says why.
            SetupError: the disk is nearly full or gone; nothing was started, nothing spent.
            StorageError: its reference pictures can't be read; nothing was started, nothing spent.
            LedgerError: it could not be recorded; nothing was started, nothing spent.
        """
        _, view = self.look_up(generation_id)
        iteration = plan(view)
        references = self._read_references(view)
        return self._set_going(iteration, references, self.ledger.read_events(generation_id))

    def fork(self, generation_id: str, plan: Callable[[FlowView], "Iteration"]) -> str:
        """Begin a new generation from an earlier one.

        Args:
            generation_id: the parent.
            plan: what to do with it as it stands: `Iterations.fork`.

        Returns:
            The id of the new generation; it is recorded and under way.

        Raises:
            PromptflowError: as of `resume`.
        """
        _, view = self.look_up(generation_id)
        iteration = plan(view)
        return self._set_going(iteration, self._read_references(view))

    def _read_references(self, view: FlowView) -> tuple[Reference, ...]:
        return tuple(
            Reference(data=self.gallery.read_picture(asset), mime=asset.mime)
            for asset in view.references
        )

    def _set_going(
        self,
        iteration: "Iteration",
        references: Sequence[Reference],
        before: Sequence[Event] = (),
    ) -> str:
        self.open(make=True)
        return self._workshop.set_going(
            iteration.request,
            references,
            iteration.work,
            added_micro_usd=iteration.added_micro_usd,
            before=before,
        )

    def find_flow(self, generation_id: str) -> LiveFlow | None:
        """Return a flow that is under way in this process, else ``None``."""
        return self._workshop.flows.find(generation_id)

    def cancel(self, generation_id: str) -> None:
        """Ask a flow to finish what is paid for and start nothing more."""
        self._workshop.flows.cancel(generation_id)

    # What has been

    def look_up(self, generation_id: str) -> tuple[LiveFlow | None, FlowView]:
        """Find a generation, wherever it stands.

        Args:
            generation_id: anything; it may come from an address.

        Returns:
            Its flow, if it is under way in this process, and its view as of now.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        flow = self._workshop.flows.find(generation_id)
        if flow is not None:
            return flow, fold(next(flow.follow(timeout_s=0)))
        view = fold(self.ledger.read_events(generation_id))
        if view.status is GenerationStatus.RUNNING:
            view = self._mend(view)
        return None, view

    def _mend(self, view: FlowView) -> FlowView:
        """Recover, and read again what has become of a generation that no flow here runs."""
        try:
            if self.recover():
                return fold(self.ledger.read_events(view.generation_id))
        except LedgerError as error:
            # On a full disk nothing can be written, but what was finished can still be looked at.
            _log.warning("Generation %s could not be mended.", view.generation_id, exc_info=True)
            view.status = GenerationStatus.INTERRUPTED
            view.fault = Fault(code=error.code, message=error.message)
            view.finished_at = self.now()
        return view

    def read_events(self, generation_id: str) -> tuple[Event, ...]:
        """Return the events of a generation as the ledger has them.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        return self.ledger.read_events(generation_id)

    def list_generations(
        self, *, search: str = "", limit: int = 20, before: str | None = None
    ) -> tuple[GenerationSummary, ...]:
        """List earlier generations, newest first.

        Args:
            search: words that have to be in the request, the title, the plan or the prompts; all
                of them are listed without.
            limit: how many at most.
            before: the id of a generation; only those started before it are listed.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.list_generations(search=search, limit=limit, before=before)

    def read_lineage(self, generation_id: str) -> Lineage:
        """Return what the events of a generation don't tell.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        return self.ledger.read_lineage(generation_id)

    # The life of the installation

    def open(self, *, make: bool = False, tend: bool = True) -> None:
        """Make the ledger ready, and mend what a crash has left behind; once is enough.

        Args:
            make: make a ledger where there is none. Without it the first `start` does, and until then
                only the folder is looked at: making one takes a third of a second that a newcomer's
                first page need not wait for.
            tend: do in the background what earlier processes left to do. A command that only looks
                lets it be.

        Raises:
            SetupError: the data folder or the ledger can't be used; it says what to do.
            LedgerError: the ledger can't be read or written.
        """
        with self._opening:
            if self._open:
                return
            self.archive.restore_if_lost()
            if self.ledger.is_new and not make:
                self.ledger.prepare_folder()
                return
            self.ledger.prepare()
            self.recover()
            self._open = True
        if tend:
            self.archive.wake()

    def recover(self) -> tuple[str, ...]:
        """Mark as interrupted what says it runs and doesn't; keep the pictures it had finished.

        Returns:
            The ids of those generations.

        Raises:
            LedgerError: the ledger can't be read or written.
        """
        return recover(
            self.ledger,
            self.archive.store.here,
            folder=self.settings.data_dir,
            live=self._workshop.flows.live,
        )

    def close(self, *, timeout_s: float) -> None:
        """Cancel what runs, wait for what is paid for and its upload, and let go of the data folder.

        Args:
            timeout_s: seconds to wait in all.
        """
        until_s = self._clock.stopwatch_s() + timeout_s
        self._workshop.close(timeout_s=timeout_s)
        self.archive.close(timeout_s=max(until_s - self._clock.stopwatch_s(), 0.0))

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self._clock.now()


def make_laboratory(
    settings: Settings,
    *,
    providers: Mapping[str, Provider] | None = None,
    clock: Clock | None = None,
) -> Laboratory:
    """Put an installation together without opening it: quick, and touches no data.

    Args:
        settings: how it is set up.
        providers: whose models can be asked; all that the settings allow by default.
        clock: where time comes from; the machine's own by default.

    Returns:
        A laboratory; `Laboratory.open` makes its ledger ready.

    Raises:
        SetupError: something that is shipped is missing or wrong.
    """
    catalog = read_catalog(SHIPPED_DATA / "models.toml")
    if settings.openai:
        named = settings.openai
        catalog = catalog.with_named("openai", named.text_models, named.image_models)
    return Laboratory(
        settings=settings,
        catalog=catalog,
        providers=find_providers(settings, catalog) if providers is None else providers,
        clock=clock or Clock(),
    )


def open_laboratory(
    settings: Settings, *, providers: Mapping[str, Provider] | None = None
) -> Laboratory:
    """Put an installation together and open it, for commands: what is left to do waits to be asked for.

    Args:
        settings: how it is set up.
        providers: whose models can be asked; all that the settings allow by default.

    Returns:
        A laboratory whose ledger is ready.

    Raises:
        SetupError: something is missing or can't be used; it says what to do.
        LedgerError: the ledger can't be read or written.
    """
    laboratory = make_laboratory(settings, providers=providers)
    laboratory.open(make=True, tend=False)
    return laboratory
