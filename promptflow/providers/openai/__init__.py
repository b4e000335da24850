"""OpenAI, and every server that speaks its API: request → SDK call → our records. Floor 4.

The `openai` SDK is imported in this package alone, and only when a model is first asked. Its retries are
off: ours are the only ones. Which models there are, what they can do and what they cost is the
catalogue's business.
"""

from promptflow.providers.openai.client import Timeouts, make_client
from promptflow.providers.openai.images import OpenAIImage
from promptflow.providers.openai.provider import openai_provider
from promptflow.providers.openai.text import OpenAIText

__all__ = ["OpenAIImage", "OpenAIText", "Timeouts", "make_client", "openai_provider"]
