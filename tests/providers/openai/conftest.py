"""OpenAI on the loopback, and the adapter pointed at it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import httpx2
import openai
import pytest

from promptflow.catalog import choose_pixels, read_catalog
from promptflow.ports import ImageRequest, Picture, TextPart, TextRequest
from promptflow.providers.openai import OpenAIImage, OpenAIText, Timeouts, make_client
from promptflow.records import Stage
from promptflow.settings import SHIPPED_DATA
from tests.wire.fault_rows import Fault
from tests.wire.openai_wire import OpenAIWire
from tests.wire.wire import Wire

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
KEY = "sk-marked-0123456789abcdefghij"
"""What must never be seen again once it is sent."""
TEXT_TITLE, IMAGE_TITLE = "Luna", "Flare"
NOWHERE = "http://127.0.0.1:9/v1"
PATIENT = Timeouts(connect_s=2, text_s=10, image_s=10)
"""For a busy machine."""
HASTY = Timeouts(connect_s=2, text_s=0.4, image_s=0.4)
"""For silence that is meant."""
SILENT = frozenset({"stall", "stall_mid_stream"})
"""Faults that only patience ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Makes models of one server."""

    client: openai.OpenAI
    timeouts: Timeouts = PATIENT

    def text(
        self, model: str = "gpt-6-luna", *, reasoning: bool = False, chat: bool = False
    ) -> OpenAIText:
        """Make a text model."""
        return OpenAIText(
            model=model,
            client=lambda: self.client,
            reasoning=reasoning,
            chat=chat,
            title=TEXT_TITLE,
            timeouts=self.timeouts,
        )

    def image(self, model: str = "gpt-image-2.6-flare") -> OpenAIImage:
        """Make an image model."""
        return OpenAIImage(
            model=model,
            client=lambda: self.client,
            title=IMAGE_TITLE,
            timeouts=self.timeouts,
            pixels=partial(choose_pixels, CATALOG.image_model(model)),
        )

    def hasty(self) -> "Adapter":
        """Return this adapter, without patience."""
        return replace(self, timeouts=HASTY)

    def waits_for(self, fault: Fault) -> "Adapter":
        """Return this adapter, without patience where only that ends a fault."""
        return self.hasty() if fault.name in SILENT else self

    def ask(self, kind: str) -> list[TextPart] | list[Picture]:
        """Make a plain, good call of one kind of model to its end."""
        if kind == "image":
            return list(self.image().paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=1)))
        return list(self.text().stream(question()))


def question(**more: object) -> TextRequest:
    """Return a question; more fields as `TextRequest` has them."""
    fields: dict[str, object] = {
        "stage": Stage.THINKING,
        "instructions": "Think.",
        "sections": {"request": "A lighthouse"},
    }
    return TextRequest(**(fields | more))  # type: ignore[arg-type]  # the fields are the caller's


@pytest.fixture(scope="session")
def shared_client() -> Iterator[openai.OpenAI]:
    """One client for the whole run: making one reads every certificate of the system."""
    with make_client(api_key=KEY, base_url=NOWHERE) as client:
        yield client


@pytest.fixture
def opened() -> Iterator[Wire]:
    """Both providers' servers."""
    with Wire() as wire:
        yield wire


@pytest.fixture
def wire(opened: Wire) -> OpenAIWire:
    """OpenAI's server."""
    return opened.openai


@pytest.fixture
def adapter(wire: OpenAIWire, shared_client: openai.OpenAI) -> Adapter:
    """The adapter, for a server that is not OpenAI's own."""
    return Adapter(client=shared_client.with_options(base_url=wire.base_url))


@pytest.fixture
def official(wire: OpenAIWire) -> Iterator[Adapter]:
    """The adapter, for OpenAI's own address: the loopback stands in as a proxy."""
    with (
        httpx2.Client(proxy=wire.origin) as transport,
        openai.OpenAI(
            api_key=KEY,
            base_url="http://api.openai.com/v1",
            max_retries=0,
            http_client=transport,
        ) as client,
    ):
        yield Adapter(client=client)
