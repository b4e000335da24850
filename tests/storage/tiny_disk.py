"""A disk of about 1 MB that a test can fill or freeze, where the system lets one make it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_MOUNT = 'mount -t tmpfs -o size=$4 tmpfs "$1" && exec "$2" -c "$3" "$1"'
_ROOT = Path(__file__).resolve().parents[2]


def run_on_tiny_disk(folder: Path, script: str, *, size: str = "1m") -> str:
    """Run a script in a process that alone sees a tiny disk mounted on a folder.

    Args:
        folder: where it is mounted; made if missing. It is the script's first argument.
        script: Python.
        size: of the disk, as mount(8) takes it.

    Returns:
        What it printed.
    """
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare(1)")
    folder.mkdir(exist_ok=True)
    name_space = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    probe = subprocess.run(
        [*name_space, 'mount -t tmpfs tmpfs "$1"', "sh", str(folder)],
        check=False,
        capture_output=True,
    )
    if probe.returncode:
        pytest.skip("needs the right to mount in a name space of its own")
    done = subprocess.run(
        [*name_space, _MOUNT, "sh", str(folder), sys.executable, script, size],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )

    assert done.returncode == 0, done.stderr
    return done.stdout
