"""A flow told as plain text, for terminals. Floor 7, beside the pages."""

import re
from collections.abc import Callable

from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    ReferenceStored,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageReused,
    StageStarted,
)
from promptflow.records import Asset, GenerationRequest, PromptOrigin, Stage
from promptflow.wording import (
    drop_retry_advice,
    format_duration,
    format_size,
    format_usd,
    tell_who_sees,
)

_TITLES = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompt",
}

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Transcript:
    """Tells a flow as it happens.

    Plan and thinking are told piece by piece. Prompts are written at the same time, so each is told
    when it is whole.

    Args:
        say: writes text without a line break of its own.
        name_of: model id → title.
        sees: model id → whether it can use reference pictures; ``None`` where that is not known, and
            nothing is said of it.
    """

    def __init__(
        self,
        say: Callable[[str], object],
        name_of: Callable[[str], str],
        sees: Callable[[str], bool | None] = lambda _model_id: None,
    ) -> None:
        self._say = say
        self._name_of = name_of
        self._sees = sees
        self._stages: dict[str, StageStarted] = {}
        self._runs: dict[str, RunStarted] = {}
        self._request: GenerationRequest | None = None
        self._shows_references = False

    def take(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case FlowStarted() | FlowResumed() | ReferenceStored():
                self._take_beginning(event)
            case StageStarted() | StageDelta() | StageRetrying() | StageFinished() | StageFailed():
                self._take_stage(event)
            case StageReused():
                how = "edited" if event.edited else "reused"
                self._say(f"\n{self._title(event)}: {how}, free\n")
            case ReasoningDelta():
                pass  # kept, and shown by the page; here it would run into the answer
            case RunStarted() | RunRetrying() | PartialImage() | ImageReady():
                self._take_run(event)
            case RunFinished() | RunFailed():
                self._take_run_end(event)
            case FlowFinished():
                self._take_end(event)

    def _take_beginning(self, event: FlowStarted | FlowResumed | ReferenceStored) -> None:
        match event:
            case FlowStarted():
                self._request = event.request
                self._say(f"Generation {event.generation_id}\n")
            case FlowResumed():
                self._request = event.request
                self._say(f"Generation {event.generation_id} goes on\n")
            case ReferenceStored():
                self._say(f"Reference {event.index + 1}: {_picture_words(event.asset)}\n")
                self._shows_references = True

    def _take_stage(
        self, event: StageStarted | StageDelta | StageRetrying | StageFinished | StageFailed
    ) -> None:
        if isinstance(event, StageStarted):
            self._stages[event.stage_id] = event
            self._tell_who_sees()
        started = self._stages[event.stage_id]
        streams = started.image_model is None
        self._say(_stage_words(event, self._title(started), streams=streams))

    def _title(self, stage: StageStarted | StageReused) -> str:
        title = _TITLES[stage.stage]
        return f"{title} for {self._name_of(stage.image_model)}" if stage.image_model else title

    def _tell_who_sees(self) -> None:
        """Say, once all references are told, which of the chosen models see them and which don't."""
        if not self._shows_references or self._request is None:
            return
        self._shows_references = False
        models = (self._request.text_model, *self._request.image_models)
        known = [(self._name_of(model), self._sees(model)) for model in models]
        seeing = [name for name, sees in known if sees]
        blind = [name for name, sees in known if sees is False]
        if seeing or blind:
            self._say(f"{tell_who_sees(seeing, blind)}\n")

    def _take_run(self, event: RunStarted | RunRetrying | PartialImage | ImageReady) -> None:
        if isinstance(event, RunStarted):
            self._runs[event.run_id] = event
        name = self._name_run(event.run_id)
        match event:
            case RunStarted():
                version = f" version {event.version}" if event.version > 1 else ""
                self._say(f"\n{name}: painting{version}\n")
            case RunRetrying():
                why = printable(drop_retry_advice(event.fault.message))
                self._say(f"{name}: retrying {_when(event.wait_s)}. {why}\n")
            case PartialImage():
                pass  # a terminal has nothing to show it with
            case ImageReady():
                self._say(f"{name}: picture {event.index + 1}, {_picture_words(event.asset)}\n")

    def _name_run(self, run_id: str) -> str:
        """Name the model of a run; it may paint from the request unchanged at the same time."""
        run = self._runs[run_id]
        name = self._name_of(run.image_model)
        return f"{name}, baseline" if run.prompt_origin is PromptOrigin.RAW else name

    def _take_run_end(self, event: RunFinished | RunFailed) -> None:
        name = self._name_run(event.run_id)
        took = format_duration(event.total_ms)
        match event:
            case RunFinished():
                self._say(f"{name}: done in {took}, {format_usd(event.cost_micro_usd)}\n")
            case RunFailed():
                self._say(f"{name}: {event.status}. {printable(event.fault.message)}\n")

    def _take_end(self, event: FlowFinished) -> None:
        took = format_duration(event.total_ms)
        estimate_micro_usd = self._request.estimate_micro_usd if self._request else None
        cost = _cost_words(event.cost_micro_usd, estimate_micro_usd)
        self._say(f"\n{event.status.capitalize()} in {took}, {cost}.\n")
        if event.fault:
            self._say(f"{printable(event.fault.message)}\n")


def _stage_words(
    event: StageStarted | StageDelta | StageRetrying | StageFinished | StageFailed,
    title: str,
    *,
    streams: bool,
) -> str:
    heading = f"\n── {title} ──\n"
    match event:
        case StageStarted():
            return heading if streams else ""
        case StageDelta():
            return printable(event.text) if streams else ""
        case StageRetrying():
            why = printable(drop_retry_advice(event.fault.message))
            return f"\n{title}: starting over {_when(event.wait_s)}. {why}\n"
        case StageFinished():
            whole = "" if streams else f"{heading}{printable(event.output)}"
            took = format_duration(event.total_ms)
            return f"{whole}\n({took}, {format_usd(event.cost_micro_usd)})\n"
        case StageFailed():
            return f"\n{title} {event.status}: {printable(event.fault.message)}\n"


def _when(wait_s: float) -> str:
    """Say when a wait is over, in whole seconds."""
    if wait_s < 1:
        return "in under a second" if wait_s > 0 else "at once"
    return f"in {wait_s:.0f} s"


def _cost_words(cost_micro_usd: int | None, estimate_micro_usd: int | None) -> str:
    """Set what it cost beside what it was said to cost at most, where that was more than nothing."""
    cost, estimate = format_usd(cost_micro_usd), format_usd(estimate_micro_usd)
    if not estimate_micro_usd:
        return cost
    # A call that broke off has no price, and one that was made again is not in the estimate.
    if cost_micro_usd is None or cost_micro_usd > estimate_micro_usd:
        return f"{cost}; at most {estimate} was estimated"
    return f"{cost} of at most {estimate}"


def _picture_words(asset: Asset) -> str:
    size = f"{asset.width_px} × {asset.height_px} px, {format_size(asset.size_bytes)}"
    return f"{size}\n  {asset.key}"


def printable(text: str) -> str:
    """Make text safe for a terminal: it can't move the cursor, set a title or turn a line around.

    Args:
        text: anything, e.g. what a model wrote.

    Returns:
        The text with control characters but line break and tab, half surrogate pairs, Unicode's own
        line ends and its changes of direction each shown as ``�``. Joiners, marks and spaces of all
        scripts stay: emoji, Arabic and Japanese need them.
    """
    return _UNSAFE.sub("�", text)
