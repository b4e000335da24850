"""The Lineage page of generations that grew from others, and of those that were gone on with."""

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from promptflow.iterations import Iteration
from promptflow.laboratory import Laboratory
from promptflow.records import Stage
from promptflow.traces import gather_trace
from promptflow.ui.lineage.family import PARENT, plan_family
from promptflow.view import FlowView
from tests.pages.conftest import OpenLab, all_text, open_studio, wait_for_end
from tests.scripted import GOUACHE, IDEA, POSTER, ShadePainter, finish, make_request


def test_fork_hangs_on_its_parent(open_lab: OpenLab) -> None:
    """A child's tree begins with its parent, which a click opens, and marks what was taken over."""
    lab, parent = _make(open_lab)
    child = _fork(lab, parent, thinking="Else")

    page = _open(child)
    chart = _chart(page)

    assert chart.index('["Parent<br/>An earlier generation"]') < chart.index('["Request')
    assert '["Action plan<br/>Reused#44; free"]' in chart
    assert '["Thinking<br/>Edited by you#44; free"]' in chart
    said = _choose(page, lab, child, "Parent")
    assert "Forked from an earlier generation at the thinking" in said
    page.button(key=f"open parent {parent}").click().run()
    assert page.query_params["generation"] == parent
    assert '["Fork<br/>Succeeded"]' in _chart(page)


def test_fork_of_many_parts_begins_with_its_own_request(open_lab: OpenLab) -> None:
    """The details begin with the request, not with the parent that stands before it."""
    lab, parent = _make(open_lab)
    child = _fork(lab, parent, thinking="Else")
    for _ in range(6):
        _resume(lab, child, seed=None)

    page = _open(child)

    [chosen] = [one for one in page.selectbox if one.label.startswith("Details of one of")]
    assert chosen.options[0] == "Parent"
    assert chosen.value == "request"


def test_head_leads_to_the_parent(open_lab: OpenLab) -> None:
    """Under the head stands where the generation parted from its parent; a click opens that."""
    lab, parent = _make(open_lab)
    child = _fork(lab, parent, thinking="Else")
    page = _open(child)

    page.button(key=f"parent {child}").click().run()

    assert page.query_params["generation"] == parent


def test_edited_thinking_is_set_against_what_it_was(open_lab: OpenLab) -> None:
    """The details of an edited stage say that it was free, and word by word what was changed."""
    lab, parent = _make(open_lab)
    thought = lab.look_up(parent)[1].stage(Stage.THINKING)
    assert thought
    child = _fork(lab, parent, thinking=f"{thought.output} A red kite.")

    page = _open(child)
    said = _choose(page, lab, child, "Thinking")

    assert "Origin  \nEdited by you" in said
    assert "Cost  \nfree" in said
    assert thought.stage_id in said
    [fold] = [one for one in page.expander if one.label == "What you changed"]
    assert "**\\+A red kite" in _unjoined(fold.markdown[-1].value)
    assert "~~" not in fold.markdown[-1].value


def test_edited_plan_is_compared_field_by_field(open_lab: OpenLab) -> None:
    """A plan is compared as it is read, not as JSON."""
    lab, parent = _make(open_lab)
    plan = lab.look_up(parent)[1].plan
    assert plan
    changed = replace(plan, mood="gloomy")
    child = lab.fork(
        parent,
        lambda view: lab.iterations.fork(view, view.request, Stage.ACTION_PLAN, plan=changed),
    )
    wait_for_end(lab, child)

    page = _open(child)
    _choose(page, lab, child, "Action plan")

    [fold] = [one for one in page.expander if one.label == "What you changed"]
    shown = _unjoined(fold.markdown[-1].value)
    assert "Mood\\:" in shown
    assert "**\\+gloomy" in shown
    assert '"' not in shown


def test_reused_stage_says_that_nobody_was_asked(open_lab: OpenLab) -> None:
    """The details of a reused stage tell who first answered, and nothing of time or tokens."""
    lab, parent = _make(open_lab)
    child = _fork(lab, parent, thinking="Else")

    page = _open(child)
    said = _choose(page, lab, child, "Action plan")

    assert "Origin  \nReused from an earlier generation" in said
    assert "First answered by  \nOffline planner" in said
    assert "Tokens" not in said
    assert not [one for one in page.expander if one.label == "What you changed"]


def test_versions_stand_under_what_they_came_from(open_lab: OpenLab) -> None:
    """Each version hangs on its prompt and on the run it goes on from; an edited prompt on the other."""
    lab, generation_id = _make(open_lab)
    _resume(lab, generation_id, seed=None)
    _resume(lab, generation_id, prompt="A dog on a hill")

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "Edited prompt v3 · Offline gouache")

    nodes = {
        node.name.partition(" · ")[0]: node
        for node in plan_family(gather_trace(lab.read_events(generation_id)), lab.models.name_of)
    }
    prompt, edited = nodes["Prompt"].key, nodes["Edited prompt v3"]
    first, second = nodes["Run 1"].key, nodes["Run 2"]
    assert second.parents == (prompt, first)
    assert edited.parents == (prompt,)
    assert nodes["Run 3"].parents == (edited.key, first)
    assert "Origin  \nedited by you" in said
    assert "A dog on a hill" in said
    assert [one for one in page.expander if one.label == "What you changed"]


