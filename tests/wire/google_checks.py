"""What the Gemini API accepts of a request, and what it says to the rest. Dated facts.

A model that has been shut down is not known: asking for it is a 404, as it is in the world. Thinking
levels are those documented; where none are, none is accepted.

Sources, read 2026-11-23: google-genai 3.4.0 for Python, google/genai/models.py (the converters named
``…_to_mldev``) and google/genai/types.py; https://aistudio.google.com/docs
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.wire.answers import Json
from tests.wire.requested import Request, Violation

BODY_FIELDS = frozenset({
    "cachedContent", "contents", "continuationToken", "generationConfig", "labels",
    "safetySettings", "serviceTier", "store", "systemInstruction", "toolConfig", "tools",
})  # fmt: skip
CONFIG_FIELDS = frozenset({
    "audioTranscriptionConfig", "candidateCount", "enableEnhancedCivicAnswers", "frequencyPenalty",
    "imageConfig", "logprobs", "maxOutputTokens", "mediaResolution", "presencePenalty",
    "responseJsonSchema", "responseLogprobs", "responseMimeType", "responseModalities",
    "responseSchema", "seed", "speechConfig", "stopSequences", "temperature", "thinkingConfig",
    "topK", "topP",
})  # fmt: skip
MAX_BODY_BYTES = 20 * 1024 * 1024
MAX_REFERENCES = 14

_TEN_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_ALL_RATIOS = (*_TEN_RATIOS, "1:8", "8:1", "1:4", "4:1")
_THREE_LEVELS = frozenset({"LOW", "MEDIUM", "HIGH"})
_MODALITIES = frozenset({"TEXT", "IMAGE"})
_MIMES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
_PART_FIELDS = frozenset({"text", "inlineData", "fileData", "thought", "thoughtSignature"})
_STANDARD_ALPHABET = str.maketrans("-_", "+/")
_MIME_TYPES = frozenset({"text/plain", "application/json", "text/x.enum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one model accepts."""

    ratios: tuple[str, ...] = ()
    """Of pictures, width to height; empty for a model that does not paint."""
    sizes: tuple[str, ...] = ()
    thinking_levels: frozenset[str] = frozenset()
    structured: bool = True
    """Whether it answers in JSON by a schema."""


MODELS = {
    "gemini-nano-banana-2.1": Limits(
        ratios=_ALL_RATIOS,
        sizes=("1K", "2K", "4K"),
        thinking_levels=frozenset({"MINIMAL", "MEDIUM", "HIGH"}),
        structured=False,
    ),
    "gemini-3-pro-image": Limits(ratios=_TEN_RATIOS, sizes=("1K", "2K", "4K")),
    "nano-banana-pro-preview": Limits(ratios=_TEN_RATIOS, sizes=("1K", "2K", "4K")),
    "gemini-3.1-flash-lite-image": Limits(ratios=_TEN_RATIOS, sizes=("1K",)),
    "gemini-3.8-flash": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.7-flash": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.6-flash": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-4-hydrogen": Limits(thinking_levels=_THREE_LEVELS | {"XHIGH"}),
    "gemini-4-argon": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-4-carbon": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.5-flash": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.5-flash-lite": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.1-flash-lite": Limits(thinking_levels=_THREE_LEVELS),
    "gemini-3.1-pro-preview": Limits(thinking_levels=_THREE_LEVELS),
}


def in_camel_case(value: Any) -> Any:
    """Return a JSON value with its names in camel case: the API takes both, the SDK sends both.

    Args:
        value: a body or a part of one.

    Returns:
        The same, but for the names; schemas in it as they came, for their names are the sender's.
    """
    if isinstance(value, list):
        return [in_camel_case(one) for one in value]
    if not isinstance(value, dict):
        return value
    camel = {re.sub("_([a-z])", lambda found: found[1].upper(), name): name for name in value}
    return {
        name: value[sent] if name.endswith("Schema") else in_camel_case(value[sent])
        for name, sent in camel.items()
    }


def check_key(request: Request) -> Iterator[Violation]:
    """Yield what is wrong with the key's header."""
    if not request.headers.get("x-goog-api-key", "").strip():
        yield Violation(
            status=403,
            message="Method doesn't allow unregistered callers (callers without established "
            "identity). Please use API Key or other form of API consumer identity to call this API.",
            type="PERMISSION_DENIED",
        )


def check_model(request: Request) -> Iterator[Violation]:
    """Yield a model that this version of the API does not know."""
    version, model = request.path.split("/")[1], request.model
    if model not in MODELS:
        yield Violation(
            status=404,
            message=f"models/{model} is not found for API version {version}, or is not supported "
            "for generateContent. Call ListModels to see the list of available models and their "
            "supported methods.",
            type="NOT_FOUND",
        )


def check_body(request: Request) -> Iterator[Violation]:
    """Yield what is wrong with the body of a request to generate content."""
    if len(request.body) > MAX_BODY_BYTES:
        yield _invalid(f"Request payload size exceeds the limit: {MAX_BODY_BYTES} bytes.")
        return
    if request.json is None:
        yield _invalid("Invalid JSON payload received.")
        return
    if request.streamed and request.query.get("alt") != "sse":
        yield _invalid("A stream is read as server-sent events: ask for it with alt=sse.", "alt")
    body = request.json
    yield from _check_names(body, BODY_FIELDS, "")
    yield from _check_contents(body.get("contents"))
    if body.get("systemInstruction") is not None:
        yield from _check_parts(body["systemInstruction"], "system_instruction")
    limits = MODELS.get(str(request.model))
    if limits is not None:
        yield from _check_config(body.get("generationConfig") or {}, limits)


def _invalid(message: str, param: str | None = None) -> Violation:
    """Make a plain 400."""
    return Violation(status=400, message=message, param=param, type="INVALID_ARGUMENT")


