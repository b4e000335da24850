"""A Gemini model that writes, asked over real HTTP."""

import logging
import time
from typing import TYPE_CHECKING

import pytest

from promptflow.errors import BusyError, RefusedError, ReplyError
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import Reference, TextPart, TextRequest
from promptflow.providers.google import GoogleText
from promptflow.records import Stage, Usage
from tests.providers.google.asking import TEXT_MODEL, write_text
from tests.wire.answers import (
    ALL,
    Answer,
    Break,
    Json,
    end_after,
    reset_after,
    split_every,
    stall_after,
)
from tests.wire.google_answers import make_usage, stream_chunks
from tests.wire.pictures import JPEG, WEBP
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_BILL = Usage(input_tokens=120, input_image_tokens=0, output_tokens=80)


def test_answer_comes_piece_by_piece_then_the_bill(client: "genai.Client", wire: Wire) -> None:
    """Each chunk of the stream is a part, and the last part is the usage."""
    wire.google.answer_text(["A ", "tall ", "one."])

    came = write_text(client)

    assert came == (
        [
            TextPart(text="A "),
            TextPart(text="tall "),
            TextPart(text="one."),
            TextPart(usage=_BILL),
        ],
        None,
    )


def test_thoughts_are_kept_apart_from_the_answer(client: "genai.Client", wire: Wire) -> None:
    """What the model thinks comes as reasoning, none of it as text."""
    wire.google.answer_text(["Tall."], thoughts=["Which", " one?"])

    parts, error = write_text(client)

    assert [part.reasoning for part in parts] == ["Which", " one?", "", ""]
    assert [part.text for part in parts] == ["", "", "Tall.", ""]
    assert error is None


def test_letters_survive_any_cut(client: "genai.Client", wire: Wire) -> None:
    """A stream cut in the middle of letters and events gives the same text."""
    text = "Ein Leuchtturm über der Küste — 🗼\u2028bei Nacht."
    wire.google.answer_text(text, fault=split_every(1))

    parts, _error = write_text(client)

    assert "".join(part.text for part in parts) == text


def test_question_is_sent_as_the_api_wants_it(client: "genai.Client", wire: Wire) -> None:
    """Instructions, sections, schema, level of thinking and the limit are sent, and nothing else."""
    wire.google.answer_text("{}")

    write_text(
        client,
        instructions="Plan.",
        sections={"request": "A <b> cat</request>", "aspect_ratio": "1:1"},
        schema=PLAN_SCHEMA,
    )

    (request,) = wire.google.requests
    assert request.path == f"/v1/models/{TEXT_MODEL}:streamGenerateContent"
    assert request.json == {
        "systemInstruction": {"role": "user", "parts": [{"text": "Plan."}]},
        "contents": [
            {
                "role": "user",
                "parts": [
                    {
                        "text": "<request>\nA &lt;b> cat&lt;/request>\n</request>\n\n"
                        "<aspect_ratio>\n1:1\n</aspect_ratio>"
                    }
                ],
            }
        ],
        "generationConfig": {
            "maxOutputTokens": 8000,
            "responseMimeType": "application/json",
            "responseJsonSchema": PLAN_SCHEMA,
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
        },
    }
    assert wire.violations == ()


def test_model_that_does_not_think_is_not_asked_to(client: "genai.Client", wire: Wire) -> None:
    """Without a level of thinking, and without a schema, only the limit is set."""
    wire.google.answer_text("Yes.")

    write_text(client, thinking_level=None)

    (request,) = wire.google.requests
    assert (request.json or {})["generationConfig"] == {"maxOutputTokens": 8000}


def test_references_follow_the_words_in_order(client: "genai.Client", wire: Wire) -> None:
    """Pictures go along as they are, each with its type, after the text."""
    wire.google.answer_text("Yes.")
    references = (
        Reference(data=WEBP, mime="image/webp"),
        Reference(data=JPEG, mime="image/jpeg"),
    )

    write_text(client, references=references)

    (request,) = wire.google.requests
    parts = (request.json or {})["contents"][0]["parts"]
    assert [part.get("inlineData", {}).get("mimeType") for part in parts] == [
        None,
        "image/webp",
        "image/jpeg",
    ]
    assert wire.violations == ()


def test_bill_counts_thoughts_as_output(client: "genai.Client", wire: Wire) -> None:
    """Google's candidates leave the thoughts out; our output holds them."""
    usage = make_usage(prompt=700, candidates=80, thoughts=33, cached=512, references=258)
    wire.google.answer_text("Yes.", usage=usage)

    parts, _error = write_text(client)

    assert parts[-1].usage == Usage(
        input_tokens=700,
        cached_tokens=512,
        input_image_tokens=258,
        output_tokens=113,
        thinking_tokens=33,
    )


def test_unusable_answer_is_billed_all_the_same(client: "genai.Client", wire: Wire) -> None:
    """The usage of an answer that was cut off comes before the error."""
    wire.google.answer_text(["A long", " story"], finish="MAX_TOKENS")

    parts, error = write_text(client)

    assert parts == [TextPart(text="A long"), TextPart(text=" story"), TextPart(usage=_BILL)]
    assert isinstance(error, ReplyError)
    assert "8,000 tokens" in str(error)


