"""What becomes of a run when an image model refuses, fails, is busy, or gives no picture."""

from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.clock import Clock
from promptflow.errors import PictureError, ReplyError
from promptflow.events import Event, RunFailed, RunRetrying
from promptflow.pictures import inspect_picture
from promptflow.pipeline.tools import to_fault
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Fault, GenerationStatus, RunStatus, Usage
from promptflow.storage.local import LocalStore
from tests.pipeline.expected import (
    ANSWERS,
    GENERATION,
    constructed,
    flow_finished,
    flow_started,
    happened,
    image_ready,
    painted,
    planned,
    retrying,
    run_failed,
    run_finished,
    run_started,
)
from tests.scripted import (
    GOUACHE,
    POSTER,
    ListPainter,
    give,
    make_fault,
    make_png,
    make_refusal,
    make_request,
    make_rush,
    make_tools,
    run_whole,
)

FAULT, REFUSAL, RUSH = to_fault(make_fault()), to_fault(make_refusal()), to_fault(make_rush())


def _paint(
    folder: Path, painter: ListPainter, *, count: int = 1, clock: Clock | None = None
) -> list[Event]:
    """Have one image model paint so many pictures."""
    tools = make_tools(
        folder, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}, clock=clock
    )
    events = run_whole(tools, make_request(image_models=(GOUACHE,), images_per_model=count))
    return happened(events)


def _lane(*of_the_run: Event, count: int, status: GenerationStatus) -> list[Event]:
    """Expect the flow of one image model."""
    return [
        flow_started(make_request(image_models=(GOUACHE,), images_per_model=count)),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        *of_the_run,
        flow_finished(status),
    ]


def _picture_fault(data: bytes) -> Fault:
    """Expect what is told of bytes that are no picture, and of the model that sent them."""
    with pytest.raises(PictureError) as caught:
        inspect_picture(data)
    message = f"Offline gouache sent a picture that can't be kept. {caught.value.message}"
    return replace(to_fault(caught.value), message=message)


def _picture(index: int) -> Picture:
    return Picture(index=index, data=make_png(index))


@pytest.mark.parametrize(
    ("error", "status"),
    [(make_refusal(POSTER), RunStatus.REFUSED), (make_fault(POSTER), RunStatus.FAILED)],
    ids=["refused", "failed"],
)
def test_one_model_without_picture_leaves_the_other_alone(
    tmp_path: Path, error: Exception, status: RunStatus
) -> None:
    """A refusal or failure is that model's result; the flow is partial and not retried."""
    painter = ListPainter([error])
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: give(0), POSTER: painter},
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE),
        *constructed(4, POSTER),
        run_started(2, POSTER),
        run_failed(2, 2, status, REFUSAL if status is RunStatus.REFUSED else FAULT),
        flow_finished(GenerationStatus.PARTIAL),
    ]
    assert len(painter.requests) == 1


def test_pictures_that_were_all_refused_make_a_refused_flow(tmp_path: Path) -> None:
    """Where nothing but refusals stands in the way, the flow is refused: it didn't fail."""
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={
            GOUACHE: ListPainter([make_refusal()]),
            POSTER: ListPainter([make_refusal(POSTER)]),
        },
    )

    events = run_whole(tools, make_request())

    assert happened(events)[-1] == flow_finished(GenerationStatus.REFUSED)


def test_no_picture_from_any_model_fails_the_flow(tmp_path: Path) -> None:
    """Without a single picture the flow has failed; each run says why."""
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: ListPainter([make_fault()]), POSTER: ListPainter([make_refusal()])},
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        run_failed(1, 1, RunStatus.FAILED, FAULT),
        *constructed(4, POSTER),
        run_started(2, POSTER),
        run_failed(2, 2, RunStatus.REFUSED, REFUSAL),
        flow_finished(GenerationStatus.FAILED),
    ]


