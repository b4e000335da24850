"""Processes of their own, for what can't be shown with threads."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on a script and wait until it has said its first line.

    Args:
        script: Python; it prints a line when it is ready.
        arguments: its ``sys.argv[1:]``.

    Returns:
        The running process; the caller ends it.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def run_together(script: str, *arguments: str, processes: int) -> list[str]:
    """Run a script in several processes that go on at the same moment.

    Args:
        script: Python; it prints a line, waits for one, and prints its answer.
        arguments: its ``sys.argv[1:]``.
        processes: how many.

    Returns:
        What each printed after the signal.
    """
    started = [start(script, *arguments) for _ in range(processes)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0].strip() for process in started]
