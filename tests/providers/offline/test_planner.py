"""The planner made of rules: what it writes, and how it can be scripted."""

import json
import math
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.errors import BusyError, ProviderError, RefusedError
from promptflow.ports import ImageRequest, TextPart, TextRequest
from promptflow.providers import offline_provider
from promptflow.providers.offline import PROVIDER, OfflinePainter, OfflinePlanner
from promptflow.providers.offline.words import read_words
from promptflow.records import Stage, Usage

FOX = "a red fox reading a book under a lantern in a snowy forest"
TITLES = ["Reading the idea", "Composition", "Light and colour", "What could go wrong"]
FIELDS = {"summary", "intent", "subjects", "style", "composition", "mood", "technical_notes"}
WEIRD = [
    "E = mc^2 $40 :tada:",
    "一只猫在月光下",
    "قطة تحت ضوء القمر",
    "🎉🎉🎉",
    "\\frac{a}{b} \\sum_{i=0}^{n} x_i",
    "x",
    "x " * 2000,
    "Donaudampfschifffahrtsgesellschaft" * 100,
    "<script>alert(1)</script>",
    " \t\n",
]


def _ask(stage: Stage, idea: str, **sections: str) -> TextRequest:
    return TextRequest(stage=stage, instructions="", sections={"request": idea, **sections})


def _parts(request: TextRequest) -> list[TextPart]:
    return list(OfflinePlanner().stream(request))


def _answer(stage: Stage, idea: str, **sections: str) -> str:
    return "".join(part.text for part in _parts(_ask(stage, idea, **sections)))


def _plan(idea: str) -> Mapping[str, Any]:
    plan: Mapping[str, Any] = json.loads(_answer(Stage.ACTION_PLAN, idea))
    return plan


def _assert_within_bounds(answer: str) -> None:
    plan = json.loads(answer)
    items = [*plan["subjects"], *plan["technical_notes"]]
    texts = [plan[name] for name in ("summary", "intent", "style", "composition", "mood")]
    assert set(plan) == FIELDS
    assert len(answer) <= 6000
    assert all(0 < len(text.strip()) <= 1000 for text in texts)
    assert all(0 < len(item.strip()) <= 500 for item in items)
    assert 0 < len(plan["subjects"]) <= 20
    assert 0 < len(plan["technical_notes"]) <= 20


def _busy() -> BusyError:
    return BusyError("The model is busy. Try again.", provider=PROVIDER, model="offline-planner")


def test_plan_names_what_the_idea_names() -> None:
    """The plan speaks of the subjects, the place and the season of the idea."""
    plan = _plan(FOX)

    assert "red fox" in plan["summary"]
    assert [item.partition(":")[0] for item in plan["subjects"]] == [
        "a red fox",
        "a book",
        "a lantern",
        "the place",
    ]
    assert "snowflakes" in plan["subjects"][-1]


@pytest.mark.parametrize("idea", WEIRD)
def test_plan_of_a_weird_request_is_within_bounds(idea: str) -> None:
    """Requests without any known word still give a whole plan."""
    answer = _answer(Stage.ACTION_PLAN, idea)

    _assert_within_bounds(answer)


@given(st.text(max_size=4000))
@settings(max_examples=80, deadline=None)
def test_plan_of_any_text_is_within_bounds(idea: str) -> None:
    """Any text at all gives a whole plan that can be stored as UTF-8."""
    answer = _answer(Stage.ACTION_PLAN, idea)

    _assert_within_bounds(answer)
    assert answer.encode("utf-8")


def test_plans_of_different_ideas_differ() -> None:
    """Two ideas share neither summary nor subjects."""
    fox, ship = _plan(FOX), _plan("an old steamer in fog")

    assert fox["summary"] != ship["summary"]
    assert fox["subjects"] != ship["subjects"]


def test_polite_beginning_is_left_out_of_the_plan() -> None:
    """What was said to the painter is not part of the picture."""
    plan = _plan("Please draw me a picture of a sailboat on a lake at dawn")

    assert plan["summary"] == "A sailboat on a lake at dawn."


@pytest.mark.parametrize("idea", [FOX, "a lighthouse", *WEIRD])
def test_thinking_has_its_four_sections(idea: str) -> None:
    """The thinking has the same four headings for every idea, each with sentences below."""
    plan = _answer(Stage.ACTION_PLAN, idea)

    thinking = _answer(Stage.THINKING, idea, action_plan=plan)

    blocks = thinking.removeprefix("## ").split("\n\n## ")
    assert [block.partition("\n")[0] for block in blocks] == TITLES
    assert all(block.partition("\n")[2].count(".") >= 2 for block in blocks)
    assert 600 <= len(thinking) <= 1300


