"""Draws the stages of a `FlowView`, one `st.status` each."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from promptflow.errors import PictureError, StorageError
from promptflow.instructions import split_sections
from promptflow.plans import read_partial_plan
from promptflow.ports import Reference
from promptflow.records import Asset, PromptOrigin, RunStatus, Stage, StageStatus
from promptflow.references import make_preview
from promptflow.ui.labels import (
    PLAN_LABELS,
    REFUSED_ICON,
    STAGE_TITLES,
    Names,
    clock_words,
    join_facts,
    label,
    reused_words,
    run_line,
    stage_label,
)
from promptflow.ui.plain import as_markdown, as_message
from promptflow.ui.sections import draw_sections, stream_sections
from promptflow.ui.state import GENERATION
from promptflow.view import FlowView, RunView, StageView
from promptflow.wording import count, format_duration, join_names

_REASONING = "Model's own reasoning"
_REASONING_CHARS = 280
"""How much of it is seen while it grows: three or four lines."""
_REFERENCE_PX = 72

_BoxState = Literal["running", "complete", "error"]


@dataclass(slots=True)
class _Box:
    """One `st.status`, the slots in it, and how each looked when it was last drawn."""

    status: StatusContainer
    slots: dict[str, DeltaGenerator] = field(default_factory=dict)
    series: dict[str, DeltaGenerator] = field(default_factory=dict)
    """Where the slots of a part that may start over follow one another."""
    drawn: dict[str, Hashable] = field(default_factory=dict)

    def changed(self, part: str, look: Hashable) -> bool:
        if self.drawn.get(part, self) == look:
            return False
        self.drawn[part] = look
        return True

    def slot(self, part: str, parent: DeltaGenerator | None = None) -> DeltaGenerator:
        """Return the placeholder of a part, made where it is first asked for."""
        if part not in self.slots:
            self.slots[part] = (self.status if parent is None else parent).empty()
        return self.slots[part]

    def slot_for(self, part: str, kind: Hashable) -> DeltaGenerator:
        """Return the placeholder of a part: a new one, with the old one empty, when its kind changes.

        What a container had in it shows through the one that takes its place, if that has less in it
        (seen in Streamlit 1.67): so what starts over starts somewhere else.
        """
        if part not in self.series:
            self.series[part] = self.slot(f"place of {part}").container()
        if self.changed(f"kind of {part}", kind):
            if part in self.slots:
                self.slots[part].empty()
            self.slots[part] = self.series[part].empty()
        return self.slots[part]


class StageBoard:
    """The stages of one generation.

    Args:
        place: where they go.
        names: model id → title.
        read_picture: asset → its bytes; raises StorageError.
    """

    def __init__(
        self, place: DeltaGenerator, *, names: Names, read_picture: Callable[[Asset], bytes]
    ) -> None:
        self._place = place
        self._names = names
        self._read_picture = read_picture
        self._boxes: dict[str, _Box] = {}
        self._streaming = False

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw what has changed since the last call.

        Args:
            view: the generation as it stands.
            now: an aware datetime, for the seconds that are counted on screen.
        """
        self._draw_request(view)
        self._draw_plan(view, now)
        self._draw_thinking(view, now)
        self._draw_construction(view, now)
        self._draw_runs(view, now)

    def stream_thinking(self, outputs: Iterator[str]) -> None:
        """Write the thinking as it comes.

        Args:
            outputs: all that has been said, each time there is more; ends with the attempt. Whoever
                makes them goes on calling `update` for everything else.
        """
        self._streaming = True
        try:
            stream_sections(self._boxes[Stage.THINKING].slot("text").container(), outputs)
        finally:
            self._streaming = False

    def _box(self, key: str, text: str, state: _BoxState) -> _Box:
        """Return the box of a stage as it has to look now: folded up once it is complete."""
        expanded = state != "complete"
        if key not in self._boxes:
            # As it is to look from the start: one that folds up after it was drawn is seen to.
            status = self._place.status(text, expanded=expanded, state=state, type="step")
            self._boxes[key] = _Box(status, drawn={"label": text, "state": state})
        box = self._boxes[key]
        if box.changed("state", state) | box.changed("label", text):
            # Without `expanded` an update folds the box up (seen in Streamlit 1.67), and with it
            # one that the reader has folded up opens again: so labels change seldom.
            box.status.update(label=text, state=state, expanded=expanded)
        return box

    def _draw_request(self, view: FlowView) -> None:
        request = view.request
        facts = [
            count(len(request.image_models), "model"),
            request.aspect_ratio,
            f"{count(request.images_per_model, 'picture')} each",
        ]
        if view.references:
            facts.append(count(len(view.references), "reference image"))
        text = label("User request", facts)
        box = self._box("request", text, "complete")
        if box.changed("text", request.request):
            box.slot("text").text(request.request)
        if view.references and box.changed("references", len(view.references)):
            with box.slot("references").container(horizontal=True, gap="xsmall"):
                for index, asset in enumerate(view.references):
                    self._draw_reference(asset, f"Reference image {index + 1}")

    def _draw_reference(self, asset: Asset, name: str) -> None:
        try:
            preview = _make_preview(asset, self._read_picture)
        except (StorageError, PictureError) as error:
            st.caption(as_markdown(f"{name}: {error.message}"))
            return
        st.image(preview, alt=name, width=_REFERENCE_PX, output_format="PNG")

    def _draw_stage_box(self, stage: Stage, view: FlowView, now: datetime) -> _Box | None:
        """Draw the label of a stage and what it failed with; ``None`` before it starts."""
        found = [one for one in view.stages if one.stage is stage]
        if not found:
            if not _edited_models(stage, view):
                return None
            text = label(STAGE_TITLES[stage], [reused_words(edited=True), "free"])
            return self._box(stage, text, "complete")
        shown = _newest(found)
        text = stage_label(STAGE_TITLES[stage], shown, found, self._names)
        edited = _edited_models(stage, view)
        if edited and all(one.reused_from for one in shown):
            whole = len(edited) + len(shown)
            text = label(
                STAGE_TITLES[stage],
                [f"{len(edited)} of {whole} edited by you, others reused", "free"],
            )
        box = self._box(stage, text, _state(shown))
        self._draw_source(box, shown, view.parent_id)
        clock = clock_words(shown, now, self._names)
        if box.changed("clock", clock):
            box.slot("clock").caption(as_markdown(clock)) if clock else box.slot("clock").empty()
        return box

    def _draw_source(self, box: _Box, shown: Sequence[StageView], parent_id: str | None) -> None:
        """Lead to where an answer was taken from."""
        taken = any(stage.reused_from for stage in shown)
        if parent_id and box.changed("source", taken) and taken:
            address = f"?{GENERATION}={quote(parent_id, safe='')}"
            box.slot("source").caption(f"[Open the earlier generation]({address})")

    def _draw_plan(self, view: FlowView, now: datetime) -> None:
        stage = view.stage(Stage.ACTION_PLAN)
        box = self._draw_stage_box(Stage.ACTION_PLAN, view, now)
        if box is None or stage is None:
            return
        _draw_reasoning(box, "reasoning", stage)
        if not box.changed("plan", _look(stage)):
            return
        fields = read_partial_plan(stage.output)
        for name, text in PLAN_LABELS.items():
            value = fields.get(name)
            if box.changed(name, value):
                _draw_field(box.slot(name), text, value)
        _draw_stage_fault(box, stage)
        unread = [one for one in view.stages if one.stage is Stage.ACTION_PLAN and one is not stage]
        if unread and box.changed("unread", unread[0].stage_id):
            with box.slot("unread").container(gap="xxsmall"):
                st.caption("First answer, which could not be read")
                st.text(unread[0].output)

    def _draw_thinking(self, view: FlowView, now: datetime) -> None:
        stage = view.stage(Stage.THINKING)
        box = self._draw_stage_box(Stage.THINKING, view, now)
        if box is None or stage is None:
            return
        _draw_reasoning(box, "reasoning", stage)
        if self._streaming:
            # Its last words are still to be written: in a slot emptied by then, they would break the page.
            return
        slot = box.slot_for("text", (stage.stage_id, stage.attempt))
        if not box.changed("text", _look(stage)):
            return
        draw_sections(slot.container(), stage.output)
        _draw_stage_fault(box, stage)

    def _draw_construction(self, view: FlowView, now: datetime) -> None:
        box = self._draw_stage_box(Stage.PROMPT_CONSTRUCTION, view, now)
        if box is None:
            return
        models = view.request.image_models
        if "tabs" not in box.drawn:
            box.drawn["tabs"] = True
            tabs = box.status.tabs([as_markdown(self._names(model)) for model in models])
            for model, tab in zip(models, tabs, strict=True):
                box.slot(f"facts {model}", tab)
                box.slot(f"place of reasoning {model}", tab)
                box.slot(f"text {model}", tab)
                box.slot(f"fault {model}", tab)
                box.slot(f"edited {model}", tab)
        for model in models:
            stage = view.stage(Stage.PROMPT_CONSTRUCTION, model)
            run = view.run(model)
            if stage:
                self._draw_prompt(box, model, stage, _newest_written(view, model))
                _draw_edited(box, model, view)
            elif run and _edited(run) and box.changed(model, run.prompt_id):
                facts = [reused_words(edited=True), "free", count(len(run.prompt), "character")]
                box.slot(f"facts {model}").caption(as_markdown(join_facts(facts)))
                box.slot(f"text {model}").text(run.prompt)

    def _draw_prompt(self, box: _Box, model: str, stage: StageView, run: RunView | None) -> None:
        _draw_reasoning(box, f"reasoning {model}", stage)
        fallback = run is not None and run.prompt_origin is PromptOrigin.FALLBACK
        if not box.changed(model, (_look(stage), fallback)):
            return
        facts = ["writing" if stage.status is StageStatus.RUNNING else "written"]
        if stage.reused_from:
            facts = [reused_words(edited=stage.edited), "free"]
        elif stage.total_ms is not None:
            facts = [f"{facts[0]} in {format_duration(stage.total_ms)}"]
        facts.append(count(len(stage.output), "character"))
        if stage.attempt > 1:
            facts.append(count(stage.attempt, "attempt"))
        box.slot(f"facts {model}").caption(as_markdown(join_facts(facts)))
        box.slot(f"text {model}").text(run.prompt if run and fallback else stage.output)
        if stage.fault or fallback:
            why = (
                stage.fault.message if stage.fault else "The prompt is longer than the model takes."
            )
            box.slot(f"fault {model}").warning(
                as_markdown(f"{why} This plain prompt, built from the plan, is used instead."),
                title="Fallback prompt",
                icon=":material/alt_route:",
            )

    def _draw_runs(self, view: FlowView, now: datetime) -> None:
        constructs = any(one.stage is Stage.PROMPT_CONSTRUCTION for one in view.stages)
        if not view.runs and (view.stage(Stage.THINKING) is None or not constructs):
            return
        runs = {model: view.run(model) for model in view.request.image_models}
        text, state = _runs_label(view, runs)
        box = self._box("runs", text, state)
        for model, run in runs.items():
            line = run_line(model, run, view, self._names, now)
            if box.changed(model, line):
                box.slot(model).markdown(line)


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs={Asset: lambda asset: asset.sha256})
def _make_preview(asset: Asset, _read_picture: Callable[[Asset], bytes]) -> bytes:
    """Make the preview of a reference once: a large one takes 30 ms to decode."""
    reference = Reference(data=_read_picture(asset), mime=asset.mime)
    return make_preview(reference, edge_px=2 * _REFERENCE_PX)


