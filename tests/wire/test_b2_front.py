"""The front turns down what Backblaze turns down, and breaks what it is told to break."""

import http.client
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.wire.b2_front import B2Front, S3Fault
from tests.wire.buckets import S3Server
from tests.wire.server import HOST

_NO_CHECKSUMS = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@pytest.fixture(scope="module")
def front() -> Iterator[B2Front]:
    """A front with one bucket behind it."""
    with S3Server() as server, B2Front(server, key_id="id", key="key", region="eu-a-001") as opened:
        server.make_bucket("pictures")
        yield opened


def make_client(front: B2Front, key: str = "key", **config: Any) -> Any:
    """Make a client of the SDK's that tries once."""
    return boto3.client(
        "s3",
        endpoint_url=front.endpoint,
        region_name="eu-a-001",
        aws_access_key_id="id",
        aws_secret_access_key=key,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def fail_to_put(client: Any) -> str:
    """Upload in vain and return the server's word for why."""
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket="pictures", Key="a", Body=b"x")
    client.close()
    return str(caught.value.response["Error"]["Code"])


def test_the_sdks_own_checksums_are_turned_down(front: B2Front) -> None:
    """A client as the SDK makes it sends headers that Backblaze has been refusing."""
    assert fail_to_put(make_client(front)) == "InvalidArgument"


def test_a_wrong_key_is_turned_down(front: B2Front) -> None:
    """The signature is really computed."""
    assert fail_to_put(make_client(front, "other", **_NO_CHECKSUMS)) == "SignatureDoesNotMatch"


def test_what_is_in_order_is_passed_on(front: B2Front) -> None:
    """A client that does as Backblaze says writes and reads."""
    client = make_client(front, **_NO_CHECKSUMS)

    client.put_object(Bucket="pictures", Key="a", Body=b"x")

    assert client.get_object(Bucket="pictures", Key="a")["Body"].read() == b"x"
    client.close()


def test_nobody_without_a_key_gets_in(front: B2Front) -> None:
    """A request without any signature opens nothing."""
    connection = http.client.HTTPConnection(HOST, front.port, timeout=5)

    connection.request("GET", "/pictures/a")
    status = connection.getresponse().status
    connection.close()

    assert status == http.HTTPStatus.FORBIDDEN


def test_a_fault_breaks_one_request(front: B2Front) -> None:
    """A fault waits for its method, breaks one request, and is gone."""
    client = make_client(front, **_NO_CHECKSUMS)
    front.fail("PUT", S3Fault(how="reset"))
    client.list_objects_v2(Bucket="pictures")

    with pytest.raises(ConnectionClosedError):
        client.put_object(Bucket="pictures", Key="b", Body=b"x")
    client.put_object(Bucket="pictures", Key="b", Body=b"x")

    assert client.head_object(Bucket="pictures", Key="b")["ContentLength"] == 1
    client.close()
