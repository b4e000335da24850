"""The border where a planning answer becomes a plan."""

import json
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptflow.plans import (
    MAX_ANSWER_CHARS,
    MAX_PLAN_CHARS,
    PLAN_SCHEMA,
    PlanError,
    load_plan,
    plan_to_json,
    read_partial_plan,
    render_fallback_prompt,
)
from promptflow.records import ActionPlan

PLAN = ActionPlan(
    summary="A lighthouse in fog, one sailboat below it",
    intent="Make a reader feel safely far away",
    subjects=("a white lighthouse", "a red sailboat"),
    style="gouache on rough paper",
    composition="wide view, lighthouse on the right third",
    mood="calm, cool morning light",
    technical_notes=('the words "Far Out" on the sail', "no people"),
)


def _answer(**changed: object) -> str:
    """Write a valid answer with some fields changed."""
    plan: dict[str, object] = json.loads(plan_to_json(PLAN))
    return json.dumps({**plan, **changed})


def _answer_without(name: str) -> str:
    plan: dict[str, object] = json.loads(plan_to_json(PLAN))
    del plan[name]
    return json.dumps(plan)


# Slow machines build the alphabets slowly; how fast a plan is read is measured elsewhere.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
    .map(str.strip)
    .filter(bool)
)
plans = st.builds(
    ActionPlan,
    summary=texts,
    intent=texts,
    subjects=st.lists(texts, min_size=1, max_size=5).map(tuple),
    style=texts,
    composition=texts,
    mood=texts,
    technical_notes=st.lists(texts, max_size=5).map(tuple),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@steady
@given(plans)
def test_a_plan_survives_being_written_and_read(plan: ActionPlan) -> None:
    """What `plan_to_json` writes, `load_plan` reads back to an equal plan."""
    assert load_plan(plan_to_json(plan)) == plan


@steady
@given(
    plans,
    st.sampled_from(["{}", "{", "{{ {", "{x}", '{"a": {"b": 1}}', '"', "it's {", "```json\n"]),
)
def test_a_plan_is_found_after_junk(plan: ActionPlan, junk: str) -> None:
    """Stray braces, quotes, small objects and fences around a plan do not hide it."""
    answer = f"Here you are: {junk} {plan_to_json(plan)}\n```\nEnjoy }}"

    assert load_plan(answer) == plan


@steady
@given(st.text(st.characters(), max_size=400) | st.text(alphabet='{}[]":,\\ an1', max_size=400))
def test_any_text_is_a_plan_or_a_plan_error(raw: str) -> None:
    """Nothing but `PlanError` is raised, whatever the answer."""
    with pytest.raises(PlanError):
        load_plan(raw)


@steady
@given(st.dictionaries(st.sampled_from([field.name for field in fields(ActionPlan)]), json_values))
def test_wrong_types_are_plan_errors(found: dict[str, object]) -> None:
    """An object with values of any type is a plan within bounds or a `PlanError`."""
    try:
        plan = load_plan(json.dumps(found))
    except PlanError:
        return

    assert load_plan(plan_to_json(plan)) == plan


def test_the_first_valid_object_wins() -> None:
    """Of two plans in an answer the first is taken."""
    answer = _answer(mood="first") + _answer(mood="second")

    assert load_plan(answer).mood == "first"


def test_a_wrapped_plan_is_found() -> None:
    """A plan inside another object or a list is found."""
    assert load_plan(f'{{"plan": {_answer()}}}') == PLAN
    assert load_plan(f"[{_answer()}]") == PLAN


def test_lenient_forms_are_read() -> None:
    """A single text is a list of one, unknown fields are ignored, no notes may mean no field."""
    answer = json.loads(_answer_without("technical_notes"))
    answer |= {"subjects": "a fox", "palette": {"main": 3}}

    plan = load_plan(json.dumps(answer))

    assert plan.subjects == ("a fox",)
    assert plan.technical_notes == ()


@pytest.mark.parametrize("raw", [_answer_without("summary"), _answer(summary=" \n")])
def test_summary_falls_back_to_intent(raw: str) -> None:
    """A missing or blank summary is the intent."""
    assert load_plan(raw).summary == PLAN.intent


def test_values_are_cleaned() -> None:
    """Whitespace around values, control characters and lone surrogates are gone; line ends stay."""
    raw = _answer(mood="  calm\x00,\r\ncool\ttone\x85 ", style="gou\udc80ache")

    plan = load_plan(raw)

    assert plan.mood == "calm,\ncool\ttone"
    assert plan.style == "gouache"


def test_raw_newlines_inside_a_text_are_read() -> None:
    """Line ends that a model forgot to escape do not spoil the plan."""
    raw = _answer(mood="calm@cool").replace("@", "\n")

    assert load_plan(raw).mood == "calm\ncool"


def test_the_last_of_two_equal_keys_counts() -> None:
    """A repeated key has the value that JSON readers give it."""
    raw = _answer()[:-1] + ', "mood": "wild"}'

    assert load_plan(raw).mood == "wild"


TEXT = "a text of 1 to 1,000 characters was expected."
ITEM = "a text of 1 to 500 characters was expected."
LIST = "a list of at most 20 texts was expected."


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        (_answer_without("mood"), "mood", f"Field 'mood' is missing from the plan; {TEXT}"),
        (_answer_without("intent"), "intent", f"Field 'intent' is missing from the plan; {TEXT}"),
        (
            _answer_without("subjects"),
            "subjects",
            f"Field 'subjects' is missing from the plan; {LIST}",
        ),
        (_answer(style="\u2003"), "style", f"Field 'style' of the plan is blank; {TEXT}"),
        (_answer(style=7), "style", f"Field 'style' of the plan is the number 7; {TEXT}"),
        (_answer(style=None), "style", f"Field 'style' of the plan is null; {TEXT}"),
        (_answer(style=True), "style", f"Field 'style' of the plan is true; {TEXT}"),
        (_answer(style={"a": 1}), "style", f"Field 'style' of the plan is an object; {TEXT}"),
        (_answer(style=["x"]), "style", f"Field 'style' of the plan is a list of 1; {TEXT}"),
        (_answer(summary=None), "summary", f"Field 'summary' of the plan is null; {TEXT}"),
        (
            _answer(mood="x" * 1_001),
            "mood",
            f"Field 'mood' of the plan has 1,001 characters; {TEXT}",
        ),
        (
            _answer(subjects=[]),
            "subjects",
            "Field 'subjects' of the plan is an empty list; at least one subject was expected.",
        ),
        (
            _answer(subjects=["a", " "]),
            "subjects[1]",
            f"Field 'subjects[1]' of the plan is blank; {ITEM}",
        ),
        (
            _answer(technical_notes=["a", "b", 3]),
            "technical_notes[2]",
            f"Field 'technical_notes[2]' of the plan is the number 3; {ITEM}",
        ),
        (
            _answer(technical_notes=["x" * 501]),
            "technical_notes[0]",
            f"Field 'technical_notes[0]' of the plan has 501 characters; {ITEM}",
        ),
        (
            _answer(subjects=["a"] * 21),
            "subjects",
            f"Field 'subjects' of the plan has 21 items; {LIST}",
        ),
        (
            _answer(subjects={"a": 1}),
            "subjects",
            f"Field 'subjects' of the plan is an object; {LIST}",
        ),
        (
            f'{{"plan": {_answer_without("mood")}}}',
            "mood",
            f"Field 'mood' is missing from the plan; {TEXT}",
        ),
    ],
)
def test_a_wrong_field_is_named(raw: str, field: str, message: str) -> None:
    """The error names the field, with the item's index, what was found and what was expected."""
    with pytest.raises(PlanError) as caught:
        load_plan(raw)

    assert caught.value.code == "bad_plan"
    assert caught.value.field == field
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "no JSON object in the planning answer ''"),
        ("I would rather paint a dog", "no JSON object in the planning answer 'I would"),
        ("{" * 12_000, "cut off before its end, at character 12,000"),
        (_answer()[:-2], "cut off before its end"),
        ("{x} " + _answer()[:90], "cut off before its end"),
        (_answer().replace('"', "'"), "not valid JSON"),
        (_answer()[:-1] + ",}", "not valid JSON"),
        (_answer(mood=float("nan")), "not readable JSON"),
        ('{"a":' * 1_900 + "1" + "}" * 1_900, "nested 1,900 deep"),
        ('{"a":' + "[" * 5_900 + "]" * 5_900 + "}", "nested too deeply"),
        ('{"a": 1' + "0" * 6_000 + "}", "not readable JSON"),
        (_answer(subjects=["x" * 400] * 18), "as JSON; at most 6,000 are accepted"),
        (" " * (MAX_ANSWER_CHARS + 1), "has 12,001 characters; at most 12,000 are accepted"),
    ],
)
def test_an_unusable_answer_is_explained(raw: str, part: str) -> None:
    """The error is that of the most plan-like candidate, and short whatever the answer."""
    with pytest.raises(PlanError) as caught:
        load_plan(raw)

    assert part in caught.value.message
    assert len(caught.value.message) < 300


