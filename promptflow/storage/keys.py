"""The names that stored things go by, the same in every store. Floor 4: opens nothing.

    generations/{generation}/{role}/{model}/{first 16 hex digits of sha256}.{extension}

A picture's key says whose it is, what it is for, who made it, and what its bytes must be. Nothing that
comes from outside becomes part of a path or an address before it fits a strict pattern.
"""

import hashlib
import re
from dataclasses import dataclass

from promptflow.errors import StorageError
from promptflow.records import AssetRole

PICTURES = "generations"
"""The first part of every picture's key."""
DIGEST_DIGITS = 16
"""So many hexadecimal digits of the SHA-256 are in a name."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_KEY = re.compile(
    rf"{PICTURES}/(?P<generation>{_ID.pattern})/(?P<role>[a-z]+)/(?P<model>{_MODEL.pattern})"
    rf"/(?P<digest>[0-9a-f]{{{DIGEST_DIGITS}}})\.(?P<extension>png|jpg|webp)"
)
_OTHER = re.compile(r"(?!generations/)[a-z]+(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){1,6}")
_ROLES = {role.value: role for role in AssetRole}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKey:
    """A picture's key, taken apart."""

    generation_id: str
    role: AssetRole
    model: str
    """The id of the model that made it; ``upload`` for what a person brought."""
    digest: str
    """The first 16 hexadecimal digits of the SHA-256 over its bytes."""
    extension: str
    """``png``, ``jpg`` or ``webp``."""

    def fits(self, data: bytes) -> bool:
        """Say whether bytes are the ones this key was made for."""
        return hashlib.sha256(data).hexdigest().startswith(self.digest)


def make_folder(generation_id: str) -> str:
    """Return what the keys of all pictures of a generation begin with, without the last slash.

    Args:
        generation_id: letters, digits, ``-`` and ``_``.

    Raises:
        StorageError: the id can't be part of a path.
    """
    _check(_ID, generation_id, "generation id")
    return f"{PICTURES}/{generation_id}"


def is_generation(name: str) -> bool:
    """Say whether a name can be a generation's id."""
    return _ID.fullmatch(name) is not None


def make_place(*, generation_id: str, role: AssetRole, model: str) -> str:
    """Return a picture's key up to its last slash.

    Args:
        generation_id: whose picture it is; letters, digits, ``-`` and ``_``.
        role: what it is for.
        model: the id of the model that made it; letters, digits, ``.``, ``-`` and ``_``.

    Raises:
        StorageError: an id can't be part of a path.
    """
    folder = make_folder(generation_id)
    _check(_MODEL, model, "model id")
    return f"{folder}/{role.value}/{model}"


def make_key(place: str, *, sha256: str, extension: str) -> str:
    """Put a picture's key together.

    Args:
        place: as `make_place` returns it.
        sha256: hexadecimal digits over its bytes.
        extension: ``png``, ``jpg`` or ``webp``.

    Returns:
        The key, as `parse_key` reads it.
    """
    return f"{place}/{sha256[:DIGEST_DIGITS]}.{extension}"


def find_parts(key: str) -> PictureKey | None:
    """Take a key apart; ``None`` where it is not a picture's."""
    parts = _KEY.fullmatch(key)
    if parts is None or parts["role"] not in _ROLES:
        return None
    return PictureKey(
        generation_id=parts["generation"],
        role=_ROLES[parts["role"]],
        model=parts["model"],
        digest=parts["digest"],
        extension=parts["extension"],
    )


def parse_key(key: str) -> PictureKey:
    """Take a picture's key apart.

    Args:
        key: as an `Asset` holds it.

    Raises:
        StorageError: the key is not one of ours.
    """
    parts = find_parts(key)
    if parts is None:
        message = (
            f"{key!r} is no key of a picture. One looks like "
            "'generations/0196…/output/painter-1/0123456789abcdef.png'."
        )
        raise StorageError(message)
    return parts


def check_object_key(key: str) -> None:
    """Make sure that a key is a picture's, or of the same kind for something else of ours.

    Args:
        key: e.g. ``snapshots/20261123T150405Z.db.gz``; the first part is small letters, each further
            one begins with a letter or digit.

    Raises:
        StorageError: it isn't.
    """
    if find_parts(key) is None and _OTHER.fullmatch(key) is None:
        message = (
            f"{key!r} is no key of ours. One looks like "
            "'generations/0196…/output/painter-1/0123456789abcdef.png'."
        )
        raise StorageError(message)


def _check(pattern: re.Pattern[str], value: str, what: str) -> None:
    if pattern.fullmatch(value) is None:
        message = (
            f"The {what} {value!r} can't be part of a path. Letters, digits, '-', '_' and, in a "
            "model id, '.' are accepted."
        )
        raise StorageError(message)
