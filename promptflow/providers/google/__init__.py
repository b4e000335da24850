"""Google's Gemini models through the google-genai SDK, which is imported here alone, and late. Floor 4.

`client` reaches Google, `text` and `images` are the two ports, `replies` reads what came back, `endings`
knows why an answer ended, `faults` turns the SDK's errors into ours.
"""

from promptflow.providers.google.client import make_client
from promptflow.providers.google.images import GoogleImage
from promptflow.providers.google.provider import google_provider
from promptflow.providers.google.text import GoogleText

__all__ = ["GoogleImage", "GoogleText", "google_provider", "make_client"]
