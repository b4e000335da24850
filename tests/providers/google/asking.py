"""Questions to the adapter, and what comes of them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from promptflow.errors import ProviderError
from promptflow.ports import ImageRequest, Picture, TextPart, TextRequest
from promptflow.providers.google import GoogleImage, GoogleText
from promptflow.records import Stage
from tests.wire.fault_rows import Fault

if TYPE_CHECKING:
    from google import genai

KEY = "AIzaMarked-0123456789_abcdefghijklmnopq"
TEXT_MODEL = "gemini-3.8-flash"
IMAGE_MODEL = "gemini-nano-banana-2.1"

_Item = TypeVar("_Item")


def write_text(
    client: "genai.Client",
    *,
    silence_s: float = 10,
    thinking_level: str | None = "LOW",
    **more: Any,
) -> tuple[list[TextPart], ProviderError | None]:
    """Ask the text model; return what it yields and what it raises.

    Args:
        client: of the adapter.
        silence_s: the model's.
        thinking_level: the model's.
        **more: fields of the question.
    """
    question: dict[str, Any] = {
        "stage": Stage.THINKING,
        "instructions": "Think.",
        "sections": {"request": "A lighthouse"},
    }
    model = GoogleText(
        model=TEXT_MODEL, client=client, silence_s=silence_s, thinking_level=thinking_level
    )
    return _collect(model.stream(TextRequest(**(question | more))))


def paint(
    client: "genai.Client", *, silence_s: float = 10, **more: Any
) -> tuple[list[Picture], ProviderError | None]:
    """Ask the image model; return what it yields and what it raises.

    Args:
        client: of the adapter.
        silence_s: the model's.
        **more: fields of the request.
    """
    request: dict[str, Any] = {"prompt": "A lighthouse", "aspect_ratio": "16:9", "count": 1}
    model = GoogleImage(model=IMAGE_MODEL, client=client, silence_s=silence_s)
    return _collect(model.paint(ImageRequest(**(request | more))))


def ask_for(
    kind: str, client: "genai.Client", *, silence_s: float = 10
) -> tuple[list[TextPart] | list[Picture], ProviderError | None]:
    """Ask a model of a kind for anything.

    Args:
        kind: ``text`` or ``image``.
        client: of the adapter.
        silence_s: the model's.
    """
    if kind == "text":
        return write_text(client, silence_s=silence_s)
    return paint(client, silence_s=silence_s)


def choose_patience(fault: Fault) -> float:
    """Return the seconds of silence to bear: few where silence is the fault, else more than enough."""
    return 0.3 if "stall" in fault.name else 10


def _collect(items: Iterable[_Item]) -> tuple[list[_Item], ProviderError | None]:
    came: list[_Item] = []
    try:
        came.extend(items)
    except ProviderError as error:
        return came, error
    return came, None
