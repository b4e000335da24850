"""One piece of upkeep in a process of its own, to be killed: ``python -m tests.archive.doomed DEED [options]``.

The installation is the environment's. Says at the end how many steps on the disk and the network it took.
"""

import argparse
import os
import sys

from promptflow.laboratory import make_laboratory
from promptflow.settings import read_settings
from tests.doomed_flow import Doom


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("deed", choices=["sync", "backup", "to-b2", "to-local", "restore", "purge"])
    parser.add_argument("--step", type=int, default=0, help="die at this step")
    chosen = parser.parse_args()
    sys.modules |= {"numpy": None, "pandas": None}  # type: ignore[dict-item]  # None: not to be had
    lab = make_laboratory(read_settings(os.environ))
    archive = lab.archive
    assert archive.bucket is not None
    # Whatever is imported late is imported now: a second in which there is nothing to kill.
    newest = next(iter(archive.list_snapshots()), None)
    archive.bucket.head("checks/warm.txt")
    doom = Doom(chosen.step, "")
    doom.watch()
    match chosen.deed:
        case "sync":
            archive.sync()
        case "backup":
            archive.back_up()
        case "purge":
            archive.purge(lab.now())
        case "to-b2":
            archive.move("b2", lambda _: None)
        case "to-local":
            archive.move("local", lambda _: None)
        case _:
            assert newest is not None
            archive.restore(newest)
    sys.setprofile(None)
    os.write(1, f"{doom.steps}\n".encode())


if __name__ == "__main__":
    _main()