def _newest(stages: Sequence[StageView]) -> list[StageView]:
    """Keep the newest call for each image model: a repair stands for what it repairs."""
    return list({stage.image_model: stage for stage in stages}.values())


def _state(stages: Sequence[StageView]) -> _BoxState:
    statuses = {stage.status for stage in stages}
    if StageStatus.RUNNING in statuses:
        return "running"
    return "complete" if StageStatus.SUCCEEDED in statuses else "error"


def _edited(run: RunView) -> bool:
    return run.prompt_origin is PromptOrigin.EDITED


def _newest_written(view: FlowView, model: str) -> RunView | None:
    """Return the newest run of an image model with the words that were constructed for it."""
    return next((run for run in reversed(view.versions(model)) if not _edited(run)), None)


def _draw_edited(box: _Box, model: str, view: FlowView) -> None:
    """Draw the newest words that a person wrote in place of those constructed for an image model."""
    edited = [run for run in view.versions(model) if _edited(run)]
    if not edited or not box.changed(f"edited {model}", edited[-1].run_id):
        return
    newest = edited[-1]
    names = join_names([f"v{run.version}" for run in edited if run.prompt == newest.prompt])
    with box.slot(f"edited {model}").container(gap="xxsmall"):
        st.caption(f":material/edit: Edited by you for {names}")
        st.text(newest.prompt)


