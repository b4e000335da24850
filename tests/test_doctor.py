"""The doctor finds what is wrong, says it in plain words, and finds nothing where nothing is."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.cli import main
from promptflow.doctor import examine
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.ports import Picture
from promptflow.settings import Settings
from tests.processes import run_cli
from tests.scripted import (
    BOTH,
    ListPainter,
    finish,
    make_laboratory,
    make_png,
    make_request,
)
from tests.storage.tiny_disk import run_on_tiny_disk
from tests.wrecks import WRECKS, Wreck


def complaints(settings: Settings) -> dict[str, str]:
    """Return what isn't fine → what is said about it."""
    return {one.what: one.said for one in examine(settings) if not one.fine}


def make_generation(settings: Settings) -> Laboratory:
    """Make a generation of two pictures."""
    painters = {
        model: ListPainter([Picture(index=0, data=make_png(shade))])
        for shade, model in enumerate(BOTH)
    }
    lab = make_laboratory(settings, painters=painters)
    assert list(finish(lab, lab.start(make_request())))
    lab.archive.settle(timeout_s=30)
    lab.close(timeout_s=0)
    return lab


def test_a_new_installation_is_fine(settings: Settings) -> None:
    """Without any key, and before anything was made, there is nothing to mend."""
    findings = examine(settings)

    assert [one.what for one in findings] == [
        *("database", "storage", "bucket", "outbox", "pictures", "flows", "limits", "catalogue"),
        *("Offline", "OpenAI", "Google"),
    ]
    assert all(one.fine for one in findings)
    assert str(settings.database) in findings[0].said
    assert "set OPENAI_API_KEY to use them" in findings[-2].said


def list_files(folder: Path) -> list[Path]:
    """Return all there is in a data folder but the database and what SQLite keeps beside it."""
    return sorted(path for path in folder.rglob("*") if not path.name.startswith("promptflow.db"))


def test_the_doctor_leaves_everything_as_it_is(settings: Settings) -> None:
    """It only looks: nothing is added or goes, and it says the same again."""
    make_generation(settings)
    before = list_files(settings.data_dir)

    findings = examine(settings)

    assert examine(settings) == findings
    assert list_files(settings.data_dir) == before


def test_what_is_there_is_counted(settings: Settings) -> None:
    """It says how much the ledger holds."""
    make_generation(settings)

    said = examine(settings)[0].said

    assert "4 stages" in said
    assert "2 runs" in said
    assert "2 pictures" in said


def test_a_missing_picture_is_named(settings: Settings) -> None:
    """A recorded picture whose file is gone is told, with what to do."""
    make_generation(settings)
    shutil.rmtree(next(settings.data_dir.glob("generations/*/output/offline-poster")))

    said = complaints(settings)["pictures"]

    assert said.startswith("1 picture recorded but not there, the first is 'generations/")
    assert said.endswith("else bring them back from a backup.")


