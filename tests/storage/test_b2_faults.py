"""Everything that goes wrong with a bucket is a sentence of its own, and shows no key."""

import inspect
import logging
import string
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import botocore.exceptions
import pytest
from botocore.parsers import ResponseParserError

from promptflow.buckets import BucketSettings
from promptflow.errors import BucketError
from promptflow.storage.b2 import B2Bucket
from promptflow.storage.bucket_faults import TABLE, UPLOAD, describe_trouble, explain
from tests.storage.marked import KEY, KEY_ID, digest, encode, key_of
from tests.wire.b2_front import B2Front, S3Fault
from tests.wire.deaf import open_deaf_port

PICTURE = encode()
PICTURE_KEY = key_of(PICTURE)
LARGE = b"x" * 3_000_000
KEYS_PAGE = "https://secure.backblaze.com/app_keys.htm"


@pytest.fixture
def b2(bucket: B2Bucket) -> B2Bucket:
    """The bucket, under the name that messages give to Backblaze."""
    bucket.settings = replace(bucket.settings, is_b2=True)
    return bucket


def put(bucket: B2Bucket) -> None:
    """Upload a picture."""
    bucket.put(PICTURE_KEY, PICTURE, mime="image/png", sha256=digest(PICTURE))


def fail_to_put(bucket: B2Bucket) -> BucketError:
    """Upload a picture in vain and return the error."""
    with pytest.raises(BucketError) as caught:
        put(bucket)
    return caught.value


def say(bucket: B2Bucket, why: str) -> str:
    """Return the whole message of an upload that failed."""
    name = bucket.settings.bucket
    return f"{PICTURE_KEY!r} could not be uploaded to the bucket {name!r}: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault of an upload, and what is said of it."""

    fault: S3Fault
    reason: str
    says: str
    passing: bool = False
    retry_after_s: float | None = None


