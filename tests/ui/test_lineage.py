"""A generation as a family, as a chart that can only be a chart, and as bars in time."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from promptflow.events import Event, FlowStarted, RunRetrying, StageRetrying
from promptflow.records import GenerationStatus, GenerationSummary, RunStatus, Stage
from promptflow.traces import FlowTrace, gather_trace
from promptflow.ui.lineage.family import (
    PARENT,
    REFERENCES,
    REQUEST,
    ParentPart,
    Tone,
    plan_family,
)
from promptflow.ui.lineage.tree import as_mermaid, render_tree
from promptflow.ui.lineage.waterfall import Bar, Span, plan_bars, tell_pauses
from promptflow.ui.lineage.words import list_texts
from tests.ledger.scripted_flow import (
    BUSY,
    PLAN,
    REFUSED,
    START,
    at,
    flow_finished,
    flow_started,
    image_ready,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_finished,
    stage_started,
)

HOSTILE = (
    '"]; click n0 "javascript:alert(1)"; %%{init: {}}%% <img src=x onerror=alert(1)>\n```\n&lt;'
)
NODE = re.compile(r'  n\d+\["(?:[^\W_]| |#\d+;|<br/>)*"\]:::(plain|running|trouble)')
OTHER = re.compile(
    r"  n\d+ (?:-->|~~~) n\d+|flowchart TD|%%\{init: .*\}%%|  classDef [\w :,#;-]+|  style n\d+ [\w :,#;-]+"
)


def _rich() -> FlowTrace:
    return gather_trace(rich_flow())


def test_family_goes_from_the_request_to_the_pictures() -> None:
    """Each part has those it came from as parents, model by model, and parents come first."""
    nodes = plan_family(_rich(), str.title)

    assert [(node.key, node.name, node.parents) for node in nodes] == [
        (REQUEST, "Request", ()),
        (REFERENCES, "References", (REQUEST,)),
        ("s1", "Action plan", (REQUEST, REFERENCES)),
        ("s2", "Action plan, repaired", ("s1",)),
        ("s3", "Thinking", ("s2",)),
        ("s7", "Thinking", ("s3",)),
        ("s4", "Prompt · Painter-1", ("s7",)),
        ("r1", "Run · Painter-1", ("s4",)),
        ("a1", "Picture 1 · Painter-1", ("r1",)),
        ("a3", "Picture 2 · Painter-1", ("r1",)),
        ("s5", "Prompt · Painter-2", ("s7",)),
        ("r2", "Run · Painter-2", ("s5",)),
        ("a2", "Picture · Painter-2", ("r2",)),
        ("s6", "Prompt · Painter-3", ("s7",)),
        ("r3", "Run · Painter-3", ("s6",)),
    ]


def test_family_says_how_its_members_stand() -> None:
    """Attempts, fallbacks, refusals and what took how long are in a node's few words."""
    told = {node.key: (node.state, node.tone) for node in plan_family(_rich(), str)}

    assert told["s1"] == ("Failed in 0.1 s", Tone.TROUBLE)
    assert told["s3"] == ("Succeeded in 0.2 s, 2 attempts", Tone.PLAIN)
    assert told["s5"] == ("Fallback from the plan", Tone.TROUBLE)
    assert told["s7"] == ("Edited by you, free", Tone.PLAIN)
    assert told["r1"] == ("Succeeded in 3.0 s, 2 attempts", Tone.PLAIN)
    assert told["r2"] == ("Partly done in 1.0 s", Tone.TROUBLE)
    assert told["r3"] == ("Refused in 1.0 s", Tone.TROUBLE)


def test_running_family_is_as_large_as_it_is_so_far() -> None:
    """Of a flow under way there is what has started, and it is seen to run."""
    started: list[Event] = [flow_started(), stage_started("s1", Stage.ACTION_PLAN)]

    nodes = plan_family(gather_trace(started), str)

    assert [(node.key, node.state, node.tone) for node in nodes[1:]] == [
        ("s1", "Running", Tone.RUNNING)
    ]


def test_second_run_of_a_prompt_stands_beside_the_first() -> None:
    """Two versions painted from one prompt share it; one without a stage has a prompt of its own."""
    second = replace(run_started("r2", stage_id="s4"), version=2)
    third = replace(run_started("r3"), version=3)
    written = stage_started("s4", Stage.PROMPT_CONSTRUCTION, "painter-1")
    events: list[Event] = [flow_started(), written, run_started("r1", stage_id="s4"), second, third]

    nodes = plan_family(gather_trace(events), str)

    assert [(node.key, node.kind, node.parents) for node in nodes[1:]] == [
        ("s4", "Prompt", (REQUEST,)),
        ("prompt-r3", "Prompt", (REQUEST,)),
        ("r1", "Run 1", ("s4",)),
        ("r2", "Run 2", ("s4",)),
        ("r3", "Run 3", ("prompt-r3",)),
    ]


def test_forks_hang_on_the_request() -> None:
    """A generation that was forked from this one is its child."""
    fork = plan_family(gather_trace([flow_started()]), str, [_child("g2")])[-1]

    assert (fork.key, fork.name, fork.state, fork.parents) == (
        "g2",
        "Fork",
        "Succeeded",
        (REQUEST,),
    )


