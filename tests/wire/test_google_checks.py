"""The server turns away what the Gemini API does not accept, in the API's own words, and notes it."""

import inspect
import re
from typing import Any

import pytest
from google.genai import errors, models, types

from tests.wire.google_checks import BODY_FIELDS, CONFIG_FIELDS
from tests.wire.pictures import JPEG, make_png
from tests.wire.sdks import GoogleCaller, Sdks
from tests.wire.wire import Wire

_TEXT = "gemini-3.8-flash"
_BANANA = "gemini-nano-banana-2.1"
_PRO = "gemini-3-pro-image"
_LITE = "gemini-3.1-flash-lite-image"
_PICTURE = types.Part.from_bytes(data=JPEG, mime_type="image/jpeg")


def _level(level: str) -> dict[str, Any]:
    """Return the setting of a thinking level."""
    return {"thinking_config": types.ThinkingConfig(thinking_level=types.ThinkingLevel(level))}


def _image(**config: str) -> dict[str, Any]:
    """Return the settings of a picture."""
    return {"image_config": types.ImageConfig(**config)}  # type: ignore[arg-type]  # text fields only


@pytest.fixture
def caller(sdks: Sdks, wire: Wire) -> GoogleCaller:
    """The SDK, pointed at a server that would answer anything good."""
    wire.google.answer_text("Deep blue", times=None)
    wire.google.answer_image(make_png(), times=None)
    return sdks.google(wire)


_BAD: list[tuple[str, dict[str, Any], str]] = [
    (_TEXT, {"temperature": 0.7}, "temperature"),
    (_TEXT, {"top_p": 0.7}, "topP"),
    (_TEXT, {"top_k": 7}, "topK"),
    (_TEXT, {"candidate_count": 2}, "candidateCount"),
    (_TEXT, {"max_output_tokens": 0}, "maxOutputTokens"),
    (_TEXT, {"thinking_config": types.ThinkingConfig(thinking_budget=99)}, "thinkingBudget"),
    (_TEXT, _level("MINIMAL"), "thinkingLevel"),
    (_TEXT, _level("XHIGH"), "thinkingLevel"),
    ("gemini-4-argon", _level("XHIGH"), "thinkingLevel"),
    (_BANANA, _level("LOW"), "thinkingLevel"),
    (_TEXT, {"response_json_schema": {"type": "object"}}, "responseJsonSchema"),
    (_TEXT, {"response_modalities": ["IMAGE"]}, "responseModalities"),
    (_BANANA, {"response_modalities": ["AUDIO"]}, "responseModalities"),
    (_BANANA, {"response_mime_type": "application/json"}, "responseMimeType"),
    (_TEXT, _image(aspect_ratio="1:1"), "imageConfig"),
    (_BANANA, _image(aspect_ratio="7:5"), "aspectRatio"),
    (_BANANA, _image(image_size="512"), "imageSize"),
    (_BANANA, _image(image_size="2k"), "imageSize"),
    (_PRO, _image(aspect_ratio="1:8"), "aspectRatio"),
    (_LITE, _image(image_size="2K"), "imageSize"),
]

_GOOD: list[tuple[str, dict[str, Any]]] = [
    (_TEXT, _level("HIGH")),
    ("gemini-4-hydrogen", _level("XHIGH")),
    (_TEXT, {"response_mime_type": "application/json", "response_json_schema": {"type": "object"}}),
    (_TEXT, {"seed": 3, "stop_sequences": ["x"]}),
    (_BANANA, _image(aspect_ratio="1:8", image_size="4K") | _level("MINIMAL")),
    (_BANANA, {"response_modalities": ["IMAGE"]} | _image(image_size="1K")),
    (_PRO, {"response_modalities": ["TEXT", "IMAGE"]} | _image(aspect_ratio="21:9")),
    (_LITE, _image(image_size="1K")),
]


