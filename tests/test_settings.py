"""What the environment says."""

from pathlib import Path

import pytest

from promptflow.errors import SetupError
from promptflow.settings import ROOT, SHIPPED_DATA, gather_variables, read_settings


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


def test_a_key_makes_an_endpoint_and_is_not_shown() -> None:
    """A key is kept for the provider alone; no text of the settings holds it."""
    settings = read_settings(
        {
            "OPENAI_API_KEY": "sk-marked",
            "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/",
            "OPENAI_TEXT_MODELS": "llama3.3, qwen3,,llama3.3",
        }
    )

    assert settings.openai is not None
    assert settings.openai.key == "sk-marked"
    assert settings.openai.base_url == "http://127.0.0.1:11434/v1"
    assert settings.openai.text_models == ("llama3.3", "qwen3")
    assert settings.google is None
    assert "sk-marked" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example/v1",
        "https://user:word@gateway.example",
        "ftp://gateway.example",
        "gateway.example",
        "https://[broken",
    ],
)
def test_a_key_is_sent_to_safe_addresses_only(url: str) -> None:
    """An address in the clear, with a password or without a host is refused and not repeated."""
    with pytest.raises(SetupError, match="OPENAI_BASE_URL is no address") as caught:
        read_settings({"OPENAI_API_KEY": "sk-marked", "OPENAI_BASE_URL": url})

    assert "word" not in caught.value.message.replace("password", "")


@pytest.mark.parametrize(
    ("base_url", "named", "only"),
    [
        ("http://127.0.0.1:11434/v1", "llama3.3", {"llama3.3"}),
        ("https://gateway.example/v1", "", None),
        ("", "llama3.3", None),
        ("https://api.openai.com/v1", "gpt-5.5", None),
        ("https://eu.api.openai.com/v1", "gpt-5.5", None),
        ("https://api.openai.com.example/v1", "gpt-5.5", {"gpt-5.5"}),
    ],
)
def test_another_server_has_the_models_that_are_named(
    base_url: str, named: str, only: set[str] | None
) -> None:
    """Names stand for all of another server's models; without names it may have any."""
    settings = read_settings(
        {"OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": base_url, "OPENAI_TEXT_MODELS": named}
    )

    assert settings.openai is not None
    assert settings.openai.only_models == only


@pytest.mark.parametrize("variable", ["GOOGLE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_any_of_googles_variables_will_do(variable: str) -> None:
    """The first that is set is used, whatever the others are."""
    settings = read_settings({variable: "AIza-marked"})

    assert settings.google is not None
    assert (settings.google.key, settings.google.variable) == ("AIza-marked", variable)


def test_variables_come_from_three_places(tmp_path: Path) -> None:
    """The environment wins over `.env`, and that over the secrets; blank ones don't count."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("A=file\nB=file\nEMPTY=\n", "utf-8")

    found = gather_variables(
        {"A": "environ", "C": " "}, dotenv=dotenv, secrets={"B": "s", "C": "s", "auth": {}}
    )

    assert found == {"A": "environ", "B": "file", "C": "s"}
