"""One installation with a bucket, opened as often as a test wants, and what is stored where."""

import hashlib
import itertools
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from promptflow.clock import Clock
from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.ports import ImageRequest, Picture
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Asset
from promptflow.settings import read_settings
from promptflow.storage.b2 import B2Bucket
from tests.processes import run_cli
from tests.scripted import BOTH, finish, make_png, make_request
from tests.wire.b2_front import B2Front, S3Fault

_numbers = itertools.count(1)
DENIED = S3Fault(status=403, code="AccessDenied")
"""What isn't tried again by the SDK."""
NO_BUCKET: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HandClock(Clock):
    """Stands still until it is turned."""

    turns_s: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time it was turned to."""
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=sum(self.turns_s))

    def stopwatch_s(self) -> float:
        """Return the seconds it was turned by."""
        return sum(self.turns_s)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.turns_s.append(seconds)


class GrayPainter:
    """Paints a picture of another shade each time."""

    def __init__(self) -> None:
        self._shades = itertools.count()

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Paint one picture."""
        yield Picture(index=0, data=make_png(next(self._shades) % 256))


class Installation:
    """A data folder and a bucket.

    Args:
        folder: the data folder.
        front: what stands before the bucket, which is made.
    """

    def __init__(self, *, folder: Path, front: B2Front) -> None:
        self.folder = folder
        self.front = front
        name = front.server.make_bucket(f"kept-{next(_numbers)}")
        self.variables = front.variables(name)
        settings = read_settings(self.variables).bucket
        assert settings is not None
        self.bucket = B2Bucket(settings, attempts=1)
        self._opened: list[Laboratory] = []

    def open(
        self, *, variables: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> Laboratory:
        """Open a laboratory on the folder whose painters give a picture each, any number of times."""
        chosen = self.variables if variables is None else variables
        settings = read_settings({"PROMPTFLOW_DATA_DIR": str(self.folder), **chosen})
        painter = GrayPainter()
        provider = Provider(text_model=lambda _: OfflinePlanner(), image_model=lambda _: painter)
        lab = make_laboratory(settings, providers={"offline": provider}, clock=clock)
        lab.open(make=True, tend=False)
        self._opened.append(lab)
        return lab

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run the command line with the bucket."""
        return run_cli(self.folder, *arguments, stdout=subprocess.PIPE, **self.variables)

    def close(self) -> None:
        """Close what is open."""
        self.front.left.clear()
        for lab in self._opened:
            lab.close(timeout_s=5)
            lab.ledger.close()
        self.bucket.close()

    def refuse_uploads(self) -> None:
        """Let the bucket take nothing from now on."""
        self.front.fail("PUT", DENIED, times=1_000)

    def accept(self) -> None:
        """Let the bucket work again."""
        self.front.left.clear()

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the ledger."""
        with closing(sqlite3.connect(self.folder / "promptflow.db")) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> None:
        """Write into the ledger."""
        with closing(sqlite3.connect(self.folder / "promptflow.db")) as connection:
            connection.execute(sql, values)
            connection.commit()

    def recorded(self) -> dict[str, str]:
        """Return key → SHA-256 of all that is recorded."""
        return dict(self.rows("SELECT key, sha256 FROM assets"))  # type: ignore[arg-type]  # pairs

    def backends(self) -> set[str]:
        """Return where the ledger says that things are."""
        return {str(row[0]) for row in self.rows("SELECT DISTINCT backend FROM assets")}

    def stored(self, *, prefix: str = "generations/") -> dict[str, str]:
        """Return key → SHA-256 of what is in the bucket."""
        keys = [key for key, _ in self.bucket.list(prefix)]
        return {key: hashlib.sha256(self.bucket.get(key)).hexdigest() for key in keys}

    def here(self, place: str) -> dict[str, str]:
        """Return key → SHA-256 of what is in a folder: ``.`` for the data folder, or ``outbox``."""
        top = self.folder / place
        return {
            path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in top.glob("generations/**/*")
            if path.is_file()
        }

    def snapshots(self) -> list[str]:
        """Return the keys of the snapshots, oldest first."""
        return sorted(key for key, _ in self.bucket.list("snapshots/"))


def generate(lab: Laboratory) -> str:
    """Make a generation of a picture from each of two models, and return its id."""
    generation_id = lab.start(make_request())
    assert list(finish(lab, generation_id))
    return generation_id


def pictures(lab: Laboratory, generation_id: str) -> Iterator[Asset]:
    """Yield a generation's pictures as the ledger has them now."""
    view = lab.look_up(generation_id)[1]
    for model in BOTH:
        run = view.run(model)
        assert run is not None
        yield from (image.asset for image in run.images)
