"""Crash safety: processes are killed at many moments, and the next one looks at what is left."""

import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import pytest

from promptflow.doctor import examine
from promptflow.document import render_document
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.settings import read_settings
from promptflow.view import FlowView
from tests.processes import run_cli, start_cli, start_flow

AT_ONCE = 3
"""Doomed processes at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """When a process is killed; nothing given means never."""

    delay_s: float | None = None
    """After it has begun its flow."""
    line: int | None = None
    """When it has said so many lines, each about something that is done."""
    step: int = 0
    """By itself, at a step on the disk."""
    deed: str = ""
    """By itself, before or after a certain deed on the disk."""

    def __str__(self) -> str:
        if self.deed:
            return self.deed
        if self.step:
            return f"step {self.step}"
        return f"line {self.line}" if self.line else f"{self.delay_s} s"


STORING = tuple(
    Case(deed=f"{moment} {deed} {number}")
    for number in (1, 2, 3, 4)
    for moment, deed in (("before", "replace"), ("after", "replace"))
)
"""Before a picture has its name, and when it has one and no row."""
CASES = (
    *(Case(delay_s=count * 0.07) for count in range(8)),
    *(Case(line=number) for number in range(1, 12)),
    *(Case(step=step) for step in range(4, 330, 17)),
    *STORING,
)
MENDING_STEPS = tuple(range(20, 140, 15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """What a killed process had said, and the files it left."""

    folder: Path
    was_killed: bool
    seen: frozenset[tuple[str, ...]]
    """What its followers had seen done."""
    left: frozenset[str]
    """The names of the files below ``generations/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the next process finds."""

    statuses: frozenset[str]
    """Of generations, stages and runs, whatever there is."""
    done: frozenset[tuple[str, ...]]
    recorded: Mapping[str, tuple[str, int]]
    """Key → hash and size, of every picture in the ledger."""
    stored: Mapping[str, tuple[str, int]]
    """Path → hash and size, of every file below ``generations/``."""
    adopted: int
    """How many pictures recovery gave a row."""
    documents: str
    complaints: tuple[str, ...]
    """What the doctor doesn't like."""
    locks: int


def hash_file(path: Path) -> tuple[str, int]:
    """Return what the ledger should say of a file."""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def files_below(folder: Path) -> frozenset[Path]:
    """Return every file of every generation, hidden ones too."""
    return frozenset(path for path in folder.glob("generations/**/*") if path.is_file())


def parse(lines: list[bytes]) -> frozenset[tuple[str, ...]]:
    """Read what a doomed flow said; a line that was cut off doesn't count."""
    whole = [line for line in lines if line.startswith(b"{") and line.endswith(b"}\n")]
    return frozenset(tuple(map(str, json.loads(line).items())) for line in whole)


def words(**fields: str) -> tuple[str, ...]:
    """Say that something is done as a doomed flow says it."""
    return tuple(map(str, fields.items()))


def describe(view: FlowView) -> Iterator[tuple[str, ...]]:
    """Yield what is done in a view, in the words of a doomed flow."""
    yield words(generation=view.generation_id)
    for stage in view.stages:
        if stage.status == "succeeded":
            yield words(stage=stage.stage_id, output=stage.output)
    for run in view.runs:
        for image in run.images:
            yield words(picture=image.asset.key, sha256=image.asset.sha256)
        if run.status == "succeeded":
            yield words(run=run.run_id)


def statuses_in(view: FlowView) -> Iterator[str]:
    """Yield how far the generation, its stages and its runs have come."""
    yield view.status
    yield from (stage.status for stage in view.stages)
    yield from (run.status for run in view.runs)


def open_next(folder: Path) -> Laboratory:
    """Open the laboratory as the next process would."""
    return open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))


def look(folder: Path) -> Account:
    """Open the laboratory as the next process would, and take stock."""
    lab = open_next(folder)
    ids = [one.generation_id for one in lab.list_generations()]
    views = [lab.look_up(one)[1] for one in ids]
    with closing(sqlite3.connect(lab.settings.database)) as connection:
        assets = connection.execute("SELECT key, sha256, size_bytes, at_ms FROM assets").fetchall()
    return Account(
        statuses=frozenset(status for view in views for status in statuses_in(view)),
        done=frozenset(one for view in views for one in describe(view)),
        recorded={key: (digest, size) for key, digest, size, _ in assets},
        stored={
            path.relative_to(folder).as_posix(): hash_file(path) for path in files_below(folder)
        },
        adopted=sum(at_ms is None for *_, at_ms in assets),
        documents=json.dumps([render_document(view) for view in views]),
        complaints=tuple(one.said for one in examine(lab.settings) if not one.fine),
        locks=len(list(folder.glob("owners/*"))),
    )


