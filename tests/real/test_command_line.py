"""The command line, with keys of both providers in its environment."""

import json
import logging
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from promptflow.cli import main
from promptflow.settings import Settings
from tests.processes import run_cli
from tests.real.expected import expect_run, find_expected
from tests.real.scripts import (
    IDEA,
    OTHER,
    PAINTERS,
    PICTURE_COST,
    PICTURES,
    STAGE_COST,
    WRITERS,
    find_server,
    script_picture,
    script_texts,
)
from tests.real.workbench import KEYS, Bench
from tests.unmarked import without_lineage
from tests.wire.answers import Answer, json_answer
from tests.wire.fault_rows import Fault
from tests.wire.faults import find_fault, select_faults
from tests.wire.requested import Request
from tests.wire.wire import Wire

SUCCEEDED, NONE, SOME = 0, 1, 3
AT_ONCE = [
    fault
    for fault in select_faults(kind="image")
    if (outcome := find_expected(fault)) is None or outcome.attempts == 1
]
"""Faults that no wait follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One run of the command line."""

    code: int
    out: str
    told: str
    logged: str
    folder: Path

    @property
    def document(self) -> Any:
        """What it printed."""
        return json.loads(self.out)

    @property
    def runs(self) -> dict[str, Any]:
        """Provider → its run in the document."""
        return {run["provider"]: run for run in self.document["runs"]}

    def find_keys(self) -> list[str]:
        """Return the keys that are in anything it said, logged or wrote."""
        files = [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        said = "\n".join((self.out, self.told, self.logged)).encode()
        return [key for key in KEYS if any(key.encode() in seen for seen in (said, *files))]


class Cli:
    """Runs the command line in this process."""

    def __init__(
        self,
        settings: Settings,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self._folder = settings.data_dir
        self._capsys = capsys
        self._caplog = caplog

    def generate(self, *options: str) -> Done:
        """Run ``generate`` with a document."""
        code = main(["generate", IDEA, "--json", *options])
        out, told = self._capsys.readouterr()
        logged = self._caplog.text
        return Done(code=code, out=out, told=told, logged=logged, folder=self._folder)


@pytest.fixture
def cli(
    settings: Settings,
    environ: dict[str, str],
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Cli:
    """The command line, over a ledger of its own, with everything logged that can be."""
    shutil.copytree(bench.empty, settings.data_dir)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    return Cli(settings, capsys, caplog)


def test_both_providers_paint_at_once(wire: Wire, environ: dict[str, str]) -> None:
    """With both keys and no options, one model of each paints, and the document has what it cost."""
    script_texts(wire, "openai")
    script_picture(wire, "openai")
    script_picture(wire, "google")
    folder = Path(environ.pop("PROMPTFLOW_DATA_DIR"))

    done = run_cli(folder, "generate", IDEA, "--json", stdout=PIPE, **environ)

    document = json.loads(done.stdout)
    assert done.returncode == SUCCEEDED
    stored = {
        run["provider"]: (folder / run["images"][0]["key"]).read_bytes() for run in document["runs"]
    }
    assert {name: without_lineage(data) for name, data in stored.items()} == PICTURES
    cost = 4 * STAGE_COST["openai"] + sum(PICTURE_COST.values())
    assert document["cost_usd"] == cost / 1_000_000
    assert wire.violations == ()
    kept = Done(
        code=done.returncode,
        out=done.stdout.decode(),
        told=done.stderr.decode(),
        logged="",
        folder=folder,
    )
    assert kept.find_keys() == []


@pytest.mark.parametrize("writer", WRITERS)
def test_one_provider_that_fails_ends_in_exit_code_3(wire: Wire, cli: Cli, writer: str) -> None:
    """The other's picture is in the document; stderr says what failed, and what to do."""
    failing = OTHER[writer]
    script_texts(wire, writer)
    script_picture(wire, writer)
    find_fault(failing, "image", "quota").script(wire, times=None)

    done = cli.generate("--text-model", WRITERS[writer])

    assert done.code == SOME
    assert (done.runs[failing]["status"], done.runs[writer]["status"]) == ("failed", "succeeded")
    assert done.runs[failing]["cost_usd"] == 0
    assert done.runs[failing]["error"]["message"] in done.told
    assert "billing" in done.told


def test_both_providers_that_fail_end_in_exit_code_1(wire: Wire, cli: Cli) -> None:
    """Without any picture the document has both failures, and the prompts that were written."""
    script_texts(wire, "openai")
    for provider in PAINTERS:
        find_fault(provider, "image", "moderation").script(wire, times=None)

    done = cli.generate()

    assert done.code == NONE
    assert {run["status"] for run in done.runs.values()} == {"refused"}
    assert [stage["status"] for stage in done.document["stages"]] == ["succeeded"] * 4
    assert done.document["status"] == "refused"


def test_a_text_model_that_fails_ends_in_exit_code_1(wire: Wire, cli: Cli) -> None:
    """Without a plan nothing is painted, and stderr says why."""
    find_fault("openai", "text", "bad_key").script(wire, times=None)

    done = cli.generate()

    assert done.code == NONE
    assert done.document["runs"] == []
    assert "does not accept the key" in done.told
    assert [request.kind for request in wire.requests] == ["text"]


def test_retries_are_told_and_the_wait_of_the_provider_is_kept_to(wire: Wire, cli: Cli) -> None:
    """Three retries, each at once because the provider says so, and then it is given up."""
    script_texts(wire, "google")
    script_picture(wire, "google")
    wire.openai.answer_error(
        429,
        "Rate limit reached.",
        code="rate_limit_exceeded",
        headers={"retry-after": "0"},
        kind="image",
        times=None,
    )

    done = cli.generate("--text-model", WRITERS["google"])

    assert done.code == SOME
    assert wire.openai.count(kind="image") == 4
    assert done.told.count("retrying at once") == 3
    assert done.runs["openai"]["error"]["code"] == "busy"


@pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid:UserWarning")
@pytest.mark.parametrize("fault", AT_ONCE, ids=lambda fault: fault.id)
def test_no_failure_shows_a_key(wire: Wire, cli: Cli, fault: Fault) -> None:
    """No key is on stdout, on stderr, in a log, in the ledger's files or in a picture."""
    good = OTHER[fault.provider]
    script_texts(wire, good)
    script_picture(wire, good)
    fault.script(wire, times=None)

    done = cli.generate("--text-model", WRITERS[good])

    assert done.runs[fault.provider]["status"] == expect_run(fault).status
    assert IDEA in done.out
    assert {find_key(request) for request in wire.requests} == set(KEYS)
    assert done.find_keys() == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418])
@pytest.mark.parametrize("provider", PAINTERS)
@pytest.mark.parametrize(("kind", "code"), [("text", NONE), ("image", SOME)])
def test_a_server_that_says_its_key_back_is_not_repeated(
    wire: Wire,
    cli: Cli,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    code: int,
    provider: str,
    status: int,
) -> None:
    """An answer with the key in every field and in its id is shown, logged and kept without it."""
    good, key = OTHER[provider], dict(zip(PAINTERS, KEYS, strict=True))[provider]
    said = f"Wrong key {key} (Bearer {key}), see https://127.0.0.1/?key={key}"
    error = {"message": said, "type": key, "param": key, "code": key, "status": key}

    def repeat(_request: Request) -> Answer:
        return json_answer({"error": error}, status=status, headers={"x-request-id": key})

    find_server(wire, provider).answer_with(repeat, kind=kind, times=None)
    script_texts(wire, good)
    script_picture(wire, good)
    # Below this level httpcore2 logs whatever headers an answer has.
    caplog.set_level(logging.INFO)

    done = cli.generate("--text-model", WRITERS[provider if kind == "text" else good])

    assert done.code == code
    assert find_server(wire, provider).count(kind=kind) > 0
    assert done.find_keys() == []


def test_the_ledger_tells_who_refused(wire: Wire, cli: Cli) -> None:
    """Anyone with SQL finds the provider's own word for a refusal, its id, and what it cost."""
    script_texts(wire, "google")
    script_picture(wire, "google")
    find_fault("openai", "image", "moderation").script(wire, times=None)

    done = cli.generate("--text-model", WRITERS["google"])

    with sqlite3.connect(done.folder / "promptflow.db") as db:
        db.row_factory = sqlite3.Row
        rows = db.execute("SELECT * FROM runs WHERE status = 'refused'").fetchall()
    db.close()
    (row,) = rows
    assert row["image_model"] == PAINTERS["openai"]
    assert row["cost_micro_usd"] == 0
    assert "sexual" in tuple(row)


def find_key(request: Request) -> str:
    """Return the key that a request was sent with."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return bearer or request.headers["x-goog-api-key"]
