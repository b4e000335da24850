"""The Usage page's address, and its sums as a file."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.ui.usage.address import (
    Grouping,
    Measure,
    Span,
    UsageView,
    choose_days,
    find_period,
    parse_address,
    render_address,
)
from promptflow.ui.usage.tables import (
    OTHERS,
    UNKNOWN,
    Bar,
    Titles,
    group_lines,
    plain_cell,
    render_csv,
    stack_days,
)
from promptflow.usage import PAINTING, Period, Tally, UsageLine, UsageReport

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DAYS = Period(first=date(2026, 11, 1), last=date(2026, 11, 3))
TITLES = Titles(models=lambda model: f"The {model}", providers=str.title)


def line(model: str = "m", *, day: int = 1, provider: str | None = "p", **tally: int) -> UsageLine:
    """Make a line of painting."""
    return UsageLine(
        day=date(2026, 11, day),
        stage=PAINTING,
        model=model,
        provider=provider,
        tally=Tally(**{"calls": 1, **tally}),
    )


def report(*lines: UsageLine) -> UsageReport:
    """Make a report of three days."""
    return UsageReport(period=DAYS, lines=lines)


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ({}, "2026-10-26", "2026-11-24"),
        ({"period": ["7d"]}, "2026-11-18", "2026-11-24"),
        ({"period": ["90d"]}, "2026-08-27", "2026-11-24"),
        ({"period": ["month"]}, "2026-11-01", "2026-11-30"),
        ({"from": ["2026-02-01"], "to": ["2026-02-28"]}, "2026-02-01", "2026-02-28"),
        ({"from": ["2020-01-01"], "to": ["2026-11-24"]}, "2025-11-24", "2026-11-24"),
        (
            {"period": ["7d"], "from": ["2026-02-02"], "to": ["2026-02-01"]},
            "2026-11-18",
            "2026-11-24",
        ),
        ({"period": ["days"]}, "2026-10-26", "2026-11-24"),
        ({"period": ["ever"], "from": ["2026-02-30"], "to": ["x"]}, "2026-10-26", "2026-11-24"),
    ],
)
def test_an_address_names_days(address: dict[str, list[str]], first: str, last: str) -> None:
    """Days end today or as said, a year of them at most; what makes no sense is left out."""
    period = find_period(parse_address(address), NOW)

    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["period", "from", "to", "by", "show", "other"]),
        st.lists(
            st.text(max_size=12)
            | st.sampled_from(["7d", "month", "days", "model", "stage", "tokens"])
            | st.dates().map(date.isoformat),
            max_size=2,
        ),
    )
)
def test_an_address_reads_the_same_again(address: dict[str, list[str]]) -> None:
    """Whatever stands in it, what it is taken for is written as an address of the same meaning."""
    view = parse_address(address)

    written = {name: [value] for name, value in render_address(view).items()}
    assert parse_address(written) == view


def test_what_goes_without_saying_is_not_in_the_address() -> None:
    """The page as it opens has a plain address; any other choice stands there."""
    view = UsageView(span=Span.DAYS, days=DAYS, by=Grouping.STAGE, measure=Measure.TIME)

    assert render_address(UsageView()) == {}
    assert render_address(view) == {
        "from": "2026-11-01",
        "to": "2026-11-03",
        "by": "stage",
        "show": "time",
    }


def test_days_that_are_not_both_there_are_none() -> None:
    """One day alone, or the last before the first, says nothing."""
    day = date(2026, 11, 1)

    assert choose_days(day, None) is None
    assert choose_days(None, day) is None
    assert choose_days(day, date(2026, 10, 31)) is None
    assert choose_days(day, day) == Period(first=day, last=day)


def test_groups_stand_in_an_order_of_their_own() -> None:
    """Days newest first, models dearest first."""
    lines = report(line("a", day=1, cost_micro_usd=5), line("b", day=2, cost_micro_usd=9))

    assert [group.key for group in group_lines(lines, Grouping.DAY)] == ["2026-11-02", "2026-11-01"]
    assert [group.key for group in group_lines(lines, Grouping.MODEL)] == ["b", "a"]


def test_small_models_share_a_bar() -> None:
    """Beyond as many models as colours can be told apart, the rest is one; nothing is no bar."""
    lines = report(
        line("a", cost_micro_usd=3_000_000),
        line("b", cost_micro_usd=1_000_000),
        line("c", cost_micro_usd=500_000),
        line("d", day=2),
    )

    bars = stack_days(lines, Measure.SPEND, TITLES.models, most=1)

    assert bars == (
        Bar(day="2026-11-01", model="The a", value=3),
        Bar(day="2026-11-01", model=OTHERS, value=1.5),
    )


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Read a file as a spreadsheet would."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_file_has_what_is_shown() -> None:
    """Each group is a row, with plain numbers; an unknown cost is empty, never 0."""
    lines = report(
        line("a", cost_micro_usd=1_230_000, total_ms=1_500, pictures=2, input_tokens=7),
        line("b", unpriced=1, untold=1),
        line("c"),
    )

    rows = read_csv(render_csv(group_lines(lines, Grouping.MODEL), Grouping.MODEL, TITLES))

    told = [(row["model"], row["title"], row["cost_usd"], row["input_tokens"]) for row in rows]
    assert told == [
        ("a", "The a", "1.230000", "7"),
        ("b", "The b", "", ""),
        ("c", "The c", "0.000000", "0"),
    ]
    assert (rows[0]["seconds"], rows[0]["pictures"]) == ("1.500", "2")
    assert rows[1]["calls_without_cost"] == "1"


def test_a_provider_nobody_knows_is_called_so() -> None:
    """A model that the catalogue has lost is not lost from the sums."""
    lines = report(line(provider=None))

    rows = read_csv(render_csv(group_lines(lines, Grouping.PROVIDER), Grouping.PROVIDER, TITLES))

    assert [(row["provider"], row["title"]) for row in rows] == [("", UNKNOWN)]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "  ="])
def test_no_name_becomes_a_formula(sign: str) -> None:
    """A model's id that a spreadsheet would calculate stays text, in id and title."""
    lines = report(line(f'{sign}HYPERLINK("http://a.example","x"),1'))
    titles = Titles(models=str, providers=str)

    data = render_csv(group_lines(lines, Grouping.MODEL), Grouping.MODEL, titles)

    _, row = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row[0] == row[1] == f'\'{sign}HYPERLINK("http://a.example","x"),1'


def test_plain_names_stay_as_they_are() -> None:
    """Only what begins like a formula is changed."""
    assert plain_cell("gpt-image-2") == "gpt-image-2"
    assert plain_cell("") == ""