CASES = {
    "slow down": Case(
        fault=S3Fault(status=503, code="SlowDown"),
        reason="busy",
        passing=True,
        says="Backblaze B2 is busy (SlowDown). Nothing is lost; it is tried again later.",
    ),
    "slow down for a while": Case(
        fault=S3Fault(status=503, code="SlowDown", headers={"Retry-After": "7"}),
        reason="busy",
        passing=True,
        retry_after_s=7,
        says="Backblaze B2 is busy (SlowDown). Nothing is lost; it is tried again later.",
    ),
    "slow down until a date": Case(
        fault=S3Fault(
            status=503,
            code="ServiceUnavailable",
            headers={"Retry-After": "Mon, 23 Nov 2026 12:00:00 GMT"},
        ),
        reason="busy",
        passing=True,
        says="Backblaze B2 is busy (ServiceUnavailable). Nothing is lost; it is tried again later.",
    ),
    "a trouble of the server": Case(
        fault=S3Fault(status=500, code="InternalError"),
        reason="server_error",
        passing=True,
        says="Backblaze B2 has a trouble of its own (InternalError). It is tried again later.",
    ),
    "too slow": Case(
        fault=S3Fault(status=400, code="RequestTimeout"),
        reason="slow",
        passing=True,
        says="Backblaze B2 gave up waiting (RequestTimeout). Check how fast this machine's network is;"
        " it is tried again later.",
    ),
    "reset": Case(
        fault=S3Fault(how="reset"),
        reason="broken_off",
        passing=True,
        says="the connection to Backblaze B2 broke off. It is tried again later.",
    ),
    "stall": Case(
        fault=S3Fault(how="stall"),
        reason="silent",
        passing=True,
        says="Backblaze B2 was silent for 0.5 s. It is tried again later.",
    ),
    "no permission": Case(
        fault=S3Fault(status=403, code="AccessDenied"),
        reason="not_allowed",
        says="the key in B2_APPLICATION_KEY_ID may not write there (AccessDenied). Use one that may,"
        " for the bucket in B2_BUCKET_NAME. It needs the capability writeFiles; keys are made at"
        f" {KEYS_PAGE}.",
    ),
    "no code": Case(
        fault=S3Fault(status=403, code="<b>"),
        reason="not_allowed",
        says="the key in B2_APPLICATION_KEY_ID may not write there. Use one that may, for the bucket in"
        f" B2_BUCKET_NAME. It needs the capability writeFiles; keys are made at {KEYS_PAGE}.",
    ),
    "a malformed key id": Case(
        fault=S3Fault(
            status=403, code="InvalidAccessKeyId", message=f"The key '{KEY}' is not valid"
        ),
        reason="bad_key_id",
        says="Backblaze B2 does not know the key id in B2_APPLICATION_KEY_ID. Check it, and that it"
        " belongs to the region in B2_REGION. Master keys don't work here: make an application key at"
        f" {KEYS_PAGE}.",
    ),
    "a limit of the account": Case(
        fault=S3Fault(
            status=403,
            code="AccessDenied",
            message="Cannot upload files, storage cap exceeded. See the Caps & Alerts page.",
        ),
        reason="full",
        says="Backblaze B2 takes no more, because a limit of the account is reached. Raise it, or make"
        " room. The limits are at https://secure.backblaze.com/billing_caps.htm.",
    ),
    "another region": Case(
        fault=S3Fault(status=301, code="PermanentRedirect"),
        reason="wrong_region",
        says="the bucket is not in the region in B2_REGION. Correct it; the bucket's page shows the"
        " right one.",
    ),
    "expired": Case(
        fault=S3Fault(status=403, code="AccessDenied", message="Request has expired"),
        reason="expired",
        passing=True,
        says="the request was signed too long ago when it reached Backblaze B2. It is signed anew with"
        " the next try; if that fails, too, set the clock of this machine.",
    ),
    "damaged on the way": Case(
        fault=S3Fault(status=400, code="BadDigest"),
        reason="damaged",
        passing=True,
        says="the bytes were damaged on the way (BadDigest). It is tried again later; if it goes on,"
        " check this machine's network.",
    ),
    "too large": Case(
        fault=S3Fault(status=400, code="EntityTooLarge"),
        reason="too_large",
        says="it is larger than Backblaze B2 accepts. Ask for smaller pictures.",
    ),
    "not understood": Case(
        fault=S3Fault(status=400, code="InvalidArgument"),
        reason="rejected",
        says="Backblaze B2 does not accept the request (InvalidArgument). Check the bucket's settings,"
        " and with S3_ENDPOINT_URL set that the server speaks S3 with signatures of version 4.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_upload_that_fails_says_why(b2: B2Bucket, front: B2Front, name: str) -> None:
    """Each fault has its sentence, and says whether another try can help."""
    case = CASES[name]
    front.fail("PUT", case.fault)

    error = fail_to_put(b2)

    assert error.message == say(b2, case.says)
    assert (error.reason, error.passing) == (case.reason, case.passing)
    assert error.retry_after_s == case.retry_after_s
    assert KEY not in error.message
    assert KEY_ID not in error.message


def test_no_two_kinds_of_faults_are_told_alike() -> None:
    """Each row of the table has a reason and a sentence of its own."""
    assert len({row.reason for row in TABLE}) == len({row.sentence for row in TABLE}) == len(TABLE)


def test_an_upload_after_a_fault_succeeds(b2: B2Bucket, front: B2Front) -> None:
    """What failed in passing leaves the bucket usable and the picture single."""
    front.fail("PUT", S3Fault(how="reset"))
    fail_to_put(b2)

    put(b2)

    assert b2.get(PICTURE_KEY) == PICTURE
    assert len(list(b2.list())) == 1


def test_an_upload_that_is_torn_in_the_middle_says_so(b2: B2Bucket, front: B2Front) -> None:
    """A connection reset with half the bytes sent is a sentence, and nothing is there."""
    front.fail("PUT", S3Fault(how="reset_midway"))

    with pytest.raises(BucketError) as caught:
        b2.put("snapshots/one.gz", LARGE, mime="application/gzip", sha256=digest(LARGE))

    assert caught.value.message == (
        f"'snapshots/one.gz' could not be uploaded to the bucket {b2.settings.bucket!r}: the "
        "connection to Backblaze B2 broke off. It is tried again later."
    )
    assert caught.value.passing
    assert b2.head("snapshots/one.gz") is None


def test_a_download_that_breaks_off_says_so(b2: B2Bucket, front: B2Front) -> None:
    """Half a picture is an error, not a picture."""
    put(b2)
    front.fail("GET", S3Fault(how="half"))

    with pytest.raises(BucketError, match=r"could not be read from .* broke off") as caught:
        b2.get(PICTURE_KEY)

    assert caught.value.passing


def test_a_picture_that_is_not_there_says_so(b2: B2Bucket) -> None:
    """Reading what isn't in the bucket tells what to do."""
    with pytest.raises(BucketError) as caught:
        b2.get(PICTURE_KEY)

    assert caught.value.reason == "missing"
    assert caught.value.message == (
        f"{PICTURE_KEY!r} could not be read from the bucket {b2.settings.bucket!r}: there is nothing "
        "under this key. Bring it back from a backup, or make the picture again."
    )


@pytest.mark.parametrize(
    ("changed", "reason", "says"),
    [
        (
            {"key_id": "004other"},
            "bad_key_id",
            "Backblaze B2 does not know the key id in B2_APPLICATION_KEY_ID.",
        ),
        (
            {"key": "K004other"},
            "bad_key",
            "the key in B2_APPLICATION_KEY does not belong to the key id in B2_APPLICATION_KEY_ID. Copy"
            " both anew.",
        ),
        (
            {"region": "eu-central-003"},
            "wrong_region",
            "the bucket is not in the region in B2_REGION.",
        ),
        (
            {"bucket": "another-bucket"},
            "no_bucket",
            "Backblaze B2 has no bucket of that name in this region. Check B2_BUCKET_NAME and"
            " B2_REGION.",
        ),
    ],
    ids=["key id", "key", "region", "bucket"],
)
def test_a_wrong_setting_is_named_whatever_is_asked(
    b2: B2Bucket, changed: dict[str, str], reason: str, says: str
) -> None:
    """A server that really looks at keys, regions and buckets leads to the variable that is wrong."""
    wrong = B2Bucket(replace(b2.settings, **changed), attempts=1)  # type: ignore[arg-type]  # all texts
    calls = (
        lambda: put(wrong),
        lambda: wrong.get(PICTURE_KEY),
        lambda: wrong.head(PICTURE_KEY),
        lambda: wrong.delete(PICTURE_KEY),
        lambda: list(wrong.list()),
        wrong.check,
    )

    caught = []
    for call in calls:
        with pytest.raises(BucketError) as raised:
            call()
        caught.append(raised.value)
    wrong.close()

    assert {error.reason for error in caught} == {reason}
    assert all(says in error.message for error in caught)
    assert not any(error.passing for error in caught)
    assert not any(KEY in f"{error!r}{error.__cause__!r}" for error in caught)


def test_the_variable_that_is_named_is_the_one_that_is_set(b2: B2Bucket) -> None:
    """Who uses the older variables is told their names."""
    named = {"key_id": "B2_S3_ACCESS_KEY_ID", "key": "B2_S3_SECRET_ACCESS_KEY"}
    wrong = B2Bucket(replace(b2.settings, key="other", variables=named), attempts=1)

    error = fail_to_put(wrong)
    wrong.close()

    assert (
        "the key in B2_S3_SECRET_ACCESS_KEY does not belong to the key id in B2_S3_ACCESS_KEY_ID"
        in (error.message)
    )


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_is_named(b2: B2Bucket, front: B2Front, hours: int) -> None:
    """When this machine's clock is off, that is what is said."""
    front.ahead = timedelta(hours=hours)

    error = fail_to_put(b2)

    assert error.reason == "clock"
    assert error.message == say(
        b2,
        "the clock of this machine is too far from that of Backblaze B2. Set the clock, best by letting"
        " the system keep it.",
    )


def test_a_server_that_is_not_there_is_named(b2: B2Bucket) -> None:
    """A refused connection tells the address and what to look at."""
    nowhere = B2Bucket(replace(b2.settings, endpoint="http://127.0.0.1:1"), attempts=1)

    error = fail_to_put(nowhere)

    assert (error.reason, error.passing) == ("unreachable", True)
    assert error.message == say(
        b2,
        "http://127.0.0.1:1 can't be reached. Check this machine's network and B2_REGION; it is tried"
        " again later.",
    )


def test_an_address_that_was_set_is_the_one_to_look_at(b2: B2Bucket) -> None:
    """Where another server was named, that variable is told, and not the region."""
    settings = replace(b2.settings, endpoint="http://127.0.0.1:1", is_b2=False)

    error = fail_to_put(B2Bucket(settings, attempts=1))

    assert "Check this machine's network and S3_ENDPOINT_URL; it" in error.message


def test_a_server_that_takes_no_connection_is_named(b2: B2Bucket) -> None:
    """A connection that never comes about is told like one that is refused."""
    with open_deaf_port() as port:
        deaf = B2Bucket(
            replace(b2.settings, endpoint=f"http://127.0.0.1:{port}"),
            attempts=1,
            connect_timeout_s=0.2,
        )
        error = fail_to_put(deaf)

    assert (error.reason, error.passing) == ("unreachable", True)


def test_a_server_without_tls_is_named(b2: B2Bucket, front: B2Front) -> None:
    """An https address at which nobody speaks TLS is told by its certificate."""
    plain = B2Bucket(replace(b2.settings, endpoint=f"https://127.0.0.1:{front.port}"), attempts=1)

    error = fail_to_put(plain)

    assert error.reason == "certificate"
    assert "the certificate of Backblaze B2 is not trusted" in error.message


def test_an_answer_that_is_not_s3_is_no_empty_bucket(b2: B2Bucket, front: B2Front) -> None:
    """A page instead of a list, as some networks send, is not taken for a bucket without objects."""
    front.fail("GET", S3Fault(status=200, body=b"<html>Log in first"))

    with pytest.raises(BucketError) as caught:
        list(b2.list())

    assert caught.value.message == (
        f"The bucket {b2.settings.bucket!r} could not be listed: Backblaze B2 has a trouble of its own."
        " It is tried again later."
    )


def test_an_answer_that_cannot_be_read_is_named(b2: B2Bucket) -> None:
    """What the SDK can't make sense of leads to the variables that choose the server."""
    with pytest.raises(BucketError) as caught, b2._translated(UPLOAD, PICTURE_KEY):
        raise ResponseParserError

    assert caught.value.message == say(
        b2,
        "Backblaze B2 answered with something that can't be read. Check B2_REGION, and S3_ENDPOINT_URL"
        " if it is set.",
    )


def _fill(kind: type[Exception]) -> Exception:
    """Make an exception of the SDK's, whatever its message wants to know."""
    if issubclass(kind, botocore.exceptions.ClientError):
        return kind({"Error": {"Code": "Unheard"}}, "PutObject")
    words: dict[str, Any] = {
        name: KEY for _, name, _, _ in string.Formatter().parse(getattr(kind, "fmt", "")) if name
    }
    if kind is botocore.exceptions.WaiterError:
        words["last_response"] = {}
    return kind(**words)


CLASSES = [
    kind
    for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
    if issubclass(kind, Exception)
    and not issubclass(kind, Warning)
    and kind.__module__ == botocore.exceptions.__name__
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: str(kind.__name__))
def test_every_exception_of_the_sdk_is_translated(b2: B2Bucket, kind: type[Exception]) -> None:
    """Whatever a client's call raises becomes our error, in our words."""
    with pytest.raises(BucketError) as caught, b2._translated(UPLOAD, PICTURE_KEY):
        raise _fill(kind)

    assert caught.value.message.startswith(f"{PICTURE_KEY!r} could not be uploaded to the bucket")
    assert KEY not in caught.value.message


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("ProxyConnectionError", "proxy"),
        ("SSLError", "certificate"),
        ("ConnectTimeoutError", "unreachable"),
        ("EndpointConnectionError", "unreachable"),
        ("ReadTimeoutError", "silent"),
        ("ConnectionClosedError", "broken_off"),
        ("ResponseStreamingError", "broken_off"),
        ("IncompleteReadError", "broken_off"),
        ("HTTPClientError", "broken_off"),
        ("FlexibleChecksumError", "damaged"),
        ("PaginationError", "bad_reply"),
        ("ClientError", "rejected"),
        ("ParamValidationError", "client"),
        ("NoCredentialsError", "client"),
    ],
)
def test_the_most_specific_row_speaks(
    bucket_settings: BucketSettings, kind: str, reason: str
) -> None:
    """A class whose parents have rows, too, is told by its own."""
    error = explain(
        describe_trouble(_fill(getattr(botocore.exceptions, kind))),
        settings=bucket_settings,
        deed=UPLOAD,
        what=PICTURE_KEY,
        silence_s=60,
    )

    assert error.reason == reason


def test_a_mistake_of_ours_is_not_translated(b2: B2Bucket) -> None:
    """What isn't the SDK's is left to crash."""
    with pytest.raises(ZeroDivisionError), b2._translated(UPLOAD, PICTURE_KEY):
        raise ZeroDivisionError


def test_the_key_appears_nowhere(
    b2: B2Bucket, front: B2Front, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither settings nor errors nor logs show the key, nor does any request."""
    caplog.set_level(logging.DEBUG)
    front.fail("PUT", S3Fault(status=403, code=KEY[:20], message=f"The key {KEY} is bad"))

    error = fail_to_put(b2)
    put(b2)
    link = b2.sign(PICTURE_KEY, mime="image/png")

    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith("promptflow")
    ]
    shown = f"{b2.settings!r}{b2!r}{error!r}{error.message}{ours}{link}"
    assert KEY not in shown
    assert KEY_ID not in f"{b2.settings!r}{error.message}{ours}"
    assert not any(
        KEY in record.getMessage() for record in caplog.records if record.name != "botocore.parsers"
    )
    assert not any(KEY in f"{seen.headers}{seen.target}" for seen in front.seen)
