"""The Lineage page through `app.py`: every part of it, for every way a generation can end."""

import importlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest

from promptflow.events import RunStarted
from promptflow.laboratory import Laboratory
from promptflow.ports import Picture, Reference, TextPart, TextRequest
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import ImageParameters, Stage
from promptflow.settings import Settings
from promptflow.traces import gather_trace
from promptflow.ui.lineage.family import plan_family
from promptflow.ui.lineage.page import FAMILY, REPLAY, TIMES, WORDS
from promptflow.ui.mounts import find_questions, note_questions
from tests.pages.conftest import (
    OpenLab,
    all_text,
    open_studio,
    wait_for_end,
    wait_for_event,
)
from tests.scripted import (
    GOUACHE,
    IDEA,
    POSTER,
    ListPainter,
    finish,
    give,
    make_fault,
    make_png,
    make_refusal,
    make_request,
    make_rush,
)

HOSTILE = (
    '<b>bold</b> "]; click n0 "javascript:x" ![x](http://127.0.0.1/x.png) :material/home: '
    "https://a.example $x^2$ **b** ~~s~~ %%{init: {}}%%"
)


class Reasoner:
    """The offline planner, which reasons aloud."""

    def __init__(self) -> None:
        self._planner = OfflinePlanner()

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Reason, then answer."""
        yield TextPart(reasoning="**Light**\n\nDusk would do.")
        yield from self._planner.stream(request)


def test_empty_page_says_what_it_is_for(open_lab: OpenLab) -> None:
    """Without any generation the page says what it shows and where one is made."""
    open_lab()

    page = _open()

    assert page.title[0].value == "Where a picture came from"
    assert not page.tabs
    assert [link.proto.page for link in page.main.get("page_link")] == [""]


def test_newest_generation_that_is_over_is_shown(open_lab: OpenLab) -> None:
    """Without an id the newest one that is over is shown, and stands in the address from then on."""
    gate = threading.Event()
    painter = ListPainter(
        [Picture(index=0, data=make_png())], [lambda: gate.wait(20), make_fault()]
    )
    lab = open_lab(painters={GOUACHE: painter})
    over = _make(lab)
    running = lab.start(make_request("Another", image_models=(GOUACHE,)))

    page = _open()

    assert page.subheader[0].value == IDEA
    assert page.query_params["generation"] == over
    gate.set()
    wait_for_end(lab, running)


@pytest.mark.parametrize("generation_id", ["unknown", "", "' OR 1=1 --", "../../etc", HOSTILE])
def test_unknown_id_is_one_sentence_and_a_way_out(open_lab: OpenLab, generation_id: str) -> None:
    """An address that leads nowhere says so, and a click leads to the newest generation."""
    lab = open_lab(painters={GOUACHE: give(1)})
    _make(lab)

    page = _open(generation_id)

    assert [warning.proto.title for warning in page.warning] == ["Nothing to show"]
    assert "There is no generation" in all_text(page)
    page.button(key="newest").click().run()
    assert page.subheader[0].value == IDEA


def test_head_says_models_time_and_cost(open_lab: OpenLab) -> None:
    """Above everything stand the idea, how it ended, who worked on it, what it took and cost."""
    lab = open_lab(painters={GOUACHE: give(1), POSTER: give(2)})
    generation_id = _make(lab, image_models=(GOUACHE, POSTER))

    page = _open(generation_id)

    assert "Succeeded" in page.main.markdown[0].value
    facts = _plain(page.main.caption[0].value)
    assert "Offline planner → Offline gouache, Offline poster" in facts
    assert "$0.00" in facts
    [link] = page.main.get("page_link")
    assert link.proto.query_string == f"generation={generation_id}"


def test_studio_leads_to_the_lineage(open_lab: OpenLab) -> None:
    """An open generation in the Studio has a link to where it came from."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = open_studio(generation_id)

    [link] = page.main.get("page_link")
    assert (link.proto.page, link.proto.label) == ("lineage", "Lineage")
    assert link.proto.query_string == f"generation={generation_id}"


def test_tree_shows_the_whole_family(open_lab: OpenLab) -> None:
    """From the request to the pictures each part is in the chart, and can be chosen beside it."""
    lab = open_lab(painters={GOUACHE: give(1, 2)})
    generation_id = _make(lab, images_per_model=2)

    page = _open(generation_id)

    chart = _chart(page)
    assert [chart.count(f'["{kind}') for kind in ("Request", "Action plan", "Thinking")] == [1] * 3
    assert [chart.count(f'["{kind}') for kind in ("Prompt", "Run", "Picture")] == [1, 1, 2]
    assert [_plain(option) for option in _options(page)] == [
        *("Request", "Action plan", "Thinking", "Prompt · Offline gouache"),
        *("Run · Offline gouache", "Picture 1 · Offline gouache", "Picture 2 · Offline gouache"),
    ]


