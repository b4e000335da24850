"""Calls that can't be carried out: one line on stderr, and an exit code that says whose fault it is."""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from promptflow.laboratory import open_laboratory
from promptflow.settings import read_settings
from promptflow.transcript import printable
from tests.processes import run_cli
from tests.scripted import IDEA
from tests.wrecks import WRECKS, Wreck

NINES = "9" * 5_000
BAD_INPUT: Mapping[str, tuple[tuple[str | bytes, ...], str]] = {
    "empty": (("generate", ""), "The request is empty."),
    "blank": (("generate", " \t\n\u3000"), "The request is empty."),
    "nothing to see": (("generate", "\u200b\u2060"), "The request is empty."),
    "too long": (("generate", "x" * 4_001), "The request has 4,001 characters; at most 4,000"),
    "escape": (("generate", "a\x1b[31mb"), "control character U+001B at position 2"),
    "C1 control": (("generate", "a\x9bb"), "control character U+009B at position 2"),
    "no text": (("generate", b"a\xffb"), "lone surrogate U+DCFF at position 2"),
    "image model": (
        ("generate", "a", "--image-model", "offline-gouach"),
        "There is no image model 'offline-gouach'. Did you mean 'offline-gouache'?",
    ),
    "image model of controls": (
        ("generate", "a", "--image-model", "\x1b]0;x\x07\n"),
        r"There is no image model '\x1b]0;x\x07\n'.",
    ),
    "empty image model": (("generate", "a", "--image-model", ""), "no image model ''"),
    "text model": (
        ("generate", "a", "--text-model", "offline-plannr"),
        "There is no text model 'offline-plannr'. Did you mean 'offline-planner'?",
    ),
    "empty text model": (("generate", "a", "--text-model", ""), "no text model ''"),
    "image model without key": (
        ("generate", "a", "--image-model", "gpt-image-2.6-flare"),
        "needs OPENAI_API_KEY to be set",
    ),
    "text model without key": (
        ("generate", "a", "--text-model", "gpt-6-luna"),
        "needs OPENAI_API_KEY to be set",
    ),
    "ratio": (("generate", "a", "--aspect-ratio", "17:3"), "does not paint '17:3'. It accepts 1:1"),
    "ratio of words": (("generate", "a", "--aspect-ratio", "wide\n"), r"'wide\n'"),
    "no images": (("generate", "a", "--images", "0"), "0 images per model"),
    "five images": (("generate", "a", "--images", "5"), "5 images per model"),
    "images of words": (("generate", "a", "--images", "abc"), "'abc' is not a valid integer"),
    "images of lines": (("generate", "a", "--images", "1\n2"), r"'1\n2' is not a valid integer"),
    "half an image": (("generate", "a", "--images", "1.5"), "'1.5' is not a valid integer"),
    "images without a number": (("generate", "a", "--images"), "'--images' requires an argument"),
    "seed below zero": (("generate", "a", "--seed", "-1"), "The seed -1 can't be used."),
    "huge seed": (("generate", "a", "--seed", "2147483648"), "The seed 2147483648 can't be used."),
    "endless seed": (("generate", "a", "--seed", NINES), "is not a valid integer"),
    "seed of words": (("generate", "a", "--seed", "abc"), "'abc' is not a valid integer"),
    "parameter without value": (("generate", "a", "--parameter", "quality"), "has no value"),
    "unknown parameter": (
        ("generate", "a", "--parameter", "qualty=\x1b[31m"),
        "There is no parameter 'qualty'. Did you mean 'quality'?",
    ),
    "parameter that no model takes": (
        ("generate", "a", "--parameter", "quality=low"),
        "Offline gouache can't be asked for any quality. Leave the quality out.\n",
    ),
    "parameter of a model that is not chosen": (
        ("generate", "a", "--parameter", "gpt-image-2:quality=low"),
        "Parameters are given for 'gpt-image-2', which is not among the chosen image models",
    ),
    "reference that is not there": (
        ("generate", "a", "--reference", "nowhere/a\n.png"),
        r"The reference image 'nowhere/a\n.png' can't be used. It can't be read (No such file",
    ),
    "folder as reference": (("generate", "a", "--reference", "."), "It is no file."),
    "reference that is no picture": (
        ("generate", "a", "--reference", "README.md"),
        "The reference image 'README.md' can't be used.",
    ),
    "two bad references": (
        ("generate", "a", "--reference", ".", "--reference", "data"),
        "'.' can't be used. It is no file. Give the path of a picture. The reference image 'data'",
    ),
    "reference that no model uses": (
        ("generate", "a", "--reference", "docs/studio.png"),
        "None of the chosen models can use reference images",
    ),
    "no request": (("generate",), "Missing argument 'REQUEST'."),
    "two requests": (("generate", "a", "b\x1b\nc\u202e"), "unexpected extra argument (b� c�)"),
    "option": (("generate", "a", "--size", "1"), "No such option '--size'."),
    "no command": ((), "Missing command."),
    "command": (("paint\x1b[31m",), r"No such command 'paint\x1b[31m'."),
    "command of no text": ((b"paint\xff",), "No such command"),
    "path as id": (
        ("show", "../../etc/passwd"),
        "no generation '../../etc/passwd' in this ledger. Check the id, which `generate` tells first, and",
    ),
    "SQL as id": (("show", "'; DROP TABLE runs; --"), "DROP TABLE runs"),
    "empty id": (("show", ""), "There is no generation ''"),
    "id of no text": (("show", b"\xff", "--json"), "There is no generation '?'"),
    "id of controls": (("show", "\x1b[2J\n"), r"There is no generation '\x1b[2J\n'"),
    "id that isn't there": (
        ("show", "01890000-0000-7000-8000-000000000000", "--json"),
        "There is no generation '01890000-0000-7000-8000-000000000000'",
    ),
    "export of nothing": (("export", "--out", "b.zip"), "Missing argument 'GENERATION_ID...'."),
    "export to nowhere": (("export", "a"), "Missing option '--out'."),
    "export to an empty name": (("export", "a", "--out", ""), "'' is no path of a file."),
    "export of what isn't there": (
        ("export", "a\x1b", "--out", "nowhere/b.zip"),
        r"There is no generation 'a\x1b' in this ledger.",
    ),
    "export over a file": (
        ("export", "a", "--out", "README.md"),
        "There is something at 'README.md' already. Choose another name, or remove it.",
    ),
    "import of nothing": (("import",), "Missing argument 'BUNDLE'."),
    "import of two": (("import", "a", "b"), "unexpected extra argument (b)"),
    "import of what isn't there": (
        ("import", "nowhere\n.zip"),
        r"The bundle 'nowhere\n.zip' can't be imported. It is no file.",
    ),
    "import of no text": (("import", b"\xff.zip"), r"The bundle '\udcff.zip' can't be imported."),
    "import of an endless name": (("import", "x" * 5_000), "It can't be read (File name too long)"),
    "import of no zip": (
        ("import", "README.md"),
        "The bundle 'README.md' can't be imported. It is no zip file, or a damaged one. Nothing was",
    ),
    "import of a folder": (
        ("import", "data"),
        "The bundle 'data' can't be imported. It is no file.",
    ),
    "no id": (("show",), "Missing argument 'GENERATION_ID'."),
    "show of what": (("show", "a", "--yaml"), "No such option '--yaml'."),
}


