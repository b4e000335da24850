"""Several pictures: calls of their own, at once, and none keeps another back."""

import itertools
import time
from dataclasses import replace

import pytest

from promptflow.errors import BusyError, RefusedError, RejectedError
from promptflow.ports import ImageRequest, Picture
from promptflow.providers.openai import Timeouts
from promptflow.records import Usage
from tests.providers.openai.conftest import Adapter
from tests.wire.answers import ALL, later, reset_after, stall_after
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import make_png

COLOURS = [make_png(8, 8, rgb=(shade, 0, 0)) for shade in (10, 20, 30, 40)]
PREVIEW = make_png(4, 4)


def paint(adapter: Adapter, count: int, first_index: int = 0) -> list[Picture]:
    """Ask for some pictures and keep what comes, up to an error that is raised."""
    return list(
        adapter.image().paint(
            ImageRequest(
                prompt="A lighthouse", aspect_ratio="1:1", count=count, first_index=first_index
            )
        )
    )


def whole(pictures: list[Picture]) -> list[Picture]:
    """Leave the previews out."""
    return [picture for picture in pictures if not picture.partial]


def test_all_are_asked_for_at_once(wire: OpenAIWire, adapter: Adapter) -> None:
    """Four pictures are four calls for one picture each, side by side."""
    for colour in COLOURS:
        wire.answer_image(colour, fault=later(0.3))

    pictures = paint(adapter, 4)

    assert {picture.data for picture in pictures} == set(COLOURS)
    assert wire.loopback.most_at_once == 4
    assert [(request.json or {})["n"] for request in wire.requests] == [1, 1, 1, 1]
    assert wire.violations == ()


def test_indexes_ascend_from_the_first(wire: OpenAIWire, adapter: Adapter) -> None:
    """Whole pictures are numbered in the order they come, whichever call they come from."""
    for colour, wait_s in zip(COLOURS, (0.4, 0.05, 0.3, 0.15), strict=True):
        wire.answer_image(colour, fault=later(wait_s))

    pictures = paint(adapter, 4, first_index=2)

    assert [picture.index for picture in pictures] == [2, 3, 4, 5]
    assert [COLOURS.index(picture.data) for picture in pictures] == [1, 3, 2, 0]


def test_previews_never_stand_in_the_place_of_a_picture(wire: OpenAIWire, adapter: Adapter) -> None:
    """A preview has an index that no whole picture has got yet."""
    for colour, pace_s in zip(COLOURS, (0.12, 0.02, 0.08, 0.05), strict=True):
        wire.answer_image(colour, partials=[PREVIEW, PREVIEW], pace_s=pace_s, fault=later(pace_s))

    pictures = paint(adapter, 4)

    done = 0
    for picture in pictures:
        assert done <= picture.index < 4
        done += not picture.partial
    assert [picture.index for picture in whole(pictures)] == [0, 1, 2, 3]


def test_each_brings_its_own_bill_and_id(wire: OpenAIWire, adapter: Adapter) -> None:
    """Each whole picture carries the usage and the request id of its own call."""
    wire.answer_image(PREVIEW, times=None)

    pictures = paint(adapter, 3)

    one = Usage(input_tokens=40, input_image_tokens=0, output_tokens=1120, output_image_tokens=1120)
    assert [picture.usage for picture in pictures] == [one, one, one]
    assert len({picture.request_id for picture in pictures}) == 3


def test_one_failure_keeps_no_other_picture_back(wire: OpenAIWire, adapter: Adapter) -> None:
    """What is painted is yielded, without a gap in the numbers, before the error of what is not."""
    wire.answer_error(503, "Overloaded")
    wire.answer_image(PREVIEW, times=None)
    pictures: list[Picture] = []
    request = ImageRequest(prompt="A lighthouse", aspect_ratio="1:1", count=3)

    with pytest.raises(BusyError):
        pictures.extend(adapter.image().paint(request))

    assert [picture.index for picture in pictures] == [0, 1]


