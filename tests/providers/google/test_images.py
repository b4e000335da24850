"""A Gemini model that paints, asked over real HTTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from promptflow.errors import BusyError, RefusedError, RejectedError, ReplyError
from promptflow.ports import ImageRequest, Picture, Reference
from promptflow.providers.google import GoogleImage
from promptflow.records import ImageParameters, Usage
from tests.providers.google.asking import IMAGE_MODEL, paint
from tests.wire.answers import Answer, Json, Stall, instead, json_answer, later
from tests.wire.google_answers import make_usage
from tests.wire.google_wire import GoogleWire, retry_info
from tests.wire.pictures import JPEG, NOT_A_PICTURE, WEBP, encode_base64, make_png
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_PNG = make_png(64, 48)
_DRAFT = make_png(8, 6)


def _inline(data: bytes, mime: str | None, **more: object) -> Json:
    blob = {"data": encode_base64(data)} | ({"mimeType": mime} if mime else {})
    return {"inlineData": blob} | more


def _reply(*parts: Json, finish: str | None = "STOP") -> Callable[[Request], Answer]:
    """Make an answer of parts, for what the server would not script by itself."""
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    body = {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}
    return lambda _request: json_answer(body)


def test_picture_comes_with_its_bill_and_id(client: "genai.Client", wire: Wire) -> None:
    """The bytes are the model's, the usage is told by modality, the id is Google's."""
    usage = make_usage(prompt=320, candidates=1120, thoughts=90, references=258, painted=True)
    wire.google.answer_image(_PNG, usage=usage)

    pictures, error = paint(client)

    assert pictures == [
        Picture(
            index=0,
            data=_PNG,
            usage=Usage(
                input_tokens=320,
                input_image_tokens=258,
                output_tokens=1210,
                thinking_tokens=90,
                output_image_tokens=1120,
            ),
            request_id=f"resp{1:024d}",
        )
    ]
    assert error is None


def test_request_is_sent_as_the_api_wants_it(client: "genai.Client", wire: Wire) -> None:
    """The prompt, the references, the shape and the size are sent, and nothing else."""
    wire.google.answer_image(_PNG)

    paint(
        client,
        parameters=ImageParameters(size="2K", quality="high", output_format="jpeg"),
        references=(Reference(data=WEBP, mime="image/webp"),),
        seed=7,
    )

    (request,) = wire.google.requests
    ((content),) = (request.json or {})["contents"]
    assert request.path == f"/v1/models/{IMAGE_MODEL}:generateContent"
    assert content["parts"][0] == {"text": "A lighthouse"}
    assert content["parts"][1]["inlineData"]["mimeType"] == "image/webp"
    assert (request.json or {})["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
    }
    assert wire.violations == ()


@pytest.mark.parametrize(
    ("size", "sent", "resolved"),
    [
        (None, None, None),
        ("4K", "4K", ImageParameters(size="4K")),
        ("1536x1024", None, None),
    ],
)
def test_only_a_class_of_sizes_is_sent_and_resolved(
    client: "genai.Client",
    wire: Wire,
    size: str | None,
    sent: str | None,
    resolved: ImageParameters | None,
) -> None:
    """Google takes 1K, 2K and 4K; sizes in pixels are other models'."""
    wire.google.answer_image(_PNG)

    (picture,), _error = paint(client, parameters=ImageParameters(size=size))

    (request,) = wire.google.requests
    config = (request.json or {})["generationConfig"]["imageConfig"]
    assert config.get("imageSize") == sent
    assert picture.resolved == resolved


def test_drafts_are_skipped(client: "genai.Client", wire: Wire) -> None:
    """A picture that is a thought is not the picture, wherever it stands."""
    draft = _inline(_DRAFT, "image/png", thought=True)
    wire.google.answer_with(_reply(draft, _inline(_PNG, "image/png"), draft))

    (picture,), error = paint(client)

    assert picture.data == _PNG
    assert error is None


def test_drafts_alone_are_no_picture(client: "genai.Client", wire: Wire) -> None:
    """An answer that holds nothing but thoughts is a failure."""
    wire.google.answer_with(_reply(_inline(_DRAFT, "image/png", thought=True)))

    pictures, error = paint(client)

    assert pictures == []
    assert isinstance(error, ReplyError)


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (_PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (JPEG, "image/jpg"),
        (WEBP, "image/webp"),
        (WEBP, None),
    ],
)
def test_known_types_are_taken(
    client: "genai.Client", wire: Wire, data: bytes, mime: str | None
) -> None:
    """PNG, JPEG and WebP are taken under their names, and under none."""
    wire.google.answer_with(_reply(_inline(data, mime)))

    (picture,), _error = paint(client)

    assert picture.data == data


@pytest.mark.parametrize(
    ("data", "mime", "told"),
    [
        (JPEG, "image/png", "as 'image/png', but they are image/jpeg"),
        (_PNG, "text/html", "as 'text/html', but they are image/png"),
        (NOT_A_PICTURE, "image/png", "as 'image/png', but they are no picture"),
        (b"RIFF\x00\x00\x00\x00AVI ", "image/webp", "but they are no picture"),
        (b"", "image/png", "sent 0 bytes"),
    ],
)
def test_content_type_that_lies_is_a_failure(
    client: "genai.Client", wire: Wire, data: bytes, mime: str, told: str
) -> None:
    """Bytes that are not of the type they claim are told, and not passed on."""
    wire.google.answer_with(_reply(_inline(data, mime)))

    pictures, error = paint(client)

    assert pictures == []
    assert isinstance(error, ReplyError)
    assert told in str(error)


