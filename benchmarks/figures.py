"""What every benchmark ends with: one JSON line, from figures that stand a noisy machine."""

import json
import math
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn


class CannotMeasureError(Exception):
    """Something the measurement needs is missing or went wrong; the message says what."""


def run(bench: str, measure: Callable[[], Mapping[str, object]]) -> NoReturn:
    """Measure, print the line and exit.

    Args:
        bench: the benchmark's name.
        measure: returns what the line says, among it ``passed``.

    Raises:
        SystemExit: 0 with a line on stdout, whatever the verdict; 1 where nothing could be measured,
            with the reason on stderr.
    """
    machine = {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}
    try:
        line = measure()
    except CannotMeasureError as error:
        say(f"{bench}: not measured. {error}")
        sys.exit(1)
    print(json.dumps({"bench": bench, **line, "machine": machine}, ensure_ascii=False), flush=True)
    sys.exit(0)


def say(text: str) -> None:
    """Tell whoever watches how far it is; stdout is for the line alone."""
    print(text, file=sys.stderr, flush=True)


def median(values: Sequence[float], digits: int = 3) -> float:
    """Return the middle value."""
    return round(statistics.median(values), digits)


def p95(values: Sequence[float], digits: int = 3) -> float:
    """Return the smallest value that at least 95 of 100 don't exceed."""
    return round(sorted(values)[math.ceil(len(values) * 0.95) - 1], digits)
