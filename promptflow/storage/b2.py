"""Pictures in a bucket of Backblaze B2, or of another server that speaks S3. Floor 4.

The only module that knows the SDK. Every failure leaves it as a `BucketError` out of `bucket_faults`.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import promptflow
from promptflow.buckets import MAX_LINK_TTL_S, BucketSettings
from promptflow.errors import BucketError, StorageError
from promptflow.storage.bucket_faults import (
    LIST,
    LOOK_UP,
    READ,
    REMOVE,
    SIGN,
    UPLOAD,
    Deed,
    describe_trouble,
    explain,
    read_seconds,
)
from promptflow.storage.dispositions import make_disposition
from promptflow.storage.keys import check_object_key, find_parts

MAX_OBJECT_BYTES = 100_000_000
"""More than any picture has; what is larger isn't taken into memory unless it is asked for."""
_PIECE_BYTES = 1_000_000
_CONNECTIONS = 20
_CHANGED = (
    "{0!r} in the bucket {1!r} was changed after it was stored: its bytes are not those that were "
    "uploaded. Bring it back from a backup."
)
_SHA256 = "sha256"
"""The name under which an object's metadata keep the SHA-256 over its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the bucket says about one object."""

    size_bytes: int
    mime: str
    sha256: str | None
    """64 hexadecimal digits, as they were given with the upload; ``None`` if they weren't."""


