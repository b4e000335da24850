"""Limits on spending: how they are read, and that nothing goes beyond them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest

from promptflow.budget import (
    GENERATION_LIMIT,
    MONTHLY_LIMIT,
    Limits,
    MonthSpend,
    check_budget,
    format_limit,
    read_limits,
)
from promptflow.cli import main
from promptflow.doctor import examine
from promptflow.errors import BudgetError, SetupError
from promptflow.laboratory import Laboratory
from promptflow.ports import Picture
from promptflow.settings import Settings
from tests.ledger.spending import Call, Spending
from tests.scripted import (
    GOUACHE,
    ListPainter,
    Step,
    finish,
    make_laboratory,
    make_png,
    make_request,
)

NOVEMBER = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("text", "micro_usd"),
    [
        ("5", 5_000_000),
        ("0.50", 500_000),
        (" 20.5 ", 20_500_000),
        ("0.000001", 1),
        ("1.0000000", 1_000_000),
    ],
)
def test_a_limit_is_read_to_the_last_decimal(text: str, micro_usd: int) -> None:
    """Dollars become whole micro-dollars, without any rounding."""
    limits = read_limits({MONTHLY_LIMIT: text, GENERATION_LIMIT: text})

    assert limits == Limits(monthly_micro_usd=micro_usd, generation_micro_usd=micro_usd)


def test_blank_is_no_limit() -> None:
    """A variable that is set to nothing sets no limit."""
    limits = read_limits({MONTHLY_LIMIT: "  "})

    assert limits == Limits()
    assert limits.variables == ()


@pytest.mark.parametrize("name", [MONTHLY_LIMIT, GENERATION_LIMIT])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("five", "no number of dollars"),
        ("$5", "no number of dollars"),
        ("5,00", "no number of dollars"),
        ("-1", "no number of dollars"),
        ("1e3", "no number of dollars"),
        ("NaN", "no number of dollars"),
        (".5", "no number of dollars"),
        ("\u0665", "no number of dollars"),
        ("0", "no limit that anything fits in"),
        ("0.00", "no limit that anything fits in"),
        ("0.0000001", "finer than a millionth"),
        ("1000001", "more than \\$1,000,000"),
        ("9" * 5_000, "no number of dollars"),
    ],
)
def test_a_wrong_limit_says_what_is_wrong(name: str, text: str, why: str) -> None:
    """Each kind of wrong value has a sentence that names the variable."""
    with pytest.raises(SetupError, match=f"^{name} is '.*which is {why}") as caught:
        read_limits({name: text})

    assert len(caught.value.message) < 250


def _month(spent: int, reserved: int = 0) -> Callable[[], MonthSpend]:
    return lambda: MonthSpend(month=NOVEMBER, known_micro_usd=spent, reserved_micro_usd=reserved)


def test_what_fits_exactly_passes() -> None:
    """A limit may be reached."""
    limits = Limits(monthly_micro_usd=1_000_000, generation_micro_usd=400_000)

    check_budget(400_000, limits=limits, read_month=_month(500_000, 100_000))


def test_more_than_a_generation_may_cost_is_refused() -> None:
    """The sentence says what it may cost, and by how much that is over."""
    limits = Limits(generation_micro_usd=500_000)

    with pytest.raises(BudgetError) as caught:
        check_budget(623_400, limits=limits, read_month=_month(0))

    assert caught.value.over_micro_usd == 123_400
    assert caught.value.message.startswith(
        "This may cost up to $0.6234, $0.1234 over the limit of $0.50 for one generation."
    )


def test_more_than_a_month_may_cost_is_refused() -> None:
    """What is spent, what is under way and what is asked for add up to what is over."""
    limits = Limits(monthly_micro_usd=1_000_000)

    with pytest.raises(BudgetError) as caught:
        check_budget(400_001, limits=limits, read_month=_month(500_000, 100_000))

    assert caught.value.over_micro_usd == 1
    assert (
        "With $0.50 spent and up to $0.10 under way or not told since 2026-11-01, that is $0.000001 "
        "over the limit of $1.00 a month."
    ) in caught.value.message


def test_what_is_free_passes_a_limit_that_is_used_up() -> None:
    """Models without a price tag can always be asked."""
    limits = Limits(monthly_micro_usd=1, generation_micro_usd=1)

    check_budget(0, limits=limits, read_month=_month(1_000_000))


def test_an_unknown_cost_is_refused_where_there_is_a_limit() -> None:
    """What nobody can tell beforehand may go beyond any limit; without one it passes."""
    with pytest.raises(BudgetError, match="can't be told beforehand") as caught:
        check_budget(None, limits=Limits(generation_micro_usd=1), read_month=_month(0))
    check_budget(None, limits=Limits(), read_month=_month(0))

    assert GENERATION_LIMIT in caught.value.message
    assert caught.value.over_micro_usd is None


@pytest.mark.parametrize(
    ("micro_usd", "shown"),
    [(500_000, "$0.50"), (1_234_567_890_000, "$1,234,567.89"), (1, "$0.000001"), (0, "$0.00")],
)
def test_limits_are_shown_exactly(micro_usd: int, shown: str) -> None:
    """No digit is rounded away, so that a sentence's sums add up."""
    assert format_limit(micro_usd) == shown


def limited(settings: Settings, *, month: int | None = None, one: int | None = None) -> Settings:
    """Set limits."""
    return replace(settings, limits=Limits(monthly_micro_usd=month, generation_micro_usd=one))


class Spent:
    """A laboratory with a past."""

    def __init__(self, lab: Laboratory) -> None:
        self.lab = lab
        self.spending = Spending(lab.ledger)
        self.now = lab.now()

    def commit(self) -> tuple[int, int]:
        """Return what is known and what is set aside."""
        spent = self.lab.spending.read_month_spend()
        return spent.known_micro_usd, spent.reserved_micro_usd


