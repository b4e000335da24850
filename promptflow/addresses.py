"""Which addresses something secret may be sent to. Floor 3: looks at text, asks no resolver."""

import re
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PLAIN = re.compile(r"[^\s\\\x00-\x1f\x7f]+")
"""Without blanks and backslashes, which programs read in different ways."""


def split_safe(url: str) -> SplitResult | None:
    """Take an address apart, if a secret may go there: in the clear only to this machine.

    Args:
        url: as someone wrote it.

    Returns:
        Its parts; ``None`` where it isn't https, or http to this machine, or has no host, or a user
        name or password in it.
    """
    if _PLAIN.fullmatch(url) is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return parts if safe and host and "@" not in parts.netloc else None
