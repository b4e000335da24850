"""Whether the Gallery is as quick over 100,000 generations of four pictures as over 1,000."""

import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, run, say
from benchmarks.ledgers import COMMON, RARE, fill
from benchmarks.reruns import Body, ask, begin, judge, serve_app, time_in_turns
from benchmarks.servers import Server
from promptflow.pictures import make_thumbnail
from promptflow.records import AssetRole
from promptflow.storage.local import LocalStore
from promptflow.ui import state
from promptflow.ui.gallery.page import PAGE_SIZE

SIZES = (1_000, 10_000, 100_000)
"""Generations, of four runs each."""
RERUNS = 40
"""Of each case at each size."""
RATIO_LIMIT = 2.0
LIMIT_MS = 200
_PICTURES = 3.9
"""Pictures that a generation has on average, a little less: every eleventh has one of four refused."""
_FILES = 24
"""So many thumbnails are made, and stand for all others: a page shows each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """A running app over a ledger of one size, and a session of it for each case."""

    server: Server
    generations: int
    sessions: dict[str, str] = field(default_factory=dict)
    """Case → the session that shows it."""

    def open(self) -> None:
        """Begin the sessions, each as far as what its reruns draw."""
        pages = int(self.generations * _PICTURES / PAGE_SIZE)
        for case, address in {
            "first_page": {},
            "middle_page": {"page": [str(pages // 2)]},
            "deep_page": {"page": [str(pages)]},
            "model_and_page": {"model": ["painter-3"], "page": [str(pages // 8)]},
            "starred": {"starred": ["1"]},
            "text_common": {"text": [COMMON]},
            "text_deep": {"text": [COMMON], "page": ["400"]},
            "text_rare": {"text": [RARE]},
        }.items():
            body: Body = {"page": "gallery", "query_params": address}
            self.sessions[case] = self._begin(body, pictures=RARE not in str(address))
        self.sessions["filter_change"] = self._begin({"page": "gallery"}, pictures=True)
        self.sessions["text_change"] = self._begin({"page": "gallery"}, pictures=True)

    def rerun(self, case: str, number: int) -> None:
        """Run the page of a case again, whole."""
        body: dict[str, object] = {"session_id": self.sessions[case]}
        if case == "filter_change":
            body["widget_state"] = {state.GALLERY_STARRED: number % 2 == 0}
        if case == "text_change":
            body["widget_state"] = {state.GALLERY_TEXT: f"lighthouse {number % 7}"}
        ask(self.server, body)

    def _begin(self, body: Body, *, pictures: bool) -> str:
        session_id, found = begin(self.server, body)
        if (pictures and found != PAGE_SIZE) or not found:
            message = f"The Gallery shows {found} pictures."
            raise CannotMeasureError(message)
        return session_id


def measure() -> Mapping[str, object]:
    """Rerun every case at every size in turns."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        galleries = {
            size: stack.enter_context(open_gallery(Path(name) / str(size), size)) for size in SIZES
        }
        took_ms = time_in_turns("gallery", galleries, RERUNS)
    return {
        "metric": "p95 of a rerun with 100,000 ÷ with 1,000 generations, the worst case",
        **judge(took_ms, ratio_limit=RATIO_LIMIT, limit_ms=LIMIT_MS),
        "reruns_each": RERUNS,
    }


@contextmanager
def open_gallery(folder: Path, generations: int) -> Iterator[Gallery]:
    """Run the app over a ledger with earlier generations, until the block ends."""
    data = folder / "data"
    fill(data / "promptflow.db", generations)
    add_thumbnails(data)
    with serve_app(folder, data) as server:
        gallery = Gallery(server=server, generations=generations)
        gallery.open()
        say(f"gallery: the app with {generations:,} generations runs")
        yield gallery


def add_thumbnails(data: Path) -> None:
    """Make the files of thumbnails, and have all that the ledger knows stand for one of them."""
    store = LocalStore(data)
    files = []
    for number in range(_FILES):
        data_webp = make_thumbnail(_make_noise(number))
        asset = store.write(
            generation_id="shared", role=AssetRole.THUMBNAIL, model="any", data=data_webp
        )
        files.append((number, asset.key, asset.sha256, asset.size_bytes))
    with closing(sqlite3.connect(data / "promptflow.db")) as connection, connection:
        connection.execute(
            "CREATE TEMP TABLE files (number INTEGER PRIMARY KEY, key, sha256, bytes)"
        )
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", files)
        connection.execute(
            """
            UPDATE assets SET
                backend = 'local', key = files.key, sha256 = files.sha256, size_bytes = files.bytes
            FROM files WHERE role = 'thumbnail' AND files.number = assets.rowid % ?
            """,
            (_FILES,),
        )


def _make_noise(number: int) -> bytes:
    """Make a picture whose thumbnail is as heavy as most: 20 to 40 kB."""
    from PIL import Image

    dice = random.Random(number)  # noqa: S311 - colours are no secret
    coarse = Image.frombytes("RGB", (96, 54), dice.randbytes(96 * 54 * 3))
    file = BytesIO()
    coarse.resize((1024, 576), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    run("gallery", measure)
