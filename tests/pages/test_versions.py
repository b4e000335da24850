"""What can be done on the Studio's cards with a generation that is over."""

import threading
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.events import RunStarted
from promptflow.laboratory import Laboratory
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import GenerationStatus, ImageParameters, PromptOrigin
from promptflow.settings import SHIPPED_DATA, Settings, read_settings
from promptflow.ui import deps
from promptflow.view import FlowView, RunView
from tests.pages.conftest import (
    OpenLab,
    all_text,
    open_studio,
    wait_for_end,
    wait_for_event,
)
from tests.scripted import GOUACHE, IDEA, POSTER, make_fault, make_request

GPT_2 = "gpt-image-2"
HOSTILE = "![x](http://127.0.0.1:9/x.png) <b>bold</b> $x^2$ :material/home: https://a.example"
OpenPriced = Callable[[], Laboratory]


@pytest.fixture
def open_priced(settings: Settings, open_lab: OpenLab) -> Iterator[OpenPriced]:
    """Open a laboratory where GPT Image 2, played by an offline painter, has its price."""
    opened: list[Laboratory] = []

    def open_it() -> Laboratory:
        open_lab()
        provider = Provider(
            text_model=lambda _: OfflinePlanner(),
            image_model=lambda _: OfflinePainter(model=GOUACHE),
        )
        opened.append(_open_openai(settings, provider))
        deps.install(opened[-1])
        return opened[-1]

    yield open_it
    for laboratory in opened:
        laboratory.close(timeout_s=10)


def test_again_with_another_seed_is_a_new_version(open_lab: OpenLab) -> None:
    """Again paints a second version, shows it first, and names what is different in it."""
    lab, generation_id = _finished(open_lab())
    page = open_studio(generation_id)

    page.button(key=_key("open again", lab, generation_id)).click().run()
    page.number_input(key=_key("seed", lab, generation_id)).set_value(8).run()
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert [run.seed for run in _gouaches(lab, generation_id)] == [7, 8]
    assert "From v1: seed 7 → 8" in all_text(page)
    assert page.segmented_control(key=f"version {GOUACHE} 2 {generation_id}").value == 2
    assert not page.get("dialog")


def test_edited_words_stand_below_the_constructed_ones(open_lab: OpenLab) -> None:
    """What was constructed stays in its box, with the newest words of a person and their versions below."""
    lab, generation_id = _finished(open_lab())
    [first] = _gouaches(lab, generation_id)
    for prompt in (f"{HOSTILE} once", f"{HOSTILE} twice", None):
        lab.resume(
            generation_id,
            lambda view, prompt=prompt: lab.iterations.again(  # type: ignore[misc]  # a default
                view, _gouaches(lab, generation_id)[-1].run_id, prompt=prompt
            ),
        )
        wait_for_end(lab, generation_id)

    page = open_studio(generation_id)

    box = next(one for one in page.status if "Prompt construction" in one.label)
    assert first.prompt in [one.value for one in box.text]
    assert f"{HOSTILE} twice" in [one.value for one in box.text]
    assert f"{HOSTILE} once" not in [one.value for one in box.text]
    assert ":material/edit: Edited by you for v3 and v4" in [one.value for one in box.caption]


def test_fallback_prompt_is_told_after_an_edit(open_lab: OpenLab) -> None:
    """Words that a person wrote later don't hide which ones stood in for those that weren't written."""
    planner = OfflinePlanner(faults=[None, None, make_fault()])
    lab, generation_id = _finished(open_lab(planner=planner), GOUACHE)
    [first] = _gouaches(lab, generation_id)
    assert first.prompt_origin is PromptOrigin.FALLBACK
    lab.resume(generation_id, lambda view: lab.iterations.again(view, first.run_id, prompt="A dog"))
    wait_for_end(lab, generation_id)

    page = open_studio(generation_id)

    box = next(one for one in page.status if "Prompt construction" in one.label)
    assert [one.value for one in box.text] == [first.prompt, "A dog"]
    assert "built from the plan" in box.warning[0].value