class B2Bucket:
    """One bucket; made at once, connected with the first call, and used from any thread.

    Args:
        settings: where it is and how to get in.
        attempts: calls in all that one request is worth, the first included; the SDK waits between.
        connect_timeout_s: how long a connection may take.
        read_timeout_s: how long the server may be silent.
    """

    backend = "b2"

    def __init__(
        self,
        settings: BucketSettings,
        *,
        attempts: int = 4,
        connect_timeout_s: float = 10,
        read_timeout_s: float = 60,
    ) -> None:
        self.settings = settings
        self._attempts = attempts
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._lock = threading.Lock()
        self._made: Any = None

    def put(self, key: str, data: bytes, *, mime: str, sha256: str) -> None:
        """Upload bytes, unless they are there already, and see that they have arrived.

        Args:
            key: as an `Asset` holds it, or another of ours.
            data: what to upload.
            mime: its type.
            sha256: 64 hexadecimal digits over the bytes.

        Raises:
            StorageError: the key is not one of ours, or the bytes are not those of the SHA-256.
            BucketError: they could not be uploaded, or are not the same in the bucket.

        Cost:
            An upload is free at Backblaze; two class B calls, $0.004 per 10,000 (2026-11-23).
        """
        check_object_key(key)
        _check_bytes(key, data, sha256)
        with self._translated(UPLOAD, key):
            # A server that says no is asked all the same: the upload itself is told why.
            if _fits(self._look(key), len(data), sha256):
                return
            self._client.put_object(
                Bucket=self.settings.bucket,
                Key=key,
                Body=data,
                ContentType=mime,
                Metadata={_SHA256: sha256},
            )
        self._make_sure(key, len(data), sha256)

    def get(self, key: str, *, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        """Return an object's bytes, and make sure they are the ones that were uploaded.

        Args:
            key: as an `Asset` holds it, or another of ours.
            max_bytes: what is larger is left where it is.

        Returns:
            The bytes.

        Raises:
            StorageError: the key is not one of ours.
            BucketError: there is nothing under it, it can't be read, or it was changed.
        """
        check_object_key(key)
        with self._translated(READ, key):
            answer = self._client.get_object(Bucket=self.settings.bucket, Key=key)
            size_bytes = answer.get("ContentLength", 0)
            with answer["Body"] as body:
                if size_bytes <= max_bytes:
                    data: bytes = body.read()
                    _check_whole(key, data, answer["Metadata"].get(_SHA256), self.settings.bucket)
                    return data
        message = (
            f"{key!r} in the bucket {self.settings.bucket!r} has {size_bytes:,} bytes; "
            f"at most {max_bytes:,} are read. See who else writes there."
        )
        raise BucketError(message, reason="too_large")

    def put_file(self, key: str, path: Path, *, mime: str) -> None:
        """Upload a file of any size, a piece at a time, and see that it has arrived.

        Args:
            key: one of ours.
            path: the file, which nobody changes meanwhile.
            mime: its type.

        Raises:
            StorageError: the key is not one of ours, or the file can't be read.
            BucketError: it could not be uploaded, or is not the same in the bucket.
        """
        check_object_key(key)
        with _files_worded(path), path.open("rb") as file, self._translated(UPLOAD, key):
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._client.put_object(
                Bucket=self.settings.bucket,
                Key=key,
                Body=file,
                ContentType=mime,
                Metadata={_SHA256: sha256},
            )
            size_bytes = file.tell()
        self._make_sure(key, size_bytes, sha256)

    def get_file(self, key: str, path: Path) -> None:
        """Fetch an object of any size into a new file, a piece at a time.

        Args:
            key: one of ours.
            path: the file, to be made.

        Raises:
            StorageError: the key is not one of ours, or the file can't be written.
            BucketError: there is nothing under it, it can't be read, or it was changed.
        """
        check_object_key(key)
        with _files_worded(path), path.open("xb") as file, self._translated(READ, key):
            answer = self._client.get_object(Bucket=self.settings.bucket, Key=key)
            digest = hashlib.sha256()
            # Entered itself, the body would give out the bare stream below it.
            with closing(answer["Body"]) as body:
                for piece in body.iter_chunks(_PIECE_BYTES):
                    digest.update(piece)
                    file.write(piece)
        if answer["Metadata"].get(_SHA256) != digest.hexdigest():
            raise BucketError(_CHANGED.format(key, self.settings.bucket), reason="changed")

    def head(self, key: str) -> Found | None:
        """Look an object up.

        Args:
            key: as an `Asset` holds it, or another of ours.

        Returns:
            What the bucket says; ``None`` where the bucket is there and the object is not.

        Raises:
            StorageError: the key is not one of ours.
            BucketError: the bucket can't be asked, or is not there.
        """
        check_object_key(key)
        with self._translated(LOOK_UP, key):
            return self._look(key) or self._ask_why(key)

    def delete(self, key: str) -> None:
        """Remove an object for good, with every earlier version of it that would be billed on.

        With a key that may not list, the versions are hidden and stay.

        Args:
            key: as an `Asset` holds it, or another of ours; nothing happens where there is none.

        Raises:
            StorageError: the key is not one of ours.
            BucketError: it could not be removed.
        """
        check_object_key(key)
        with self._translated(REMOVE, key):
            versions = self._list_versions(key)
            # One by one: B2 may not take the checksum that the SDK sends with a list of many.
            for version in versions:
                self._client.delete_object(Bucket=self.settings.bucket, Key=key, VersionId=version)
            if not versions:
                self._client.delete_object(Bucket=self.settings.bucket, Key=key)

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield what is in the bucket, a thousand objects per call.

        Args:
            prefix: what the keys begin with; nothing for all.

        Yields:
            (key, bytes), keys ascending; others' objects, too.

        Raises:
            BucketError: the bucket can't be listed.

        Cost:
            A class C call for each thousand, $0.004 per 1,000 (2026-11-23).
        """
        with self._translated(LIST, prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.settings.bucket, Prefix=prefix
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield entry["Key"], entry["Size"]

    def sign(
        self, key: str, *, mime: str, filename: str | None = None, ttl_s: int | None = None
    ) -> str:
        """Make an address at which a browser gets an object; calls nobody.

        Args:
            key: of an asset that the ledger knows; it is not looked up.
            mime: what the browser is told the bytes are.
            filename: makes the browser save it under this name; ``None`` lets it be shown.
            ttl_s: how long the address is good for, 1 to 604,800 seconds; ``None`` as it is set up.

        Returns:
            A secret for as long as it is good: never to be stored or logged. Where the bucket is
            public, an address without a signature that is good for ever.

        Raises:
            StorageError: the key is not one of ours, or `ttl_s` is out of its range.
            BucketError: the SDK could not sign.
        """
        check_object_key(key)
        if self.settings.public_url_base is not None:
            return f"{self.settings.public_url_base}/{quote(key)}"
        life_s = self.settings.link_ttl_s if ttl_s is None else ttl_s
        if not 1 <= life_s <= MAX_LINK_TTL_S:
            message = f"A link can't be good for {life_s} s. From 1 to {MAX_LINK_TTL_S:,} s it can."
            raise StorageError(message)
        asked = {"Bucket": self.settings.bucket, "Key": key, "ResponseContentType": mime}
        if filename is not None:
            asked["ResponseContentDisposition"] = make_disposition(filename)
        with self._translated(SIGN, key):
            url: str = self._client.generate_presigned_url(
                "get_object", Params=asked, ExpiresIn=life_s
            )
        return url

    def check(self) -> None:
        """Write, look up, list, read and remove a small object.

        Raises:
            BucketError: one of these is not possible; it says why.
        """
        from uuid_utils import uuid7

        key, data = f"checks/{uuid7()}.txt", b"Prompt Flow looks whether it may write here."
        try:
            self.put(key, data, mime="text/plain", sha256=hashlib.sha256(data).hexdigest())
            next(self.list("checks/"), None)
            self.get(key)
        except BucketError as error:
            # What was written goes again, unless it would but take as long to hear the same.
            if not error.passing:
                with suppress(BucketError):
                    self.delete(key)
            raise
        self.delete(key)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _make_sure(self, key: str, size_bytes: int, sha256: str) -> None:
        """Compare what is in the bucket with what was sent."""
        if not _fits(self.head(key), size_bytes, sha256):
            message = (
                f"{key!r} was uploaded to the bucket {self.settings.bucket!r}, but what is there now "
                "is not the same. It is tried again later; if it goes on, see who else writes there."
            )
            raise BucketError(message, reason="differs", passing=True)

    def _look(self, key: str) -> Found | None:
        """Look an object up; ``None`` where the server says no, which it does without a word."""
        from botocore.exceptions import ClientError

        try:
            return _read_found(self._client.head_object(Bucket=self.settings.bucket, Key=key))
        except ClientError as error:
            if not _is_wordless(error):
                raise
            return None

    def _ask_why(self, key: str) -> Found | None:
        """Ask for the first byte: unlike an answer to HEAD, the one to GET says why not."""
        from botocore.exceptions import ClientError

        try:
            answer = self._client.get_object(
                Bucket=self.settings.bucket, Key=key, Range="bytes=0-0"
            )
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchKey":
                return None
            raise
        answer["Body"].close()
        return _read_found(answer)

    def _list_versions(self, key: str) -> tuple[str, ...]:
        """Return the ids of all versions of one object; none where the server doesn't tell."""
        from botocore.exceptions import ClientError

        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.settings.bucket, Prefix=key
        )
        try:
            return tuple(
                entry["VersionId"]
                for page in pages
                for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                if entry["Key"] == key
            )
        except ClientError as error:
            if error.response["Error"].get("Code") in _NO_VERSIONS:
                return ()
            raise

    @property
    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make_client()
            return self._made

    def _make_client(self) -> Any:
        """Make the client out of our settings alone."""
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # B2 has been turning down the checksums that the SDK sends by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": self._attempts},
            connect_timeout=self._connect_timeout_s,
            read_timeout=self._read_timeout_s,
            max_pool_connections=_CONNECTIONS,
            user_agent_extra=f"promptflow/{promptflow.__version__}",
            ignore_configured_endpoint_urls=True,
            # To this machine no proxy is needed; to others the system's is used.
            proxies={} if self.settings.endpoint.startswith("http:") else None,
        )
        client = _open_session().client(
            "s3",
            endpoint_url=self.settings.endpoint,
            region_name=self.settings.region,
            aws_access_key_id=self.settings.key_id,
            aws_secret_access_key=self.settings.key,
            config=config,
        )
        client.meta.events.register("before-parse.s3", _obey_retry_after)
        return client

    @contextmanager
    def _translated(self, deed: Deed, what: str) -> Iterator[None]:
        """Turn whatever the SDK raises into our error."""
        from botocore.exceptions import BotoCoreError, ClientError, UndefinedModelAttributeError
        from botocore.parsers import ResponseParserError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (
            BotoCoreError, ClientError, UndefinedModelAttributeError, ResponseParserError, HTTPError
        ) as error:  # fmt: skip
            raise explain(
                describe_trouble(error),
                settings=self.settings,
                deed=deed,
                what=what,
                silence_s=self._read_timeout_s,
            ) from error


