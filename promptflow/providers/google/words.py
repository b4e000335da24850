"""What stands in every message: whose it is, and other people's words made fit for it."""

import re

PROVIDER = "google"
"""The provider's id in the catalogue."""
KEY_VARIABLE = "GOOGLE_AI_API_KEY"
"""Where the key is set, unless it is known to have come from another variable."""
MAX_CHARS = 200

_URL_QUERY = re.compile(r"(https?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
_KEY = re.compile(r"\b(AIza|AQ\.|sk-|ya29\.)[\w.\-]{6,}")
_MARK = "[key]"
_ID = re.compile(r"[\w.:=+/-]{1,100}", re.ASCII)


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


def check_id(value: object, *, key: str) -> str | None:
    """Return an id that a server gave; ``None`` for none, and for one that must not be kept.

    Args:
        value: what it gave, of any type.
        key: the key that was sent to it, because some servers say it back.
    """
    known = value if isinstance(value, str) and _ID.fullmatch(value) else ""
    return known if known and quote(known, key=key) == known else None
