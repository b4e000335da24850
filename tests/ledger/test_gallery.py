"""The gallery: which pictures it shows, in which order, and how many it says there are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks.ledgers import RARE, fill, generation_id
from promptflow.clock import Clock
from promptflow.events import Event, RunFailed
from promptflow.ledger import SqliteLedger
from promptflow.ledger.gallery import COUNT_LIMIT
from promptflow.records import (
    Asset,
    AssetRole,
    GalleryFilter,
    PictureSummary,
    RunStatus,
)
from tests.ledger.scripted_flow import (
    BUSY,
    START,
    flow_finished,
    flow_started,
    image_ready,
    rich_flow,
    run_finished,
    run_started,
)

ALL = GalleryFilter()
SECOND_DAY = date(2026, 1, 2)


@dataclass(frozen=True)
class MovingClock(Clock):
    """A clock that is set by hand."""

    day: list[int]

    def now(self) -> datetime:
        """Return noon of the day it was set to."""
        return datetime(2026, 11, self.day[-1], 12, tzinfo=UTC)


def thumbnail_of(asset: Asset) -> Asset:
    """Return a thumbnail of a picture, under an id and a key of its own."""
    return replace(
        asset,
        asset_id=f"small-{asset.asset_id}",
        role=AssetRole.THUMBNAIL,
        key=asset.key.replace("/output/", "/thumbnail/").replace(".png", ".webp"),
        mime="image/webp",
        size_bytes=9_000,
    )


def record_all(ledger: SqliteLedger, *events: Event) -> None:
    """Write events down."""
    for event in events:
        ledger.record(event)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> SqliteLedger:
    """A ledger of 1,200 generations over three days."""
    path = tmp_path_factory.mktemp("full") / "data" / "promptflow.db"
    fill(path, 1_200)
    return SqliteLedger(path, clock=Clock())


@pytest.fixture(scope="module")
def pictures(full: SqliteLedger) -> tuple[PictureSummary, ...]:
    """All of its pictures, in one page."""
    return full.pictures.list_pictures(ALL, limit=10_000)


def test_an_empty_ledger_has_no_pictures(ledger: SqliteLedger, tmp_path: Path) -> None:
    """Nothing painted is an empty gallery, and so is a ledger that was never made."""
    for one in (ledger, SqliteLedger(tmp_path / "new.db", clock=Clock())):
        assert one.pictures.list_pictures(ALL, limit=24) == ()
        assert one.pictures.count_pictures(ALL) == (0, False)
        assert one.pictures.list_gallery_models() == ()
        assert one.pictures.find_picture("a1") is None


def test_a_picture_is_shown_with_what_is_known_of_it(ledger: SqliteLedger) -> None:
    """The row of a picture has its run, its generation, its thumbnail and its star."""
    asset = image_ready("r1", 0, "a1").asset
    record_all(ledger, flow_started(), run_started("r1"), image_ready("r1", 0, "a1"))
    record_all(ledger, run_finished("r1", "t1"), flow_finished())
    ledger.assets.record_thumbnail("a1", thumbnail_of(asset))
    ledger.marks.star("a1", START)

    expected = PictureSummary(
        asset=asset,
        thumbnail=thumbnail_of(asset),
        generation_id="g1",
        run_id="r1",
        title="An octopus plays chess",
        image_model="painter-1",
        provider="offline",
        run_status=RunStatus.SUCCEEDED,
        cost_micro_usd=40_000,
        aspect_ratio="16:9",
        created_at=START,
        starred_at=START,
    )
    assert ledger.pictures.list_pictures(ALL, limit=24) == (expected,)
    assert ledger.pictures.find_picture("a1") == expected


def test_only_painted_pictures_are_shown(ledger: SqliteLedger) -> None:
    """References and thumbnails are in no gallery; of a refused run there is nothing to show."""
    record_all(ledger, *rich_flow())
    ledger.assets.record_thumbnail("a1", thumbnail_of(image_ready("r1", 0, "a1").asset))

    assert {one.asset.asset_id for one in ledger.pictures.list_pictures(ALL, limit=24)} == {
        "a1",
        "a2",
        "a3",
    }
    assert ledger.pictures.count_pictures(ALL) == (3, False)
    assert ledger.pictures.list_gallery_models() == ("painter-1", "painter-2")
    assert ledger.pictures.find_picture("small-a1") is None


def test_a_picture_follows_its_run(ledger: SqliteLedger) -> None:
    """While its run paints, a picture is found under running; then under how it ended."""
    running = GalleryFilter(run_statuses=(RunStatus.RUNNING,))
    partial = GalleryFilter(run_statuses=(RunStatus.PARTIAL,))
    record_all(ledger, flow_started(), run_started("r1"), image_ready("r1", 0, "a1"))

    while_painting = [ledger.pictures.count_pictures(one)[0] for one in (running, partial)]
    failed = RunFailed(
        run_id="r1",
        attempt_id="t1",
        attempt=1,
        status=RunStatus.PARTIAL,
        fault=BUSY,
        total_ms=9,
        usage=run_finished("r1", "t1").usage,
        cost_micro_usd=7,
    )
    ledger.record(failed)

    assert while_painting == [1, 0]
    assert [ledger.pictures.count_pictures(one)[0] for one in (running, partial)] == [0, 1]
    assert ledger.pictures.list_pictures(partial, limit=24)[0].cost_micro_usd == 7
    assert ledger.pictures.list_pictures(running, limit=24) == ()


def test_the_newest_picture_comes_first(ledger: SqliteLedger) -> None:
    """Pictures are in the order of their making, whatever their ids and generations."""
    day = [1]
    ledger.clock = MovingClock(day)
    record_all(ledger, flow_started(), run_started("r1"))
    for number, asset_id in ((23, "b"), (25, "a"), (24, "c")):
        day.append(number)
        ledger.record(image_ready("r1", number, asset_id))

    listed = ledger.pictures.list_pictures(ALL, limit=24)

    assert [one.asset.asset_id for one in listed] == ["a", "c", "b"]


FILTERS: dict[str, tuple[GalleryFilter, Callable[[PictureSummary], bool]]] = {
    "all": (ALL, lambda _: True),
    "model": (
        GalleryFilter(image_models=("painter-3",)),
        lambda one: one.image_model == "painter-3",
    ),
    "models": (
        GalleryFilter(image_models=("painter-3", "painter-4", "painter-3", "unknown")),
        lambda one: one.image_model in {"painter-3", "painter-4"},
    ),
    "too many models for a walk each": (
        GalleryFilter(image_models=("painter-3", *(f"unknown-{n}" for n in range(60)))),
        lambda one: one.image_model == "painter-3",
    ),
    "rare status": (
        GalleryFilter(run_statuses=(RunStatus.INTERRUPTED, RunStatus.PARTIAL)),
        lambda one: one.run_status is RunStatus.INTERRUPTED,
    ),
    "statuses": (
        GalleryFilter(run_statuses=(RunStatus.SUCCEEDED, RunStatus.INTERRUPTED)),
        lambda _: True,
    ),
    "one day": (
        GalleryFilter(created_from=SECOND_DAY, created_to=SECOND_DAY),
        lambda one: one.created_at.date() == SECOND_DAY,
    ),
    "from a day": (
        GalleryFilter(created_from=SECOND_DAY, created_to=date.max),
        lambda one: one.created_at.date() >= SECOND_DAY,
    ),
    "to a day": (
        GalleryFilter(created_to=SECOND_DAY),
        lambda one: one.created_at.date() <= SECOND_DAY,
    ),
    "cost": (
        GalleryFilter(cost_from_micro_usd=12_000, cost_to_micro_usd=13_000),
        lambda one: one.cost_micro_usd in {12_000, 13_000},
    ),
    "starred": (GalleryFilter(starred=True), lambda one: one.starred_at is not None),
    "everything at once": (
        GalleryFilter(
            image_models=("offline-poster", "painter-4"),
            run_statuses=(RunStatus.SUCCEEDED,),
            created_from=SECOND_DAY,
            cost_from_micro_usd=11_000,
            starred=True,
        ),
        lambda one: (
            one.image_model in {"offline-poster", "painter-4"}
            and one.run_status is RunStatus.SUCCEEDED
            and one.created_at.date() >= SECOND_DAY
            and (one.cost_micro_usd or 0) >= 11_000
            and one.starred_at is not None
        ),
    ),
    "a word": (GalleryFilter(text="tram"), lambda one: "tram" in one.title),
    "a word and more": (
        GalleryFilter(text="TRAM noo", image_models=("painter-4",), starred=True),
        lambda one: (
            "tram" in one.title
            and "noon" in one.title
            and one.image_model == "painter-4"
            and one.starred_at is not None
        ),
    ),
    "a word of some days": (
        GalleryFilter(text="tram", created_from=SECOND_DAY, created_to=SECOND_DAY),
        lambda one: "tram" in one.title and one.created_at.date() == SECOND_DAY,
    ),
    "a word of prompts": (
        GalleryFilter(text=RARE),
        lambda one: one.generation_id <= generation_id(4),
    ),
    "nothing": (GalleryFilter(text="zeppelin"), lambda _: False),
}


@pytest.mark.parametrize("case", FILTERS)
def test_a_filter_shows_what_fits_in_order(
    full: SqliteLedger, pictures: tuple[PictureSummary, ...], case: str
) -> None:
    """Whichever index a filter goes by, it shows what fits and nothing else, newest first."""
    wanted, fits = FILTERS[case]

    shown = full.pictures.list_pictures(wanted, limit=10_000)

    assert [one.created_at for one in shown] == [one.created_at for one in pictures if fits(one)]
    assert {one.asset.asset_id for one in shown} == {
        one.asset.asset_id for one in pictures if fits(one)
    }


@pytest.mark.parametrize("case", FILTERS)
def test_the_count_is_that_of_what_is_shown(full: SqliteLedger, case: str) -> None:
    """What is counted is what is listed; beyond the limit it says that there is more."""
    wanted, _ = FILTERS[case]
    shown = len(full.pictures.list_pictures(wanted, limit=10_000))

    count, more = full.pictures.count_pictures(wanted)

    assert (count, more) == ((COUNT_LIMIT, True) if more else (shown, False))
    assert not more or shown > COUNT_LIMIT


@pytest.mark.parametrize("case", FILTERS)
def test_pages_follow_on_one_another(full: SqliteLedger, case: str) -> None:
    """A page begins behind those before it, however far back, and none beyond the last shows any."""
    wanted, _ = FILTERS[case]
    whole = full.pictures.list_pictures(wanted, limit=10_000)

    for offset in {0, 1, 300, len(whole) // 2, max(len(whole) - 7, 0), len(whole)}:
        page = full.pictures.list_pictures(wanted, limit=24, offset=offset)

        assert page == whole[offset : offset + 24]


def test_a_star_stays_as_it_was_given_until_it_is_taken(ledger: SqliteLedger) -> None:
    """A second star changes nothing; without its star a picture is in the gallery all the same."""
    record_all(ledger, flow_started(), run_started("r1"), image_ready("r1", 0, "a1"))
    starred = GalleryFilter(starred=True)

    ledger.marks.star("a1", START)
    ledger.marks.star("a1", datetime(2027, 1, 1, tzinfo=UTC))
    first = [one.starred_at for one in ledger.pictures.list_pictures(starred, limit=24)]
    ledger.marks.star("a1", None)

    assert first == [START]
    assert ledger.pictures.list_pictures(starred, limit=24) == ()
    assert ledger.pictures.count_pictures(ALL) == (1, False)


@pytest.mark.parametrize("asset_id", ["", "nothing", "\0", "\udcff", "'; --"])
def test_any_id_may_be_looked_for(ledger: SqliteLedger, asset_id: str) -> None:
    """An id from an address finds nothing, and fails nothing, where there is no such picture."""
    assert ledger.pictures.find_picture(asset_id) is None
    assert ledger.assets.find_asset(asset_id) is None


@pytest.mark.parametrize(
    "wanted",
    [
        GalleryFilter(text="\0"),
        GalleryFilter(text="\ud83d"),
        GalleryFilter(image_models=("'; --", "\0", "ä")),
        GalleryFilter(cost_from_micro_usd=10**30, cost_to_micro_usd=10**40),
        GalleryFilter(created_from=date.max, created_to=date.min),
    ],
)
@pytest.mark.parametrize("offset", [0, 10**30])
def test_any_filter_may_be_asked_for(
    ledger: SqliteLedger, wanted: GalleryFilter, offset: int
) -> None:
    """What someone wrote into an address shows pictures or none, and fails nothing."""
    record_all(ledger, *rich_flow())

    shown = ledger.pictures.list_pictures(wanted, limit=24, offset=offset)

    assert len(shown) == (3 if wanted.text == "\0" and not offset else 0)
    assert ledger.pictures.count_pictures(wanted) == (3 if wanted.text == "\0" else 0, False)


def test_counts_follow_what_is_removed_and_dated_anew(ledger: SqliteLedger) -> None:
    """Whoever changes the rows, the counts are those of the rows."""
    record_all(ledger, *rich_flow())
    with ledger.file.writing() as db:
        db.execute("UPDATE assets SET created_at = '2025-01-01T00:00:00.000+00:00' WHERE id = 'a2'")
        db.execute("DELETE FROM assets WHERE id = 'a3'")

    sql = "SELECT day, image_model, run_status, pictures FROM picture_counts WHERE pictures <> 0"
    with ledger.file.reading() as connection:
        counts = [tuple(row) for row in connection.execute(f"{sql} ORDER BY day")]
    assert counts == [
        ("2025-01-01", "painter-2", "partial", 1),
        ("2026-11-23", "painter-1", "succeeded", 1),
    ]
    assert ledger.pictures.count_pictures(ALL) == (2, False)
