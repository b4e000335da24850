"""Forking in the Studio: at each stage, by hand or anew, what is reused, and what can't be done."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, TextArea

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.laboratory import Laboratory
from promptflow.ports import Picture, TextPart, TextRequest
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import ActionPlan, PromptOrigin, Stage
from promptflow.settings import SHIPPED_DATA, Settings, read_settings
from promptflow.ui import deps, state
from promptflow.view import FlowView
from tests.pages.conftest import OpenLab, all_text, open_studio, wait_for_end
from tests.scripted import (
    BOTH,
    GOUACHE,
    POSTER,
    ListPainter,
    ShadePainter,
    finish,
    make_fault,
    make_png,
    make_request,
)


class CountingPlanner:
    """The offline planner, which notes what it is asked."""

    def __init__(self, planner: OfflinePlanner | None = None) -> None:
        self.asked: list[Stage] = []
        self._planner = planner or OfflinePlanner()

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Note the stage, and answer."""
        self.asked.append(request.stage)
        yield from self._planner.stream(request)


def test_nothing_is_open_unless_it_is_asked_for(open_lab: OpenLab) -> None:
    """A finished generation has its buttons under the stages, and no dialog."""
    page, _, generation_id = _open(open_lab)

    assert page.button(key=f"fork {generation_id}").label == "Fork"
    assert page.button(key=f"told {generation_id}").label == "What was the model told?"
    assert not page.get("dialog")


def test_fork_says_what_is_free_and_what_is_bought(open_lab: OpenLab) -> None:
    """Before the click the dialog tells, stage by stage, what is reused and the most it can cost."""
    page, _, generation_id = _open(open_lab, baseline=True)

    said = []
    for stage in ("action_plan", "thinking", "prompt_construction"):
        _fork_at(page, generation_id, Stage(stage))
        said.append(next(line for line in _dialog_text(page) if "Bought" in line))

    assert said == [
        r"**Free:** action plan as you write it. **Bought:** thinking, 2 prompts and 4 pictures, "
        r"at most \$0.00.",
        r"**Free:** action plan as before, thinking as you write it. **Bought:** 2 prompts and 4 "
        r"pictures, at most \$0.00.",
        r"**Free:** action plan and thinking as before, prompts as you write them. **Bought:** 4 "
        r"pictures, at most \$0.00.",
    ]


def test_plan_that_is_changed_is_gone_on_from(open_lab: OpenLab) -> None:
    """A changed field of the plan makes a child whose plan is free and all else is made anew."""
    planner = CountingPlanner()
    page, lab, generation_id = _open(open_lab, planner)
    before = lab.look_up(generation_id)[1].plan
    assert before
    _fork_at(page, generation_id, Stage.ACTION_PLAN)
    planner.asked.clear()

    _field(page, "mood").set_value("gloomy")
    _field(page, "subjects").set_value("a lighthouse\n\n  a gull \n")
    child = _send(page, lab, generation_id)

    assert child.plan == replace(before, mood="gloomy", subjects=("a lighthouse", "a gull"))
    assert (child.parent_id, child.forked_at) == (generation_id, Stage.ACTION_PLAN)
    assert planner.asked == [Stage.THINKING, *[Stage.PROMPT_CONSTRUCTION] * 2]
    assert child.status.value == "succeeded"


def test_thinking_that_is_changed_is_gone_on_from(open_lab: OpenLab) -> None:
    """A changed thinking makes a child that asks for nothing but prompts."""
    planner = CountingPlanner()
    page, lab, generation_id = _open(open_lab, planner)
    _fork_at(page, generation_id, Stage.THINKING)
    planner.asked.clear()

    _field(page, "thinking").set_value("## Light\n\nNoon.")
    child = _send(page, lab, generation_id)

    thought = child.stage(Stage.THINKING)
    assert thought
    assert (thought.output, thought.edited) == ("## Light\n\nNoon.", True)
    assert planner.asked == [Stage.PROMPT_CONSTRUCTION] * 2


