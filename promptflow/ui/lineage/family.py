"""A trace as a family: what came from what, from the request down to the pictures and forks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from promptflow.events import (
    FlowStarted,
    ImageReady,
    ReferenceStored,
    RunFinished,
    StageFailed,
    StageFinished,
    StageReused,
)
from promptflow.records import GenerationSummary, PromptOrigin, RunStatus, Stage, StageStatus
from promptflow.traces import FlowTrace, RunTrace, StageTrace
from promptflow.ui.labels import STATUS_WORDS, Names
from promptflow.wording import count, format_duration

PARENT, REQUEST, REFERENCES = "parent", "request", "references"
"""The keys of the nodes that have no id of their own."""

STAGE_WORDS = {
    StageStatus.RUNNING: "Running",
    StageStatus.SUCCEEDED: "Succeeded",
    StageStatus.REFUSED: "Refused",
    StageStatus.FAILED: "Failed",
    StageStatus.INTERRUPTED: "Interrupted",
}
RUN_WORDS = {
    RunStatus.RUNNING: "Painting",
    RunStatus.SUCCEEDED: "Succeeded",
    RunStatus.PARTIAL: "Partly done",
    RunStatus.FAILED: "Failed",
    RunStatus.REFUSED: "Refused",
    RunStatus.CANCELLED: "Cancelled",
    RunStatus.INTERRUPTED: "Interrupted",
}


class Tone(StrEnum):
    """How a node stands, for the eye."""

    PLAIN = "plain"
    RUNNING = "running"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPart:
    """The words for one image model: who wrote them, and the first run they were sent with."""

    stage: StageTrace | None
    run: RunTrace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentPart:
    """The generation that this one was forked from."""

    generation_id: str
    forked_at: Stage | None
    """The first stage that wasn't taken over as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePart:
    """One picture and the run it came from."""

    run: RunTrace
    image: ImageReady


Part = (
    FlowTrace
    | tuple[ReferenceStored, ...]
    | StageTrace
    | PromptPart
    | RunTrace
    | PicturePart
    | ParentPart
    | GenerationSummary
)
"""What a node stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One member of the family. Its words are data: a model's title may be anything."""

    key: str
    """Its id; unique in the family."""
    kind: str
    """What it is, e.g. ``Action plan``."""
    whose: str
    """The title of the model it belongs to; "" where it belongs to none."""
    state: str
    """How it stands, in a few words."""
    tone: Tone
    parents: tuple[str, ...]
    part: Part

    @property
    def name(self) -> str:
        """What it is called in a list, e.g. ``Prompt · Offline gouache``."""
        return f"{self.kind} · {self.whose}" if self.whose else self.kind


def plan_family(
    trace: FlowTrace, names: Names, children: Sequence[GenerationSummary] = ()
) -> tuple[Node, ...]:
    """List a generation's family, parents first.

    Args:
        trace: of the generation.
        names: model id → title.
        children: generations that were forked from it, oldest first.

    Returns:
        The generation it was forked from, if any, the request, then what came of it, lane by lane; forks
        last.
    """
    return tuple(_Family(trace, names).nodes(children))


