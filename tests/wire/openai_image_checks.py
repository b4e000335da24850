"""What the OpenAI API accepts of a request for pictures, and what it says to the rest.

Sources, read 2026-11-23: openai 3.54.0 for Python, openai/types/image_generate_params.py and
openai/types/image_edit_params.py. The least and the most pixels are what users report.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.wire.openai_checks import (
    bad_request,
    bad_value,
    check_fields,
    check_kinds,
    missing,
)
from tests.wire.openai_models import FIXED_SIZES, IMAGE_MODELS, ImageLimits
from tests.wire.pictures import detect_mime, read_png_header
from tests.wire.requested import FormPart, Request, Violation

GENERATE_FIELDS = frozenset({
    "background", "complexity", "frame_count", "frame_duration_ms", "model", "moderation", "n",
    "output_compression", "output_format", "partial_images", "prompt", "quality",
    "response_format", "safety_identifier", "size", "stream", "style", "svg", "user",
})  # fmt: skip
EDIT_FIELDS = (GENERATE_FIELDS - {"moderation", "style"}) | {
    "image",
    "input_fidelity",
    "markup",
    "mask",
}
_LEGACY = frozenset({"response_format", "style"})
"""Still in the SDK, but refused by every model that is left."""

MAX_PROMPT_CHARS = 32_000
MAX_EDIT_IMAGES = 16
MAX_EDIT_IMAGE_BYTES = 50 * 1024 * 1024
MAX_MASK_BYTES = 4 * 1024 * 1024
MIN_PIXELS, MAX_PIXELS, MAX_EDGE_PX = 655_360, 8_294_400, 3840
MAX_IMAGES, MAX_PARTIALS = 10, 3

_FORMATS = frozenset({"png", "webp", "jpeg"})
_BACKGROUNDS = frozenset({"transparent", "opaque", "auto"})
_LEVELS = frozenset({"low", "medium", "high"})
_MIMES = ("image/jpeg", "image/png", "image/webp")
_FILES = frozenset({"image", "image[]", "mask", "markup"})
_NUMBERS = frozenset({"n", "partial_images", "output_compression", "frame_count"})


def read_params(request: Request) -> dict[str, Any]:
    """Return the parameters of a request for pictures, from its JSON or its form, typed."""
    if request.json is not None:
        return request.json
    plain = {part.name: part.data.decode() for part in request.parts if part.filename is None}
    return {name: _read_typed(name, value) for name, value in plain.items()}


def _read_typed(name: str, value: str) -> object:
    """Read the text of a form field as the type it has in JSON."""
    if name in _NUMBERS and re.fullmatch(r"-?\d+", value):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if name == "stream" else value


def check_generate(params: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is not accepted of a request to ``/images/generations``."""
    yield from check_fields(dict(params), GENERATE_FIELDS - _LEGACY)
    yield from _check_both(params)


def check_edit(params: Mapping[str, Any], parts: tuple[FormPart, ...]) -> Iterator[Violation]:
    """Yield what is not accepted of a request to ``/images/edits``."""
    yield from check_fields(dict(params), EDIT_FIELDS - _LEGACY)
    yield from _check_both(params)
    yield from _check_files(parts)
    limits = IMAGE_MODELS.get(str(params.get("model")))
    if limits is None:
        return
    fidelity = params.get("input_fidelity")
    if fidelity is not None and fidelity not in limits.fidelities:
        yield Violation(
            status=400,
            message=f"The model '{params['model']}' does not support the 'input_fidelity' "
            f"value {fidelity!r}.",
            param="input_fidelity",
            code="invalid_input_fidelity_model",
            type="image_generation_user_error",
        )
    if any(part.name == "markup" for part in parts) and not limits.markup:
        yield bad_request("'markup' is not supported for this model.", "markup")


