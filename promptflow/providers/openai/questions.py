"""What both of OpenAI's APIs for text are told in the same words."""

import base64
import json

from promptflow.ports import Reference, TextRequest
from promptflow.providers.openai.dialect import Dialect

EFFORT = "low"
"""How much a model that reasons is to reason: people watch it, and three stages follow one another."""


def write_instructions(request: TextRequest, dialect: Dialect) -> str:
    """Return the system text: with the schema in it where the server can't be held to it.

    Args:
        request: the question.
        dialect: how the server is spoken to.
    """
    if request.schema is None or dialect.schema:
        return request.instructions
    schema = json.dumps(dict(request.schema), ensure_ascii=False)
    return f"{request.instructions}\n\nThe JSON object has to fit this JSON schema:\n{schema}"


def encode_reference(reference: Reference) -> str:
    """Return a picture as a data URL."""
    return f"data:{reference.mime};base64,{base64.b64encode(reference.data).decode('ascii')}"
