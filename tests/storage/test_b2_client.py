"""The machine's settings for AWS have no say in where pictures go."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.errors import BucketError
from promptflow.settings import ROOT
from promptflow.storage.b2 import B2Bucket
from tests.storage.marked import KEY, KEY_ID, digest, encode, key_of
from tests.wire.b2_front import B2Front, S3Fault
from tests.wire.buckets import S3Server

PICTURE = encode()
PICTURE_KEY = key_of(PICTURE)


@pytest.fixture
def elsewhere(s3_server: S3Server) -> B2Front:
    """Another server, to which nothing must go."""
    return B2Front(s3_server, key_id=KEY_ID, key=KEY, region="us-east-1")


def write_home(folder: Path, endpoint: str) -> None:
    """Write what a machine's files for AWS may say."""
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text(
        f"""
[default]
region = eu-west-1
endpoint_url = {endpoint}
retry_mode = adaptive
sdk_ua_app_id = marked-app
use_fips_endpoint = true
use_dualstack_endpoint = true
request_checksum_calculation = when_supported
ca_bundle = /nowhere
s3 =
    addressing_style = virtual
    use_accelerate_endpoint = true
    payload_signing_enabled = false
[services here]
s3 =
    endpoint_url = {endpoint}
"""
    )
    (folder / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n"
    )


def test_nothing_of_the_machines_reaches_the_bucket(
    bucket: B2Bucket,
    front: B2Front,
    elsewhere: B2Front,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither variables nor files for AWS change the server, the key or what is sent."""
    write_home(tmp_path, elsewhere.endpoint)
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": elsewhere.endpoint,
        "AWS_ENDPOINT_URL_S3": elsewhere.endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAOTHER",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other-token",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CA_BUNDLE": "/nowhere",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_SDK_UA_APP_ID": "marked-app",
        "AWS_MAX_ATTEMPTS": "none",
        "AWS_DATA_PATH": str(tmp_path),
        "HTTP_PROXY": elsewhere.endpoint,
        "http_proxy": elsewhere.endpoint,
    }.items():
        monkeypatch.setenv(name, value)

    with elsewhere:
        bucket.put(PICTURE_KEY, PICTURE, mime="image/png", sha256=digest(PICTURE))
        back = bucket.get(PICTURE_KEY)

    sent = [f"{seen.headers}" for seen in front.seen]
    assert back == PICTURE
    assert elsewhere.seen == []
    assert len(sent) == 4
    assert all(f"Credential={KEY_ID}/" in headers for headers in sent)
    assert not any(
        word in headers for headers in sent for word in ("AKIAOTHER", "other-token", "marked-app")
    )


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_that_is_not_there_is_not_looked_for(
    bucket: B2Bucket, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The profile of another program's user is nothing to us."""
    monkeypatch.setenv(variable, "somebody-else")

    bucket.check()

    assert list(bucket.list()) == []


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_a_broken_file_is_not_read(
    bucket: B2Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A file for AWS that can't be read does no harm."""
    (tmp_path / "broken").write_text("[[[ no such thing")
    monkeypatch.setenv(variable, str(tmp_path / "broken"))

    bucket.check()

    assert list(bucket.list()) == []


@pytest.mark.parametrize("status", [301, 302, 307])
def test_no_server_can_send_a_request_elsewhere(
    bucket: B2Bucket, front: B2Front, elsewhere: B2Front, status: int
) -> None:
    """A redirection is an error: the bucket's host is the one that is set."""
    told = (
        "<Error><Code>PermanentRedirect</Code><Message>Go there</Message>"
        f"<Endpoint>127.0.0.1:{elsewhere.port}</Endpoint><Region>us-east-1</Region></Error>"
    )
    redirect = S3Fault(
        status=status,
        headers={
            "location": f"{elsewhere.endpoint}/stolen",
            "x-amz-bucket-region": "us-east-1",
        },
        body=told.encode(),
    )
    front.fail("PUT", redirect, times=9)

    with elsewhere, pytest.raises(BucketError) as caught:
        bucket.put(PICTURE_KEY, PICTURE, mime="image/png", sha256=digest(PICTURE))

    assert caught.value.reason == "wrong_region"
    assert elsewhere.seen == []


def test_an_https_server_is_reached_through_the_machines_proxy(
    bucket: B2Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a machine reaches the world through a proxy only, so does the bucket."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    far = B2Bucket(
        replace(bucket.settings, endpoint="https://s3.us-west-004.backblazeb2.com"), attempts=1
    )

    with pytest.raises(BucketError) as caught:
        far.get(PICTURE_KEY)

    assert (caught.value.reason, caught.value.passing) == ("proxy", True)


CHECK = """
import os
from promptflow.buckets import read_bucket
from promptflow.storage.b2 import B2Bucket
bucket = B2Bucket(read_bucket(os.environ))
bucket.check()
bucket.close()
print("checked")
"""


def test_models_of_services_at_home_are_not_loaded(
    bucket: B2Bucket, front: B2Front, tmp_path: Path
) -> None:
    """What S3 is comes with the SDK, not from a file that somebody keeps for AWS."""
    models = tmp_path / ".aws" / "models"
    models.mkdir(parents=True)
    (models / "endpoints.json").write_text("no such thing")
    environ = {**os.environ, **front.variables(bucket.settings.bucket), "HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        check=False,
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("checked\n", "")


def test_a_bucket_that_nobody_asks_imports_no_sdk() -> None:
    """Neither settings nor a bucket cost the import of the SDK before the first call."""
    script = """
import sys
from promptflow.buckets import read_bucket
from promptflow.storage.b2 import B2Bucket
B2Bucket(read_bucket({
    "B2_APPLICATION_KEY_ID": "id", "B2_APPLICATION_KEY": "key",
    "B2_BUCKET_NAME": "my-bucket", "B2_REGION": "us-west-004",
}))
print(sorted({"boto3", "botocore", "PIL", "urllib3"} & set(sys.modules)))
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"
