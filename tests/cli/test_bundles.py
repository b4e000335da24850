"""Generations that go from one data folder to another in a zip file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.finished import Finished
from tests.processes import run_cli


@pytest.fixture(scope="module")
def bundle(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the generation with everything."""
    out = tmp_path_factory.mktemp("bundles") / "bundle.zip"
    done = run_cli(finished.folder, "export", finished.generation_id, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out


def test_an_exported_generation_is_shown_by_another_installation(
    finished: Finished, bundle: Path, tmp_path: Path
) -> None:
    """What it prints of it is the very same, and both commands say what they did."""
    imported = run_cli(tmp_path, "import", str(bundle))
    again = run_cli(tmp_path, "import", str(bundle))

    shown = run_cli(tmp_path, "show", finished.generation_id, "--json")
    examined = run_cli(tmp_path, "doctor")
    assert shown.stdout == finished.done.stdout
    assert (imported.returncode, imported.stdout) == (0, b"")
    assert imported.stderr == b"Imported 1 generation with 4 pictures.\n"
    assert again.returncode == 0
    assert again.stderr == b"Imported 0 generations with 0 pictures. 1 was there already.\n"
    assert examined.returncode == 0


def test_export_says_what_it_wrote(finished: Finished, tmp_path: Path) -> None:
    """How many generations and pictures, how large, and where."""
    out = tmp_path / "bundle.zip"

    done = run_cli(finished.folder, "export", finished.generation_id, "--out", str(out))

    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (0, b"")
    assert told.startswith("Exported 1 generation with 4 pictures, ")
    assert told.endswith(f" MB, to {str(out)!r}.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


def test_a_lost_picture_is_exit_code_1(finished: Finished, bundle: Path, tmp_path: Path) -> None:
    """Where a picture is gone, it is named in one line, and no file is made."""
    run_cli(tmp_path, "import", str(bundle))
    picture = next(path for path in tmp_path.rglob("generations/**/*.png"))
    picture.unlink()
    out = tmp_path / "again.zip"

    done = run_cli(tmp_path, "export", finished.generation_id, "--out", str(out))

    told = done.stderr.decode()
    assert done.returncode == 1
    assert told.startswith(f"The picture {picture.relative_to(tmp_path).as_posix()!r} is not in ")
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_a_row_that_differs_is_exit_code_2(
    finished: Finished, bundle: Path, tmp_path: Path
) -> None:
    """A ledger that says something else of the same id is left as it is."""
    run_cli(tmp_path, "import", str(bundle))
    with closing(sqlite3.connect(tmp_path / "promptflow.db")) as connection:
        connection.execute("UPDATE generations SET request = 'mine'")
        connection.commit()

    done = run_cli(tmp_path, "import", str(bundle))

    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"The bundle {str(bundle)!r} can't be imported. The row {finished.generation_id!r} of the "
        "table 'generations' is in this ledger already, and differs. Nothing was imported.\n"
    )
