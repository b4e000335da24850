"""The Usage page through `app.py`: the month, its limits, the sums of some days, and the download."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from promptflow.budget import Limits
from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.laboratory import Laboratory
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.ui import deps
from tests.ledger.spending import Call, Spending
from tests.pages.conftest import all_text, open_studio
from tests.scripted import finish, make_laboratory, make_request

NOW = datetime(2026, 11, 16, tzinfo=UTC)
"""The month is half over."""
HOSTILE = '=HYPERLINK("http://a.example") <b>![x](http://127.0.0.1/x.png)</b>'
OpenUsed = Callable[..., Laboratory]


@dataclass(frozen=True, slots=True)
class Calendar(Clock):
    """A clock that stands still."""

    def now(self) -> datetime:
        """Return the middle of the month."""
        return NOW


@pytest.fixture
def open_used(settings: Settings) -> Iterator[OpenUsed]:
    """Open a laboratory in the middle of a month, with calls of the past."""
    opened: list[Laboratory] = []

    def open_it(
        *calls: Call,
        limits: Limits = Limits(),
        estimate: int | None = None,
        cost: int | None = None,
    ) -> Laboratory:
        lab = Laboratory(
            settings=replace(settings, limits=limits),
            catalog=read_catalog(SHIPPED_DATA / "models.toml"),
            providers={},
            clock=Calendar(),
        )
        lab.open(make=True)
        if calls:
            Spending(lab.ledger).add(*calls, at=NOW, estimate=estimate, cost=cost)
        opened.append(lab)
        deps.install(lab)
        return lab

    yield open_it
    deps.install(None)
    for lab in opened:
        lab.close(timeout_s=10)
    st.cache_resource.clear()


def open_usage(address: dict[str, str] | None = None) -> AppTest:
    """Open the page as a link to it would."""
    page = open_studio()
    for name, value in (address or {}).items():
        page.query_params[name] = value
    page.switch_page("pages/usage.py").run()
    assert not page.exception
    return page


def metrics(page: AppTest) -> dict[str, str]:
    """Return what the numbers at the top of the page are called → what they are."""
    return {one.label: str(one.value) for one in page.main.metric}


def text(page: AppTest) -> str:
    """Return all that the page says."""
    return all_text(page)


def table(page: AppTest, number: int = 0) -> list[dict[str, object]]:
    """Return the rows of a table."""
    rows = page.main.dataframe[number].value.to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def painted(cost: int | None, **more: object) -> Call:
    """Make a run of one picture."""
    fields = {"at": NOW, "model": "gpt-image-2", "provider": "openai", "pictures": 1} | more
    return Call(cost=cost, **fields)  # type: ignore[arg-type]  # by name


def test_without_any_call_the_page_says_what_it_is_for(open_used: OpenUsed) -> None:
    """There is no number and no choice yet, but a way to the Studio."""
    open_used()

    page = open_usage()

    assert page.title[0].value == "What your pictures cost, and how long they take"
    assert [link.proto.page for link in page.main.get("page_link")] == [""]
    assert not page.main.metric


def test_the_month_comes_first_with_its_pace_and_limits(open_used: OpenUsed) -> None:
    """Half the month is over, so its pace is twice what was spent; it is said how it came about."""
    limits = Limits(monthly_micro_usd=5_000_000, generation_micro_usd=500_000)
    open_used(painted(1_000_000), painted(9_000_000, at=NOW - timedelta(days=20)), limits=limits)

    page = open_usage()

    assert list(metrics(page).items())[:4] == [
        ("Spent", "$1.00"),
        ("At this pace", "$2.00"),
        ("Monthly limit", "$5.00"),
        ("Limit a generation", "$0.50"),
    ]
    assert (
        "November 2026, in UTC: $1.00 in 15.0 of 30 days comes to $2.00 for all of them at this pace."
    ) in text(page)
    assert not page.main.warning
    assert not page.main.error


def test_without_limits_none_is_told(open_used: OpenUsed) -> None:
    """A limit that isn't set reads as none."""
    open_used(painted(0))

    told = metrics(open_usage())

    assert (told["Monthly limit"], told["Limit a generation"]) == ("None", "None")
    assert (told["Spent"], told["At this pace"], told["Spend"]) == ("$0.00", "$0.00", "$0.00")


