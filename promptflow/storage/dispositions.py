"""The header that makes a browser save something under a name. Floor 4."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from promptflow.wording import mend_text

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|%\u2028\u2029\u202a-\u202e\u2066-\u2069]+')
"""What no file system, header or reader's eye should meet in a name."""
_MAX_CHARACTERS = 120
_MAX_ENDING = 8
_NAMELESS = "picture"


def make_disposition(filename: str) -> str:
    """Make a ``Content-Disposition`` that saves under a file name.

    Args:
        filename: in any script; what can't be part of a name becomes ``_``.

    Returns:
        A header's value in ASCII; names beyond ASCII are given a second time, as RFC 6266 says.
    """
    # Half a surrogate pair can't be said in UTF-8.
    told = mend_text(filename)
    name = _UNSAFE.sub("_", told).strip(". ") or _NAMELESS
    ending = PurePosixPath(name).suffix[:_MAX_ENDING]
    kept = name if len(name) <= _MAX_CHARACTERS else name[:_MAX_CHARACTERS] + ending
    plain = "".join(letter if letter.isascii() else "_" for letter in kept)
    header = f'attachment; filename="{plain}"'
    return header if plain == kept else f"{header}; filename*=UTF-8''{quote(kept, safe='')}"
