"""What the environment says about the bucket for pictures. Floor 3: reads variables, calls nobody.

Backblaze B2's endpoint is built from its region, so that no variable can send the keys to another host.
Any other S3 server has to be named in `S3_ENDPOINT_URL`. Of two names for the same thing the newer wins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from promptflow.addresses import split_safe
from promptflow.errors import SetupError

KEY_ID = ("B2_APPLICATION_KEY_ID", "B2_S3_ACCESS_KEY_ID")
KEY = ("B2_APPLICATION_KEY", "B2_S3_SECRET_ACCESS_KEY")
BUCKET = ("B2_BUCKET_NAME", "B2_S3_BUCKET")
REGION = ("B2_REGION", "B2_S3_REGION")
OLD_ENDPOINT = "B2_S3_ENDPOINT"
OTHER_SERVER = "S3_ENDPOINT_URL"
PUBLIC_BASE = "B2_PUBLIC_URL_BASE"
LINK_TTL = ("IMAGE_URL_TTL_SECONDS", "B2_S3_PRESIGN_TTL_SECONDS")
"""Each is the variable and, where there is one, its older name."""

MAX_LINK_TTL_S = 604_800
"""A week: S3 takes no more. https://www.backblaze.com/docs/cloud-storage-s3-compatible-api, 2026-11-23."""
DEFAULT_LINK_TTL_S = 900

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{3}", re.ASCII)
_OLD_ENDPOINT = re.compile(rf"https://s3\.({_REGION.pattern})\.backblazeb2\.com/?", re.ASCII)
_OTHER_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DEFAULT_OTHER_REGION = "us-east-1"
_BUCKET = re.compile(
    # Not what an application key looks like: names are repeated in messages.
    r"(?!K\d{3}[A-Za-z0-9]{27}$)"
    # Not a directory of Amazon's: to those the SDK goes at a host of their own.
    r"(?!.*--xa?-s3$)"
    r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]"
)
_HOST = re.compile(r"((?!-)[a-z0-9-]{1,63}(?<!-)(\.|$))+")
_ADDRESS = re.compile(r"[^?#\x00- \x7f-\U0010ffff]+")
_SENDABLE = re.compile(r"[!-~]+")
_SHOWABLE = re.compile(r"[A-Za-z0-9._-]{1,24}")
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """How to reach the bucket that pictures are kept in."""

    key_id: str = field(repr=False)
    key: str = field(repr=False)
    """A secret: it signs requests and goes nowhere."""
    bucket: str
    region: str
    endpoint: str
    """Where the server is, e.g. ``https://s3.us-west-004.backblazeb2.com``; no slash at the end."""
    is_b2: bool = True
    """Whether it is Backblaze B2, and not a server that `S3_ENDPOINT_URL` names."""
    public_url_base: str | None = None
    """Where a public bucket's files are served without a signature; no slash at the end."""
    link_ttl_s: int = DEFAULT_LINK_TTL_S
    """How long a signed link is good for, 1 to 604,800 seconds."""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    """``key_id``, ``key``, ``bucket`` and ``region`` → the variable that held it, for messages."""

    @property
    def title(self) -> str:
        """The server as messages name it."""
        return "Backblaze B2" if self.is_b2 else f"the S3 server at {self.endpoint!r}"


def read_bucket(environ: Mapping[str, str]) -> BucketSettings | None:
    """Read what the variables say about the bucket.

    Args:
        environ: variable name → value.

    Returns:
        The settings; ``None`` where no variable asks for a bucket, whatever the life of links is.

    Raises:
        SetupError: a variable is missing or can't be used; it says which, and no secret.
    """
    given = _Given(environ)
    link_ttl_s = _read_ttl(given)
    other = given.read(OTHER_SERVER)
    endpoint_region = None if other.text else _read_old_endpoint(given)
    key_id, key, bucket = given.read(*KEY_ID), given.read(*KEY), given.read(*BUCKET)
    region = given.read(*REGION)
    base = given.read(PUBLIC_BASE)
    required = [key_id, key, bucket]
    if not other.text and not endpoint_region:
        required.append(region)
    asked = any(found.text for found in (*required, region, other, base))
    if not asked and endpoint_region is None:
        return None
    _check_complete(required)
    place = _read_other_region(region) if other.text else _read_region(region, endpoint_region)
    return BucketSettings(
        key_id=_check_sendable(key_id),
        key=_check_sendable(key),
        bucket=_check_bucket(bucket),
        region=place,
        endpoint=_read_server(other) or f"https://s3.{place}.backblazeb2.com",
        is_b2=not other.text,
        public_url_base=_read_base(base),
        link_ttl_s=link_ttl_s,
        variables={
            "key_id": key_id.name,
            "key": key.name,
            "bucket": bucket.name,
            "region": OLD_ENDPOINT if endpoint_region and not region.text else region.name,
        },
    )


