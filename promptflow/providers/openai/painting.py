"""One picture by one call: the order as OpenAI's API wants it, and what comes back as our records.

Source: openai 3.54.0 for Python, openai/types/image_generate_params.py, image_edit_params.py,
image_gen_stream_event.py and images_response.py, read 2026-11-23.
"""

import binascii
import json
import re
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from promptflow.catalog import read_pixels
from promptflow.errors import ProviderError, RejectedError
from promptflow.ports import ImageRequest, Picture, Reference
from promptflow.providers.openai.errors import (
    PROVIDER,
    Call,
    bad_reply,
    ended_early,
    find_error_in_stream,
    translated,
)
from promptflow.providers.openai.reading import (
    read,
    read_count,
    read_first,
    read_rest,
    read_text,
)
from promptflow.providers.openai.table import is_refusal
from promptflow.providers.openai.troubles import Trouble
from promptflow.records import ImageParameters, Usage

if TYPE_CHECKING:
    from openai import OpenAI, Stream

Pixels = Callable[[str], str | None]
"""Aspect ratio → width × height in pixels, e.g. ``1536x1024``; ``None`` for a shape that is not painted."""

PARTIALS = 2
"""Previews of each picture; each costs some hundred tokens."""
_PARTIAL = frozenset({"image_generation.partial_image", "image_edit.partial_image"})
_WHOLE = frozenset({"image_generation.completed", "image_edit.completed"})
_EXTENSIONS = {"image/jpeg": "jpg", "image/webp": "webp"}
_REFUSING = frozenset({400, 404, 405, 422, 501})
_STREAMING = re.compile(r"\b(stream|streamed|streaming|partial_images)\b", re.IGNORECASE)
_MAX_WORD_CHARS = 40


def write_order(request: ImageRequest, call: Call, pixels: Pixels) -> dict[str, Any]:
    """Put together what one call asks for: one picture, and only the parameters that are given.

    Args:
        request: the prompt, the shape, the parameters and the references.
        call: whom it goes to.
        pixels: aspect ratio → size in pixels, where no size was chosen.

    Returns:
        Parameters of ``images.generate``; of ``images.edit`` where there is an ``image``.

    Raises:
        RejectedError: the shape or the size can't be asked for; nothing was sent.
    """
    wanted = request.parameters
    given = {
        "quality": wanted.quality,
        "background": wanted.background,
        "output_format": wanted.output_format,
        "output_compression": wanted.output_compression,
        "moderation": wanted.moderation,
    }
    order: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    order |= {"model": call.model, "prompt": request.prompt, "n": 1}
    order["size"] = _choose_size(request, call, pixels)
    files = [_name_file(*each) for each in enumerate(request.references, 1)]
    if files:
        # A single one goes out as `image`, several as `image[]`: not every server knows the latter.
        order["image"] = files[0] if len(files) == 1 else files
    return order


def open_stream(client: "OpenAI", order: dict[str, Any]) -> "Stream[Any]":
    """Send an order; the answer is a stream of previews and the picture.

    Args:
        client: the SDK's.
        order: as `write_order` makes it.

    Returns:
        The stream; the caller closes it.
    """
    paint = client.images.edit if "image" in order else client.images.generate
    stream: Stream[Any] = paint(**order, stream=True, partial_images=PARTIALS)
    return stream


def refuses_streams(trouble: Trouble) -> bool:
    """Say whether a server turned an order down only because a stream was asked for."""
    told = _STREAMING.search(f"{trouble.param} {trouble.said}")
    return trouble.status in _REFUSING and told is not None and not is_refusal(trouble)


def read_stream(stream: "Stream[Any]", call: Call) -> Generator[Picture]:
    """Read previews and the picture as they come; events of other kinds are passed over.

    Args:
        stream: as `open_stream` returns it; it is closed at the end.
        call: whom it comes from.

    Yields:
        Partial pictures, any number, then the whole one; all with the index 0. Who asks for more then
        waits for the end of the answer, so that its connection can be used again.

    Raises:
        ReplyError: there is no picture, or it can't be decoded.
        ProviderError: the painting failed on the other side.
    """
    call = call.answered(stream.response.headers)
    try:
        with translated(call):
            if "json" in read_text(stream.response.headers, "content-type"):
                # A server that passes over the wish for a stream has painted all the same.
                yield read_whole(json.loads(stream.response.read()), call)
                return
            error: ProviderError = ended_early(call)
            for event in stream:
                kind = read_text(event, "type")
                if kind in _PARTIAL:
                    yield from _read_preview(event)
                elif kind in _WHOLE:
                    yield _read_picture(event, event, call)
                    read_rest(stream)
                    return
                elif kind == "error":
                    error = find_error_in_stream(event, call)
                    break
            raise error
    finally:
        stream.close()


