"""Reading what a server sent, which may be anything: the SDK builds its types without checking them."""

import re
import threading
from collections.abc import Iterable, Mapping

from promptflow.wording import mend_text

_REQUEST_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


def read(value: object, *path: str) -> object:
    """Follow names into an object of the SDK or of plain JSON.

    Args:
        value: where to begin.
        *path: names of attributes or keys.

    Returns:
        What is there; ``None`` where a step is missing.
    """
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def read_text(value: object, *path: str) -> str:
    """Return the text at the end of a path, fit for UTF-8; "" where there is none."""
    found = read(value, *path)
    return mend_text(found) if isinstance(found, str) else ""


def read_count(value: object, *path: str) -> int | None:
    """Return the whole number, 0 or more, at the end of a path; ``None`` where there is none."""
    found = read(value, *path)
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if found >= 0 else None


def read_first(value: object, *path: str) -> object:
    """Return the first item of the list at the end of a path; ``None`` where there is none."""
    found = read(value, *path)
    return found[0] if isinstance(found, list) and found else None


def read_request_id(value: object, *path: str) -> str | None:
    """Return the id at the end of a path; ``None`` where there is none, or something else."""
    found = read_text(value, *path)
    return found if _REQUEST_ID.fullmatch(found) else None


def read_rest(stream: Iterable[object]) -> None:
    """Read what is left of an answer that is complete, so that its connection can be used again.

    Whatever goes wrong now concerns no one.

    Args:
        stream: the SDK's; it closes itself at its end.
    """
    try:
        for _ in stream:
            pass
    except Exception:  # noqa: BLE001, S110 - the answer is already complete
        pass


def finish_in_background(stream: Iterable[object]) -> None:
    """Read the rest without waiting for it: a server that falls silent now holds nothing up.

    Args:
        stream: as `read_rest` takes it.
    """
    threading.Thread(
        target=read_rest, args=(stream,), name="openai rest of answer", daemon=True
    ).start()
