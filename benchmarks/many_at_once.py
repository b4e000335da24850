"""Sixteen pictures at once in one process, through the product or through bare SDKs; for `bench_many`.

Run as `many_at_once.py product|bare plain|traced OPENAI_URL GOOGLE_URL FOLDER`, from the checkout. It
warms up with a tiny picture of every model, asks for all pictures, and prints one JSON line.
"""

import json
import resource
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.bare import Sdks, open_sdks, paint_by_google, paint_by_openai
from benchmarks.figures import CannotMeasureError
from benchmarks.scripted import IDEA
from benchmarks.wires import (
    GOOGLE_PAINTERS,
    OPENAI_PAINTERS,
    PICTURES_EACH,
    Addresses,
    open_keyed,
)
from promptflow.events import ImageReady, RunStarted
from promptflow.laboratory import Laboratory
from promptflow.records import GenerationRequest

PAINTERS = OPENAI_PAINTERS + GOOGLE_PAINTERS
TEXT_MODEL = "gpt-6.1-terra"
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024

Ask = Callable[[Sequence[str], int], tuple[float, list[int]]]
"""(image models, pictures of each) → seconds until the last, and the bytes that each picture has."""


def main() -> None:
    """Warm up, ask, and say how long it took and how much memory."""
    way, tracing, openai_url, google_url, folder = sys.argv[1:]
    addresses = Addresses(openai=openai_url, google=google_url)
    with _open(way, addresses, Path(folder)) as ask:
        for model in PAINTERS:
            ask([model], 1)
        if tracing == "traced":
            tracemalloc.start()
        took_s, sizes = ask(PAINTERS, PICTURES_EACH)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = {
        "took_s": took_s,
        "held_bytes": tracemalloc.get_traced_memory()[1],
        "rss_bytes": rss * _RSS_UNIT_BYTES,
        "picture_bytes": sizes,
    }
    print(json.dumps(line), flush=True)


@contextmanager
def _open(way: str, addresses: Addresses, folder: Path) -> Iterator[Ask]:
    if way == "bare":
        with open_sdks(addresses) as sdks:
            yield partial(ask_bare, sdks)
    else:
        with open_keyed(folder, addresses) as laboratory:
            yield partial(ask_product, laboratory)


def ask_bare(sdks: Sdks, models: Sequence[str], each: int) -> tuple[float, list[int]]:
    """Ask for every picture by a call of its own in a thread of its own, and keep none."""
    sizes: list[int] = []

    def paint(model: str) -> None:
        ask_for = paint_by_openai if model in OPENAI_PAINTERS else paint_by_google
        sizes.append(len(ask_for(sdks, model, IDEA)))

    threads = [
        threading.Thread(target=paint, args=(model,)) for model in models for _ in range(each)
    ]
    started_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started_s, _check(sizes, len(threads))


def ask_product(
    laboratory: Laboratory, models: Sequence[str], each: int
) -> tuple[float, list[int]]:
    """Run a flow; its time runs from the first prompt's start to its follower's last picture.

    Events say by the wall clock when a run was started, so the follower reads the same clock.
    """
    request = GenerationRequest(
        request=IDEA, text_model=TEXT_MODEL, image_models=tuple(models), images_per_model=each
    )
    flow = laboratory.find_flow(laboratory.start(request))
    started_s: list[float] = []
    came_s: list[float] = []
    sizes: list[int] = []
    for batch in flow.follow() if flow else ():
        now_s = time.time()
        for event in batch:
            if isinstance(event, RunStarted):
                started_s.append(event.at.timestamp())
            elif isinstance(event, ImageReady):
                came_s.append(now_s)
                sizes.append(event.asset.size_bytes)
    _check(sizes, len(models) * each)
    return max(came_s) - min(started_s), sizes


def _check(sizes: list[int], wanted: int) -> list[int]:
    if len(sizes) != wanted or not all(sizes):
        raise CannotMeasureError(f"{len(sizes)} of {wanted} pictures came.")
    return sizes


if __name__ == "__main__":
    main()