def test_switch_shows_an_earlier_version(open_lab: OpenLab) -> None:
    """A click on v1 shows its picture in place of the second one's, and the card's actions are its own."""
    lab, generation_id = _with_two_versions(open_lab())
    first, second = _gouaches(lab, generation_id)
    page = open_studio(generation_id)
    before = _downloads(page)

    page.segmented_control(key=f"version {GOUACHE} 2 {generation_id}").set_value(1).run()

    assert f"download {second.images[0].asset.asset_id}" in before
    assert f"download {first.images[0].asset.asset_id}" in _downloads(page)
    assert f"download {second.images[0].asset.asset_id}" not in _downloads(page)
    assert f"open again {first.run_id}" in [one.key for one in page.button]


def test_random_leaves_the_seed_to_the_model(open_lab: OpenLab) -> None:
    """The button beside the seed empties it, and the version is asked for without one."""
    lab, generation_id = _finished(open_lab())
    page = open_studio(generation_id)
    page.button(key=_key("open again", lab, generation_id)).click().run()

    page.button(key=_key("random", lab, generation_id)).click().run()
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert [run.seed for run in _gouaches(lab, generation_id)] == [7, None]
    assert "From v1: seed 7 → random" in all_text(page)


def test_again_begins_with_the_parameters_of_the_run(open_priced: OpenPriced) -> None:
    """The fields are filled with what the run was asked for, and the price follows them, before the click."""
    lab = open_priced()
    asked = {GPT_2: ImageParameters(quality="high")}
    generation_id = lab.start(make_request(image_models=(GPT_2,), parameters=asked))
    wait_for_end(lab, generation_id)
    run = _look(lab, generation_id).runs[0]
    page = open_studio(generation_id)

    page.button(key=f"open again {run.run_id}").click().run()
    quality = page.selectbox(key=f"again {run.run_id}.quality")
    chosen, dear = quality.value, _price(page)
    quality.set_value("low").run()
    cheap = _price(page)
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert chosen == "high"
    assert dear > cheap > 0
    assert "From v1: quality high → low" in all_text(page)


def test_model_without_seeds_is_asked_again_without_one(open_priced: OpenPriced) -> None:
    """A seed that was typed for another model of the generation is in nobody's way, and no difference."""
    lab = open_priced()
    generation_id = lab.start(make_request(image_models=(GOUACHE, GPT_2), seed=7))
    wait_for_end(lab, generation_id)
    [run] = _look(lab, generation_id).versions(GPT_2)
    page = open_studio(generation_id)

    page.button(key=f"open again {run.run_id}").click().run()
    keys = [one.key for one in page.number_input]
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert f"seed {run.run_id}" not in keys
    assert [one.seed for one in _look(lab, generation_id).versions(GPT_2)] == [None, None]
    assert "From v1: nothing changed" in all_text(page)


def test_edited_prompt_is_painted_and_its_words_compared(open_lab: OpenLab) -> None:
    """A prompt changed by hand is a version of its own, and one click away is what changed in it."""
    painter = OfflinePainter(model=GOUACHE)
    lab, generation_id = _finished(open_lab(painters={GOUACHE: painter}))
    [first] = _gouaches(lab, generation_id)
    page = open_studio(generation_id)

    page.button(key=f"open edit {first.run_id}").click().run()
    page.text_area(key=f"prompt {first.run_id}").set_value(f"{first.prompt} {HOSTILE}").run()
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)
    second = _gouaches(lab, generation_id)[1]
    page.button(key=f"open changes {second.run_id}").click().run()

    assert painter.requests[-1].prompt == f"{first.prompt} {HOSTILE}"
    assert (second.prompt_origin, second.parent_prompt_id) == (PromptOrigin.EDITED, first.prompt_id)
    assert "From v1: prompt edited" in all_text(page)
    [dialog] = page.get("dialog")
    compared = "\n".join(str(one.value) for one in dialog.markdown)
    assert "words kept" in compared
    assert "<b>" not in compared
    assert "](http" not in compared


@pytest.mark.parametrize(
    ("typed", "said"),
    [("  ", "is empty"), ("x" * 8_001, "8,001 characters")],
    ids=["emptied", "too long"],
)
def test_prompt_that_can_not_be_used_is_said_at_the_field(
    open_lab: OpenLab, typed: str, said: str
) -> None:
    """An emptied or overlong prompt is one sentence in the dialog; what was typed stays, nothing starts."""
    lab, generation_id = _finished(open_lab())
    page = open_studio(generation_id)
    page.button(key=_key("open edit", lab, generation_id)).click().run()

    page.text_area(key=_key("prompt", lab, generation_id)).set_value(typed).run()
    page.button(key="begin").click().run()

    [dialog] = page.get("dialog")
    assert [said in error.value.replace("\\", "") for error in dialog.error] == [True]
    assert page.text_area(key=_key("prompt", lab, generation_id)).value == typed
    assert len(_gouaches(lab, generation_id)) == 1


