"""The Studio's states, as a person meets them."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.errors import ProviderError
from promptflow.events import ImageReady, RunStarted
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.settings import Settings
from promptflow.ui import deps
from promptflow.ui.form import EXAMPLES
from tests.pages.conftest import (
    OpenLab,
    all_text,
    generate,
    open_studio,
    wait_for_end,
    wait_for_event,
)
from tests.scripted import (
    GOUACHE,
    IDEA,
    POSTER,
    finish,
    make_fault,
    make_laboratory,
    make_refusal,
    make_request,
)

HOSTILE = "$40 and $x^2$ :material/home: ![x](http://127.0.0.1/x.png) <b>bold</b> https://a.example"


def test_empty_studio_says_what_to_do(open_lab: OpenLab) -> None:
    """Who comes first sees what this is, examples to click, and what it will cost."""
    open_lab()

    page = open_studio()

    assert not page.exception
    assert page.title[0].value == "From an idea to pictures, every step in sight"
    assert "At most $0.00" in all_text(page)
    assert "Nothing here yet." in all_text(page)
    assert [page.button(key=f"example {name}").label for name, _, _ in EXAMPLES] == [
        name for name, _, _ in EXAMPLES
    ]


def test_models_without_key_are_shown_with_the_reason(open_lab: OpenLab) -> None:
    """A model whose key is missing can't be chosen, and the page says which key it needs."""
    open_lab()

    page = open_studio()

    assert page.multiselect(key="image_models").options == ["Offline gouache", "Offline poster"]
    assert "needs OPENAI_API_KEY to be set" in all_text(page)


def test_example_fills_the_form_and_spends_nothing(open_lab: OpenLab) -> None:
    """A click on an example puts it into the form; it is not sent yet."""
    lab = open_lab()
    name, _, request = EXAMPLES[0]
    page = open_studio()

    page.button(key=f"example {name}").click().run()

    assert page.text_area(key="request").value == request
    assert lab.list_generations() == ()


def test_generate_shows_the_flow_and_its_address(open_lab: OpenLab) -> None:
    """A sent form is at once a running generation with an address of its own."""
    gate = threading.Event()
    lab = open_lab(planner=OfflinePlanner(gate=gate))
    page = open_studio()

    generation_id = generate(page, IDEA)

    assert not page.exception
    assert lab.find_flow(generation_id) is not None
    assert "Running" in all_text(page)
    assert page.button(key="cancel").label == "Cancel"
    gate.set()
    wait_for_end(lab, generation_id)


def test_reload_in_mid_flight_shows_what_was_said_so_far(open_lab: OpenLab) -> None:
    """A second tab opened while a model paints has the plan, the thinking and the prompts."""
    gate = threading.Event()
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, gate=gate)})
    generation_id = lab.start(make_request())
    wait_for_event(lab, generation_id, ImageReady)

    page = open_studio(generation_id)

    said = all_text(page)
    assert "Running" in said
    assert "Reading the idea" in said
    assert "Painted in gouache" in said
    assert "Offline gouache** :gray[painting" in said
    assert len(page.image) == 1
    gate.set()
    wait_for_end(lab, generation_id)


def test_finished_generation_shows_both_pictures(open_lab: OpenLab) -> None:
    """A finished generation has a picture with its facts and a download for each model."""
    lab = open_lab()
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert not page.exception
    assert "Succeeded" in all_text(page)
    assert len(page.image) == 2
    assert all_text(page).count("1024 × 1024 px") == 2
    assert [button.label for button in page.download_button] == ["Download", "Download"]
    assert [status.state for status in page.status] == ["complete"] * 5


def test_finished_stages_say_model_times_tokens_and_cost(open_lab: OpenLab) -> None:
    """The label of a finished stage has its model, times, tokens and cost."""
    lab = open_lab()
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    plan = all_text(page).split("**Action plan**")[1].split("\n")[0]
    for fact in ("Offline planner", "first words", "tokens", "$0.00"):
        assert fact in plan


def test_one_failing_model_stands_beside_the_others_picture(open_lab: OpenLab) -> None:
    """One model's failure is in its card with what to do; the other's picture is there."""
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, faults=[make_fault()])})
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert "Partly done" in all_text(page)
    assert "Offline gouache does not take this prompt. Shorten it." in page.error[0].value.replace(
        "\\", ""
    )
    assert len(page.image) == 1


def test_refusal_is_told_as_a_result(open_lab: OpenLab) -> None:
    """A refusal is no error: the card says so, and what to change."""
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, faults=[make_refusal()])})
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert [warning.proto.title for warning in page.warning] == ["Refused"]
    assert "Describe it without weapons" in page.warning[0].value
    assert not page.error


