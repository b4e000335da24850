"""What is read of a generation besides its events."""

from datetime import timedelta

import pytest

from promptflow.errors import UnknownGenerationError
from promptflow.ledger import SqliteLedger
from promptflow.records import AttemptSpan, Lineage, Stage
from tests.ledger.scripted_flow import (
    BUSY,
    START,
    at,
    flow_started,
    rich_flow,
    run_started,
    stage_started,
)


def outline(lineage: Lineage, owner: str) -> list[tuple[int, str, float, float | None]]:
    """Render the attempts of a stage or run: number, status, seconds from noon to seconds."""

    def seconds(one: AttemptSpan) -> tuple[float, float | None]:
        second = timedelta(seconds=1)
        ended = (one.ended_at - START) / second if one.ended_at else None
        return (one.started_at - START) / second, ended

    mine = (one for one in lineage.attempts if owner in {one.stage_id, one.run_id})
    return [(one.number, str(one.status), *seconds(one)) for one in mine]


def test_attempts_lie_in_time_one_after_another(ledger: SqliteLedger) -> None:
    """Each attempt begins after the wait before it; a stage's last one is the stage's own end."""
    for event in rich_flow():
        ledger.record(event)

    lineage = ledger.read_lineage("g1")

    assert outline(lineage, "s2") == [(1, "succeeded", 1.0, 1.25)]
    assert outline(lineage, "s3") == [(1, "failed", 1.0, 2.0), (2, "succeeded", 2.5, 1.25)]
    assert outline(lineage, "s5") == [(1, "failed", 1.0, 1.08)]
    assert outline(lineage, "r1") == [(1, "failed", 2.5, 4.0), (2, "succeeded", 5.5, 0.0)]
    assert [one.fault for one in lineage.attempts if one.run_id == "r1"] == [BUSY, None]


def test_what_runs_has_no_end(ledger: SqliteLedger) -> None:
    """The attempt under way is there, with the number that it will have."""
    for event in (flow_started(), stage_started("s1"), run_started("r1")):
        ledger.record(event)

    lineage = ledger.read_lineage("g1")

    assert outline(lineage, "s1") == [(1, "running", 1.0, None)]
    assert outline(lineage, "r1") == [(1, "running", 2.5, None)]


def test_nobody_saw_the_end_of_what_was_interrupted(ledger: SqliteLedger) -> None:
    """What recovery ended has no end: the time it was noticed says nothing of it."""
    for event in rich_flow()[:-4]:
        ledger.record(event)
    ledger.record(rich_flow()[-1])

    lineage = ledger.read_lineage("g1")

    assert outline(lineage, "r2") == [(1, "interrupted", 2.5, None)]


def test_parents_and_children_are_told(ledger: SqliteLedger) -> None:
    """A fork knows what it grew from, part by part, and its parent knows the fork."""
    for event in rich_flow():
        ledger.record(event)
    for generation_id in ("g3", "g2"):
        ledger.record(flow_started(generation_id, at=at(20)))
    ledger.record(stage_started("s20", generation_id="g2"))
    ledger.record(run_started("r20", generation_id="g2"))
    with ledger.file.writing() as db:
        db.execute("UPDATE generations SET parent_id = 'g1' WHERE id <> 'g1'")
        db.execute("UPDATE generations SET forked_at = 'thinking' WHERE id = 'g2'")
        db.execute("UPDATE stages SET reused_from = 's2' WHERE id = 's20'")
        db.execute("UPDATE prompts SET parent_prompt_id = 'prompt-r1' WHERE id = 'prompt-r20'")
        db.execute("UPDATE runs SET parent_run_id = 'r1' WHERE id = 'r20'")

    parent, fork = ledger.read_lineage("g1"), ledger.read_lineage("g2")

    assert [one.generation_id for one in parent.children] == ["g2", "g3"]
    assert (parent.parent_id, parent.forked_at, parent.prompt_parents) == (None, None, {})
    assert (fork.parent_id, fork.forked_at, fork.children) == ("g1", Stage.THINKING, ())
    assert fork.reused_stages == {"s20": "s2"}
    assert fork.prompt_parents == {"prompt-r20": "prompt-r1"}
    assert fork.run_parents == {"r20": "r1"}


def test_stars_are_told(ledger: SqliteLedger) -> None:
    """The lineage has the time of each star."""
    for event in rich_flow():
        ledger.record(event)
    ledger.marks.star("a3", at(30))

    assert ledger.read_lineage("g1").stars == {"a3": at(30)}


@pytest.mark.parametrize("generation_id", ["", "nothing", "\udcff"])
def test_an_unknown_generation_has_none(ledger: SqliteLedger, generation_id: str) -> None:
    """An id that leads nowhere is said to."""
    with pytest.raises(UnknownGenerationError, match="There is no generation"):
        ledger.read_lineage(generation_id)
