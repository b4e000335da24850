"""What is done once more with what is there: versions, retries, further models, forks. Floor 6.

Each function takes a generation as it stands and says what is to be done: the request as it will be, with the
estimate of what is added, and the work. Nothing is asked and nothing is written here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from promptflow.catalog import (
    MAX_IMAGE_MODELS,
    MAX_PROMPT_CHARS,
    NO_PARAMETERS,
    Catalog,
    ImageModelCard,
    PictureOrder,
    Questions,
    check_model,
    check_parameters,
    check_seed,
    check_text,
    estimate_calls,
)
from promptflow.catalog.cards import Unavailable
from promptflow.errors import BusyGenerationError, InputError, PictureError, StorageError
from promptflow.pipeline import Earlier, Known, Lane, Words, Work
from promptflow.plans import PlanError, load_plan, plan_to_json
from promptflow.records import (
    ActionPlan,
    GenerationRequest,
    GenerationStatus,
    ImageParameters,
    PromptOrigin,
    RunStatus,
    Stage,
    StageStatus,
)
from promptflow.view import FlowView, RunView, StageView

_MOST_THINKING_CHARS = 24_000
"""Of thinking that a person writes: what a model may answer at most is about as long."""
_UNSTORED = frozenset({PictureError.code, StorageError.code})
"""Codes of what goes wrong while pictures are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """Something that is to be done once more."""

    request: GenerationRequest
    """As the generation will have it, with its estimate in all."""
    work: Work
    added_micro_usd: int | None
    """The most that the work can cost; ``None`` where a price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iterations:
    """What can be done once more with generations.

    Args:
        catalog: the models.
        unavailable: tells why a model can't be asked now.
    """

    catalog: Catalog
    unavailable: Unavailable

    # In the same generation

    def again(
        self,
        view: FlowView,
        run_id: str,
        *,
        parameters: ImageParameters | None = None,
        seed: int | None = None,
        prompt: str | None = None,
    ) -> Iteration:
        """Make a run's model paint again: a new version.

        Args:
            view: the generation.
            run_id: one of its runs.
            parameters: what is asked for this time; as before by default.
            seed: the seed asked for this time; ``None`` leaves it to the model.
            prompt: the words, where a person has changed them.

        Raises:
            BusyGenerationError: the generation still runs.
            InputError: the run is unknown, its model can't be asked, or it takes none of this.
        """
        _check_over(view)
        run = next((one for one in view.runs if one.run_id == run_id), None)
        if run is None:
            message = f"The generation has no run {run_id[:60]!r}. Choose one of its versions."
            raise InputError("run", message)
        card = self._check_painter(view, run.image_model)
        asked = run.parameters if parameters is None else parameters
        check_parameters(
            card,
            asked,
            aspect_ratio=view.request.aspect_ratio,
            references=len(view.references),
        )
        check_seed(seed, [card])
        lane = Lane(
            image_model=card.id,
            images=view.request.images_per_model,
            words=_same_words(run) if prompt is None else _edit(run, prompt, card),
            parameters=asked,
            seed=seed,
            parent_run_id=run.run_id,
        )
        return self._resume(view, view.request, (lane,))

    def retry(self, view: FlowView) -> Iteration:
        """Make good what failed, was refused, cancelled or interrupted; what is there stays.

        Args:
            view: the generation.

        Raises:
            BusyGenerationError: the generation still runs.
            InputError: there is nothing to retry, or a model can't be asked.
        """
        _check_over(view)
        _check_references(view)
        lanes = tuple(self._retry_lanes(view))
        if not lanes:
            message = (
                "Every image model has delivered what was asked for. There is nothing to retry."
            )
            raise InputError("retry", message)
        return self._resume(view, view.request, lanes)

    def add_models(
        self,
        view: FlowView,
        image_models: Sequence[str],
        *,
        parameters: Mapping[str, ImageParameters] = NO_PARAMETERS,
    ) -> Iteration:
        """Let further image models paint the same idea, from plan and thinking as they are.

        Args:
            view: the generation.
            image_models: ids of those to add; those that it has are passed over.
            parameters: image model id → what is asked of it besides the prompt.

        Raises:
            BusyGenerationError: the generation still runs.
            InputError: none is new, there are too many, or one can't paint this.
        """
        _check_over(view)
        _check_references(view)
        has = view.request.image_models
        new = tuple(dict.fromkeys(one for one in image_models if one not in has))
        if not new:
            message = "No image model is added that isn't there yet. Choose another one."
            raise InputError("image_models", message)
        if len(has) + len(new) > MAX_IMAGE_MODELS:
            message = (
                f"The generation would have {len(has) + len(new)} image models; at most"
                f" {MAX_IMAGE_MODELS} are accepted. Add {MAX_IMAGE_MODELS - len(has)} at most."
            )
            raise InputError("image_models", message)
        for model_id in new:
            card = self._check_painter(view, model_id)
            check_parameters(
                card,
                parameters.get(model_id, ImageParameters()),
                aspect_ratio=view.request.aspect_ratio,
                references=len(view.references),
            )
        request = replace(
            view.request,
            image_models=(*has, *new),
            parameters={
                **view.request.parameters,
                **{one: parameters[one] for one in new if one in parameters},
            },
        )
        lanes = tuple(self._find_lane(view, Lane.of(request, model_id)) for model_id in new)
        return self._resume(view, request, lanes)

    # In a new generation

    def fork(
        self,
        view: FlowView,
        request: GenerationRequest,
        stage: Stage,
        *,
        plan: ActionPlan | None = None,
        thinking: str | None = None,
        prompts: Mapping[str, str] | None = None,
    ) -> Iteration:
        """Begin a new generation at a stage of this one: what comes before is reused, not bought again.

        Args:
            view: the generation.
            request: what the new one is asked, checked; its text model may be another one.
            stage: the first stage that isn't taken over as it is: it is edited or made anew.
            plan: the plan a person has changed, for a fork at the action plan.
            thinking: the thinking a person has changed, for a fork at the thinking.
            prompts: image model id → the words a person has changed, for a fork at the prompts; a
                model without any has them constructed anew.

        Raises:
            BusyGenerationError: the generation still runs.
            InputError: what comes before the stage isn't there, or an edited text can't be used.
        """
        _check_over(view)
        _check_references(view)
        planned = _find_stage(view, Stage.ACTION_PLAN)
        thought = _find_stage(view, Stage.THINKING)
        work = Work(
            parent_id=view.generation_id,
            forked_at=stage,
            plan=_take_plan(planned, stage, plan),
            thinking=_take_thinking(thought, stage, thinking),
            lanes=tuple(
                self._fork_lane(view, Lane.of(request, model_id), stage, prompts or {})
                for model_id in request.image_models
            ),
        )
        return self._start(request, work, len(view.references))

    def estimate(self, request: GenerationRequest, work: Work, references: int) -> int | None:
        """Return the most micro-dollars that some work can cost; ``None`` where a price is unknown."""
        constructions = sum(lane.words is None for lane in work.lanes)
        orders = [
            PictureOrder(
                image_model=lane.image_model, images=lane.images, parameters=lane.parameters
            )
            for lane in work.lanes
            for _ in range(2 if lane.baseline else 1)
        ]
        return estimate_calls(
            self.catalog,
            text_model=request.text_model,
            questions=Questions(
                plan=bool(constructions) and work.plan is None,
                thinking=bool(constructions) and work.thinking is None,
                constructions=constructions,
            ),
            orders=orders,
            aspect_ratio=request.aspect_ratio,
            references=references,
        ).total_micro_usd

    def _start(self, request: GenerationRequest, work: Work, references: int) -> Iteration:
        added = self.estimate(request, work, references)
        return Iteration(
            request=replace(request, estimate_micro_usd=added), work=work, added_micro_usd=added
        )

    def _resume(
        self, view: FlowView, request: GenerationRequest, lanes: tuple[Lane, ...]
    ) -> Iteration:
        plan, thought = _find_stage(view, Stage.ACTION_PLAN), _find_stage(view, Stage.THINKING)
        work = Work(
            lanes=lanes,
            plan=_to_known(plan) if plan and plan.plan else None,
            thinking=_to_known(thought) if plan and thought else None,
            earlier=_look_back(view),
        )
        if work.constructs:
            check_model(
                "text_model", self.catalog.text_models, request.text_model, self.unavailable
            )
        added = self.estimate(request, work, len(view.references))
        before = view.request.estimate_micro_usd
        whole = None if added is None or before is None else before + added
        return Iteration(
            request=replace(request, estimate_micro_usd=whole), work=work, added_micro_usd=added
        )

    def _check_painter(self, view: FlowView, model_id: str) -> ImageModelCard:
        card = check_model("image_models", self.catalog.image_models, model_id, self.unavailable)
        if view.request.aspect_ratio not in card.aspect_ratios:
            message = (
                f"{card.title} does not paint {view.request.aspect_ratio}, the shape of this"
                f" generation. It accepts {', '.join(card.aspect_ratios)}; choose another model."
            )
            raise InputError("image_models", message)
        if 0 < card.references < len(view.references):
            message = (
                f"{card.title} takes {card.references} of {len(view.references)} reference images."
                " Choose another model."
            )
            raise InputError("image_models", message)
        return card

    def _retry_lanes(self, view: FlowView) -> Iterator[Lane]:
        for model_id in view.request.image_models:
            whole = Lane.of(view.request, model_id)
            delivered, raw = view.has_delivered(model_id), _find_baseline(view, whole)
            if delivered and raw is None:
                continue
            self._check_painter(view, model_id)
            lane = None if delivered else self._find_lane(view, whole)
            if lane:
                yield lane
            # One that begins anew takes its baseline along.
            if raw and not (lane and lane.baseline):
                yield raw

    def _find_lane(self, view: FlowView, lane: Lane) -> Lane:
        """Go on where a model has come to: its newest run, its words, or nothing yet."""
        run = view.run(lane.image_model)
        if run:
            return _repeat(lane, run)
        stage = view.stage(Stage.PROMPT_CONSTRUCTION, lane.image_model)
        if stage is None or stage.status is not StageStatus.SUCCEEDED:
            return lane
        text, limit = stage.output.strip(), self._find_limit(lane.image_model)
        if not text or (limit is not None and len(text) > limit):
            return lane
        words = Words(text=text, origin=PromptOrigin.CONSTRUCTED, stage_id=stage.stage_id)
        return replace(lane, words=words)

    def _find_limit(self, image_model: str) -> int | None:
        return self.catalog.image_model(image_model).max_prompt_chars

    def _fork_lane(
        self, view: FlowView, lane: Lane, stage: Stage, prompts: Mapping[str, str]
    ) -> Lane:
        if stage is not Stage.PROMPT_CONSTRUCTION or lane.image_model not in prompts:
            return lane
        run, prompt = view.run(lane.image_model), prompts[lane.image_model]
        card = self.catalog.image_model(lane.image_model)
        if run is None:
            text = _check_prompt(prompt, card)
            return replace(lane, words=Words(text=text, origin=PromptOrigin.EDITED))
        words = _edit(run, prompt, card)
        written = _find_construction(view, run) if words.prompt_id else None
        return replace(
            lane,
            # A prompt belongs to its generation: here it is a new one that grew from the other.
            words=replace(
                words,
                prompt_id=None,
                parent_prompt_id=run.prompt_id,
                stage_id=None,
                construction=_to_known(written) if written else None,
            ),
        )


def _check_over(view: FlowView) -> None:
    if view.status is GenerationStatus.RUNNING:
        raise BusyGenerationError


def _check_references(view: FlowView) -> None:
    """See that the reference pictures are all there: they are stored before anything is asked."""
    broke_off = view.status in {GenerationStatus.FAILED, GenerationStatus.INTERRUPTED}
    unstored = view.fault is not None and view.fault.code in _UNSTORED
    if broke_off and not view.stages and not view.runs and (unstored or view.references):
        message = (
            "This generation broke off while its reference images were being stored, and some may be"
            " missing. Ask for it anew, with the images; nothing was spent."
        )
        raise InputError("reference_images", message)


def _find_stage(view: FlowView, stage: Stage) -> StageView | None:
    """Return the newest whole answer of a stage."""
    return next(
        (
            one
            for one in reversed(view.stages)
            if one.stage is stage and one.status is StageStatus.SUCCEEDED
        ),
        None,
    )


def _to_known(stage: StageView) -> Known:
    return Known(
        stage_id=stage.stage_id,
        stage=stage.stage,
        model=stage.model,
        output=stage.output,
        plan=stage.plan,
        reasoning=stage.reasoning,
        question=stage.question,
        edited=False,
        image_model=stage.image_model,
    )


def _take_plan(found: StageView | None, stage: Stage, edited: ActionPlan | None) -> Known | None:
    """Return the plan of a fork: as it was, as it was changed, or ``None`` to have it made anew."""
    if stage is Stage.ACTION_PLAN and edited is None:
        return None
    if found is None or found.plan is None:
        raise InputError("fork", _tell_missing(Stage.ACTION_PLAN))
    if stage is not Stage.ACTION_PLAN or edited is None:
        return _to_known(found)
    try:
        plan = load_plan(plan_to_json(edited))
    except PlanError as error:
        raise InputError("plan", f"The plan can't be used. {error.message}") from error
    if plan == found.plan:
        raise InputError("plan", "The plan is the same as before. Change it, or fork elsewhere.")
    # Reasoning led to the other plan.
    return replace(
        _to_known(found), output=plan_to_json(plan), plan=plan, reasoning="", edited=True
    )


def _take_thinking(found: StageView | None, stage: Stage, edited: str | None) -> Known | None:
    """Return the thinking of a fork, likewise."""
    if stage is Stage.ACTION_PLAN or (stage is Stage.THINKING and edited is None):
        return None
    if found is None:
        raise InputError("fork", _tell_missing(Stage.THINKING))
    if stage is not Stage.THINKING or edited is None:
        return _to_known(found)
    text = check_text("thinking", "thinking", edited, most_chars=_MOST_THINKING_CHARS)
    if text == found.output.strip():
        message = "The thinking is the same as before. Change it, or fork elsewhere."
        raise InputError("thinking", message)
    return replace(_to_known(found), output=text, reasoning="", edited=True)


def _tell_missing(stage: Stage) -> str:
    name = stage.replace("_", " ")
    return (
        f"This generation has no finished {name} that could be reused. Fork at an earlier stage, or"
        " retry it first."
    )


def _same_words(run: RunView) -> Words:
    return Words(
        text=run.prompt,
        origin=run.prompt_origin,
        prompt_id=run.prompt_id,
        stage_id=run.stage_id,
        parent_prompt_id=run.parent_prompt_id,
    )


def _edit(run: RunView, prompt: str, card: ImageModelCard) -> Words:
    """Return the words as a person has changed them; the same ones where nothing was changed."""
    text = _check_prompt(prompt, card)
    if text == run.prompt.strip():
        return _same_words(run)
    return Words(text=text, origin=PromptOrigin.EDITED, parent_prompt_id=run.prompt_id)


def _check_prompt(prompt: str, card: ImageModelCard) -> str:
    limit = card.max_prompt_chars or MAX_PROMPT_CHARS
    return check_text("prompt", f"prompt for {card.title}", prompt, most_chars=limit)


def _find_construction(view: FlowView, run: RunView) -> StageView | None:
    """Return the whole answer that the words of a run are; ``None`` where they come from elsewhere."""
    if run.prompt_origin is not PromptOrigin.CONSTRUCTED:
        return None
    return next((one for one in view.stages if one.stage_id == run.stage_id), None)


def _find_baseline(view: FlowView, lane: Lane) -> Lane | None:
    """Return what is still to be painted of the request unchanged; ``None`` where nothing is."""
    raw = next(reversed(view.versions(lane.image_model, baseline=True)), None)
    if raw is None and lane.baseline:
        words = Words(text=view.request.request, origin=PromptOrigin.RAW)
        return replace(lane, words=words, baseline=False)
    if raw is None or view.has_delivered(lane.image_model, baseline=True):
        return None
    return _repeat(lane, raw)


def _repeat(lane: Lane, run: RunView) -> Lane:
    """Ask once more for what a run has not delivered, with its words, parameters and seed."""
    there, asked = {image.index for image in run.images}, range(run.wanted or lane.images)
    missing = [index for index in asked if index not in there] or asked
    return replace(
        lane,
        images=len(missing),
        words=_same_words(run),
        parameters=run.parameters,
        # Several pictures of one seed have it and those that follow.
        seed=None if run.seed is None else run.seed + missing[0],
        parent_run_id=run.run_id,
        baseline=False,
    )


def _look_back(view: FlowView) -> Earlier:
    """Sum up what a generation has come to."""
    outcomes: dict[str, RunStatus] = {}
    versions: dict[str, int] = {}
    for run in view.runs:
        versions[run.image_model] = max(versions.get(run.image_model, 0), run.version)
        best = outcomes.get(run.image_model)
        if run.prompt_origin is not PromptOrigin.RAW and best is not RunStatus.SUCCEEDED:
            done = run.has_delivered
            outcomes[run.image_model] = RunStatus.SUCCEEDED if done else run.status
    return Earlier(
        cost_micro_usd=view.cost_micro_usd,
        total_ms=_add_times(view) if view.total_ms is None else view.total_ms,
        versions=versions,
        outcomes=outcomes,
        pictures=tuple(image.asset.asset_id for run in view.runs for image in run.images),
        ended_at=view.finished_at,
    )


def _add_times(view: FlowView) -> int:
    """Return the milliseconds in which something is known to have been under way."""
    busy = timedelta()
    until = view.started_at
    parts: list[StageView | RunView] = [*view.stages, *view.runs]
    for part in sorted(parts, key=lambda part: part.started_at):
        end = part.started_at + timedelta(milliseconds=part.total_ms or 0)
        busy += max(end - max(part.started_at, until), timedelta())
        until = max(until, end)
    return round(busy / timedelta(milliseconds=1))
