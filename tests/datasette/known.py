"""A small ledger of which everything is known, for questions to be asked about it."""

import io
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from promptflow.clock import to_text
from promptflow.laboratory import open_laboratory
from promptflow.records import AssetRole
from promptflow.settings import read_settings

DAY = "2026-03-10"
"""The day on which all but one of the generations happened."""
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = "https://evil.example/x.png"
"""A title that would become a link."""
MARKUP = "<b>fox</b> <script>alert(1)</script> [x](http://evil.example)"


def make_id(kind: str, number: int) -> str:
    """Make an id of a kind (two hexadecimal digits), the same each time."""
    return f"019cd000-0000-7000-80{kind}-{number:012x}"


GENERATIONS = [make_id("00", number) for number in range(4)]
STAGES = [make_id("01", number) for number in range(40)]
PROMPTS = [make_id("02", number) for number in range(6)]
RUNS = [make_id("03", number) for number in range(6)]
ASSETS = [make_id("04", number) for number in range(5)]


def make_ledger(folder: Path) -> Path:
    """Make the ledger of a data folder, with the pictures' thumbnails.

    Returns:
        The ledger's file.
    """
    laboratory = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))
    path = laboratory.settings.database
    with closing(sqlite3.connect(path)) as db, db:
        for table, rows in _ROWS.items():
            for row in rows:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    file = io.BytesIO()
    Image.new("RGB", (64, 36), (180, 70, 31)).save(file, "WEBP")
    thumbnail = laboratory.archive.store.write(
        generation_id=GENERATIONS[0],
        role=AssetRole.THUMBNAIL,
        model="thumbnail",
        data=file.getvalue(),
    )
    laboratory.ledger.assets.record_thumbnail(ASSETS[0], thumbnail)
    laboratory.close(timeout_s=0)
    laboratory.ledger.close()
    return path


def _at(minutes: float, days: int = 0) -> str:
    return to_text(NOON + timedelta(minutes=minutes, days=days))


def _generation(number: int, request: str, *, days: int = 0, **more: object) -> dict[str, object]:
    return {
        "id": GENERATIONS[number],
        "title": request[:80],
        "request": request,
        "text_model": "writer-1",
        "image_models": '["painter-1", "painter-2"]',
        "aspect_ratio": "1:1",
        "images_per_model": 1,
        "owner": "",
        "status": "succeeded",
        "created_at": _at(number, days),
        "finished_at": _at(number + 1, days),
        **more,
    }


def _stage(
    number: int, generation: int, stage: str, ordinal: int, total_ms: int, **more: object
) -> dict[str, object]:
    return {
        "id": STAGES[number],
        "generation_id": GENERATIONS[generation],
        "ordinal": ordinal,
        "stage": stage,
        "model": "writer-1",
        "first_token_ms": total_ms // 10,
        "total_ms": total_ms,
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_micro_usd": 1_000,
        "status": "succeeded",
        "started_at": _at(number / 10),
        **more,
    }


def _prompt(
    number: int, generation: int, model: str, text: str, **more: object
) -> dict[str, object]:
    return {
        "id": PROMPTS[number],
        "generation_id": GENERATIONS[generation],
        "image_model": model,
        "text": text,
        "origin": "constructed",
        **more,
    }


def _run(
    number: int,
    generation: int,
    prompt: int,
    model: str,
    status: str,
    *,
    days: int = 0,
    **more: object,
) -> dict[str, object]:
    return {
        "id": RUNS[number],
        "generation_id": GENERATIONS[generation],
        "ordinal": number + 1,
        "prompt_id": PROMPTS[prompt],
        "image_model": model,
        "provider": "offline",
        "version": 1,
        "status": status,
        "total_ms": 2_000,
        "started_at": _at(number, days),
        **more,
    }


def _asset(
    number: int,
    generation: int,
    run: int,
    model: str,
    cost_micro_usd: int,
    *,
    days: int = 0,
    **more: object,
) -> dict[str, object]:
    return {
        "id": ASSETS[number],
        "generation_id": GENERATIONS[generation],
        "run_id": RUNS[run],
        "position": 0,
        "role": "output",
        "backend": "local",
        "key": f"generations/{GENERATIONS[generation]}/output/{model}/{number:016x}.png",
        "sha256": f"{number:064x}",
        "mime": "image/png",
        "width_px": 1_024,
        "height_px": 1_024,
        "size_bytes": 2_000_000,
        "created_at": _at(number, days),
        "image_model": model,
        "run_status": "succeeded",
        "run_cost_micro_usd": cost_micro_usd,
        **more,
    }


