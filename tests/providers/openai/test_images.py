"""One picture: what is asked, and what becomes of the answer."""

import socket
import threading

import pytest

from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError, ReplyError
from promptflow.ports import ImageRequest, Picture, Reference
from promptflow.records import ImageParameters, Usage
from tests.providers.openai.conftest import Adapter
from tests.wire.answers import insert_after, json_answer, relabel
from tests.wire.openai_images import make_image_usage
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import JPEG, WEBP, make_png
from tests.wire.requested import Request

PICTURE = make_png(64, 48)
PREVIEWS = (make_png(8, 6), make_png(16, 12))
PNG = Reference(data=make_png(3, 2), mime="image/png")
GENERATE, EDIT = "/v1/images/generations", "/v1/images/edits"


def order(**more: object) -> ImageRequest:
    """Return a request for one picture; more fields as `ImageRequest` has them."""
    fields: dict[str, object] = {"prompt": "A lighthouse", "aspect_ratio": "1:1", "count": 1}
    return ImageRequest(**(fields | more))  # type: ignore[arg-type]  # the fields are the caller's


def is_streamed(request: Request) -> bool:
    """Say whether a stream is asked for."""
    return request.streamed


@pytest.mark.parametrize("references", [(), (PNG,)], ids=["generated", "edited"])
def test_previews_come_before_the_picture(
    wire: OpenAIWire, adapter: Adapter, references: tuple[Reference, ...]
) -> None:
    """Two previews and the whole picture are yielded, with what the server told about it."""
    bill = make_image_usage(text_tokens=40, image_tokens=60, output_tokens=1120)
    wire.answer_image(PICTURE, partials=PREVIEWS, usage=bill)

    pictures = list(adapter.image().paint(order(references=references)))

    assert pictures == [
        Picture(index=0, data=PREVIEWS[0], partial=True),
        Picture(index=0, data=PREVIEWS[1], partial=True),
        Picture(
            index=0,
            data=PICTURE,
            usage=Usage(
                input_tokens=100,
                input_image_tokens=60,
                output_tokens=1120,
                output_image_tokens=1120,
            ),
            resolved=ImageParameters(
                quality="medium", size="1024x1024", background="opaque", output_format="png"
            ),
            request_id=f"req_{1:032x}",
        ),
    ]
    assert wire.violations == ()


def test_only_what_is_given_is_asked_for(wire: OpenAIWire, adapter: Adapter) -> None:
    """Without parameters the request holds the prompt, the size and the stream, nothing else."""
    wire.answer_image(PICTURE)

    list(adapter.image().paint(order(aspect_ratio="16:9", seed=7)))

    assert wire.requests[0].path == GENERATE
    assert wire.requests[0].json == {
        "model": "gpt-image-2.6-flare",
        "prompt": "A lighthouse",
        "n": 1,
        "size": "1280x720",
        "stream": True,
        "partial_images": 2,
    }


def test_every_parameter_goes_out(wire: OpenAIWire, adapter: Adapter) -> None:
    """What was chosen is asked for, word by word."""
    wire.answer_image(PICTURE)
    parameters = ImageParameters(
        quality="xhigh",
        size="1536x864",
        background="opaque",
        output_format="webp",
        output_compression=70,
        moderation="low",
    )

    (picture,) = adapter.image().paint(order(parameters=parameters))

    sent = wire.requests[0].json or {}
    assert {name: sent[name] for name in sent if name not in {"model", "prompt"}} == {
        "n": 1,
        "quality": "xhigh",
        "size": "1536x864",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 70,
        "moderation": "low",
        "stream": True,
        "partial_images": 2,
    }
    assert picture.resolved == ImageParameters(
        quality="xhigh", size="1536x864", background="opaque", output_format="webp"
    )
    assert wire.violations == ()


def test_what_the_server_made_of_auto_is_told(wire: OpenAIWire, adapter: Adapter) -> None:
    """The resolved values are the server's, not those asked for."""
    wire.answer_image(PICTURE, resolved={"quality": "high", "size": "1536x1024"})

    (picture,) = adapter.image().paint(
        order(parameters=ImageParameters(quality="auto", size="auto"))
    )

    assert picture.resolved is not None
    assert (picture.resolved.quality, picture.resolved.size) == ("high", "1536x1024")


