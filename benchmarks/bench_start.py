"""How long the app takes to start, against an app of one line: process spawned to page in sight."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from benchmarks.browsers import open_browser
from benchmarks.figures import median, p95, run, say
from benchmarks.servers import ROOT, serve

ROUNDS = 5
LIMIT = 1.5
_ONE_LINE = 'import streamlit as st; st.write("hello")\n'
_IN_SIGHT_MS = 60_000
_IS_IN_SIGHT = """() => [...document.querySelectorAll("{element}")].some(
    one => one.innerText.includes("{text}") && one.checkVisibility()
)"""
"""Asked with each frame: a locator looks every half second only once a page has been there for one."""


def measure() -> Mapping[str, object]:
    """Start one line and ours in turns, ours with a ledger and on an empty folder."""
    with TemporaryDirectory() as name, open_browser() as browser:
        folder = Path(name)
        (folder / "one_line.py").write_text(_ONE_LINE, "utf-8")
        took: dict[str, list[float]] = {"one_line": [], "ours": []}
        first_s: list[float] = []
        first_ratios: list[float] = []
        for number in range(ROUNDS + 1):
            one_round = {
                "one_line": start_one_line_s(browser, folder),
                "ours": start_ours_s(browser, folder, folder / "used"),
            }
            say(f"start: round {number} of {ROUNDS}{'' if number else ', the warm-up'}")
            for what, took_s in one_round.items() if number else ():
                took[what].append(took_s)
            if number:
                new_s = start_ours_s(browser, folder, folder / f"new-{number}")
                first_s.append(new_s)
                first_ratios.append(new_s / one_round["one_line"])
    ratios = [ours / one for ours, one in zip(took["ours"], took["one_line"], strict=True)]
    return {
        "metric": "start of the app ÷ start of one line",
        "median": max(median(ratios), median(first_ratios)),
        "limit": LIMIT,
        "passed": max(median(ratios), median(first_ratios)) <= LIMIT,
        "median_with_a_ledger": median(ratios),
        "median_on_an_empty_folder": median(first_ratios),
        "pairs": [round(ratio, 3) for ratio in ratios],
        "median_s": {what: median(values) for what, values in took.items()},
        "p95_s": {what: p95(values) for what, values in took.items()},
        "median_s_on_an_empty_folder": median(first_s),
    }


def start_one_line_s(browser: Browser, folder: Path) -> float:
    """Return the seconds until the one line can be read."""
    sign = _IS_IN_SIGHT.format(element="p", text="hello")
    return _start_s(browser, sign, "one_line.py", folder=folder, cwd=folder, data=folder)


def start_ours_s(browser: Browser, folder: Path, data: Path) -> float:
    """Return the seconds until the Studio could be used."""
    sign = _IS_IN_SIGHT.format(element="button", text="Generate")
    return _start_s(browser, sign, "app.py", folder=folder, cwd=ROOT, data=data)


def _start_s(
    browser: Browser,
    sign: str,
    script: str,
    *,
    folder: Path,
    cwd: Path,
    data: Path,
) -> float:
    variables = {"PROMPTFLOW_DATA_DIR": str(data)}
    program = ("-m", "streamlit", "run", script)
    context = browser.new_context()
    try:
        page = context.new_page()
        with serve(*program, folder=folder, cwd=cwd, variables=variables) as server:
            page.goto(server.url, wait_until="commit")
            page.wait_for_function(sign, polling="raf", timeout=_IN_SIGHT_MS)
            return time.monotonic() - server.spawned_s
    finally:
        context.close()


if __name__ == "__main__":
    run("start", measure)