_BUSY: Mapping[str, Any] = {"error_code": "busy", "error_message": "Offline is busy."}
_REFUSED: Mapping[str, Any] = {
    "error_code": "refused",
    "error_message": "No.",
    "error_category": "violence",
}
_PLAN = json.dumps(
    {
        "summary": "A red fox",
        "intent": "",
        "subjects": [],
        "style": "linocut",
        "composition": "",
        "mood": "",
        "technical_notes": [],
    }
)
_ROWS: dict[str, list[dict[str, object]]] = {
    "generations": [
        _generation(0, "A red fox", estimate_micro_usd=100_000, cost_micro_usd=60_000),
        _generation(1, HOSTILE, parent_id=GENERATIONS[0], forked_at="thinking", status="refused"),
        _generation(2, MARKUP, days=-60, estimate_micro_usd=5, cost_micro_usd=9_000_000),
        _generation(3, "A grey heron", estimate_micro_usd=50_000, cost_micro_usd=60_000),
    ],
    "stages": [
        _stage(0, 0, "action_plan", 1, 100, plan=_PLAN),
        _stage(1, 0, "thinking", 2, 300, output="Linocut, then: ink!\nA fox runs.", attempts=2),
        _stage(2, 0, "prompt_construction", 3, 50, image_model="painter-1", output="red fox, ink"),
        _stage(
            3, 0, "prompt_construction", 4, 60, image_model="painter-2", status="failed", **_BUSY
        ),
        # Twenty calls of 10, 20, … 200 ms.
        *(
            _stage(number, 3, "thinking", number, 10 * (number - 9), model="writer-2")
            for number in range(10, 30)
        ),
    ],
    "prompts": [
        _prompt(0, 0, "painter-1", "red fox, ink on paper", stage_id=STAGES[2]),
        _prompt(1, 0, "painter-2", "A red fox.", stage_id=STAGES[3], origin="fallback"),
        _prompt(2, 1, "painter-1", "red fox, blood", parent_prompt_id=PROMPTS[0]),
        _prompt(3, 1, "painter-1", "red fox, berries", parent_prompt_id=PROMPTS[2]),
        _prompt(4, 2, "painter-1", "an old one"),
    ],
    "runs": [
        _run(0, 0, 0, "painter-1", "succeeded", first_picture_ms=900, cost_micro_usd=40_000),
        _run(1, 0, 1, "painter-2", "failed", cost_micro_usd=0, **_BUSY),
        _run(
            2,
            0,
            1,
            "painter-2",
            "succeeded",
            version=2,
            first_picture_ms=700,
            cost_micro_usd=20_000,
        ),
        _run(3, 1, 2, "painter-1", "refused", cost_micro_usd=0, **_REFUSED),
        _run(
            4,
            2,
            4,
            "painter-1",
            "succeeded",
            days=-60,
            first_picture_ms=9,
            cost_micro_usd=9_000_000,
        ),
    ],
    "attempts": [
        *(
            {
                "id": make_id("07", run),
                "run_id": RUNS[run],
                "number": 1,
                "status": status,
                "ended_at": _at(run + 1),
                **more,
            }
            for run, status, more in (
                (0, "succeeded", {}),
                (2, "succeeded", {}),
                (3, "refused", _REFUSED),
                (4, "succeeded", {}),
            )
        ),
        {
            "id": make_id("05", 0),
            "run_id": RUNS[1],
            "number": 1,
            "status": "failed",
            "http_status": 429,
            "wait_after_ms": 1_500,
            "ended_at": _at(1),
            **_BUSY,
        },
        {
            "id": make_id("05", 1),
            "run_id": RUNS[1],
            "number": 2,
            "status": "failed",
            "ended_at": _at(1.5),
            **_BUSY,
        },
        {
            "id": make_id("05", 2),
            "stage_id": STAGES[1],
            "number": 1,
            "status": "failed",
            "wait_after_ms": 500,
            "ended_at": _at(1),
            **_BUSY,
        },
    ],
    "assets": [
        _asset(0, 0, 0, "painter-1", 40_000, backend="b2"),
        _asset(1, 0, 2, "painter-2", 20_000, backend="outbox", starred_at=_at(9)),
        _asset(2, 2, 4, "painter-1", 9_000_000, days=-60),
    ],
    "uploads": [
        {
            "id": make_id("06", number),
            "asset_id": ASSETS[asset],
            "number": tried,
            "status": status,
            "error_code": "storage" if status == "failed" else None,
            "error_message": "The bucket is down." if status == "failed" else None,
            "size_bytes": 2_000_000,
            "started_at": _at(number),
            "total_ms": 100,
        }
        for number, (asset, tried, status) in enumerate(
            [(0, 1, "failed"), (0, 2, "succeeded"), (1, 1, "failed")]
        )
    ],
}