def test_many_nodes_are_chosen_from_a_list(open_lab: OpenLab) -> None:
    """A large family is chosen from in a list that can be searched."""
    lab = open_lab(
        planner=OfflinePlanner(answers={Stage.ACTION_PLAN: ["no plan"]}),
        painters={GOUACHE: give(1, 2, 3, 4), POSTER: give(5, 6, 7, 8)},
    )
    references = [Reference(data=make_png(9), mime="image/png")]
    models = (GOUACHE, POSTER)
    generation_id = _make(lab, references, image_models=models, images_per_model=4)

    page = _open(generation_id)

    assert not page.main.get("button_group")
    assert len(page.main.selectbox[0].options) == 17


def test_details_of_the_request(open_lab: OpenLab) -> None:
    """The request's node has the words as typed and all that was asked for."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(
        lab, request=HOSTILE, seed=7, aspect_ratio="16:9", estimate_micro_usd=120_000
    )

    said = _choose(_open(generation_id), lab, generation_id, "Request")

    assert HOSTILE in said
    assert "Aspect ratio  \n16:9" in said
    assert "Seed  \n7" in said
    assert "Estimated at most  \n$0.12" in said
    assert generation_id in said


def test_details_of_the_plan(open_lab: OpenLab) -> None:
    """The plan's node has its fields, the answer as it came, its tokens, its price and its ids."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    said = _choose(_open(generation_id), lab, generation_id, "Action plan")

    for field in ("Summary", "Intent", "Subjects", "Style", "Composition", "Mood"):
        assert field in said
    assert '"technical_notes"' in said
    assert "Tokens  \n" in said
    assert "Cost  \n$0.00" in said
    assert _stage_id(lab, generation_id, 0) in said


def test_details_tell_attempts_and_reasoning(open_lab: OpenLab) -> None:
    """Of a stage that was tried again each attempt is told with its fault and the wait after it."""
    planner = OfflinePlanner(faults=[None, make_rush(retry_after_s=0.0)])
    lab = open_lab(planner=planner, painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    said = _choose(_open(generation_id), lab, generation_id, "Thinking")

    assert "**Attempt 1** failed at " in said
    assert "Offline gouache has too much to do. It is tried again by itself." in said
    assert "code busy ·  HTTP 429 ·  then a wait of 0.0 s" in said
    assert "**Attempt 2** is the one told of here" in said


def test_reasoning_is_folded_into_the_details(open_lab: OpenLab) -> None:
    """What a model lets be seen of its reasoning is there, apart from the answer, as text."""
    lab = open_lab(planner=Reasoner(), painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = _open(generation_id)
    _choose(page, lab, generation_id, "Thinking")

    [fold] = [one for one in page.expander if one.label == "Model's own reasoning"]
    assert [text.value for text in fold.text] == ["Light\nDusk would do."]


def test_details_of_a_prompt_and_its_run(open_lab: OpenLab) -> None:
    """The prompt's node has the words that were sent; the run's has what was asked and resolved."""
    told = ImageParameters(quality="high", size="2K")
    painter = ListPainter(
        [Picture(index=0, data=make_png(), resolved=told, request_id="req-77", seed=5)]
    )
    lab = open_lab(painters={GOUACHE: painter})
    asked = {GOUACHE: ImageParameters(quality="auto")}
    generation_id = _make(lab, parameters=asked)
    page = _open(generation_id)
    sent = gather_trace(lab.read_events(generation_id)).runs[0].started

    prompt = _choose(page, lab, generation_id, "Prompt · Offline gouache")
    run = _choose(page, lab, generation_id, "Run · Offline gouache")
    picture = _choose(page, lab, generation_id, "Picture · Offline gouache")

    assert sent.prompt in prompt
    assert "written by the text model" in prompt
    assert "Asked for  \nquality auto" in run
    assert "Resolved  \nquality high, size 2K" in run
    assert sent.run_id in run
    assert "Seed  \n5" in picture
    assert "req-77" in picture
    assert [image.proto.imgs[0].alt for image in page.image] == ["Picture 1"]


def test_fallback_prompt_is_told(open_lab: OpenLab) -> None:
    """Where construction failed, the node says that the words were built from the plan, and why."""
    planner = OfflinePlanner(faults=[None, None, make_fault()])
    lab = open_lab(planner=planner, painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "Prompt · Offline gouache")

    assert "Fallback from the plan" in _chart(page)
    assert "built from the plan by rule" in said
    assert "Offline gouache does not take this prompt." in said


def test_refused_run_is_told(open_lab: OpenLab) -> None:
    """A refusal is a node that stands out, with the provider's category in its details."""
    lab = open_lab(painters={GOUACHE: ListPainter([make_refusal()])})
    generation_id = _make(lab)

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "Run · Offline gouache")

    assert '["Run<br/>Offline gouache<br/>Refused' in _chart(page)
    assert ":::trouble" in _chart(page)
    assert "The picture was refused as violent." in said
    assert "category violence" in said


def test_run_that_delivered_part_is_told(open_lab: OpenLab) -> None:
    """Of a run that broke off, the pictures that came are nodes, and the run says that it failed."""
    painter = ListPainter([Picture(index=0, data=make_png()), make_fault()])
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = _make(lab, images_per_model=2)

    page = _open(generation_id)

    assert "Partly done" in page.main.markdown[0].value
    assert "Run<br/>Offline gouache<br/>Partly done" in _chart(page)
    assert [_plain(option) for option in _options(page)][-1] == "Picture · Offline gouache"


def test_failed_generation_is_told(open_lab: OpenLab) -> None:
    """Where planning failed there is the request and a plan in trouble, and the reason on top."""
    lab = open_lab(planner=OfflinePlanner(faults=[make_fault()]))
    generation_id = _make(lab)

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "Action plan")

    assert len(_options(page)) == 2
    assert "Failed" in page.main.markdown[0].value
    assert said.count("Offline gouache does not take this prompt.") == 2