def test_a_limit_that_is_near_is_told(open_used: OpenUsed) -> None:
    """From four fifths on the page says what is left."""
    open_used(painted(800_000), limits=Limits(monthly_micro_usd=1_000_000))

    page = open_usage()

    [warning] = page.main.warning
    assert "$0.20 of the month's $1.00 are left" in warning.value.replace("\\", "")


def test_a_limit_that_is_used_up_is_told(open_used: OpenUsed) -> None:
    """What is set aside counts, too."""
    open_used(
        painted(100_000),
        painted(None, status="running", total_ms=None),
        limits=Limits(monthly_micro_usd=1_000_000),
        estimate=1_000_000,
    )

    page = open_usage()

    [error] = page.main.error
    assert "limit of $1.00 is used up" in error.value.replace("\\", "")
    assert "Up to $0.90 more is under way or not told" in text(page)


def test_an_unknown_cost_is_said_and_never_nothing(open_used: OpenUsed) -> None:
    """A model without a price has no spend, and the page names it."""
    open_used(painted(None), painted(250_000, model="gpt-image-1.5"))

    page = open_usage({"by": "model"})

    assert metrics(page)["Spend"] == "$0.25"
    assert "The cost of 1 call is unknown and in no sum: GPT Image 2." in text(page)
    spend = {row["Model"]: (str(row["Spend"]), row["Unknown cost"]) for row in table(page)}
    assert spend == {"GPT Image 1.5": ("0.25", 0), "GPT Image 2": ("nan", 1)}


@pytest.mark.parametrize(
    ("total_ms", "told"), [(8_200, "8.2 s"), (3_432_000, "57 min"), (6_500_000, "1.8 h")]
)
def test_time_fits_beside_the_other_numbers(open_used: OpenUsed, total_ms: int, told: str) -> None:
    """What all calls took is told so short that it is not cut off."""
    open_used(Call(at=NOW - timedelta(days=1), total_ms=total_ms))

    assert metrics(open_usage())["Time"] == told


def test_nothing_but_unknown_costs_is_unknown(open_used: OpenUsed) -> None:
    """Where no cost at all is known, the sum isn't $0.00."""
    open_used(painted(None))

    assert metrics(open_usage())["Spend"] == "unknown"


def test_estimates_stand_beside_what_it_cost(open_used: OpenUsed) -> None:
    """It is said what part of the estimates was needed."""
    open_used(painted(250_000), estimate=1_000_000, cost=250_000)

    assert "1 generation estimated at $1.00 at most, and cost $0.25, 25% of it." in text(
        open_usage()
    )


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("day", ["2026-11-16", "2026-11-15"]),
        ("model", ["GPT Image 2", "Offline planner"]),
        ("provider", ["OpenAI", "Offline"]),
        ("stage", ["Thinking", "Painting"]),
    ],
)
def test_sums_can_be_told_apart_by(open_used: OpenUsed, by: str, names: list[str]) -> None:
    """Each way to group has its rows, which add up to the same."""
    thinking = Call(at=NOW - timedelta(days=1), model="offline-planner", stage="thinking", cost=0)
    open_used(painted(250_000), thinking)

    page = open_usage({"by": by})

    rows = table(page)
    assert [next(iter(row.values())) for row in rows] == names
    assert sum(float(str(row["Spend"])) for row in rows) == 0.25
    assert sum(int(str(row["Calls"])) for row in rows) == 2


