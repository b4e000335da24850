"""What a bundle says of itself, and how large one may be."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FORMAT, VERSION = "promptflow-bundle", 1

MANIFEST, LEDGER, PAGE = "manifest.json", "ledger.json", "index.html"
IMAGES = "images/"
"""What stands before a picture's key."""

PICTURE_NAME = re.compile(
    rf"{IMAGES}(?P<key>generations/(?P<generation>[A-Za-z0-9][A-Za-z0-9_-]{{0,63}})/(?P<role>[a-z]+)"
    r"/(?P<model>[A-Za-z0-9][A-Za-z0-9._-]{0,127})/[0-9a-f]{16}\.(?:png|jpg|webp))",
    re.ASCII,
)

MOST_TEXT_BYTES = 256_000_000
"""Of the rows and of the page: those of some ten thousand generations."""
MOST_PICTURE_BYTES = 100_000_000
"""No provider's answer may be larger."""
MOST_BYTES = 100_000_000_000
MOST_FILES = 100_000
MOST_MANIFEST_BYTES = 32_000_000

_DIGEST = re.compile("[0-9a-f]{64}")
_SENSELESS = f"Its {MANIFEST} makes no sense."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file of a bundle."""

    sha256: str
    """64 hexadecimal digits over its bytes."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself."""

    app_version: str
    schema: str
    """The last step that the ledger's schema had taken."""
    created_at: str
    """ISO-8601, UTC."""
    generations: tuple[str, ...]
    files: Mapping[str, FileFacts] = field(hash=False)
    """Name → facts, of all files but the manifest."""


def most_bytes(name: str) -> int:
    """Return how large a file of a bundle may be, going by its name."""
    if name == MANIFEST:
        return MOST_MANIFEST_BYTES
    return MOST_TEXT_BYTES if name in {LEDGER, PAGE} else MOST_PICTURE_BYTES


def render_manifest(manifest: Manifest) -> bytes:
    """Render a manifest as JSON, in UTF-8."""
    told = {
        "format": FORMAT,
        "version": VERSION,
        "app_version": manifest.app_version,
        "schema": manifest.schema,
        "created_at": manifest.created_at,
        "generations": list(manifest.generations),
        "files": [
            {"name": name, "sha256": facts.sha256, "size_bytes": facts.size_bytes}
            for name, facts in manifest.files.items()
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest that comes from anyone.

    Args:
        data: anything.

    Returns:
        The manifest.

    Raises:
        ValueError: it is none, or of a version that isn't known; its text says in a sentence which.
    """
    try:
        told = json.loads(data)
        version = told["version"] if told["format"] == FORMAT else 0
        manifest = _make_manifest(told) if version == VERSION else None
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(_SENSELESS) from error
    if manifest:
        return manifest
    newer = isinstance(version, int) and version > VERSION
    raise ValueError(tell_newer("its format") if newer else _SENSELESS)


def tell_newer(unknown: str) -> str:
    """Say that a bundle is of a newer version.

    Args:
        unknown: what isn't known of it.
    """
    return f"It is of a newer version of Prompt Flow: this one doesn't know {unknown}. Get the newer one."


def _make_manifest(told: Mapping[str, object]) -> Manifest:
    """Make a record.

    Raises:
        LookupError: something lacks.
        TypeError: something is of another type.
        ValueError: something makes no sense.
    """
    files, generations = told["files"], told["generations"]
    if not isinstance(files, list):
        raise TypeError
    if not isinstance(generations, list) or not generations:
        raise ValueError
    facts = {
        _text(one["name"]): FileFacts(
            sha256=_digest(one["sha256"]), size_bytes=_size(one["size_bytes"])
        )
        for one in files
    }
    if len(facts) < len(files):
        raise ValueError
    return Manifest(
        app_version=_text(told["app_version"]),
        schema=_text(told["schema"]),
        created_at=_text(told["created_at"]),
        generations=tuple(_text(one) for one in generations),
        files=facts,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _digest(value: object) -> str:
    if not _DIGEST.fullmatch(_text(value)):
        raise ValueError
    return _text(value)


def _size(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError
    return value
