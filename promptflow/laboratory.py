"""One installation, put together: settings, catalogue, models, ledger, store and live flows.

The page and the command line ask the same laboratory. Making one is cheap: a provider is imported
when one of its models is first asked, and only a process that starts a flow claims ownership.
Above the flows, below whoever shows them.
"""

import logging
import random
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from threading import Event as Flag
from threading import Lock
from typing import TYPE_CHECKING

from promptflow.archive import Archive
from promptflow.budget import MonthSpend, check_budget
from promptflow.catalog import (
    NO_INSTRUCTIONS,
    NO_PARAMETERS,
    Catalog,
    ModelCard,
    check_request,
    read_catalog,
    tell_unnamed,
    uses_references,
)
from promptflow.clock import Clock
from promptflow.errors import LedgerError, SetupError
from promptflow.events import Event, FlowFinished, ImageReady, ReferenceStored
from promptflow.flows import Flows, LiveFlow
from promptflow.instructions import read_instructions
from promptflow.labels import Kind, clean_labels
from promptflow.ledger import Ownership, SqliteLedger, recover
from promptflow.ports import ImageModel, Reference, TextModel
from promptflow.providers import Provider, keyed_google, keyed_openai, offline_provider
from promptflow.records import (
    Asset,
    Fault,
    GalleryFilter,
    GenerationRequest,
    GenerationStatus,
    GenerationSummary,
    ImageParameters,
    Labels,
    Lineage,
    PictureSummary,
    Stage,
)
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.usage import Period, UsageReport, month_of, name_providers
from promptflow.view import FlowView, fold

if TYPE_CHECKING:
    from promptflow.iterations import Iteration, Iterations
    from promptflow.offers import Offer
    from promptflow.pipeline import Tools, Work

_log = logging.getLogger(__name__)

MIN_FREE_BYTES = 64_000_000
"""Below this much free disk nothing is started: a picture that can't be kept must not be bought."""


