"""What stands in every message: whose it is, and other people's words made fit for it."""

import re

PROVIDER = "google"
"""The provider's id in the catalogue."""
MAX_CHARS = 200

_URL_QUERY = re.compile(r"(https?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
_KEY = re.compile(r"\b(AIza|AQ\.|sk-|ya29\.)[\w.\-]{6,}")
_MARK = "[key]"


def quote(words: object, *, key: str) -> str:
    """Return what a server said, short, on one line, and without secrets.

    Args:
        words: what it said, of any type.
        key: the key that was sent to it, because some servers say it back.

    Returns:
        At most 200 characters, without keys and the queries of addresses; nothing where it said
        nothing, or sent a page of HTML.
    """
    text = " ".join(words.split()) if isinstance(words, str) else ""
    if text.startswith("<"):
        return ""
    if key:
        text = text.replace(key, _MARK)
    text = _KEY.sub(_MARK, _URL_QUERY.sub(r"\1", text))
    return text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS - 1]}…"
