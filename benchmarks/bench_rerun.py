"""Whether the Studio stays as quick with 100,000 earlier generations as with 100."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, median, p95, run, say
from benchmarks.ledgers import COMMON, SHORT, fill
from benchmarks.scripted import (
    ScriptedPainter,
    ScriptedWriter,
    make_picture,
    open_scripted,
    run_whole,
)
from benchmarks.servers import Server, serve
from promptflow.records import Stage
from promptflow.ui import state

SIZES = (100, 10_000, 100_000)
"""Earlier generations."""
RERUNS = 60
"""Of each case at each size."""
WARM_UPS = 3
RATIO_LIMIT = 1.5
LIMIT_MS = 150
PICTURES = 2
_WAIT_S = 60.0

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """A running app over a ledger of one size, and a session of it for each case."""

    server: Server
    generation_id: str
    """A finished generation with two pictures, the newest."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Case → the session that shows it."""

    def open(self) -> None:
        """Begin the sessions, each as far as what its reruns draw."""
        self.sessions["empty"] = self._begin({})
        shown = {"query_params": {state.GENERATION: [self.generation_id]}}
        self.sessions["open"] = self._begin(shown, pictures=PICTURES)
        for case, words in (("search_common", COMMON), ("search_short", SHORT)):
            session_id = self._begin({})
            self._ask({"session_id": session_id, "widget_state": {state.SEARCH: words}})
            self.sessions[case] = session_id

    def time_rerun_ms(self, case: str) -> float:
        """Return how long one full rerun takes, from the request to the whole answer."""
        body = {"session_id": self.sessions[case]}
        started_s = time.monotonic()
        self._ask(body)
        return (time.monotonic() - started_s) * 1000

    def _begin(self, body: Answer, *, pictures: int = 0) -> str:
        raw = self._ask(body)
        answer = json.loads(raw)
        found = raw.count(b'"type": "image"') + raw.count(b'"type":"image"')
        if answer["status"] != "ready" or found != pictures:
            message = (
                f"The Studio is {answer['status']!r} and shows {found} of {pictures} pictures."
            )
            raise CannotMeasureError(message)
        return str(answer["session_id"])

    def _ask(self, body: Answer) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.server.url}/_stcore/agent/interact",
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


def measure() -> Mapping[str, object]:
    """Rerun every case at every size in turns, so that a busy moment meets them alike."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        studios = {
            size: stack.enter_context(open_studio(Path(name) / str(size), size)) for size in SIZES
        }
        took_ms: dict[str, dict[int, list[float]]] = {
            case: {size: [] for size in SIZES} for case in studios[SIZES[0]].sessions
        }
        for number in range(1 - WARM_UPS, RERUNS + 1):
            for case, sizes in took_ms.items():
                for size, studio in studios.items():
                    took = studio.time_rerun_ms(case)
                    if number > 0:
                        sizes[size].append(took)
            if number % 20 == 0:
                say(f"rerun: {number} of {RERUNS}")
    cases = {case: _figures(sizes) for case, sizes in took_ms.items()}
    worst_ratio = max(one["ratio_of_p95"] for one in cases.values())
    worst_ms = max(p95(sizes[SIZES[-1]], 1) for sizes in took_ms.values())
    return {
        "metric": "p95 of a rerun with 100,000 ÷ with 100 generations, the worst case",
        "ratio": worst_ratio,
        "limit": RATIO_LIMIT,
        "p95_ms": worst_ms,
        "limit_ms": LIMIT_MS,
        "passed": worst_ratio <= RATIO_LIMIT and worst_ms <= LIMIT_MS,
        "reruns_each": RERUNS,
        "cases": cases,
    }


@contextmanager
def open_studio(folder: Path, generations: int) -> Iterator[Studio]:
    """Run the app over a ledger with earlier generations, until the block ends."""
    data = folder / "data"
    fill(data / "promptflow.db", generations)
    newest = add_finished(data)
    program = ("-m", "streamlit", "run", "app.py")
    options = ["--server.enableAgentApi=true", "--server.fileWatcherType=none"]
    variables = {"PROMPTFLOW_DATA_DIR": str(data)}
    with serve(*program, folder=folder, options=options, variables=variables) as server:
        studio = Studio(server=server, generation_id=newest)
        studio.open()
        say(f"rerun: the Studio with {generations:,} generations runs")
        yield studio


def add_finished(data: Path) -> str:
    """Run one real flow with two pictures and return its id."""
    picture = make_picture(1024, 1024)
    painter = ScriptedPainter(paint_s=0, picture=lambda: picture)
    writer = ScriptedWriter(stage_s=dict.fromkeys(Stage, 0.0))
    laboratory = open_scripted(data, writer=writer, painter=lambda _: painter)
    models = [card.id for card in laboratory.catalog.image_models[:PICTURES]]
    generation_id = run_whole(laboratory, models)
    laboratory.close(timeout_s=30)
    return generation_id


def _figures(took_ms: Mapping[int, list[float]]) -> dict[str, float]:
    ends = {size: p95(took_ms[size], 1) for size in SIZES}
    medians = {f"median_ms_{size}": median(took_ms[size], 1) for size in SIZES}
    ratio = round(ends[SIZES[-1]] / ends[SIZES[0]], 3)
    return {"ratio_of_p95": ratio, **{f"p95_ms_{size}": ends[size] for size in SIZES}, **medians}


if __name__ == "__main__":
    run("rerun", measure)
