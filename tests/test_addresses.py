"""Addresses that something secret may be sent to."""

import pytest

from promptflow.addresses import split_safe


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example",
        "https://host.example:8443/v1/",
        "https://10.0.0.1",
        "http://127.0.0.1:9000",
        "http://localhost/v1",
        "http://[::1]:9000",
        "https://bücher.example/v1",
        "https://[2001:db8::1]/",
    ],
)
def test_a_safe_address_is_taken_apart(url: str) -> None:
    """Https goes anywhere, http to this machine."""
    parts = split_safe(url)

    assert parts is not None
    assert parts.geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host.example",
        "//host.example",
        "http://host.example",
        "http://127.0.0.1.example",
        "http://localhost@evil.example",
        "https://user@host.example",
        "https://user:word@host.example",
        "https://:word@host.example",
        "https://@host.example",
        "https://host.example\\@evil.example",
        "https://host.example\n.evil.example",
        "https://ho st.example",
        "https://[broken",
        "https://",
        "https:///path",
        "ftp://host.example",
        "file:///etc/passwd",
    ],
)
def test_an_unsafe_address_is_nothing(url: str) -> None:
    """In the clear, with a user, without a host, or read by programs in two ways: none is taken."""
    assert split_safe(url) is None