def test_busy_model_is_asked_again(tmp_path: Path) -> None:
    """After a wait the same call is made again; the attempts are counted."""
    painter = ListPainter([make_rush()], [make_rush()], [_picture(0)])

    events = _paint(tmp_path, painter)

    assert events == _lane(
        retrying(1, 1, RUSH, attempt_id=1),
        retrying(1, 2, RUSH, attempt_id=2),
        image_ready(1, 1),
        run_finished(1, 3, attempt=3),
        count=1,
        status=GenerationStatus.SUCCEEDED,
    )
    assert len(set(painter.requests)) == 1


def test_wait_is_as_long_as_the_model_asks_for(tmp_path: Path) -> None:
    """The wait that is told is the one the provider named."""
    painter = ListPainter([make_rush(retry_after_s=0.01)], [_picture(0)])

    events = _paint(tmp_path, painter)

    assert [event.wait_s for event in events if isinstance(event, RunRetrying)] == [0.01]


def test_retry_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    """Pictures that came before the model was busy are kept, and not painted again."""
    painter = ListPainter([_picture(0), _picture(1), make_rush()], [_picture(2)])

    events = _paint(tmp_path, painter, count=3)

    assert events == _lane(
        image_ready(1, 1),
        image_ready(1, 2, index=1, data=make_png(1)),
        retrying(1, 1, RUSH, attempt_id=1),
        image_ready(1, 3, index=2, data=make_png(2)),
        run_finished(1, 2, attempt=2),
        count=3,
        status=GenerationStatus.SUCCEEDED,
    )
    first, second = painter.requests
    assert second == replace(first, count=1, first_index=2)


def test_model_that_stays_busy_fails_after_four_attempts(tmp_path: Path) -> None:
    """The fourth failure is the last: the run has failed as busy."""
    painter = ListPainter(*[[make_rush()]] * 4)

    events = _paint(tmp_path, painter)

    assert events == _lane(
        retrying(1, 1, RUSH, attempt_id=1),
        retrying(1, 2, RUSH, attempt_id=2),
        retrying(1, 3, RUSH, attempt_id=3),
        run_failed(1, 4, RunStatus.FAILED, RUSH, attempt=4),
        count=1,
        status=GenerationStatus.FAILED,
    )
    assert RUSH.http_status == 429


def test_wait_beyond_reason_is_not_begun(tmp_path: Path) -> None:
    """A model that asks for an hour has failed at once."""
    painter = ListPainter([make_rush(retry_after_s=3_600)])

    events = _paint(tmp_path, painter)

    assert events == _lane(
        run_failed(1, 1, RunStatus.FAILED, RUSH), count=1, status=GenerationStatus.FAILED
    )


def test_waits_of_a_run_are_bounded_together(tmp_path: Path) -> None:
    """A wait that would be fine by itself is too much after another one."""
    patience = ListPainter([make_rush(retry_after_s=0.05)], [make_rush(retry_after_s=119.99)])

    events = _paint(tmp_path, patience)

    assert events == _lane(
        retrying(1, 1, RUSH, attempt_id=1, wait_s=0.05),
        run_failed(1, 2, RunStatus.FAILED, RUSH, attempt=2),
        count=1,
        status=GenerationStatus.FAILED,
    )


def test_bills_of_all_pictures_add_up(tmp_path: Path) -> None:
    """The tokens of a run are those of its pictures; a number that one leaves out is unknown."""
    first = Usage(input_tokens=9, output_tokens=20)
    second = Usage(input_tokens=1)
    painter = ListPainter([replace(_picture(0), usage=first), replace(_picture(1), usage=second)])

    events = _paint(tmp_path, painter, count=2)

    assert events[-2] == run_finished(1, 1, usage=Usage(input_tokens=10))


def test_picture_without_a_bill_makes_the_tokens_unknown(tmp_path: Path) -> None:
    """What one picture told is not taken for what all of them took."""
    bill = Usage(input_tokens=9, output_tokens=20)
    painter = ListPainter([replace(_picture(0), usage=bill), _picture(1)])

    events = _paint(tmp_path, painter, count=2)

    assert events[-2] == run_finished(1, 1, usage=Usage())


