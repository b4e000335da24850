"""Sixteen pictures of 2 MB at once: what the product adds to the time and memory of bare SDKs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, median, run, say
from benchmarks.servers import ROOT, environment
from benchmarks.wires import PREVIEWS, Addresses, open_wires

ROUNDS = 5
LIMIT = 1.1
HELD_LIMIT = 10
"""Times the largest picture."""
BURSTS = ROUNDS * 4 + 1
"""At most, of each case: both ways, plain and traced, in each round; and the warm-up."""
CASES = {"whole_pictures": 0, "with_previews": PREVIEWS}
"""Case → previews that come before each picture of OpenAI's."""
_MB = 1_000_000
_ONE_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What one process says of its sixteen pictures."""

    took_s: float
    held_bytes: int
    """The most that Python's objects took beyond those after the warm-up; 0 unless traced."""
    rss_bytes: int
    """The most memory that the process had."""
    picture_bytes: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One burst either way, right after one another."""

    bare: Burst
    product: Burst

    @property
    def sizes(self) -> list[int]:
        """The bytes of every picture that the product kept."""
        return self.product.picture_bytes

    @property
    def ratio(self) -> float:
        """The product's time ÷ the bare SDKs'."""
        return self.product.took_s / self.bare.took_s

    @property
    def held_mb(self) -> float:
        """What the product held beyond the bare SDKs."""
        return (self.product.held_bytes - self.bare.held_bytes) / _MB

    @property
    def rss_mb(self) -> float:
        """The memory of the product's process beyond that of the bare SDKs'."""
        return (self.product.rss_bytes - self.bare.rss_bytes) / _MB


def measure() -> Mapping[str, object]:
    """Let processes ask in turns: time is taken in plain ones, memory in those that are traced."""
    plain: dict[str, list[Turn]] = {case: [] for case in CASES}
    traced: dict[str, list[Turn]] = {case: [] for case in CASES}
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        addresses = {
            case: stack.enter_context(open_wires("pictures", str(BURSTS), str(previews)))
            for case, previews in CASES.items()
        }
        # The warm-up: making a ledger takes memory that one which is there does not.
        ask("product", "plain", addresses["whole_pictures"], folder)
        for number in range(ROUNDS):
            for case in CASES:
                plain[case].append(take_turn("plain", addresses[case], folder))
                traced[case].append(take_turn("traced", addresses[case], folder))
            say(f"many: round {number + 1} of {ROUNDS}")
    ratio = max(median([turn.ratio for turn in turns]) for turns in plain.values())
    held_mb = max(median([turn.held_mb for turn in turns], 1) for turns in traced.values())
    largest_bytes = max(size for turns in plain.values() for turn in turns for size in turn.sizes)
    held_limit_mb = round(HELD_LIMIT * largest_bytes / _MB, 1)
    return {
        "metric": "16 pictures through the product ÷ bare SDKs",
        "median": ratio,
        "limit": LIMIT,
        "median_held_mb": held_mb,
        "held_limit_mb": held_limit_mb,
        "passed": ratio <= LIMIT and held_mb <= held_limit_mb,
        "rounds": ROUNDS,
        "largest_picture_bytes": largest_bytes,
        "by_case": {case: describe(plain[case], traced[case]) for case in CASES},
    }


def describe(plain: Sequence[Turn], traced: Sequence[Turn]) -> Mapping[str, float]:
    """Return what the line says of one case."""
    return {
        "median": median([turn.ratio for turn in plain]),
        "max": round(max(turn.ratio for turn in plain), 3),
        "median_bare_s": median([turn.bare.took_s for turn in plain]),
        "median_held_mb": median([turn.held_mb for turn in traced], 1),
        "min_held_mb": round(min(turn.held_mb for turn in traced), 1),
        "max_held_mb": round(max(turn.held_mb for turn in traced), 1),
        "median_bare_held_mb": median([turn.bare.held_bytes / _MB for turn in traced], 1),
        "median_rss_mb": median([turn.rss_mb for turn in plain], 1),
        "median_bare_rss_mb": median([turn.bare.rss_bytes / _MB for turn in plain], 1),
    }


def take_turn(kind: str, addresses: Addresses, folder: Path) -> Turn:
    """Let a process with bare SDKs ask, then one with the product.

    Args:
        kind: ``traced`` to follow every allocation, which takes time; else ``plain``.
        addresses: of the servers.
        folder: for the product's ledger, made in the warm-up, and its pictures.
    """
    return Turn(
        bare=ask("bare", kind, addresses, folder), product=ask("product", kind, addresses, folder)
    )


def ask(way: str, kind: str, addresses: Addresses, folder: Path) -> Burst:
    """Let one process ask for all pictures.

    Raises:
        CannotMeasureError: they did not come.
    """
    program = [sys.executable, "benchmarks/many_at_once.py", way, kind]
    # Linux hands the most memory a process had on to its children, so this one stays small.
    child = subprocess.run(
        [*program, addresses.openai, addresses.google, str(folder)],
        cwd=ROOT,
        env=environment({}),
        stdout=subprocess.PIPE,
        timeout=_ONE_S,
        check=False,
    )
    shutil.rmtree(folder / "generations", ignore_errors=True)
    if child.returncode:
        raise CannotMeasureError(f"The pictures did not come ({way}); what happened is above.")
    return Burst(**json.loads(child.stdout))


if __name__ == "__main__":
    run("many", measure)
