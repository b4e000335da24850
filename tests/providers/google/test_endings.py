"""Why an answer ended, and what the adapter makes of it."""

from typing import TYPE_CHECKING

import pytest
from google.genai import types

from promptflow.errors import (
    BusyError,
    ProviderError,
    RefusedError,
    RejectedError,
    ReplyError,
)
from promptflow.providers.google.endings import BROKEN, REFUSALS
from tests.providers.google.asking import paint, write_text
from tests.wire.pictures import make_png
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_PNG = make_png(4, 4)
_ENDS_WELL = {"STOP", "FINISH_REASON_UNSPECIFIED"}
_LIMITED = {"PUP_LIMITED_DISABLED"}
_CUT = {"MAX_TOKENS", "CONTINUATION"}
_AGAIN = {"NO_IMAGE", "IMAGE_OTHER", "MALFORMED_RESPONSE"}
_FINISHES = [reason.value for reason in types.FinishReason]
_UNKNOWN = "ignore:.*HOLOGRAM is not a valid:UserWarning"


def _kind_for(finish: str, otherwise: type[ProviderError] | None) -> type[ProviderError] | None:
    """Return the error that a finish reason is, of those that both kinds of model share."""
    if finish in REFUSALS:
        return RefusedError
    if finish in _LIMITED:
        return RejectedError
    return otherwise


def test_every_finish_reason_is_sorted() -> None:
    """Each reason the SDK knows ends well, is cut off, is a refusal, or leaves nothing to use."""
    sorted_ones = [*_ENDS_WELL, *_LIMITED, *_CUT, *REFUSALS, *BROKEN]
    only_blocks = {"JAILBREAK"}

    assert sorted(sorted_ones) == sorted({*_FINISHES, *only_blocks})


@pytest.mark.parametrize("finish", _FINISHES)
def test_finish_reason_of_a_text(client: "genai.Client", wire: Wire, finish: str) -> None:
    """With text, only a good end is an answer; every other reason is its own kind of error."""
    wire.google.answer_text("Half a sentence", finish=finish)

    _parts, error = write_text(client)

    usual = None if finish in _ENDS_WELL else ReplyError
    assert type(error) is (_kind_for(finish, usual) or type(None))


@pytest.mark.parametrize("finish", _FINISHES)
def test_finish_reason_without_any_text(client: "genai.Client", wire: Wire, finish: str) -> None:
    """Without text there is no answer, however it ended."""
    wire.google.answer_text("", finish=finish)

    _parts, error = write_text(client)

    assert type(error) is _kind_for(finish, ReplyError)


@pytest.mark.parametrize("finish", _FINISHES)
def test_finish_reason_without_a_picture(client: "genai.Client", wire: Wire, finish: str) -> None:
    """Without a picture, some reasons are worth another try, at once."""
    wire.google.answer_image((), finish=finish)

    pictures, error = paint(client)

    expected = _kind_for(finish, BusyError if finish in _AGAIN else ReplyError)
    assert [(picture.data, picture.partial) for picture in pictures] == [(b"", True)]
    assert pictures[0].usage is not None
    assert type(error) is expected
    assert getattr(error, "retry_after_s", None) == (0 if finish in _AGAIN else None)


@pytest.mark.parametrize("reason", [reason.value for reason in types.BlockedReason])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_block_is_a_refusal_with_googles_word(
    client: "genai.Client", wire: Wire, kind: str, reason: str
) -> None:
    """A prompt that was blocked is refused under the reason's name, with something to change."""
    wire.google.answer_block(reason)

    came, error = write_text(client) if kind == "text" else paint(client)

    assert isinstance(error, RefusedError)
    assert error.category == reason
    assert error.request_id == f"resp{1:024d}"
    assert f"({reason})" in str(error)
    assert [getattr(part, "usage", None) is not None for part in came] == [True] * len(came)


@pytest.mark.filterwarnings(_UNKNOWN)
def test_unknown_block_is_a_refusal(client: "genai.Client", wire: Wire) -> None:
    """A reason newer than the SDK is passed on as it is."""
    wire.google.answer_block("HOLOGRAM")

    _pictures, error = paint(client)

    assert isinstance(error, RefusedError)
    assert error.category == "HOLOGRAM"


@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
def test_block_for_nothing_that_can_be_said_is_a_refusal(
    client: "genai.Client", wire: Wire
) -> None:
    """A block has a category, whatever stands in the place of its reason."""
    wire.google.answer_block("<b>")

    _pictures, error = paint(client)

    assert isinstance(error, RefusedError)
    assert error.category == "unknown"


@pytest.mark.filterwarnings(_UNKNOWN)
@pytest.mark.parametrize(("text", "raised"), [("Fine.", None), ("", ReplyError)])
def test_unknown_reason_passes_with_text(
    client: "genai.Client", wire: Wire, text: str, raised: type[ProviderError] | None
) -> None:
    """A finish reason newer than the SDK is good enough for an answer, not for none."""
    wire.google.answer_text(text, finish="HOLOGRAM")

    _parts, error = write_text(client)

    assert type(error) is (raised or type(None))


@pytest.mark.filterwarnings(_UNKNOWN)
def test_unknown_reason_passes_with_a_picture(client: "genai.Client", wire: Wire) -> None:
    """The same holds for a picture."""
    wire.google.answer_image(_PNG, finish="HOLOGRAM")

    pictures, error = paint(client)

    assert [picture.data for picture in pictures] == [_PNG]
    assert error is None


def test_picture_that_was_refused_is_not_shown(client: "genai.Client", wire: Wire) -> None:
    """A refusal counts, even if there is a picture beside it."""
    wire.google.answer_image(_PNG, finish="IMAGE_PROHIBITED_CONTENT")

    pictures, error = paint(client)

    assert [picture for picture in pictures if picture.data] == []
    assert isinstance(error, RefusedError)


def test_refusal_says_what_to_change(client: "genai.Client", wire: Wire) -> None:
    """The filter's objection and a way out are in the message."""
    wire.google.answer_text("", finish="SAFETY")

    _parts, error = write_text(client)

    assert str(error) == (
        "Google refused this for 'gemini-3.8-flash' (SAFETY: sexually explicit): its filter finds the"
        " content unsafe. Take out what is sexual, violent, hateful or dangerous."
    )