class Laboratory:
    """What the page and the command line work with.

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
        self._providers = providers
        self._clock = clock
        self._ownership: Ownership | None = None
        self._lock = Lock()
        self._opening = Lock()
        self._spending = Lock()
        self._open = False
        self._flows = Flows(self._run, new_id=_new_id, clock=clock)
        self._instructions = read_instructions(SHIPPED_DATA / "instructions")
        self._tools: Tools | None = None

    # What there is to choose from

    def reason_unavailable(self, model: ModelCard) -> str | None:
        """Say why a model can't be asked, in one sentence; ``None`` if it can."""
        reason = self.catalog.reason_unavailable(
            model,
            providers=self._providers.keys(),
            environ_keys=self.settings.variables,
            today=self.now().date(),
        )
        named = self.settings.openai and self.settings.openai.only_models
        if reason is None and named and model.provider == "openai" and model.id not in named:
            return tell_unnamed(model)
        return reason

    def check_provider(self, provider_id: str) -> None:
        """See whether a provider's key and address can be used; asks nobody.

        Args:
            provider_id: as the catalogue has it; one that is off is fine.

        Raises:
            SetupError: they can't; it says what to do.
        """
        if provider_id in self._providers:
            self._providers[provider_id].check()

    def available(self, models: Sequence[ModelCard]) -> tuple[str, ...]:
        """Return the ids of those models that can be asked, in their order."""
        return tuple(model.id for model in models if self.reason_unavailable(model) is None)

    def name_of(self, model_id: str) -> str:
        """Return a model's title; its id where the catalogue has lost it."""
        return self.catalog.model_title(model_id)

    def name_provider(self, provider_id: str) -> str:
        """Return a provider's title; its id where the catalogue has lost it."""
        titles = {provider.id: provider.title for provider in self.catalog.providers}
        return titles.get(provider_id, provider_id)

    def sees_references(self, model_id: str) -> bool | None:
        """Tell whether a model can use reference pictures; ``None`` where the catalogue has lost it."""
        cards = (*self.catalog.text_models, *self.catalog.image_models)
        return next((uses_references(card) for card in cards if card.id == model_id), None)

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
            unavailable=self.reason_unavailable,
            parameters=parameters,
            references=references,
            baseline=baseline,
            instructions=instructions,
        )

    @property
    def iterations(self) -> "Iterations":
        """What can be done once more with a generation, for `resume` and `fork`."""
        from promptflow.iterations import Iterations

        return Iterations(catalog=self.catalog, unavailable=self.reason_unavailable)

    def shipped_instructions(self, stage: Stage, image_model: str | None = None) -> str:
        """Return what a stage is told unless a request says otherwise.

        Args:
            stage: which.
            image_model: for prompt construction, the image model whose guidance comes at the end; none
                does by default.
        """
        if image_model is None:
            return self._instructions.stages[stage]
        return self._instructions.for_stage(stage, image_model)

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
            tools=self._gather_tools(),
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
        return self._set_going(
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
        return self._set_going(
            iteration.request,
            self._read_references(view),
            iteration.work,
            added_micro_usd=iteration.added_micro_usd,
            before=self.ledger.read_events(generation_id),
        )

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
        return self._set_going(
            iteration.request,
            self._read_references(view),
            iteration.work,
            added_micro_usd=iteration.added_micro_usd,
        )

    def _read_references(self, view: FlowView) -> tuple[Reference, ...]:
        return tuple(
            Reference(data=self.read_picture(asset), mime=asset.mime) for asset in view.references
        )

    def _set_going(
        self,
        request: GenerationRequest,
        references: Sequence[Reference],
        work: "Work | None",
        *,
        added_micro_usd: int | None,
        before: Sequence[Event] = (),
    ) -> str:
        self.open(make=True)
        free_bytes = self._free_bytes()
        if free_bytes < MIN_FREE_BYTES:
            message = (
                f"The disk that holds {str(self.settings.data_dir)!r} has {free_bytes // 1_000_000} "
                f"MB left, and pictures need {MIN_FREE_BYTES // 1_000_000} MB. Free some space; "
                "nothing was started."
            )
            raise SetupError(message)
        self.archive.store.check_writable()
        with self._lock:
            if self._ownership is None:
                self._ownership = Ownership.claim(self.settings.data_dir)
                self.ledger.owner = self._ownership.owner
        # Until it is recorded, with its estimate, nobody else's is checked.
        with self._spending:
            self.check_budget(added_micro_usd, fold(tuple(before)) if before else None)
            return self._flows.start(
                request, tuple(dict.fromkeys(references)), work=work, before=before
            )

    def check_budget(self, estimate_micro_usd: int | None, view: FlowView | None = None) -> None:
        """See that what may be spent stays within the limits.

        Whoever spends holds `_spending` from here until what it may cost is recorded: two of them could
        pass side by side otherwise.

        Args:
            estimate_micro_usd: the most that it can cost; 0 where all is free, ``None`` where that is
                unknown.
            view: the generation that it adds to, if any.

        Raises:
            BudgetError: it may go beyond a limit, or nobody can say; nothing was spent.
            LedgerError: the ledger can't be read.
        """
        spent = view.cost_micro_usd if view else 0
        check_budget(
            estimate_micro_usd,
            limits=self.settings.limits,
            read_month=self.read_month_spend,
            before_micro_usd=spent
            if spent is not None or view is None
            # The worst that what is unknown can have cost.
            else view.request.estimate_micro_usd,
        )

    def find_flow(self, generation_id: str) -> LiveFlow | None:
        """Return a flow that is under way in this process, else ``None``."""
        return self._flows.find(generation_id)

    def cancel(self, generation_id: str) -> None:
        """Ask a flow to finish what is paid for and start nothing more."""
        self._flows.cancel(generation_id)

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
        flow = self._flows.find(generation_id)
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

    def count_refusals(self) -> Mapping[str, tuple[int, int]]:
        """Count how often models refused: id → (refusals, runs or stages in all).

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.count_refusals()

    def read_usage(self, period: Period) -> UsageReport:
        """Add up what the calls of some days took.

        Args:
            period: at most `promptflow.usage.MOST_DAYS` days.

        Raises:
            LedgerError: the ledger can't be read.
        """
        report = self.ledger.read_usage(period)
        providers = {card.id: card.provider for card in self.catalog.text_models}
        return replace(report, lines=name_providers(report.lines, providers))

    def has_calls(self) -> bool:
        """Say whether a model was ever asked.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.has_calls()

    def read_month_spend(self) -> MonthSpend:
        """Say what this month, in UTC, has cost, and what it may yet cost through what was begun.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.read_month_spend(month_of(self.now()))

    def read_lineage(self, generation_id: str) -> Lineage:
        """Return what the events of a generation don't tell.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        return self.ledger.read_lineage(generation_id)

    def list_pictures(
        self, wanted: GalleryFilter, *, limit: int, offset: int = 0
    ) -> tuple[PictureSummary, ...]:
        """List painted pictures, newest first.

        Args:
            wanted: which.
            limit: how many at most, from 1.
            offset: how many to leave out before, from 0.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.list_pictures(wanted, limit=limit, offset=offset)

    def count_pictures(self, wanted: GalleryFilter) -> tuple[int, bool]:
        """Count painted pictures: how many, and whether there are more than were counted.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.count_pictures(wanted)

    def list_gallery_models(self) -> tuple[str, ...]:
        """List the image models that have painted a picture, by id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.list_gallery_models()

    def find_picture(self, asset_id: str) -> PictureSummary | None:
        """Return one painted picture; ``None`` where there is none of this id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.find_picture(asset_id)

    def star(self, asset_id: str, *, starred: bool) -> None:
        """Give a picture a star, or take it away.

        Raises:
            LedgerError: there is no such picture, it was deleted, or it could not be written.
        """
        self.ledger.star(asset_id, self.now() if starred else None)
        self.archive.wake()

    def read_labels(self, kind: Kind, row_id: str) -> Labels:
        """Return the title, note and tags of a generation or picture.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        return self.ledger.read_labels(kind, row_id)

    def read_all_labels(self, generation_id: str) -> Mapping[str, Labels]:
        """Return what a person wrote on a generation and on its pictures, by id.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        return self.ledger.read_all_labels(generation_id)

    def list_deleted_pictures(self, generation_id: str) -> tuple[str, ...]:
        """List the ids of a generation's pictures that were deleted and can be brought back.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.list_deleted_pictures(generation_id)

    def label(
        self, kind: Kind, row_id: str, *, title: str, note: str, tags: Sequence[str]
    ) -> Labels:
        """Replace the title, note and tags of a generation or picture.

        Args:
            kind: what it is.
            row_id: its id.
            title: as typed; a generation without one gets the beginning of its request.
            note: as typed.
            tags: as typed.

        Returns:
            What is written now.

        Raises:
            InputError: something is too long; it names the field, and nothing was written.
            LedgerError: there is none of this id, it was deleted, or it could not be written.
        """
        self.ledger.write_labels(kind, row_id, clean_labels(title, note, tags))
        self.archive.wake()
        return self.ledger.read_labels(kind, row_id)

    def list_tags(self) -> tuple[str, ...]:
        """List the tags that are in use.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self.ledger.list_tags()

    def delete(self, kind: Kind, row_id: str) -> None:
        """Delete a generation or picture; until a purge takes it, `restore` brings it back.

        Raises:
            InputError: it is still being made.
            LedgerError: there is none of this id, or it could not be written.
        """
        self.ledger.delete(kind, row_id, self.now())
        self.archive.wake()

    def restore(self, kind: Kind, row_id: str) -> None:
        """Bring back a generation or picture that was deleted.

        Raises:
            LedgerError: there is none of this id, it was purged, or it could not be written.
        """
        self.ledger.undelete(kind, row_id)
        self.archive.wake()

    def read_picture(self, asset: Asset) -> bytes:
        """Return the bytes of a picture.

        Raises:
            StorageError: it is missing, damaged or can't be read.
        """
        return self.archive.store.read(asset)

    def link(self, asset: Asset, *, filename: str | None = None) -> str | None:
        """Return an address at which a browser gets a picture; ``None`` where it is on this machine.

        Args:
            asset: as the ledger has it.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            A secret for as long as it is good: never to be stored or logged.

        Raises:
            StorageError: it could not be signed.
        """
        return self.archive.link(asset, filename=filename)

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
            live=self._flows.live,
        )

    def close(self, *, timeout_s: float) -> None:
        """Cancel what runs, wait for what is paid for and its upload, and let go of the data folder.

        Args:
            timeout_s: seconds to wait in all.
        """
        until_s = self._clock.stopwatch_s() + timeout_s
        self._flows.close(timeout_s=timeout_s)
        with self._lock:
            if self._ownership is not None and not self._flows.live():
                self._ownership.release()
                self._ownership = None
        self.archive.close(timeout_s=max(until_s - self._clock.stopwatch_s(), 0.0))

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self._clock.now()

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
            tools=self._gather_tools(),
            cancel=cancel,
        ):
            yield event
            # Thumbnails can wait until nothing is painted any more; uploads need no processor.
            stored = isinstance(event, ImageReady | ReferenceStored) and self.archive.bucket
            if stored or isinstance(event, FlowFinished):
                self.archive.wake()

    def _gather_tools(self) -> "Tools":
        """Return what all flows work with; the first of them has it put together."""
        from promptflow.pipeline import Tools

        with self._lock:
            if self._tools is None:
                self._tools = Tools(
                    text_model=cache(self._text_model),
                    image_model=cache(self._image_model),
                    store=self.archive.store,
                    ledger=self.ledger,
                    catalog=self.catalog,
                    instructions=self._instructions,
                    clock=self._clock,
                    new_id=_new_id,
                    jitter=random.random,  # noqa: S311 - it spreads waits, it keeps no secret
                )
            return self._tools

    def _free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.settings.data_dir).free
        except OSError as error:
            message = (
                f"The data folder {str(self.settings.data_dir)!r} can't be used any more "
                f"({error.strerror}). Bring it back and restart the app; nothing was started."
            )
            raise SetupError(message) from error

    def _text_model(self, model_id: str) -> TextModel:
        card = self.catalog.text_model(model_id)
        return self._providers[card.provider].text_model(model_id)

    def _image_model(self, model_id: str) -> ImageModel:
        card = self.catalog.image_model(model_id)
        return self._providers[card.provider].image_model(model_id)


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
        providers=_find_providers(settings, catalog) if providers is None else providers,
        clock=clock or Clock(),
    )


def _find_providers(settings: Settings, catalog: Catalog) -> Mapping[str, Provider]:
    """Return the providers that can be asked: the offline one, and those with a key."""
    found = {"offline": offline_provider()}
    if settings.openai:
        found["openai"] = keyed_openai(settings.openai, catalog)
    if settings.google:
        found["google"] = keyed_google(settings.google, catalog)
    return found


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


def _new_id() -> str:
    """Make an id that sorts by time."""
    from uuid_utils import uuid7

    return str(uuid7())