def _check_names(body: Json, known: frozenset[str], where: str) -> Iterator[Violation]:
    """Yield the fields that the API does not know."""
    for name in body:
        if name not in known:
            place = f" at '{where}'" if where else ""
            message = f'Invalid JSON payload received. Unknown name "{name}"{place}: '
            yield _invalid(f"{message}Cannot find field.", name)


def _check_contents(contents: Any) -> Iterator[Violation]:
    """Yield what is wrong with the contents: who speaks, and what they say."""
    if not isinstance(contents, list) or not contents:
        yield _invalid("* GenerateContentRequest.contents: contents is not specified", "contents")
        return
    references = 0
    for number, content in enumerate(contents):
        if content.get("role") not in {None, "user", "model"}:
            yield _invalid("Please use a valid role: user, model.", f"contents[{number}].role")
        yield from _check_parts(content, f"contents[{number}]")
        references += sum("inlineData" in part for part in content.get("parts", []))
    if references > MAX_REFERENCES:
        yield _invalid(f"At most {MAX_REFERENCES} pictures are accepted, {references} came.")


def _check_parts(content: Any, where: str) -> Iterator[Violation]:
    """Yield what is wrong with the parts of one content."""
    parts = content.get("parts")
    if not parts:
        yield _invalid(f"* {where}.parts: must not be empty.", f"{where}.parts")
        return
    for number, part in enumerate(parts):
        place = f"{where}.parts[{number}]"
        yield from _check_names(part, _PART_FIELDS, place)
        if sum(name in part for name in ("text", "inlineData", "fileData")) != 1:
            yield _invalid(
                f"* {place}.data: required oneof field 'data' must have one initialized field",
                place,
            )
        if "inlineData" in part:
            yield from _check_blob(part["inlineData"], place)


def _check_blob(blob: Json, place: str) -> Iterator[Violation]:
    """Yield what is wrong with a picture sent along."""
    if blob.get("mimeType") not in _MIMES:
        yield _invalid(f"Unsupported MIME type: {blob.get('mimeType')}", f"{place}.mime_type")
    try:
        # Both alphabets are read; the SDK sends the one that is safe in addresses.
        plain = str(blob.get("data", "")).translate(_STANDARD_ALPHABET)
        data = base64.b64decode(plain, validate=True)
    except binascii.Error:
        data = b""
    if not data:
        yield _invalid(f"Invalid value at '{place}.data': Base64 decoding failed.", place)


def _check_config(config: Json, limits: Limits) -> Iterator[Violation]:
    """Yield what is wrong with the generation's settings."""
    yield from _check_names(config, CONFIG_FIELDS, "generation_config")
    for name in ("temperature", "topP", "topK"):
        if name in config:
            yield _invalid(f"{name} is not supported by this model.", name)
    if config.get("candidateCount") not in {None, 1}:
        yield _invalid("Multiple candidates is not enabled for this model", "candidateCount")
    limit = config.get("maxOutputTokens")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        yield _invalid("max_output_tokens must be positive.", "maxOutputTokens")
    yield from _check_output(config, limits)
    yield from _check_thinking(config.get("thinkingConfig") or {}, limits)
    if "imageConfig" in config:
        yield from _check_image_config(config["imageConfig"], limits)


def _check_output(config: Json, limits: Limits) -> Iterator[Violation]:
    """Yield what is wrong with the kind of output that is asked for."""
    modalities = config.get("responseModalities") or []
    if not set(modalities) <= _MODALITIES or ("IMAGE" in modalities and not limits.ratios):
        yield _invalid(
            "The requested combination of response modalities is not supported by the model.",
            "responseModalities",
        )
    kind = config.get("responseMimeType")
    if kind not in {None, *_MIME_TYPES}:
        yield _invalid(f"* GenerateContentRequest.generation_config.response_mime_type: {kind}")
    schemas = [name for name in ("responseJsonSchema", "responseSchema") if name in config]
    if schemas and kind != "application/json":
        yield _invalid(
            "Response schema is only supported with response mime type: 'application/json'.",
            schemas[0],
        )
    if not limits.structured and (schemas or kind == "application/json"):
        yield _invalid("JSON mode is not enabled for this model", "responseMimeType")


def _check_thinking(thinking: Json, limits: Limits) -> Iterator[Violation]:
    """Yield what is wrong with the thinking that is asked for."""
    known = frozenset({"includeThoughts", "thinkingLevel", "thinkingBudget"})
    yield from _check_names(thinking, known, "generation_config.thinking_config")
    if "thinkingBudget" in thinking:
        yield _invalid("Thinking budget is not supported for this model.", "thinkingBudget")
    level = thinking.get("thinkingLevel")
    if level is not None and str(level).upper() not in limits.thinking_levels:
        yield _invalid(f"Thinking level {level} is not supported for this model.", "thinkingLevel")


def _check_image_config(config: Json, limits: Limits) -> Iterator[Violation]:
    """Yield what is wrong with the shape and the size of the pictures."""
    if not limits.ratios:
        yield _invalid("Image generation is not enabled for this model.", "imageConfig")
        return
    yield from _check_names(
        config, frozenset({"aspectRatio", "imageSize"}), "generation_config.image_config"
    )
    ratio, size = config.get("aspectRatio"), config.get("imageSize")
    if ratio is not None and ratio not in limits.ratios:
        yield _invalid(
            f"aspect_ratio must be one of {', '.join(limits.ratios)}; {ratio!r} came.",
            "aspectRatio",
        )
    if size is not None and size not in limits.sizes:
        yield _invalid(
            f"image_size must be one of {', '.join(limits.sizes)}; {size!r} came.", "imageSize"
        )