def _edited_models(stage: Stage, view: FlowView) -> set[str]:
    """Return the image models whose prompts a person wrote, so that none was constructed for them."""
    if stage is not Stage.PROMPT_CONSTRUCTION:
        return set()
    edited = {run.image_model for run in view.runs if _edited(run)}
    return {model for model in edited if view.stage(stage, model) is None}


def _look(stage: StageView) -> Hashable:
    return (stage.stage_id, stage.attempt, stage.status, len(stage.output))


def _draw_reasoning(box: _Box, part: str, stage: StageView) -> None:
    """Draw what the model lets be seen of its reasoning: apart, and folded away once it answers."""
    reasoning = stage.reasoning
    answers = bool(stage.output) or stage.status is not StageStatus.RUNNING
    kind = (stage.stage_id, stage.attempt, answers)
    # Its place comes first, drawn or not; a container without anything in it would leave a gap.
    box.slot(f"place of {part}")
    if not reasoning and part not in box.series:
        return
    slot = box.slot_for(part, kind)
    if not box.changed(part, (kind, len(reasoning))) or not reasoning.strip():
        return
    if answers:
        fold = slot.expander(_REASONING, icon=":material/neurology:", type="compact")
        for heading, body in split_sections(reasoning):
            if heading:
                fold.caption(f"**{as_markdown(heading)}**")
            fold.caption(as_markdown(body))
    else:
        with slot.container(gap="xxsmall"):
            st.caption(f":material/neurology: {_REASONING}")
            st.caption(as_markdown(_end_of(reasoning)))