def test_prompt_edited_in_a_fork_is_set_against_the_parents(open_lab: OpenLab) -> None:
    """What a prompt grew from may stand in the parent, and is compared all the same."""
    lab, parent = _make(open_lab)
    run = lab.look_up(parent)[1].run(GOUACHE)
    assert run
    child = lab.fork(
        parent,
        lambda view: lab.iterations.fork(
            view,
            view.request,
            Stage.PROMPT_CONSTRUCTION,
            prompts={GOUACHE: f"{run.prompt} A kite."},
        ),
    )
    wait_for_end(lab, child)

    page = _open(child)
    _choose(page, lab, child, "Edited prompt · Offline gouache")

    [fold] = [one for one in page.expander if one.label == "What you changed"]
    assert "**\\+A kite" in _unjoined(fold.markdown[-1].value)


def test_own_words_hang_on_the_request(open_lab: OpenLab) -> None:
    """A baseline's words are the request unchanged, with the request as their parent."""
    lab, generation_id = _make(open_lab, baseline=True)

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "Own words · Offline gouache")

    assert '["Own words<br/>Offline gouache<br/>The request unchanged"]' in _chart(page)
    assert "Origin  \nthe request unchanged" in said
    assert IDEA in said


def test_details_show_what_the_model_was_told(open_lab: OpenLab) -> None:
    """Beside each stage there is what was sent; it is made only when it is unfolded."""
    lab, generation_id = _make(open_lab)
    stage = lab.look_up(generation_id)[1].stages[0]
    page = _open(generation_id)
    folded = _choose(page, lab, generation_id, "Action plan")
    assert stage.question

    page.session_state[f"told {stage.stage_id}"] = True
    page.run()

    assert not page.exception
    assert stage.question.instructions not in folded
    [fold] = [one for one in page.expander if one.label == "What was the model told?"]
    assert [one.value for one in fold.code] == [
        stage.question.instructions,
        stage.question.material,
    ]


def test_child_is_told_apart_from_its_parent(open_lab: OpenLab) -> None:
    """What a child's stage was told is set against what the parent's same stage was told."""
    lab, parent = _make(open_lab)
    child = _fork(lab, parent, thinking="Think of kites.")
    stage = lab.look_up(child)[1].stage(Stage.PROMPT_CONSTRUCTION, GOUACHE)
    assert stage
    page = _open(child)
    _choose(page, lab, child, "Prompt · Offline gouache")
    page.session_state[f"told {stage.stage_id}"] = True
    page.run()

    chosen = page.selectbox(key=f"{stage.stage_id} compared with")
    chosen.set_value("The generation it was forked from").run()

    [fold] = [one for one in page.expander if one.label == "What was the model told?"]
    shown = _unjoined("\n".join(one.value for one in fold.markdown))
    assert "**\\+Think of kites" in shown


def _make(open_lab: OpenLab, *, baseline: bool = False) -> tuple[Laboratory, str]:
    """Make a generation of one image model."""
    lab = open_lab(painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(100)})
    generation_id = lab.start(make_request(image_models=(GOUACHE,), baseline=baseline))
    list(finish(lab, generation_id))
    return lab, generation_id


def _fork(lab: Laboratory, parent: str, *, thinking: str) -> str:
    child = lab.fork(
        parent,
        lambda view: lab.iterations.fork(view, view.request, Stage.THINKING, thinking=thinking),
    )
    wait_for_end(lab, child)
    return child


def _resume(
    lab: Laboratory, generation_id: str, *, seed: int | None = None, prompt: str | None = None
) -> None:
    def again(view: FlowView) -> Iteration:
        return lab.iterations.again(view, view.runs[0].run_id, seed=seed, prompt=prompt)

    lab.resume(generation_id, again)
    wait_for_end(lab, generation_id)


def _open(generation_id: str) -> AppTest:
    page = open_studio()
    page.query_params["generation"] = generation_id
    page.switch_page("pages/lineage.py").run()
    assert not page.exception
    return page


def _choose(page: AppTest, lab: Laboratory, generation_id: str, name: str) -> str:
    """Choose a node by its name; return all that the page then says, codes included."""
    nodes = plan_family(gather_trace(lab.read_events(generation_id)), lab.models.name_of)
    key = next(node.key for node in nodes if node.name == name)
    assert (key == PARENT) is (name == "Parent")
    page.session_state[f"node {generation_id}"] = key
    page.run()
    assert not page.exception
    said = [all_text(page), *(str(code.value) for code in page.code)]
    return "\n".join(said).replace(":gray[:small[", "").replace("]]", "")


def _chart(page: AppTest) -> str:
    return next(str(one.value) for one in page.main.markdown if "```mermaid" in one.value)


def _unjoined(text: str) -> str:
    return text.replace("\u2060", "")