def test_one_reference_goes_out_as_a_named_file(wire: OpenAIWire, adapter: Adapter) -> None:
    """A single reference is a file with a name and a type, in the field every server knows."""
    wire.answer_image(PICTURE)

    list(adapter.image().paint(order(references=(PNG,))))

    files = [part for part in wire.requests[0].parts if part.filename]
    assert wire.requests[0].path == EDIT
    assert [(part.name, part.filename, part.content_type) for part in files] == [
        ("image", "reference-1.png", "image/png")
    ]
    assert files[0].data == PNG.data
    assert wire.violations == ()


def test_references_keep_their_order(wire: OpenAIWire, adapter: Adapter) -> None:
    """Several references are files in the order they were given, each named for its type."""
    references = (
        Reference(data=JPEG, mime="image/jpeg"),
        PNG,
        Reference(data=WEBP, mime="image/webp"),
    )
    wire.answer_image(PICTURE)

    list(adapter.image().paint(order(references=references)))

    files = [part for part in wire.requests[0].parts if part.filename]
    assert [(part.name, part.filename, part.content_type) for part in files] == [
        ("image[]", "reference-1.jpg", "image/jpeg"),
        ("image[]", "reference-2.png", "image/png"),
        ("image[]", "reference-3.webp", "image/webp"),
    ]
    assert wire.violations == ()


@pytest.mark.parametrize(
    ("parameters", "ratio", "message"),
    [
        (ImageParameters(size="2K"), "1:1", "Flare can't paint in the size '2K'"),
        (ImageParameters(), "1:8", "Flare can't paint in the shape '1:8'"),
    ],
)
def test_what_can_not_be_asked_for_is_not_sent(
    wire: OpenAIWire, adapter: Adapter, parameters: ImageParameters, ratio: str, message: str
) -> None:
    """A size or shape that the API has not is refused before anything is spent."""
    with pytest.raises(RejectedError, match=message):
        list(adapter.image().paint(order(parameters=parameters, aspect_ratio=ratio)))

    assert wire.count() == 0


@pytest.mark.parametrize("references", [(), (PNG,)], ids=["generated", "edited"])
def test_a_server_that_refuses_streams_is_asked_plainly_from_then_on(
    wire: OpenAIWire, adapter: Adapter, references: tuple[Reference, ...]
) -> None:
    """A server that does not stream is asked once more without, and only without afterwards."""
    wire.answer_error(400, "Streaming is not supported", fits=is_streamed, times=None)
    wire.answer_image(PICTURE, times=None)
    model = adapter.image()

    first = list(model.paint(order(references=references)))
    second = list(model.paint(order(references=references)))

    assert [picture.data for picture in first + second] == [PICTURE, PICTURE]
    assert [request.streamed for request in wire.requests] == [True, False, False]
    assert wire.violations == ()


def test_a_picture_in_one_piece_is_told_about_as_well(wire: OpenAIWire, adapter: Adapter) -> None:
    """A plain answer has a bill, resolved values and a request id, too."""
    wire.answer_error(422, "Unknown field", more={"param": "stream"}, fits=is_streamed)
    wire.answer_image(PICTURE)

    (picture,) = adapter.image().paint(order())

    assert picture.usage == Usage(
        input_tokens=40, input_image_tokens=0, output_tokens=1120, output_image_tokens=1120
    )
    assert picture.resolved is not None
    assert picture.resolved.quality == "medium"
    assert picture.request_id == f"req_{2:032x}"


@pytest.mark.parametrize(
    "message", ["The upstream provider failed", "The mainstream taste was flagged"]
)
def test_a_stream_within_another_word_is_none(
    wire: OpenAIWire, adapter: Adapter, message: str
) -> None:
    """Only a refusal that is about streams is taken for one."""
    wire.answer_error(400, message, times=None)

    with pytest.raises(RejectedError):
        list(adapter.image().paint(order()))

    assert wire.count() == 1


def test_a_refusal_is_never_asked_again(wire: OpenAIWire, adapter: Adapter) -> None:
    """What a safety system refused is not sent once more without a stream."""
    wire.answer_error(400, "The stream was stopped", code="moderation_blocked", times=None)

    with pytest.raises(RefusedError):
        list(adapter.image().paint(order()))

    assert wire.count() == 1


