"""Whether a ledger of 100,000 generations is read as quickly as one of 1,000, and what writing costs."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, median, p95, run, say
from benchmarks.ledgers import COMMON, NOWHERE, RARE, SHORT, fill, generation_id
from benchmarks.scripted import ANSWERS
from promptflow.clock import Clock
from promptflow.events import (
    Event,
    FlowFinished,
    FlowStarted,
    ImageReady,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
)
from promptflow.ledger import SqliteLedger
from promptflow.records import (
    ActionPlan,
    Asset,
    AssetRole,
    GalleryFilter,
    GenerationRequest,
    GenerationStatus,
    PromptOrigin,
    RunStatus,
    Stage,
    Usage,
)

SIZES = (1_000, 10_000, 100_000)
"""Generations, of four runs each."""
READS = 100
"""Of each case at each size."""
WARM_UPS = 5
RATIO_LIMIT = 2.0
NEGLIGIBLE_MS = 5.0
"""Less than this counts as this: a page takes ten times as long, and a busy moment more."""
GALLERY_LIMIT_MS = 200
FLOWS = 30
FLOW_S = 8.0
"""How long a typical flow takes, for what writing costs of it."""
WRITE_LIMIT = 0.02
PAGE = 24
MODELS = ("offline-gouache", "offline-poster", "painter-3", "painter-4")
_SECOND_DAY = datetime(2026, 1, 2, tzinfo=UTC).date()

GALLERY = {
    "all": GalleryFilter(),
    "model": GalleryFilter(image_models=MODELS[:1]),
    "two_models": GalleryFilter(image_models=MODELS[1:3]),
    "usual_status": GalleryFilter(run_statuses=(RunStatus.SUCCEEDED,)),
    "rare_status": GalleryFilter(run_statuses=(RunStatus.INTERRUPTED, RunStatus.PARTIAL)),
    "dates": GalleryFilter(created_from=_SECOND_DAY, created_to=_SECOND_DAY),
    "cost": GalleryFilter(cost_from_micro_usd=15_000, cost_to_micro_usd=20_000),
    "starred": GalleryFilter(starred=True),
    "common_word": GalleryFilter(text=COMMON),
    "rare_word": GalleryFilter(text=RARE),
    "several": GalleryFilter(
        image_models=MODELS[2:], run_statuses=(RunStatus.SUCCEEDED,), cost_from_micro_usd=30_000
    ),
}
SEARCHES = {
    "common": COMMON,
    "part_of_a_common_word": "ictur",
    "beginning_in_prompts": "lanter",
    "rare": RARE,
    "common_and_rare": f"{COMMON} {RARE}",
    "nowhere": NOWHERE,
    "common_and_nowhere": f"{COMMON} {NOWHERE}",
    "two_letters": "ow",
    "two_letters_nowhere": SHORT,
    "one_letter": "a",
    "three_words": "calm lighthouse lanter",
}

Read = Callable[[], object]


def measure() -> Mapping[str, object]:
    """Read every case at every size in turns, so that a busy moment meets all sizes alike."""
    with TemporaryDirectory() as name:
        ledgers = {size: make_ledger(Path(name) / str(size), size) for size in SIZES}
        cases = {size: dict(list_cases(ledger, size)) for size, ledger in ledgers.items()}
        took_ms = {case: {size: list[float]() for size in SIZES} for case in cases[SIZES[0]]}
        for number in range(1 - WARM_UPS, READS + 1):
            for case, sizes in took_ms.items():
                for size in SIZES:
                    took = time_ms(cases[size][case])
                    if number > 0:
                        sizes[size].append(took)
            if number % 25 == 0:
                say(f"ledger: {number} of {READS} reads of each case")
        shares = [time_flow_s(ledgers[SIZES[-1]], number) / FLOW_S for number in range(FLOWS)]
        for ledger in ledgers.values():
            ledger.close()
    figures = {case: _figures(sizes) for case, sizes in took_ms.items()}
    ratio = max(one["ratio_of_p95"] for one in figures.values())
    gallery_ms = max(
        p95(sizes[SIZES[-1]], 1) for case, sizes in took_ms.items() if case.startswith("gallery")
    )
    share = median(shares, 4)
    return {
        "metric": "p95 of a read with 100,000 ÷ with 1,000 generations, the worst case",
        "ratio": ratio,
        "limit": RATIO_LIMIT,
        "negligible_ms": NEGLIGIBLE_MS,
        "gallery_p95_ms": gallery_ms,
        "gallery_limit_ms": GALLERY_LIMIT_MS,
        "median_share_of_writing": share,
        "share_limit": WRITE_LIMIT,
        "passed": ratio <= RATIO_LIMIT and gallery_ms <= GALLERY_LIMIT_MS and share <= WRITE_LIMIT,
        "reads_each": READS,
        "cases": figures,
    }


def make_ledger(folder: Path, generations: int) -> SqliteLedger:
    """Make a ledger and open it as the app does."""
    path = folder / "data" / "promptflow.db"
    started_s = time.monotonic()
    fill(path, generations)
    ledger = SqliteLedger(path, clock=Clock())
    ledger.prepare()
    say(f"ledger: {generations:,} generations made in {time.monotonic() - started_s:.0f} s")
    return ledger


def list_cases(ledger: SqliteLedger, generations: int) -> Iterator[tuple[str, Read]]:
    """Yield what is measured: its name and how it is read."""
    for case, wanted in GALLERY.items():
        yield f"gallery_{case}", partial(read_page, ledger, wanted, 0)
    everything, _ = ledger.pictures.count_pictures(GalleryFilter())
    for case, offset in (("half_way", everything // 2), ("last_page", everything - PAGE)):
        yield f"gallery_{case}", partial(read_page, ledger, GalleryFilter(), offset)
    for case, search in SEARCHES.items():
        yield f"search_{case}", partial(ledger.list_generations, search=search)
    dice = random.Random(generations)  # noqa: S311 - which generation is looked at is no secret
    yield "lineage", lambda: read_whole(ledger, generation_id(dice.randrange(generations)))


def read_page(ledger: SqliteLedger, wanted: GalleryFilter, offset: int) -> None:
    """Read what a page of the gallery shows: its pictures and how many there are.

    Raises:
        CannotMeasureError: there is nothing to show.
    """
    count, _ = ledger.pictures.count_pictures(wanted)
    pictures = ledger.pictures.list_pictures(wanted, limit=PAGE, offset=offset)
    if not count or not pictures:
        raise CannotMeasureError(f"No picture fits {wanted}.")


def read_whole(ledger: SqliteLedger, wanted: str) -> None:
    """Read all there is of one generation."""
    ledger.read_events(wanted)
    ledger.read_lineage(wanted)


def time_ms(read: Read) -> float:
    """Return how long one read takes."""
    started_s = time.perf_counter()
    read()
    return (time.perf_counter() - started_s) * 1000


def time_flow_s(ledger: SqliteLedger, number: int) -> float:
    """Return how long writing down a whole flow takes."""
    events = list(list_events(f"flow-{number:03}"))
    started_s = time.perf_counter()
    for event in events:
        ledger.record(event)
    return time.perf_counter() - started_s


def list_events(whose: str) -> Iterator[Event]:
    """Yield the events of a typical flow that are written down: four models, a picture each."""
    now = datetime.now(UTC)
    request = GenerationRequest(
        request="A lighthouse in a storm at dusk", text_model="writer", image_models=MODELS
    )
    yield FlowStarted(generation_id=whose, request=request, at=now)
    for stage in (Stage.ACTION_PLAN, Stage.THINKING):
        yield from _stage_events(whose, stage, None, now)
    for model in MODELS:
        yield from _stage_events(whose, Stage.PROMPT_CONSTRUCTION, model, now)
        yield _run_started(whose, model, now)
    for model in MODELS:
        yield _image_ready(whose, model)
        yield RunFinished(
            run_id=f"{whose}-run-{model}",
            attempt_id=f"{whose}-try-{model}",
            attempt=1,
            total_ms=4_000,
            usage=Usage(input_tokens=300, output_tokens=1_500),
            cost_micro_usd=40_000,
        )
    yield FlowFinished(
        generation_id=whose,
        status=GenerationStatus.SUCCEEDED,
        fault=None,
        total_ms=round(FLOW_S * 1000),
        cost_micro_usd=160_000,
        at=now + timedelta(seconds=FLOW_S),
    )


def _stage_events(
    whose: str, stage: Stage, model: str | None, now: datetime
) -> Iterator[StageStarted | StageFinished]:
    stage_id = f"{whose}-{stage}-{model}"
    yield StageStarted(
        generation_id=whose,
        stage_id=stage_id,
        stage=stage,
        image_model=model,
        model="writer",
        at=now,
    )
    plan = ActionPlan(
        summary="A lighthouse stands against a storm at dusk, its lamp the only warm light.",
        intent="Shelter and its cost: the light is small, the weather is not.",
        subjects=("a white lighthouse", "a small sailing boat", "breaking waves"),
        style="gouache, visible strokes, few colours",
        composition="low horizon, the tower left of the middle, the boat far to the right",
        mood="tense and hopeful",
        technical_notes=("keep the lamp the brightest point", "no text in the picture"),
    )
    yield StageFinished(
        stage_id=stage_id,
        output=ANSWERS[stage],
        plan=plan if stage is Stage.ACTION_PLAN else None,
        timeline=tuple((20 * step, 12 * step) for step in range(1, 51)),
        first_token_ms=200,
        total_ms=1_000,
        usage=Usage(input_tokens=800, output_tokens=400),
        cost_micro_usd=900,
    )


def _run_started(whose: str, model: str, now: datetime) -> RunStarted:
    return RunStarted(
        generation_id=whose,
        run_id=f"{whose}-run-{model}",
        image_model=model,
        provider="offline",
        version=1,
        prompt_id=f"{whose}-prompt-{model}",
        prompt=ANSWERS[Stage.PROMPT_CONSTRUCTION],
        prompt_origin=PromptOrigin.CONSTRUCTED,
        stage_id=f"{whose}-{Stage.PROMPT_CONSTRUCTION}-{model}",
        at=now,
    )


def _image_ready(whose: str, model: str) -> ImageReady:
    asset = Asset(
        asset_id=f"{whose}-asset-{model}",
        role=AssetRole.OUTPUT,
        backend="local",
        key=f"generations/{whose}/output/{model}/0123456789abcdef.png",
        sha256="ab" * 32,
        mime="image/png",
        width_px=1_024,
        height_px=1_024,
        size_bytes=1_500_000,
    )
    return ImageReady(run_id=f"{whose}-run-{model}", index=0, asset=asset, seed=7, at_ms=4_000)


def _figures(took_ms: Mapping[int, Sequence[float]]) -> dict[str, float]:
    ends = {size: p95(took_ms[size], 2) for size in SIZES}
    medians = {f"median_ms_{size}": median(took_ms[size], 2) for size in SIZES}
    most, least = (max(ends[size], NEGLIGIBLE_MS) for size in (SIZES[-1], SIZES[0]))
    return {
        "ratio_of_p95": round(most / least, 3),
        **{f"p95_ms_{size}": ends[size] for size in SIZES},
        **medians,
    }


if __name__ == "__main__":
    run("ledger", measure)