def test_bill_of_an_answer_that_broke_off_does_not_say_the_output(
    client: "genai.Client", wire: Wire
) -> None:
    """What came before a stream ended early was billed, nobody knows how much."""
    wire.google.answer_text(["A ", "tall ", "one."], fault=end_after(-1))

    parts, error = write_text(client)

    assert parts[-1].usage == Usage(input_tokens=120, input_image_tokens=0)
    assert isinstance(error, BusyError)


@pytest.mark.parametrize("trouble", [reset_after(ALL), stall_after(ALL)], ids=["reset", "stall"])
def test_whole_answer_outlives_its_connection(
    client: "genai.Client", wire: Wire, trouble: Break
) -> None:
    """What breaks after the last word costs nothing: the answer and its bill are there."""
    wire.google.answer_text(["Tall."], fault=trouble)

    came = write_text(client, silence_s=0.5)

    assert came == ([TextPart(text="Tall."), TextPart(usage=_BILL)], None)


def test_silence_after_the_bill_is_not_waited_for(client: "genai.Client", wire: Wire) -> None:
    """An answer that is complete is handed on within a second or so, whatever silence is borne."""
    wire.google.answer_text(["Tall."], fault=stall_after(ALL))
    started_s = time.monotonic()

    came = write_text(client, silence_s=30)

    assert came == ([TextPart(text="Tall."), TextPart(usage=_BILL)], None)
    assert time.monotonic() - started_s < 5


def test_connection_of_a_complete_answer_is_used_again(
    client: "genai.Client", wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """What is left of an answer is read to its end, so that the next one needs no new connection."""
    caplog.set_level(logging.DEBUG)
    wire.google.answer_text("Yes.", times=2)

    write_text(client)
    write_text(client)

    connected = [line for line in caplog.messages if line.startswith("connect_tcp.complete")]
    assert (len(wire.google.requests), len(connected)) == (2, 1)


def test_text_after_an_end_that_is_none_is_read(client: "genai.Client", wire: Wire) -> None:
    """Servers that put reason and bill on every chunk are read to the end all the same."""

    def render(_request: Request) -> Answer:
        return stream_chunks([_stopped(text) for text in ("", "A ", "tall ", "one.")], pace_s=0.2)

    wire.google.answer_with(render, kind="text")

    parts, error = write_text(client)

    assert "".join(part.text for part in parts) == "A tall one."
    assert error is None


def test_first_word_after_an_empty_end_may_take_its_time(
    client: "genai.Client", wire: Wire
) -> None:
    """An end without any text is not taken for the end of a good answer, however long it lasts."""

    def render(_request: Request) -> Answer:
        return stream_chunks([_stopped(text) for text in ("", "Tall.")], pace_s=1.5)

    wire.google.answer_with(render, kind="text")

    parts, error = write_text(client)

    assert "".join(part.text for part in parts) == "Tall."
    assert error is None


def _stopped(text: str) -> Json:
    """Return a chunk that says it is the last, with a bill."""
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": make_usage()}


@pytest.mark.parametrize("finish", ["SAFETY", "MAX_TOKENS"])
def test_bad_end_is_not_waited_behind(client: "genai.Client", wire: Wire, finish: str) -> None:
    """A refusal, or an answer cut off, is told without waiting for the end of the connection."""
    wire.google.answer_text("", finish=finish, fault=stall_after(ALL))
    started_s = time.monotonic()

    _parts, error = write_text(client, silence_s=30)

    assert isinstance(error, RefusedError if finish == "SAFETY" else ReplyError)
    assert time.monotonic() - started_s < 5


def test_pieces_before_a_break_stay_valid(client: "genai.Client", wire: Wire) -> None:
    """What was said before the connection broke was yielded, and what is known of the bill."""
    wire.google.answer_text(["A ", "tall ", "one."], fault=reset_after(2))

    parts, error = write_text(client)

    bill = TextPart(usage=Usage(input_tokens=120, input_image_tokens=0))
    assert parts == [TextPart(text="A "), TextPart(text="tall "), bill]
    assert isinstance(error, BusyError)


def test_slow_stream_is_not_silence(client: "genai.Client", wire: Wire) -> None:
    """The limit is on the time between two pieces, not on the whole answer."""
    wire.google.answer_text(["a", "b", "c", "d"], pace_s=0.3)

    parts, error = write_text(client, silence_s=1)

    assert "".join(part.text for part in parts) == "abcd"
    assert error is None


def test_leaving_early_closes_the_connection(client: "genai.Client", wire: Wire) -> None:
    """A reader who has enough does not leave the server talking."""
    wire.google.answer_text(["a", "b", "c"], pace_s=5)
    question = TextRequest(stage=Stage.THINKING, instructions="Think.", sections={"request": "x"})
    stream = GoogleText(model=TEXT_MODEL, client=client).stream(question)
    first = next(stream)

    stream.close()  # type: ignore[attr-defined]  # a generator

    wire.google.wait_until_idle()
    assert first == TextPart(text="a")
    assert wire.google.loopback.abandoned == 1
