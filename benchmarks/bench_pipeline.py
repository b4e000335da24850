"""How much the pipeline adds to what its models take: wall time ÷ critical path."""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, median, run, say
from benchmarks.scripted import (
    ScriptedPainter,
    ScriptedWriter,
    make_picture,
    open_scripted,
    run_whole,
    widen_catalog,
)
from promptflow.events import ImageReady
from promptflow.laboratory import Laboratory
from promptflow.records import Stage

COUNTS = (1, 2, 4, 8)
"""Image models that paint side by side."""
ROUNDS = 6
LIMIT = 1.03
STAGE_S = {Stage.ACTION_PLAN: 0.2, Stage.THINKING: 0.4, Stage.PROMPT_CONSTRUCTION: 0.2}
PAINT_S = 1.0
CRITICAL_PATH_S = sum(STAGE_S.values()) + PAINT_S
"""All lanes take equally long, so one of them is the longest."""


def measure() -> Mapping[str, object]:
    """Run flows of every size in turns, so that a busy moment meets all sizes alike."""
    picture = make_picture()
    with TemporaryDirectory() as folder:
        laboratory = open_scripted(
            Path(folder),
            writer=ScriptedWriter(stage_s=STAGE_S),
            painter=cache(lambda _: ScriptedPainter(paint_s=PAINT_S, picture=lambda: picture)),
            catalog=widen_catalog(max(COUNTS)),
        )
        time_flow_s(laboratory, max(COUNTS))  # the warm-up
        ratios: dict[int, list[float]] = {count: [] for count in COUNTS}
        for number in range(ROUNDS):
            for count in COUNTS:
                ratios[count].append(time_flow_s(laboratory, count) / CRITICAL_PATH_S)
            say(f"pipeline: round {number + 1} of {ROUNDS}")
        laboratory.close(timeout_s=10)
    medians = {count: median(ratios[count], 4) for count in COUNTS}
    return {
        "metric": "wall time ÷ critical path",
        "median": max(medians.values()),
        "limit": LIMIT,
        "passed": max(medians.values()) <= LIMIT,
        "critical_path_ms": round(CRITICAL_PATH_S * 1000),
        "picture_bytes": len(picture),
        "flows_each": ROUNDS,
        "by_image_models": {
            count: {
                "median": medians[count],
                "max": round(max(ratios[count]), 4),
                "median_overhead_ms": round((medians[count] - 1) * CRITICAL_PATH_S * 1000, 1),
            }
            for count in COUNTS
        },
    }


def time_flow_s(laboratory: Laboratory, image_models: int) -> float:
    """Return the seconds from starting a flow to its follower's last event.

    Raises:
        CannotMeasureError: the flow did not deliver what it was asked for.
    """
    ids = [card.id for card in laboratory.catalog.image_models[:image_models]]
    started_s = time.monotonic()
    generation_id = run_whole(laboratory, ids)
    took_s = time.monotonic() - started_s
    kept = [one for one in laboratory.read_events(generation_id) if isinstance(one, ImageReady)]
    if len(kept) != image_models:
        message = f"{len(kept)} of {image_models} pictures are in the ledger."
        raise CannotMeasureError(message)
    return took_s


if __name__ == "__main__":
    run("pipeline", measure)
