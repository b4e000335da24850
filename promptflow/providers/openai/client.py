"""The SDK's client, and how long it may wait."""

import re
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promptflow.errors import SetupError
from promptflow.providers.bounds import bound_answer

if TYPE_CHECKING:
    import openai

    ClientSource = Callable[[], openai.OpenAI]
    """Returns the SDK client; called for every request."""

OPENAI_URL = "https://api.openai.com/v1"
_KEYLESS = "none"
"""Sent to servers that need no key, because the SDK insists on one."""
_SENDABLE_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait for a server, in seconds."""

    connect_s: float = 5.0
    """For the connection."""
    text_s: float = 120.0
    """For the first and for each further piece of a text."""
    image_s: float = 300.0
    """For the first and for each further piece of a picture."""


def make_client(*, api_key: str, base_url: str | None) -> "openai.OpenAI":
    """Make the SDK's client: thread-safe, with its own retries off.

    It reads no answer without end, and closes its connections when it is thrown away: keep a reference
    while a call runs. The models set their time-outs for each request; those set here hold for
    whatever else is asked.

    Args:
        api_key: the key; blank for a server that needs none.
        base_url: where the API is, e.g. ``http://localhost:11434/v1``; ``None`` for OpenAI's own.

    Returns:
        A client; it has not connected yet.

    Raises:
        SetupError: the key or the address can't be used; neither is repeated.
    """
    with suppress(ImportError):
        # The SDK looks for it among the modules that are there, and trips over one that another thread,
        # with Google's SDK, is in the middle of importing; this waits until it is whole.
        import httpx  # noqa: F401
    import openai

    key = api_key.strip() or _KEYLESS
    # Checked here, because the error of whoever would trip over it quotes the whole header.
    if not _SENDABLE_KEY.fullmatch(key):
        message = (
            "The key in OPENAI_API_KEY holds a character that no key has, such as a space, a line end"
            " or a curly quote. Copy it again from https://platform.openai.com/api-keys."
        )
        raise SetupError(message)
    timeouts = Timeouts()
    timeout = openai.Timeout(timeouts.text_s, connect=timeouts.connect_s)
    transport = openai.DefaultHttpx2Client(
        timeout=timeout,
        event_hooks={"response": [partial(bound_answer, painting="/images/")]},
    )
    client = openai.OpenAI(
        api_key=key,
        base_url=_check_url(base_url) if base_url else OPENAI_URL,
        max_retries=0,
        timeout=timeout,
        http_client=transport,
    )
    # The SDK closes only what it has made itself.
    weakref.finalize(client, transport.close)
    return client


def with_patience(client: "openai.OpenAI", timeouts: Timeouts, read_s: float) -> "openai.OpenAI":
    """Return a view of a client, over the same connections, for one kind of request.

    Args:
        client: the SDK's.
        timeouts: how long to wait for the connection.
        read_s: seconds to wait for the answer to begin, and for each further piece of it.
    """
    import openai

    return client.with_options(
        timeout=openai.Timeout(read_s, connect=timeouts.connect_s), max_retries=0
    )


def _check_url(base_url: str) -> str:
    """Return an address that a client can be made with.

    Raises:
        SetupError: it is none.
    """
    import httpx2

    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0)
        httpx2.URL(base_url.strip())
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable:
        message = (
            "The address in OPENAI_BASE_URL can't be used. It has to be that of a server's API, such"
            " as http://localhost:11434/v1; leave it empty for OpenAI itself."
        )
        raise SetupError(message)
    return base_url.strip()
