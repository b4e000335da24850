"""How long the shipped questions take as the ledger grows: asked over HTTP, of the app's own server."""

import itertools
import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from benchmarks.figures import median, p95, run, say
from benchmarks.ledgers import fill
from benchmarks.servers import serve

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 15
FEWER_ROUNDS = 5
LIMIT = 2.0
_CHAIN = 40
"""So many of the newest prompts grew each from the one before."""
_TITLES = "/datasette/promptflow.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A served ledger, and what its questions are asked with."""

    url: str
    last_day: str
    """The newest day that is whole."""
    prompt_id: str
    """The first of the chain."""

    def ask(self, question: str, **given: str) -> float:
        """Ask a question and return the milliseconds until its answer was there."""
        asked = {"until": self.last_day, "prompt_id": self.prompt_id, "_shape": "array", **given}
        began_s = time.perf_counter()
        with urllib.request.urlopen(self._address(question, asked), timeout=30) as answer:  # noqa: S310 - ours
            json.load(answer)
        return (time.perf_counter() - began_s) * 1_000

    def list_questions(self) -> list[str]:
        """Return the names of the questions that are shipped."""
        with urllib.request.urlopen(f"{self.url}{_TITLES}", timeout=30) as answer:  # noqa: S310 - ours
            return [str(query["name"]) for query in json.load(answer)["queries"]]

    def _address(self, question: str, asked: Mapping[str, str]) -> str:
        return f"{self.url}/datasette/promptflow/{question}.json?{urlencode(asked)}"


def measure() -> Mapping[str, object]:
    """Ask every question of ledgers of three sizes, in turns.

    Questions that look back over days are asked for one: every ledger has as many generations a day, so
    that the ratio tells what the rest of the ledger costs.
    """
    with TemporaryDirectory() as name, ExitStack() as stack:
        sites = {size: stack.enter_context(_serve(Path(name), size)) for size in SIZES}
        questions = sites[SIZES[0]].list_questions()
        one_day = _ask_all(sites, questions, ROUNDS, days="1")
        defaults = _ask_all(
            {size: sites[size] for size in SIZES[1:]}, questions, FEWER_ROUNDS, days=""
        )
    small, _, large = SIZES
    ratios = {
        question: median(one_day[large][question]) / median(one_day[small][question])
        for question in questions
    }
    worst = max(ratios, key=lambda question: ratios[question])
    return {
        "metric": "answer at 100,000 generations ÷ at 1,000, of the worst question",
        "ratio": round(ratios[worst], 3),
        "limit": LIMIT,
        "passed": ratios[worst] <= LIMIT,
        "worst": worst,
        "ratios": {question: round(ratio, 2) for question, ratio in ratios.items()},
        "median_ms": _tell(one_day, median),
        "p95_ms": _tell(one_day, p95),
        "median_ms_of_the_default_days": _tell(defaults, median),
    }


@contextmanager
def _serve(folder: Path, size: int) -> Iterator[Site]:
    data = folder / str(size)
    say(f"datasette: {size:,} generations")
    fill(data / "promptflow.db", size)
    last_day, prompt_id = _chain(data / "promptflow.db")
    with serve(
        *("-m", "streamlit", "run", "promptflow/server.py"),
        folder=folder,
        variables={"PROMPTFLOW_DATA_DIR": str(data)},
    ) as server:
        yield Site(url=server.url, last_day=last_day, prompt_id=prompt_id)


def _chain(path: Path) -> tuple[str, str]:
    """Let the newest prompts grow from one another; return the newest whole day and the first prompt."""
    with closing(sqlite3.connect(path)) as db, db:
        newest = "SELECT id FROM prompts ORDER BY id DESC LIMIT ?"
        ids = sorted(row[0] for row in db.execute(newest, (_CHAIN,)))
        grown = list(itertools.pairwise(ids))
        db.executemany("UPDATE prompts SET parent_prompt_id = ? WHERE id = ?", grown)
        day = db.execute("SELECT date(max(created_at), '-1 day') FROM generations").fetchone()[0]
    return str(day), str(ids[0])


Times = dict[int, dict[str, list[float]]]


def _ask_all(sites: Mapping[int, Site], questions: Sequence[str], rounds: int, days: str) -> Times:
    """Ask every question of every ledger, in turns; the first round is the warm-up."""
    took: Times = {size: {question: [] for question in questions} for size in sites}
    for number in range(rounds + 1):
        for question in questions:
            for size, site in sites.items():
                took_ms = site.ask(question, days=days)
                if number:
                    took[size][question].append(took_ms)
        say(f"datasette: round {number} of {rounds}{'' if number else ', the warm-up'}")
    return took


def _tell(
    times: Times, figure: Callable[[Sequence[float], int], float]
) -> Mapping[str, Mapping[int, float]]:
    """Return a figure of each question at each size."""
    sizes = tuple(times)
    return {
        question: {size: figure(times[size][question], 1) for size in sizes}
        for question in times[sizes[0]]
    }


if __name__ == "__main__":
    run("datasette", measure)
