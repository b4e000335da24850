"""What the product adds to a streamed text, against a bare loop over each provider's SDK."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare import Sdks, open_sdks, write_by_google, write_by_openai
from benchmarks.figures import CannotMeasureError, median, run, say
from benchmarks.scripted import ANSWERS, IDEA
from benchmarks.servers import forget_settings
from benchmarks.wires import FIRST_S, PACE_S, PIECES, open_keyed, open_wires
from promptflow.events import StageDelta, StageFinished, StageStarted
from promptflow.instructions import read_instructions
from promptflow.laboratory import Laboratory
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import TextRequest
from promptflow.records import GenerationRequest, Stage
from promptflow.settings import SHIPPED_DATA

ROUNDS = 8
LIMIT = 1.05
LIMIT_MS = 20

_INSTRUCTIONS = read_instructions(SHIPPED_DATA / "instructions")
_IDEA = {"request": IDEA, "aspect_ratio": "1:1"}
QUESTIONS = {
    Stage.ACTION_PLAN: TextRequest(
        stage=Stage.ACTION_PLAN,
        instructions=_INSTRUCTIONS.for_stage(Stage.ACTION_PLAN),
        sections=_IDEA,
        schema=PLAN_SCHEMA,
    ),
    Stage.THINKING: TextRequest(
        stage=Stage.THINKING,
        instructions=_INSTRUCTIONS.for_stage(Stage.THINKING),
        sections={**_IDEA, "action_plan": ANSWERS[Stage.ACTION_PLAN]},
    ),
}
"""What the bare loops ask: in the product's words, so that both send as much."""

Took = dict[tuple[Stage, str], float]
"""(stage, ``first_token`` or ``total``) → milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom the product and the bare loop ask."""

    provider: str
    text_model: str
    image_model: str
    """Paints the picture that ends a flow."""
    write: Callable[[Sdks, str, TextRequest], Iterator[str]]
    """The bare loop."""


ASKED = (
    Asked(
        provider="openai",
        text_model="gpt-6.1-terra",
        image_model="gpt-image-2.6-flare",
        write=write_by_openai,
    ),
    Asked(
        provider="google",
        text_model="gemini-3.8-flash",
        image_model="gemini-nano-banana-2.1",
        write=write_by_google,
    ),
)


@dataclass(slots=True)
class Case:
    """One measure of one stage by one provider, turn by turn."""

    bare_ms: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    differences_ms: list[float] = field(default_factory=list)

    def add(self, *, bare_ms: float, product_ms: float) -> None:
        """Note one turn."""
        self.bare_ms.append(bare_ms)
        self.ratios.append(product_ms / bare_ms)
        self.differences_ms.append(product_ms - bare_ms)

    def figures(self) -> Mapping[str, float]:
        """Return what the line says of it."""
        return {
            "median": median(self.ratios, 4),
            "max": round(max(self.ratios), 4),
            "median_difference_ms": median(self.differences_ms, 1),
            "max_difference_ms": round(max(self.differences_ms), 1),
            "median_bare_ms": median(self.bare_ms, 1),
        }


def measure() -> Mapping[str, object]:
    """Ask both ways in turns, one provider after the other."""
    forget_settings()
    cases: dict[str, Case] = {}
    with (
        TemporaryDirectory() as folder,
        open_wires("texts") as addresses,
        open_sdks(addresses) as sdks,
        open_keyed(Path(folder), addresses) as laboratory,
    ):
        for number in range(ROUNDS + 1):
            for asked in ASKED:
                bare_ms = time_bare_ms(sdks, asked)
                product_ms = time_product_ms(laboratory, asked)
                for key in bare_ms if number else ():
                    case = cases.setdefault(" ".join((asked.provider, *key)), Case())
                    case.add(bare_ms=bare_ms[key], product_ms=product_ms[key])
            say(f"text: round {number} of {ROUNDS}{'' if number else ', the warm-up'}")
    figures = {name: case.figures() for name, case in cases.items()}
    ratio = max(each["median"] for each in figures.values())
    difference_ms = max(each["median_difference_ms"] for each in figures.values())
    return {
        "metric": "text stage through the product ÷ bare SDK loop",
        "median": ratio,
        "limit": LIMIT,
        "median_difference_ms": difference_ms,
        "limit_ms": LIMIT_MS,
        "passed": ratio <= LIMIT and difference_ms <= LIMIT_MS,
        "rounds": ROUNDS,
        "scripted_first_token_ms": round(FIRST_S * 1000),
        "scripted_total_ms": round((FIRST_S + PIECES * PACE_S) * 1000),
        "by_case": figures,
    }


def time_bare_ms(sdks: Sdks, asked: Asked) -> Took:
    """Return what each stage takes a bare loop: from the call to the first piece, and to the end."""
    took: Took = {}
    for stage, question in QUESTIONS.items():
        started_s = time.monotonic()
        for _ in asked.write(sdks, asked.text_model, question):
            took.setdefault((stage, "first_token"), (time.monotonic() - started_s) * 1000)
        took[stage, "total"] = (time.monotonic() - started_s) * 1000
    return took


def time_product_ms(laboratory: Laboratory, asked: Asked) -> Took:
    """Run a flow, and return what each stage takes: from before it is recorded to its follower.

    Events say by the wall clock when a stage was started, so the follower reads the same clock.

    Raises:
        CannotMeasureError: a stage did not come to its end.
    """
    request = GenerationRequest(
        request=IDEA, text_model=asked.text_model, image_models=(asked.image_model,)
    )
    flow = laboratory.find_flow(laboratory.start(request))
    started: dict[str, tuple[Stage, float]] = {}
    took: Took = {}
    for batch in flow.follow() if flow else ():
        now_s = time.time()
        for event in batch:
            if isinstance(event, StageStarted):
                started[event.stage_id] = (event.stage, event.at.timestamp())
            elif isinstance(event, StageDelta | StageFinished):
                stage, started_s = started[event.stage_id]
                measured = "first_token" if isinstance(event, StageDelta) else "total"
                took.setdefault((stage, measured), (now_s - started_s) * 1000)
    if any((stage, "total") not in took for stage in QUESTIONS):
        raise CannotMeasureError(f"A stage by {asked.text_model!r} did not come to its end.")
    return took


if __name__ == "__main__":
    run("text", measure)