def test_a_damaged_database_that_still_opens_is_found(settings: Settings) -> None:
    """The file is examined from end to end, not just opened."""
    make_generation(settings).ledger.close()
    with closing(sqlite3.connect(settings.database)) as connection:
        page = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'attempts_of_run'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(settings.database.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    settings.database.write_bytes(data)
    open_laboratory(settings)

    said = complaints(settings)["database"]

    assert "is damaged" in said
    assert "Bring it back from a backup" in said


def test_a_folder_where_no_flow_can_start_is_found(settings: Settings) -> None:
    """What a flow needs before its first step is tried out."""
    settings.data_dir.mkdir()
    (settings.data_dir / "owners").write_text("no folder")

    said = complaints(settings)["flows"]

    assert str(settings.data_dir / "owners") in said
    assert "Make the folder writable" in said


def test_keys_are_named_and_never_shown(tmp_path: Path) -> None:
    """A key that is set is told by the name of its variable."""
    done = run_cli(tmp_path, "doctor", OPENAI_API_KEY="sk-secret", GEMINI_API_KEY="also-secret")

    told = done.stdout.decode()
    assert done.returncode == 0
    assert "OPENAI_API_KEY is set" in told
    assert "GEMINI_API_KEY is set" in told
    assert "secret" not in told + done.stderr.decode()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OPENAI_API_KEY": "sk-secret\nsecret"}, "OPENAI_API_KEY holds a character"),
        (
            {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "https://h:99999/v1"},
            "OPENAI_BASE_URL",
        ),
        ({"GEMINI_API_KEY": "secret secret"}, "api-keys into GEMINI_API_KEY."),
    ],
    ids=["key", "address", "google"],
)
def test_settings_that_can_not_work_are_bad(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    """A key that can't be sent, or an address that can't be reached by anyone, is found beforehand."""
    done = run_cli(tmp_path, "doctor", stdout=subprocess.PIPE, **variables)

    told = done.stdout.decode()
    assert done.returncode == 1
    assert said in told
    assert "secret" not in told + done.stderr.decode()


def test_a_blank_key_is_no_key(settings: Settings) -> None:
    """A model whose variable isn't really set is off."""
    held = replace(settings, variables=frozenset({"GOOGLE_API_KEY"}))

    said = {one.what: one.said for one in examine(held)}

    assert said["Google"] == "GOOGLE_API_KEY is set"
    assert said["OpenAI"].startswith("no key, so its models are off")


def test_a_sound_installation_ends_in_exit_code_0(tmp_path: Path) -> None:
    """Each line begins with ok, on stdout, without colours where no terminal reads."""
    done = run_cli(tmp_path, "doctor")

    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert done.stderr == b""
    assert len(lines) == 11
    assert [line for line in lines if not line.startswith("ok ")] == []


@pytest.mark.parametrize("wreck", WRECKS, ids=str)
def test_a_useless_installation_is_told_and_ends_in_exit_code_1(
    wreck: Wreck, tmp_path: Path
) -> None:
    """The doctor names what can't be used, with what to do, and there is no traceback."""
    folder = wreck.make(tmp_path)

    done = run_cli(folder, "doctor")

    told = done.stdout.decode()
    assert done.returncode == 1
    assert done.stderr == b""
    assert told.startswith("bad ")
    assert wreck.said in told
    assert str(folder) in told
    assert len(told.splitlines()) == 1


ON_TINY_DISK = """
import os, sys
from promptflow.cli import main
os.environ["PROMPTFLOW_DATA_DIR"] = sys.argv[1]
print("ends in", main(["doctor"]), "and", main(["generate", "A red kite"]))
"""


def test_a_disk_that_is_nearly_full_is_found(tmp_path: Path) -> None:
    """Below the space that pictures need nothing is started, and the doctor says so before."""
    told = run_on_tiny_disk(tmp_path / "disk", ON_TINY_DISK)

    assert "bad  storage: only " in told
    assert "nothing is started below 64.0 MB. Free some space." in told
    assert "ends in 1 and 1" in told


ON_FROZEN_DISK = """
import os, subprocess, sys
from promptflow.cli import main
os.environ["PROMPTFLOW_DATA_DIR"] = sys.argv[1]
subprocess.run([sys.executable, "-m", "promptflow", "doctor"], check=False)
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
print("ends in", main(["doctor"]), "and", main(["generate", "A red kite"]), "and", main(["models"]))
"""


def test_a_disk_that_became_read_only_is_found(tmp_path: Path) -> None:
    """A data folder that can't be written is told in a sentence."""
    told = run_on_tiny_disk(tmp_path / "disk", ON_FROZEN_DISK)

    after = told.partition("Google: no key")[2]
    assert "bad " in after
    assert "ends in 1 and 1" in after


def test_the_doctor_runs_where_the_command_line_does(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """It examines the folder that the environment names."""
    monkeypatch.setenv("PROMPTFLOW_DATA_DIR", str(settings.data_dir))

    code = main(["doctor"])

    assert code == 0
    assert str(settings.database) in capsys.readouterr().out
