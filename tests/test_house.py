"""What the texts say and what the code does are the same."""

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import get_args

import click
import pytest

import promptflow
from benchmarks.servers import environment
from promptflow.cli import cli
from promptflow.errors import PromptflowError
from promptflow.events import Event
from promptflow.settings import GOOGLE_KEYS, OPENAI_KEYS, ROOT, read_settings
from tests.ledger.scripted_flow import resumed_flow
from tests.processes import environ_for

README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    path.name: path.read_text("utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
}
COMMANDS = [
    (name, line.strip())
    for name, page in PAGES.items()
    for line in re.findall(r"python -m promptflow [^`\n]+", page)
]
TOLD = re.findall(r"^\| `([A-Z0-9_]+)` \|", README, re.MULTILINE)
"""The variables in the table of settings."""
LATE = ("streamlit", "PIL", "openai", "google.genai", "boto3", "promptflow.providers.offline")


class _Environment(dict[str, str]):
    """An empty environment that knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # text only
        """Note the name."""
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)


def _errors(root: type[PromptflowError] = PromptflowError) -> Iterator[type[PromptflowError]]:
    """Yield an error class and all below it, wherever they are defined."""
    yield root
    for below in root.__subclasses__():
        yield from _errors(below)


def test_every_variable_is_in_the_readme() -> None:
    """Each environment variable that is read has its row in the README's table of settings."""
    environ = _Environment()

    read_settings(environ)
    # What belongs to a provider is read only where it has a key.
    environ |= dict.fromkeys((OPENAI_KEYS[0], GOOGLE_KEYS[0]), "a key")
    read_settings(environ)

    assert environ.asked == set(TOLD)


def test_no_setting_of_this_machine_gets_into_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests and benchmarks run their processes without any setting that the README tells of."""
    for name in TOLD:
        monkeypatch.setenv(name, "of this machine")

    assert "of this machine" not in environment({}).values()
    assert "of this machine" not in environ_for("a folder").values()


def test_only_the_settings_read_variables() -> None:
    """Nothing but the entrances looks at the environment, and they hand it to the settings."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("promptflow", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"(?<!`)\bos\.(environ|getenv)", path.read_text("utf-8"))
    }

    assert readers == {
        "promptflow/cli/group.py",
        "promptflow/questions/__main__.py",
        "promptflow/ui/deps.py",
    }


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_that_is_told_exists(page: str, line: str) -> None:
    """A command in the texts is one of the program's, with options that it takes."""
    words = line.split()[3:]
    command = cli.commands.get(words[0])

    assert command is not None, page
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_readme_tells_every_command() -> None:
    """There is no command that the README doesn't show."""
    told = {line.split()[3] for page, line in COMMANDS if page == "README.md"}

    assert told == set(cli.commands)
    assert all(isinstance(command, click.Command) for command in cli.commands.values())


def test_every_make_target_that_is_told_exists() -> None:
    """A `make` command in the texts is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = {
        target
        for page in PAGES.values()
        for target in re.findall(r"(?:^ {4}|`)make ([a-z]+)", page, re.MULTILINE)
    }

    assert told
    assert told <= targets


def test_every_module_has_a_floor_in_the_readme() -> None:
    """The table of floors names each module of the package."""
    told = set(re.findall(r"`(?:promptflow/)?(\w+)(?:/|\.py)?`", README))
    modules = {module.name for module in pkgutil.iter_modules(promptflow.__path__)}

    assert modules - {"__main__"} <= told


def test_a_word_is_explained_once() -> None:
    """The glossary has one line for each word."""
    words = re.findall(r"^\| ([^|`]+) \|", README.partition("## Glossary")[2], re.MULTILINE)[1:]

    assert len(words) > 20
    assert sorted(words) == sorted(set(words))


def test_every_error_has_a_code_of_its_own() -> None:
    """What is kept of a failure tells its kind: no two error classes share a code."""
    for module in pkgutil.walk_packages(promptflow.__path__, "promptflow."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    codes = [error.code for error in _errors()]

    assert len(codes) > 10
    assert sorted(codes) == sorted(set(codes))


def test_the_flow_that_tests_share_holds_every_event() -> None:
    """The fold, the transcript and the ledger are tested with each kind of event there is."""
    assert {type(event) for event in resumed_flow()} == set(get_args(Event))


def test_a_start_imports_no_provider() -> None:
    """A laboratory opens without Streamlit, and before any model is asked without its package."""
    script = f"""
import sys, tempfile
from promptflow.laboratory import open_laboratory
from promptflow.settings import read_settings
import promptflow.cli
with tempfile.TemporaryDirectory() as folder:
    open_laboratory(read_settings({{"PROMPTFLOW_DATA_DIR": folder}})).close(timeout_s=0)
print(sorted(set({LATE}) & set(sys.modules)))
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"


def test_a_first_start_asks_for_nothing() -> None:
    """In a terminal, Streamlit would wait for an address to be typed in before it serves."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))

    assert config["server"]["showEmailPrompt"] is False
    assert config["browser"]["gatherUsageStats"] is False
