"""The events of one generation, sorted by what they are about."""

import pytest

from promptflow.events import FlowFinished, FlowResumed, StageDelta
from promptflow.traces import gather_trace
from tests.ledger.scripted_flow import at, flow_finished, resumed_flow, rich_flow, stage_started


def test_trace_holds_everything_that_is_kept() -> None:
    """Each event of a flow in which everything happens is found where it belongs."""
    trace = gather_trace(rich_flow())

    assert [one.index for one in trace.references] == [0, 1]
    assert [one.started.stage_id for one in trace.stages] == [
        *("s1", "s2", "s3", "s4", "s5", "s6", "s7")
    ]
    assert [(one.output, one.reasoning) for one in trace.stages][:3] == [
        ('{"summary": 1}', ""),
        ("{…}", ""),
        ("Ink and salt", "It is ink."),
    ]
    assert [one.wait_s for one in trace.stages[2].retries] == [0.5]
    assert [len(run.images) for run in trace.runs] == [2, 1, 0]
    assert [len(run.retries) for run in trace.runs] == [1, 0, 0]
    assert all(stage.closed for stage in trace.stages)
    assert all(run.closed for run in trace.runs)
    assert isinstance(trace.finished, FlowFinished)


def test_lanes_may_interleave() -> None:
    """Events as they happened and the same, lane after lane, make the same trace."""
    first, *rest, last = rich_flow()
    sorted_by_lane = sorted(rest, key=lambda event: getattr(event, "run_id", ""))

    assert sorted_by_lane != rest
    assert gather_trace([first, *sorted_by_lane, last]) == gather_trace(rich_flow())


def test_running_answer_is_what_was_said_last() -> None:
    """Of a stage that runs there is what it has said, and no end."""
    events = [rich_flow()[0], stage_started("s"), StageDelta(stage_id="s", text="a")]
    trace = gather_trace([*events, StageDelta(stage_id="s", text="b")])

    assert trace.stages[0].output == "ab"
    assert trace.stages[0].closed is None
    assert trace.finished is None


def test_moments_before_the_start_count_as_the_start() -> None:
    """A clock that was set back makes no negative time."""
    trace = gather_trace(rich_flow())

    assert trace.since_start_ms(at(1.5)) == 1_500
    assert trace.since_start_ms(at(-3)) == 0


def test_a_trace_needs_the_beginning() -> None:
    """Without the start of the flow there is nothing to sort by."""
    with pytest.raises(ValueError, match="begin with FlowStarted"):
        gather_trace([flow_finished()])


def test_a_pause_between_two_flows_is_no_work() -> None:
    """Between the last thing that ended and what was asked for a minute later nothing passes."""
    trace = gather_trace(resumed_flow())

    assert trace.pauses == ((at(5.5), at(70)),)
    assert trace.since_start_ms(at(5.5)) == 5_500
    assert trace.since_start_ms(at(30)) == 5_500
    assert trace.since_start_ms(at(71)) == 6_500
    assert trace.finished == resumed_flow()[-1]


def test_a_resumed_flow_that_runs_has_no_end() -> None:
    """Once it goes on, the end that it had had is none any more."""
    events = resumed_flow()
    resumed = next(at for at, event in enumerate(events) if isinstance(event, FlowResumed))

    assert gather_trace(events[:resumed]).finished is not None
    assert gather_trace(events[: resumed + 2]).finished is None


def test_what_was_taken_over_ended_as_it_began() -> None:
    """A reused stage is closed at once, took no time and cost nothing."""
    reused = gather_trace(rich_flow()).stage("s7")

    assert reused is not None
    assert reused.closed is not None
    assert (reused.closed.total_ms, reused.closed.cost_micro_usd) == (0, 0)
    assert reused.output == "Ink and pepper"
