"""Pictures in a bucket: uploaded once, seen to have arrived, found again, removed for good."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import promptflow
from promptflow.errors import BucketError, StorageError
from promptflow.storage.b2 import B2Bucket, Found
from tests.storage.marked import KEY_ID, REGION, digest, encode, key_of
from tests.wire.b2_front import B2Front, S3Fault, Seen

PICTURE = encode()
PICTURE_KEY = key_of(PICTURE)


def put(bucket: B2Bucket, data: bytes = PICTURE) -> str:
    """Upload a picture and return its key."""
    key = key_of(data)
    bucket.put(key, data, mime="image/png", sha256=digest(data))
    return key


def find_upload(front: B2Front) -> Seen:
    """Return the one upload that came."""
    (upload,) = [seen for seen in front.seen if seen.method == "PUT"]
    return upload


def test_a_picture_comes_back_byte_for_byte(bucket: B2Bucket) -> None:
    """Get gives exactly what was put."""
    key = put(bucket)

    assert bucket.get(key) == PICTURE


def test_what_is_kept_is_told(bucket: B2Bucket) -> None:
    """The bucket knows size, type and hash of what was uploaded."""
    key = put(bucket)

    assert bucket.head(key) == Found(
        size_bytes=len(PICTURE), mime="image/png", sha256=digest(PICTURE)
    )


def test_what_is_not_there_is_none(bucket: B2Bucket) -> None:
    """A key without an object is no error when it is looked up."""
    assert bucket.head(PICTURE_KEY) is None


def test_what_appears_between_two_looks_is_found(bucket: B2Bucket, front: B2Front) -> None:
    """An object that is there when the server is asked for the reason is there."""
    key = put(bucket)
    front.fail("HEAD", S3Fault(status=404))

    assert bucket.head(key) == Found(
        size_bytes=len(PICTURE), mime="image/png", sha256=digest(PICTURE)
    )


def test_the_same_picture_is_not_sent_twice(bucket: B2Bucket, front: B2Front) -> None:
    """What is there with the same size and hash is left as it is."""
    put(bucket)

    put(bucket)

    assert front.count("PUT") == 1


def test_what_differs_is_replaced(bucket: B2Bucket, front: B2Front) -> None:
    """An object under the same key with another hash is uploaded over."""
    key = "snapshots/one.gz"
    bucket.put(key, b"first", mime="application/gzip", sha256=digest(b"first"))

    bucket.put(key, b"other", mime="application/gzip", sha256=digest(b"other"))

    assert front.count("PUT") == 2
    assert bucket.get(key) == b"other"


def test_eight_threads_share_one_client(bucket: B2Bucket) -> None:
    """A bucket is used from many threads at once."""
    pictures = [encode(shade) for shade in range(24)]
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda data: put(bucket, data), pictures))
        back = list(threads.map(bucket.get, keys))

    assert back == pictures
    assert sorted(bucket.list()) == sorted(
        (key, len(data)) for key, data in zip(keys, pictures, strict=True)
    )


def test_an_upload_says_what_it_is_and_no_more(bucket: B2Bucket, front: B2Front) -> None:
    """The headers are those Backblaze takes: no checksums of the SDK's, our name, a scoped signature."""
    put(bucket)

    upload = find_upload(front)
    assert upload.path == f"/{bucket.settings.bucket}/{PICTURE_KEY}"
    assert upload.body == PICTURE
    assert upload.headers["content-type"] == "image/png"
    assert upload.headers["x-amz-meta-sha256"] == digest(PICTURE)
    assert upload.headers["x-amz-content-sha256"] == digest(PICTURE)
    assert f"promptflow/{promptflow.__version__}" in upload.headers["user-agent"].split()
    assert upload.headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY_ID}/")
    assert f"/{REGION}/s3/aws4_request," in upload.headers["authorization"]


def test_no_request_carries_a_checksum_of_the_sdks(bucket: B2Bucket, front: B2Front) -> None:
    """Whatever is asked, no header is sent that Backblaze has been turning down."""
    key = put(bucket)
    bucket.get(key)
    bucket.head("checks/none")
    list(bucket.list())
    bucket.delete(key)

    names = {name for seen in front.seen for name in seen.headers}
    assert {seen.method for seen in front.seen} == {"PUT", "HEAD", "GET", "DELETE"}
    assert {name for name in names if "checksum" in name or "sdk" in name} == {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
    }


