"""What the environment says."""

from pathlib import Path

import pytest

from promptflow.errors import SetupError
from promptflow.settings import ROOT, SHIPPED_DATA, read_settings


@pytest.mark.parametrize("environ", [{}, {"PROMPTFLOW_DATA_DIR": ""}, {"PROMPTFLOW_DATA_DIR": " "}])
def test_data_is_kept_in_the_checkout_by_default(environ: dict[str, str]) -> None:
    """Without a word, or with a blank one, the data folder is the one that is shipped."""
    settings = read_settings(environ)

    assert settings.data_dir == SHIPPED_DATA == ROOT / "data"
    assert settings.database == ROOT / "data" / "promptflow.db"


def test_data_folder_can_be_chosen(tmp_path: Path) -> None:
    """The variable names the folder; blanks around it don't count."""
    settings = read_settings({"PROMPTFLOW_DATA_DIR": f" {tmp_path} "})

    assert settings.data_dir == tmp_path
    assert settings.database == tmp_path / "promptflow.db"


def test_data_folder_does_not_move_with_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder is taken from where the process started."""
    monkeypatch.chdir(tmp_path)

    settings = read_settings({"PROMPTFLOW_DATA_DIR": "lineage"})

    assert settings.data_dir == tmp_path / "lineage"


def test_data_folder_can_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tilde stands for the home folder, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))

    assert read_settings({"PROMPTFLOW_DATA_DIR": "~/x"}).data_dir == tmp_path / "x"


def test_home_folder_of_nobody_is_a_setup_error() -> None:
    """A folder that can't be meant is turned down in a sentence that names the variable."""
    with pytest.raises(SetupError, match=r"PROMPTFLOW_DATA_DIR is '~no-such-person-here/x'"):
        read_settings({"PROMPTFLOW_DATA_DIR": "~no-such-person-here/x"})


def test_keys_are_known_by_name_only() -> None:
    """Which keys are set is known, blank ones are not; what they are is not kept."""
    settings = read_settings({"OPENAI_API_KEY": "sk-secret", "GOOGLE_API_KEY": "  ", "HOME": "/h"})

    assert settings.variables == {"OPENAI_API_KEY", "HOME"}
    assert "sk-secret" not in repr(settings)
