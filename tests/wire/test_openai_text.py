"""The real OpenAI SDK understands every text the server sends, and each fits the SDK's types."""

from typing import Any

import openai
import pytest

from tests.wire.answers import split_every
from tests.wire.openai_text import Finish, make_text_usage
from tests.wire.sdks import Sdks, find_strangers
from tests.wire.wire import Wire

_TEXT = "Ein Leuchtturm über der Küste — 🗼 bei Nacht."
_SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string"}},
    "required": ["summary"],
    "additionalProperties": False,
}


@pytest.fixture
def client(sdks: Sdks, wire: Wire) -> openai.OpenAI:
    """The SDK, pointed at the server."""
    return sdks.openai(wire)


def _ask(client: openai.OpenAI, **more: Any) -> list[Any]:
    """Ask the Responses API for a stream with reasoning, to its end."""
    asked = {"reasoning": {"effort": "low", "summary": "auto"}, **more}
    return list(
        client.responses.create(
            model="gpt-6.1-terra",
            instructions="Plan.",
            input="A lighthouse",
            stream=True,
            store=False,
            max_output_tokens=8000,
            **asked,
        )
    )


def _ask_chat(client: openai.OpenAI, **more: Any) -> list[Any]:
    """Ask Chat Completions for a stream with its bill, to its end."""
    return list(
        client.chat.completions.create(
            model="gpt-6-luna",
            messages=[{"role": "user", "content": "A lighthouse"}],
            stream=True,
            stream_options={"include_usage": True},
            **more,
        )
    )


def _join(events: list[Any], kind: str) -> str:
    """Join the deltas of one kind of event."""
    return "".join(event.delta for event in events if event.type == kind)


def test_text_stream_has_every_event_in_order(client: openai.OpenAI, wire: Wire) -> None:
    """A streamed response tells its reasoning, then its message, then that it is complete."""
    wire.openai.answer_text(["Deep", " blue"], reasoning=["**Sea**"])

    events = _ask(client)

    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(16))
    assert wire.violations == ()


def test_text_stream_says_what_was_scripted(client: openai.OpenAI, wire: Wire) -> None:
    """Text, reasoning and bill arrive as they were scripted."""
    usage = make_text_usage(input_tokens=7, output_tokens=9, reasoning_tokens=4, cached=2)
    wire.openai.answer_text(_TEXT, reasoning=["First.", "Second."], usage=usage)

    events = _ask(client)

    response = events[-1].response
    assert _join(events, "response.output_text.delta") == _TEXT
    assert _join(events, "response.reasoning_summary_text.delta") == "First.Second."
    assert response.output_text == _TEXT
    assert [part.text for part in response.output[0].summary] == ["First.", "Second."]
    assert response.usage.to_dict() == usage


def test_text_stream_holds_nothing_the_sdk_does_not_know(client: openai.OpenAI, wire: Wire) -> None:
    """Every event fits its type in the SDK exactly."""
    wire.openai.answer_text(_TEXT, reasoning="Why.")

    events = _ask(client)

    assert list(find_strangers(events)) == []


def test_accumulator_of_the_sdk_accepts_the_stream(client: openai.OpenAI, wire: Wire) -> None:
    """The SDK's strict helper, which wants every item finished, is content."""
    wire.openai.answer_text(_TEXT, reasoning="Why.")

    with client.responses.stream(model="gpt-6-luna", input="A lighthouse", store=False) as stream:
        response = stream.get_final_response()

    assert response.output_text == _TEXT


def test_summary_is_sent_only_to_those_who_ask(client: openai.OpenAI, wire: Wire) -> None:
    """Without `reasoning.summary` the reasoning item is there, but empty."""
    wire.openai.answer_text(_TEXT, reasoning="Why.")

    events = _ask(client, reasoning={"effort": "low"})

    assert _join(events, "response.reasoning_summary_text.delta") == ""
    assert events[-1].response.output[0].summary == []


@pytest.mark.parametrize(
    ("finish", "last", "reason"),
    [
        ("max_output_tokens", "response.incomplete", "max_output_tokens"),
        ("content_filter", "response.incomplete", "content_filter"),
    ],
)
def test_cut_answer_is_incomplete(
    client: openai.OpenAI, wire: Wire, finish: Finish, last: str, reason: str
) -> None:
    """An answer that is cut says why, and is billed."""
    wire.openai.answer_text(_TEXT, finish=finish)

    events = _ask(client)

    assert events[-1].type == last
    assert events[-1].response.incomplete_details.reason == reason
    assert events[-1].response.usage.total_tokens == 200
    assert list(find_strangers(events)) == []


def test_failed_answer_has_a_code(client: openai.OpenAI, wire: Wire) -> None:
    """A response that fails ends with the error inside it."""
    wire.openai.answer_text(_TEXT, finish="failed", code="rate_limit_exceeded")

    events = _ask(client)

    assert events[-1].type == "response.failed"
    assert events[-1].response.error.code == "rate_limit_exceeded"
    assert list(find_strangers(events)) == []


