"""What calls took, added up by day, model, provider and stage."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger
from promptflow.ledger.migrations import STEPS, migrate
from promptflow.records import RunStatus
from promptflow.usage import (
    PAINTING,
    EstimateSum,
    Period,
    Tally,
    UsageReport,
    add_up,
    month_of,
    name_providers,
    project_month,
)
from tests.ledger.spending import Call, Spending

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = Period(first=date(2026, 11, 3), last=date(2026, 11, 3))


@pytest.fixture
def spending(ledger: SqliteLedger) -> Spending:
    """A ledger to be filled."""
    return Spending(ledger)


def total(report: UsageReport) -> Tally:
    """Add everything up."""
    return sum((line.tally for line in report.lines), Tally())


def test_an_empty_ledger_has_no_usage(ledger: SqliteLedger, tmp_path: Path) -> None:
    """Where nothing was asked, nothing is added up, and where there is no ledger either."""
    none = SqliteLedger(tmp_path / "none.db", clock=Clock())

    assert ledger.calls.read_usage(DAY) == none.calls.read_usage(DAY) == UsageReport(period=DAY)
    assert (ledger.calls.has_calls(), none.calls.has_calls()) == (False, False)
    assert none.calls.read_month_spend(DAY).committed_micro_usd == 0


def test_a_line_is_what_a_model_took_for_a_stage_on_a_day(spending: Spending) -> None:
    """Calls of text models and runs stand apart, with their ends, pictures, times, tokens and cost."""
    painted = {"at": NOON, "model": "painter-1", "provider": "p"}
    spending.add(
        Call(at=NOON, cost=7, total_ms=40),
        Call(at=NOON, cost=None, status="failed", tokens=None, total_ms=None),
        Call(**painted, cost=100, pictures=2),  # type: ignore[arg-type]  # as the fields are
        Call(**painted, cost=None, status="partial", pictures=1),  # type: ignore[arg-type]
        Call(**painted, cost=0, status="refused", tokens=None),  # type: ignore[arg-type]
        Call(**painted, cost=None, status="running", tokens=None, total_ms=None),  # type: ignore[arg-type]
        Call(**painted, cost=5, status="cancelled"),  # type: ignore[arg-type]
        at=NOON,
    )

    lines = {line.stage: line for line in spending.ledger.calls.read_usage(DAY).lines}

    assert {line.day for line in lines.values()} == {date(2026, 11, 3)}
    assert lines["action_plan"].provider is None
    assert lines["action_plan"].tally == Tally(
        calls=2,
        failed=1,
        total_ms=40,
        input_tokens=100,
        output_tokens=50,
        untold=1,
        cost_micro_usd=7,
        unpriced=1,
    )
    assert (lines[PAINTING].model, lines[PAINTING].provider) == ("painter-1", "p")
    assert lines[PAINTING].tally == Tally(
        calls=5,
        running=1,
        refused=1,
        failed=1,
        stopped=1,
        pictures=3,
        total_ms=4_000,
        input_tokens=300,
        output_tokens=150,
        untold=1,
        cost_micro_usd=105,
        unpriced=1,
    )


def test_only_days_of_the_period_count(spending: Spending) -> None:
    """Both ends are included, to the millisecond, and nothing beyond."""
    begin = NOON.replace(hour=0)
    end = begin + timedelta(days=1, milliseconds=-1)
    moments = (begin - timedelta(milliseconds=1), begin, end, end + timedelta(milliseconds=1))
    spending.add(*(Call(at=moment) for moment in moments), at=NOON)

    assert total(spending.ledger.calls.read_usage(DAY)).calls == 2


def test_what_was_reused_is_no_call(spending: Spending) -> None:
    """A stage taken over from another generation is in no count, sum or time."""
    spending.add(Call(at=NOON, cost=5, reused=True, total_ms=0), Call(at=NOON, cost=5), at=NOON)

    report = spending.ledger.calls.read_usage(DAY)

    assert total(report).calls == 1
    assert total(report).cost_micro_usd == 5
    assert [(one.calls, one.p50_ms) for one in report.times] == [(1, 1_000)]


def test_a_picture_counts_with_its_run(spending: Spending) -> None:
    """One that was ready after midnight belongs to the day on which its run began, once."""
    spending.add(Call(at=NOON, model="m", provider="p", pictures=1), at=NOON)
    with spending.ledger.file.writing() as db:
        db.execute("UPDATE assets SET created_at = '2026-11-04T00:00:01.000+00:00'")

    after = spending.ledger.calls.read_usage(
        Period(first=date(2026, 11, 4), last=date(2026, 11, 4))
    )

    assert total(spending.ledger.calls.read_usage(DAY)).pictures == 1
    assert total(after).pictures == 0


def test_times_are_of_calls_that_succeeded(spending: Spending) -> None:
    """Half took no longer than p50, 95 of 100 no longer than p95; each is a time that was measured."""
    calls = [Call(at=NOON, total_ms=ms) for ms in range(1, 101)]
    failed = Call(at=NOON, total_ms=90_000, status="failed")
    run = Call(at=NOON, model="m", provider="p", total_ms=7)
    spending.add(*calls, failed, run, at=NOON)

    times = spending.ledger.calls.read_usage(DAY).times

    assert [(one.stage, one.calls, one.p50_ms, one.p95_ms) for one in times] == [
        ("action_plan", 100, 50, 95),
        (PAINTING, 1, 7, 7),
    ]


def test_times_stand_in_the_order_of_the_stages(spending: Spending) -> None:
    """What happens first comes first, painting last."""
    stages = ("prompt_construction", "thinking", "action_plan")
    calls = [Call(at=NOON, stage=stage) for stage in stages]
    spending.add(Call(at=NOON, model="a", provider="p"), *calls, at=NOON)

    times = spending.ledger.calls.read_usage(DAY).times

    assert [one.stage for one in times] == [*reversed(stages), PAINTING]


def test_estimates_are_compared_where_both_are_known(spending: Spending) -> None:
    """Generations that run are not counted, those without an estimate or a cost are left out."""
    spending.add(at=NOON, estimate=100, cost=40)
    spending.add(at=NOON, estimate=50, cost=0)
    spending.add(at=NOON, estimate=1_000)
    spending.add(at=NOON, cost=2_000)
    spending.add(at=NOON, estimate=5_000, status="running")
    spending.add(at=NOON - timedelta(days=1), estimate=9_000, cost=9_000)

    assert spending.ledger.calls.read_usage(DAY).estimates == EstimateSum(
        generations=2, estimate_micro_usd=150, cost_micro_usd=40, left_out=2
    )


def test_an_older_ledger_is_added_up_too(path: Path) -> None:
    """The step that makes the indexes anew finds what was there before."""
    path.parent.mkdir()
    ledger = SqliteLedger(path, clock=Clock())
    migrate(ledger.file, [step for step in STEPS if step.__name__ != "m010_index_usage"])
    Spending(ledger).add(Call(at=NOON, cost=5), at=NOON)

    ledger.prepare()

    assert total(ledger.calls.read_usage(DAY)).cost_micro_usd == 5
    ledger.close()


def test_a_model_that_was_lost_has_no_provider(spending: Spending) -> None:
    """Providers of text models come from the catalogue; what is recorded stays."""
    spending.add(
        Call(at=NOON, model="known"),
        Call(at=NOON, model="lost"),
        Call(at=NOON, model="known", provider="p"),
        at=NOON,
    )
    lines = spending.ledger.calls.read_usage(DAY).lines

    named = name_providers(lines, {"known": "openai"})

    assert {(line.model, line.provider) for line in named} == {
        ("known", "openai"),
        ("lost", None),
        ("known", "p"),
    }


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 1, 23, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 2, tzinfo=UTC), 3_000),
        (datetime(2026, 11, 16, tzinfo=UTC), 200),
        (datetime(2028, 2, 15, 12, tzinfo=UTC), 200),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 100),
    ],
)
def test_the_pace_is_what_was_spent_by_the_part_of_the_month(
    now: datetime, expected: int | None
) -> None:
    """Of the first day none is told; half-way through the month it is twice what was spent."""
    assert project_month(100, now) == expected


def test_a_month_is_one_of_utc() -> None:
    """The last evening of a month west of Greenwich lies in the next month."""
    west = datetime.fromisoformat("2026-11-30T20:00:00-05:00")

    assert month_of(west) == Period(first=date(2026, 12, 1), last=date(2026, 12, 31))


MOMENTS = st.integers(0, 6 * 86_400_000 - 1).map(
    lambda ms: datetime(2026, 10, 30, tzinfo=UTC) + timedelta(milliseconds=ms)
)
COSTS = st.none() | st.integers(0, 10**9)
CALLS = st.builds(
    Call,
    at=MOMENTS,
    model=st.sampled_from(["a", "b", "c"]),
    stage=st.sampled_from(["action_plan", "thinking", "prompt_construction"]),
    provider=st.none() | st.sampled_from(["p", "q"]),
    status=st.sampled_from(list(RunStatus)),
    cost=COSTS,
    total_ms=st.none() | st.integers(0, 10**6),
    tokens=st.none() | st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    pictures=st.integers(0, 2),
    reused=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(CALLS, max_size=4), max_size=5))
def test_all_sums_agree(generations: list[list[Call]]) -> None:
    """By day, model, provider and stage everything adds up to the same, and to what was put in."""
    period = Period(first=date(2026, 11, 1), last=date(2026, 11, 3))
    with TemporaryDirectory() as folder:
        ledger = SqliteLedger(Path(folder) / "promptflow.db", clock=Clock())
        ledger.prepare()
        spending = Spending(ledger)
        for calls in generations:
            spending.add(*calls, at=NOON)
        report = ledger.calls.read_usage(period)
        month = ledger.calls.read_month_spend(period)
        ledger.close()

    sums = [
        sum(add_up(report.lines, key).values(), Tally())
        for key in (
            lambda line: line.day,
            lambda line: line.model,
            lambda line: line.provider,
            lambda line: line.stage,
        )
    ]
    inside = [
        call
        for calls in generations
        for call in calls
        if period.first <= call.at.date() <= period.last
        if call.provider or not call.reused
    ]
    over = [call for call in inside if call.status != RunStatus.RUNNING]
    assert sums == [total(report)] * 4
    assert sums[0].calls == len(inside)
    assert sums[0].cost_micro_usd == sum(call.cost or 0 for call in inside) == month.known_micro_usd
    assert sums[0].unpriced == sum(call.cost is None for call in over) == month.unknown_calls
    assert sums[0].pictures == sum(call.pictures for call in inside if call.provider)
    assert sums[0].total_ms == sum(call.total_ms or 0 for call in inside)
