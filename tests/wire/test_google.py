"""The real Google SDK understands everything the server says."""

from typing import Any

import pytest
from google.genai import types

from tests.wire.answers import split_every
from tests.wire.google_answers import make_usage
from tests.wire.pictures import JPEG, WEBP, make_png
from tests.wire.sdks import KEY_GOOGLE, GoogleCaller, Sdks
from tests.wire.wire import Wire

_TEXT = "Ein Leuchtturm über der Küste — 🗼\u2028bei Nacht."
_PICTURE = make_png(32, 32)
_FINISHES = [reason.value for reason in types.FinishReason]
_BLOCKS = [reason.value for reason in types.BlockedReason]


@pytest.fixture
def caller(sdks: Sdks, wire: Wire) -> GoogleCaller:
    """The SDK, pointed at the server."""
    return sdks.google(wire)


def _parts(answer: types.GenerateContentResponse) -> list[types.Part]:
    """Return the parts of an answer's first candidate."""
    candidate = (answer.candidates or [types.Candidate()])[0]
    return list((candidate.content and candidate.content.parts) or [])


def _think(caller: GoogleCaller, **more: Any) -> list[types.GenerateContentResponse]:
    """Ask for a stream with thoughts, to its end."""
    return list(
        caller.stream(
            "gemini-3.8-flash",
            "A lighthouse",
            system_instruction="Plan.",
            max_output_tokens=8000,
            thinking_config=types.ThinkingConfig(
                include_thoughts=True, thinking_level=types.ThinkingLevel.LOW
            ),
            **more,
        )
    )


def test_text_stream_says_what_was_scripted(caller: GoogleCaller, wire: Wire) -> None:
    """Thoughts, text, finish reason and bill arrive as they were scripted."""
    usage = make_usage(prompt=7, candidates=9, thoughts=4, cached=2)
    wire.google.answer_text(_TEXT, thoughts=["First.", "Second."], usage=usage)

    chunks = _think(caller)

    parts = [part for chunk in chunks for part in _parts(chunk)]
    billed = chunks[-1].usage_metadata
    assert "".join(part.text or "" for part in parts if part.thought) == "First.Second."
    assert "".join(part.text or "" for part in parts if not part.thought) == _TEXT
    assert (chunks[-1].candidates or [])[0].finish_reason == types.FinishReason.STOP
    assert billed is not None
    assert (billed.prompt_token_count, billed.candidates_token_count) == (7, 9)
    assert (billed.thoughts_token_count, billed.total_token_count) == (4, 20)
    assert billed.cached_content_token_count == 2
    assert chunks[0].model_version == "gemini-3.8-flash"
    assert wire.violations == ()


def test_last_text_chunk_is_signed_and_empty(caller: GoogleCaller, wire: Wire) -> None:
    """The finish reason comes with an empty text that carries a signature."""
    wire.google.answer_text("Deep blue")

    chunks = _think(caller)

    (last,) = _parts(chunks[-1])
    assert last.text == ""
    assert last.thought_signature == b"thought signature"


def test_thoughts_are_sent_only_to_those_who_ask(caller: GoogleCaller, wire: Wire) -> None:
    """Without `include_thoughts` there is no thought."""
    wire.google.answer_text("Deep blue", thoughts="Why.")

    chunks = list(caller.stream("gemini-3.8-flash", "A lighthouse"))

    assert not any(part.thought for chunk in chunks for part in _parts(chunk))


def test_structured_answer_passes(caller: GoogleCaller, wire: Wire) -> None:
    """A schema with its mime type is accepted, and names in it are the sender's."""
    wire.google.answer_text('{"my_field": 1}')
    schema = {"type": "object", "properties": {"my_field": {"type": "integer"}}}

    _think(caller, response_mime_type="application/json", response_json_schema=schema)

    config = (wire.google.requests[0].json or {})["generationConfig"]
    assert config["responseJsonSchema"] == schema
    assert config["thinkingConfig"] == {"includeThoughts": True, "thinkingLevel": "LOW"}
    assert wire.violations == ()


def test_whole_text(caller: GoogleCaller, wire: Wire) -> None:
    """Without a stream the text comes at once."""
    wire.google.answer_text(_TEXT)

    answer = caller.generate("gemini-4-argon", "A lighthouse")

    assert answer.text == _TEXT


@pytest.mark.parametrize("size_bytes", [1, 2, 3, 7, 64])
def test_stream_may_be_cut_anywhere(caller: GoogleCaller, wire: Wire, size_bytes: int) -> None:
    """Chunks that end inside letters and inside the empty line change nothing."""
    wire.google.answer_text(_TEXT, fault=split_every(size_bytes))

    chunks = list(caller.stream("gemini-3.8-flash", "A lighthouse"))

    assert "".join(chunk.text or "" for chunk in chunks) == _TEXT


def test_events_end_as_google_ends_them(caller: GoogleCaller, wire: Wire) -> None:
    """Lines end with a carriage return and a line feed, so that a cut can fall between them."""
    wire.google.answer_text("a b c", fault=split_every(1))

    chunks = list(caller.stream("gemini-3.8-flash", "A lighthouse"))

    assert len(chunks) == 4


