"""A bucket on the loopback, behind a front that is as strict as Backblaze."""

import itertools
from collections.abc import Iterator

import pytest

from promptflow.buckets import BucketSettings, read_bucket
from promptflow.storage.b2 import B2Bucket
from tests.storage.marked import KEY, KEY_ID, REGION
from tests.wire.b2_front import B2Front
from tests.wire.buckets import S3Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """The real server, for all tests: each has buckets of its own."""
    with S3Server() as server:
        yield server


@pytest.fixture
def front(s3_server: S3Server) -> Iterator[B2Front]:
    """What looks at requests and breaks them."""
    with B2Front(s3_server, key_id=KEY_ID, key=KEY, region=REGION) as opened:
        yield opened


@pytest.fixture
def bucket_settings(front: B2Front) -> BucketSettings:
    """The settings for an empty bucket."""
    name = front.server.make_bucket(f"pictures-{next(_numbers)}")
    settings = read_bucket(front.variables(name))
    assert settings is not None
    return settings


@pytest.fixture
def bucket(bucket_settings: BucketSettings) -> Iterator[B2Bucket]:
    """An empty bucket whose requests are made once and wait for half a second."""
    opened = B2Bucket(bucket_settings, attempts=1, read_timeout_s=0.5)
    yield opened
    opened.close()