def test_a_removed_picture_leaves_no_version(bucket: B2Bucket) -> None:
    """Every version goes, also those that a marker hides, so that nothing is billed on."""
    put(bucket, encode(1))
    key = "snapshots/one.gz"
    for data in (b"first", b"other"):
        bucket.put(key, data, mime="application/gzip", sha256=digest(data))
    bucket.put(f"{key}.old", b"stays", mime="application/gzip", sha256=digest(b"stays"))

    bucket.delete(key)

    assert [found for found, _ in bucket.list()] == [key_of(encode(1)), f"{key}.old"]
    assert not bucket._list_versions(key)


def test_removing_what_is_not_there_is_nothing(bucket: B2Bucket) -> None:
    """A key without an object can be removed."""
    bucket.delete(PICTURE_KEY)

    assert list(bucket.list()) == []


def test_a_key_that_may_not_list_versions_removes_what_it_can(
    bucket: B2Bucket, front: B2Front
) -> None:
    """Where versions can't be listed, the object itself is removed."""
    key = put(bucket)
    front.fail("GET", S3Fault(status=403, code="AccessDenied"))

    bucket.delete(key)

    assert bucket.head(key) is None


def test_all_pages_of_a_list_are_read(bucket: B2Bucket, front: B2Front) -> None:
    """A list of more than a thousand objects comes whole, in order."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(1003):
            threads.submit(
                bucket._client.put_object,
                Bucket=bucket.settings.bucket,
                Key=f"many/{number:04}",
                Body=b"",
            )
    asked = front.count("GET")

    listed = list(bucket.list("many/"))

    assert listed == [(f"many/{number:04}", 0) for number in range(1003)]
    assert front.count("GET") - asked == 2


@pytest.mark.parametrize(
    "key",
    ["", "../secret", "/etc/passwd", "generations/x/output/m/short.png", "a//b", "a/../b", "A/b"],
)
def test_a_key_that_is_not_ours_is_refused(bucket: B2Bucket, front: B2Front, key: str) -> None:
    """Only keys as we make them are asked for."""
    with pytest.raises(StorageError, match="is no key of ours"):
        bucket.get(key)
    with pytest.raises(StorageError, match="is no key of ours"):
        bucket.put(key, b"", mime="text/plain", sha256=digest(b""))
    with pytest.raises(StorageError, match="is no key of ours"):
        bucket.sign(key, mime="image/png")
    with pytest.raises(StorageError, match="is no key of ours"):
        bucket.delete(key)

    assert front.seen == []


def test_bytes_that_are_not_those_recorded_are_not_uploaded(
    bucket: B2Bucket, front: B2Front
) -> None:
    """A file that was damaged in the outbox never gets into the bucket."""
    with pytest.raises(StorageError, match="its bytes are not those it was recorded with"):
        bucket.put(PICTURE_KEY, b"damaged", mime="image/png", sha256=digest(PICTURE))
    with pytest.raises(StorageError, match="its bytes are not those it was recorded with"):
        bucket.put(PICTURE_KEY, b"other", mime="image/png", sha256=digest(b"other"))

    assert front.seen == []


def test_an_upload_that_did_not_arrive_whole_is_noticed(bucket: B2Bucket, front: B2Front) -> None:
    """When the bucket tells another size than was sent, the upload has failed."""
    front.fail("HEAD", S3Fault(status=404))
    front.fail("HEAD", S3Fault(how="resize"))

    with pytest.raises(BucketError) as caught:
        put(bucket)

    assert (caught.value.reason, caught.value.passing) == ("differs", True)
    assert caught.value.message == (
        f"{PICTURE_KEY!r} was uploaded to the bucket {bucket.settings.bucket!r}, but what is there "
        "now is not the same. It is tried again later; if it goes on, see who else writes there."
    )


def test_a_picture_that_was_changed_is_not_handed_out(bucket: B2Bucket) -> None:
    """Bytes that don't fit the name are reported instead of returned."""
    bucket._client.put_object(Bucket=bucket.settings.bucket, Key=PICTURE_KEY, Body=b"changed")

    with pytest.raises(BucketError, match="was changed after it was stored") as caught:
        bucket.get(PICTURE_KEY)

    assert caught.value.reason == "changed"


