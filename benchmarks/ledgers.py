"""Ledgers with as many earlier generations as asked for, written in bulk, rows as flows leave them."""

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from promptflow.clock import to_text
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import migrate

COMMON = "picture"
"""A word of every request."""
SHORT = "zq"
"""Two letters, too few for the index, in no request."""
RARE = "narwhal"
"""A word of the prompts of a few generations, the oldest among them."""
NOWHERE = "zeppelin"
"""A word of no generation."""

_SUBJECTS = ("lighthouse", "red fox", "market hall", "tea house", "sailing boat", "old tram", "owl")
_PLACES = ("on a cliff", "in a pine forest", "by a canal", "under a bridge", "in the desert")
_LIGHTS = ("at dusk", "in morning mist", "by lantern light", "under a clear noon sun")
_MODELS = ("offline-gouache", "offline-poster", "painter-3", "painter-4")
_FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)
_STEP = timedelta(seconds=150)
_PLAN = {
    "summary": "A quiet scene with one clear subject.",
    "intent": "Calm.",
    "subjects": ["the subject", "its surroundings"],
    "style": "gouache",
    "composition": "low horizon, subject left of the middle",
    "mood": "calm",
    "technical_notes": ["no text in the picture"],
}
_SENTENCE = "The light is the warmest thing in sight and everything else stays behind it. "
_THINKING = f"## Light\n\n{_SENTENCE * 3}\n\n## What could go wrong\n\n{_SENTENCE * 2}"
_RARE = 5
"""So many generations have the rare word."""
_STRIDES = (1, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43)
"""Each prompt has as many sentences, others than the prompts beside it."""
_TIMELINE = json.dumps([[20 * step, 12 * step] for step in range(1, 10)])
_STAGES = (
    ("action_plan", None, json.dumps(_PLAN, indent=2), json.dumps(_PLAN)),
    ("thinking", None, _THINKING, None),
    *(("prompt_construction", model, _THINKING, None) for model in _MODELS),
)

_WORDS = """
    amber ash bark basin beam birch blue boat bold bright brush cedar chalk clay cliff cloud coal
    copper coral crisp dark deep dense dew dim drift dusk dust ember faint fern field fine flat
    flint foam fog fold frost glass gleam glow gold grain grass gravel haze heavy hill hollow ice
    ink iron ivory ivy lamp lantern leaf linen low marble marsh meadow mellow mist moss muted oak
    ochre pale paper path pearl pebble pine plum pond quiet rain reed ridge river rock rough rust
    sail sand scarlet sea shade sharp shore silk silver slate slow smoke smooth snow soft sparse
    steam steel stone storm straw thin tide timber vapour velvet violet warm wave weathered wet
""".split()  # noqa: SIM905 - as a list it would be twice as long


def _make_pool() -> tuple[str, ...]:
    """Make sentences as prompts have them: the commonest word in all, the others in a few each."""
    dice = random.Random(7)  # noqa: S311 - which words meet is no secret
    picks = (dice.sample(_WORDS, 6) for _ in range(601))
    return tuple("The {} {} beside {} {}, with {} and {}.".format(*words) for words in picks)


