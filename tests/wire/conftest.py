"""The loopback servers and the real SDKs, for the tests of the servers themselves."""

from collections.abc import Iterator

import pytest

from tests.wire.sdks import Sdks
from tests.wire.wire import Wire


@pytest.fixture(scope="session")
def sdks() -> Iterator[Sdks]:
    """The real SDKs."""
    with Sdks() as opened:
        yield opened


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Both providers on the loopback."""
    with Wire() as opened:
        yield opened
