"""What a server does not understand is said more simply, once, before anything is answered."""

import pytest

from promptflow.errors import RefusedError, RejectedError
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import TextPart
from promptflow.records import Stage
from tests.providers.openai.conftest import Adapter, question
from tests.wire.answers import Json
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request

RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"


def is_responses(request: Request) -> bool:
    """Say whether a request goes to the Responses API."""
    return request.path == RESPONSES


def paths(wire: OpenAIWire) -> list[str]:
    """Return where requests went, in order."""
    return [request.path for request in wire.requests]


def bodies(wire: OpenAIWire) -> list[Json]:
    """Return what was sent, in order."""
    return [request.json or {} for request in wire.requests]


def text_of(parts: list[TextPart]) -> str:
    """Return the answer."""
    return "".join(part.text for part in parts)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_responses_is_asked_by_chat_and_that_is_remembered(
    wire: OpenAIWire, adapter: Adapter, status: int
) -> None:
    """Where there is nothing at the Responses API, Chat Completions is used, then and from then on."""
    wire.answer_error(status, "Not Found", fits=is_responses, times=None)
    wire.answer_text("Done.", times=None)
    model = adapter.text("gpt-4o")

    answers = [text_of(list(model.stream(question()))) for _ in range(2)]

    assert answers == ["Done.", "Done."]
    assert paths(wire) == [RESPONSES, CHAT, CHAT]


def test_a_model_that_is_not_there_is_not_looked_for_elsewhere(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """A 404 about the model says nothing about the API."""
    wire.answer_error(404, "The model does not exist.", code="model_not_found", times=None)

    with pytest.raises(RejectedError, match="has no model Luna"):
        list(adapter.text().stream(question()))

    assert paths(wire) == [RESPONSES]


def test_openai_itself_is_never_asked_by_chat_instead(wire: OpenAIWire, official: Adapter) -> None:
    """OpenAI's own API has what it has: its 404 is an error."""
    wire.answer_error(404, "Not Found", times=None)

    with pytest.raises(RejectedError):
        list(official.text().stream(question()))

    assert paths(wire) == [RESPONSES]


@pytest.mark.parametrize("server", ["adapter", "official"])
def test_a_summary_that_is_refused_is_not_asked_for_again(
    wire: OpenAIWire, request: pytest.FixtureRequest, server: str
) -> None:
    """Organizations that may not have summaries get their answers without them."""
    adapter: Adapter = request.getfixturevalue(server)
    wire.answer_error(
        400,
        "Your organization must be verified to generate reasoning summaries.",
        code="unsupported_value",
        more={"param": "reasoning.summary"},
    )
    wire.answer_text("Done.", times=None)
    model = adapter.text(reasoning=True)

    answers = [text_of(list(model.stream(question()))) for _ in range(2)]

    assert answers == ["Done.", "Done."]
    assert [body["reasoning"] for body in bodies(wire)] == [
        {"effort": "low", "summary": "auto"},
        {"effort": "low"},
        {"effort": "low"},
    ]


@pytest.mark.parametrize("chat", [True, False])
def test_a_schema_that_is_refused_is_told_in_words(
    wire: OpenAIWire, adapter: Adapter, chat: bool
) -> None:
    """A compatible server that takes no schema is asked once more, with the schema in the text."""
    wire.answer_error(400, "'response_format' of type 'json_schema' is not supported", kind="text")
    wire.answer_text("{}", times=None)
    model = adapter.text("gpt-4o", chat=chat)
    plan = question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)

    answers = [text_of(list(model.stream(plan))) for _ in range(2)]

    assert answers == ["{}", "{}"]
    first, second, third = bodies(wire)
    name = "response_format" if chat else "text"
    assert name in first
    assert name not in second
    assert name not in third
    assert '"technical_notes"' in str(second)


def test_a_schema_that_openai_refuses_is_our_mistake(wire: OpenAIWire, official: Adapter) -> None:
    """OpenAI's own models take schemas: a refusal there is not papered over."""
    wire.answer_error(400, "Invalid schema for response_format 'action_plan'", kind="text")

    with pytest.raises(RejectedError, match="Invalid schema"):
        list(official.text().stream(question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)))

    assert wire.count() == 1


def test_what_was_not_said_can_not_be_said_more_simply(wire: OpenAIWire, adapter: Adapter) -> None:
    """A request without a schema is not repeated because the server speaks of one."""
    wire.answer_error(400, "grammar: json_schema is broken", times=None)

    with pytest.raises(RejectedError):
        list(adapter.text("gpt-4o", chat=True).stream(question()))

    assert wire.count() == 1


def test_the_limit_takes_its_new_name_where_the_old_is_refused(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """A gateway before a newer model refuses `max_tokens`, and says which name it wants."""
    wire.answer_text("Done.", times=None)

    answer = list(adapter.text("gpt-6-luna", chat=True).stream(question()))

    assert text_of(answer) == "Done."
    assert ["max_tokens" in body for body in bodies(wire)] == [True, False]
    assert [violation.param for violation in wire.violations] == ["max_tokens"]


def test_steps_follow_one_another(wire: OpenAIWire, adapter: Adapter) -> None:
    """A server that lacks everything gets the simplest request of all, step by step."""
    wire.answer_error(404, "Not Found", fits=is_responses)
    wire.answer_error(422, "json_schema: extra fields not permitted", kind="text")
    wire.answer_text("{}")
    plan = question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)

    answer = list(adapter.text("gpt-4o").stream(plan))

    assert text_of(answer) == "{}"
    assert paths(wire) == [RESPONSES, CHAT, CHAT]


def test_a_server_that_refuses_everything_is_left_in_peace(
    wire: OpenAIWire, adapter: Adapter
) -> None:
    """There is an end to simpler ways: the last refusal is the error."""
    message = "response_format, max_tokens, max_completion_tokens, json_schema: not supported"
    wire.answer_error(400, message, times=None)
    plan = question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)

    with pytest.raises(RejectedError):
        list(adapter.text("gpt-4o", chat=True).stream(plan))

    assert wire.count() == 3


def test_a_refusal_is_never_asked_again(wire: OpenAIWire, adapter: Adapter) -> None:
    """What a safety system refused is not sent once more in other words."""
    message = "Refused: the request and its response_format were flagged."
    wire.answer_error(400, message, code="content_policy_violation", times=None)
    plan = question(stage=Stage.ACTION_PLAN, schema=PLAN_SCHEMA)

    with pytest.raises(RefusedError):
        list(adapter.text("gpt-4o", chat=True).stream(plan))

    assert wire.count() == 1
