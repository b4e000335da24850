"""The server turns away what the OpenAI API does not accept, in the API's own words, and notes it."""

from typing import Any

import openai
import pytest
from openai.types import image_edit_params, image_generate_params
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from tests.wire.openai_checks import CHAT_FIELDS, RESPONSES_FIELDS
from tests.wire.openai_image_checks import EDIT_FIELDS, GENERATE_FIELDS
from tests.wire.pictures import JPEG, NOT_A_PICTURE, make_png
from tests.wire.sdks import Sdks
from tests.wire.wire import Wire

_PICTURE = make_png(32, 32)
_MASK = make_png(32, 32, alpha=0)
_FILE = ("a.png", _PICTURE, "image/png")
_CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def _schema(**changes: Any) -> dict[str, Any]:
    """Return a strict schema with an object and a list inside, changed at its root."""
    inner = {
        "type": "object",
        "properties": {"x": {"type": ["string", "null"]}},
        "required": ["x"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": inner}, "b": {"$ref": "#/$defs/b"}},
        "required": ["a", "b"],
        "additionalProperties": False,
        "$defs": {"b": {"anyOf": [inner, {"type": "null"}]}},
    }
    return schema | changes


def _format(schema: dict[str, Any], *, name: str = "plan", strict: bool = True) -> dict[str, Any]:
    """Return the `text` parameter that asks for a schema."""
    wanted = {"type": "json_schema", "name": name, "schema": schema, "strict": strict}
    return {"text": {"format": wanted}}


@pytest.fixture
def client(sdks: Sdks, wire: Wire) -> openai.OpenAI:
    """The SDK, pointed at a server that would answer anything good."""
    wire.openai.answer_text("Deep blue", times=None)
    wire.openai.answer_image(_PICTURE, times=None)
    return sdks.openai(wire)


def _respond(client: openai.OpenAI, **more: Any) -> None:
    """Ask the Responses API."""
    client.responses.create(**{"model": "gpt-6-luna", "input": "x", "store": False, **more})


def _chat(client: openai.OpenAI, **more: Any) -> None:
    """Ask Chat Completions."""
    messages = [{"role": "user", "content": "x"}]
    client.chat.completions.create(**{"model": "gpt-6-luna", "messages": messages, **more})


def _generate(client: openai.OpenAI, **more: Any) -> None:
    """Ask for a picture, to the end of the stream if there is one."""
    asked = {"model": "gpt-image-2.6-flare", "prompt": "x", **more}
    answer: Any = client.images.generate(**asked)
    list(answer)


def _edit(client: openai.OpenAI, **more: Any) -> None:
    """Ask for an edit."""
    asked = {"model": "gpt-image-2.6-flare", "prompt": "x", "image": [_FILE], **more}
    client.images.edit(**asked)


_CALLS = {"respond": _respond, "chat": _chat, "generate": _generate, "edit": _edit}

_BAD: list[tuple[str, dict[str, Any], str | None]] = [
    ("respond", {"input": ""}, "input"),
    ("respond", {"model": "gpt-image-2"}, "model"),
    ("respond", {"temperature": 0.7}, "temperature"),
    ("respond", {"top_p": 0.7}, "top_p"),
    ("respond", {"model": "gpt-6.2-sol", "reasoning": {"effort": "none"}}, "reasoning.effort"),
    ("respond", {"model": "gpt-6.2-sol", "reasoning": {"effort": "minimal"}}, "reasoning.effort"),
    ("respond", {"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
    ("respond", {"reasoning": {"summary": "long"}}, "reasoning.summary"),
    ("respond", {"reasoning": {"depth": 3}}, "reasoning.depth"),
    ("respond", {"model": "gpt-4o", "reasoning": {"effort": "low"}}, "reasoning.effort"),
    ("respond", {"extra_body": {"seed": 3}}, "seed"),
    ("respond", {"extra_body": {"store": "no"}}, "store"),
    ("respond", {"extra_body": {"stream": "yes"}}, "stream"),
    ("respond", {"stream_options": {"include_obfuscation": False}}, "stream_options"),
    ("respond", {"max_output_tokens": 0}, "max_output_tokens"),
    ("respond", {"text": {"verbosity": "huge"}}, "text.verbosity"),
    ("respond", _format(_schema(additionalProperties=True)), "text.format.schema"),
    ("respond", _format(_schema(required=["a"])), "text.format.schema"),
    ("respond", _format(_schema(required=["a", "b", "c"])), "text.format.schema"),
    ("respond", _format(_schema(type="array")), "text.format.schema"),
    ("respond", _format(_schema(allOf=[])), "text.format.schema"),
    ("respond", _format(_schema(**{"$defs": {"b": {"type": "object"}}})), "text.format.schema"),
    ("respond", _format(_schema(), name="action plan"), "text.format.name"),
    ("chat", {"messages": []}, "messages"),
    ("chat", {"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
    ("chat", {"temperature": 0.7}, "temperature"),
    ("chat", {"max_tokens": 10}, "max_tokens"),
    ("chat", {"stream_options": {"include_usage": True}}, "stream_options"),
    ("chat", {"reasoning_effort": "extreme"}, "reasoning_effort"),
    (
        "chat",
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "plan", "schema": {"type": "object"}, "strict": True},
            }
        },
        "response_format.schema",
    ),
    ("generate", {"prompt": ""}, "prompt"),
    ("generate", {"prompt": "x" * 32_001}, "prompt"),
    ("generate", {"model": "gpt-6-luna"}, "model"),
    ("generate", {"size": "1000x1000"}, "size"),
    ("generate", {"size": "2048x512"}, "size"),
    ("generate", {"size": "512x512"}, "size"),
    ("generate", {"size": "3840x2176"}, "size"),
    ("generate", {"size": "4096x1376"}, "size"),
    ("generate", {"size": "square"}, "size"),
    ("generate", {"model": "gpt-image-1.5", "size": "1536x864"}, "size"),
    ("generate", {"quality": "hd"}, "quality"),
    ("generate", {"model": "gpt-image-2", "quality": "xhigh"}, "quality"),
    ("generate", {"model": "gpt-image-2", "background": "transparent"}, "background"),
    ("generate", {"background": "transparent", "output_format": "jpeg"}, "background"),
    ("generate", {"background": "pink"}, "background"),
    ("generate", {"output_compression": 50}, "output_compression"),
    ("generate", {"output_compression": 50, "output_format": "png"}, "output_compression"),
    ("generate", {"output_compression": 101, "output_format": "webp"}, "output_compression"),
    ("generate", {"output_format": "gif"}, "output_format"),
    ("generate", {"partial_images": 2}, "partial_images"),
    ("generate", {"partial_images": 4, "stream": True}, "partial_images"),
    ("generate", {"n": 0}, "n"),
    ("generate", {"n": 11}, "n"),
    ("generate", {"n": 2, "stream": True}, "n"),
    ("generate", {"response_format": "b64_json"}, "response_format"),
    ("generate", {"style": "vivid"}, "style"),
    ("generate", {"moderation": "none"}, "moderation"),
    ("generate", {"model": "gpt-image-2.5-flare", "complexity": "low"}, "complexity"),
    ("generate", {"extra_body": {"seed": 3}}, "seed"),
    ("generate", {"extra_body": {"input_fidelity": "high"}}, "input_fidelity"),
    ("edit", {"model": "gpt-image-2", "input_fidelity": "high"}, "input_fidelity"),
    ("edit", {"image": [_FILE] * 17}, "image"),
    ("edit", {"image": _PICTURE}, "image"),
    ("edit", {"image": [("a.gif", b"GIF89a", "image/gif")]}, "image[]"),
    ("edit", {"image": [("a.png", NOT_A_PICTURE, "image/png")]}, "image[]"),
    ("edit", {"image": [("a.png", JPEG, "image/png")]}, "image[]"),
    ("edit", {"mask": ("m.png", make_png(32, 32), "image/png")}, "mask"),
    ("edit", {"mask": ("m.png", make_png(16, 32, alpha=0), "image/png")}, "mask"),
    ("edit", {"mask": ("m.jpg", JPEG, "image/jpeg")}, "mask"),
    (
        "edit",
        {"mask": ("m.png", _MASK, "image/png"), "markup": ("u.png", _MASK, "image/png")},
        "markup",
    ),
    (
        "edit",
        {"model": "gpt-image-2", "markup": ("u.png", _MASK, "image/png")},
        "markup",
    ),
    ("edit", {"prompt": "x" * 32_001}, "prompt"),
    ("edit", {"n": 11}, "n"),
]

_GOOD: list[tuple[str, dict[str, Any]]] = [
    ("respond", {"temperature": 0.7, "reasoning": {"effort": "none"}}),
    ("respond", {"model": "gpt-4o", "temperature": 0.7}),
    ("respond", {"model": "gpt-6.2-astra", "reasoning": {"effort": "max", "summary": "detailed"}}),
    ("respond", {"text": {"format": {"type": "text"}, "verbosity": "low"}}),
    ("respond", _format(_schema())),
    ("respond", _format(_CLOSED)),
    ("respond", _format({"type": "object"}, strict=False)),
    ("chat", {"max_completion_tokens": 10, "reasoning_effort": "low"}),
    ("generate", {"prompt": "x" * 32_000}),
    ("generate", {"size": "auto", "quality": "auto", "background": "auto"}),
    ("generate", {"size": "3840x2160"}),
    ("generate", {"size": "2160x3840"}),
    ("generate", {"size": "1424x480"}),
    ("generate", {"size": "816x816", "quality": "max", "complexity": "high"}),
    ("generate", {"model": "gpt-image-1.5", "size": "1536x1024", "quality": "high"}),
    ("generate", {"output_format": "jpeg", "output_compression": 0}),
    ("generate", {"stream": True, "partial_images": 0, "n": 1}),
    ("generate", {"n": 10}),
    ("edit", {"image": [_FILE] * 16}),
    ("edit", {"image": _FILE, "mask": ("m.png", _MASK, "image/png")}),
    ("edit", {"image": _FILE, "markup": ("u.png", _MASK, "image/png")}),
    ("edit", {"model": "gpt-image-1.5", "input_fidelity": "high"}),
]


@pytest.mark.parametrize(("call", "asked", "param"), _BAD)
def test_bad_request_is_turned_away_and_noted(
    client: openai.OpenAI, wire: Wire, call: str, asked: dict[str, Any], param: str | None
) -> None:
    """A request that breaks a rule gets a 400 that names the parameter, and is a violation."""
    with pytest.raises(openai.BadRequestError) as caught:
        _CALLS[call](client, **asked)

    assert caught.value.param == param
    assert [violation.param for violation in wire.violations] == [param]
    assert wire.violations[0].where.startswith("POST /v1/")


@pytest.mark.parametrize(("call", "asked"), _GOOD)
def test_good_request_passes(
    client: openai.OpenAI, wire: Wire, call: str, asked: dict[str, Any]
) -> None:
    """A request at the edge of the rules is answered."""
    _CALLS[call](client, **asked)

    assert wire.violations == ()


@pytest.mark.parametrize(
    ("call", "model"), [("respond", "gpt-9"), ("generate", "gpt-image-1"), ("edit", "dall-e-2")]
)
def test_unknown_and_retired_models_are_not_found(
    client: openai.OpenAI, wire: Wire, call: str, model: str
) -> None:
    """A model that isn't there is a 404."""
    with pytest.raises(openai.NotFoundError) as caught:
        _CALLS[call](client, model=model)

    assert caught.value.code == "model_not_found"
    assert len(wire.violations) == 1


def test_request_without_a_key_is_unauthorized(client: openai.OpenAI, wire: Wire) -> None:
    """Without a bearer token there is a 401."""
    with pytest.raises(openai.AuthenticationError):
        _respond(client, extra_headers={"Authorization": "Basic x"})

    assert wire.violations[0].status == 401


def test_unknown_route_is_not_found(client: openai.OpenAI, wire: Wire) -> None:
    """A route this server does not speak is a 404, and noted."""
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="x", input="x")

    assert wire.violations[0].where == "POST /v1/embeddings"


def test_refused_fidelity_has_the_apis_own_code(client: openai.OpenAI) -> None:
    """The one error of images with a type of its own is worded as the API words it."""
    with pytest.raises(openai.BadRequestError) as caught:
        _edit(client, model="gpt-image-2", input_fidelity="low")

    assert caught.value.code == "invalid_input_fidelity_model"
    assert caught.value.type == "image_generation_user_error"


@pytest.mark.parametrize(
    ("ours", "params"),
    [
        (RESPONSES_FIELDS, response_create_params.ResponseCreateParamsBase),
        (CHAT_FIELDS, completion_create_params.CompletionCreateParamsBase),
        (GENERATE_FIELDS, image_generate_params.ImageGenerateParamsBase),
        (EDIT_FIELDS, image_edit_params.ImageEditParamsBase),
    ],
)
def test_known_parameters_are_the_sdks(ours: frozenset[str], params: type) -> None:
    """The server knows the parameters the SDK knows, and no other."""
    assert ours == set(params.__annotations__) | {"stream"}
