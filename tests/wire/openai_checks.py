"""What the OpenAI API accepts of a request about text, and what it says to the rest.

Sources, read 2026-11-23: openai 3.54.0 for Python, openai/types/responses/response_create_params.py,
openai/types/chat/completion_create_params.py; https://developers.openai.com/api/docs/guides/reasoning
"""

from collections.abc import Iterator
from typing import Any

from tests.wire.answers import Json
from tests.wire.openai_models import SUMMARIES, TEXT_MODELS, TextLimits
from tests.wire.requested import Request, Violation
from tests.wire.schemas import check_schema_name, check_strict_schema

RESPONSES_FIELDS = frozenset({
    "access_programs", "background", "background_options", "context_management", "conversation",
    "image", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata",
    "model", "moderation", "parallel_tool_calls", "previous_response_id", "prompt",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning",
    "safety_identifier", "service_tier", "store", "stream", "stream_options", "temperature", "text",
    "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
})  # fmt: skip
CHAT_FIELDS = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model",
    "moderation", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key",
    "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format",
    "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
    "web_search_options",
})  # fmt: skip
_REASONING_FIELDS = frozenset({"context", "effort", "generate_summary", "mode", "summary"})
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_VERBOSITIES = frozenset({"low", "medium", "high"})


def check_key(request: Request) -> Iterator[Violation]:
    """Yield what is wrong with the key's header."""
    header = request.headers.get("authorization", "")
    if not header.startswith("Bearer ") or not header.removeprefix("Bearer ").strip():
        yield Violation(
            status=401,
            message="Missing bearer authentication in header",
            param="authorization",
        )


def check_json(request: Request) -> Iterator[Violation]:
    """Yield what keeps the body from being a JSON object."""
    if request.json is None:
        yield bad_request("We could not parse the JSON body of your request.", None)


def check_responses(body: Json) -> Iterator[Violation]:
    """Yield what the Responses API does not accept of a body."""
    yield from check_fields(body, RESPONSES_FIELDS)
    if not isinstance(body.get("input"), str | list) or not body["input"]:
        yield missing("input")
    yield from check_kinds(body, bool, "stream", "store", "background", "parallel_tool_calls")
    yield from check_kinds(body, str, "instructions")
    yield from _check_positive(body, "max_output_tokens")
    yield from _check_stream_options(body, "include_obfuscation")
    limits = TEXT_MODELS.get(str(body.get("model")))
    reasoning = body.get("reasoning") or {}
    if limits is None or not isinstance(reasoning, dict):
        return
    yield from _check_reasoning(reasoning, limits)
    yield from _check_sampling(body, limits, reasoning.get("effort"))
    yield from _check_text(body.get("text") or {})


def check_chat(body: Json) -> Iterator[Violation]:
    """Yield what the Chat Completions API does not accept of a body."""
    yield from check_fields(body, CHAT_FIELDS)
    yield from _check_messages(body.get("messages"))
    yield from check_kinds(body, bool, "stream", "store")
    yield from _check_positive(body, "max_completion_tokens")
    yield from _check_stream_options(body, "include_usage", "include_obfuscation")
    limits = TEXT_MODELS.get(str(body.get("model")))
    if limits is None:
        return
    effort = body.get("reasoning_effort")
    yield from _check_choice(effort, limits.efforts, "reasoning_effort")
    yield from _check_sampling(body, limits, effort)
    if "max_tokens" in body and not limits.sampling:
        yield _unsupported(
            "max_tokens", "is not supported with this model. Use 'max_completion_tokens' instead"
        )
    wanted = body.get("response_format") or {}
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        yield from _check_format(wanted.get("json_schema"), "response_format")