def test_refused_stage_reads_as_refused(open_lab: OpenLab) -> None:
    """A plan that a safety system refused is a result: in the tree, the head and its details."""
    lab = open_lab(planner=OfflinePlanner(faults=[make_refusal()]))
    generation_id = _make(lab)

    page = _open(generation_id)
    chart = _chart(page)
    said = _choose(page, lab, generation_id, "Action plan")

    assert '["Action plan<br/>Refused' in chart
    assert "Refused" in page.main.markdown[0].value
    assert [warning.proto.title for warning in page.warning] == ["Refused", "Refused"]
    assert not page.error
    assert "Status  \nRefused" in said
    assert "category violence" in said


def test_forks_are_in_the_tree(open_lab: OpenLab, settings: Settings) -> None:
    """A generation that was forked from this one is a node that leads to it."""
    lab = open_lab(painters={GOUACHE: ListPainter(*([Picture(index=0, data=make_png())],) * 2)})
    generation_id, fork_id = _make(lab), _make(lab, request="A fork of it")
    with closing(sqlite3.connect(settings.database)) as db, db:
        db.execute("UPDATE generations SET parent_id = ? WHERE id = ?", (generation_id, fork_id))

    page = _open(generation_id)
    page.session_state[f"node {generation_id}"] = fork_id
    page.run()

    assert '["Fork<br/>Succeeded"]' in _chart(page)
    assert "A fork of it" in [text.value for text in page.text]
    page.button(key=f"open fork {fork_id}").click().run()
    assert page.query_params["generation"] == fork_id


def test_datasette_is_linked_only_where_it_is_served(open_lab: OpenLab) -> None:
    """The page alone has no such link; beside Datasette it leads to the very generation and prompt."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)
    prompt_id = gather_trace(lab.read_events(generation_id)).runs[0].started.prompt_id
    alone = _open(generation_id)
    note_questions("/lab/datasette")
    try:
        page = _open(generation_id)
        _choose(page, lab, generation_id, "Prompt · Offline gouache")
    finally:
        note_questions(None)

    assert not alone.main.get("link_button")
    assert [link.proto.url for link in page.main.get("link_button")] == [
        f"/lab/datasette/promptflow/generations/{generation_id}",
        f"/lab/datasette/promptflow/what_each_stage_added?prompt_id={prompt_id}",
    ]


def test_looking_at_the_server_serves_nothing() -> None:
    """Importing the module that serves Datasette beside the pages tells no page that it is served."""
    importlib.import_module("promptflow.server")

    assert find_questions("generations") is None


def test_references_are_a_node(open_lab: OpenLab) -> None:
    """Pictures that went along are between the request and the plan, each shown with its facts."""
    lab = open_lab(painters={GOUACHE: give(1)})
    references = [Reference(data=make_png(shade), mime="image/png") for shade in (10, 200)]
    generation_id = _make(lab, references)

    page = _open(generation_id)
    said = _choose(page, lab, generation_id, "References")

    alts = [image.proto.imgs[0].alt for image in page.image]
    assert alts == ["Reference image 1", "Reference image 2"]
    assert "Pixels  \n2 × 1" in said


def test_lost_picture_is_a_sentence(open_lab: OpenLab, settings: Settings) -> None:
    """A picture whose file has gone is said in its place; the page stands."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)
    for path in (settings.data_dir / "generations").rglob("*.png"):
        path.unlink()

    page = _open(generation_id)
    _choose(page, lab, generation_id, "Picture · Offline gouache")

    assert len(page.error) == 1