def test_a_plan_at_its_bounds_is_accepted() -> None:
    """A thousand characters of text, 20 items and 500 characters of an item are still accepted."""
    answer = _answer(mood="m" * 1_000, subjects=["s"] * 20, technical_notes=["n" * 500])

    plan = load_plan(answer)

    assert len(plan.mood) == 1_000
    assert len(plan_to_json(plan)) <= MAX_PLAN_CHARS


def test_plan_json_keeps_other_scripts_readable() -> None:
    """Characters beyond ASCII are written as they are."""
    plan = load_plan(_answer(mood="静か 🦊"))

    assert "静か 🦊" in plan_to_json(plan)


def test_the_schema_is_strict() -> None:
    """Every field of a plan is required and no other is allowed; it can be sent as JSON."""
    names = [field.name for field in fields(ActionPlan)]
    schema = json.loads(json.dumps(PLAN_SCHEMA))

    assert schema["required"] == names
    assert list(schema["properties"]) == names
    assert schema["additionalProperties"] is False


def test_a_streaming_plan_is_readable_field_by_field() -> None:
    """Each field shows up with its first words, in the order of the plan."""
    raw = 'Sure {ok}:\n```json\n{"summary": "A fox", "intent": "Joy", "subjects": ["a fox", "sn'

    assert read_partial_plan(raw) == {
        "summary": "A fox",
        "intent": "Joy",
        "subjects": ("a fox", "sn"),
    }


