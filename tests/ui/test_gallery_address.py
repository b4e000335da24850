"""What the Gallery shows, read off addresses and written into them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.records import GalleryFilter, RunStatus
from promptflow.ui.gallery.address import (
    FIRST_DAY,
    LAST_DAY,
    MOST_CHARS,
    MOST_USD,
    STATUSES,
    GalleryView,
    clean_text,
    parse_address,
    render_address,
)

MODELS = ("offline-gouache", "offline-poster", "über/модель:1")
NAMES = ("text", "model", "status", "from", "to", "cost_from", "cost_to", "starred", "page", "x")


@st.composite
def _views(draw: st.DrawFn) -> GalleryView:
    days = sorted(draw(st.lists(st.dates(FIRST_DAY, LAST_DAY), min_size=2, max_size=2)))
    costs = sorted(draw(st.lists(st.integers(0, MOST_USD * 10**6), min_size=2, max_size=2)))
    wanted = GalleryFilter(
        text=clean_text(draw(st.text(max_size=300))),
        image_models=tuple(draw(st.lists(st.sampled_from(MODELS), unique=True))),
        run_statuses=tuple(draw(st.lists(st.sampled_from(STATUSES), unique=True))),
        created_from=draw(st.sampled_from([None, days[0]])),
        created_to=draw(st.sampled_from([None, days[1]])),
        cost_from_micro_usd=draw(st.sampled_from([None, costs[0]])),
        cost_to_micro_usd=draw(st.sampled_from([None, costs[1]])),
        starred=draw(st.booleans()),
    )
    return GalleryView(wanted=wanted, page=draw(st.integers(1, 999_999)))


@given(_views())
def test_view_comes_back_from_its_address(view: GalleryView) -> None:
    """Whatever can be shown is read off its own address again."""
    assert parse_address(render_address(view), models=MODELS) == view


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=30), max_size=3)))
def test_any_address_is_read(address: dict[str, list[str]]) -> None:
    """No address is an error, and what was read off it is read off its own address again."""
    view = parse_address(address, models=MODELS)

    assert parse_address(render_address(view), models=MODELS) == view


def test_everything_has_an_empty_address() -> None:
    """The first page of all pictures has an address without a query."""
    assert render_address(GalleryView()) == {}


def test_address_says_what_is_shown() -> None:
    """Names and values of an address are those that people can read and write."""
    view = GalleryView(
        wanted=GalleryFilter(
            text="red fox",
            image_models=MODELS[:2],
            run_statuses=(RunStatus.PARTIAL,),
            created_from=date(2026, 1, 2),
            created_to=date(2026, 1, 3),
            cost_from_micro_usd=0,
            cost_to_micro_usd=40_500,
            starred=True,
        ),
        page=3,
    )

    assert render_address(view) == {
        "text": ["red fox"],
        "model": ["offline-gouache", "offline-poster"],
        "status": ["partial"],
        "from": ["2026-01-02"],
        "to": ["2026-01-03"],
        "cost_from": ["0"],
        "cost_to": ["0.0405"],
        "starred": ["1"],
        "page": ["3"],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "offline-watercolour"),
        ("model", ""),
        ("status", "failed"),
        ("status", "SUCCEEDED"),
        ("from", "2026-02-30"),
        ("from", "20260102"),
        ("from", "1999-12-31"),
        ("to", "2100-01-01"),
        ("to", "2026-W01-1"),
        ("cost_from", "-1"),
        ("cost_from", "nan"),
        ("cost_from", "1e3"),
        ("cost_from", "٣"),
        ("cost_to", "1000000.000001"),
        ("cost_to", "0.0000001"),
        ("starred", "0"),
        ("starred", "yes"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "1000000"),
        ("page", "²"),
        ("text", " \t\n\0 "),
        ("generation", "0193"),
    ],
)
def test_what_makes_no_sense_is_left_out(name: str, value: str) -> None:
    """An unknown name, and a value that is unknown or out of range, change nothing."""
    assert parse_address({name: [value]}, models=MODELS) == GalleryView()


def test_good_values_stay_beside_bad_ones() -> None:
    """Of several values those that are known stay, each once, in their order."""
    address = {"model": ["x", MODELS[1], MODELS[0], MODELS[1]], "status": ["?", "partial"]}

    wanted = parse_address(address, models=MODELS).wanted

    assert wanted.image_models == (MODELS[1], MODELS[0])
    assert wanted.run_statuses == (RunStatus.PARTIAL,)


def test_last_of_several_counts() -> None:
    """Where a name has one value and comes twice, the last counts."""
    assert parse_address({"page": ["2", "5"]}, models=MODELS).page == 5


def test_ends_before_their_beginnings_are_left_out() -> None:
    """A last day before the first and a highest cost below the lowest let everything through."""
    address = {
        "from": ["2026-02-01"],
        "to": ["2026-01-31"],
        "cost_from": ["0.5"],
        "cost_to": ["0.4"],
    }

    wanted = parse_address(address, models=MODELS).wanted

    assert wanted == GalleryFilter(
        created_from=date(2026, 2, 1),
        cost_from_micro_usd=500_000,
    )


def test_text_is_one_line_of_bounded_length() -> None:
    """Line breaks and control characters become spaces, and a long text is cut."""
    assert clean_text("  a\r\n\tred\0 fox  ") == "a red fox"
    assert clean_text("é" * 500) == "é" * MOST_CHARS
