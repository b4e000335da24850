"""Reruns of one page of the running app, timed over ledgers of several sizes in turns."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from benchmarks.figures import CannotMeasureError, median, p95, say
from benchmarks.servers import Server, serve

Body = Mapping[str, object]
Times = Mapping[str, Mapping[int, list[float]]]
"""Case → size of the ledger → how long each rerun took, in milliseconds."""

WARM_UPS = 3
_WAIT_S = 60.0


class Page(Protocol):
    """A page over a ledger of one size, with a session for each case."""

    @property
    def sessions(self) -> Mapping[str, str]:
        """Case → the session that shows it."""

    def rerun(self, case: str, number: int) -> None:
        """Run the page of a case again, whole.

        Args:
            case: one of the sessions.
            number: of the rerun, from 1; below that it is a warm-up.
        """


@contextmanager
def serve_app(folder: Path, data: Path) -> Iterator[Server]:
    """Run the app so that it can be asked, over a data folder, until the block ends."""
    program = ("-m", "streamlit", "run", "app.py")
    options = ["--server.enableAgentApi=true", "--server.fileWatcherType=none"]
    variables = {"PROMPTFLOW_DATA_DIR": str(data)}
    with serve(*program, folder=folder, options=options, variables=variables) as server:
        yield server


def begin(server: Server, body: Body) -> tuple[str, int]:
    """Begin a session.

    Args:
        server: runs the app.
        body: what the session opens.

    Returns:
        Its id, and how many pictures it shows.

    Raises:
        CannotMeasureError: the page failed.
    """
    raw = ask(server, body)
    answer = json.loads(raw)
    if answer["status"] != "ready":
        message = f"The page is {answer['status']!r}."
        raise CannotMeasureError(message)
    pictures = raw.count(b'"type": "image"') + raw.count(b'"type":"image"')
    return str(answer["session_id"]), pictures


def ask(server: Server, body: Body) -> bytes:
    """Have the app run a page, and return all that it answers.

    Raises:
        CannotMeasureError: it didn't, or not in time.
    """
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/_stcore/agent/interact",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_S) as answer:  # noqa: S310
            raw: bytes = answer.read()
            if answer.status != 200:
                raise CannotMeasureError(f"A rerun ended with HTTP {answer.status}.")
    except OSError as error:
        raise CannotMeasureError(f"A rerun failed: {error}") from error
    return raw


def time_in_turns(name: str, pages: Mapping[int, Page], reruns: int) -> Times:
    """Rerun every case at every size in turns, so that a busy moment meets them alike.

    Args:
        name: of the benchmark, for its progress.
        pages: size of the ledger → the page over it.
        reruns: how many of each case at each size.
    """
    cases = next(iter(pages.values())).sessions
    took_ms: dict[str, dict[int, list[float]]] = {
        case: {size: [] for size in pages} for case in cases
    }
    for number in range(1 - WARM_UPS, reruns + 1):
        for case, sizes in took_ms.items():
            for size, page in pages.items():
                started_s = time.monotonic()
                page.rerun(case, number)
                took = (time.monotonic() - started_s) * 1000
                if number > 0:
                    sizes[size].append(took)
        if number % 20 == 0:
            say(f"{name}: {number} of {reruns}")
    return took_ms


def judge(took_ms: Times, *, ratio_limit: float, limit_ms: float) -> Mapping[str, object]:
    """Return the figures of every case, the worst of them, and whether these are within limits."""
    cases = {case: _figures(sizes) for case, sizes in took_ms.items()}
    worst_ratio = max(one["ratio_of_p95"] for one in cases.values())
    worst_ms = max(p95(sizes[max(sizes)], 1) for sizes in took_ms.values())
    return {
        "ratio": worst_ratio,
        "limit": ratio_limit,
        "p95_ms": worst_ms,
        "limit_ms": limit_ms,
        "passed": worst_ratio <= ratio_limit and worst_ms <= limit_ms,
        "cases": cases,
    }


def _figures(took_ms: Mapping[int, list[float]]) -> dict[str, float]:
    ends = {size: p95(took, 1) for size, took in took_ms.items()}
    medians = {f"median_ms_{size}": median(took, 1) for size, took in took_ms.items()}
    ratio = round(ends[max(ends)] / ends[min(ends)], 3)
    return {
        "ratio_of_p95": ratio,
        **{f"p95_ms_{size}": end for size, end in ends.items()},
        **medians,
    }
