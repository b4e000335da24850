"""Text by the Responses API: what is asked, and what becomes of the answer."""

import base64
import socket
import threading
import time

import pytest

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import ProviderError, RefusedError, ReplyError
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import Reference, TextPart
from promptflow.records import Stage, Usage
from tests.providers.openai.conftest import Adapter, question
from tests.wire.answers import ALL, insert_after, split_every, stall_after
from tests.wire.openai_text import make_text_usage
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import JPEG, make_png

USAGE = Usage(
    input_tokens=120, cached_tokens=0, cache_write_tokens=0, output_tokens=80, thinking_tokens=0
)


def test_the_answer_comes_piece_by_piece_and_the_bill_last(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """Each delta is a part of its own; the usage follows the last of them."""
    wire.answer_text(["A ", "tall ", "tower."])

    parts = list(adapter.text().stream(question()))

    assert parts == [
        TextPart(text="A "),
        TextPart(text="tall "),
        TextPart(text="tower."),
        TextPart(usage=USAGE),
    ]
    assert wire.violations == ()


def test_the_first_piece_comes_before_the_last_is_sent(wire: OpenAIWire, adapter: Adapter) -> None:
    """Nothing is held back until the answer is whole."""
    wire.answer_text(["A ", "tower."], pace_s=0.02)

    answer = adapter.text().stream(question())

    assert next(answer) == TextPart(text="A ")
    assert wire.loopback.in_hand == 1
    assert next(answer) == TextPart(text="tower.")


def test_a_thought_is_kept_apart_from_the_answer(wire: OpenAIWire, adapter: Adapter) -> None:
    """The parts of the reasoning summary come as reasoning, a blank line between them."""
    wire.answer_text(["Done."], reasoning=["Look up.", "Look down."])

    parts = list(adapter.text(reasoning=True).stream(question()))

    assert "".join(part.reasoning for part in parts) == "Look up.\n\nLook down."
    assert "".join(part.text for part in parts) == "Done."


def test_the_request_is_what_the_api_wants(wire: OpenAIWire, adapter: Adapter) -> None:
    """Instructions and sections go out with a bound, unstored, streamed and without a sampling value."""
    wire.answer_text("Done.")

    list(adapter.text().stream(question()))

    assert wire.requests[0].path == "/v1/responses"
    assert wire.requests[0].json == {
        "model": "gpt-6-luna",
        "instructions": "Think.",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "<request>\nA lighthouse\n</request>"},
                ],
            }
        ],
        "max_output_tokens": ANSWER_TOKENS,
        "store": False,
        "stream": True,
    }


def test_a_model_that_reasons_is_told_how_much(wire: OpenAIWire, adapter: Adapter) -> None:
    """Little effort and a summary are asked of a model that reasons."""
    wire.answer_text("Done.")

    list(adapter.text(reasoning=True).stream(question()))

    assert (wire.requests[0].json or {})["reasoning"] == {"effort": "low", "summary": "auto"}


def test_the_plan_is_held_to_its_schema(wire: OpenAIWire, adapter: Adapter) -> None:
    """A schema goes out strict, under the name of the stage."""
    wire.answer_text("{}")

    list(adapter.text().stream(question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)))

    form = (wire.requests[0].json or {})["text"]["format"]
    assert form == {
        "type": "json_schema",
        "name": "action_plan",
        "strict": True,
        "schema": PLAN_SCHEMA,
    }
    assert wire.violations == ()


def test_references_are_seen_in_their_order(wire: OpenAIWire, adapter: Adapter) -> None:
    """Each reference follows the text as a data URL of its type."""
    png = make_png(3, 2)
    references = (Reference(data=png, mime="image/png"), Reference(data=JPEG, mime="image/jpeg"))
    wire.answer_text("Done.")

    list(adapter.text().stream(question(references=references)))

    content = (wire.requests[0].json or {})["input"][0]["content"]
    assert [part["type"] for part in content] == ["input_text", "input_image", "input_image"]
    assert content[1]["image_url"] == f"data:image/png;base64,{base64.b64encode(png).decode()}"
    assert content[2]["image_url"].startswith("data:image/jpeg;base64,")