def test_prompt_that_was_not_changed_is_not_bought_again(open_lab: OpenLab) -> None:
    """A click without a change says so, and paints nothing."""
    lab, generation_id = _finished(open_lab())
    page = open_studio(generation_id)
    page.button(key=_key("open edit", lab, generation_id)).click().run()
    before = len(page.error)

    page.button(key="begin").click().run()

    assert before == 0
    assert "The prompt is the same as before" in page.error[0].value
    assert len(_gouaches(lab, generation_id)) == 1


def test_retry_paints_what_failed_and_nothing_else(open_lab: OpenLab) -> None:
    """One click retries the model that failed; the one that has delivered is not called again."""
    gouache = OfflinePainter(model=GOUACHE, faults=[make_fault()])
    poster = OfflinePainter(model=POSTER)
    lab, generation_id = _finished(open_lab(painters={GOUACHE: gouache, POSTER: poster}))
    page = open_studio(generation_id)
    button = page.button(key="retry")

    button.click().run()
    _settle(page, lab, generation_id)

    assert button.label == "Retry 1 model"
    assert button.proto.help.replace("\\", "").startswith("At most $0.00.")
    assert (len(gouache.requests), len(poster.requests)) == (2, 1)
    assert "Succeeded" in all_text(page)
    assert "retry" not in [one.key for one in page.button]
    assert [run.version for run in _gouaches(lab, generation_id)] == [1, 2]


def test_retry_of_what_another_tab_has_retried_is_a_sentence(open_lab: OpenLab) -> None:
    """A click in a tab that still shows the failure starts nothing, and is answered once."""
    lab, generation_id = _finished(open_lab(painters={GOUACHE: _failing_once()}))
    page, other = open_studio(generation_id), open_studio(generation_id)
    page.button(key="retry").click().run()
    wait_for_end(lab, generation_id)

    other.button(key="retry").click().run()

    assert "There is nothing to retry" in other.error[0].value
    assert len(other.error) == 1
    assert not other.run().error
    assert len(_gouaches(lab, generation_id)) == 2


def test_failed_version_keeps_the_earlier_picture_one_click_away(open_lab: OpenLab) -> None:
    """A version that fails is shown with its reason; the switch leads back to the picture."""
    painter = OfflinePainter(model=GOUACHE, faults=[None, make_fault()])
    _, generation_id = _with_two_versions(open_lab(painters={GOUACHE: painter}))
    page = open_studio(generation_id)
    failed = [error.value for error in page.error]
    labels = page.segmented_control(key=f"version {GOUACHE} 2 {generation_id}").options

    page.segmented_control(key=f"version {GOUACHE} 2 {generation_id}").set_value(1).run()

    assert len(failed) == 1
    assert labels == ["v1", ":gray[v2 :material/error:]"]
    assert not page.error
    assert len(page.image) == 2


def test_added_model_paints_beside_the_others(open_lab: OpenLab) -> None:
    """A model that joins is offered with its price, has its prompt written, and paints; no other does."""
    gouache = OfflinePainter(model=GOUACHE)
    planner = OfflinePlanner()
    lab = open_lab(painters={GOUACHE: gouache}, planner=planner)
    _, generation_id = _finished(lab, GOUACHE)
    asked = len(planner.requests)
    page = open_studio(generation_id)

    page.button(key="add_models").click().run()
    offered = page.multiselect(key=f"added {generation_id}").options
    page.multiselect(key=f"added {generation_id}").set_value([POSTER]).run()
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert offered == ["Offline poster · at most $0.00"]
    assert len(page.image) == 2
    assert (len(gouache.requests), len(planner.requests) - asked) == (1, 1)


