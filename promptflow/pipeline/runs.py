"""One run: an image model at work on one prompt, over as many attempts as it takes."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, fields
from functools import partial

from promptflow import __version__
from promptflow.errors import (
    BusyError,
    LedgerError,
    PictureError,
    PromptflowError,
    ProviderError,
    RefusedError,
    ReplyError,
    StorageError,
)
from promptflow.events import (
    Event,
    ImageReady,
    PartialImage,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
)
from promptflow.pictures import inspect_picture
from promptflow.pipeline.tools import (
    CANCELLED,
    Account,
    Bill,
    Failure,
    surprises_named,
    to_fault,
)
from promptflow.pipeline.work import Lane, Words
from promptflow.ports import ImageRequest, Picture
from promptflow.records import (
    Asset,
    AssetRole,
    Fault,
    ImageParameters,
    PromptOrigin,
    RunStatus,
    Usage,
)
from promptflow.retries import plan_wait
from promptflow.xmp import PictureLineage, embed_lineage


@dataclass(slots=True, kw_only=True)
class Run:
    """The state of one run while it works."""

    account: Account
    lane: Lane
    run_id: str
    bill: Bill
    prompt: str = ""
    """The words for the image model."""
    started_s: float = 0.0
    attempt: int = 1
    attempt_id: str = ""
    waited_s: float = 0.0
    delivered: int = 0
    """Whole pictures that came and are kept."""
    swallowed: ProviderError | None = None
    """What a call of this attempt failed with after a picture could not be kept."""

    @classmethod
    def of(cls, account: Account, lane: Lane) -> "Run":
        """Make the next run of an image model in a flow."""
        tools = account.tools
        return cls(
            account=account,
            lane=lane,
            run_id=tools.new_id(),
            bill=Bill(tools=tools, card=tools.catalog.image_model(lane.image_model)),
        )

    @property
    def image_model(self) -> str:
        """The id of the image model."""
        return self.lane.image_model

    @property
    def parameters(self) -> ImageParameters:
        """What is asked of the model besides the prompt."""
        return self.lane.parameters

    def events(self, words: Words) -> Iterator[Event]:
        """Send a prompt and keep what comes of it.

        Args:
            words: for the image model.

        Yields:
            RunStarted (RunRetrying | PartialImage | ImageReady)* (RunFinished | RunFailed)

        Raises:
            LedgerError: something could not be recorded; the run ends where it is.

        Cost:
            Billed from the first attempt on, whatever becomes of it.
        """
        tools = self.account.tools
        self.prompt = words.text
        self.started_s = tools.clock.stopwatch_s()
        yield self.account.start_run(partial(self._start, words), self.image_model)
        closing: RunFinished | RunFailed | None = None
        while closing is None:
            self.attempt_id = tools.new_id()
            self.swallowed = None
            try:
                closing = yield from self._attempt()
            except LedgerError:
                self.account.costs.append(self.bill.cost_micro_usd)
                raise
        self.account.costs.append(closing.cost_micro_usd)
        yield self.account.write(closing)
        if words.origin is not PromptOrigin.RAW:
            self.account.close_run(self.image_model, closing.status)

    def _start(self, words: Words, version: int) -> RunStarted:
        tools = self.account.tools
        card = tools.catalog.image_model(self.image_model)
        return RunStarted(
            generation_id=self.account.generation_id,
            run_id=self.run_id,
            image_model=self.image_model,
            provider=card.provider,
            version=version,
            prompt_id=words.prompt_id or tools.new_id(),
            prompt=words.text,
            prompt_origin=words.origin,
            stage_id=words.stage_id,
            at=tools.clock.now(),
            parameters=self.parameters,
            # The request has one for all models; of one that takes none it isn't asked.
            seed=self.lane.seed if card.has_seed else None,
            images=self.lane.images,
            parent_run_id=self.lane.parent_run_id,
            parent_prompt_id=words.parent_prompt_id,
        )

    def _attempt(self) -> Generator[Event, None, RunFinished | RunFailed | None]:
        """Make one call; return how the run ends, or ``None`` for another attempt."""
        title = self.account.tools.catalog.model_title(self.image_model)
        error: PromptflowError | None = None
        try:
            with surprises_named(title):
                yield from self._paint()
        except PromptflowError as caught:
            error = caught
        self._enter(error)
        match error:
            case None:
                return self._succeed()
            case BusyError():
                return (yield from self._wait(error))
            case RefusedError():
                return self._fail(to_fault(error), RunStatus.REFUSED)
            case LedgerError():
                raise error
            case _:
                return self._fail(to_fault(error), RunStatus.FAILED)

    def _enter(self, error: PromptflowError | None) -> None:
        """Enter a call that failed in the bill; what failed on our side fails no call."""
        if isinstance(error, PictureError | StorageError | LedgerError):
            error = self.swallowed
        if error:
            told = isinstance(error, ProviderError) and error.told and error.settled
            failure = Failure(error=error, told=told)
            self.bill.enter(Usage(), failure=failure)

    def _paint(self) -> Iterator[Event]:
        """Ask for the pictures that are still missing; one that can't be kept costs no other."""
        request, tools = self.account.request, self.account.tools
        wanted = self.lane.images
        card = tools.catalog.image_model(self.image_model)
        pictures = tools.image_model(self.image_model).paint(
            ImageRequest(
                prompt=self.prompt,
                aspect_ratio=request.aspect_ratio,
                count=wanted - self.delivered,
                first_index=self.delivered,
                seed=self.lane.seed,
                parameters=self.parameters,
                references=self.account.references[: card.references],
            )
        )
        lost: PromptflowError | None = None
        try:
            for picture in self._accounted(pictures):
                try:
                    event = self._show(picture) if picture.partial else self._keep(picture)
                except (PictureError, StorageError, LedgerError) as error:
                    lost = lost or error  # those that follow are paid for as well
                else:
                    yield event
        except ProviderError as error:
            # No other attempt then: it would paint again what comes after the lost one.
            if lost is None:
                raise
            self.swallowed = error
        if lost:
            raise lost
        if self.delivered < wanted:
            raise self._short(wanted)

    def _accounted(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """Enter whole pictures in the bill, kept or not, and what a call that fails is billed for."""
        for picture in pictures:
            if picture.partial and picture.usage:
                self.bill.enter(picture.usage)
                continue
            if not picture.partial:
                self.bill.enter(picture.usage or Usage(), pictures=1, size=self.parameters.size)
            yield picture

    def _show(self, picture: Picture) -> PartialImage:
        return PartialImage(run_id=self.run_id, index=picture.index, data=picture.data)

    def _keep(self, picture: Picture) -> Event:
        """Store the bytes, record the row, and only then let it be seen."""
        asset = self._store(picture)
        event = ImageReady(
            run_id=self.run_id,
            index=picture.index,
            asset=asset,
            seed=picture.seed,
            at_ms=self._elapsed_ms(),
            resolved=picture.resolved,
            request_id=picture.request_id,
        )
        try:
            self.account.write(event)
        except LedgerError:
            self.account.unrecorded.append(asset.key)
            raise
        self.delivered += 1
        self.account.pictures.append(asset.asset_id)
        return event

    def _store(self, picture: Picture) -> Asset:
        """Store the bytes with their lineage in them; what is wrong with them is told with the model."""
        tools = self.account.tools
        try:
            return tools.store.write(
                generation_id=self.account.generation_id,
                role=AssetRole.OUTPUT,
                model=self.image_model,
                data=self._embed_lineage(picture),
            )
        except PictureError as stored:
            error = _find_fault(picture.data) or stored
            title = tools.catalog.model_title(self.image_model)
            message = f"{title} sent a picture that can't be kept. {error.message}"
            raise PictureError(message) from stored

    def _embed_lineage(self, picture: Picture) -> bytes:
        """Write the lineage into the file, however it leaves; what can't take it is the store's matter."""
        try:
            return embed_lineage(picture.data, self._lineage(picture))
        except PictureError:
            return picture.data

    def _lineage(self, picture: Picture) -> PictureLineage:
        request, tools = self.account.request, self.account.tools
        asked = {one.name: getattr(self.parameters, one.name) for one in fields(ImageParameters)}
        return PictureLineage(
            generation_id=self.account.generation_id,
            run_id=self.run_id,
            index=picture.index,
            request=request.request,
            prompt=self.prompt,
            image_model=self.image_model,
            provider=tools.catalog.image_model(self.image_model).provider,
            text_model=request.text_model,
            parameters={name: value for name, value in asked.items() if value is not None},
            aspect_ratio=request.aspect_ratio,
            seed=picture.seed,
            created_at=tools.clock.now(),
            app_version=__version__,
        )

    def _short(self, wanted: int) -> ReplyError:
        model = self.account.tools.catalog.image_model(self.image_model)
        message = (
            f"{model.title} ended after {self.delivered} of {wanted} pictures. "
            "Try again, or ask for fewer."
        )
        return ReplyError(message, provider=model.provider, model=self.image_model)

    def _wait(self, error: BusyError) -> Generator[Event, None, RunFailed | None]:
        tools = self.account.tools
        wait_s = plan_wait(
            error, attempt=self.attempt, waited_s=self.waited_s, jitter=tools.jitter()
        )
        if wait_s is None:
            return self._fail(to_fault(error), RunStatus.FAILED)
        yield self.account.write(
            RunRetrying(
                run_id=self.run_id,
                attempt_id=self.attempt_id,
                attempt=self.attempt,
                wait_s=wait_s,
                fault=to_fault(error),
                at=tools.clock.now(),
            )
        )
        self.waited_s += wait_s
        if self.account.cancel.wait(wait_s):
            # The attempt that failed stays the last: the next one was never made.
            return self._fail(CANCELLED, RunStatus.CANCELLED)
        self.attempt += 1
        return None

    def _succeed(self) -> RunFinished:
        return RunFinished(
            run_id=self.run_id,
            attempt_id=self.attempt_id,
            attempt=self.attempt,
            total_ms=self._elapsed_ms(),
            usage=self.bill.usage,
            cost_micro_usd=self.bill.cost_micro_usd,
            price_source=self.bill.price_source,
            price_date=self.bill.price_date,
        )

    def _fail(self, fault: Fault, status: RunStatus) -> RunFailed:
        return RunFailed(
            run_id=self.run_id,
            attempt_id=self.attempt_id,
            attempt=self.attempt,
            status=RunStatus.PARTIAL if self.delivered and status is RunStatus.FAILED else status,
            fault=fault,
            total_ms=self._elapsed_ms(),
            usage=self.bill.usage,
            cost_micro_usd=self.bill.cost_micro_usd,
            price_source=self.bill.price_source,
            price_date=self.bill.price_date,
        )

    def _elapsed_ms(self) -> int:
        return self.account.tools.since_ms(self.started_s)


def _find_fault(data: bytes) -> PictureError | None:
    """Say what is wrong with a picture as it came, before anything was written into it."""
    try:
        inspect_picture(data)
    except PictureError as error:
        return error
    return None