@dataclass(frozen=True, slots=True)
class _Value:
    """What a variable holds, and under which of its names."""

    name: str
    text: str
    """Nothing where the variable isn't set."""

    @property
    def shown(self) -> str:
        """The variable, and what it holds unless that could be a password or a key by mistake."""
        return f"{self.name} ({self.text!r})" if _SHOWABLE.fullmatch(self.text) else self.name


class _Given:
    """The variables, looked up by all their names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def read(self, *names: str) -> _Value:
        """Return the first that is set, under the newest name if none is."""
        found = (_Value(name, self._environ.get(name, "").strip()) for name in names)
        return next((value for value in found if value.text), _Value(names[0], ""))


def _check_complete(required: list[_Value]) -> None:
    """Name exactly what is missing."""
    missing = [value.name for value in required if not value.text]
    if not missing:
        return
    *others, last = missing
    named = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    message = (
        f"Pictures can't be kept in the bucket: {named} not set. Set what is missing, or unset "
        f"all B2_… variables and {OTHER_SERVER} to keep pictures on this machine."
    )
    raise SetupError(message)


def _check_sendable(value: _Value) -> str:
    if _SENDABLE.fullmatch(value.text) is None:
        message = (
            f"{value.name} holds a character that no key has, such as a blank or a line end. "
            "Copy the key anew, without anything around it."
        )
        raise SetupError(message)
    return value.text


def _check_bucket(value: _Value) -> str:
    if _BUCKET.fullmatch(value.text) is None:
        message = (
            f"{value.shown} is no name of a bucket. One has 3 to 63 letters, digits, '-', '.' and "
            "'_', and no address around it."
        )
        raise SetupError(message)
    return value.text


def _read_region(region: _Value, endpoint_region: str | None) -> str:
    """Return B2's region, by which its host is named."""
    text = region.text or endpoint_region or ""
    if _REGION.fullmatch(text) is None:
        message = (
            f"{region.shown} is no region of Backblaze B2. One looks like 'us-west-004'; the page of "
            f"the bucket shows it in the endpoint. Another S3 server is named in {OTHER_SERVER}."
        )
        raise SetupError(message)
    return text


def _read_other_region(region: _Value) -> str:
    """Return the region that requests to another server are signed for."""
    text = region.text or _DEFAULT_OTHER_REGION
    if _OTHER_REGION.fullmatch(text) is None:
        message = (
            f"{region.shown} is no region that a request can be signed for. Small letters, digits "
            f"and '-' are accepted; unset it for {_DEFAULT_OTHER_REGION!r}."
        )
        raise SetupError(message)
    return text


def _read_old_endpoint(given: _Given) -> str | None:
    """Return the region in an endpoint of Backblaze B2; no other host is believed."""
    endpoint = given.read(OLD_ENDPOINT)
    if not endpoint.text:
        return None
    parts = _OLD_ENDPOINT.fullmatch(endpoint.text)
    if parts is None:
        message = (
            f"{OLD_ENDPOINT} is no endpoint of Backblaze B2: those look like "
            "https://s3.us-west-004.backblazeb2.com. To use another S3 server, name it in "
            f"{OTHER_SERVER}."
        )
        raise SetupError(message)
    return parts[1]


def _read_server(other: _Value) -> str | None:
    """Check the address of another server."""
    return _read_address(other, purpose="pictures may be sent to", example="https://s3.example.com")


def _read_base(base: _Value) -> str | None:
    """Check the address that links of a public bucket begin with."""
    return _read_address(
        base, purpose="links can begin with", example="https://f004.backblazeb2.com/file/my-bucket"
    )


def _read_address(value: _Value, *, purpose: str, example: str) -> str | None:
    """Check an address, which is not repeated: it could hold a password."""
    if not value.text:
        return None
    parts = split_safe(value.text)
    if parts is None or _ADDRESS.fullmatch(value.text) is None or not _is_usable(parts):
        message = (
            f"{value.name} is no address that {purpose}. Give one like {example}, without a user "
            "name, a password or anything behind a '?' or '#'; http is accepted for this machine only."
        )
        raise SetupError(message)
    return value.text.rstrip("/")


def _is_usable(parts: SplitResult) -> bool:
    """Say whether the SDK takes an address with this host and port."""
    host = parts.hostname or ""
    try:
        port = parts.port
    except ValueError:
        return False
    # An address of IPv6 has colons, and was looked at when it was split.
    return port != 0 and (":" in host or _HOST.fullmatch(host) is not None)


def _read_ttl(given: _Given) -> int:
    """Return how long links are good for."""
    ttl = given.read(*LINK_TTL)
    if not ttl.text:
        return DEFAULT_LINK_TTL_S
    seconds = int(ttl.text) if _SECONDS.fullmatch(ttl.text) else 0
    if not 1 <= seconds <= MAX_LINK_TTL_S:
        message = (
            f"{ttl.shown} is no time that links can be good for. Give whole seconds from 1 to "
            f"{MAX_LINK_TTL_S}, or unset it for {DEFAULT_LINK_TTL_S}."
        )
        raise SetupError(message)
    return seconds