first_look = cache(look)
"""What the first process after a kill found, however often it is asked for."""


def kill(folder: Path, case: Case) -> Death:
    """Run a flow in a process of its own and kill it."""
    arguments = ["--step", str(case.step), "--deed", case.deed]
    with start_flow(folder, *arguments) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        if case.delay_s is not None:
            time.sleep(case.delay_s)
            process.kill()
        if case.line is not None:
            lines += [process.stdout.readline() for _ in range(case.line)]
            process.kill()
        lines += process.stdout.readlines()
    return Death(
        folder=folder,
        was_killed=process.returncode == -signal.SIGKILL,
        seen=frozenset(one for one in parse(lines) if not one[0].startswith("('steps'")),
        left=frozenset(path.name for path in files_below(folder)),
    )


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Case, Future[Death]]]:
    """Flows that are killed, a few at a time, each in a data folder of its own."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case: pool.submit(kill, tmp_path_factory.mktemp("flow"), case) for case in CASES}
        pool.shutdown(wait=False, cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_kill_at_any_moment_loses_nothing_and_leaves_nothing_half_done(
    case: Case, deaths: Mapping[Case, Future[Death]]
) -> None:
    """What was seen done is kept, what was not reads as interrupted, each file has its row."""
    death = deaths[case].result()

    account = first_look(death.folder)

    assert death.seen <= account.done
    assert account.stored == account.recorded
    assert account.statuses <= {"interrupted", "succeeded"}
    assert account.complaints == ()
    assert account.locks == 0
    assert look(death.folder) == account


@pytest.mark.parametrize("case", [*STORING, *(one for one in CASES if one.step)], ids=str)
def test_a_process_that_dies_at_a_step_never_finishes_its_flow(
    case: Case, deaths: Mapping[Case, Future[Death]]
) -> None:
    """These kills don't come too late: the generation, where one was recorded, is interrupted."""
    death = deaths[case].result()

    with closing(sqlite3.connect(death.folder / "promptflow.db")) as connection:
        rows = connection.execute("SELECT status FROM generations").fetchall()

    assert death.was_killed
    assert rows in ([], [("running",)], [("interrupted",)])


def test_the_kills_hit_every_kind_of_moment(deaths: Mapping[Case, Future[Death]]) -> None:
    """Some leave half a file, some a picture without a row, some nothing, some everything."""
    ended = [future.result() for future in deaths.values()]
    accounts = [first_look(death.folder) for death in ended]

    assert sum(death.was_killed for death in ended) >= 25
    assert any(name.endswith(".part") for death in ended for name in death.left)
    assert any(account.adopted for account in accounts)
    assert {len(account.recorded) for account in accounts} == {0, 1, 2, 3, 4}
    assert len({len(death.seen) for death in ended}) >= 8


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose owner was killed when a picture had its name and no row."""
    folder = tmp_path_factory.mktemp("wreck")
    death = kill(folder, Case(deed="after replace 3"))
    picture = next(path for path in files_below(folder) if path.suffix == ".png")
    picture.with_name(".0123456789abcdef.png.4711.1.part").write_bytes(b"half")
    assert death.was_killed
    return folder


@pytest.fixture(scope="module")
def broken_off(
    wreck: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[int, Future[Path]]]:
    """Copies of the wreck in which recovery itself was killed, at many steps."""

    def break_off(step: int) -> Path:
        folder = tmp_path_factory.mktemp("mending") / "data"
        shutil.copytree(wreck, folder)
        with start_flow(folder, "--mend", "--step", str(step)) as process:
            process.communicate()
        assert process.returncode == -signal.SIGKILL
        return folder

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {step: pool.submit(break_off, step) for step in MENDING_STEPS}


@pytest.mark.parametrize("step", MENDING_STEPS)
def test_a_recovery_that_was_killed_is_finished_by_the_next(
    step: int, broken_off: Mapping[int, Future[Path]], wreck: Path, tmp_path: Path
) -> None:
    """Recovery may be killed anywhere; in the end all is as if it had not been."""
    whole = shutil.copytree(wreck, tmp_path / "data")
    folder = broken_off[step].result()

    account, expected = look(folder), look(whole)

    assert account.stored == account.recorded == expected.recorded
    assert account.done == expected.done
    assert account.adopted == expected.adopted >= 1
    assert account.statuses == expected.statuses
    assert account.complaints == ()
    assert account.locks == 0


def read_until(stream: IO[bytes] | None, mark: bytes) -> list[bytes]:
    """Read lines up to the first that holds a mark."""
    lines: list[bytes] = []
    while stream and not (lines and mark in lines[-1]):
        lines.append(stream.readline())
        assert lines[-1], f"it ended before it said {mark!r}"
    return lines


def wait_for_half(process: subprocess.Popen[bytes]) -> str:
    """Wait until a flow that waits has delivered the picture before; return its generation's id."""
    lines = read_until(process.stdout, b"output/offline-gouache")
    return str(json.loads(next(line for line in lines if b'"generation"' in line))["generation"])


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Let a flow that waits go on, and wait for its end."""
    process.communicate(b"go on\n", timeout=30)
    assert process.returncode == 0


def test_recovery_leaves_a_flow_of_a_living_process_alone(tmp_path: Path) -> None:
    """While another process runs a flow it reads as running; it then ends as if alone."""
    with start_flow(tmp_path, "--wait") as process:
        generation_id = wait_for_half(process)

        here = open_next(tmp_path).look_up(generation_id)[1].status
        doctor = run_cli(tmp_path, "doctor")
        meanwhile = json.loads(run_cli(tmp_path, "show", generation_id, "--json").stdout)
        let_go(process)

    assert doctor.returncode == 0
    assert (here, meanwhile["status"]) == ("running", "running")
    account = look(tmp_path)
    assert account.statuses == {"succeeded"}
    assert len(account.recorded) == 4
    assert account.stored == account.recorded
    assert account.adopted == account.locks == 0


def test_recovery_leaves_the_flow_of_a_frozen_process_alone(tmp_path: Path) -> None:
    """A process that doesn't move for a while is not dead."""
    with start_flow(tmp_path, "--wait") as process:
        generation_id = wait_for_half(process)

        process.send_signal(signal.SIGSTOP)
        try:
            meanwhile = open_next(tmp_path).look_up(generation_id)[1].status
        finally:
            process.send_signal(signal.SIGCONT)
        let_go(process)

    assert meanwhile == "running"
    assert look(tmp_path).statuses == {"succeeded"}


