"""Everything that is kept of one member of the family, as text."""

from collections.abc import Mapping

import streamlit as st

from promptflow.errors import StorageError
from promptflow.events import ReferenceStored, RunFailed, StageFailed, StageFinished, StageReused
from promptflow.instructions import split_sections
from promptflow.records import ActionPlan, Asset, GenerationSummary, PromptOrigin, Stage
from promptflow.traces import FlowTrace, RunTrace, StageTrace
from promptflow.ui import state
from promptflow.ui.history import open_generation
from promptflow.ui.labels import (
    PLAN_LABELS,
    STAGE_TITLES,
    STATUS_WORDS,
    Names,
    forked_words,
    reused_words,
)
from promptflow.ui.lineage.facts import (
    ORIGIN_WORDS,
    asset_facts,
    asset_ids,
    bill_facts,
    draw_attempts,
    draw_facts,
    draw_fault,
    draw_ids,
    moment_words,
    parameter_words,
    resolved_words,
)
from promptflow.ui.lineage.family import (
    RUN_WORDS,
    STAGE_WORDS,
    Node,
    ParentPart,
    PicturePart,
    PromptPart,
    last_attempt,
    run_status,
    stage_status,
)
from promptflow.ui.lineage.sources import Sources
from promptflow.ui.mounts import find_questions
from promptflow.ui.pictures import SourceOf, draw_picture
from promptflow.ui.plain import as_label, as_message
from promptflow.ui.sections import draw_sections
from promptflow.wording import count, format_duration, format_usd


class Details:
    """Draws the details of a node.

    Args:
        names: model id → title.
        source_of: asset → what it is shown from; raises StorageError.
        thumbnails: asset id → its thumbnail, where there is one.
        sources: what words were changed from, and what models were told.
    """

    def __init__(
        self,
        *,
        names: Names,
        source_of: SourceOf,
        thumbnails: Mapping[str, Asset],
        sources: Sources,
    ) -> None:
        self._sources = sources
        self._names = names
        self._source_of = source_of
        self._thumbnails = thumbnails

    def draw(self, node: Node) -> None:
        """Draw all that is kept of a node."""
        st.markdown(f"##### {as_label(node.name)}", anchors=False)
        match node.part:
            case FlowTrace():
                self._draw_request(node.part)
            case StageTrace():
                self._draw_stage(node.part)
            case PromptPart():
                self._draw_prompt(node.part)
            case RunTrace():
                self._draw_run(node.part)
            case PicturePart():
                self._draw_picture(node.part)
            case ParentPart() | GenerationSummary():
                _draw_relative(node.part)
            case tuple():
                self._draw_references(node.part)

    def _draw_request(self, trace: FlowTrace) -> None:
        request = trace.started.request
        st.text(request.request)
        draw_facts(
            [
                ("Text model", self._names(request.text_model)),
                ("Image models", ", ".join(self._names(model) for model in request.image_models)),
                ("Aspect ratio", request.aspect_ratio),
                ("Pictures per model", str(request.images_per_model)),
                ("Seed", "left to the models" if request.seed is None else str(request.seed)),
                ("Estimated at most", format_usd(self._sources.view.request.estimate_micro_usd)),
                *([("Baseline", "each model also paints these words")] if request.baseline else []),
                *(
                    (f"Own instructions for {STAGE_TITLES[stage].lower()}", "see what was told")
                    for stage in request.instructions
                ),
                *(
                    (f"Asked of {self._names(model)}", parameter_words(asked))
                    for model, asked in request.parameters.items()
                ),
                ("Started", moment_words(trace.started.at)),
            ]
        )
        if trace.finished and trace.finished.fault:
            draw_fault(trace.finished.fault)
        draw_ids([("Generation", trace.started.generation_id)])

    def _draw_references(self, references: tuple[ReferenceStored, ...]) -> None:
        for stored in references:
            name = f"Reference image {stored.index + 1}"
            self._draw_asset(stored.asset, name, of=len(references))
            draw_facts(asset_facts(stored.asset))
            draw_ids(asset_ids(stored.asset))

    def _draw_stage(self, stage: StageTrace) -> None:
        plan = stage.closed.plan if isinstance(stage.closed, StageFinished) else None
        if plan:
            _draw_plan(plan)
        elif stage.started.stage is Stage.THINKING:
            draw_sections(st.container(), stage.output)
        elif stage.output:
            st.text(stage.output)
        self._sources.draw_change(stage)
        self._draw_call(stage)

    def _draw_prompt(self, prompt: PromptPart) -> None:
        stage, run = prompt.stage, prompt.run
        text = run.started.prompt if run else stage.output if stage else ""
        if text:
            st.code(text, language=None, wrap_lines=True)
        origin = run.started.prompt_origin if run else None
        facts = [("Length", count(len(text), "character"))]
        if origin:
            facts.append(("Origin", ORIGIN_WORDS[origin]))
        if run:
            facts.append(("Sent", moment_words(run.started.at)))
        draw_facts(facts)
        if run and origin is PromptOrigin.EDITED:
            self._sources.draw_edit(run)
        if stage and run and origin is PromptOrigin.FALLBACK and stage.output:
            with st.expander("What was written instead", type="compact"):
                st.text(stage.output)
        if stage:
            self._draw_call(stage)
        if run:
            _draw_question(run.started.prompt_id)
            draw_ids([("Prompt", run.started.prompt_id)])

    def _draw_call(self, stage: StageTrace) -> None:
        """Draw what any language-model call took, cost and said besides its answer."""
        closed = stage.closed
        if isinstance(stage.started, StageReused):
            _draw_taken(stage.started, self._names)
        else:
            draw_facts(_call_facts(stage, self._names))
        self._sources.draw_told(stage)
        if isinstance(closed, StageFailed):
            draw_fault(closed.fault)
        draw_attempts(stage.retries, last_attempt(stage))
        if stage.reasoning.strip():
            with st.expander("Model's own reasoning", icon=":material/neurology:", type="compact"):
                for heading, body in split_sections(stage.reasoning):
                    st.text(f"{heading}\n{body}" if heading else body)
        if isinstance(closed, StageFinished) and closed.plan:
            with st.expander(
                "The answer as it came", icon=":material/data_object:", type="compact"
            ):
                st.code(closed.output, language=None, wrap_lines=True)
        ids = [("Stage", stage.started.stage_id)]
        if isinstance(stage.started, StageReused):
            ids.append(("Taken over from stage", stage.started.reused_from))
        draw_ids(ids)

    def _draw_run(self, run: RunTrace) -> None:
        started, closed = run.started, run.closed
        facts = [
            ("Model", self._names(started.image_model)),
            ("Provider", started.provider),
            ("Status", RUN_WORDS[run_status(run)]),
            ("Version", str(started.version)),
            ("Pictures", str(len(run.images))),
            ("Words", ORIGIN_WORDS[started.prompt_origin]),
            ("Asked for", parameter_words(started.parameters)),
            *([] if started.seed is None else [("Seed asked for", str(started.seed))]),
            ("Resolved", resolved_words(run.images)),
            ("Started", moment_words(started.at)),
        ]
        draw_facts([*facts, *(bill_facts(closed) if closed else [])])
        if isinstance(closed, RunFailed):
            draw_fault(closed.fault)
        draw_attempts(run.retries, last_attempt(run))
        with st.grid(2 if len(run.images) > 1 else 1, min_column_width=140):
            for image in run.images:
                self._draw_asset(image.asset, f"Picture {image.index + 1}", of=len(run.images))
        ids = [("Run", started.run_id), ("Prompt", started.prompt_id)]
        if started.parent_run_id:
            ids.append(("Goes on from run", started.parent_run_id))
        draw_ids([*ids, ("Last attempt", closed.attempt_id)] if closed else ids)

    def _draw_picture(self, picture: PicturePart) -> None:
        image, run = picture.image, picture.run
        self._draw_asset(image.asset, f"Picture {image.index + 1}")
        draw_facts(
            [
                *asset_facts(image.asset),
                ("Painted by", self._names(run.started.image_model)),
                ("Recorded after", format_duration(image.at_ms or None)),
                ("Seed", "not told" if image.seed is None else str(image.seed)),
                ("Asked for", parameter_words(run.started.parameters)),
                ("Resolved", resolved_words([image])),
            ]
        )
        st.caption("Prompt")
        st.code(run.started.prompt, language=None, wrap_lines=True)
        ids = [*asset_ids(image.asset), ("Run", run.started.run_id)]
        draw_ids([*ids, ("Request id", image.request_id)] if image.request_id else ids)

    def _draw_asset(self, asset: Asset, name: str, *, of: int = 1) -> None:
        """Draw a picture, small where it is one of several."""
        if of > 1:
            asset = self._thumbnails.get(asset.asset_id, asset)
        try:
            source = self._source_of(asset)
        except StorageError as error:
            st.error(as_message(error.message), icon=":material/broken_image:")
            return
        draw_picture(source, asset.mime, alt=name)