def paint_whole(client: "OpenAI", order: dict[str, Any], call: Call) -> Picture:
    """Send an order and wait for the picture.

    Args:
        client: the SDK's.
        order: as `write_order` makes it.
        call: whom it goes to.

    Returns:
        The picture, with the index 0.

    Raises:
        ProviderError: the order was turned down, the answer broke off, or there is no picture in it.
    """
    images = client.images.with_streaming_response
    paint = images.edit if "image" in order else images.generate
    # The answer is read here, because whatever goes wrong in it would lose its id within the SDK.
    with translated(call), paint(**order) as response:
        call = call.answered(response.headers)
        with translated(call):
            return read_whole(json.loads(response.read()), call)


def read_whole(body: object, call: Call) -> Picture:
    """Read the picture out of an answer that came in one piece.

    Args:
        body: the answer.
        call: whom it comes from.

    Returns:
        The picture, with the index 0.

    Raises:
        ReplyError: there is none, or it can't be decoded.
    """
    return _read_picture(read_first(body, "data"), body, call)


def _choose_size(request: ImageRequest, call: Call, pixels: Pixels) -> str:
    size = request.parameters.size
    chosen = pixels(request.aspect_ratio) if size is None else size
    if chosen is not None and (chosen == "auto" or read_pixels(chosen)):
        return chosen
    if size is not None:
        message = (
            f"{call.title} can't paint in the size {size!r}. It takes width × height in pixels, such as"
            " 1536x1024, or auto; choose one of those."
        )
    else:
        message = (
            f"{call.title} can't paint in the shape {request.aspect_ratio!r}. Choose another, or a size"
            " in pixels."
        )
    raise RejectedError(message, provider=PROVIDER, model=call.model, sent=False)


def _name_file(number: int, reference: Reference) -> tuple[str, bytes, str]:
    """Return a reference as the SDK uploads it: without a name and type it would be refused."""
    extension = _EXTENSIONS.get(reference.mime, "png")
    return f"reference-{number}.{extension}", reference.data, reference.mime


def _read_picture(source: object, facts: object, call: Call) -> Picture:
    """Read a whole picture and what is told about it."""
    data = _decode(read(source, "b64_json"))
    if not data:
        sentence = (
            "{who} sent a picture by {title} that is empty, cut short or no picture at all. Try again, or"
            " choose another model."
        )
        raise bad_reply(call, sentence)
    return Picture(
        index=0,
        data=data,
        usage=_read_usage(facts),
        resolved=_read_resolved(facts, call),
        request_id=call.request_id,
    )


def _read_preview(event: object) -> Generator[Picture]:
    """Yield a preview; one that can't be decoded is not worth a word."""
    data = _decode(read(event, "b64_json"))
    if data:
        yield Picture(index=0, data=data, partial=True)


def _decode(text: object) -> bytes:
    """Return the bytes behind base64; none where it is empty, cut short or something else."""
    try:
        # Neither `read_text` nor `base64.b64decode`: each makes a copy of what may be many megabytes.
        return binascii.a2b_base64(text, strict_mode=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _read_usage(facts: object) -> Usage | None:
    output_tokens = read_count(facts, "usage", "output_tokens")
    painted = read_count(facts, "usage", "output_tokens_details", "image_tokens")
    usage = Usage(
        input_tokens=read_count(facts, "usage", "input_tokens"),
        cached_tokens=read_count(facts, "usage", "input_tokens_details", "cached_tokens"),
        input_image_tokens=read_count(facts, "usage", "input_tokens_details", "image_tokens"),
        output_tokens=output_tokens,
        # Streams don't tell the two apart: there, all of them are the picture's.
        output_image_tokens=output_tokens if painted is None else painted,
    )
    return None if usage == Usage() else usage


def _read_resolved(facts: object, call: Call) -> ImageParameters | None:
    def word(name: str) -> str | None:
        return call.clean(read_text(facts, name))[:_MAX_WORD_CHARS] or None

    resolved = ImageParameters(
        quality=word("quality"),
        size=word("size"),
        background=word("background"),
        output_format=word("output_format"),
    )
    return None if resolved == ImageParameters() else resolved