def test_a_killed_neighbour_is_mended_while_others_go_on(tmp_path: Path) -> None:
    """Of two flows in one data folder, the killed one is interrupted, the other succeeds."""
    with start_flow(tmp_path, "--wait") as living, start_flow(tmp_path, "--wait") as doomed:
        alive = wait_for_half(living)
        dead = wait_for_half(doomed)
        doomed.kill()
        doomed.communicate()

        lab = open_next(tmp_path)
        meanwhile = [lab.look_up(one)[1].status.value for one in (alive, dead)]
        let_go(living)

    assert meanwhile == ["running", "interrupted"]
    afterwards = [lab.look_up(one)[1].status.value for one in (alive, dead)]
    assert afterwards == ["succeeded", "interrupted"]
    account = look(tmp_path)
    assert account.stored == account.recorded
    assert account.complaints == ()


COMMAND_LINE_MARKS = (b"Thinking", b"Prompt for", b"painting", b"picture 1", b"picture 2")


@pytest.fixture(scope="module")
def killed_commands(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[bytes, Future[tuple[Path, str]]]]:
    """Command lines, killed when stderr has come to a mark: (data folder, generation id)."""

    def run_until(mark: bytes) -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("command")
        with start_cli(folder, "generate", "A red kite", "--images", "2", "--json") as process:
            lines = read_until(process.stderr, mark)
            process.kill()
            process.communicate()
        return folder, lines[0].decode().split()[1]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {mark: pool.submit(run_until, mark) for mark in COMMAND_LINE_MARKS}


@pytest.mark.parametrize("mark", COMMAND_LINE_MARKS, ids=bytes.decode)
def test_a_killed_command_line_reads_as_interrupted(
    mark: bytes, killed_commands: Mapping[bytes, Future[tuple[Path, str]]]
) -> None:
    """The next commands show what was finished and find nothing wrong."""
    folder, generation_id = killed_commands[mark].result()

    shown = run_cli(folder, "show", generation_id, "--json")
    doctor = run_cli(folder, "doctor")
    again = run_cli(folder, "show", generation_id, "--json")

    document = json.loads(shown.stdout)
    assert shown.returncode == doctor.returncode == 0
    assert document["status"] == "interrupted"
    assert document["stages"][0]["status"] == "succeeded"
    assert again.stdout == shown.stdout
    account = look(folder)
    assert account.stored == account.recorded
    assert "running" not in account.statuses