def test_prompt_that_is_changed_is_painted(open_lab: OpenLab) -> None:
    """A changed prompt makes a child that asks no text model; the other prompt is as it was."""
    planner = CountingPlanner()
    page, lab, generation_id = _open(open_lab, planner)
    before = lab.look_up(generation_id)[1]
    _fork_at(page, generation_id, Stage.PROMPT_CONSTRUCTION)
    planner.asked.clear()

    _field(page, GOUACHE).set_value("A dog on a hill")
    child = _send(page, lab, generation_id)

    edited, kept = child.run(GOUACHE), child.run(POSTER)
    assert edited
    assert (edited.prompt, edited.prompt_origin) == ("A dog on a hill", PromptOrigin.EDITED)
    was = before.run(POSTER)
    assert kept
    assert was
    assert (kept.prompt, kept.prompt_origin) == (was.prompt, PromptOrigin.CONSTRUCTED)
    assert planner.asked == []


def test_stage_is_made_anew(open_lab: OpenLab) -> None:
    """Without a change by hand the stage and what follows are asked for once more."""
    planner = CountingPlanner()
    page, lab, generation_id = _open(open_lab, planner)
    _fork_at(page, generation_id, Stage.THINKING, how="Have it made anew")
    planner.asked.clear()

    child = _send(page, lab, generation_id)

    assert planner.asked == [Stage.THINKING, *[Stage.PROMPT_CONSTRUCTION] * 2]
    assert [stage.reused_from is not None for stage in child.stages[:2]] == [True, False]


def test_text_model_is_swapped(settings: Settings) -> None:
    """Another text model thinks on from the plan of the first."""
    lab = _open_keyed(settings)
    try:
        generation_id = lab.start(make_request(image_models=(GOUACHE,)))
        list(finish(lab, generation_id))
        page = open_studio(generation_id)
        page.button(key=f"fork {generation_id}").click().run()
        _fork_at(page, generation_id, Stage.THINKING, how="Have it made anew")
        [writer] = [box for box in _dialog(page).selectbox if box.label == "Text model"]
        other = next(
            one.id
            for one in lab.catalog.text_models
            if one.provider == "openai" and one.id in _ids(lab)
        )

        writer.set_value(other)
        child = _send(page, lab, generation_id)

        assert [stage.model for stage in child.stages] == ["offline-planner", other, other]
    finally:
        deps.install(None)
        lab.close(timeout_s=10)


def test_failed_plan_can_only_be_made_anew(open_lab: OpenLab) -> None:
    """A generation that came to nothing can be started over in a fork, and nothing else is offered."""
    planner = CountingPlanner(OfflinePlanner(faults=[make_fault()]))
    page, lab, generation_id = _open(open_lab, planner)
    page.button(key=f"fork {generation_id}").click().run()

    choices = [one.proto.options for one in _dialog(page).get("button_group")]
    child = _send(page, lab, generation_id)

    assert [[option.content for option in one] for one in choices] == [
        ["Action plan"],
        ["Have it made anew"],
    ]
    assert child.status.value == "succeeded"
    assert not any(stage.reused_from for stage in child.stages)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Stage.ACTION_PLAN, "The plan is the same as before."),
        (Stage.THINKING, "The thinking is the same as before."),
        (Stage.PROMPT_CONSTRUCTION, "The prompts are the same as before."),
    ],
)
def test_unchanged_stage_is_not_forked(open_lab: OpenLab, stage: Stage, message: str) -> None:
    """A click without a change says so, and starts nothing."""
    page, lab, generation_id = _open(open_lab)
    _fork_at(page, generation_id, stage)

    _click(page, generation_id)

    [error] = _dialog(page).error
    assert _plain(error.value).startswith(message)
    assert len(lab.list_generations()) == 1


@pytest.mark.parametrize(
    ("stage", "name", "typed", "message"),
    [
        (Stage.ACTION_PLAN, "mood", " ", "Field 'mood' of the plan is blank"),
        (
            Stage.ACTION_PLAN,
            "subjects",
            "a\n" + "b" * 501,
            "Field 'subjects[1]' of the plan has 501",
        ),
        (Stage.THINKING, "thinking", "", "The thinking is empty."),
        (Stage.PROMPT_CONSTRUCTION, GOUACHE, "", "The prompt for Offline gouache is empty."),
        (
            Stage.PROMPT_CONSTRUCTION,
            POSTER,
            "x" * 40_000,
            "The prompt for Offline poster has 40,000",
        ),
    ],
)
def test_text_that_cannot_be_used_is_told_at_its_field(
    open_lab: OpenLab, stage: Stage, name: str, typed: str, message: str
) -> None:
    """What is wrong stands right below the field, once; what was typed there and elsewhere stays."""
    page, lab, generation_id = _open(open_lab)
    _fork_at(page, generation_id, stage)
    other = _other(stage, name)

    _field(page, name).set_value(typed)
    if other:
        _field(page, other).set_value("Something else")
    _click(page, generation_id)

    [error] = _dialog(page).error
    assert message in _plain(error.value)
    drawn = [one for one in _dialog(page) if one.type in {"text_area", "error"}]
    assert getattr(drawn[drawn.index(error) - 1], "key", "").endswith(f" {name}")
    assert _field(page, name).value == typed
    assert other is None or _field(page, other).value == "Something else"
    assert len(lab.list_generations()) == 1


