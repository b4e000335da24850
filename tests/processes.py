"""Prompt Flow in processes of its own: the command line, and flows that are killed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from promptflow.settings import ROOT

SETTINGS = ("PROMPTFLOW_", "OPENAI_", "GOOGLE_", "GEMINI_", "B2_", "S3_", "IMAGE_", "AWS_")
"""Beginnings of variables that whoever runs the tests may have set for other things."""
_LEFT_OUT = (*SETTINGS, "PYTHONIOENCODING", "PYTHONUTF8")


def environ_for(folder: Path | str, **more: str) -> dict[str, str]:
    """Return an environment without keys, in which a folder is the data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return kept | {"PROMPTFLOW_DATA_DIR": str(folder)} | more


def run_cli(
    folder: Path | str,
    *arguments: str | bytes,
    stdout: IO[bytes] | int = subprocess.PIPE,
    **environ: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line to its end, from the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "promptflow", *arguments],
        cwd=ROOT,
        env=environ_for(folder, **environ),
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


def start_cli(folder: Path | str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command line, both its streams in pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "promptflow", *arguments],
        cwd=ROOT,
        env=environ_for(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def start_flow(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `tests.doomed_flow` on a data folder; its lines come through a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.doomed_flow", str(folder), *arguments],
        cwd=ROOT,
        env=environ_for(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
