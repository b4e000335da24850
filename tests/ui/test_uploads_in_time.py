"""Uploads as bars in time, and the addresses of questions."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from promptflow.records import Asset, AssetRole, Fault, Lineage, Upload, UploadStatus
from promptflow.traces import FlowTrace, gather_trace
from promptflow.ui.lineage.uploads import plan_uploads
from promptflow.ui.lineage.waterfall import Span
from promptflow.ui.mounts import find_questions, note_questions
from tests.ledger.scripted_flow import START, rich_flow

_THUMBNAIL = Asset(
    asset_id="t1",
    role=AssetRole.THUMBNAIL,
    backend="b2",
    key="generations/g1/thumbnail/painter-1/0123456789abcdef.webp",
    sha256="0" * 64,
    mime="image/webp",
    width_px=64,
    height_px=64,
    size_bytes=2_000,
)


@pytest.fixture(autouse=True)
def _serve_nothing() -> Iterator[None]:
    """No questions are served before or after a test."""
    note_questions(None)
    yield
    note_questions(None)


def test_uploads_are_bars_below_the_runs() -> None:
    """Each try to upload a picture or its thumbnail is a bar in its model's row."""
    planned = plan_uploads(_rich(), _lineage(_upload("a1", 9), _upload("t1", 10)), str.title)

    assert [(bar.row, bar.span, bar.begin_ms, bar.end_ms, bar.note) for bar in planned.bars] == [
        ("Upload · Painter-1", Span.UPLOAD, 9_000, 9_250, "Picture 1: 1.5 MB"),
        ("Upload · Painter-1", Span.UPLOAD, 10_000, 10_250, "Thumbnail of picture 1: 1.5 MB"),
    ]
    assert planned.later == ""


def test_a_try_that_failed_is_told_with_its_reason() -> None:
    """What the bucket did not take at first is seen as failed, with the words of the failure."""
    fault = Fault(code="bucket", message="The bucket is full.")
    first = _upload("a1", 9, fault=fault)

    planned = plan_uploads(_rich(), _lineage(first, _upload("a1", 12, number=2)), str.title)

    assert [(bar.span, bar.note) for bar in planned.bars] == [
        (Span.FAILED, "Picture 1: The bucket is full."),
        (Span.UPLOAD, "Picture 1, try 2: 1.5 MB"),
    ]


def test_an_upload_of_the_next_day_is_told_in_words() -> None:
    """The chart isn't stretched to a day by an upload that came so much later."""
    late = _upload("a1", 86_400)

    planned = plan_uploads(_rich(), _lineage(late), str.title)

    assert planned.bars == ()
    assert planned.later == (
        "Left out: 1 upload long after the end. The last one began at "
        f"{START + timedelta(days=1):%Y-%m-%d %H:%M:%S}.0 UTC and succeeded."
    )


def test_uploads_of_nothing_that_is_known_are_left_out() -> None:
    """An upload of something that the generation's events don't tell of makes no row."""
    assert plan_uploads(_rich(), _lineage(_upload("x9", 9)), str.title).bars == ()


def test_questions_have_an_address_only_where_they_are_served() -> None:
    """Without a server beside the page there is none; with one it lies below the server's path."""
    assert find_questions("generations/g1") is None
    note_questions("/lab/datasette")

    assert find_questions("generations/g 1?x") == (
        "/lab/datasette/promptflow/generations/g%201%3Fx"
    )
    assert find_questions("what_each_stage_added", prompt_id="p&1") == (
        "/lab/datasette/promptflow/what_each_stage_added?prompt_id=p%261"
    )


def _rich() -> FlowTrace:
    return gather_trace(rich_flow())


def _upload(
    asset_id: str, after_s: float, *, number: int = 1, fault: Fault | None = None
) -> Upload:
    return Upload(
        asset_id=asset_id,
        number=number,
        status=UploadStatus.FAILED if fault else UploadStatus.SUCCEEDED,
        fault=fault,
        size_bytes=1_500_000,
        started_at=START + timedelta(seconds=after_s),
        total_ms=250,
    )


def _lineage(*uploads: Upload) -> Lineage:
    return Lineage(
        parent_id=None,
        forked_at=None,
        children=(),
        reused_stages={},
        prompt_parents={},
        run_parents={},
        attempts=(),
        uploads=uploads,
        thumbnails={"a1": _THUMBNAIL},
        stars={},
    )
