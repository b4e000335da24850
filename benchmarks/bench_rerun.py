"""Whether the Studio stays as quick with 100,000 earlier generations as with 100."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, run, say
from benchmarks.ledgers import COMMON, SHORT, fill
from benchmarks.reruns import Body, ask, begin, judge, serve_app, time_in_turns
from benchmarks.scripted import (
    ScriptedPainter,
    ScriptedWriter,
    make_picture,
    open_scripted,
    run_whole,
)
from benchmarks.servers import Server
from promptflow.records import Stage
from promptflow.ui import state

SIZES = (100, 10_000, 100_000)
"""Earlier generations."""
RERUNS = 60
"""Of each case at each size."""
RATIO_LIMIT = 1.5
LIMIT_MS = 150
PICTURES = 2


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
            ask(self.server, {"session_id": session_id, "widget_state": {state.SEARCH: words}})
            self.sessions[case] = session_id

    def rerun(self, case: str, number: int) -> None:  # noqa: ARG002 - a case is always the same
        """Run the page of a case again, whole."""
        ask(self.server, {"session_id": self.sessions[case]})

    def _begin(self, body: Body, *, pictures: int = 0) -> str:
        session_id, found = begin(self.server, body)
        if found != pictures:
            message = f"The Studio shows {found} of {pictures} pictures."
            raise CannotMeasureError(message)
        return session_id


def measure() -> Mapping[str, object]:
    """Rerun every case at every size in turns."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        studios = {
            size: stack.enter_context(open_studio(Path(name) / str(size), size)) for size in SIZES
        }
        took_ms = time_in_turns("rerun", studios, RERUNS)
    return {
        "metric": "p95 of a rerun with 100,000 ÷ with 100 generations, the worst case",
        **judge(took_ms, ratio_limit=RATIO_LIMIT, limit_ms=LIMIT_MS),
        "reruns_each": RERUNS,
    }


@contextmanager
def open_studio(folder: Path, generations: int) -> Iterator[Studio]:
    """Run the app over a ledger with earlier generations, until the block ends."""
    data = folder / "data"
    fill(data / "promptflow.db", generations)
    newest = add_finished(data)
    with serve_app(folder, data) as server:
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


if __name__ == "__main__":
    run("rerun", measure)
