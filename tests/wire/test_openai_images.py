"""The real OpenAI SDK understands every picture the server sends, and each fits the SDK's types."""

from typing import Any

import openai
import pytest

from tests.wire.openai_images import make_image_usage
from tests.wire.pictures import JPEG, WEBP, encode_base64, make_png
from tests.wire.sdks import KEY_OPENAI, Sdks, find_strangers
from tests.wire.wire import Wire

_PICTURE = make_png(32, 32)


@pytest.fixture
def client(sdks: Sdks, wire: Wire) -> openai.OpenAI:
    """The SDK, pointed at the server."""
    return sdks.openai(wire)


def test_picture_is_streamed_with_previews(client: openai.OpenAI, wire: Wire) -> None:
    """Previews come first, numbered from 0; the picture comes with its bill."""
    usage = make_image_usage(text_tokens=3, output_tokens=5)
    wire.openai.answer_image(_PICTURE, partials=[JPEG, WEBP, JPEG], usage=usage)

    events: list[Any] = list(
        client.images.generate(
            model="gpt-image-2.6-sunburst",
            prompt="A lighthouse",
            size="1536x864",
            quality="max",
            output_format="webp",
            output_compression=80,
            background="transparent",
            moderation="low",
            stream=True,
            partial_images=2,
        )
    )

    kind = "image_generation"
    assert [event.type for event in events] == [
        f"{kind}.partial_image",
        f"{kind}.partial_image",
        f"{kind}.completed",
    ]
    assert [event.b64_json for event in events] == list(map(encode_base64, [JPEG, WEBP, _PICTURE]))
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    last = events[-1]
    assert (last.size, last.quality, last.output_format) == ("1536x864", "max", "webp")
    assert last.background == "transparent"
    assert last.usage.to_dict() == usage
    assert list(find_strangers(events)) == []
    assert wire.violations == ()


def test_whole_pictures_come_as_often_as_asked(client: openai.OpenAI, wire: Wire) -> None:
    """Without a stream there are `n` pictures, and what `auto` came to."""
    wire.openai.answer_image(_PICTURE, resolved={"quality": "high"})

    answer = client.images.generate(model="gpt-image-2", prompt="A lighthouse", n=3)

    assert [picture.b64_json for picture in answer.data or []] == [encode_base64(_PICTURE)] * 3
    assert (answer.size, answer.quality, answer.background) == ("1024x1024", "high", "opaque")
    assert answer.usage is not None
    assert answer.usage.output_tokens_details is not None
    assert list(find_strangers(answer)) == []
    assert wire.violations == ()


def test_pictures_are_edited(client: openai.OpenAI, wire: Wire) -> None:
    """An edit sends files with names and types, and gets a picture."""
    wire.openai.answer_image(_PICTURE)

    answer = client.images.edit(
        model="gpt-image-2.5-flare",
        prompt="Add a ship",
        image=[("a.png", _PICTURE, "image/png"), ("b.webp", WEBP, "image/webp")],
        mask=("mask.png", make_png(32, 32, alpha=0), "image/png"),
        n=1,
    )

    request = wire.openai.requests[0]
    files = [(part.name, part.filename) for part in request.parts if part.filename]
    assert files == [("image[]", "a.png"), ("image[]", "b.webp"), ("mask", "mask.png")]
    assert [part.data for part in request.parts if part.name == "image[]"] == [_PICTURE, WEBP]
    assert request.read_field("prompt") == "Add a ship"
    assert len(answer.data or []) == 1
    assert wire.violations == ()


def test_edit_is_streamed(client: openai.OpenAI, wire: Wire) -> None:
    """A streamed edit has events of its own name."""
    wire.openai.answer_image(_PICTURE, partials=[JPEG])

    events: list[Any] = list(
        client.images.edit(
            model="gpt-image-2.6-flare",
            prompt="Add a ship",
            image=("a.jpg", JPEG, "image/jpeg"),
            stream=True,
            partial_images=1,
        )
    )

    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert list(find_strangers(events)) == []
    assert wire.violations == ()


def test_big_picture_arrives_whole(client: openai.OpenAI, wire: Wire) -> None:
    """Megabytes of picture come through a stream unchanged."""
    picture = _PICTURE + bytes(range(256)) * 12_000
    wire.openai.answer_image(picture)

    events: list[Any] = list(
        client.images.generate(model="gpt-image-2", prompt="A lighthouse", stream=True)
    )

    assert events[0].b64_json == encode_base64(picture)


def test_key_and_request_id_are_kept(client: openai.OpenAI, wire: Wire) -> None:
    """A test can see which key was sent, and which id the answer had."""
    wire.openai.answer_image(_PICTURE)

    answer = client.images.generate(model="gpt-image-2", prompt="A lighthouse")

    assert wire.openai.requests[0].headers["authorization"] == f"Bearer {KEY_OPENAI}"
    assert answer._request_id == f"req_{1:032x}"
