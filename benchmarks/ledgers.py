"""Ledgers with as many earlier generations as asked for, written in bulk, rows as flows leave them."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
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

_SUBJECTS = ("lighthouse", "red fox", "market hall", "tea house", "sailing boat", "old tram", "owl")
_PLACES = ("on a cliff", "in a pine forest", "by a canal", "under a bridge", "in the desert")
_LIGHTS = ("at dusk", "in morning mist", "by lantern light", "under a clear noon sun")
_MODELS = ("offline-gouache", "offline-poster")
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
_TIMELINE = json.dumps([[20 * step, 12 * step] for step in range(1, 10)])
_STAGES = (
    ("action_plan", None, json.dumps(_PLAN, indent=2), json.dumps(_PLAN)),
    ("thinking", None, _THINKING, None),
    *(("prompt_construction", model, _SENTENCE * 3, None) for model in _MODELS),
)

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
        *("status", "first_picture_ms", "total_ms", "cost_micro_usd", "started_at"),
    ),
)
_ATTEMPTS = _Table(name="attempts", columns=("id", "run_id", "number", "status", "ended_at"))
_ASSETS = _Table(
    name="assets",
    columns=(
        *("id", "generation_id", "run_id", "position", "role", "backend", "key", "sha256"),
        *("mime", "width_px", "height_px", "size_bytes", "seed", "at_ms", "created_at"),
    ),
)


def fill(path: Path, generations: int) -> None:
    """Make a ledger with earlier generations, each of four stages and two pictures.

    The pictures' files are not made: the list does not look at them.

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
        connection.execute("BEGIN")
        for start in range(0, generations, 1_000):
            numbers = range(start, min(start + 1_000, generations))
            _GENERATIONS.insert(connection, [_generation(number) for number in numbers])
            _STAGE_ROWS.insert(connection, [row for one in numbers for row in _stages(one)])
            _PROMPTS.insert(connection, [row for one in numbers for row in _prompts(one)])
            _RUNS.insert(connection, [row for one in numbers for row in _runs(one)])
            _ATTEMPTS.insert(connection, [row for one in numbers for row in _attempts(one)])
            _ASSETS.insert(connection, [row for one in numbers for row in _assets(one)])
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


def _generation(number: int) -> Row:
    subject, place, light = (
        words[number // step % len(words)]
        for words, step in ((_SUBJECTS, 1), (_PLACES, 7), (_LIGHTS, 35))
    )
    request = f"A {subject} {place} {light}, a wide calm picture, number {number}"
    at = _at(number)
    models = json.dumps(_MODELS)
    titled = (_id("0", number), request[:80], request, "offline-planner", models, "16:9")
    return (*titled, 1, 0, "0" * 32, "succeeded", 0, 4_200, at, at)


def _stages(number: int) -> Iterator[Row]:
    for ordinal, (stage, model, output, plan) in enumerate(_STAGES, start=1):
        owner = (_id(f"a{ordinal}", number), _id("0", number), ordinal)
        said = (stage, model, "offline-planner", output, plan, _TIMELINE)
        yield (*owner, *said, 20, 400, 0, "succeeded", _at(number))


def _prompts(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=3):
        ids = (_id(f"b{ordinal}", number), _id("0", number), _id(f"a{ordinal}", number))
        yield (*ids, model, _SENTENCE * 3, "constructed")


def _runs(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=1):
        owner = (_id(f"c{ordinal}", number), _id("0", number), ordinal)
        prompt = (_id(f"b{ordinal + 2}", number), model, "offline", 1)
        yield (*owner, *prompt, "succeeded", 900, 950, 0, _at(number))


def _attempts(number: int) -> Iterator[Row]:
    for ordinal, _ in enumerate(_MODELS, start=1):
        ids = (_id(f"d{ordinal}", number), _id(f"c{ordinal}", number))
        yield (*ids, 1, "succeeded", _at(number))


def _assets(number: int) -> Iterator[Row]:
    for ordinal, model in enumerate(_MODELS, start=1):
        generation_id = _id("0", number)
        ids = (_id(f"e{ordinal}", number), generation_id, _id(f"c{ordinal}", number))
        digest = f"{number:016x}" * 4
        key = f"generations/{generation_id}/output/{model}/{digest[:16]}.png"
        file = (key, digest, "image/png", 1024, 576, 900_000)
        yield (*ids, 0, "output", "local", *file, number, 900, _at(number))


def _at(number: int) -> str:
    return to_text(_FIRST_AT + _STEP * number)


def _id(kind: str, number: int) -> str:
    """Make an id like UUIDv7's: its first 48 bits are the milliseconds, so it sorts by time."""
    at_ms = round((_FIRST_AT + _STEP * number).timestamp() * 1000)
    return f"{at_ms >> 16:08x}-{at_ms & 0xFFFF:04x}-7{kind:0<3}-8000-{number:012x}"
