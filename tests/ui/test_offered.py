"""What is said before a click: of an offer, and of a fork."""

from dataclasses import replace

import pytest

from promptflow.iterations import Iteration
from promptflow.offers import Offer
from promptflow.pipeline import Lane, Words, Work
from promptflow.records import KeptAnswer, PromptOrigin, Stage
from promptflow.ui.forks import tell_price
from promptflow.ui.reuse import tell_offer
from tests.scripted import make_request

LANE = Lane(image_model="painter-1", images=2)
WRITTEN = replace(LANE, words=Words(text="words", origin=PromptOrigin.CONSTRUCTED))


def test_offer_says_what_fits_and_what_it_saves() -> None:
    """Prompts are written side by side, so that the slowest of them is what is saved of time."""
    offer = Offer(
        plan=_answer(Stage.ACTION_PLAN, 10_000, 4_000),
        thinking=_answer(Stage.THINKING, 5_000, 3_000),
        prompts={
            "painter-1": _answer(Stage.PROMPT_CONSTRUCTION, 5_000, 2_000),
            "painter-2": _answer(Stage.PROMPT_CONSTRUCTION, 5_000, 500),
        },
    )

    assert tell_offer(offer, 2) == (
        "Earlier answers fit: plan, thinking and prompts. Reuse saves $0.03 and 9.0 s."
    )
    assert "thinking and 2 of 3 prompts." in tell_offer(offer, 3)


@pytest.mark.parametrize(
    ("cost_micro_usd", "saved"),
    [
        (0, "Reuse saves 4.0 s."),
        (None, "Reuse saves 4.0 s, and what that cost is not known."),
        (40, "Reuse saves under $0.0001 and 4.0 s."),
    ],
)
def test_offer_tells_costs_as_far_as_they_are_known(cost_micro_usd: int | None, saved: str) -> None:
    """What was free is not said to save money, and an unknown price is no promise."""
    offer = Offer(plan=_answer(Stage.ACTION_PLAN, cost_micro_usd, 4_000))

    assert tell_offer(offer, 1) == f"Earlier answers fit: plan. {saved}"


@pytest.mark.parametrize(
    ("stage", "by_hand", "lanes", "said"),
    [
        (
            Stage.ACTION_PLAN,
            False,
            (LANE, LANE),
            "**Bought:** action plan, thinking, 2 prompts and 4 pictures, at most \\$1.50.",
        ),
        (
            Stage.THINKING,
            False,
            (LANE,),
            "**Free:** action plan as before. **Bought:** thinking, 1 prompt and 2 pictures, at most "
            "\\$1.50.",
        ),
        (
            Stage.PROMPT_CONSTRUCTION,
            True,
            (replace(WRITTEN, baseline=True), LANE),
            "**Free:** action plan and thinking as before, prompts as you write them. **Bought:** "
            "1 prompt and 6 pictures, at most \\$1.50.",
        ),
    ],
)
def test_fork_says_what_it_buys(
    stage: Stage, by_hand: bool, lanes: tuple[Lane, ...], said: str
) -> None:
    """Whatever isn't reused is bought; a baseline doubles its model's pictures."""
    fork = Iteration(request=make_request(), work=Work(lanes=lanes), added_micro_usd=1_500_000)

    assert tell_price(fork, stage, by_hand=by_hand) == said


def test_fork_of_unknown_price_says_so() -> None:
    """Where a price is unknown there is no sum, which would read as the most."""
    fork = Iteration(request=make_request(), work=Work(lanes=(LANE,)), added_micro_usd=None)

    assert tell_price(fork, Stage.THINKING, by_hand=True).endswith(
        "**Bought:** 1 prompt and 2 pictures, what it costs can't be told beforehand."
    )


def _answer(stage: Stage, cost_micro_usd: int | None, total_ms: int) -> KeptAnswer:
    return KeptAnswer(
        generation_id="g1",
        stage_id=f"s {stage}",
        stage=stage,
        image_model="painter-1" if stage is Stage.PROMPT_CONSTRUCTION else None,
        model="planner",
        output="words",
        plan=None,
        reasoning="",
        question=None,
        cost_micro_usd=cost_micro_usd,
        total_ms=total_ms,
    )