class _Family:
    def __init__(self, trace: FlowTrace, names: Names) -> None:
        self._trace = trace
        self._names = names

    def nodes(self, children: Sequence[GenerationSummary]) -> Iterator[Node]:
        started = self._trace.started
        request = started.request
        if started.parent_id is not None:
            yield _parent(started, started.parent_id)
        asked = f"{count(request.images_per_model, 'picture')} each"
        yield Node(
            key=REQUEST,
            kind="Request",
            whose="",
            state=f"{count(len(request.image_models), 'model')}, {asked}",
            tone=Tone.PLAIN,
            parents=(PARENT,) if started.parent_id is not None else (),
            part=self._trace,
        )
        origins: tuple[str, ...] = (REQUEST,)
        if self._trace.references:
            yield self._references()
            origins = (REQUEST, REFERENCES)
        for stage in self._trace.stages:
            if stage.started.image_model is None:
                yield self._stage(stage, origins)
                origins = (stage.started.stage_id,)
        for model in self._models():
            yield from self._lane(model, origins)
        for number, child in enumerate(children, 1):
            yield _fork(child, f"Fork {number}" if len(children) > 1 else "Fork")

    def _models(self) -> tuple[str, ...]:
        """The image models that something came of, in the order they were chosen."""
        written = [one.started.image_model for one in self._trace.stages]
        seen = [*written, *(run.started.image_model for run in self._trace.runs)]
        chosen = self._trace.started.request.image_models
        return tuple(dict.fromkeys(model for model in (*chosen, *seen) if model and model in seen))

    def _references(self) -> Node:
        return Node(
            key=REFERENCES,
            kind="References",
            whose="",
            state=count(len(self._trace.references), "picture"),
            tone=Tone.PLAIN,
            parents=(REQUEST,),
            part=self._trace.references,
        )

    def _stage(self, stage: StageTrace, parents: tuple[str, ...]) -> Node:
        repair = stage.started.stage is Stage.ACTION_PLAN and REQUEST not in parents
        kind = {Stage.ACTION_PLAN: "Action plan", Stage.THINKING: "Thinking"}.get(
            stage.started.stage, "Prompt"
        )
        return Node(
            key=stage.started.stage_id,
            kind=f"{kind}, repaired" if repair else kind,
            whose="",
            state=_stage_state(stage),
            tone=_stage_tone(stage),
            parents=parents,
            part=stage,
        )

    def _lane(self, model: str, origins: tuple[str, ...]) -> Iterator[Node]:
        runs = [run for run in self._trace.runs if run.started.image_model == model]
        written = [one for one in self._trace.stages if one.started.image_model == model]
        for stage in written:
            sent = [run for run in runs if run.started.stage_id == stage.started.stage_id]
            yield self._prompt(stage.started.stage_id, model, stage, sent, origins)
        known = {stage.started.stage_id for stage in written}
        words = {run.started.prompt_id: _words_key(run, known) for run in runs}
        for prompt_id in [one for one, key in words.items() if one == key]:
            sent = [run for run in runs if run.started.prompt_id == prompt_id]
            yield self._loose_prompt(model, sent, words, origins)
        repeated = {run.started.run_id for run in runs}
        for run in runs:
            parents = [words[run.started.prompt_id]]
            if run.started.parent_run_id in repeated:
                parents.append(run.started.parent_run_id)
            yield from self._run(run, tuple(parents), several=len(runs) > 1)

    def _prompt(
        self,
        key: str,
        model: str,
        stage: StageTrace | None,
        sent: Sequence[RunTrace],
        origins: tuple[str, ...],
    ) -> Node:
        fallback = bool(sent) and sent[0].started.prompt_origin is PromptOrigin.FALLBACK
        state = _stage_state(stage) if stage else "Sent as it was"
        return Node(
            key=key,
            kind="Prompt",
            whose=self._names(model),
            state="Fallback from the plan" if fallback else state,
            tone=Tone.TROUBLE if fallback else _stage_tone(stage) if stage else Tone.PLAIN,
            parents=origins,
            part=PromptPart(stage=stage, run=sent[0] if sent else None),
        )

    def _loose_prompt(
        self,
        model: str,
        sent: Sequence[RunTrace],
        words: Mapping[str, str],
        origins: tuple[str, ...],
    ) -> Node:
        """Make the node of words that no call of this generation wrote."""
        started = sent[0].started
        node = self._prompt(started.prompt_id, model, None, sent, origins)
        version = f" v{started.version}" if started.version > 1 else ""
        match started.prompt_origin:
            case PromptOrigin.EDITED:
                grew_from = words.get(started.parent_prompt_id or "")
                return replace(
                    node,
                    kind=f"Edited prompt{version}",
                    state="Edited by you",
                    parents=(grew_from,) if grew_from else origins,
                )
            case PromptOrigin.RAW:
                return replace(
                    node, kind="Own words", state="The request unchanged", parents=(REQUEST,)
                )
            case PromptOrigin.CONSTRUCTED | PromptOrigin.FALLBACK:
                return node

    def _run(self, run: RunTrace, parents: tuple[str, ...], *, several: bool) -> Iterator[Node]:
        model = self._names(run.started.image_model)
        status = run_status(run)
        facts = [RUN_WORDS[status]]
        if run.closed and run.closed.total_ms:
            facts[0] += f" in {format_duration(run.closed.total_ms)}"
        if run.retries:
            facts.append(count(last_attempt(run), "attempt"))
        good = status in {RunStatus.SUCCEEDED, RunStatus.RUNNING}
        yield Node(
            key=run.started.run_id,
            kind=f"Run {run.started.version}" if several else "Run",
            whose=model,
            state=", ".join(facts),
            tone=Tone.RUNNING if not run.closed else Tone.PLAIN if good else Tone.TROUBLE,
            parents=parents,
            part=run,
        )
        for image in run.images:
            yield Node(
                key=image.asset.asset_id,
                kind=f"Picture {image.index + 1}" if len(run.images) > 1 else "Picture",
                whose=model,
                state=f"{image.asset.width_px} × {image.asset.height_px} px",
                tone=Tone.PLAIN,
                parents=(run.started.run_id,),
                part=PicturePart(run=run, image=image),
            )