def test_what_is_no_picture_fails_the_run_and_is_not_stored(tmp_path: Path) -> None:
    """Bytes that can't be decoded are a failure of the model, and nothing of them is kept."""
    page = b"<html>not a picture</html>"
    painter = ListPainter([Picture(index=0, data=page)])

    events = _paint(tmp_path, painter)

    assert events == _lane(
        run_failed(1, 1, RunStatus.FAILED, _picture_fault(page)),
        count=1,
        status=GenerationStatus.FAILED,
    )
    assert _picture_fault(page).code == "bad_picture"
    assert list(LocalStore(tmp_path).list_generation(GENERATION)) == []


def test_one_bad_picture_costs_no_other(tmp_path: Path) -> None:
    """Pictures that follow one which can't be kept are paid for, and kept."""
    painter = ListPainter([_picture(0), Picture(index=1, data=b"torn"), _picture(2)])

    events = _paint(tmp_path, painter, count=3)

    assert events == _lane(
        image_ready(1, 1),
        image_ready(1, 2, index=2, data=make_png(2)),
        run_failed(1, 1, RunStatus.PARTIAL, _picture_fault(b"torn")),
        count=3,
        status=GenerationStatus.PARTIAL,
    )


def test_no_other_attempt_follows_a_bad_picture(tmp_path: Path) -> None:
    """A busy model is not asked again where that would paint a picture twice."""
    painter = ListPainter([Picture(index=0, data=b"torn"), _picture(1), make_rush()])

    events = _paint(tmp_path, painter, count=3)

    assert events == _lane(
        image_ready(1, 1, index=1, data=make_png(1)),
        run_failed(1, 1, RunStatus.PARTIAL, _picture_fault(b"torn")),
        count=3,
        status=GenerationStatus.PARTIAL,
    )
    assert len(painter.requests) == 1


def test_run_that_fails_after_two_of_three_is_partial(tmp_path: Path) -> None:
    """What came before the failure is kept, and the run says that it is not all."""
    painter = ListPainter([_picture(0), _picture(1), make_fault()])

    events = _paint(tmp_path, painter, count=3)

    assert events == _lane(
        image_ready(1, 1),
        image_ready(1, 2, index=1, data=make_png(1)),
        run_failed(1, 1, RunStatus.PARTIAL, FAULT),
        count=3,
        status=GenerationStatus.PARTIAL,
    )


def test_refusal_after_a_picture_stays_a_refusal(tmp_path: Path) -> None:
    """A refusal is a result, also where a picture came before it."""
    painter = ListPainter([_picture(0), make_refusal()])

    events = _paint(tmp_path, painter, count=2)

    assert events == _lane(
        image_ready(1, 1),
        run_failed(1, 1, RunStatus.REFUSED, REFUSAL),
        count=2,
        status=GenerationStatus.PARTIAL,
    )


def test_model_that_ends_early_has_not_delivered(tmp_path: Path) -> None:
    """Fewer pictures than asked for, without a word why, are a bad reply."""
    painter = ListPainter([_picture(0)])
    short = ReplyError(
        "Offline gouache ended after 1 of 2 pictures. Try again, or ask for fewer.",
        provider="offline",
        model=GOUACHE,
    )

    events = _paint(tmp_path, painter, count=2)

    assert events == _lane(
        image_ready(1, 1),
        run_failed(1, 1, RunStatus.PARTIAL, to_fault(short)),
        count=2,
        status=GenerationStatus.PARTIAL,
    )


def test_picture_that_cannot_be_stored_fails_the_run(tmp_path: Path) -> None:
    """A store without room is a failure of that run, said in its own words."""
    (tmp_path / "generations").write_text("in the way")

    events = _paint(tmp_path, give(0))

    ending = events[-2]
    assert isinstance(ending, RunFailed)
    assert ending.fault.code == "storage"
    assert ending == run_failed(1, 1, RunStatus.FAILED, ending.fault)
    assert events[-1] == flow_finished(GenerationStatus.FAILED)