_NO_VERSIONS = frozenset({"NotImplemented", "AccessDenied", "MethodNotAllowed"})
"""Codes of a server that knows no versions, and of a key that may not list them."""


def _open_session() -> Any:
    """Open a session that knows nothing of the machine's settings for AWS.

    Neither ``AWS_…`` variables nor files in ``~/.aws`` may choose a profile that isn't there, another
    endpoint, or certificates.
    """
    import boto3
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.loaders import Loader
    from botocore.session import Session

    defaults = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    nowhere = (None, None, os.devnull, None)
    session = Session(defaults | {"config_file": nowhere, "credentials_file": nowhere})
    shipped = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", shipped)
    return boto3.Session(botocore_session=session)


def _obey_retry_after(response_dict: dict[str, Any], **_: object) -> None:
    """Pass ``Retry-After`` on under the name the SDK waits by, in milliseconds."""
    headers = response_dict["headers"]
    wait_s = read_seconds(headers.get("retry-after"))
    if wait_s is not None:
        headers.setdefault("x-amz-retry-after", str(round(wait_s * 1000)))


def _is_wordless(error: Any) -> bool:
    """Say whether the server turned a HEAD down: then the code is but the status."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return bool(400 <= status < 500) and error.response["Error"].get("Code") == str(status)


def _read_found(answer: dict[str, Any]) -> Found:
    """Read an answer to HEAD, or to GET for a part."""
    _, _, whole = answer.get("ContentRange", "").rpartition("/")
    return Found(
        size_bytes=int(whole) if whole.isdecimal() else answer.get("ContentLength", 0),
        mime=answer.get("ContentType", ""),
        sha256=answer["Metadata"].get(_SHA256),
    )


def _fits(found: Found | None, size_bytes: int, sha256: str) -> bool:
    """Say whether what is in the bucket is the same."""
    return found is not None and (found.size_bytes, found.sha256) == (size_bytes, sha256)


@contextmanager
def _files_worded(path: Path) -> Iterator[None]:
    """Turn what the system says of a file of this machine into a sentence."""
    try:
        yield
    except OSError as error:
        message = (
            f"{str(path)!r} can't be read or written ({error.strerror}). Check the disk and its free "
            "space."
        )
        raise StorageError(message) from error


def _check_bytes(key: str, data: bytes, sha256: str) -> None:
    """Make sure that what goes up is what it is said to be."""
    parts = find_parts(key)
    if hashlib.sha256(data).hexdigest() != sha256 or (parts and not parts.fits(data)):
        message = (
            f"{key!r} is not uploaded: its bytes are not those it was recorded with. Bring the file "
            "back from a backup."
        )
        raise StorageError(message)


def _check_whole(key: str, data: bytes, sha256: str | None, bucket: str) -> None:
    """Make sure that what came down is what went up."""
    parts = find_parts(key)
    right = sha256 is None or hashlib.sha256(data).hexdigest() == sha256
    if not right or (parts and not parts.fits(data)):
        raise BucketError(_CHANGED.format(key, bucket), reason="changed")