def test_all_models_failing_is_said_once_per_card(open_lab: OpenLab) -> None:
    """Where nothing came, every card says why, and the generation has failed."""
    painters = {
        model: OfflinePainter(model=model, faults=[make_fault(model)])
        for model in (GOUACHE, POSTER)
    }
    lab = open_lab(painters=painters)
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert "Failed" in all_text(page)
    assert len(page.error) == 2
    assert not page.image


def test_failing_planner_is_said_in_its_stage(open_lab: OpenLab) -> None:
    """A flow whose plan fails shows the stage that failed and why, and no empty pictures."""
    fault = ProviderError(
        "The planner broke off. Try again.", provider="offline", model="offline-planner"
    )
    lab = open_lab(planner=OfflinePlanner(faults=[fault]))
    generation_id = lab.start(make_request())
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert not page.exception
    assert "The planner broke off" in page.error[0].value
    assert [status.state for status in page.status] == ["complete", "error"]


def test_cancel_finishes_what_is_paid_for_and_says_so(open_lab: OpenLab) -> None:
    """After Cancel the stage under way is finished, nothing more starts, and the page says it."""
    gate = threading.Event()
    painter = OfflinePainter(model=GOUACHE)
    lab = open_lab(planner=OfflinePlanner(gate=gate), painters={GOUACHE: painter})
    page = open_studio()
    generation_id = generate(page, IDEA)

    page.button(key="cancel").click().run()
    cancelling = page.button(key="cancel").label
    gate.set()
    wait_for_end(lab, generation_id)
    page.run()

    assert cancelling == "Cancelling"
    assert "Cancelled: what was already paid for was finished" in page.info[0].value.replace(
        "\\", ""
    )
    assert painter.requests == []


def test_earlier_generations_are_listed_searched_and_opened(open_lab: OpenLab) -> None:
    """The list has the newest first; a search narrows it; a click opens one by its address."""
    lab = open_lab()
    ids = [lab.start(make_request(text)) for text in ("A castle at dawn", "A robot gardener")]
    for generation_id in ids:
        list(finish(lab, generation_id))
    page = open_studio()
    listed = [button.key for button in page.button if str(button.key).startswith("open ")]

    page.text_input(key="search").set_value("castle").run()
    found = [button.key for button in page.button if str(button.key).startswith("open ")]
    page.button(key=f"open {ids[0]}").click().run()

    assert listed == [f"open {ids[1]}", f"open {ids[0]}"]
    assert found == [f"open {ids[0]}"]
    assert page.query_params["generation"] == ids[0]
    assert page.main.subheader[0].value == "A castle at dawn"


def test_list_turns_twenty_at_a_time(open_lab: OpenLab) -> None:
    """Twenty earlier generations are listed; Older and Newer turn the page."""
    lab = open_lab(planner=OfflinePlanner(faults=[_broken()] * 23))
    for number in range(23):
        list(finish(lab, lab.start(make_request(f"Idea number {number}"))))
    page = open_studio()

    first = _titles(page)
    page.button(key="older").click().run()
    second = _titles(page)
    page.button(key="newer").click().run()

    assert first == [f"Idea number {number}" for number in range(22, 2, -1)]
    assert second == ["Idea number 2", "Idea number 1", "Idea number 0"]
    assert _titles(page) == first


@pytest.mark.parametrize(
    ("request_text", "said"),
    [
        ("", "The request is empty."),
        ("  \n ", "The request is empty."),
        ("bell \x07", "control character U+0007 at position 6"),
    ],
)
def test_bad_request_is_a_sentence_and_starts_nothing(
    open_lab: OpenLab, request_text: str, said: str
) -> None:
    """What can't be sent is said under the button, and nothing is lost or started."""
    lab = open_lab()
    page = open_studio()
    page.text_area(key="request").set_value(request_text)

    page.button(key="generate").click().run()

    assert not page.exception
    assert said in page.error[0].value.replace("\\", "")
    assert lab.list_generations() == ()


def test_no_model_chosen_is_a_sentence(open_lab: OpenLab) -> None:
    """Without an image model nothing is started, and the page says what to choose."""
    open_lab()
    page = open_studio()
    page.multiselect(key="image_models").set_value([])
    page.text_area(key="request").set_value(IDEA)

    page.button(key="generate").click().run()

    assert not page.exception
    assert "No image model is chosen" in page.error[0].value


