"""An installation whose pictures go to a bucket on the loopback."""

from collections.abc import Iterator

import pytest

from promptflow.settings import Settings
from tests.archive.installation import Installation
from tests.storage.conftest import bucket_settings, front, s3_server
from tests.wire.b2_front import B2Front

__all__ = ["bucket_settings", "front", "s3_server"]


@pytest.fixture
def kept(front: B2Front, settings: Settings) -> Iterator[Installation]:
    """An empty installation with an empty bucket."""
    installation = Installation(folder=settings.data_dir, front=front)
    yield installation
    installation.close()
