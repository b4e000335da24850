"""What the form offers besides: earlier answers, the baseline, and own instructions."""

import re
from collections.abc import Iterator

from streamlit.testing.v1 import AppTest

from promptflow.laboratory import Laboratory
from promptflow.ports import TextPart, TextRequest
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import PromptOrigin, Stage
from promptflow.settings import Settings
from tests.pages.conftest import OpenLab, all_text, generate, open_studio, wait_for_end
from tests.scripted import BOTH, GOUACHE, IDEA, POSTER, ShadePainter, make_laboratory


class CountingPlanner:
    """The offline planner, which notes what it is told."""

    def __init__(self) -> None:
        self.requests: list[TextRequest] = []
        self._planner = OfflinePlanner()

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Note the question, and answer."""
        self.requests.append(request)
        yield from self._planner.stream(request)

    @property
    def asked(self) -> list[Stage]:
        """The stages it was asked for."""
        return [request.stage for request in self.requests]


def test_nothing_is_offered_for_what_was_never_asked(open_lab: OpenLab) -> None:
    """An empty form and a new request have no offer, and no ledger is made to look for one."""
    lab = open_lab()
    page = open_studio()
    assert not page.radio

    page.text_area(key="request").set_value("A fox").run()

    assert not page.radio
    assert "Earlier answers fit" not in all_text(page)
    assert lab.list_generations() == ()


def test_earlier_answers_are_offered_and_not_taken(open_lab: OpenLab) -> None:
    """The same request offers what fits, and what that saves; by default nothing is reused."""
    planner = CountingPlanner()
    page, lab = _open(open_lab, planner)
    first = _generate(page, lab)

    [radio] = page.radio
    assert radio.value is None
    assert "Earlier answers fit: plan, thinking and prompts. Reuse saves 0." in all_text(page)
    assert radio.options == [
        "Reuse nothing",
        "Reuse the plan",
        "Reuse the plan and thinking",
        "Reuse the plan, thinking and prompts",
    ]
    planner.requests.clear()
    second = _generate(page, lab)

    assert second != first
    assert planner.asked == [Stage.ACTION_PLAN, Stage.THINKING, *[Stage.PROMPT_CONSTRUCTION] * 2]
    assert lab.look_up(second)[1].parent_id is None


def test_chosen_answers_are_reused(open_lab: OpenLab) -> None:
    """What is chosen is taken over, what follows is asked for; the next start begins unasked again."""
    planner = CountingPlanner()
    page, lab = _open(open_lab, planner)
    first = _generate(page, lab)
    planner.requests.clear()

    page.radio[0].set_value(Stage.THINKING).run()
    assert "What is left to buy: at most $0.00" in all_text(page)
    second = _generate(page, lab)

    view = lab.look_up(second)[1]
    assert planner.asked == [Stage.PROMPT_CONSTRUCTION] * 2
    assert (view.parent_id, view.forked_at) == (first, Stage.PROMPT_CONSTRUCTION)
    assert [stage.edited for stage in view.stages if stage.reused_from] == [False, False]
    assert page.radio[0].value is None


def test_all_words_are_reused(open_lab: OpenLab) -> None:
    """With everything reused no text model is asked at all."""
    planner = CountingPlanner()
    page, lab = _open(open_lab, planner)
    _generate(page, lab)
    planner.requests.clear()

    page.radio[0].set_value(Stage.PROMPT_CONSTRUCTION).run()
    second = _generate(page, lab)

    assert planner.asked == []
    assert lab.look_up(second)[1].status.value == "succeeded"
    page = open_studio(second)
    assert page.button(key=f"parent {second}").label.endswith("at the pictures")


def test_other_words_have_no_offer(open_lab: OpenLab) -> None:
    """Another request, another shape or other instructions are other questions."""
    page, lab = _open(open_lab)
    _generate(page, lab)
    assert page.radio

    page.selectbox(key="aspect_ratio").set_value("16:9").run()
    assert not page.radio
    page.selectbox(key="aspect_ratio").set_value("1:1").run()
    assert page.radio
    page.text_area(key="request").set_value(f"{IDEA}!").run()
    assert not page.radio


def test_offer_says_for_how_many_models_prompts_are_there(open_lab: OpenLab) -> None:
    """With a further model the prompts of those that were asked before fit, and only those."""
    page, lab = _open(open_lab)
    page.multiselect(key="image_models").set_value([GOUACHE])
    _generate(page, lab)

    page.multiselect(key="image_models").set_value(list(BOTH)).run()

    assert "plan, thinking and 1 of 2 prompts" in all_text(page)


def test_ledger_that_cannot_be_read_offers_nothing(settings: Settings, open_lab: OpenLab) -> None:
    """A broken ledger is told of once, by the page, and not by the form."""
    first = make_laboratory(settings, painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(99)})
    first.close(timeout_s=10)
    lab = open_lab()
    page = open_studio()
    settings.database.write_bytes(b"not a database" * 100)

    page.text_area(key="request").set_value(IDEA).run()

    assert not page.exception
    assert not page.radio
    assert lab is not first


def test_baseline_doubles_the_pictures_and_paints_the_request(open_lab: OpenLab) -> None:
    """With the switch on each model also paints the words as they were typed."""
    page, lab = _open(open_lab)

    page.toggle(key="baseline").set_value(True)
    view = lab.look_up(_generate(page, lab))[1]

    assert view.request.baseline
    assert [run.prompt for model in BOTH for run in view.versions(model, baseline=True)] == [
        IDEA
    ] * 2
    origins = {run.prompt_origin for run in view.runs}
    assert origins == {PromptOrigin.CONSTRUCTED, PromptOrigin.RAW}


def test_own_instructions_are_sent(open_lab: OpenLab) -> None:
    """A changed text is sent in place of the shipped one; the others stay as they are shipped."""
    planner = CountingPlanner()
    page, lab = _open(open_lab, planner)
    page.toggle(key="own_instructions").set_value(True).run()
    field = page.text_area(key="instructions for thinking")
    assert field.value == lab.shipped_instructions(Stage.THINKING)

    field.set_value("Think in one word.").run()
    view = lab.look_up(_generate(page, lab))[1]

    assert view.request.instructions == {Stage.THINKING: "Think in one word."}
    told = {request.stage: request.instructions for request in planner.requests}
    assert told[Stage.THINKING] == "Think in one word."
    assert told[Stage.ACTION_PLAN] == lab.shipped_instructions(Stage.ACTION_PLAN)


def test_shipped_text_comes_back(open_lab: OpenLab) -> None:
    """A click puts the shipped text back; where nothing was changed there is no such button."""
    page, lab = _open(open_lab)
    page.toggle(key="own_instructions").set_value(True).run()
    assert not [one for one in page.button if one.label == "Back to the shipped text"]

    page.text_area(key="instructions for action_plan").set_value("Plan nothing.").run()
    page.button(key="shipped instructions for action_plan").click().run()

    field = page.text_area(key="instructions for action_plan")
    assert field.value == lab.shipped_instructions(Stage.ACTION_PLAN)
    assert lab.look_up(_generate(page, lab))[1].request.instructions == {}


def test_empty_instructions_are_refused(open_lab: OpenLab) -> None:
    """A stage that would be told nothing is refused in one sentence, and what was typed stays."""
    page, lab = _open(open_lab)
    page.toggle(key="own_instructions").set_value(True).run()
    page.text_area(key="instructions for thinking").set_value("  ")
    page.text_area(key="request").set_value(IDEA)

    page.button(key="generate").click().run()

    [error] = page.error
    assert "The instruction text for thinking is empty" in error.value.replace("\\", "")
    assert page.text_area(key="instructions for thinking").value == "  "
    assert lab.list_generations() == ()


def test_instructions_that_are_switched_off_are_not_sent(open_lab: OpenLab) -> None:
    """What was typed is kept while the switch is off, and counts for nothing."""
    page, lab = _open(open_lab)
    page.toggle(key="own_instructions").set_value(True).run()
    page.text_area(key="instructions for thinking").set_value("Think in one word.").run()

    page.toggle(key="own_instructions").set_value(False).run()
    view = lab.look_up(_generate(page, lab))[1]

    assert view.request.instructions == {}
    page.toggle(key="own_instructions").set_value(True).run()
    assert page.text_area(key="instructions for thinking").value == "Think in one word."


def test_studio_shows_what_the_model_was_told(open_lab: OpenLab) -> None:
    """The dialog has instructions and material as sent, and sets them against the shipped ones."""
    page, lab = _open(open_lab)
    page.toggle(key="own_instructions").set_value(True).run()
    page.text_area(key="instructions for action_plan").set_value("Plan only octopuses.").run()
    generation_id = _generate(page, lab)
    page = open_studio(generation_id)

    page.button(key=f"told {generation_id}").click().run()

    [dialog] = page.get("dialog")
    question = lab.look_up(generation_id)[1].stages[0].question
    assert question
    assert [code.value for code in dialog.code] == [question.instructions, question.material]
    assert question.instructions == "Plan only octopuses."
    stage_id = lab.look_up(generation_id)[1].stages[0].stage_id
    page.selectbox(key=f"{stage_id} compared with").set_value("The shipped instructions").run()
    [dialog] = page.get("dialog")
    shown = "\n".join(one.value for one in dialog.markdown).replace("\u2060", "")
    assert re.search(r":green-background\[\*\*\\\+[^]]*octopuses", shown)
    assert [code.value for code in dialog.code] == [question.material]


def test_same_stage_of_another_generation_is_compared(open_lab: OpenLab) -> None:
    """What was told here is set against what was told there, the parent or any other one."""
    page, lab = _open(open_lab)
    first = _generate(page, lab)
    other = generate(page, "A red fox")
    wait_for_end(lab, other)
    stage_id = lab.look_up(other)[1].stages[0].stage_id
    page = open_studio(other)
    page.button(key=f"told {other}").click().run()

    compared = page.selectbox(key=f"{stage_id} compared with")
    assert "The generation it was forked from" not in compared.options
    compared.set_value("Another generation").run()

    [dialog] = page.get("dialog")
    assert page.selectbox(key=f"{stage_id} another generation").value == first
    shown = "\n".join(one.value for one in dialog.markdown).replace("\u2060", "")
    assert "The same in both." in [one.value for one in dialog.caption]
    assert ":red-background[~~lighthouse" in shown
    assert ":green-background[**\\+red fox" in shown


def _open(open_lab: OpenLab, planner: CountingPlanner | None = None) -> tuple[AppTest, Laboratory]:
    """Open an empty Studio whose painters are quick."""
    lab = open_lab(
        planner=planner, painters={GOUACHE: ShadePainter(), POSTER: ShadePainter(first=99)}
    )
    return open_studio(), lab


def _generate(page: AppTest, lab: Laboratory) -> str:
    """Generate, wait for the end, and draw the page anew."""
    generation_id = generate(page, IDEA)
    assert not page.exception
    wait_for_end(lab, generation_id)
    page.run()
    return generation_id