def test_fork_can_be_opened() -> None:
    """The details of a fork have its title as text, how it ended, and a button that leads to it."""
    child = GenerationSummary(
        generation_id="g2",
        title=HOSTILE,
        image_models=("painter-1",),
        status=GenerationStatus.PARTIAL,
        created_at=START,
    )

    page = AppTest.from_function(_draw_fork, args=(child,)).run()

    assert not page.exception
    assert page.text[0].value == HOSTILE
    assert "Partly done" in page.markdown[1].value
    page.button[0].click().run()
    assert page.query_params["generation"] == "g2"


def _draw_fork(child: "GenerationSummary") -> None:
    from promptflow.laboratory import make_laboratory
    from promptflow.settings import read_settings
    from promptflow.traces import gather_trace
    from promptflow.ui.lineage.details import Details
    from promptflow.ui.lineage.family import plan_family
    from promptflow.ui.lineage.sources import Sources
    from promptflow.view import fold
    from tests.ledger.scripted_flow import flow_started

    fork = plan_family(gather_trace([flow_started()]), str, [child])[-1]
    sources = Sources(make_laboratory(read_settings({})), fold([flow_started()]))
    Details(names=str, source_of=lambda asset: b"", thumbnails={}, sources=sources).draw(fork)


@given(st.text() | st.just(HOSTILE))
def test_chart_has_no_line_but_nodes_and_arrows(title: str) -> None:
    """Whatever a model is called, the chart is nodes with plain labels, arrows and our own styles."""
    nodes = plan_family(_rich(), lambda _: title)

    lines = render_tree(nodes, "s4").split("\n")

    assert [line for line in lines if not NODE.fullmatch(line) and not OTHER.fullmatch(line)] == []
    assert sum(bool(NODE.fullmatch(line)) for line in lines) == len(nodes)


@pytest.mark.parametrize(
    ("pictures", "below"),
    [(2, []), (3, ["n3 ~~~ n4", "n4 ~~~ n5", "n8 ~~~ n9", "n9 ~~~ n10"])],
)
def test_many_pictures_of_a_run_stand_below_one_another(pictures: int, below: list[str]) -> None:
    """Four pictures stand beside one another; of more, each run has its own below one another."""
    events: list[Event] = [
        flow_started(),
        *(run_started(f"r{painter}", f"painter-{painter}") for painter in (1, 2)),
        *(
            image_ready(f"r{painter}", index, f"a{painter}-{index}")
            for painter in (1, 2)
            for index in range(pictures)
        ),
    ]

    chart = render_tree(plan_family(gather_trace(events), str), REQUEST)

    assert re.findall(r"n\d+ ~~~ n\d+", chart) == below


def test_forks_stand_below_one_another() -> None:
    """Several forks are numbered, and make the chart no wider than one does."""
    first, second = _child("g2"), _child("g3")

    nodes = plan_family(gather_trace([flow_started()]), str, [first, second])

    assert [node.name for node in nodes] == ["Request", "Fork 1", "Fork 2"]
    assert "  n1 ~~~ n2" in render_tree(nodes, REQUEST).split("\n")
    assert "~~~" not in render_tree(nodes[:2], REQUEST)


def test_chart_holds_no_word_of_anyone() -> None:
    """Request, answers, prompts and errors are not in the chart at all."""
    first, *rest = rich_flow()
    assert isinstance(first, FlowStarted)
    request = replace(first.request, request="octopus " + HOSTILE)
    trace = gather_trace([replace(first, request=request), *rest])

    chart = render_tree(plan_family(trace, str), REQUEST)

    assert not re.search(r"octopus|javascript|linocut|salt|busy|click", chart)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Offline gouache", "Offline gouache"),
        ('a"b', "a#34;b"),
        ("1. x", "1#46; x"),
        ("a\n b", "a b"),
        ("日本 é", "日本 é"),
        ("x" * 40, "x" * 29 + "#8230;"),
    ],
)
def test_label_is_letters_and_numbered_marks(text: str, label: str) -> None:
    """Letters, digits and spaces stay, every other mark is its number, and what is long is cut."""
    assert as_mermaid(text) == label


def test_bars_tell_words_waits_attempts_and_pictures() -> None:
    """Each stage and run has a row; a failed attempt, its wait and the next one follow each other."""
    stage_retry = StageRetrying(
        stage_id="s1", attempt_id="t", attempt=1, wait_s=0.5, fault=BUSY, at=at(2)
    )
    thought = replace(
        stage_finished("s1", "ab"), first_token_ms=1_700, total_ms=2_000, attempt=2, timeline=()
    )
    run_retry = RunRetrying(run_id="r1", attempt_id="t", attempt=1, wait_s=1, fault=BUSY, at=at(3))
    events: list[Event] = [
        *(flow_started(), stage_started("s1"), stage_retry, thought),
        *(run_started("r1"), run_retry, image_ready("r1", 0, "a1")),
        *(run_finished("r1", "t", 2), flow_finished()),
    ]

    bars = plan_bars(gather_trace(events), str, at(20))

    assert [(bar.row, bar.span, bar.begin_ms, bar.end_ms) for bar in bars] == [
        ("Thinking", Span.FAILED, 1_000, 2_000),
        ("Thinking", Span.WAIT, 2_000, 2_500),
        ("Thinking", Span.SILENCE, 2_500, 2_700),
        ("Thinking", Span.WORDS, 2_700, 3_000),
        ("Run · painter-1", Span.FAILED, 2_500, 3_000),
        ("Run · painter-1", Span.WAIT, 3_000, 4_000),
        ("Run · painter-1", Span.PAINTING, 4_000, 5_500),
        ("Run · painter-1", Span.PICTURE, 4_000, 4_000),
    ]
    assert bars[0].note == f"Attempt 1: {BUSY.message}"


