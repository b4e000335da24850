"""What the tests of the command line share: generations that are made once, and an idle folder."""

from pathlib import Path

import pytest

from tests.cli.finished import LONGEST, Finished
from tests.processes import run_cli
from tests.scripted import GOUACHE, IDEA, POSTER


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One made with every option and the longest of requests."""
    folder = tmp_path_factory.mktemp("finished")
    options = (
        *("--image-model", POSTER, "--image-model", GOUACHE, "--text-model", "offline-planner"),
        *("--aspect-ratio", "16:9", "--images", "2", "--seed", "7", "--json"),
    )
    return Finished(folder=folder, done=run_cli(folder, "generate", LONGEST, *options))


@pytest.fixture(scope="session")
def default(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One made without any option."""
    folder = tmp_path_factory.mktemp("default")
    return Finished(folder=folder, done=run_cli(folder, "generate", IDEA))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which nothing is ever started."""
    return tmp_path_factory.mktemp("shared")
