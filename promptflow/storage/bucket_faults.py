"""What can go wrong with a call to the bucket, and what it means: the most specific row comes first.

No SDK here: exceptions are told by the names of their classes. What the server says in words is looked
at and never repeated, for it may hold ids and signatures.

Sources, read 2026-11-23: botocore/exceptions.py of the installed package; "S3-Compatible API" and
"Application Keys", https://www.backblaze.com/docs; "Error Responses" of the Amazon S3 API reference.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from promptflow.buckets import OTHER_SERVER, BucketSettings
from promptflow.errors import BucketError

_KEYS_PAGE = "https://secure.backblaze.com/app_keys.htm"
_CAPS_PAGE = "https://secure.backblaze.com/billing_caps.htm"
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a call was to do, in words."""

    failed: str
    """What didn't work; with what and bucket in braces."""
    may: str
    """What the key has to be allowed, e.g. ``write``."""
    capability: str
    """Backblaze's word for it."""


UPLOAD = Deed(
    failed="{what!r} could not be uploaded to the bucket {bucket!r}",
    may="write",
    capability="writeFiles",
)
READ = Deed(
    failed="{what!r} could not be read from the bucket {bucket!r}",
    may="read",
    capability="readFiles",
)
LOOK_UP = Deed(
    failed="{what!r} could not be looked up in the bucket {bucket!r}",
    may="read",
    capability="readFiles",
)
REMOVE = Deed(
    failed="{what!r} could not be removed from the bucket {bucket!r}",
    may="remove",
    capability="deleteFiles",
)
LIST = Deed(failed="the bucket {bucket!r} could not be listed", may="list", capability="listFiles")
SIGN = Deed(
    failed="no link to {what!r} in the bucket {bucket!r} could be signed",
    may="read",
    capability="readFiles",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is known of a call that failed."""

    names: frozenset[str]
    """The exception's class and those above it."""
    code: str = ""
    """The server's word for the kind."""
    said: str = ""
    """The server's sentence."""
    status: int | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of failure: a code tells it, a status, a class, or words."""

    reason: str
    sentence: str
    """With fields in braces: server, code (in brackets, or nothing), silence, may, capability, endpoint,
    and key_id, key, bucket and region for the variables that hold them, address for the one that says
    where the server is."""
    hint: str = ""
    """A further sentence for Backblaze B2 alone."""
    codes: frozenset[str] = frozenset()
    statuses: Container[int | None] = ()
    names: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    passing: bool = False
    """The same call may work later without anybody doing anything."""

    def holds(self, trouble: Trouble) -> bool:
        """Say whether a failure is of this kind."""
        return (
            trouble.code in self.codes
            or trouble.status in self.statuses
            or not self.names.isdisjoint(trouble.names)
            or (self.words is not None and self.words.search(trouble.said) is not None)
        )


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


TABLE = (
    Row(
        reason="clock",
        codes=frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"}),
        sentence="the clock of this machine is too far from that of {server}. Set the clock, best by"
        " letting the system keep it.",
    ),
    Row(
        reason="expired",
        codes=frozenset({"ExpiredToken", "RequestExpired", "ExpiredTokenException"}),
        words=_words(r"\b(request|link|signature|url) (has|was|is) expired"),
        passing=True,
        sentence="the request was signed too long ago when it reached {server}. It is signed anew with"
        " the next try; if that fails, too, set the clock of this machine.",
    ),
    Row(
        reason="bad_key_id",
        codes=frozenset({"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"}),
        words=_words(r"malformed access key"),
        sentence="{server} does not know the key id in {key_id}. Check it, and that it belongs to the"
        " region in {region}.",
        hint=f"Master keys don't work here: make an application key at {_KEYS_PAGE}.",
    ),
    Row(
        reason="bad_key",
        codes=frozenset({"SignatureDoesNotMatch", "InvalidSignatureException"}),
        sentence="the key in {key} does not belong to the key id in {key_id}. Copy both anew.",
    ),
    Row(
        reason="full",
        codes=frozenset({"QuotaExceeded", "XMinioStorageFull", "StorageFull"}),
        statuses={507},
        words=_words(r"\bcaps?\b.{0,40}exceeded|exceeded.{0,40}\bcaps?\b"),
        sentence="{server} takes no more, because a limit of the account is reached. Raise it, or make"
        " room.",
        hint=f"The limits are at {_CAPS_PAGE}.",
    ),
    Row(
        reason="no_bucket",
        codes=frozenset({"NoSuchBucket", "InvalidBucketName"}),
        sentence="{server} has no bucket of that name in this region. Check {bucket} and {region}.",
    ),
    Row(
        reason="wrong_region",
        codes=frozenset({
            "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException", "InvalidRegion",
        }),
        statuses={301, 302, 303, 307, 308},
        sentence="the bucket is not in the region in {region}. Correct it; the bucket's page shows the"
        " right one.",
    ),
    Row(
        reason="missing",
        codes=frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload"}),
        statuses={404},
        sentence="there is nothing under this key. Bring it back from a backup, or make the picture"
        " again.",
    ),
    Row(
        reason="too_large",
        codes=frozenset({"EntityTooLarge"}),
        statuses={413},
        sentence="it is larger than {server} accepts. Ask for smaller pictures.",
    ),
    Row(
        reason="not_allowed",
        codes=frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess"}),
        statuses={401, 403},
        sentence="the key in {key_id} may not {may} there{code}. Use one that may, for the bucket in"
        " {bucket}.",
        hint=f"It needs the capability {{capability}}; keys are made at {_KEYS_PAGE}.",
    ),
    Row(
        reason="busy",
        codes=frozenset({
            "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded",
            "TooManyRequests", "TooManyRequestsException", "BandwidthLimitExceeded",
        }),
        statuses={429, 503},
        passing=True,
        sentence="{server} is busy{code}. Nothing is lost; it is tried again later.",
    ),
    Row(
        reason="slow",
        codes=frozenset({"RequestTimeout", "RequestTimeoutException"}),
        statuses={408, 504},
        passing=True,
        sentence="{server} gave up waiting{code}. Check how fast this machine's network is; it is tried"
        " again later.",
    ),
    Row(
        reason="damaged",
        codes=frozenset({
            "BadDigest", "InvalidDigest", "IncompleteBody", "XAmzContentSHA256Mismatch",
            "XAmzContentChecksumMismatch",
        }),
        names=frozenset({"ChecksumError", "FlexibleChecksumError"}),
        passing=True,
        sentence="the bytes were damaged on the way{code}. It is tried again later; if it goes on, check"
        " this machine's network.",
    ),
    Row(
        reason="server_error",
        codes=frozenset({"InternalError", "InternalFailure"}),
        statuses=range(500, 600),
        passing=True,
        sentence="{server} has a trouble of its own{code}. It is tried again later.",
    ),
    Row(
        reason="rejected",
        names=frozenset({"ClientError"}),
        sentence="{server} does not accept the request{code}. Check the bucket's settings, and with"
        f" {OTHER_SERVER} set that the server speaks S3 with signatures of version 4.",
    ),
    Row(
        reason="proxy",
        names=frozenset({"ProxyConnectionError", "InvalidProxiesConfigError"}),
        passing=True,
        sentence="the proxy of this machine can't be reached. Check HTTPS_PROXY.",
    ),
    Row(
        reason="certificate",
        names=frozenset({"SSLError"}),
        sentence="the certificate of {server} is not trusted. Check this machine's clock and network,"
        " and REQUESTS_CA_BUNDLE if it is set.",
    ),
    Row(
        reason="unreachable",
        names=frozenset({"ConnectionError"}),
        passing=True,
        sentence="{endpoint} can't be reached. Check this machine's network and {address}; it is tried"
        " again later.",
    ),
    Row(
        reason="silent",
        names=frozenset({"ReadTimeoutError"}),
        passing=True,
        sentence="{server} was silent for {silence}. It is tried again later.",
    ),
    Row(
        reason="broken_off",
        names=frozenset({
            "HTTPClientError", "IncompleteReadError", "ResponseStreamingError", "HTTPError",
        }),
        passing=True,
        sentence="the connection to {server} broke off. It is tried again later.",
    ),
    Row(
        reason="bad_reply",
        names=frozenset({"ResponseParserError", "PaginationError"}),
        sentence="{server} answered with something that can't be read. Check {region}, and"
        f" {OTHER_SERVER} if it is set.",
    ),
    Row(
        reason="client",
        names=frozenset({"Exception"}),
        sentence="the request could not be made. Check the variables for the bucket, and that boto3 is"
        " installed as requirements.txt says.",
    ),
)  # fmt: skip
"""Every exception is an ``Exception``, so the last row holds for what no other does."""


def describe_trouble(error: Exception) -> Trouble:
    """Put together what an exception of the SDK tells."""
    names = frozenset(kind.__name__ for kind in type(error).__mro__)
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return Trouble(names=names)
    told, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    return Trouble(
        names=names,
        code=str(told.get("Code", "")),
        said=str(told.get("Message", "")),
        status=about.get("HTTPStatusCode"),
        retry_after_s=read_seconds(about.get("HTTPHeaders", {}).get("retry-after")),
    )


def read_seconds(text: str | None) -> float | None:
    """Read a number of seconds; a date is passed over."""
    return float(text) if text and text.isascii() and text.isdecimal() else None


def explain(
    trouble: Trouble, *, settings: BucketSettings, deed: Deed, what: str, silence_s: float
) -> BucketError:
    """Say what a failure means.

    Args:
        trouble: what is known of it.
        settings: of the bucket that was asked.
        deed: what was to be done.
        what: with what, e.g. a key.
        silence_s: how long was waited for an answer, in seconds.

    Returns:
        Our error, to be raised.
    """
    row = next(row for row in TABLE if row.holds(trouble))
    said = _CODE.fullmatch(trouble.code) is not None and settings.key not in trouble.code
    words = f"{row.sentence} {row.hint}" if row.hint and settings.is_b2 else row.sentence
    reason = words.format(
        server=settings.title,
        endpoint=settings.endpoint,
        code=f" ({trouble.code})" if said else "",
        silence=f"{silence_s:g} s",
        may=deed.may,
        capability=deed.capability,
        **name_variables(settings),
    )
    failed = deed.failed.format(what=what, bucket=settings.bucket)
    return BucketError(
        f"{failed[0].upper()}{failed[1:]}: {reason}",
        reason=row.reason,
        passing=row.passing,
        status=trouble.status,
        retry_after_s=trouble.retry_after_s,
    )


def name_variables(settings: BucketSettings) -> dict[str, str]:
    """Return ``key_id``, ``key``, ``bucket``, ``region`` and ``address`` → the variable to look at."""
    named = {
        "key_id": "B2_APPLICATION_KEY_ID",
        "key": "B2_APPLICATION_KEY",
        "bucket": "B2_BUCKET_NAME",
        "region": "B2_REGION",
    }
    named |= settings.variables
    return named | {"address": named["region"] if settings.is_b2 else OTHER_SERVER}