_POOL = _make_pool()

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The columns that are filled in bulk; the others keep their defaults."""

    name: str
    columns: tuple[str, ...]

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" for _ in self.columns)
        names = ", ".join(self.columns)
        sql = f"INSERT INTO {self.name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        connection.executemany(sql, rows)


_GENERATIONS = _Table(
    name="generations",
    columns=(
        *("id", "title", "request", "text_model", "image_models", "aspect_ratio"),
        *("images_per_model", "estimate_micro_usd", "owner", "status", "cost_micro_usd"),
        *("total_ms", "created_at", "finished_at"),
    ),
)
_STAGE_ROWS = _Table(
    name="stages",
    columns=(
        *("id", "generation_id", "ordinal", "stage", "image_model", "model", "output", "plan"),
        *("timeline", "first_token_ms", "total_ms", "cost_micro_usd", "status", "started_at"),
    ),
)
_PROMPTS = _Table(
    name="prompts",
    columns=("id", "generation_id", "stage_id", "image_model", "text", "origin"),
)
_RUNS = _Table(
    name="runs",
    columns=(
        *("id", "generation_id", "ordinal", "prompt_id", "image_model", "provider", "version"),
        *("status", "first_picture_ms", "total_ms", "cost_micro_usd", "error_code"),
        *("error_category", "started_at"),
    ),
)
_ATTEMPTS = _Table(name="attempts", columns=("id", "run_id", "number", "status", "ended_at"))
_ASSETS = _Table(
    name="assets",
    columns=(
        *("id", "generation_id", "run_id", "position", "role", "backend", "key", "sha256"),
        *("mime", "width_px", "height_px", "size_bytes", "seed", "at_ms", "created_at"),
        *("image_model", "run_status", "run_cost_micro_usd", "has_thumbnail", "starred_at"),
        "source_id",
    ),
)
_UPLOAD_ROWS = _Table(
    name="uploads",
    columns=("id", "asset_id", "number", "status", "size_bytes", "started_at", "total_ms"),
)


def fill(path: Path, generations: int) -> None:
    """Make a ledger with earlier generations, each of six stages and four runs.

    The pictures' files are not made: neither the list nor the gallery looks at them. Every eleventh
    generation has a run that was refused, every thirteenth one that was interrupted after its
    picture; every 29th picture has a star.

    Args:
        path: the ledger; it must not exist yet.
        generations: how many.
    """
    path.parent.mkdir(parents=True)
    migrate(LedgerFile(path=path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # A file that is thrown away needs no journal; the app goes back to its own mode.
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN")
        with _in_bulk(connection):
            for start in range(0, generations, 1_000):
                numbers = range(start, min(start + 1_000, generations))
                for table, rows in _TABLES:
                    table.insert(connection, [row for one in numbers for row in rows(one)])
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _in_bulk(connection: sqlite3.Connection) -> Iterator[None]:
    """Put triggers and indexes aside, and bring what they keep up to date at once at the end."""
    sql = """
        SELECT type, name, sql FROM sqlite_schema
        WHERE type = 'trigger' OR (type = 'index' AND sql IS NOT NULL AND tbl_name IN (
            'generations', 'stages', 'prompts', 'runs', 'attempts', 'assets'
        ))
    """
    aside = connection.execute(sql).fetchall()
    for kind, name, _ in aside:
        connection.execute(f"DROP {kind} {name}")
    yield
    for _, _, definition in aside:
        connection.execute(definition)
    for index in ("generations_fts", "texts_fts"):
        connection.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608
    connection.execute("""
        INSERT INTO picture_counts
        SELECT substr(created_at, 1, 10), image_model, run_status, count(*), count(*)
        FROM assets WHERE role = 'output' GROUP BY 1, 2, 3
    """)


def generation_id(number: int) -> str:
    """Return the id of a generation that `fill` made."""
    return _id("0", number)


def _generations(number: int) -> Iterator[Row]:
    subject, place, light = (
        words[number // step % len(words)]
        for words, step in ((_SUBJECTS, 1), (_PLACES, 7), (_LIGHTS, 35))
    )
    request = f"A {subject} {place} {light}, a wide calm picture, number {number}"
    at = _at(number)
    models = json.dumps(_MODELS)
    titled = (_id("0", number), request[:80], request, "offline-planner", models, "16:9")
    status = "succeeded" if _has_all(number) else "partial"
    yield (*titled, 1, 0, "0" * 32, status, 4 * _cost(number), 4_200, at, at)


def _stages(number: int) -> Iterator[Row]:
    for ordinal, (stage, model, output, plan) in enumerate(_STAGES, start=1):
        owner = (_id(f"a{ordinal}", number), _id("0", number), ordinal)
        said = (stage, model, "offline-planner", output, plan, _TIMELINE)
        yield (*owner, *said, 20, 300 + number % 400, 0, "succeeded", _at(number))


def _prompts(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=3):
        ids = (_id(f"b{ordinal}", number), _id("0", number), _id(f"a{ordinal}", number))
        first = number * len(_MODELS) + ordinal
        sentences = (_POOL[(first * step) % len(_POOL)] for step in _STRIDES)
        text = " ".join((RARE.capitalize(), *sentences) if number < _RARE else sentences)
        yield (*ids, model, text, "constructed")


def _runs(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=1):
        owner = (_id(f"c{ordinal}", number), _id("0", number), ordinal)
        prompt = (_id(f"b{ordinal + 2}", number), model, "offline", 1)
        status = _status(number, ordinal)
        fault = ("refused", "violence") if status == "refused" else (None, None)
        took = (900, 950 + number % 500, _cost(number))
        yield (*owner, *prompt, status, *took, *fault, _at(number))


def _attempts(number: int) -> Iterator[Row]:
    for ordinal, _ in enumerate(_MODELS, start=1):
        ids = (_id(f"d{ordinal}", number), _id(f"c{ordinal}", number))
        yield (*ids, 1, _status(number, ordinal), _at(number))


def _assets(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=1):
        status = _status(number, ordinal)
        if status == "refused":
            continue
        owner = _id("0", number)
        at, starred = _at(number), (4 * number + ordinal) % 29 == 0
        digest = f"{number:016x}" * 4
        key = f"generations/{owner}/output/{model}/{digest[:16]}.png"
        picture = (_id(f"e{ordinal}", number), owner, _id(f"c{ordinal}", number), 0, "output", "b2")
        file = (key, digest, "image/png", 1024, 576, 900_000)
        copied = (model, status, _cost(number), 1, at if starred else None, None)
        yield (*picture, *file, number, 900, at, *copied)
        small = (_id(f"f{ordinal}", number), owner, None, 0, "thumbnail", "b2")
        key = f"generations/{owner}/thumbnail/{model}/{digest[:16]}.webp"
        file = (key, digest, "image/webp", 512, 288, 30_000)
        source = (None, None, None, 0, None, picture[0])
        yield (*small, *file, None, None, at, *source)


def _uploads(number: int) -> Iterator[Row]:
    for ordinal, _ in enumerate(_MODELS, start=1):
        if _status(number, ordinal) != "refused":
            ids = (_id(f"9{ordinal}", number), _id(f"e{ordinal}", number))
            yield (*ids, 1, "succeeded", 900_000, _at(number), 350)


_TABLES = (
    (_GENERATIONS, _generations),
    (_STAGE_ROWS, _stages),
    (_PROMPTS, _prompts),
    (_RUNS, _runs),
    (_ATTEMPTS, _attempts),
    (_ASSETS, _assets),
    (_UPLOAD_ROWS, _uploads),
)


def _status(number: int, ordinal: int) -> str:
    if ordinal == 1 and number % 11 == 0:
        return "refused"
    return "interrupted" if ordinal == 2 and number % 13 == 0 else "succeeded"


def _has_all(number: int) -> bool:
    return number % 11 != 0 and number % 13 != 0


def _cost(number: int) -> int:
    """Return what each run cost: 10,000 to 49,000 micro-dollars."""
    return 10_000 + number % 40 * 1_000


def _at(number: int) -> str:
    return to_text(_FIRST_AT + _STEP * number)


def _id(kind: str, number: int) -> str:
    """Make an id like UUIDv7's: its first 48 bits are the milliseconds, so it sorts by time."""
    at_ms = round((_FIRST_AT + _STEP * number).timestamp() * 1000)
    return f"{at_ms >> 16:08x}-{at_ms & 0xFFFF:04x}-7{kind:0<3}-8000-{number:012x}"
