"""AWS Signature Version 4 for S3, written by hand after its description.

Source: "Signature calculations for the Authorization header" and "Authenticating requests: using query
parameters", https://docs.aws.amazon.com/AmazonS3/latest/API/, read 2026-11-23. The SDK has no part in it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


def read_query(target: str) -> dict[str, str]:
    """Return the parameters of a target, decoded."""
    return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))


def compute_signature(
    *,
    method: str,
    target: str,
    headers: Mapping[str, str],
    signed: str,
    payload: str,
    moment: str,
    scope: str,
    key: str,
) -> str:
    """Compute the signature a request must carry.

    Args:
        method: e.g. ``PUT``.
        target: the path as it is sent, with its query.
        headers: all headers, names small.
        signed: the names of those that are signed, ``;`` between.
        payload: the body's SHA-256 in hexadecimal, or the word for none.
        moment: the time of signing, e.g. ``20261123T150405Z``.
        scope: e.g. ``20261123/us-west-004/s3/aws4_request``.
        key: the secret.

    Returns:
        64 hexadecimal digits.
    """
    query = {name: text for name, text in read_query(target).items() if name != "X-Amz-Signature"}
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(text, safe="-_.~")) for name, text in query.items()
    )
    canonical = "\n".join(
        (
            method,
            urlsplit(target).path,
            "&".join(f"{name}={text}" for name, text in encoded),
            *(f"{name}:{' '.join(headers[name].split())}" for name in signed.split(";")),
            "",
            signed,
            payload,
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    derived = f"AWS4{key}".encode()
    for part in scope.split("/"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    text = "\n".join((ALGORITHM, moment, scope, digest))
    return hmac.digest(derived, text.encode(), "sha256").hex()