def test_what_is_turned_down_beside_a_preview_is_not_billed(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """A call that nothing came of stays turned down, whatever another one shows meanwhile."""
    wire.answer_error(429, "Slow down")
    wire.answer_image(COLOURS[0], partials=[PREVIEW])

    with pytest.raises(BusyError) as caught:
        paint(adapter, 2)

    assert caught.value.turned_down
    assert caught.value.settled


def test_what_breaks_off_after_its_preview_says_so(wire: OpenAIWire, adapter: Adapter) -> None:
    """A painting that had begun may be billed, whatever it ends with."""
    wire.answer_image(COLOURS[0], partials=[PREVIEW], fault=reset_after(1))

    with pytest.raises(BusyError) as caught:
        paint(adapter, 1)

    assert caught.value.heard
    assert not caught.value.turned_down


def test_silence_keeps_no_other_picture_back(wire: OpenAIWire, adapter: Adapter) -> None:
    """A call that falls silent runs into its time-out alone."""
    impatient = replace(adapter, timeouts=Timeouts(connect_s=2, image_s=1.5))
    wire.answer_image(PREVIEW, fault=stall_after(0))
    wire.answer_image(PREVIEW)
    answer = impatient.image().paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=2))

    assert next(answer).index == 0
    with pytest.raises(BusyError, match=r"for 1\.5 s"):
        next(answer)


def test_silence_after_the_last_picture_is_not_waited_for(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """Pictures that are whole end the request, although the server never ends the streams."""
    for colour in COLOURS[:2]:
        wire.answer_image(colour, fault=stall_after(ALL))
    started_s = time.monotonic()

    pictures = paint(adapter, 2)

    assert {picture.data for picture in pictures} == set(COLOURS[:2])
    assert time.monotonic() - started_s < adapter.timeouts.image_s / 2


def test_a_break_after_a_picture_costs_no_other(wire: OpenAIWire, adapter: Adapter) -> None:
    """What happens to a call whose picture is there neither fails nor ends the others."""
    wire.answer_image(COLOURS[0], fault=reset_after(ALL))
    wire.answer_image(COLOURS[1], fault=later(0.3))

    pictures = paint(adapter, 2)

    assert [picture.data for picture in pictures] == COLOURS[:2]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_gravest_error_decides(
    wire: OpenAIWire, adapter: Adapter, order: tuple[int, ...]
) -> None:
    """A refusal goes before a rejection, and that before what another try could mend."""
    errors = ((429, "rate_limit_exceeded"), (400, "moderation_blocked"), (400, "invalid_value"))
    for number in order:
        status, code = errors[number]
        wire.answer_error(status, "No.", code=code)

    with pytest.raises(RefusedError):
        paint(adapter, 3)


def test_a_rejection_goes_before_a_busy_server(wire: OpenAIWire, adapter: Adapter) -> None:
    """What no retry mends is not retried because another call could be."""
    wire.answer_error(503, "Overloaded")
    wire.answer_error(429, "No.", code="insufficient_quota")

    with pytest.raises(RejectedError):
        paint(adapter, 2)


def test_of_several_waits_the_longest_is_told(wire: OpenAIWire, adapter: Adapter) -> None:
    """Whoever obeys the longest wait obeys them all."""
    for seconds in ("3", "9", "6"):
        wire.answer_error(429, "Slow down.", headers={"retry-after": seconds})

    with pytest.raises(BusyError) as caught:
        paint(adapter, 3)

    assert caught.value.retry_after_s == 9


def test_a_time_out_among_busy_calls_limits_them_all(wire: OpenAIWire, adapter: Adapter) -> None:
    """What may be billed is worth one more try, after the longest wait that any of them asks for."""
    impatient = replace(adapter, timeouts=Timeouts(connect_s=2, image_s=1.5))
    wire.answer_image(PREVIEW, fault=stall_after(0))
    wire.answer_error(429, "Slow down.", headers={"retry-after": "9"})

    with pytest.raises(BusyError) as caught:
        paint(impatient, 2)

    assert caught.value.max_attempts == 2
    assert caught.value.retry_after_s == 9


def test_who_stops_listening_ends_the_calls(wire: OpenAIWire, adapter: Adapter) -> None:
    """Pictures that nobody wants any more are not waited for longer than their next sign of life."""
    wire.answer_image(COLOURS[0], partials=[PREVIEW, PREVIEW], pace_s=0.2, times=None)
    answer = adapter.image().paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=2))
    next(answer)

    answer.close()  # type: ignore[attr-defined]  # it is a generator

    wire.wait_until_idle()
    assert wire.count() == 2