def test_model_that_another_tab_added_is_no_longer_chosen(open_priced: OpenPriced) -> None:
    """What was chosen and has joined meanwhile is let go; what else was chosen stays, and is painted."""
    lab = open_priced()
    _, generation_id = _finished(lab, GOUACHE)
    page = open_studio(generation_id)
    page.button(key="add_models").click().run()
    page.multiselect(key=f"added {generation_id}").set_value([POSTER, GPT_2]).run()
    lab.resume(generation_id, lambda view: lab.iterations.add_models(view, [POSTER]))
    wait_for_end(lab, generation_id)

    page.run()
    chosen = page.multiselect(key=f"added {generation_id}").value
    page.button(key="begin").click().run()
    _settle(page, lab, generation_id)

    assert chosen == [GPT_2]
    assert _look(lab, generation_id).request.image_models == (GOUACHE, POSTER, GPT_2)


def test_adding_waits_for_what_another_tab_has_begun(open_lab: OpenLab) -> None:
    """While the generation is worked on, the dialog says so once, and has what was chosen afterwards."""
    gate = threading.Event()
    gate.set()
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, gate=gate)})
    _, generation_id = _finished(lab, GOUACHE)
    gate.clear()
    page = open_studio(generation_id)
    page.button(key="add_models").click().run()
    page.multiselect(key=f"added {generation_id}").set_value([POSTER]).run()
    [run] = _gouaches(lab, generation_id)
    lab.resume(generation_id, lambda view: lab.iterations.again(view, run.run_id))

    page.button(key="begin").click().run()
    said = [error.value for error in page.error]
    gate.set()
    _settle(page, lab, generation_id)

    assert ["is still being worked on" in one for one in said] == [True]
    assert page.multiselect(key=f"added {generation_id}").value == [POSTER]


def test_no_model_left_to_add_is_said(open_lab: OpenLab) -> None:
    """Where every model that can be asked is there, the dialog says so and has no button."""
    _, generation_id = _finished(open_lab())
    page = open_studio(generation_id)

    page.button(key="add_models").click().run()

    assert "No other image model that can be asked now paints 1:1 pictures." in all_text(page)
    assert "begin" not in [one.key for one in page.button]


def test_second_tab_is_told_that_another_one_paints(open_lab: OpenLab) -> None:
    """Of two clicks at the same moment one begins; the other is told why not, and keeps what was typed."""
    gate = threading.Event()
    gate.set()
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, gate=gate)})
    _, generation_id = _finished(lab)
    gate.clear()
    page, other = open_studio(generation_id), open_studio(generation_id)
    for tab in (page, other):
        tab.button(key=_key("open edit", lab, generation_id)).click().run()
        tab.text_area(key=_key("prompt", lab, generation_id)).set_value("A cat").run()
    page.button(key="begin").click().run()

    other.button(key="begin").click().run()

    [dialog] = other.get("dialog")
    assert ["is still being worked on" in one.value for one in other.error] == [True]
    assert len(dialog.error) == 1
    assert other.text_area(key=_key("prompt", lab, generation_id)).value == "A cat"
    gate.set()
    wait_for_end(lab, generation_id)
    assert len(_gouaches(lab, generation_id)) == 2


def test_while_a_version_is_painted_the_rest_stays_and_cancel_works(open_lab: OpenLab) -> None:
    """A resumed generation shows its pictures, offers no further action but to cancel, and can be."""
    gate = threading.Event()
    gate.set()
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, gate=gate)})
    _, generation_id = _finished(lab)
    gate.clear()
    page = open_studio(generation_id)
    page.button(key=_key("open again", lab, generation_id)).click().run()
    page.button(key="begin").click().run()
    wait_for_event(lab, generation_id, RunStarted)
    page.run()
    pictures = len(page.image)
    keys = {str(one.key).split()[0] for one in page.main.button}

    page.button(key="cancel").click().run()
    gate.set()
    wait_for_end(lab, generation_id)

    assert pictures == 2
    assert keys - {"delete", "FormSubmitter:organise"} == {"cancel"}
    assert _look(lab, generation_id).status is not GenerationStatus.RUNNING


def test_baseline_stands_beside_its_model(open_lab: OpenLab) -> None:
    """A picture from the request unchanged has a card of its own; its words can't be edited there."""
    lab = open_lab()
    generation_id = lab.start(make_request(image_models=(GOUACHE,), baseline=True))
    wait_for_end(lab, generation_id)
    [raw] = _look(lab, generation_id).versions(GOUACHE, baseline=True)

    page = open_studio(generation_id)

    assert len(page.image) == 2
    said = [one.value.replace("\\", "") for one in page.main.caption]
    assert "v1: its constructed prompt" in said
    assert "v2: your request, word for word" in said
    assert len([one for one in said if one.startswith("Offline gouache  ·")]) == 1
    assert raw.prompt == IDEA
    keys = [one.key for one in page.button]
    assert f"open again {raw.run_id}" in keys
    assert f"open edit {raw.run_id}" not in keys


