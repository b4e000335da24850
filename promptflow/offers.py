"""Earlier answers to the same questions, offered before they are bought again. Floor 6."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from promptflow.material import to_question
from promptflow.pipeline import Account, Known, Lane, Tools, Words, Work, write_question
from promptflow.plans import plan_to_json
from promptflow.ports import Reference, TextRequest
from promptflow.records import GenerationRequest, KeptAnswer, PromptOrigin, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What could be reused of a request's stages, as far as one follows from the other."""

    plan: KeptAnswer
    thinking: KeptAnswer | None = None
    prompts: Mapping[str, KeptAnswer] = field(default_factory=dict)
    """Image model id → its prompt construction."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Up to which stages it could be reused, in their order."""
        return (
            Stage.ACTION_PLAN,
            *((Stage.THINKING,) if self.thinking else ()),
            *((Stage.PROMPT_CONSTRUCTION,) if self.prompts else ()),
        )

    def saves(self, until: Stage) -> tuple[int | None, int]:
        """Tell what reusing it saves.

        Args:
            until: the last stage to reuse.

        Returns:
            Micro-dollars, ``None`` where a price is unknown, and milliseconds: prompts are written side
            by side.
        """
        planned = [one for one in self._take(until) if one.image_model is None]
        prompts = [one for one in self._take(until) if one.image_model is not None]
        costs = [one.cost_micro_usd for one in (*planned, *prompts)]
        known = [cost for cost in costs if cost is not None]
        took_ms = sum(one.total_ms for one in planned)
        took_ms += max((one.total_ms for one in prompts), default=0)
        return (sum(known) if len(known) == len(costs) else None), took_ms

    def to_work(self, request: GenerationRequest, until: Stage) -> Work:
        """Return the work that is left when it is reused.

        Args:
            request: the one it was found for.
            until: the last stage to reuse.
        """
        taken = self._take(until)
        prompts = self.prompts if until is Stage.PROMPT_CONSTRUCTION else {}
        lanes = [Lane.of(request, model_id) for model_id in request.image_models]
        stages = tuple(Stage)
        following = stages[stages.index(until) + 1 :]
        whole = set(prompts) == set(request.image_models)
        return Work(
            parent_id=taken[-1].generation_id,
            forked_at=following[0] if following else None if whole else until,
            plan=_to_known(self.plan),
            thinking=_to_known(self.thinking)
            if self.thinking and until is not Stage.ACTION_PLAN
            else None,
            lanes=tuple(
                replace(lane, words=_to_words(prompts[lane.image_model]))
                if lane.image_model in prompts
                else lane
                for lane in lanes
            ),
        )

    def _take(self, until: Stage) -> tuple[KeptAnswer, ...]:
        thinking = () if until is Stage.ACTION_PLAN or not self.thinking else (self.thinking,)
        prompts = self.prompts.values() if until is Stage.PROMPT_CONSTRUCTION else ()
        return (self.plan, *thinking, *prompts)


def find_offer(
    request: GenerationRequest,
    references: tuple[Reference, ...],
    *,
    tools: Tools,
    find_answer: Callable[[str], KeptAnswer | None],
) -> Offer | None:
    """Look for answers to the very questions that a request would ask.

    Args:
        request: checked.
        references: the pictures that go along.
        tools: instructions and models, by which the questions are written.
        find_answer: the hash of a question → its newest answer.

    Returns:
        What was found, from the plan on; ``None`` where that was never asked.
    """
    account = Account(
        request=request,
        generation_id="",
        tools=tools,
        cancel=threading.Event(),
        references=references,
    )

    def ask(question: TextRequest) -> KeptAnswer | None:
        return find_answer(to_question(question, model=request.text_model).sha256)

    planned = ask(write_question(account, Stage.ACTION_PLAN))
    if planned is None or planned.plan is None:
        return None
    plan = plan_to_json(planned.plan)
    thought = ask(write_question(account, Stage.THINKING, action_plan=plan))
    if thought is None:
        return Offer(plan=planned)
    prompts: dict[str, KeptAnswer] = {}
    for image_model in request.image_models:
        found = ask(
            write_question(
                account,
                Stage.PROMPT_CONSTRUCTION,
                image_model,
                action_plan=plan,
                thinking=thought.output,
            )
        )
        limit = tools.catalog.image_model(image_model).max_prompt_chars
        if found and (limit is None or len(found.output.strip()) <= limit):
            prompts[image_model] = found
    return Offer(plan=planned, thinking=thought, prompts=prompts)


def _to_known(answer: KeptAnswer) -> Known:
    return Known(
        stage_id=answer.stage_id,
        stage=answer.stage,
        model=answer.model,
        output=answer.output,
        plan=answer.plan,
        reasoning=answer.reasoning,
        question=answer.question,
        image_model=answer.image_model,
    )


def _to_words(answer: KeptAnswer) -> Words:
    return Words(
        text=answer.output.strip(),
        origin=PromptOrigin.CONSTRUCTED,
        construction=_to_known(answer),
    )