def check_fields(body: Json, known: frozenset[str]) -> Iterator[Violation]:
    """Yield the fields that the API does not know."""
    for name in body:
        if name not in known:
            yield bad_request(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def check_kinds(body: Json, kind: type, *names: str) -> Iterator[Violation]:
    """Yield those of some fields that are there but of another kind."""
    for name in names:
        value = body.get(name)
        if value is not None and not isinstance(value, kind):
            yield bad_request(
                f"Invalid type for '{name}': expected {kind.__name__}, got {value!r}.",
                name,
                "invalid_type",
            )


def bad_request(message: str, param: str | None, code: str | None = None) -> Violation:
    """Make a plain 400."""
    return Violation(status=400, message=message, param=param, code=code)


def bad_value(value: object, param: str, expected: str) -> Violation:
    """Make the 400 for a value that is not among those accepted."""
    return bad_request(
        f"Invalid value: {value!r}. Supported values are: {expected}.", param, "invalid_value"
    )


def missing(param: str) -> Violation:
    """Make the 400 for a field that has to be there."""
    return bad_request(
        f"Missing required parameter: '{param}'.", param, "missing_required_parameter"
    )


def _unsupported(param: str, why: str) -> Violation:
    return bad_request(f"Unsupported parameter: '{param}' {why}.", param, "unsupported_parameter")


def _check_positive(body: Json, name: str) -> Iterator[Violation]:
    """Yield a limit that is no positive whole number."""
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or value < 1):
        yield bad_value(value, name, "whole numbers from 1")


def _check_choice(value: object, accepted: frozenset[str], param: str) -> Iterator[Violation]:
    """Yield a value that is there but not accepted."""
    if value is None or value in accepted:
        return
    if accepted:
        yield bad_value(value, param, ", ".join(sorted(accepted)))
    else:
        yield _unsupported(param, "is not supported with this model")


def _check_stream_options(body: Json, *known: str) -> Iterator[Violation]:
    """Yield options for a stream that is not asked for, and unknown ones."""
    options = body.get("stream_options")
    if options is None:
        return
    if not body.get("stream"):
        yield bad_request(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    for name in options:
        if name not in known:
            yield bad_request(f"Unknown parameter: 'stream_options.{name}'.", "stream_options")


def _check_reasoning(reasoning: Json, limits: TextLimits) -> Iterator[Violation]:
    """Yield what is wrong with ``reasoning``."""
    for name in reasoning:
        if name not in _REASONING_FIELDS:
            yield bad_request(f"Unknown parameter: 'reasoning.{name}'.", f"reasoning.{name}")
    yield from _check_choice(reasoning.get("effort"), limits.efforts, "reasoning.effort")
    yield from _check_choice(reasoning.get("summary"), SUMMARIES, "reasoning.summary")


def _check_sampling(body: Json, limits: TextLimits, effort: object) -> Iterator[Violation]:
    """Yield sampling parameters: a reasoning model takes them only when it does not reason."""
    if limits.sampling or effort == "none":
        return
    for name in ("temperature", "top_p"):
        if body.get(name) is not None:
            yield _unsupported(name, "is not supported with this model")


def _check_text(text: Any) -> Iterator[Violation]:
    """Yield what is wrong with ``text`` of the Responses API."""
    if not isinstance(text, dict):
        yield bad_value(text, "text", "an object")
        return
    for name in text:
        if name not in {"format", "verbosity"}:
            yield bad_request(f"Unknown parameter: 'text.{name}'.", f"text.{name}")
    yield from _check_choice(text.get("verbosity"), _VERBOSITIES, "text.verbosity")
    wanted = text.get("format") or {"type": "text"}
    kind = wanted.get("type")
    yield from _check_choice(
        kind, frozenset({"text", "json_object", "json_schema"}), "text.format.type"
    )
    if kind == "json_schema":
        yield from _check_format(wanted, "text.format")


def _check_format(wanted: Any, param: str) -> Iterator[Violation]:
    """Yield what is wrong with a JSON schema that the answer has to fit."""
    if not isinstance(wanted, dict) or not isinstance(wanted.get("schema"), dict):
        yield missing(f"{param}.schema")
        return
    for fault in check_schema_name(wanted.get("name")):
        yield bad_request(fault, f"{param}.name", "invalid_value")
    if not wanted.get("strict"):
        return
    for fault in check_strict_schema(wanted["schema"]):
        message = f"Invalid schema for response_format '{wanted.get('name')}': {fault}"
        yield bad_request(message, f"{param}.schema", "invalid_json_schema")


def _check_messages(messages: object) -> Iterator[Violation]:
    """Yield what is wrong with the messages of a chat."""
    if not isinstance(messages, list) or not messages:
        yield missing("messages")
        return
    for number, message in enumerate(messages):
        if message.get("role") not in _ROLES:
            yield bad_value(message.get("role"), f"messages[{number}].role", "a role")