@pytest.mark.parametrize(("model", "config", "param"), _BAD)
def test_bad_setting_is_turned_away_and_noted(
    caller: GoogleCaller, wire: Wire, model: str, config: dict[str, Any], param: str
) -> None:
    """A setting that breaks a rule gets a 400 that names the field, and is a violation."""
    with pytest.raises(errors.ClientError) as caught:
        caller.generate(model, "A lighthouse", **config)

    fault = caught.value.details["error"]["details"][0]["fieldViolations"][0]
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert fault["field"] == param
    assert [violation.param for violation in wire.violations] == [param]


@pytest.mark.parametrize(("model", "config"), _GOOD)
def test_good_setting_passes(
    caller: GoogleCaller, wire: Wire, model: str, config: dict[str, Any]
) -> None:
    """A request at the edge of the rules is answered."""
    caller.generate(model, ["A lighthouse", _PICTURE], **config)

    assert wire.violations == ()


@pytest.mark.parametrize(
    "model", ["gemini-9", "gemini-3.1-flash-image", "gemini-2.5-flash-image", "gemini-flash-latest"]
)
def test_unknown_and_retired_models_are_not_found(
    caller: GoogleCaller, wire: Wire, model: str
) -> None:
    """A model that isn't there is a 404."""
    with pytest.raises(errors.ClientError) as caught:
        caller.generate(model, "A lighthouse")

    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    assert len(wire.violations) == 1


def test_request_without_a_key_is_forbidden(caller: GoogleCaller, wire: Wire) -> None:
    """Without the key's header there is a 403."""
    caller.options.headers = {"x-goog-api-key": ""}

    with pytest.raises(errors.ClientError) as caught:
        caller.generate(_TEXT, "A lighthouse")

    assert (caught.value.code, caught.value.status) == (403, "PERMISSION_DENIED")
    assert wire.violations[0].status == 403


def test_request_may_not_be_too_large(caller: GoogleCaller, wire: Wire) -> None:
    """More than 20 megabytes in one request is a 400."""
    large = types.Part.from_bytes(data=JPEG * 100_000, mime_type="image/jpeg")

    with pytest.raises(errors.ClientError, match="payload size exceeds"):
        caller.generate(_BANANA, ["A lighthouse", large])

    assert len(wire.violations) == 1


def test_pictures_sent_along_are_counted(caller: GoogleCaller, wire: Wire) -> None:
    """Fourteen pictures pass, fifteen do not."""
    caller.generate(_BANANA, ["A lighthouse", *[_PICTURE] * 14])

    with pytest.raises(errors.ClientError, match="At most 14"):
        caller.generate(_BANANA, ["A lighthouse", *[_PICTURE] * 15])


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([types.Content(role="wizard", parts=[types.Part(text="x")])], "valid role"),
        ([types.Content(role="user", parts=[])], "must not be empty"),
        ([types.Part.from_bytes(data=b"x", mime_type="application/pdf")], "Unsupported MIME"),
        ([types.Part.from_bytes(data=b"", mime_type="image/png")], "Base64"),
    ],
)
def test_bad_contents_are_turned_away(
    caller: GoogleCaller, contents: list[Any], words: str
) -> None:
    """Contents have a known role, parts, and pictures of a known type."""
    with pytest.raises(errors.ClientError, match=words):
        caller.generate(_TEXT, contents)


def test_unknown_route_is_not_found(sdks: Sdks, wire: Wire) -> None:
    """A route this server does not speak is a 404, and noted."""
    caller = sdks.google(wire)

    with pytest.raises(errors.ClientError):
        caller.client.models.count_tokens(
            model=_TEXT, contents="x", config=types.CountTokensConfig(http_options=caller.options)
        )

    assert wire.violations[0].where == f"POST /v1/models/{_TEXT}:countTokens"


def _written(converter: Any, target: str) -> set[str]:
    """Return the names a converter of the SDK writes into one of its objects."""
    source = inspect.getsource(converter)
    return set(re.findall(rf"setv\(\s*{target},\s*\['(\w+)'\]", source))


def test_known_fields_are_the_sdks() -> None:
    """The server knows the fields the SDK writes, and no other."""
    config = models._GenerateContentConfig_to_mldev
    body = models._GenerateContentParameters_to_mldev

    assert _written(config, "to_object") == CONFIG_FIELDS
    assert _written(config, "parent_object") | _written(body, "to_object") == BODY_FIELDS