def test_thinking_speaks_of_this_plan() -> None:
    """The focus and the second subject of the plan are named."""
    plan = _answer(Stage.ACTION_PLAN, FOX)

    thinking = _answer(Stage.THINKING, FOX, action_plan=plan)

    assert "the red fox" in thinking
    assert "the book" in thinking.casefold()


def test_changed_plan_changes_thinking_and_prompt() -> None:
    """What was written into the plan afterwards counts more than the idea."""
    plan = {**_plan("a cat"), "summary": "A blue whale at night.", "subjects": ["a blue whale"]}
    text = json.dumps(plan)

    thinking = _answer(Stage.THINKING, "a cat", action_plan=text)
    prompt = _answer(Stage.PROMPT_CONSTRUCTION, "a cat", action_plan=text, image_model="other")

    assert "the blue whale" in thinking
    assert "blue whale" in prompt
    assert "cat" not in prompt


@pytest.mark.parametrize(
    "plan", ["", "not json", "[]", "{}", '{"subjects": 3}', '{"subjects": [1]}']
)
def test_unusable_plan_is_passed_over(plan: str) -> None:
    """Without a usable plan the idea itself is read."""
    prompt = _answer(Stage.PROMPT_CONSTRUCTION, "a cat", action_plan=plan, image_model="other")

    assert prompt == _answer(Stage.PROMPT_CONSTRUCTION, "a cat", image_model="other")


def test_prompts_differ_by_painter() -> None:
    """Each painter gets the wording of its craft."""
    gouache = _answer(Stage.PROMPT_CONSTRUCTION, FOX, image_model="offline-gouache")
    poster = _answer(Stage.PROMPT_CONSTRUCTION, FOX, image_model="offline-poster")
    other = _answer(Stage.PROMPT_CONSTRUCTION, FOX, image_model="another-model")

    assert "brushwork" in gouache
    assert "flat shapes" in poster
    assert len({gouache, poster, other}) == 3


@pytest.mark.parametrize("model", ["offline-gouache", "offline-poster", "another-model"])
@pytest.mark.parametrize(
    "idea",
    [
        FOX,
        "a lighthouse at dusk in a storm",
        "three hot-air balloons over a desert at sunrise",
        "a robot gardener among sunflowers",
        "一只猫在月光下",
        "a teapot on a table, cosy morning",
        "a castle on a mountain at dawn, bird's-eye",
        "colourless green ideas sleep furiously",
        "a tiger in a library",
        "logo for a bakery",
        "an old typewriter on a desk",
        "children playing football",
        "a happy family at the beach",
        "a unicorn on mars",
    ],
)
def test_prompt_says_what_the_idea_says(idea: str, model: str) -> None:
    """The painter finds the same things in the prompt as the planner found in the idea."""
    plan = _answer(Stage.ACTION_PLAN, idea)
    wanted = read_words(idea)

    prompt = _answer(Stage.PROMPT_CONSTRUCTION, idea, action_plan=plan, image_model=model)

    found = read_words(prompt)
    assert [(one.kind, one.noun, one.count) for one in found.subjects if one.kind] == [
        (one.kind, one.noun, one.count) for one in wanted.subjects if one.kind
    ]
    assert set(wanted.places) <= set(found.places)
    assert found.light
    assert found.mood
    assert found.colours
    assert found.is_known == wanted.is_known


@pytest.mark.parametrize(
    ("idea", "name"),
    [
        ("a tiger in a library", "a tiger"),
        ("logo for a bakery", "a logo"),
        ("my grandmother's kitchen", "a grandmother"),
        ("an old typewriter on a desk", "a typewriter"),
        ("a quantum computer in a forest", "a quantum computer"),
        ("a unicorn on mars", "a unicorn"),
        ("an unicorn in a forest", "a unicorn"),
        ("a happy family at the beach", "a family"),
        ("mars above a lake", "Mars"),
    ],
)
def test_focus_is_named_in_plan_thinking_and_prompt(idea: str, name: str) -> None:
    """What the idea is about leads all three texts, with its article."""
    plan = _answer(Stage.ACTION_PLAN, idea)

    thinking = _answer(Stage.THINKING, idea, action_plan=plan)
    prompt = _answer(Stage.PROMPT_CONSTRUCTION, idea, action_plan=plan, image_model="other")

    assert json.loads(plan)["subjects"][0].startswith(f"{name}: the focus")
    assert name.removeprefix("a ") in thinking
    assert f"The focus is {name}." in prompt


def test_same_request_gets_the_same_answer() -> None:
    """Two planners answer alike, part by part."""
    assert _parts(_ask(Stage.ACTION_PLAN, FOX)) == _parts(_ask(Stage.ACTION_PLAN, FOX))