def test_what_was_typed_outlives_a_closed_dialog(open_lab: OpenLab) -> None:
    """Closing the dialog by accident loses nothing; a click puts back what is there."""
    page, _, generation_id = _open(open_lab)
    _fork_at(page, generation_id, Stage.THINKING)
    whole = _field(page, "thinking").value
    _field(page, "thinking").set_value("Half a thought").run()

    del page.session_state[state.ACTION]
    page.run()
    assert not page.get("dialog")
    _fork_at(page, generation_id, Stage.THINKING)

    assert _field(page, "thinking").value == "Half a thought"
    page.button(key=f"fork back {generation_id}").click().run()
    assert _field(page, "thinking").value == whole


def test_running_generation_is_not_forked(open_lab: OpenLab) -> None:
    """A generation that another tab has set going meanwhile says so, and nothing is started."""
    gate = threading.Event()
    painter = ListPainter(
        [Picture(index=0, data=make_png())], [lambda: gate.wait(20), make_fault()]
    )
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))
    page = open_studio(generation_id)
    _fork_at(page, generation_id, Stage.THINKING)
    lab.resume(generation_id, lambda view: lab.iterations.again(view, view.runs[0].run_id))

    page.run()

    assert "still being worked on" in "\n".join(one.value for one in _dialog(page).info)
    assert not [one for one in page.button if one.key == f"fork now {generation_id}"]
    gate.set()
    wait_for_end(lab, generation_id)
    assert len(lab.list_generations()) == 1


def test_what_was_typed_outlives_another_tab_at_work(open_lab: OpenLab) -> None:
    """Once the generation is over, a click brings the fields back with what was typed in them."""
    gate = threading.Event()
    painter = ListPainter(
        [Picture(index=0, data=make_png())], [lambda: gate.wait(20), make_fault()]
    )
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))
    page = open_studio(generation_id)
    _fork_at(page, generation_id, Stage.THINKING)
    _field(page, "thinking").set_value("Half a thought").run()
    lab.resume(generation_id, lambda view: lab.iterations.again(view, view.runs[0].run_id))
    page.run()
    assert _dialog(page).info

    gate.set()
    wait_for_end(lab, generation_id)
    page.button(key=f"fork look {generation_id}").click().run()

    assert not _dialog(page).info
    assert _field(page, "thinking").value == "Half a thought"


def test_list_of_earlier_marks_forks(open_lab: OpenLab) -> None:
    """In the sidebar a fork is told from its parent, which has the same title, by a sign and a word."""
    page, lab, generation_id = _open(open_lab)
    _fork_at(page, generation_id, Stage.ACTION_PLAN)
    _field(page, "mood").set_value("gloomy")
    child = _send(page, lab, generation_id)

    page = open_studio()

    ids = [one.key for one in page.sidebar.button if (one.key or "").startswith("open 0")]
    facts = [one.value for one in page.sidebar.caption if "just now" in one.value]
    assert ids == [f"open {child.generation_id}", f"open {generation_id}"]
    assert [one.startswith(":material/fork_right: Fork  ·  ") for one in facts] == [True, False]


def test_child_reads_as_what_it_is(open_lab: OpenLab) -> None:
    """A child's head leads to its parent; what it took over reads as reused or edited, and free."""
    _, lab, generation_id = _open(open_lab)
    child_id = lab.fork(
        generation_id,
        lambda view: lab.iterations.fork(view, view.request, Stage.THINKING, thinking="Else"),
    )
    wait_for_end(lab, child_id)

    child = open_studio(child_id)

    said = all_text(child)
    assert "Action plan** :gray[:small[Reused from an earlier generation ·  free]]" in said
    assert "Thinking** :gray[:small[Edited by you ·  free]]" in said
    assert said.count(f"[Open the earlier generation](?generation={generation_id})") == 2
    parent = child.button(key=f"parent {child_id}")
    assert parent.label == "Forked from an earlier generation at the thinking"
    parent.click().run()
    assert child.query_params["generation"] == generation_id
    assert f"parent {generation_id}" not in [one.key for one in child.button]


