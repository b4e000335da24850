"""What both providers say and paint in a flow that goes well, and what that costs."""

import json

from tests.wire.google_wire import GoogleWire
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import make_png
from tests.wire.wire import Wire

IDEA = "A lighthouse at dusk"
PLAN = json.dumps(
    {
        "summary": "A lighthouse at dusk",
        "intent": "Show calm before a storm",
        "subjects": ["a lighthouse", "the sea"],
        "style": "gouache",
        "composition": "wide",
        "mood": "calm",
        "technical_notes": [],
    }
)
THINKING = "## Reading the idea\nThe lighthouse leads."
PROMPT = "A lighthouse at dusk, in gouache."

WRITERS = {"openai": "gpt-6.1-terra", "google": "gemini-3.8-flash"}
"""Provider → its text model."""
PAINTERS = {"openai": "gpt-image-2.6-flare", "google": "gemini-nano-banana-2.1"}
"""Provider → its image model."""
OTHER = {"openai": "google", "google": "openai"}
PICTURES = {
    "openai": make_png(48, 48, rgb=(200, 90, 40)),
    "google": make_png(32, 32, rgb=(40, 90, 200)),
}
"""Provider → what it paints where nothing goes wrong."""

STAGE_COST = {"openai": 120 * 1 + 80 * 5, "google": 120 * 3 // 4 + 80 * 15 // 4}
"""Provider → micro-dollars of one answer in text: 120 tokens sent, 80 that came, at the catalogue's price."""
PICTURE_COST = {"openai": 40 * 5 + 1_120 * 30, "google": 120 * 3 // 2 + 1_120 * 30}
"""Provider → micro-dollars of one picture, likewise."""


def script_plan(wire: Wire, provider: str) -> None:
    """Let a provider plan and think."""
    server = find_server(wire, provider)
    server.answer_text(PLAN)
    server.answer_text(THINKING)


def script_texts(wire: Wire, provider: str) -> None:
    """Let a provider plan, think and write both prompts."""
    script_plan(wire, provider)
    find_server(wire, provider).answer_text(PROMPT, times=2)


def script_picture(wire: Wire, provider: str) -> None:
    """Let a provider paint its picture, once."""
    find_server(wire, provider).answer_image(PICTURES[provider])


def find_server(wire: Wire, provider: str) -> OpenAIWire | GoogleWire:
    """Return a provider's server."""
    return wire.openai if provider == "openai" else wire.google