def test_last_attempt_that_failed_is_told() -> None:
    """A refused run is one bar of a failed attempt with the reason."""
    refused = run_failed("r1", "t", RunStatus.REFUSED, REFUSED)
    trace = gather_trace([flow_started(), run_started("r1"), refused])

    assert plan_bars(trace, str, at(9)) == (
        Bar(
            row="Run · painter-1",
            span=Span.FAILED,
            begin_ms=2_500,
            end_ms=3_500,
            note=REFUSED.message,
        ),
    )


def test_what_still_runs_lasts_until_now() -> None:
    """A stage without an end has a bar up to the present."""
    trace = gather_trace([flow_started(), stage_started("s1", Stage.ACTION_PLAN)])

    [bar] = plan_bars(trace, str, at(7))

    assert (bar.begin_ms, bar.end_ms, bar.span) == (1_000, 7_000, Span.SILENCE)


def test_wait_that_was_cancelled_ends_with_its_run() -> None:
    """Nothing is drawn beyond the end of a run that was cancelled while it waited."""
    retry = RunRetrying(run_id="r1", attempt_id="t", attempt=1, wait_s=60, fault=BUSY, at=at(3))
    closed = run_failed("r1", "t", RunStatus.CANCELLED, replace(BUSY, code="cancelled"))
    trace = gather_trace([flow_started(), run_started("r1"), retry, closed])

    bars = plan_bars(trace, str, at(99))

    assert [(bar.span, bar.end_ms) for bar in bars] == [(Span.FAILED, 3_000), (Span.WAIT, 3_500)]


def test_rows_have_names_of_their_own() -> None:
    """A plan that was repaired is two rows, and no two models share one, whatever they are called."""
    bars = plan_bars(_rich(), lambda _: "x", START + timedelta(seconds=9))

    rows = list(dict.fromkeys(bar.row for bar in bars))
    assert rows == [
        *("Action plan", "Action plan (2)", "Thinking"),
        *("Prompt · x", "Prompt · x (2)", "Prompt · x (3)"),
        *("Run · x", "Run · x (2)", "Run · x (3)"),
    ]


def test_what_was_taken_over_has_no_row() -> None:
    """A reused stage took no time, so it has no bar; what the model was asked for has one."""
    rows = [bar.row for bar in plan_bars(_rich(), str, START + timedelta(seconds=9))]

    assert "Thinking" in rows
    assert "Thinking (2)" not in rows


def test_pauses_are_told() -> None:
    """That times are left out between flows is said; where there are none nothing is."""
    pauses = ((at(1), at(9)), (at(20), at(99)))

    assert tell_pauses(_rich()) == ""
    assert tell_pauses(replace(_rich(), pauses=pauses[:1])).startswith(
        "1 pause in which nothing was under way is left out"
    )
    assert tell_pauses(replace(_rich(), pauses=pauses)).startswith(
        "2 pauses in which nothing was under way are left out"
    )


def test_child_begins_with_its_parent() -> None:
    """A forked generation's request hangs on the generation it was forked from."""
    forked = replace(flow_started(), parent_id="g0", forked_at=Stage.THINKING)

    parent, request = plan_family(gather_trace([forked]), str)

    assert (parent.key, parent.name, parent.parents) == (PARENT, "Parent", ())
    assert parent.part == ParentPart(generation_id="g0", forked_at=Stage.THINKING)
    assert request.parents == (PARENT,)


def test_texts_to_compare_are_all_that_was_said() -> None:
    """Request, plan as read, thinking and the words sent to each model, under titles of their own."""
    texts = dict(list_texts(_rich(), lambda _: "x"))

    assert list(texts) == [
        *("Request", "Action plan", "Action plan (2)", "Thinking", "Thinking (2)"),
        *("Prompt · x", "Prompt · x (2)", "Prompt · x (3)"),
    ]
    assert texts["Action plan"] == '{"summary": 1}'
    assert texts["Action plan (2)"].startswith(f"Summary: {PLAN.summary}\nIntent: A poster\n")
    assert texts["Prompt · x (2)"] == "an octopus, linocut"


def _child(generation_id: str) -> GenerationSummary:
    return GenerationSummary(
        generation_id=generation_id,
        title=HOSTILE,
        image_models=("painter-1",),
        status=GenerationStatus.SUCCEEDED,
        created_at=START,
    )