def test_model_whose_key_is_gone_can_not_be_asked_again(
    open_lab: OpenLab, open_priced: OpenPriced
) -> None:
    """Where a model's key is gone, its dialog says why it can't paint, and what was painted stays."""
    lab = open_priced()
    generation_id = lab.start(make_request(image_models=(GPT_2,)))
    wait_for_end(lab, generation_id)
    open_lab()
    page = open_studio(generation_id)

    page.button(key=f"open again {_look(lab, generation_id).runs[0].run_id}").click().run()

    assert not page.exception
    [dialog] = page.get("dialog")
    assert ["OPENAI_API_KEY" in error.value.replace("\\", "") for error in dialog.error] == [True]
    assert len(page.image) == 1


def test_failed_model_whose_key_is_gone_says_why_it_is_not_retried(
    settings: Settings, open_lab: OpenLab
) -> None:
    """The retry is there and can't be clicked; its help says what is missing."""
    provider = Provider(
        text_model=lambda _: OfflinePlanner(), image_model=lambda _: _failing_once()
    )
    lab = _open_openai(settings, provider)
    lab.open(make=True)
    generation_id = lab.start(make_request(image_models=(GPT_2,)))
    wait_for_end(lab, generation_id)
    lab.close(timeout_s=5)
    open_lab()

    page = open_studio(generation_id)

    button = page.button(key="retry")
    assert (button.label, button.disabled) == ("Retry", True)
    assert "OPENAI_API_KEY" in button.proto.help.replace("\\", "")


def _finished(lab: Laboratory, *models: str) -> tuple[Laboratory, str]:
    request = make_request(image_models=models or (GOUACHE, POSTER), seed=7, estimate_micro_usd=0)
    generation_id = lab.start(request)
    wait_for_end(lab, generation_id)
    return lab, generation_id


def _open_openai(settings: Settings, provider: Provider) -> Laboratory:
    """Open a laboratory whose models of OpenAI's are played by a provider of the caller's."""
    variables = {"PROMPTFLOW_DATA_DIR": str(settings.data_dir), "OPENAI_API_KEY": "sk-marked"}
    return Laboratory(
        settings=read_settings(variables),
        catalog=read_catalog(SHIPPED_DATA / "models.toml"),
        providers=dict.fromkeys(("offline", "openai"), provider),
        clock=Clock(),
    )


def _with_two_versions(lab: Laboratory) -> tuple[Laboratory, str]:
    _, generation_id = _finished(lab)
    [run] = _gouaches(lab, generation_id)
    lab.resume(generation_id, lambda view: lab.iterations.again(view, run.run_id, seed=8))
    wait_for_end(lab, generation_id)
    return lab, generation_id


def _failing_once() -> OfflinePainter:
    return OfflinePainter(model=GOUACHE, faults=[make_fault()])


def _look(lab: Laboratory, generation_id: str) -> FlowView:
    return lab.look_up(generation_id)[1]


def _gouaches(lab: Laboratory, generation_id: str) -> tuple[RunView, ...]:
    return _look(lab, generation_id).versions(GOUACHE)


def _key(name: str, lab: Laboratory, generation_id: str) -> str:
    """Return the key of a widget of the first gouache."""
    return f"{name} {_gouaches(lab, generation_id)[0].run_id}"


def _settle(page: AppTest, lab: Laboratory, generation_id: str) -> None:
    """Wait until what the last click began is over, and draw the page as it is then."""
    wait_for_end(lab, generation_id)
    page.run()
    assert not page.exception


def _downloads(page: AppTest) -> list[str]:
    return [str(button.key) for button in page.download_button]


def _price(page: AppTest) -> float:
    """Return the dollars that the open dialog says it costs at most."""
    [dialog] = page.get("dialog")
    [said] = [one.value for one in dialog.caption if "At most" in one.value]
    return float(said.rsplit("$", 1)[1])