def test_another_object_that_was_changed_is_not_handed_out(bucket: B2Bucket) -> None:
    """Where the name says nothing, the hash given with the upload does."""
    key = "snapshots/one.gz"
    bucket._client.put_object(
        Bucket=bucket.settings.bucket, Key=key, Body=b"x", Metadata={"sha256": digest(b"y")}
    )

    with pytest.raises(BucketError, match="was changed after it was stored"):
        bucket.get(key)


def test_an_object_that_is_too_large_is_left_where_it_is(bucket: B2Bucket) -> None:
    """Nobody fills the memory by putting something huge under a picture's name."""
    key = put(bucket)

    with pytest.raises(BucketError, match="at most 10 are read") as caught:
        bucket.get(key, max_bytes=10)

    assert caught.value.reason == "too_large"


def test_the_check_leaves_nothing_behind(bucket: B2Bucket) -> None:
    """A bucket that can be used passes the check and is as empty as before."""
    bucket.check()

    assert list(bucket.list()) == []


def test_a_check_that_fails_on_the_way_leaves_nothing_behind(
    bucket: B2Bucket, front: B2Front
) -> None:
    """A key that may write but not read doesn't fill the bucket with probes."""
    front.fail("HEAD", S3Fault(status=403), times=2)
    front.fail("GET", S3Fault(status=403, code="AccessDenied"))

    with pytest.raises(BucketError, match="may not read there"):
        bucket.check()

    assert front.count("PUT") == 1
    assert list(bucket.list()) == []


@pytest.mark.parametrize(
    ("method", "told"),
    [("PUT", "may not write there"), ("DELETE", "may not remove there")],
)
def test_the_check_says_what_the_key_may_not(
    bucket: B2Bucket, front: B2Front, method: str, told: str
) -> None:
    """A key with too few rights is told by the right that it lacks."""
    front.fail(method, S3Fault(status=403, code="AccessDenied"))

    with pytest.raises(BucketError, match=told):
        bucket.check()


def test_a_busy_server_is_tried_again_when_it_asks(bucket: B2Bucket, front: B2Front) -> None:
    """A wait that the server asks for is kept, and the upload succeeds."""
    patient = B2Bucket(bucket.settings, attempts=2)
    front.fail("PUT", S3Fault(status=503, code="SlowDown", headers={"Retry-After": "1"}))

    put(patient)
    patient.close()

    first, second = (seen.arrived_s for seen in front.seen if seen.method == "PUT")
    assert 1 <= second - first < 3


def test_a_busy_server_is_asked_four_times_at_most(bucket: B2Bucket, front: B2Front) -> None:
    """One upload is worth four calls; then it is left to whoever comes back to it."""
    patient = B2Bucket(bucket.settings)
    front.fail("PUT", S3Fault(status=500, code="InternalError"), times=9)

    with pytest.raises(BucketError, match="has a trouble of its own"):
        put(patient)
    patient.close()

    assert front.count("PUT") == 4


def test_a_closed_bucket_opens_again(bucket: B2Bucket) -> None:
    """After its connections are closed, a bucket can be used on."""
    key = put(bucket)
    bucket.close()

    assert bucket.get(key) == PICTURE


def test_a_bucket_without_versions_is_emptied_too(bucket: B2Bucket, front: B2Front) -> None:
    """A server that keeps no versions removes the object all the same."""
    key = put(bucket)
    front.fail("GET", S3Fault(status=501, code="NotImplemented"))

    bucket.delete(key)

    assert list(bucket.list()) == []


def test_nothing_is_asked_before_the_first_call(bucket: B2Bucket) -> None:
    """Making a bucket costs nothing, even for a server that isn't there."""
    nowhere = B2Bucket(replace(bucket.settings, endpoint="http://127.0.0.1:1"))

    assert nowhere.settings.endpoint == "http://127.0.0.1:1"
