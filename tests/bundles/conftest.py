"""One place with something in it, its bundle, and an empty place."""

from pathlib import Path

import pytest

from tests.bundles.made import Place, make_rich


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place with the generation ``g1``; nothing is changed in it."""
    return make_rich(tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="session")
def bundle(rich: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of ``g1``."""
    out = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    rich.export(out, "g1")
    return out


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    """A place without anything."""
    return Place(tmp_path / "empty")


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place without anything, in which nothing is ever changed."""
    return Place(tmp_path_factory.mktemp("untouched"))
