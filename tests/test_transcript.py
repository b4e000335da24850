"""A flow told as plain text, and nothing in it that could move a terminal's cursor."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.events import Event, RunRetrying, StageDelta, StageRetrying
from promptflow.records import GenerationStatus, PromptOrigin, RunStatus, Stage
from promptflow.transcript import Transcript, printable
from tests.ledger.scripted_flow import (
    BUSY,
    PLAN,
    REFUSED,
    at,
    flow_finished,
    flow_started,
    image_ready,
    reference_stored,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_failed,
    stage_finished,
    stage_started,
)

TITLES = {"painter-1": "Painter One", "painter-2": "Painter Two"}
ESCAPE = "\x1b[2J\x1b]0;owned\x07"


def _tell(*events: Event) -> str:
    """Tell events and return all that was said."""
    said: list[str] = []
    transcript = Transcript(said.append, lambda model: TITLES.get(model, model))
    for event in events:
        transcript.take(event)
    return "".join(said)


def test_transcript_of_a_short_flow() -> None:
    """A generation with one picture reads exactly like this."""
    told = _tell(
        flow_started(),
        stage_started("s1", Stage.ACTION_PLAN),
        StageDelta(stage_id="s1", text='{"mood":'),
        StageDelta(stage_id="s1", text=' "calm"}'),
        stage_finished("s1", '{"mood": "calm"}', PLAN),
        stage_started("s2"),
        StageDelta(stage_id="s2", text="Ink and salt"),
        stage_finished("s2", "Ink and salt"),
        stage_started("s3", Stage.PROMPT_CONSTRUCTION, "painter-1"),
        StageDelta(stage_id="s3", text="an octopus"),
        stage_finished("s3", "an octopus"),
        run_started("r1", "painter-1", "s3"),
        image_ready("r1", 0, "a1"),
        run_finished("r1", "t1"),
        flow_finished(),
    )

    assert told == (
        "Generation g1\n"
        "\n── Action plan ──\n"
        '{"mood": "calm"}\n'
        "(0.2 s, $0.0005)\n"
        "\n── Thinking ──\n"
        "Ink and salt\n"
        "(0.2 s, $0.0005)\n"
        "\n── Prompt for Painter One ──\n"
        "an octopus\n"
        "(0.2 s, $0.0005)\n"
        "\nPainter One: painting\n"
        "Painter One: picture 1, 1024 × 576 px, 321 kB\n"
        "  generations/g1/output/painter-1/a1.png\n"
        "Painter One: done in 3.0 s, $0.04\n"
        "\nSucceeded in 9.0 s, $0.08 of at most $0.09.\n"
    )


def test_transcript_of_what_goes_wrong() -> None:
    """Failures, waits and refusals are told with their reasons."""
    ending = replace(flow_finished(), status=GenerationStatus.FAILED, fault=BUSY)

    told = _tell(
        stage_started("s1", Stage.ACTION_PLAN),
        stage_failed("s1", "No", BUSY),
        stage_started("s2", Stage.PROMPT_CONSTRUCTION, "painter-2"),
        stage_failed("s2", "", BUSY),
        run_started("r1", "painter-2"),
        RunRetrying(run_id="r1", attempt_id="t1", attempt=1, wait_s=1.5, fault=BUSY, at=at(4)),
        run_failed("r1", "t2", RunStatus.REFUSED, REFUSED),
        ending,
    )

    assert told == (
        "\n── Action plan ──\n"
        "\nAction plan failed: Offline is busy. It will be asked again.\n"
        "\nPrompt for Painter Two failed: Offline is busy. It will be asked again.\n"
        "\nPainter Two: painting\n"
        "Painter Two: retrying in 2 s. Offline is busy. It will be asked again.\n"
        "Painter Two: refused. Offline refused the words. Change them.\n"
        "\nFailed in 9.0 s, $0.08.\n"
        "Offline is busy. It will be asked again.\n"
    )


def test_a_baseline_is_told_from_the_run_beside_it() -> None:
    """What becomes of the request unchanged is told as that, line by line."""
    told = _tell(
        run_started("r1", "painter-1"),
        run_started("r2", "painter-1", origin=PromptOrigin.RAW),
        run_finished("r2", "t2"),
        run_finished("r1", "t1"),
    )

    assert told == (
        "\nPainter One: painting\n"
        "\nPainter One, baseline: painting\n"
        "Painter One, baseline: done in 3.0 s, $0.04\n"
        "Painter One: done in 3.0 s, $0.04\n"
    )


@pytest.mark.parametrize(
    ("wait_s", "when"),
    [
        (0, "at once"),
        (0.004, "in under a second"),
        (0.5, "in under a second"),
        (0.999, "in under a second"),
        (1, "in 1 s"),
        (7.4, "in 7 s"),
    ],
)
def test_a_wait_never_reads_as_none(wait_s: float, when: str) -> None:
    """What is shorter than a second is told so, of pictures and of words."""
    told = _tell(
        stage_started("s1"),
        StageRetrying(
            stage_id="s1", attempt_id="t1", attempt=1, wait_s=wait_s, fault=BUSY, at=at(4)
        ),
        run_started("r1", "painter-2"),
        RunRetrying(run_id="r1", attempt_id="t1", attempt=1, wait_s=wait_s, fault=BUSY, at=at(4)),
    )

    assert f"\nThinking: starting over {when}. Offline is busy." in told
    assert f"\nPainter Two: retrying {when}. Offline is busy." in told


SEEN = {"writer-1": True, "painter-1": True, "painter-2": False}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (SEEN, "writer-1 and Painter One see them; Painter Two does not.\n"),
        (SEEN | {"painter-2": True}, "writer-1, Painter One and Painter Two see them.\n"),
        (SEEN | {"painter-1": None}, "writer-1 sees them; Painter Two does not.\n"),
        (dict.fromkeys(SEEN, None), ""),
    ],
)
def test_who_sees_the_references_is_told_behind_them(
    seen: dict[str, bool | None], told: str
) -> None:
    """One sentence before the first stage; of a model that nothing is known of, nothing is said."""
    said: list[str] = []
    transcript = Transcript(said.append, lambda model: TITLES.get(model, model), seen.get)
    events: list[Event] = [
        flow_started(),
        reference_stored(0, "a8"),
        reference_stored(1, "a9"),
        stage_started("s1"),
        stage_started("s2"),
    ]
    for event in events:
        transcript.take(event)

    assert "".join(said) == (
        "Generation g1\n"
        "Reference 1: 1024 × 576 px, 321 kB\n"
        "  generations/g1/reference/upload/a8.png\n"
        "Reference 2: 1024 × 576 px, 321 kB\n"
        "  generations/g1/reference/upload/a9.png\n"
        f"{told}"
        "\n── Thinking ──\n"
        "\n── Thinking ──\n"
    )


def test_without_references_nobody_is_said_to_see_any() -> None:
    """Most generations have none."""
    said: list[str] = []
    transcript = Transcript(said.append, str, SEEN.get)
    transcript.take(flow_started())
    transcript.take(stage_started("s1"))

    assert "them" not in "".join(said)


def test_prompts_written_at_the_same_time_are_told_whole() -> None:
    """Lanes interleave, but each prompt stands in one piece under its heading."""
    told = _tell(
        stage_started("s1", Stage.PROMPT_CONSTRUCTION, "painter-1"),
        stage_started("s2", Stage.PROMPT_CONSTRUCTION, "painter-2"),
        StageDelta(stage_id="s1", text="one"),
        StageDelta(stage_id="s2", text="two"),
        stage_finished("s2", "two"),
        stage_finished("s1", "one"),
    )

    assert told == (
        "\n── Prompt for Painter Two ──\ntwo\n(0.2 s, $0.0005)\n"
        "\n── Prompt for Painter One ──\none\n(0.2 s, $0.0005)\n"
    )


def test_every_kind_of_event_can_be_told() -> None:
    """No event stops the telling, and the end is told."""
    assert _tell(*rich_flow()).endswith("estimated.\nOffline is busy. It will be asked again.\n")


@pytest.mark.parametrize(
    ("cost", "estimate", "told"),
    [
        (40_000, 120_000, "$0.04 of at most $0.12"),
        (120_000, 120_000, "$0.12 of at most $0.12"),
        (130_000, 120_000, "$0.13; at most $0.12 was estimated"),
        (None, 120_000, "price unknown; at most $0.12 was estimated"),
        (40_000, None, "$0.04"),
        (None, None, "price unknown"),
        (0, 0, "$0.00"),
    ],
)
def test_the_end_sets_the_cost_beside_the_estimate(
    cost: int | None, estimate: int | None, told: str
) -> None:
    """What it cost stands beside what it was said to cost at most, as far as both are known."""
    started, finished = flow_started(), flow_finished()
    request = replace(started.request, estimate_micro_usd=estimate)

    said = _tell(replace(started, request=request), replace(finished, cost_micro_usd=cost))

    assert said == f"Generation g1\n\nSucceeded in 9.0 s, {told}.\n"


@pytest.mark.parametrize(
    "events",
    [
        (stage_started("s1"), StageDelta(stage_id="s1", text=ESCAPE)),
        (
            stage_started("s1", Stage.PROMPT_CONSTRUCTION, "painter-1"),
            stage_finished("s1", ESCAPE),
        ),
        (stage_started("s1"), stage_failed("s1", "", replace(BUSY, message=ESCAPE))),
        (
            run_started("r1"),
            RunRetrying(
                run_id="r1",
                attempt_id="t1",
                attempt=1,
                wait_s=1,
                fault=replace(BUSY, message=ESCAPE),
                at=at(4),
            ),
        ),
        (
            run_started("r1"),
            run_failed("r1", "t1", RunStatus.FAILED, replace(BUSY, message=ESCAPE)),
        ),
        (replace(flow_finished(), fault=replace(BUSY, message=ESCAPE)),),
    ],
    ids=["piece", "prompt", "stage", "wait", "run", "flow"],
)
def test_control_characters_from_outside_do_nothing(events: tuple[Event, ...]) -> None:
    """Wherever a model's or provider's words are told, escape sequences are spelled out."""
    told = _tell(*events)

    assert "�[2J�]0;owned�" in told
    assert "\x1b" not in told
    assert "\x07" not in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("over\rwritten", "over�written"),
        ("back\b\b", "back��"),
        ("\x9b31mred", "�31mred"),
        ("\x7f\x00", "��"),
        ("safe \u202etxt.exe", "safe �txt.exe"),
        ("\u2066hidden\u2069", "�hidden�"),
        ("half \ud83d pair", "half � pair"),
        ("line\u2028break", "line�break"),
    ],
    ids=ascii,
)
def test_harm_is_shown_as_what_it_is(text: str, shown: str) -> None:
    """Whatever would move the cursor, turn the direction of text or can't be written is replaced."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 日本語, العربية, “quotes” – dash…",
        "5\N{NO-BREAK SPACE}000\N{NARROW NO-BREAK SPACE}€",
        "日本\N{IDEOGRAPHIC SPACE}語",
        "👩\N{ZERO WIDTH JOINER}🚀 ❤\N{VARIATION SELECTOR-16}",
        "می\N{ZERO WIDTH NON-JOINER}خواهم \N{RIGHT-TO-LEFT MARK}שלם\N{LEFT-TO-RIGHT MARK}",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 soft\N{SOFT HYPHEN}hyphen",
    ],
)
def test_writing_of_the_world_stays(text: str) -> None:
    """Spaces of other widths and the joiners within words and emoji are no control characters."""
    assert printable(text) == text


@given(st.text(st.characters()))
def test_nothing_told_controls_a_terminal(text: str) -> None:
    """Of the control characters only line break and tab come through, and all can be encoded."""
    shown = printable(text)

    assert len(shown) == len(text)
    assert not {ord(sign) for sign in shown} & ({*range(32), *range(127, 160)} - {9, 10})
    assert shown.encode().decode() == shown