def _end_of(reasoning: str) -> str:
    """Keep the newest words of a text that grows, in one paragraph."""
    line = " ".join(reasoning.replace("**", "").split())
    if len(line) <= _REASONING_CHARS:
        return line
    return "… " + line[-_REASONING_CHARS:].partition(" ")[2]


def _draw_field(slot: DeltaGenerator, text: str, value: str | tuple[str, ...] | None) -> None:
    if value is None:
        slot.empty()
        return
    with slot.container(gap="xxsmall"):
        st.caption(text)
        st.text(value if isinstance(value, str) else "\n".join(f"•  {item}" for item in value))


def _draw_stage_fault(box: _Box, stage: StageView) -> None:
    if stage.fault is None:
        return
    message = as_message(stage.fault.message)
    if stage.status is StageStatus.REFUSED:
        box.slot("fault").warning(message, title="Refused", icon=REFUSED_ICON)
    else:
        box.slot("fault").error(message, icon=":material/error:")


def _runs_label(view: FlowView, runs: dict[str, RunView | None]) -> tuple[str, _BoxState]:
    statuses = [run.status if run else None for run in runs.values()]
    done = sum(status is RunStatus.SUCCEEDED for status in statuses)
    title = "Image generation"
    if view.finished_at is None and (RunStatus.RUNNING in statuses or None in statuses):
        return label(title, [f"{done} of {count(len(runs), 'model')} done"]), "running"
    slowest_ms = max(
        (run.total_ms for run in runs.values() if run and run.total_ms is not None), default=None
    )
    facts = [f"{done} of {count(len(runs), 'model')} done", format_duration(slowest_ms)]
    return label(title, facts), "complete" if done == len(runs) else "error"