def test_running_generation_is_shown_as_far_as_it_is(open_lab: OpenLab) -> None:
    """Under way, the tree ends with what runs, times go on, and there is nothing to replay yet."""
    gate = threading.Event()
    lab = open_lab(painters={GOUACHE: ListPainter([lambda: gate.wait(30), make_fault()])})
    generation_id = lab.start(make_request(image_models=(GOUACHE,)))
    wait_for_event(lab, generation_id, RunStarted)

    page = _open(generation_id)
    chart = _chart(page)
    times = _open(generation_id, TIMES)
    replay = _open(generation_id, REPLAY)

    assert "Still running" in all_text(page)
    assert '["Run<br/>Offline gouache<br/>Painting"]:::running' in chart
    assert len(times.main.get("vega_lite_chart")) == 1
    assert "once the generation is over" in all_text(replay)
    assert not replay.main.get("button_group")
    gate.set()
    wait_for_end(lab, generation_id)


def test_words_are_compared_from_the_request_to_the_first_prompt(open_lab: OpenLab) -> None:
    """At first the request stands beside the first prompt; any other two texts can be chosen."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = _open(generation_id, WORDS)

    old, new = page.main.selectbox
    assert (old.value, new.value) == ("Request", "Prompt · Offline gouache")
    assert old.options == ["Request", "Action plan", "Thinking", "Prompt · Offline gouache"]
    assert ":green-background[**" in page.main.markdown[-1].value
    old.set_value("Prompt · Offline gouache").run()
    assert "**\\+0 words new**" in _unjoined(page.main.markdown[-2].value)
    assert ":green-background" not in page.main.markdown[-1].value


def test_hostile_words_are_compared_as_words(open_lab: OpenLab) -> None:
    """HTML, links, pictures and directives in a text come out escaped, whatever is compared.

    What the page hands to the browser is Markdown without HTML allowed, and in it every mark of the
    texts has a backslash; `tests/ui/test_diff.py` has a parser look for elements.
    """
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab, request=HOSTILE)

    page = _open(generation_id, WORDS)

    shown = page.main.markdown[-1]
    assert not shown.proto.allow_html
    assert not page.main.get("html")
    for mark in ("<b>", "![x]", ":material/home:", "https://", "$x^2$", "**b**", "~~s~~"):
        assert mark not in shown.value.replace("\u2060", "")


def test_hostile_words_are_no_part_of_the_tree(open_lab: OpenLab) -> None:
    """The chart has no word of the request in it, and the page no Markdown made of it."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab, request=HOSTILE)

    page = _open(generation_id)

    assert "click" not in _chart(page)
    assert "javascript" not in _chart(page)
    assert _plain(page.subheader[0].value) == HOSTILE
    assert "<b>" not in page.subheader[0].value


def test_times_are_a_chart(open_lab: OpenLab) -> None:
    """Each stage and run is a row, with its attempts, waits and pictures told apart."""
    rush = [make_rush(retry_after_s=0.0)]
    lab = open_lab(painters={GOUACHE: OfflinePainter(model=GOUACHE, faults=rush)})
    generation_id = _make(lab)

    page = _open(generation_id, TIMES)

    [chart] = page.main.get("vega_lite_chart")
    encoding = json.loads(chart.proto.spec)["layer"][0]["encoding"]
    assert encoding["y"]["scale"]["domain"] == [
        *("Action plan", "Thinking", "Prompt · Offline gouache", "Run · Offline gouache")
    ]
    spans = {"words", "failed", "wait", "painting", "picture"}
    assert spans <= set(encoding["color"]["scale"]["domain"])


