"""Calls of any day, model, cost and end, written straight into a real ledger's tables."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from promptflow.clock import to_text
from promptflow.ledger import SqliteLedger
from promptflow.ledger.rows import insert


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A stage or, with a provider, a run."""

    at: datetime
    model: str = "writer-1"
    stage: str = "action_plan"
    """Of a run, passed over."""
    provider: str | None = None
    status: str = "succeeded"
    cost: int | None = 0
    """Micro-dollars."""
    total_ms: int | None = 1_000
    tokens: tuple[int, int] | None = (100, 50)
    pictures: int = 0
    reused: bool = False


@dataclass(slots=True)
class Spending:
    """Fills a ledger."""

    ledger: SqliteLedger
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def add(
        self,
        *calls: Call,
        at: datetime,
        estimate: int | None = None,
        cost: int | None = None,
        status: str = "succeeded",
    ) -> str:
        """Add a generation with its calls; return its id."""
        generation_id = f"g{next(self._numbers)}"
        row = {
            "id": generation_id,
            "title": "t",
            "request": "r",
            "text_model": "writer-1",
            "image_models": "[]",
            "aspect_ratio": "1:1",
            "images_per_model": 1,
            "estimate_micro_usd": estimate,
            "cost_micro_usd": cost,
            "owner": "",
            "status": status,
            "created_at": to_text(at),
        }
        with self.ledger.file.writing(durable=False) as db:
            insert(db, "generations", row)
            for number, call in enumerate(calls, 1):
                self._add_call(db, generation_id, number, call)
        return generation_id

    def _add_call(
        self, db: sqlite3.Connection, generation_id: str, number: int, call: Call
    ) -> None:
        call_id = f"{generation_id}-{number}"
        row = {
            "id": call_id,
            "generation_id": generation_id,
            "ordinal": number,
            "status": call.status,
            "total_ms": call.total_ms,
            "input_tokens": call.tokens[0] if call.tokens else None,
            "output_tokens": call.tokens[1] if call.tokens else None,
            "cost_micro_usd": call.cost,
            "started_at": to_text(call.at),
        }
        if call.provider is None:
            row |= {"stage": call.stage, "model": call.model}
            row |= {"reused_from": call_id} if call.reused else {}
            insert(db, "stages", row)
            return
        prompt = {
            "id": f"p-{call_id}",
            "generation_id": generation_id,
            "image_model": call.model,
            "text": "p",
            "origin": "constructed",
        }
        insert(db, "prompts", prompt)
        row |= {"prompt_id": prompt["id"], "image_model": call.model, "provider": call.provider}
        insert(db, "runs", row | {"version": number})
        for position in range(call.pictures):
            self._add_picture(db, generation_id, call, call_id, position)

    def _add_picture(
        self, db: sqlite3.Connection, generation_id: str, call: Call, call_id: str, position: int
    ) -> None:
        row = {
            "id": f"a-{call_id}-{position}",
            "generation_id": generation_id,
            "run_id": call_id,
            "position": position,
            "role": "output",
            "backend": "local",
            "key": "k",
            "sha256": "0" * 64,
            "mime": "image/png",
            "width_px": 1,
            "height_px": 1,
            "size_bytes": 1,
            "image_model": call.model,
            "run_status": call.status,
            "created_at": to_text(call.at),
        }
        insert(db, "assets", row)