def test_answer_comes_in_small_pieces_and_ends_with_its_usage() -> None:
    """Pieces have two to six characters; the estimate is a quarter of the characters."""
    request = _ask(Stage.ACTION_PLAN, FOX)

    *pieces, last = _parts(request)

    answer = "".join(part.text for part in pieces)
    assert all(1 <= len(part.text) <= 6 for part in pieces)
    assert all(part.usage is None for part in pieces)
    assert last == TextPart(
        usage=Usage(input_tokens=math.ceil(len(FOX) / 4), output_tokens=math.ceil(len(answer) / 4))
    )


def test_faults_are_raised_in_order_and_then_it_behaves() -> None:
    """The first call fails, the second behaves, the third fails, and so on to the end."""
    first, third = _busy(), _busy()
    planner = OfflinePlanner(faults=[first, None, third])
    request = _ask(Stage.ACTION_PLAN, FOX)

    with pytest.raises(BusyError) as caught_first:
        list(planner.stream(request))
    second = list(planner.stream(request))
    with pytest.raises(BusyError) as caught_third:
        list(planner.stream(request))
    fourth = list(planner.stream(request))

    assert caught_first.value is first
    assert caught_third.value is third
    assert second == fourth
    assert planner.requests == [request] * 4


def test_fault_can_come_in_mid_stream() -> None:
    """What was said before the fault is given, and nothing after it."""
    planner = OfflinePlanner(faults=[_busy()], break_after=25)
    told: list[str] = []

    with pytest.raises(BusyError):
        told.extend(part.text for part in planner.stream(_ask(Stage.ACTION_PLAN, FOX)))

    assert len("".join(told)) == 25


def test_scripted_answers_are_given_by_stage_and_then_it_behaves() -> None:
    """Raw answers replace the first calls of their stage and leave other stages alone."""
    planner = OfflinePlanner(answers={Stage.ACTION_PLAN: ["{broken", '{"summary": 1}']})

    told = [
        "".join(part.text for part in planner.stream(_ask(stage, FOX)))
        for stage in (Stage.ACTION_PLAN, Stage.THINKING, Stage.ACTION_PLAN, Stage.ACTION_PLAN)
    ]

    assert told[0] == "{broken"
    assert told[1].startswith("## Reading the idea")
    assert told[2] == '{"summary": 1}'
    assert set(json.loads(told[3])) == FIELDS


def test_delay_comes_before_the_first_piece() -> None:
    """A slow planner is slow before it says anything."""
    planner = OfflinePlanner(delay_s=0.05)
    started = time.monotonic()

    next(planner.stream(_ask(Stage.THINKING, FOX)))

    assert time.monotonic() - started >= 0.05


def test_gate_holds_the_first_piece_back() -> None:
    """Nothing is said until the gate opens."""
    gate = threading.Event()
    planner = OfflinePlanner(gate=gate)
    told: list[TextPart] = []
    worker = threading.Thread(
        target=lambda: told.extend(planner.stream(_ask(Stage.THINKING, FOX))), daemon=True
    )

    worker.start()
    worker.join(0.05)
    held = list(told)
    gate.set()
    worker.join(5)

    assert held == []
    assert told


def test_threads_share_one_count_of_calls() -> None:
    """Each scripted fault is raised exactly once, however many threads call."""
    refused = RefusedError(
        "Refused. Change the idea.", provider=PROVIDER, model="offline-planner", category="test"
    )
    planner = OfflinePlanner(faults=[refused] * 10)

    def is_refused(_index: int) -> bool:
        try:
            list(planner.stream(_ask(Stage.PROMPT_CONSTRUCTION, FOX)))
        except ProviderError:
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(is_refused, range(40)))

    assert sum(outcomes) == 10
    assert len(planner.requests) == 40


def test_planner_can_be_told_to_remember_nothing() -> None:
    """Without ``keep_requests`` a planner that lives long keeps no request."""
    planner = OfflinePlanner(keep_requests=False)

    list(planner.stream(_ask(Stage.THINKING, FOX)))

    assert planner.requests == []


def test_shipped_models_remember_no_requests() -> None:
    """The models that live as long as the process keep nothing of what they were asked."""
    provider = offline_provider()
    planner = provider.text_model("offline-planner")
    painter = provider.image_model("offline-poster")
    assert isinstance(planner, OfflinePlanner)
    assert isinstance(painter, OfflinePainter)

    list(planner.stream(_ask(Stage.PROMPT_CONSTRUCTION, "a cat")))
    list(painter.paint(ImageRequest(prompt="a cat", aspect_ratio="1:8", count=1)))

    assert planner.requests == []
    assert painter.requests == []
