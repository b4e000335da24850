"""Both SDKs without the product: the shortest loops that ask for what it asks for, and keep nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.wires import KEY, PREVIEWS, Addresses
from promptflow.material import render_sections
from promptflow.ports import TextRequest

if TYPE_CHECKING:
    import openai
    from google import genai


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdks:
    """A client of each."""

    openai: "openai.OpenAI"
    google: "genai.Client"


@contextmanager
def open_sdks(addresses: Addresses) -> Iterator[Sdks]:
    """Make both clients, until the block ends."""
    import openai
    from google import genai
    from google.genai import types

    options = types.HttpOptions(base_url=addresses.google)
    with (
        openai.OpenAI(api_key=KEY, base_url=addresses.openai, max_retries=0) as one,
        genai.Client(api_key=KEY, http_options=options) as other,
    ):
        yield Sdks(openai=one, google=other)


def write_by_openai(sdks: Sdks, model: str, question: TextRequest) -> Iterator[str]:
    """Ask the Responses API, and yield the pieces of its answer."""
    more: dict[str, Any] = {}
    if question.schema:
        form = {"type": "json_schema", "name": "plan", "strict": True}
        more["text"] = {"format": form | {"schema": question.schema}}
    for event in sdks.openai.responses.create(
        model=model,
        instructions=question.instructions,
        input=render_sections(question.sections),
        reasoning={"effort": "low", "summary": "auto"},
        store=False,
        stream=True,
        **more,
    ):
        if event.type == "response.output_text.delta":
            yield event.delta


def write_by_google(sdks: Sdks, model: str, question: TextRequest) -> Iterator[str]:
    """Ask a Gemini model, and yield the pieces of its answer."""
    from google.genai import types

    for chunk in sdks.google.models.generate_content_stream(
        model=model,
        contents=render_sections(question.sections),
        config=types.GenerateContentConfig(
            system_instruction=question.instructions,
            response_mime_type="application/json" if question.schema else None,
            response_json_schema=question.schema,
            thinking_config=types.ThinkingConfig(
                include_thoughts=True, thinking_level=types.ThinkingLevel.LOW
            ),
            automatic_continuation=False,
        ),
    ):
        if chunk.text:
            yield chunk.text


def paint_by_openai(sdks: Sdks, model: str, prompt: str) -> bytes:
    """Ask for a picture with previews; the newest is at hand until the next one comes."""
    import base64

    picture = b""
    for event in sdks.openai.images.generate(
        model=model, prompt=prompt, stream=True, partial_images=PREVIEWS
    ):
        picture = base64.b64decode(event.b64_json)
    return picture


def paint_by_google(sdks: Sdks, model: str, prompt: str) -> bytes:
    """Ask for a picture."""
    from google.genai import types

    answer = sdks.google.models.generate_content(
        model=model,
        contents=prompt,
        config=types.GenerateContentConfig(response_modalities=["IMAGE"]),
    )
    found = (part.inline_data.data for part in answer.parts or () if part.inline_data)
    return next(found, None) or b""