def test_bare_error_event_is_handed_over(client: openai.OpenAI, wire: Wire) -> None:
    """A bare error event ends the stream without an exception."""
    wire.openai.answer_text(_TEXT, finish="error", code="server_error")

    events = _ask(client)

    assert (events[-1].type, events[-1].code) == ("error", "server_error")
    assert list(find_strangers(events)) == []


def test_refusal_is_streamed_as_a_refusal(client: openai.OpenAI, wire: Wire) -> None:
    """A refusal has events and a content part of its own."""
    wire.openai.answer_text("I can't help.", refusal=True)

    events = _ask(client)

    assert _join(events, "response.refusal.delta") == "I can't help."
    assert events[-1].response.output[1].content[0].refusal == "I can't help."
    assert list(find_strangers(events)) == []


def test_whole_response_is_the_streams_last(client: openai.OpenAI, wire: Wire) -> None:
    """Without a stream the finished response comes at once."""
    wire.openai.answer_text(_TEXT)

    response = client.responses.create(model="gpt-6-luna", input="A lighthouse", store=False)

    assert response.output_text == _TEXT
    assert response.status == "completed"
    assert list(find_strangers(response)) == []


def test_structured_answer_is_asked_for_strictly(client: openai.OpenAI, wire: Wire) -> None:
    """A strict schema passes, and the response repeats the format."""
    wire.openai.answer_text('{"summary": "x"}')
    wanted = {"type": "json_schema", "name": "plan", "schema": _SCHEMA, "strict": True}

    events = _ask(client, text={"format": wanted})

    assert events[-1].response.text.format.name == "plan"
    assert wire.violations == ()


def test_chat_stream_ends_with_its_bill(client: openai.OpenAI, wire: Wire) -> None:
    """The last chunk of a chat has no choices and the usage; the others have none."""
    wire.openai.answer_text(_TEXT)

    chunks = _ask_chat(client)

    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 200
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == _TEXT
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert list(find_strangers(chunks)) == []
    assert wire.violations == ()


def test_chat_without_a_bill_has_none(client: openai.OpenAI, wire: Wire) -> None:
    """Without `include_usage` every chunk has a choice."""
    wire.openai.answer_text(_TEXT)

    chunks = list(
        client.chat.completions.create(
            model="gpt-6-luna", messages=[{"role": "user", "content": "x"}], stream=True
        )
    )

    assert all(chunk.choices for chunk in chunks)


@pytest.mark.parametrize(
    ("finish", "reason"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
def test_cut_chat_says_why(client: openai.OpenAI, wire: Wire, finish: Finish, reason: str) -> None:
    """A chat that is cut has its own words for it."""
    wire.openai.answer_text(_TEXT, finish=finish)

    chunks = _ask_chat(client)

    assert chunks[-2].choices[0].finish_reason == reason


def test_error_in_a_chat_stream_is_raised(client: openai.OpenAI, wire: Wire) -> None:
    """In a chat, an error in the middle of the stream is an exception."""
    wire.openai.answer_text(_TEXT, finish="error")

    with pytest.raises(openai.APIError) as caught:
        _ask_chat(client)

    assert caught.value.code == "server_error"


def test_refusal_in_a_chat(client: openai.OpenAI, wire: Wire) -> None:
    """A refusal in a chat is no content."""
    wire.openai.answer_text("No.", refusal=True)

    chunks = _ask_chat(client)

    assert chunks[1].choices[0].delta.refusal == "No."
    assert chunks[1].choices[0].delta.content is None


def test_whole_chat(client: openai.OpenAI, wire: Wire) -> None:
    """A chat without a stream is one completion."""
    wire.openai.answer_text(_TEXT)

    chat = client.chat.completions.create(
        model="gpt-6-luna", messages=[{"role": "user", "content": "x"}]
    )

    assert chat.choices[0].message.content == _TEXT
    assert list(find_strangers(chat)) == []


@pytest.mark.parametrize("size_bytes", [1, 2, 3, 7, 64])
def test_stream_may_be_cut_anywhere(client: openai.OpenAI, wire: Wire, size_bytes: int) -> None:
    """Chunks that end inside letters and between line ends change nothing."""
    wire.openai.answer_text(_TEXT, reasoning="Über 🗼", fault=split_every(size_bytes))

    events = _ask(client)

    assert _join(events, "response.output_text.delta") == _TEXT
    assert _join(events, "response.reasoning_summary_text.delta") == "Über 🗼"


def test_models_are_listed(client: openai.OpenAI) -> None:
    """The list names what can be asked for, and when it will be gone."""
    dates = {model.id: model.shutdown_date for model in client.models.list()}

    assert dates["gpt-image-1.5"] == "2026-12-01"
    assert dates["gpt-image-2.6-flare"] is None
    assert "gpt-image-1" not in dates