def test_replay_waits_to_be_started(open_lab: OpenLab) -> None:
    """Before a speed is chosen nothing plays, and it is said that nothing will be asked or spent."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = _open(generation_id, REPLAY)

    assert "nothing is asked, nothing is spent" in all_text(page)
    assert not page.status
    assert "Stop" not in [button.label for button in page.button]


def test_replay_at_once_shows_the_flow_and_asks_nobody(open_lab: OpenLab) -> None:
    """The whole flow is on the same canvas as ever; no model is called and nothing is recorded."""
    painter = give(1)
    lab = open_lab(painters={GOUACHE: painter})
    generation_id = _make(lab)
    recorded = lab.read_events(generation_id)

    page = _replay(_open(generation_id, REPLAY), generation_id, "At once")

    assert [status.label.partition("**")[2][:7] for status in page.status][:2] == [
        "User re",
        "Action ",
    ]
    assert len(page.image) == 1
    assert len(painter.requests) == 1
    assert lab.read_events(generation_id) == recorded
    assert [row.generation_id for row in lab.list_generations()] == [generation_id]


@pytest.mark.parametrize("speed", ["1×", "4×"])
def test_replay_begins_at_the_beginning(open_lab: OpenLab, speed: str) -> None:
    """At a speed the flow stands as it stood when it had just begun, and can be stopped."""
    lab = open_lab(planner=OfflinePlanner(piece_s=0.001), painters={GOUACHE: give(1)})
    generation_id = _make(lab)

    page = _replay(_open(generation_id, REPLAY), generation_id, speed)

    assert "Thinking" not in "".join(status.label for status in page.status)
    assert not page.image
    page.button(key="stop_replay").click().run()
    assert not page.status
    assert "replayed" not in page.session_state


def test_replay_goes_on_where_it_was(open_lab: OpenLab) -> None:
    """After a click elsewhere the flow stands where it was, not at its beginning."""
    lab = open_lab(planner=OfflinePlanner(piece_s=0.001), painters={GOUACHE: give(1)})
    generation_id = _make(lab)
    page = _open(generation_id, REPLAY)
    thinking = gather_trace(lab.read_events(generation_id)).stages[1].started
    played_ms = round(
        (thinking.at - lab.look_up(generation_id)[1].started_at).total_seconds() * 1e3
    )
    page.session_state["replayed"] = (generation_id, played_ms + 2)

    _replay(page, generation_id, "1×")

    assert "Thinking" in page.status[2].label
    assert page.status[2].state == "running"
    assert len(page.status) == 3


def test_leaving_the_page_stops_the_replay(open_lab: OpenLab) -> None:
    """Whoever comes back finds no replay running."""
    lab = open_lab(painters={GOUACHE: give(1)})
    generation_id = _make(lab)
    page = _replay(_open(generation_id, REPLAY), generation_id, "1×")

    page.switch_page("pages/studio.py").run()
    page.query_params["generation"] = generation_id
    page.session_state["lineage_tab"] = REPLAY
    page.switch_page("pages/lineage.py").run()

    assert not page.exception
    assert not page.status


def _open(generation_id: str | None = None, part: str = FAMILY) -> AppTest:
    """Open the page as a link to it would, with one of its parts open."""
    page = open_studio()
    if generation_id is not None:
        page.query_params["generation"] = generation_id
    page.session_state["lineage_tab"] = part
    page.switch_page("pages/lineage.py").run()
    assert not page.exception
    return page


def _make(lab: Laboratory, references: list[Reference] | None = None, **asked: object) -> str:
    """Make a generation of one image model, if nothing else is asked for."""
    request = make_request(**{"image_models": (GOUACHE,)} | asked)  # type: ignore[arg-type]  # by name
    generation_id = lab.start(request, references or [])
    list(finish(lab, generation_id))
    return generation_id


def _choose(page: AppTest, lab: Laboratory, generation_id: str, name: str) -> str:
    """Choose a node by its name; return all that the page then says, codes included."""
    nodes = plan_family(gather_trace(lab.read_events(generation_id)), lab.models.name_of)
    key = next(node.key for node in nodes if node.name == name)
    page.session_state[f"node {generation_id}"] = key
    page.run()
    assert not page.exception
    said = [all_text(page), *(str(code.value) for code in page.code)]
    return "\n".join(said).replace(":gray[:small[", "").replace("]]", "")


def _replay(page: AppTest, generation_id: str, speed: str) -> AppTest:
    page.session_state[f"replay {generation_id}"] = speed
    page.run()
    assert not page.exception
    return page


def _chart(page: AppTest) -> str:
    return next(str(one.value) for one in page.main.markdown if "```mermaid" in one.value)


def _options(page: AppTest) -> list[str]:
    [pills] = page.main.get("button_group")
    return [option.content for option in pills.proto.options]


def _stage_id(lab: Laboratory, generation_id: str, index: int) -> str:
    return gather_trace(lab.read_events(generation_id)).stages[index].started.stage_id


def _plain(text: str) -> str:
    return text.replace("\u2060", "").replace("\\", "").replace("\u00a0", " ")


def _unjoined(text: str) -> str:
    return text.replace("\u2060", "")
