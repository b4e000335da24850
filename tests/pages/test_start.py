"""What a process has loaded once its first page is there."""

import os
import subprocess
import sys
from pathlib import Path

from promptflow.settings import ROOT

_LATER = (
    "promptflow.backups",
    "promptflow.pipeline",
    "promptflow.storage.b2",
    "promptflow.ui.canvas",
    "promptflow.xmp",
)


def test_first_page_waits_for_nothing_that_only_a_generation_needs(tmp_path: Path) -> None:
    """An empty Studio is there before what paints, uploads, draws or reads pictures is imported."""
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({str(ROOT / "app.py")!r}, default_timeout=30).run()
print(len(page.title), len(page.exception), sorted(set({_LATER!r}) & set(sys.modules)))
"""

    assert _run(script, tmp_path) == "1 0 []\n"


def test_what_a_start_loads_is_not_searched_for_garbage(tmp_path: Path) -> None:
    """What was there when the first page was made is left out of the search that follows each run."""
    script = f"""
import gc
from streamlit.testing.v1 import AppTest
AppTest.from_file({str(ROOT / "app.py")!r}, default_timeout=30).run()
print(gc.get_freeze_count() > len(gc.get_objects()))
"""

    assert _run(script, tmp_path) == "True\n"


def _run(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PROMPTFLOW_DATA_DIR": str(folder / "data")},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
