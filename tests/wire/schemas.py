"""What OpenAI demands of a JSON schema under ``strict``: every object closed, every property required.

Source: Structured Outputs, https://developers.openai.com/api/docs/guides/structured-outputs
"""

import re
from collections.abc import Iterator
from typing import Any

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_UNSUPPORTED = (
    "allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else",
)  # fmt: skip


def check_schema_name(name: object) -> Iterator[str]:
    """Yield what is wrong with the name of a schema."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield f"Invalid schema name {name!r}: it must match '^[a-zA-Z0-9_-]+$', 64 at most."


def check_strict_schema(schema: object) -> Iterator[str]:
    """Yield what keeps a schema from being strict.

    Args:
        schema: the root, as it was sent.

    Yields:
        One sentence per fault, as the API words it.
    """
    if not isinstance(schema, dict) or schema.get("type") != "object":
        yield "In context=(), schema must be a JSON Schema of 'type: \"object\"'."
        return
    if "anyOf" in schema:
        yield "In context=(), the root must not use 'anyOf'."
    yield from _check(schema, ())


def _check(schema: Any, context: tuple[str, ...]) -> Iterator[str]:
    """Yield the faults of one schema and of all below it."""
    if not isinstance(schema, dict):
        yield f"In context={context}, {schema!r} is not a schema."
        return
    for keyword in _UNSUPPORTED:
        if keyword in schema:
            yield f"In context={context}, '{keyword}' is not permitted."
    if _is_object(schema):
        yield from _check_object(schema, context)
    for name, below in _below(schema):
        yield from _check(below, (*context, *name))


def _is_object(schema: dict[str, Any]) -> bool:
    """Say whether a schema describes an object, alone or among other types."""
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _check_object(schema: dict[str, Any], context: tuple[str, ...]) -> Iterator[str]:
    """Yield the faults of one object: it must be closed, all its properties required."""
    if schema.get("additionalProperties") is not False:
        yield (
            f"In context={context}, 'additionalProperties' is required to be supplied "
            "and to be false."
        )
    properties = schema.get("properties", {})
    missing = [name for name in properties if name not in schema.get("required", [])]
    if missing:
        yield (
            f"In context={context}, 'required' is required to be supplied and to be an array "
            f"including every key in properties. Missing '{missing[0]}'."
        )
    extra = [name for name in schema.get("required", []) if name not in properties]
    if extra:
        yield f"In context={context}, 'required' names '{extra[0]}', which is no property."


def _below(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the schemas inside a schema, each with its way from it."""
    for group in ("properties", "$defs", "definitions"):
        for name, below in schema.get(group, {}).items():
            yield (group, name), below
    if "items" in schema:
        yield ("items",), schema["items"]
    for number, below in enumerate(schema.get("anyOf", [])):
        yield ("anyOf", str(number)), below