@pytest.fixture(scope="module")
def refused(shared: Path) -> Iterator[Mapping[str, Future[subprocess.CompletedProcess[bytes]]]]:
    """What became of each bad input, a few at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            case: pool.submit(run_cli, shared, *arguments)
            for case, (arguments, _) in BAD_INPUT.items()
        }


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(
    case: str, refused: Mapping[str, Future[subprocess.CompletedProcess[bytes]]]
) -> None:
    """It says what is wrong; stdout stays empty, the terminal unharmed, and there is no traceback."""
    done = refused[case].result()

    told = done.stderr.decode()
    assert done.returncode == 2
    assert done.stdout == b""
    assert BAD_INPUT[case][1] in told
    assert told.endswith("\n")
    assert len(told.splitlines()) == 1
    assert printable(told) == told


def test_bad_input_starts_nothing(
    shared: Path, refused: Mapping[str, Future[subprocess.CompletedProcess[bytes]]]
) -> None:
    """After all of it the ledger is as empty as before, and nobody owns anything."""
    wait(refused.values())

    lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(shared)}))
    assert lab.list_generations() == ()
    assert list(shared.glob("owners/*")) == list(shared.glob("generations/*")) == []


@pytest.mark.parametrize("wreck", WRECKS, ids=str)
def test_a_useless_installation_is_one_line_on_stderr_and_exit_code_1(
    wreck: Wreck, tmp_path: Path
) -> None:
    """Whatever can't be used is named, with what to do; there is no traceback."""
    folder = wreck.make(tmp_path)

    generated = run_cli(folder, "generate", IDEA, "--json")
    shown = run_cli(folder, "show", "01890000-0000-7000-8000-000000000000", "--json")

    told = generated.stderr.decode()
    assert wreck.said in told
    assert str(folder) in told
    assert len(told.splitlines()) == 1
    assert (generated.returncode, generated.stdout) == (1, b"")
    assert (shown.returncode, shown.stdout, shown.stderr) == (1, b"", generated.stderr)


@pytest.mark.parametrize(
    "command", [(), ("generate",), ("show",), ("models",), ("export",), ("import",), ("doctor",)]
)
def test_help_says_how_it_is_called(command: tuple[str, ...], shared: Path) -> None:
    """Each command explains itself on stdout."""
    done = run_cli(shared, *command, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(
        b"Usage: " + " ".join(("python -m promptflow", *command)).encode()
    )
    assert done.stderr == b""