def has_pictures(node: Node) -> bool:
    """Say whether there are pictures among a node's details."""
    match node.part:
        case RunTrace():
            return bool(node.part.images)
        case PicturePart() | tuple():
            return True
        case FlowTrace() | StageTrace() | PromptPart() | ParentPart() | GenerationSummary():
            return False


def stage_status(stage: StageTrace) -> StageStatus:
    """Say how far a stage has come, as the fold does."""
    match stage.closed:
        case None:
            return StageStatus.RUNNING
        case StageFinished():
            return StageStatus.SUCCEEDED
        case StageFailed():
            return stage.closed.status


def run_status(run: RunTrace) -> RunStatus:
    """Say how far a run has come."""
    if run.closed is None:
        return RunStatus.RUNNING
    return RunStatus.SUCCEEDED if isinstance(run.closed, RunFinished) else run.closed.status


def last_attempt(part: StageTrace | RunTrace) -> int:
    """Return the number of the newest attempt, from 1."""
    if part.closed:
        return part.closed.attempt
    return part.retries[-1].attempt + 1 if part.retries else 1


def _words_key(run: RunTrace, known: Collection[str]) -> str:
    """Return the key of the node of a run's words: the call that wrote them, or the prompt itself."""
    started = run.started
    by_hand = started.prompt_origin in {PromptOrigin.EDITED, PromptOrigin.RAW}
    if by_hand or started.stage_id is None or started.stage_id not in known:
        return started.prompt_id
    return started.stage_id


def _stage_state(stage: StageTrace) -> str:
    if isinstance(stage.started, StageReused):
        return f"{'Edited by you' if stage.started.edited else 'Reused'}, free"
    words = STAGE_WORDS[stage_status(stage)]
    if stage.closed and stage.closed.total_ms:
        words += f" in {format_duration(stage.closed.total_ms)}"
    if stage.retries:
        words += f", {count(last_attempt(stage), 'attempt')}"
    return words


def _stage_tone(stage: StageTrace) -> Tone:
    return {StageStatus.RUNNING: Tone.RUNNING, StageStatus.SUCCEEDED: Tone.PLAIN}.get(
        stage_status(stage), Tone.TROUBLE
    )


def _parent(started: FlowStarted, parent_id: str) -> Node:
    return Node(
        key=PARENT,
        kind="Parent",
        whose="",
        state="An earlier generation",
        tone=Tone.PLAIN,
        parents=(),
        part=ParentPart(generation_id=parent_id, forked_at=started.forked_at),
    )


def _fork(child: GenerationSummary, kind: str) -> Node:
    return Node(
        key=child.generation_id,
        kind=kind,
        whose="",
        state=STATUS_WORDS[child.status],
        tone=Tone.PLAIN,
        parents=(REQUEST,),
        part=child,
    )
