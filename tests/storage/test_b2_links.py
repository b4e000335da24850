"""Links to pictures in a bucket: signed as described, good for as long as they say, and no longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlsplit

import pytest

from promptflow.buckets import read_bucket
from promptflow.errors import StorageError
from promptflow.storage.b2 import B2Bucket
from tests.storage.marked import KEY, KEY_ID, REGION, digest, encode, key_of
from tests.wire.b2_front import B2Front
from tests.wire.sigv4 import compute_signature, read_query

PICTURE = encode()
PICTURE_KEY = key_of(PICTURE)
B2 = {
    "B2_APPLICATION_KEY_ID": KEY_ID,
    "B2_APPLICATION_KEY": KEY,
    "B2_BUCKET_NAME": "my-bucket",
    "B2_REGION": REGION,
}


def open_bucket(**variables: str) -> B2Bucket:
    """Return a bucket at Backblaze; signing calls nobody."""
    settings = read_bucket(B2 | variables)
    assert settings is not None
    return B2Bucket(settings)


def fetch(url: str) -> tuple[int, HTTPMessage, bytes]:
    """Get what a browser would."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.fixture
def stored(bucket: B2Bucket) -> B2Bucket:
    """The bucket with a picture in it."""
    bucket.put(PICTURE_KEY, PICTURE, mime="image/png", sha256=digest(PICTURE))
    return bucket


def test_a_link_is_what_version_4_signs() -> None:
    """Host, path, life, type and name are in the link, and its signature is the one they must have."""
    url = open_bucket().sign(PICTURE_KEY, mime="image/png", filename="a fox.png")

    parts, query = urlsplit(url), read_query(url)
    moment = query["X-Amz-Date"]
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert (parts.scheme, parts.netloc) == ("https", "s3.us-west-004.backblazeb2.com")
    assert parts.path == f"/my-bucket/{PICTURE_KEY}"
    assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=1)
    assert query == {
        "response-content-type": "image/png",
        "response-content-disposition": 'attachment; filename="a fox.png"',
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{KEY_ID}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": compute_signature(
            method="GET",
            target=f"{parts.path}?{parts.query}",
            headers={"host": parts.netloc},
            signed="host",
            payload="UNSIGNED-PAYLOAD",
            moment=moment,
            scope=scope,
            key=KEY,
        ),
    }
    assert KEY not in url


def test_a_link_without_a_name_lets_the_picture_be_shown() -> None:
    """Only who asks for a file name makes the browser save the picture."""
    query = read_query(open_bucket().sign(PICTURE_KEY, mime="image/webp"))

    assert query["response-content-type"] == "image/webp"
    assert "response-content-disposition" not in query


@pytest.mark.parametrize(("ttl_s", "life"), [(None, "1200"), (1, "1"), (604_800, "604800")])
def test_a_link_lives_as_long_as_it_is_set_up(ttl_s: int | None, life: str) -> None:
    """The variable says how long, unless a link is asked for with a life of its own."""
    bucket = open_bucket(IMAGE_URL_TTL_SECONDS="1200")

    assert (
        read_query(bucket.sign(PICTURE_KEY, mime="image/png", ttl_s=ttl_s))["X-Amz-Expires"] == life
    )


@pytest.mark.parametrize("ttl_s", [-1, 0, 604_801])
def test_a_link_with_an_impossible_life_is_refused(ttl_s: int) -> None:
    """The SDK would sign it, and the server turn it down."""
    with pytest.raises(StorageError, match=f"can't be good for {ttl_s} s"):
        open_bucket().sign(PICTURE_KEY, mime="image/png", ttl_s=ttl_s)


def test_a_public_bucket_needs_no_signature() -> None:
    """With a public address the link is that address and the key."""
    bucket = open_bucket(B2_PUBLIC_URL_BASE="https://cdn.example/file/my-bucket/")

    url = bucket.sign(PICTURE_KEY, mime="image/png", filename="a fox.png")

    assert url == f"https://cdn.example/file/my-bucket/{PICTURE_KEY}"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://s3.example",
        "https://s3.example:8443",
        "https://gateway.example/storage/v1/s3",
        "https://10.0.0.7:9000",
        "https://[2001:db8::1]:9000",
        "http://localhost:9000",
    ],
)
@pytest.mark.parametrize(
    "name", ["my-bucket", "My_Bucket.2", "a-bucket--op-s3", "a-bucket-s3alias"]
)
def test_a_link_leads_to_the_server_that_is_set(endpoint: str, name: str) -> None:
    """Every server and name that the settings accept can be signed for, and no name moves the host."""
    bucket = open_bucket(S3_ENDPOINT_URL=endpoint, B2_BUCKET_NAME=name)

    url = bucket.sign(PICTURE_KEY, mime="image/png")

    assert url.startswith(f"{endpoint}/{name}/{PICTURE_KEY}?")


def test_a_link_opens_the_picture(stored: B2Bucket) -> None:
    """Who has the link gets the bytes, with the type and the name that were signed."""
    url = stored.sign(PICTURE_KEY, mime="image/png", filename="füchsin.png")

    status, headers, body = fetch(url)

    assert (status, body) == (HTTPStatus.OK, PICTURE)
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"] == (
        "attachment; filename=\"f_chsin.png\"; filename*=UTF-8''f%C3%BCchsin.png"
    )


def test_an_expired_link_opens_nothing(stored: B2Bucket, front: B2Front) -> None:
    """After its life a link is turned down, and a new one opens the picture."""
    url = stored.sign(PICTURE_KEY, mime="image/png", ttl_s=60)
    front.ahead = timedelta(seconds=90)

    late, _, told = fetch(url)
    again, _, body = fetch(stored.sign(PICTURE_KEY, mime="image/png", ttl_s=604_800))

    assert (late, b"Request has expired" in told) == (HTTPStatus.FORBIDDEN, True)
    assert (again, body) == (HTTPStatus.OK, PICTURE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("X-Amz-Expires=900", "X-Amz-Expires=9000"), ("image%2Fpng", "text%2Fhtml"), (".png", ".jpg")],
)
def test_a_link_that_was_changed_opens_nothing(stored: B2Bucket, old: str, new: str) -> None:
    """Life, type and key are signed: none can be changed."""
    url = stored.sign(PICTURE_KEY, mime="image/png")
    assert old in url

    status, _, _ = fetch(url.replace(old, new))

    assert status == HTTPStatus.FORBIDDEN


def test_signing_asks_nobody(bucket: B2Bucket, front: B2Front) -> None:
    """A link costs no call, whether or not the object is there."""
    nowhere = B2Bucket(replace(bucket.settings, endpoint="http://127.0.0.1:1"))

    assert nowhere.sign(PICTURE_KEY, mime="image/png")
    assert bucket.sign(PICTURE_KEY, mime="image/png")
    assert front.seen == []