def test_words_in_place_of_a_picture_are_told(client: "genai.Client", wire: Wire) -> None:
    """A model that answers in words is quoted."""
    wire.google.answer_with(_reply({"text": "I would rather\nwrite."}))

    _pictures, error = paint(client)

    assert isinstance(error, ReplyError)
    assert "“I would rather write.”" in str(error)


def test_picture_without_a_finish_reason_is_taken(client: "genai.Client", wire: Wire) -> None:
    """A picture that is there is paid for, whatever the answer leaves out."""
    wire.google.answer_with(_reply(_inline(_PNG, "image/png"), finish=None))

    (picture,), _error = paint(client)

    assert picture.data == _PNG


def test_bill_of_a_picture_without_a_finish_reason_is_whole(
    client: "genai.Client", wire: Wire
) -> None:
    """What is not streamed has come to its end, and so has its bill."""
    content = {"parts": [_inline(_PNG, "image/png")]}
    usage = make_usage(candidates=1120, painted=True)
    body = {"candidates": [{"content": content}], "usageMetadata": usage}
    wire.google.answer_with(lambda _request: json_answer(body))

    (picture,), _error = paint(client)

    assert picture.usage == Usage(
        input_tokens=120, input_image_tokens=0, output_tokens=1120, output_image_tokens=1120
    )


def test_several_pictures_are_painted_at_once(client: "genai.Client", wire: Wire) -> None:
    """Four pictures are four calls side by side, with ascending indexes."""
    wire.google.answer_image(_PNG, times=4, fault=later(0.3))

    pictures, error = paint(client, count=4, first_index=1)

    assert [picture.index for picture in pictures] == [1, 2, 3, 4]
    assert [picture.usage is not None for picture in pictures] == [True] * 4
    assert {picture.request_id for picture in pictures} == {f"resp{n:024d}" for n in range(1, 5)}
    assert wire.google.loopback.most_at_once == 4
    assert error is None


def test_first_picture_done_is_shown_first(client: "genai.Client", wire: Wire) -> None:
    """A slow call does not keep back what another has painted."""
    wire.google.answer_image(_PNG, fault=later(1))
    wire.google.answer_image(JPEG)

    pictures, _error = paint(client, count=2)

    assert [picture.data for picture in pictures] == [JPEG, _PNG]
    assert [picture.index for picture in pictures] == [0, 1]


def test_failed_call_costs_no_other_picture(client: "genai.Client", wire: Wire) -> None:
    """What the other calls paint is yielded without a gap, then the failure is raised."""
    wire.google.answer_error(503, "Overloaded.", name="UNAVAILABLE")
    wire.google.answer_image(_PNG, times=2, fault=later(0.2))

    pictures, error = paint(client, count=3)

    assert [picture.index for picture in pictures] == [0, 1]
    assert isinstance(error, BusyError)


def _limit(google: GoogleWire, delay: str) -> None:
    details = [retry_info(delay)]
    google.answer_error(429, "Slow down.", name="RESOURCE_EXHAUSTED", details=details)


def test_longest_wait_is_told(client: "genai.Client", wire: Wire) -> None:
    """Of several calls that may be tried again, the one with the longest wait is raised."""
    for delay in ("1s", "9s", "3.5s"):
        _limit(wire.google, delay)

    _pictures, error = paint(client, count=3)

    assert isinstance(error, BusyError)
    assert error.retry_after_s == 9


def test_silence_among_busy_calls_limits_them_all(client: "genai.Client", wire: Wire) -> None:
    """What may be billed is worth one more try, after the longest wait that any of them asks for."""
    _limit(wire.google, "9s")
    wire.google.answer_image(_PNG, fault=instead(Stall()))

    _pictures, error = paint(client, count=2, silence_s=0.5)

    assert isinstance(error, BusyError)
    assert error.max_attempts == 2
    assert error.retry_after_s == 9


def test_gravest_failure_is_told(client: "genai.Client", wire: Wire) -> None:
    """A refusal among calls that may be tried again is what is raised."""
    _limit(wire.google, "1s")
    wire.google.answer_image((), finish="IMAGE_SAFETY")
    wire.google.answer_image((), finish="NO_IMAGE")

    _pictures, error = paint(client, count=3)

    assert isinstance(error, RefusedError)


def test_bad_key_is_graver_than_a_refusal(client: "genai.Client", wire: Wire) -> None:
    """What fails every call is told before what fails one."""
    wire.google.answer_image((), finish="IMAGE_SAFETY")
    wire.google.answer_error(401, "Who?", name="UNAUTHENTICATED")

    _pictures, error = paint(client, count=2)

    assert isinstance(error, RejectedError)


def test_leaving_early_does_not_wait(client: "genai.Client", wire: Wire) -> None:
    """A reader who has enough is not held up by the calls still under way."""
    wire.google.answer_image(_PNG)
    wire.google.answer_image(_PNG, fault=instead(Stall()))
    request = ImageRequest(prompt="A lighthouse", aspect_ratio="1:1", count=2)
    pictures = GoogleImage(model=IMAGE_MODEL, client=client).paint(request)
    first = next(pictures)
    wire.google.wait_for(2)

    pictures.close()  # type: ignore[attr-defined]  # a generator

    assert first.index == 0
    assert wire.google.loopback.in_hand >= 1