def test_the_bill_tells_what_went_through_the_cache_and_was_thought(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """Tokens read from the cache, written to it, and thought with are told within input and output."""
    bill = make_text_usage(
        input_tokens=900, output_tokens=300, reasoning_tokens=120, cached=512, cache_write=300
    )
    wire.answer_text("Done.", usage=bill)

    last = list(adapter.text().stream(question()))[-1]

    assert last.usage == Usage(
        input_tokens=900,
        cached_tokens=512,
        cache_write_tokens=300,
        output_tokens=300,
        thinking_tokens=120,
    )


@pytest.mark.parametrize("size_bytes", [1, 3, 7])
def test_letters_may_be_cut_anywhere(wire: OpenAIWire, adapter: Adapter, size_bytes: int) -> None:
    """Chunks that end within a letter or a line change nothing."""
    wire.answer_text(["Leuchttürme ", "🗼 — ", "灯台"], fault=split_every(size_bytes))

    parts = list(adapter.text().stream(question()))

    assert "".join(part.text for part in parts) == "Leuchttürme 🗼 — 灯台"


def test_half_an_emoji_is_replaced(wire: OpenAIWire, adapter: Adapter) -> None:
    """A lone surrogate, which nothing could keep, becomes a sign that can be kept."""
    half = b'data: {"type":"response.output_text.delta","delta":"A \\ud83d"}\n\n'
    wire.answer_text("b", fault=insert_after(1, half))

    parts = list(adapter.text().stream(question()))

    assert "".join(part.text for part in parts) == "A \ufffdb"


def test_a_refusal_is_a_result_with_its_bill(wire: OpenAIWire, adapter: Adapter) -> None:
    """What the model says no with is no answer: the bill comes, then the refusal in its own words."""
    wire.answer_text("I can't help with that.", refusal=True)
    parts: list[TextPart] = []

    with pytest.raises(RefusedError) as caught:
        parts.extend(adapter.text().stream(question()))

    assert parts == [TextPart(usage=USAGE)]
    assert caught.value.category == "refusal"
    assert caught.value.message == (
        "Luna refused the request. Change the words that could be meant, and ask again."
        " It said: “I can't help with that.”"
    )


def test_an_answer_cut_off_at_the_limit_is_none(wire: OpenAIWire, adapter: Adapter) -> None:
    """What was said and what it cost comes before the error that says why it ends there."""
    wire.answer_text(["A ", "tall"], finish="max_output_tokens")
    parts: list[TextPart] = []

    with pytest.raises(ReplyError, match="cut Luna's answer off at 8,000 tokens"):
        parts.extend(adapter.text().stream(question()))

    assert parts == [TextPart(text="A "), TextPart(text="tall"), TextPart(usage=USAGE)]


def test_an_answer_cut_off_by_a_filter_is_a_refusal(wire: OpenAIWire, adapter: Adapter) -> None:
    """A content filter's end is a refusal of that category."""
    wire.answer_text("A tall", finish="content_filter")

    with pytest.raises(RefusedError) as caught:
        list(adapter.text().stream(question()))

    assert caught.value.category == "content_filter"


@pytest.mark.parametrize("finish", ["failed", "error"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", "busy"),
        ("rate_limit_exceeded", "busy"),
        ("invalid_prompt", "refused"),
        ("bio_policy", "refused"),
        ("image_content_policy_violation", "refused"),
        ("insufficient_quota", "rejected"),
        ("invalid_image_format", "rejected"),
        ("never_heard_of", "bad_reply"),
    ],
)
def test_what_fails_in_the_middle_fails_by_its_code(
    wire: OpenAIWire, adapter: Adapter, finish: str, code: str, kind: str
) -> None:
    """A failed response and a bare error event mean what their code means."""
    wire.answer_text("A tall", finish=finish, code=code)  # type: ignore[arg-type]  # one of them

    with pytest.raises(ProviderError) as caught:
        list(adapter.text().stream(question()))

    assert caught.value.code == kind
    assert caught.value.provider == "openai"
    assert caught.value.model == "gpt-6-luna"


def test_who_stops_listening_ends_the_call(wire: OpenAIWire, adapter: Adapter) -> None:
    """An answer that nobody wants any more is not read to its end."""
    wire.answer_text(["word "] * 50, pace_s=0.02)
    answer = adapter.text().stream(question())
    next(answer)

    answer.close()  # type: ignore[attr-defined]  # it is a generator

    wire.wait_until_idle(timeout_s=0.7)
    assert wire.loopback.abandoned == 1


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
    wire.answer_text("Done.", times=None)
    model = adapter.text()
    list(model.stream(question()))
    join_background()

    list(model.stream(question()))

    assert wire.count() == 2
    assert len(opened) == 1


def test_silence_after_the_last_word_is_not_waited_for(wire: OpenAIWire, adapter: Adapter) -> None:
    """An answer that is whole is handed over, although the server never ends the stream."""
    wire.answer_text("Done.", fault=stall_after(ALL))
    started_s = time.monotonic()

    parts = list(adapter.text().stream(question()))

    assert parts[0] == TextPart(text="Done.")
    assert time.monotonic() - started_s < adapter.timeouts.text_s / 2


def join_background() -> None:
    """Wait until what is left of finished answers is read."""
    for thread in threading.enumerate():
        if thread.name == "openai rest of answer":
            thread.join(5)