@pytest.mark.parametrize(
    "address",
    ["nothing-of-the-kind", "../../etc/passwd", "'; DROP TABLE generations; --", "", "é" * 500],
)
def test_unknown_address_is_a_sentence_with_a_way_on(open_lab: OpenLab, address: str) -> None:
    """An address that leads nowhere says so, and offers a new prompt."""
    open_lab()

    page = open_studio(address)

    assert not page.exception
    assert "There is no generation" in page.warning[0].value
    assert page.button(key="new_prompt").label == "New prompt"


def test_foreign_text_is_shown_and_not_parsed(open_lab: OpenLab) -> None:
    """A request full of marks stands on the page as typed, as text."""
    lab = open_lab()
    generation_id = lab.start(make_request(HOSTILE))
    list(finish(lab, generation_id))

    page = open_studio(generation_id)

    assert not page.exception
    assert HOSTILE in [text.value for text in page.text]
    assert HOSTILE in page.main.subheader[0].value.replace("\\", "").replace("\u2060", "")


def test_lost_picture_is_a_sentence_in_its_card(open_lab: OpenLab, settings: Settings) -> None:
    """A picture whose file has gone is said in its card; the page stands."""
    lab = open_lab()
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    list(finish(lab, generation_id))
    for path in (settings.data_dir / "generations").rglob("*.png"):
        path.unlink()

    page = open_studio(generation_id)

    assert not page.exception
    assert len(page.error) == 1
    assert not page.image


def test_unusable_data_folder_is_a_sentence(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Where the data folder can't be made, the page says which and what to do."""
    settings.data_dir.write_bytes(b"in the way")
    monkeypatch.setenv("PROMPTFLOW_DATA_DIR", str(settings.data_dir))
    deps.install(None)

    page = open_studio()

    assert not page.exception
    assert page.error[0].proto.title == "Prompt Flow can't start"
    assert "PROMPTFLOW_DATA_DIR" in page.error[0].value.replace("\\", "")


def _broken() -> ProviderError:
    return ProviderError("Broken off.", provider="offline", model="offline-planner")


def _titles(page: AppTest) -> list[str]:
    return [str(b.label) for b in page.button if str(b.key).startswith("open ")]


def test_ledger_damaged_while_the_app_runs_is_a_sentence(
    open_lab: OpenLab, settings: Settings
) -> None:
    """A ledger that breaks under a running app is said on the page, without a traceback."""
    lab = open_lab()
    open_studio()
    lab.ledger.close()
    for path in settings.data_dir.glob("promptflow.db*"):
        path.write_bytes(b"this is no database, and long enough to be looked at " * 40)

    page = open_studio()

    assert not page.exception
    assert page.error[0].proto.title == "This can't be shown"
    assert "not a ledger" in page.error[0].value.replace("\\", "")


def test_flow_of_another_process_is_shown_as_the_ledger_has_it(
    open_lab: OpenLab, settings: Settings
) -> None:
    """A generation that another process runs is shown, can't be cancelled here, and is left alone."""
    gate = threading.Event()
    other = make_laboratory(settings, painters={GOUACHE: OfflinePainter(model=GOUACHE, gate=gate)})
    generation_id = other.start(make_request(image_models=(GOUACHE,)))
    wait_for_event(other, generation_id, RunStarted)
    open_lab()

    page = open_studio(generation_id)

    assert not page.exception
    assert "Another process runs this" in all_text(page)
    assert "Painted in gouache" in all_text(page)
    assert page.button(key="cancel").disabled
    gate.set()
    wait_for_end(other, generation_id)
    other.close(timeout_s=5)
    assert "Succeeded" in all_text(open_studio(generation_id))


def test_second_click_of_one_wish_opens_what_the_first_started(open_lab: OpenLab) -> None:
    """Two clicks in a row start one generation; nothing is bought twice."""
    gate = threading.Event()
    lab = open_lab(planner=OfflinePlanner(gate=gate))
    page = open_studio()

    first = generate(page, IDEA)
    page.button(key="generate").click().run()

    assert page.query_params["generation"] == [first] or page.query_params["generation"] == first
    assert len(lab.list_generations()) == 1
    gate.set()
    wait_for_end(lab, first)


def test_request_that_is_too_long_is_counted_and_refused(open_lab: OpenLab) -> None:
    """A request of 4,001 characters stays in the field; the page says how many it has."""
    lab = open_lab()
    page = open_studio()
    page.text_area(key="request").set_value("x" * 4_001)

    page.button(key="generate").click().run()

    assert "4,001 of 4,000 characters, shorten it" in all_text(page)
    assert "The request has 4,001 characters" in page.error[0].value.replace("\\", "")
    assert lab.list_generations() == ()
    assert len(str(page.text_area(key="request").value)) == 4_001