def test_a_whole_plan_is_readable_with_prose_after_it() -> None:
    """Once the object is closed, what follows it does no harm."""
    assert read_partial_plan(_answer() + "\n```\nDone.")["mood"] == PLAN.mood


def test_values_that_are_no_text_are_left_out_of_a_streaming_plan() -> None:
    """Numbers, objects and mixed lists are not shown; a single text is a list of one."""
    raw = (
        '{"mood": 3, "style": ["x"], "subjects": "a fox", "technical_notes": ["a", 1], "intent": "'
    )

    assert read_partial_plan(raw) == {"subjects": ("a fox",)}


@pytest.mark.parametrize("raw", ["", "{", '{"', "[" * 9_000, '{"summary"', "{" * 20_000, "\ud800{"])
def test_nothing_readable_is_an_empty_view(raw: str) -> None:
    """An answer without a readable field gives nothing, and no error."""
    assert read_partial_plan(raw) == {}


@steady
@given(plans, st.integers(min_value=0, max_value=1_500), st.text(st.characters(), max_size=5))
def test_any_beginning_of_a_plan_can_be_read(plan: ActionPlan, size: int, tail: str) -> None:
    """Reading a plan cut anywhere, with anything after it, never fails."""
    found = read_partial_plan(plan_to_json(plan)[:size] + tail)

    assert set(found) <= {field.name for field in fields(ActionPlan)}
    assert all(found.values())


def test_the_fallback_prompt_reads_as_one_paragraph() -> None:
    """Everything that shall be seen is in the prompt, in whole sentences on one line."""
    assert render_fallback_prompt(PLAN) == (
        "A lighthouse in fog, one sailboat below it. "
        "It shows a white lighthouse and a red sailboat. "
        "Composition: wide view, lighthouse on the right third. "
        "Style: gouache on rough paper. "
        "Mood: calm, cool morning light. "
        'Keep to this: the words "Far Out" on the sail and no people.'
    )


def test_the_fallback_prompt_keeps_items_with_commas_apart() -> None:
    """Items that hold commas are joined by semicolons; line ends and spare full stops go."""
    plan = load_plan(_answer(subjects=["a fox, red.", "snow\nfalling"], technical_notes=[]))

    assert "It shows a fox, red; snow falling." in render_fallback_prompt(plan)
    assert "Keep to this" not in render_fallback_prompt(plan)
    assert "\n" not in render_fallback_prompt(plan)