@pytest.mark.parametrize("finish", _FINISHES)
def test_every_finish_reason_is_understood(caller: GoogleCaller, wire: Wire, finish: str) -> None:
    """A candidate may stop for any reason there is, without content."""
    wire.google.answer_text("", finish=finish)

    answer = caller.generate("gemini-3.8-flash", "A lighthouse")

    (candidate,) = answer.candidates or []
    assert candidate.finish_reason == finish
    assert candidate.content is None


@pytest.mark.parametrize("reason", _BLOCKS)
@pytest.mark.parametrize("streamed", [True, False])
def test_every_block_is_understood(
    caller: GoogleCaller, wire: Wire, reason: str, streamed: bool
) -> None:
    """A prompt may be blocked for any reason there is; there are no candidates."""
    wire.google.answer_block(reason)
    ask: Any = caller.stream if streamed else caller.generate

    given = ask("gemini-3.8-flash", "A lighthouse")

    answer = next(given) if streamed else given
    assert answer.prompt_feedback.block_reason == reason
    assert answer.candidates is None


def test_picture_comes_with_drafts_marked(caller: GoogleCaller, wire: Wire) -> None:
    """Interim pictures are thoughts; the picture is not, and its bill is by modality."""
    wire.google.answer_image(_PICTURE, drafts=[JPEG], thoughts="Light first.", text="Here it is.")

    answer = caller.generate(
        "gemini-nano-banana-2.1",
        ["A lighthouse", types.Part.from_bytes(data=WEBP, mime_type="image/webp")],
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        thinking_config=types.ThinkingConfig(
            include_thoughts=True, thinking_level=types.ThinkingLevel.HIGH
        ),
    )

    seen = [
        (part.thought, part.text, part.inline_data and part.inline_data.data)
        for part in _parts(answer)
    ]
    billed = answer.usage_metadata
    assert seen == [
        (True, "Light first.", None),
        (True, None, JPEG),
        (None, "Here it is.", None),
        (None, None, _PICTURE),
    ]
    assert billed is not None
    assert (billed.candidates_tokens_details or [])[0].modality == types.MediaModality.IMAGE
    assert wire.violations == ()


def test_picture_alone(caller: GoogleCaller, wire: Wire) -> None:
    """Who asks for pictures alone gets no text and no drafts; the mime type is the picture's."""
    wire.google.answer_image(WEBP, drafts=[JPEG], text="Here it is.")

    answer = caller.generate(
        "gemini-nano-banana-2.1", "A lighthouse", response_modalities=["IMAGE"]
    )

    (part,) = _parts(answer)
    assert part.inline_data is not None
    assert (part.inline_data.mime_type, part.inline_data.data) == ("image/webp", WEBP)


def test_picture_is_streamed_whole(caller: GoogleCaller, wire: Wire) -> None:
    """In a stream the picture comes in one chunk, and the finish reason after it."""
    wire.google.answer_image(_PICTURE)

    chunks = list(caller.stream("gemini-3-pro-image", "A lighthouse"))

    assert [len(_parts(chunk)) for chunk in chunks] == [1, 0]
    assert (chunks[-1].candidates or [])[0].finish_reason == types.FinishReason.STOP


def test_picture_may_not_come(caller: GoogleCaller, wire: Wire) -> None:
    """A candidate without a picture has no content, only a reason."""
    wire.google.answer_image((), finish="NO_IMAGE", message="Try again.")

    answer = caller.generate("gemini-nano-banana-2.1", "A lighthouse")

    (candidate,) = answer.candidates or []
    assert (candidate.finish_reason, candidate.content) == ("NO_IMAGE", None)


def test_unknown_finish_reason_warns(caller: GoogleCaller, wire: Wire) -> None:
    """A reason newer than the SDK is kept, with a warning."""
    wire.google.answer_text("Deep blue", finish="HOLOGRAM")

    with pytest.warns(UserWarning, match="HOLOGRAM is not a valid FinishReason"):
        answer = caller.generate("gemini-3.8-flash", "A lighthouse")

    assert answer.text == "Deep blue"


def test_models_are_listed(sdks: Sdks, wire: Wire) -> None:
    """The list names what can be asked for."""
    caller = sdks.google(wire)

    asked = types.ListModelsConfig(http_options=caller.options)
    models = caller.client.models.list(config=asked)

    names = [model.name for model in models]
    assert "models/gemini-nano-banana-2.1" in names
    assert "models/gemini-3.1-flash-image" not in names


def test_older_version_of_the_api_is_spoken_too(sdks: Sdks, wire: Wire) -> None:
    """A client set to v1beta gets the same answers."""
    caller = sdks.google(wire)
    caller.options.api_version = "v1beta"
    wire.google.answer_text("Deep blue")

    answer = caller.generate("gemini-3.8-flash", "A lighthouse")

    assert answer.text == "Deep blue"
    assert wire.google.requests[0].path == "/v1beta/models/gemini-3.8-flash:generateContent"


def test_key_is_kept(caller: GoogleCaller, wire: Wire) -> None:
    """A test can see which key was sent."""
    wire.google.answer_text("Deep blue")

    caller.generate("gemini-3.8-flash", "A lighthouse")

    assert wire.google.requests[0].headers["x-goog-api-key"] == KEY_GOOGLE