def test_a_picture_that_comes_whole_instead_of_streamed_is_kept(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """A server that passes over the wish for a stream has painted, and is paid."""
    body = {"created": 1, "data": [{"b64_json": "aGVsbG8="}], "size": "512x512"}
    wire.answer_with(lambda _request: json_answer(body), kind="image")

    (picture,) = adapter.image().paint(order())

    assert picture.data == b"hello"
    assert picture.resolved == ImageParameters(size="512x512")
    assert picture.usage is None


def test_a_mislabelled_picture_is_kept(wire: OpenAIWire, adapter: Adapter) -> None:
    """Good JSON under the wrong type is good JSON."""
    wire.answer_error(400, "no streaming", fits=is_streamed)
    wire.answer_image(PICTURE, fault=relabel("text/plain"))

    (picture,) = adapter.image().paint(order())

    assert picture.data == PICTURE


@pytest.mark.parametrize(
    "item",
    [{}, {"b64_json": ""}, {"b64_json": "aGVsbG8"}, {"b64_json": "a!b="}, {"b64_json": "ä"}, None,
     {"url": "http://127.0.0.1:9/picture.png"}],
)  # fmt: skip
@pytest.mark.parametrize("streamed", [True, False])
def test_what_is_no_base64_is_no_picture(
    wire: OpenAIWire, adapter: Adapter, item: object, streamed: bool
) -> None:
    """Missing, empty, cut or foreign signs in place of a picture are an answer that can't be used."""
    if not streamed:
        wire.answer_error(400, "no streaming", fits=is_streamed)
    wire.answer_with(lambda _request: json_answer({"data": [item]}), kind="image")

    with pytest.raises(ReplyError, match="empty, cut short or no picture"):
        list(adapter.image().paint(order()))


def test_a_broken_preview_costs_nothing(wire: OpenAIWire, adapter: Adapter) -> None:
    """A preview that can't be decoded is passed over; the picture comes."""
    broken = b'data: {"type":"image_generation.partial_image","b64_json":"%%%"}\n\n'
    wire.answer_image(PICTURE, fault=insert_after(0, broken))

    (picture,) = adapter.image().paint(order())

    assert picture.data == PICTURE


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", BusyError),
        ("moderation_blocked", RefusedError),
        ("insufficient_quota", RejectedError),
        ("never_heard_of", ReplyError),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_an_error_among_the_events_means_what_its_code_means(
    wire: OpenAIWire, adapter: Adapter, code: str, kind: type[ProviderError], wrapped: bool
) -> None:
    """An error event ends the painting, whether the error lies in it or is it."""
    error = f'"code":"{code}","message":"It failed."'
    event = f'{{"type":"error","error":{{{error}}}}}' if wrapped else f'{{"type":"error",{error}}}'
    wire.answer_image(PICTURE, fault=insert_after(0, f"data: {event}\n\n".encode()))

    with pytest.raises(kind):
        list(adapter.image().paint(order()))


def test_a_refusal_names_what_the_safety_system_saw(wire: OpenAIWire, adapter: Adapter) -> None:
    """The category is the server's, from the message where nothing else tells it."""
    wire.answer_error(
        400,
        "Your request was rejected by the safety system. safety_violations=[violence, hate].",
        code="moderation_blocked",
    )

    with pytest.raises(RefusedError) as caught:
        list(adapter.image().paint(order()))

    assert caught.value.category == "violence, hate"
    assert "Change the words" in caught.value.message
    assert caught.value.request_id == f"req_{1:032x}"


def test_a_connection_is_used_again(
    wire: OpenAIWire, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call finds the connection open, so that it doesn't wait for another one."""
    opened: list[object] = []
    connect = socket.socket.connect

    def count(sock: socket.socket, address: object) -> None:
        opened.append(address)
        connect(sock, address)  # type: ignore[arg-type]  # any family's address passes through

    monkeypatch.setattr(socket.socket, "connect", count)
    wire.answer_image(PICTURE, times=None)
    model = adapter.image()
    list(model.paint(order()))
    join_calls(model.model)

    list(model.paint(order()))

    assert wire.count() == 2
    assert len(opened) == 1


def join_calls(model: str) -> None:
    """Wait until what is left of finished answers is read."""
    for thread in threading.enumerate():
        if thread.name.startswith(model):
            thread.join(5)
