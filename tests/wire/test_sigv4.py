"""The signature written by hand is the one AWS describes."""

import hashlib

from tests.wire.sigv4 import compute_signature

# The example key of AWS's documentation, which opens nothing.
_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_NOTHING = hashlib.sha256(b"").hexdigest()


def test_the_signed_header_of_the_documentation_comes_out() -> None:
    """GET Object of "Signature calculations for the Authorization header" has its signature."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": _NOTHING,
        "x-amz-date": "20130524T000000Z",
    }

    signature = compute_signature(
        method="GET",
        target="/test.txt",
        headers=headers,
        signed=";".join(headers),
        payload=_NOTHING,
        moment="20130524T000000Z",
        scope="20130524/us-east-1/s3/aws4_request",
        key=_KEY,
    )

    assert signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_the_signed_link_of_the_documentation_comes_out() -> None:
    """The example of "Authenticating requests: using query parameters" has its signature."""
    signature = compute_signature(
        method="GET",
        target="/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
        "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-SignedHeaders=host",
        headers={"host": "examplebucket.s3.amazonaws.com"},
        signed="host",
        payload="UNSIGNED-PAYLOAD",
        moment="20130524T000000Z",
        scope="20130524/us-east-1/s3/aws4_request",
        key=_KEY,
    )

    assert signature == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
