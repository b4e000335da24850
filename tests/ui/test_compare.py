"""What the Compare page reads off an address, and how it puts texts into its table."""

import re

from hypothesis import given
from hypothesis import strategies as st

from promptflow.comparison import Comparison
from promptflow.ui.compare.address import MOST, PICTURES, parse_pictures, render_pictures
from promptflow.ui.compare.difference import fitting_words
from promptflow.ui.compare.table import Row, render_table

_IDS = st.lists(st.uuids().map(str), max_size=MOST, unique=True)
_ANYTHING = st.text(st.characters(codec="utf-8"))


@given(_IDS)
def test_address_reads_as_it_was_written(asset_ids: list[str]) -> None:
    """What is written into an address is read off it again, without a note."""
    chosen = parse_pictures([render_pictures(asset_ids)[PICTURES]])

    assert chosen.asset_ids == tuple(asset_ids)
    assert chosen.notes == ()


@given(st.lists(_ANYTHING, max_size=12))
def test_any_address_gives_at_most_six_plain_ids(values: list[str]) -> None:
    """Whatever an address says, few ids come out of it, no two alike and none with odd marks."""
    chosen = parse_pictures(values)

    assert len(chosen.asset_ids) <= MOST
    assert len(set(chosen.asset_ids)) == len(chosen.asset_ids)
    assert all(re.fullmatch(r"[0-9A-Za-z-]{1,64}", one) for one in chosen.asset_ids)


def test_whatever_is_left_out_is_said() -> None:
    """Odd parts, pictures named twice and those too many each make a sentence."""
    ids = ",".join(f"id-{number}" for number in range(8))

    chosen = parse_pictures([f"<b>, ,{ids},id-1", "id-2,a/b"])

    assert chosen.asset_ids == tuple(f"id-{number}" for number in range(6))
    assert chosen.notes == (
        "2 parts of the address can't be the id of a picture and were left out.",
        "A picture that was named more than once is shown once.",
        "At most 6 pictures are compared: of 8, the first 6 are.",
    )


@given(st.lists(_ANYTHING, min_size=2, max_size=2))
def test_table_keeps_its_shape_whatever_the_values_say(values: list[str]) -> None:
    """A value with bars or line breaks makes no further cell or row."""
    table = render_table(["A", "B"], [Row(name="Idea", values=tuple(values))])

    *_, row = table.split("\n")
    assert len(table.split("\n")) == 3
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4


def test_fitting_says_which_one_lost_its_sides() -> None:
    """How two pictures were made comparable is told by what they go by."""
    told = [
        fitting_words(_comparison(cut=cut, resized=resized), "A", "C")
        for cut, resized in ((None, False), (None, True), (0, True), (1, True))
    ]

    assert told[0] == "Both were measured as they are, at 640 × 480 pixels."
    assert told[1].startswith("Both were brought to 640 × 480 pixels")
    assert "A is wider, so its sides were left out" in told[2]
    assert "C is wider, so its sides were left out" in told[3]


def _comparison(*, cut: int | None, resized: bool) -> Comparison:
    return Comparison(
        ssim=0.5,
        hash_distance=9,
        heat=b"",
        width_px=640,
        height_px=480,
        cut=cut,
        resized=resized,
    )