def test_choices_go_into_the_address(open_used: OpenUsed) -> None:
    """A period, a grouping and a chart that are chosen make an address that opens the same."""
    open_used(painted(1), painted(2, at=NOW - timedelta(days=10)))
    page = open_usage()

    page.segmented_control(key="usage_period").set_value("7d").run()
    page.segmented_control(key="usage_by").set_value("model").run()
    page.segmented_control(key="usage_measure").set_value("calls").run()

    assert not page.exception
    assert dict(page.query_params) == {"period": "7d", "by": "model", "show": "calls"}
    assert metrics(page)["Calls"] == "1"
    again = open_usage({"period": "7d", "by": "model", "show": "calls"})
    assert table(again) == table(page)


def test_days_can_be_chosen(open_used: OpenUsed) -> None:
    """From–to begins with the days in sight; a last day before the first changes nothing."""
    open_used(painted(1), painted(2, at=NOW - timedelta(days=20)))
    page = open_usage({"period": "7d"})

    page.segmented_control(key="usage_period").set_value("days").run()
    assert dict(page.query_params) == {"from": "2026-11-10", "to": "2026-11-16"}
    page.date_input(key="usage_from").set_value(date(2026, 10, 20)).run()
    assert metrics(page)["Calls"] == "2"
    page.date_input(key="usage_to").set_value(date(2026, 10, 1)).run()

    assert not page.exception
    assert dict(page.query_params) == {"from": "2026-10-20", "to": "2026-11-16"}
    assert page.date_input(key="usage_to").value == date(2026, 11, 16)


def test_days_without_a_call_say_so(open_used: OpenUsed) -> None:
    """The month stays in sight, and other days can be chosen."""
    open_used(painted(1))

    page = open_usage({"from": "2026-01-01", "to": "2026-01-31"})

    assert "No model was asked in these days" in text(page)
    assert metrics(page)["Spent"] == "under $0.0001"
    assert page.segmented_control(key="usage_period").value == "days"


def test_times_of_calls_are_told(open_used: OpenUsed) -> None:
    """By stage and model, in seconds, of how many."""
    open_used(*(painted(0, total_ms=1_000 * number) for number in range(1, 21)))

    [row] = table(open_usage(), 1)

    assert row == {"Stage": "Painting", "Model": "GPT Image 2", "p50": 10, "p95": 19, "Calls": 20}


def test_hostile_names_are_shown_as_they_are(open_used: OpenUsed) -> None:
    """A model's id is text, in the sentence, the table and the chart, and no formula in a file."""
    open_used(painted(None, model=HOSTILE))

    page = open_usage({"by": "model"})

    assert table(page)[0]["Model"] == f"'{HOSTILE}"
    assert HOSTILE in text(page)
    assert not page.main.get("image")


def test_every_chart_is_drawn(open_used: OpenUsed) -> None:
    """Whatever is chosen, there is a chart, or a sentence where all of it is nothing."""
    open_used(painted(0, tokens=None))

    for by in ("day", "model"):
        for measure, drawn in (
            ("spend", 0),
            ("pictures", 1),
            ("calls", 1),
            ("time", 1),
            ("tokens", 0),
        ):
            page = open_usage({"by": by, "show": measure})
            assert len(page.main.get("vega_lite_chart")) == drawn, (by, measure)


def test_offline_models_cost_nothing(settings: Settings) -> None:
    """A generation that was drawn by code is counted, with $0.00 and no unknown cost."""
    lab = make_laboratory(settings)
    deps.install(lab)
    list(finish(lab, lab.start(make_request())))

    page = open_usage({"by": "provider"})
    deps.install(None)
    lab.close(timeout_s=10)

    told = metrics(page)
    assert (told["Spend"], told["Pictures"], told["Failed"]) == ("$0.00", "2", "0")
    assert [row["Provider"] for row in table(page)] == ["Offline"]
    assert not page.main.info


def test_the_file_is_made_when_it_is_asked_for(open_used: OpenUsed) -> None:
    """The download is named after what it holds."""
    open_used(painted(1))

    page = open_usage({"by": "stage", "period": "7d"})

    [button] = page.main.download_button
    assert button.label == "Download CSV"