def test_child_shows_the_prompts_that_were_edited(open_lab: OpenLab) -> None:
    """Prompts written by hand stand where constructed ones do, also where no model wrote any."""
    _, lab, generation_id = _open(open_lab)
    child_id = lab.fork(
        generation_id,
        lambda view: lab.iterations.fork(
            view,
            view.request,
            Stage.PROMPT_CONSTRUCTION,
            prompts={GOUACHE: "A dog", POSTER: "A cat"},
        ),
    )
    wait_for_end(lab, child_id)

    said = all_text(open_studio(child_id))

    assert "Prompt construction** :gray[:small[Edited by you ·  free]]" in said
    assert "Edited by you ·  free ·  5 characters\n" in said
    assert "\nA dog\n" in said
    assert "\nA cat\n" in said
    assert "2 of 2 models done" in said


def _open(
    open_lab: OpenLab, planner: CountingPlanner | None = None, **asked: object
) -> tuple[AppTest, Laboratory, str]:
    """Make a generation of two models and open it."""
    painters = {GOUACHE: ShadePainter(), POSTER: ShadePainter(100)}
    lab = open_lab(planner=planner, painters=painters)
    generation_id = lab.start(make_request(**{"image_models": BOTH} | asked))  # type: ignore[arg-type]
    list(finish(lab, generation_id))
    page = open_studio(generation_id)
    assert not page.exception
    return page, lab, generation_id


def _open_keyed(settings: Settings) -> Laboratory:
    """Open a laboratory whose keyed text models are played by the offline one."""
    provider = Provider(
        text_model=lambda _: OfflinePlanner(), image_model=lambda _: OfflinePainter(model=GOUACHE)
    )
    variables = {"PROMPTFLOW_DATA_DIR": str(settings.data_dir), "OPENAI_API_KEY": "sk-marked"}
    lab = Laboratory(
        settings=read_settings(variables),
        catalog=read_catalog(SHIPPED_DATA / "models.toml"),
        providers=dict.fromkeys(("offline", "openai"), provider),
        clock=Clock(),
    )
    deps.install(lab)
    return lab


def _ids(lab: Laboratory) -> tuple[str, ...]:
    return lab.models.available(lab.catalog.text_models)


def _fork_at(
    page: AppTest, generation_id: str, stage: Stage, how: str = "Change it by hand"
) -> None:
    """Open the dialog, if it isn't open, at a stage."""
    if not page.get("dialog"):
        page.button(key=f"fork {generation_id}").click().run()
    page.session_state[f"fork at {generation_id}"] = stage
    page.session_state[f"fork {stage} True {generation_id}"] = how
    page.run()
    assert not page.exception


def _dialog(page: AppTest) -> Block:
    [dialog] = page.get("dialog")
    assert isinstance(dialog, Block)
    return dialog


def _dialog_text(page: AppTest) -> list[str]:
    return [str(one.value) for one in _dialog(page).markdown]


def _field(page: AppTest, name: str) -> TextArea:
    return next(one for one in _dialog(page).text_area if str(one.key).endswith(f" {name}"))


def _other(stage: Stage, name: str) -> str | None:
    """Return another field of the same stage."""
    if stage is Stage.ACTION_PLAN:
        return next(one for one in ActionPlan.__slots__ if one != name)
    return next(one for one in BOTH if one != name) if stage is Stage.PROMPT_CONSTRUCTION else None


def _click(page: AppTest, generation_id: str) -> None:
    page.button(key=f"fork now {generation_id}").click().run()
    assert not page.exception


def _send(page: AppTest, lab: Laboratory, generation_id: str) -> FlowView:
    """Click Fork; return the child once it is over, which the page has opened."""
    _click(page, generation_id)
    child_id = page.query_params["generation"]
    assert child_id != generation_id
    assert not page.get("dialog")
    wait_for_end(lab, str(child_id))
    return lab.look_up(str(child_id))[1]


def _plain(text: str) -> str:
    return text.replace("\u2060", "").replace("\\", "")