def _call_facts(stage: StageTrace, names: Names) -> list[tuple[str, str]]:
    closed = stage.closed
    facts = [
        ("Model", names(stage.started.model)),
        ("Status", STAGE_WORDS[stage_status(stage)]),
        ("Started", moment_words(stage.started.at)),
    ]
    if closed and closed.first_token_ms is not None:
        facts.append(("First words after", format_duration(closed.first_token_ms)))
    return [*facts, *(bill_facts(closed) if closed else [])]


def _draw_taken(reused: StageReused, names: Names) -> None:
    """Draw where an answer comes from that nobody was asked for."""
    draw_facts(
        [
            ("Origin", reused_words(edited=reused.edited)),
            ("Cost", "free"),
            ("First answered by", names(reused.model)),
            ("Taken over", moment_words(reused.at)),
        ]
    )


def _draw_plan(plan: ActionPlan) -> None:
    for name, title in PLAN_LABELS.items():
        value: str | tuple[str, ...] = getattr(plan, name)
        with st.container(gap="xxsmall"):
            st.caption(title)
            st.text(value if isinstance(value, str) else "\n".join(f"•  {item}" for item in value))


def _draw_question(prompt_id: str) -> None:
    address = find_questions("what_each_stage_added", prompt_id=prompt_id)
    if address:
        st.link_button(
            "What did each stage add to this prompt?",
            address,
            icon=":material/database_search:",
            type="tertiary",
        )


def _draw_parent(parent: ParentPart) -> None:
    st.caption(forked_words(parent.forked_at))
    st.button(
        "Open the parent",
        key=state.of_generation(parent.generation_id, "open parent"),
        icon=":material/account_tree:",
        on_click=open_generation,
        args=(parent.generation_id,),
    )
    draw_ids([("Generation", parent.generation_id)])


def _draw_relative(relative: ParentPart | GenerationSummary) -> None:
    match relative:
        case ParentPart():
            _draw_parent(relative)
        case GenerationSummary():
            _draw_fork(relative)


def _draw_fork(child: GenerationSummary) -> None:
    st.text(child.title)
    draw_facts(
        [("Status", STATUS_WORDS[child.status]), ("Started", moment_words(child.created_at))]
    )
    st.button(
        "Open this fork",
        key=state.of_generation(child.generation_id, "open fork"),
        icon=":material/account_tree:",
        on_click=open_generation,
        args=(child.generation_id,),
    )
    draw_ids([("Generation", child.generation_id)])
