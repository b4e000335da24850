"""Text by Chat Completions, as servers speak it that have no Responses API."""

import pytest

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import BusyError, ProviderError, RefusedError, ReplyError
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import Reference, TextPart
from promptflow.records import Stage, Usage
from tests.providers.openai.conftest import Adapter, question
from tests.wire.answers import Json, end_after, reset_after, stream_answer, to_json
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import make_png
from tests.wire.requested import Request

MODEL = "gpt-4o"


def chat(adapter: Adapter, **more: object) -> list[TextPart]:
    """Ask by Chat Completions."""
    return list(adapter.text(MODEL, chat=True).stream(question(**more)))


def answer_chunks(wire: OpenAIWire, *chunks: Json) -> None:
    """Answer with chunks as they are, in good order to the end."""
    events = [b"data: %b\n\n" % to_json(chunk) for chunk in chunks]

    def render(_request: Request) -> object:
        return stream_answer([*events, b"data: [DONE]\n\n"])

    wire.answer_with(render, kind="text")  # type: ignore[arg-type]  # an answer


def delta(finish_reason: str | None = None, **fields: str) -> Json:
    """Return a chunk."""
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def test_the_answer_comes_piece_by_piece_and_the_bill_last(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """Each chunk with text is a part; the usage follows."""
    wire.answer_text(["A ", "tower."])

    parts = chat(adapter)

    usage = Usage(
        input_tokens=120, cached_tokens=0, cache_write_tokens=0, output_tokens=80, thinking_tokens=0
    )
    assert parts == [TextPart(text="A "), TextPart(text="tower."), TextPart(usage=usage)]
    assert wire.violations == ()


def test_the_request_is_as_plain_as_can_be(wire: OpenAIWire, adapter: Adapter) -> None:
    """A compatible server gets plain texts and the limit by the name that all of them know."""
    wire.answer_text("Done.")

    chat(adapter)

    assert wire.requests[0].path == "/v1/chat/completions"
    assert wire.requests[0].json == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Think."},
            {"role": "user", "content": "<request>\nA lighthouse\n</request>"},
        ],
        "max_tokens": ANSWER_TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_openai_itself_gets_the_limit_by_its_new_name(wire: OpenAIWire, official: Adapter) -> None:
    """OpenAI's own models refuse the older name."""
    wire.answer_text("Done.")

    list(official.text(chat=True, reasoning=True).stream(question()))

    body = wire.requests[0].json or {}
    assert body["max_completion_tokens"] == ANSWER_TOKENS
    assert body["reasoning_effort"] == "low"
    assert "max_tokens" not in body
    assert wire.violations == ()


def test_schema_and_references_go_along(wire: OpenAIWire, adapter: Adapter) -> None:
    """The schema is strict, the references follow the text as data URLs."""
    wire.answer_text("{}")
    reference = Reference(data=make_png(), mime="image/png")

    chat(adapter, stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA, references=(reference,))

    body = wire.requests[0].json or {}
    assert body["response_format"]["json_schema"] == {
        "name": "action_plan",
        "strict": True,
        "schema": PLAN_SCHEMA,
    }
    text, picture = body["messages"][1]["content"]
    assert text["type"] == "text"
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert wire.violations == ()


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_of_open_models_are_kept_apart(
    wire: OpenAIWire, adapter: Adapter, name: str
) -> None:
    """What a server sends in a field of its own for reasoning is reasoning."""
    answer_chunks(wire, delta(**{name: "Hm."}), delta(content="Yes."), delta("stop"))

    assert chat(adapter) == [TextPart(reasoning="Hm."), TextPart(text="Yes.")]


def test_a_bill_that_never_comes_is_unknown(wire: OpenAIWire, adapter: Adapter) -> None:
    """An answer without usage is an answer all the same."""
    answer_chunks(wire, delta(content="Yes."), delta("stop"))

    assert chat(adapter) == [TextPart(text="Yes.")]


def test_a_bill_in_every_chunk_counts_once(wire: OpenAIWire, adapter: Adapter) -> None:
    """Of a bill that grows with the answer the last one counts."""
    first = delta(content="Yes.") | {"usage": {"prompt_tokens": 5, "completion_tokens": 1}}
    last = delta("stop") | {"usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    answer_chunks(wire, first, last)

    assert chat(adapter)[-1].usage == Usage(input_tokens=5, output_tokens=2)


def test_a_bill_of_half_an_answer_knows_no_output(wire: OpenAIWire, adapter: Adapter) -> None:
    """Of an answer that breaks off, what went in is known, and not what was billed of the rest."""
    bill = {"prompt_tokens": 5, "completion_tokens": 1}
    answer_chunks(wire, delta(content="Yes") | {"usage": bill}, {"error": {"message": "No."}})
    parts: list[TextPart] = []

    with pytest.raises(ReplyError):
        parts.extend(adapter.text(MODEL, chat=True).stream(question()))

    assert parts == [TextPart(text="Yes"), TextPart(usage=Usage(input_tokens=5))]


@pytest.mark.parametrize(
    ("finish", "error"), [("max_output_tokens", ReplyError), ("content_filter", RefusedError)]
)
def test_an_answer_that_is_cut_off_is_none(
    wire: OpenAIWire, adapter: Adapter, finish: str, error: type[ProviderError]
) -> None:
    """A chat cut at its limit or by a filter ends in the error for it."""
    wire.answer_text("A tall", finish=finish)  # type: ignore[arg-type]  # one of them

    with pytest.raises(error):
        chat(adapter)


def test_a_refusal_is_a_result(wire: OpenAIWire, adapter: Adapter) -> None:
    """What the model says no with is no answer."""
    wire.answer_text("I can't help with that.", refusal=True)

    with pytest.raises(RefusedError, match="I can't help with that") as caught:
        chat(adapter)

    assert caught.value.category == "refusal"


def test_a_chat_without_an_end_is_no_answer(wire: OpenAIWire, adapter: Adapter) -> None:
    """A chat that stops in good order, but without saying so, can't be trusted to be whole."""
    wire.answer_text(["A ", "tall"], fault=end_after(2))

    with pytest.raises(ReplyError, match="before it was complete"):
        chat(adapter)


def test_what_breaks_after_the_last_word_costs_only_the_bill(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """A connection that breaks once the answer is whole loses the bill and nothing else."""
    wire.answer_text(["A ", "tower."], fault=reset_after(-2))

    assert chat(adapter) == [TextPart(text="A "), TextPart(text="tower.")]


def test_what_breaks_before_the_last_word_is_a_fault(wire: OpenAIWire, adapter: Adapter) -> None:
    """A connection that breaks within the answer is worth another try."""
    wire.answer_text(["A ", "tower."], fault=reset_after(2))

    with pytest.raises(BusyError):
        chat(adapter)


@pytest.mark.parametrize(("code", "status"), [("server_error", None), ("503", 503)])
def test_an_error_among_the_chunks_is_raised(
    wire: OpenAIWire, adapter: Adapter, code: str, status: int | None
) -> None:
    """An error object in the stream means what its code means, a status within it too."""
    wire.answer_text("A tall", finish="error", code=code)

    with pytest.raises(BusyError) as caught:
        chat(adapter)

    assert caught.value.status == status