def _check_both(params: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what neither generations nor edits accept."""
    prompt = params.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        yield missing("prompt")
    elif len(prompt) > MAX_PROMPT_CHARS:
        yield bad_request(
            f"Invalid 'prompt': string too long. Expected a string with maximum length "
            f"{MAX_PROMPT_CHARS}, but got a string with length {len(prompt)} instead.",
            "prompt",
            "string_above_max_length",
        )
    limits = IMAGE_MODELS.get(str(params.get("model")))
    if limits is not None:
        yield from _check_size(params.get("size") or "auto", limits)
        yield from _check_looks(params, limits)
    yield from _check_format(params)
    yield from _check_counts(params)


def _check_size(size: object, limits: ImageLimits) -> Iterator[Violation]:
    """Yield what is wrong with a size."""
    if size == "auto":
        return
    if not limits.any_size:
        if size not in FIXED_SIZES:
            yield bad_value(size, "size", ", ".join([*sorted(FIXED_SIZES), "auto"]))
        return
    edges = re.fullmatch(r"(\d+)x(\d+)", str(size))
    if edges is None:
        yield bad_value(size, "size", "'auto' or 'WIDTHxHEIGHT'")
        return
    for fault in _size_faults(int(edges[1]), int(edges[2])):
        yield bad_request(f"Invalid size '{size}': {fault}.", "size", "invalid_value")


def _size_faults(width_px: int, height_px: int) -> Iterator[str]:
    """Yield the rules that a width and a height break."""
    if width_px % 16 or height_px % 16:
        yield "width and height must be divisible by 16"
    if max(width_px, height_px) > 3 * min(width_px, height_px):
        yield "the aspect ratio must be between 1:3 and 3:1"
    if max(width_px, height_px) > MAX_EDGE_PX:
        yield f"no edge may be longer than {MAX_EDGE_PX} pixels"
    if not MIN_PIXELS <= width_px * height_px <= MAX_PIXELS:
        yield f"the picture must have {MIN_PIXELS} to {MAX_PIXELS} pixels"


def _check_looks(params: Mapping[str, Any], limits: ImageLimits) -> Iterator[Violation]:
    """Yield what the model does not offer of quality, background and complexity."""
    quality = params.get("quality") or "auto"
    if quality not in limits.qualities:
        yield bad_value(quality, "quality", ", ".join(sorted(limits.qualities)))
    background = params.get("background") or "auto"
    if background not in _BACKGROUNDS:
        yield bad_value(background, "background", ", ".join(sorted(_BACKGROUNDS)))
    if background == "transparent" and not limits.transparent:
        yield bad_request(
            "Transparent background is not supported for this model.", "background", "invalid_value"
        )
    complexity = params.get("complexity")
    if complexity is not None and not limits.complexity:
        yield bad_request("'complexity' is not supported for this model.", "complexity")
    elif complexity is not None and complexity not in _LEVELS:
        yield bad_value(complexity, "complexity", ", ".join(sorted(_LEVELS)))


def _check_format(params: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is wrong with the output's format, compression and moderation."""
    kind = params.get("output_format") or "png"
    if kind not in _FORMATS:
        yield bad_value(kind, "output_format", ", ".join(sorted(_FORMATS)))
    if params.get("background") == "transparent" and kind == "jpeg":
        yield bad_request(
            "Transparent background is not supported for 'jpeg' output.", "background"
        )
    compression = params.get("output_compression")
    if compression is not None and kind not in {"webp", "jpeg"}:
        yield bad_request(
            "'output_compression' is only supported for 'webp' and 'jpeg' output.",
            "output_compression",
        )
    yield from _check_range(compression, "output_compression", 0, 100)
    if params.get("moderation") not in {None, "low", "auto"}:
        yield bad_value(params["moderation"], "moderation", "low, auto")


def _check_counts(params: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is wrong with the number of pictures and of partial pictures."""
    yield from check_kinds(dict(params), bool, "stream")
    count = params.get("n")
    yield from _check_range(count, "n", 1, MAX_IMAGES)
    streamed = params.get("stream") is True
    if streamed and count not in {None, 1}:
        yield bad_request("Streaming is only supported for n=1.", "n", "invalid_value")
    partials = params.get("partial_images")
    yield from _check_range(partials, "partial_images", 0, MAX_PARTIALS)
    if partials is not None and not streamed:
        yield bad_request(
            "'partial_images' is only supported when 'stream' is true.", "partial_images"
        )


def _check_range(value: object, param: str, least: int, most: int) -> Iterator[Violation]:
    """Yield a number that is there but out of its range."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield bad_value(value, param, f"whole numbers from {least} to {most}")


def _check_files(parts: tuple[FormPart, ...]) -> Iterator[Violation]:
    """Yield what is wrong with the files of an edit."""
    files = [part for part in parts if part.filename is not None]
    images = [part for part in files if part.name in {"image", "image[]"}]
    masks = [part for part in files if part.name in {"mask", "markup"}]
    if not images:
        yield missing("image")
        return
    if len(images) > MAX_EDIT_IMAGES or sum(part.name == "image" for part in images) > 1:
        yield bad_request(
            f"Invalid 'image': send one file as 'image', or up to {MAX_EDIT_IMAGES} as 'image[]'.",
            "image",
            "invalid_value",
        )
    for part in files:
        yield from _check_file(part)
    if len(masks) > 1:
        yield bad_request("'mask' and 'markup' can not be combined.", "markup")
    for mask in masks:
        yield from _check_mask(mask, images[0])


def _check_file(part: FormPart) -> Iterator[Violation]:
    """Yield what is wrong with one file by itself."""
    if part.name not in _FILES:
        yield bad_request(f"Unknown parameter: '{part.name}'.", part.name, "unknown_parameter")
    if part.content_type not in _MIMES:
        yield bad_request(
            f"Invalid file '{part.name}': unsupported mimetype ('{part.content_type}'). Supported "
            "file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
            part.name,
            "unsupported_file_mimetype",
        )
    elif detect_mime(part.data) != part.content_type:
        yield bad_request(
            "Invalid image file or mode, please check your image file.",
            part.name,
            "invalid_image_file",
        )
    most = MAX_EDIT_IMAGE_BYTES if part.name.startswith("image") else MAX_MASK_BYTES
    if len(part.data) >= most:
        yield bad_request(f"Invalid file '{part.name}': {most} bytes or more.", part.name)


def _check_mask(mask: FormPart, image: FormPart) -> Iterator[Violation]:
    """Yield what keeps a mask from lying over the first image."""
    if detect_mime(mask.data) != "image/png":
        yield bad_request(f"Invalid file '{mask.name}': a PNG is expected.", mask.name)
        return
    width_px, height_px, alpha = read_png_header(mask.data)
    if not alpha:
        yield bad_request(
            "Invalid mask image format - mask image must contain an alpha channel.", mask.name
        )
    if detect_mime(image.data) != "image/png":
        return
    if read_png_header(image.data)[:2] != (width_px, height_px):
        yield bad_request(
            "Invalid mask image size - mask must have the same size as the first image.", mask.name
        )