@pytest.fixture
def spent(settings: Settings) -> Spent:
    """A laboratory whose ledger is empty yet."""
    return Spent(make_laboratory(settings))


def test_a_month_is_the_sum_of_its_calls(spent: Spent) -> None:
    """Stages and runs begun in this month count, those of the month before don't."""
    month = spent.now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = month - timedelta(seconds=1)
    spent.spending.add(
        Call(at=before, cost=1_000),
        Call(at=month, cost=20),
        Call(at=month, provider="p", cost=3),
        at=before,
    )

    assert spent.commit() == (23, 0)


def test_what_runs_counts_with_its_estimate(spent: Spent) -> None:
    """A generation under way is taken for as dear as it may get, once for all its calls."""
    open_calls = [Call(at=spent.now, status="running", cost=None)] * 2
    spent.spending.add(
        Call(at=spent.now, cost=30), *open_calls, at=spent.now, estimate=100, status="running"
    )
    spent.spending.add(at=spent.now, estimate=50, status="running")

    assert spent.commit() == (30, 120)


def test_what_is_unknown_counts_with_its_estimate(spent: Spent) -> None:
    """A call that is over and whose cost is unknown may have cost all that was estimated."""
    spent.spending.add(
        Call(at=spent.now, cost=30), Call(at=spent.now, cost=None), at=spent.now, estimate=100
    )
    spent.spending.add(Call(at=spent.now, cost=30), at=spent.now, estimate=500)
    spent.spending.add(Call(at=spent.now, cost=None), at=spent.now)

    month = spent.lab.spending.read_month_spend()
    assert (month.known_micro_usd, month.reserved_micro_usd) == (60, 70)
    assert (month.unknown_calls, month.unestimated) == (2, 1)


def test_what_cost_more_than_estimated_frees_nothing(spent: Spent) -> None:
    """A generation beyond its estimate takes nothing off what others have set aside."""
    spent.spending.add(
        Call(at=spent.now, cost=300), Call(at=spent.now, cost=None), at=spent.now, estimate=100
    )

    assert spent.commit() == (300, 0)


def test_what_was_reused_costs_nothing_and_is_not_unknown(spent: Spent) -> None:
    """A stage that was taken over from another generation was not asked for."""
    spent.spending.add(Call(at=spent.now, cost=None, reused=True), at=spent.now, estimate=100)

    assert spent.commit() == (0, 0)


def test_a_start_beyond_the_limit_leaves_no_trace(settings: Settings) -> None:
    """Nothing is asked and nothing recorded."""
    painter = ListPainter()
    lab = make_laboratory(limited(settings, month=99), painters={GOUACHE: painter})

    with pytest.raises(BudgetError):
        lab.start(make_request(image_models=(GOUACHE,), estimate_micro_usd=100))

    assert lab.list_generations() == ()
    assert painter.requests == []


def test_of_starts_at_once_only_those_that_fit_pass(settings: Settings) -> None:
    """Of eight threads that ask for 100 each at the same moment, a limit of 350 lets three pass."""
    gate, ready = threading.Event(), threading.Barrier(8)
    calls: list[list[Step]] = [[gate.wait, Picture(index=0, data=make_png())] for _ in range(8)]
    painters = {GOUACHE: ListPainter(*calls)}
    lab = make_laboratory(limited(settings, month=350), painters=painters)
    request = make_request(image_models=(GOUACHE,), estimate_micro_usd=100)
    started: list[str] = []
    refused: list[BudgetError] = []

    def start() -> None:
        ready.wait()
        try:
            started.append(lab.start(request))
        except BudgetError as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = (len(started), {error.over_micro_usd for error in refused})
    gate.set()
    for generation_id in started:
        list(finish(lab, generation_id))
    lab.close(timeout_s=10)

    assert counts == (3, {50})


def test_what_has_ended_makes_room(settings: Settings) -> None:
    """A generation that cost less than it might have no longer counts with its estimate."""
    lab = make_laboratory(limited(settings, month=100))
    request = make_request(image_models=(GOUACHE,), estimate_micro_usd=100)

    for _ in range(2):
        assert list(finish(lab, lab.start(request)))
    lab.close(timeout_s=10)

    assert lab.spending.read_month_spend().committed_micro_usd == 0


def test_the_doctor_tells_the_limits(settings: Settings) -> None:
    """It says what they are and how much of the month's is spent."""
    before = {one.what: one for one in examine(settings)}["limits"]
    lab = make_laboratory(settings)
    Spending(lab.ledger).add(
        Call(at=lab.now(), cost=250_000), Call(at=lab.now(), cost=None), at=lab.now()
    )
    lab.close(timeout_s=0)

    after = {one.what: one for one in examine(limited(settings, month=5_000_000, one=500_000))}

    assert before.said.startswith("none is set; PROMPTFLOW_MONTHLY_LIMIT_USD")
    assert after["limits"].fine
    assert after["limits"].said == (
        "at most $0.50 a generation; at most $5.00 a month, of which $0.25 are spent or set aside; "
        "the cost of 1 call of this month is unknown"
    )


def test_the_command_line_says_by_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`generate` ends with one line and the exit code of a request that can't be carried out."""
    monkeypatch.setenv("PROMPTFLOW_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv(GENERATION_LIMIT, "0.000001")

    code = main(["generate", "A lighthouse", "--image-model", "gpt-image-2"])

    assert code == 2
    said = capsys.readouterr().err.splitlines()
    assert (
        len([line for line in said if "over the limit of $0.000001 for one generation" in line])
        == 1
    )
