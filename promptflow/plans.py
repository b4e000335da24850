"""Where a planning answer becomes an `ActionPlan`. Floor 3.

This is a border: an answer comes fenced, with prose around it, with stray braces before it, cut off,
with wrong types, or far too long. What leaves here is a checked record or a `PlanError` that says
which field was wrong. Asking a model for a plan is the pipeline's business.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from typing import NoReturn

from promptflow.errors import PromptflowError
from promptflow.records import ActionPlan

MAX_ANSWER_CHARS = 12_000
MAX_TEXT_CHARS = 1_000
MAX_ITEMS = 20
MAX_ITEM_CHARS = 500
MAX_PLAN_CHARS = 6_000
"""Of the whole plan as `plan_to_json` writes it."""

_FIELDS = tuple(field.name for field in fields(ActionPlan))
_LISTS = frozenset({"subjects", "technical_notes"})

# A plan nests one object deep, two or three in a wrapper. Deeper candidates are passed over unread, so
# that hostile nesting costs nothing.
_MAX_NESTING = 16
# Only so many candidates compete for the error message; all of them are tried.
_MAX_EXPLAINED = 20
_MAX_PARTIAL_STARTS = 8

_UNUSABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_RAW_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_OBJECT_START = re.compile(r'\{\s*(?:"|\Z)')


class PlanError(PromptflowError):
    """A planning answer holds no usable plan; the model may be asked again.

    Args:
        message: the field (with its index for a list item), what was found, what was expected.
        field: the field it is about, e.g. ``mood`` or ``subjects[2]``; ``None`` for the whole answer.
    """

    code = "bad_plan"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def _text_schema(description: str) -> dict[str, object]:
    return {
        "type": "string",
        "description": f"{description} 1 to {MAX_TEXT_CHARS:,} characters.",
    }


def _list_schema(description: str, count: str) -> dict[str, object]:
    return {
        "type": "array",
        "items": {"type": "string"},
        "description": f"{description} {count} texts of 1 to {MAX_ITEM_CHARS} characters.",
    }


_PROPERTIES: dict[str, object] = {
    "summary": _text_schema("The finished picture in one sentence."),
    "intent": _text_schema("What the person wants the picture to do or say."),
    "subjects": _list_schema("What must be seen, the most important first.", f"1 to {MAX_ITEMS}"),
    "style": _text_schema("Medium, technique and finish."),
    "composition": _text_schema("Framing, viewpoint, and where things stand."),
    "mood": _text_schema("The feeling, and the light that carries it."),
    "technical_notes": _list_schema(
        "Constraints to keep: exact words, colours, counts, things to leave out.",
        f"0 to {MAX_ITEMS}",
    ),
}

PLAN_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}
"""The strict JSON schema of a plan, as models are given it; lengths are told in words, because not
every provider accepts them as keywords."""


def load_plan(raw: str) -> ActionPlan:
    """Read the plan out of a planning answer.

    The first balanced object that is a valid plan wins; outer objects are tried before those inside
    them. Values are stripped; control characters other than newline and tab, and lone surrogates,
    are removed. Unknown fields are ignored, the last of two equal keys counts, a single text stands
    for a list of one, a missing or blank summary is the intent, missing technical notes are none.

    Args:
        raw: the whole answer of the model.

    Returns:
        A plan within all bounds: `plan_to_json` of it has at most 6,000 characters.

    Raises:
        PlanError: no object in the answer is a plan; it explains the one that comes closest.
    """
    if len(raw) > MAX_ANSWER_CHARS:
        raise PlanError(
            f"The planning answer has {len(raw):,} characters; at most {MAX_ANSWER_CHARS:,} are"
            " accepted. Answer with the JSON object alone."
        )
    closest: tuple[int, PlanError] | None = None
    spans = _balanced_spans(raw)
    for tried, span in enumerate(spans):
        found = None
        try:
            found = _parse_span(raw, span)
            return _load_fields(found)
        except PlanError as error:
            if tried < _MAX_EXPLAINED:
                closest = _closer(closest, (_likeness(raw, span, found), error))
    explanation = _explain(raw, {span.start for span in spans}, closest)
    raise explanation


def read_partial_plan(raw: str) -> Mapping[str, str | tuple[str, ...]]:
    """Read what can be read of a plan whose answer is still streaming.

    For the live view only: nothing is checked but that values are text, and control characters in
    the answer become spaces.

    Args:
        raw: the answer so far; what is beyond 12,000 characters is not looked at.

    Returns:
        Field → text, or texts for lists, in the order of the plan's fields. A field that is not there
        yet, is blank, or is not text, is left out; empty when there is nothing to show.
    """
    text = _RAW_CONTROL.sub(" ", raw[:MAX_ANSWER_CHARS])
    for match in islice(_OBJECT_START.finditer(text), _MAX_PARTIAL_STARTS):
        found = _partial_object(text[match.start() :])
        readable = {name: value for name in _FIELDS if (value := _readable(name, found.get(name)))}
        if readable:
            return readable
    return {}


def plan_to_json(plan: ActionPlan) -> str:
    """Render a plan as the JSON that later stages and people read.

    Args:
        plan: any plan.

    Returns:
        An indented object with the fields in their order; at most 6,000 characters for a plan that
        `load_plan` returned, and `load_plan` reads it back to an equal plan.
    """
    return json.dumps(asdict(plan), ensure_ascii=False, indent=2)


def render_fallback_prompt(plan: ActionPlan) -> str:
    """Write a plain prompt from a plan by rule, for when prompt construction fails.

    Args:
        plan: the plan of the picture.

    Returns:
        One paragraph: what the picture is, then subjects, composition, style, mood and notes.
    """
    sentences = [
        _sentence(plan.summary),
        f"It shows {_listed(plan.subjects)}.",
        f"Composition: {_sentence(plan.composition)}",
        f"Style: {_sentence(plan.style)}",
        f"Mood: {_sentence(plan.mood)}",
    ]
    if plan.technical_notes:
        sentences.append(f"Keep to this: {_listed(plan.technical_notes)}.")
    return " ".join(sentences)


# Latin, then the ideographic full stop, exclamation mark and question mark.
_SENTENCE_ENDS = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    line = _one_line(text)
    return line if line.endswith(_SENTENCE_ENDS) else f"{line}."


def _listed(items: tuple[str, ...]) -> str:
    """Join items as prose does; with semicolons where one of them holds a comma itself."""
    lines = [_one_line(item).rstrip(".;") for item in items]
    if any("," in line or ";" in line for line in lines):
        return "; ".join(lines)
    *head, last = lines
    return f"{', '.join(head)} and {last}" if head else last


# Finding objects


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A balanced object in an answer."""

    start: int
    end: int
    """The index of its closing brace."""
    nesting: int
    """How many objects deep it goes, itself included."""


def _balanced_spans(text: str) -> list[_Span]:
    """Find every balanced object, in order of its start, in one pass from the end.

    An opening brace counts from any place, as prose before it may hold odd quotes; from there on,
    braces inside strings do not count. For each index, seen once as outside and once as inside a
    string, the pass knows the next brace that closes more than was opened, and the deepest nesting
    before it. So the time is linear, whatever the answer.
    """
    spans = []
    outside = [(-1, 0)] * (len(text) + 1)
    inside = inside_after_next = (-1, 0)
    for index in range(len(text) - 1, -1, -1):
        here, here_inside = outside[index + 1], inside
        match text[index]:
            case "{":
                end, nesting = here
                if end >= 0:
                    spans.append(_Span(start=index, end=end, nesting=nesting + 1))
                    here = (outside[end + 1][0], max(nesting + 1, outside[end + 1][1]))
            case "}":
                here = (index, 0)
            case '"':
                here, here_inside = inside, here
            case "\\":
                here_inside = inside_after_next
            case _:
                pass
        outside[index] = here
        inside_after_next, inside = inside, here_inside
    spans.reverse()
    return spans


def _parse_span(raw: str, span: _Span) -> Mapping[str, object]:
    if span.nesting > _MAX_NESTING:
        raise PlanError(
            f"An object in the planning answer is nested {span.nesting:,} deep; a plan is one flat"
            " object of texts and lists of texts."
        )
    return _parse_object(raw, span.start)


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


# Not strict: models do write raw newlines into strings, and nothing is lost by reading them.
_DECODER = json.JSONDecoder(strict=False, parse_constant=_refuse_constant)


def _parse_object(raw: str, start: int) -> Mapping[str, object]:
    """Parse the balanced object that starts at an opening brace."""
    try:
        found, _ = _DECODER.raw_decode(raw, start)
    except json.JSONDecodeError as error:
        raise PlanError(
            f"The object in the planning answer is not valid JSON: {error.msg.lower()} in line"
            f" {error.lineno}, column {error.colno}. Write one object with double-quoted names and"
            " texts."
        ) from error
    except (ValueError, RecursionError) as error:
        raise PlanError(
            "The object in the planning answer is not readable JSON: it holds a number that JSON"
            " does not have, or is nested too deeply. Write texts and lists of texts only."
        ) from error
    return found if isinstance(found, dict) else {}


def _likeness(raw: str, span: _Span, found: Mapping[str, object] | None) -> int:
    """Count the plan's fields an object has, or seems to have where it can't be parsed."""
    if found is None:
        return _names_between(raw, span.start, span.end)
    return sum(name in found for name in _FIELDS)


def _names_between(raw: str, start: int, end: int) -> int:
    return sum(raw.find(f'"{name}"', start, end) >= 0 for name in _FIELDS)


def _closer(
    best: tuple[int, PlanError] | None, other: tuple[int, PlanError]
) -> tuple[int, PlanError]:
    return other if best is None or other[0] > best[0] else best


def _explain(raw: str, closed: set[int], closest: tuple[int, PlanError] | None) -> PlanError:
    """Choose the error of the most plan-like candidate, a cut-off object among them."""
    cut_at = _first_unclosed(raw, closed)
    if cut_at is not None and (
        closest is None or _names_between(raw, cut_at, len(raw)) > closest[0]
    ):
        return PlanError(
            f"The object in the planning answer is cut off before its end, at character"
            f" {len(raw):,}. Answer with the whole JSON object, closing brace included."
        )
    if closest is not None:
        return closest[1]
    return PlanError(
        f"There is no JSON object in the planning answer {_excerpt(raw)}; one with the fields"
        f" {', '.join(_FIELDS)} was expected."
    )


def _first_unclosed(raw: str, closed: set[int]) -> int | None:
    """Find where an object begins that never ends; a brace before a name counts first."""
    likely = (match.start() for match in _OBJECT_START.finditer(raw))
    start = next((index for index in likely if index not in closed), None)
    if start is None and not closed:
        start = raw.find("{")
    return None if start is None or start < 0 else start


# Checking fields


def _load_fields(found: Mapping[str, object]) -> ActionPlan:
    plan = ActionPlan(
        summary=_load_summary(found),
        intent=_load_text("intent", found),
        subjects=_load_list("subjects", found),
        style=_load_text("style", found),
        composition=_load_text("composition", found),
        mood=_load_text("mood", found),
        technical_notes=_load_list("technical_notes", {"technical_notes": [], **found}),
    )
    if not plan.subjects:
        raise PlanError(
            "Field 'subjects' of the plan is an empty list; at least one subject was expected.",
            field="subjects",
        )
    if (size := len(plan_to_json(plan))) > MAX_PLAN_CHARS:
        raise PlanError(
            f"The plan has {size:,} characters as JSON; at most {MAX_PLAN_CHARS:,} are accepted."
            " Shorten the longest fields."
        )
    return plan


def _load_summary(found: Mapping[str, object]) -> str:
    summary = found.get("summary", "")
    blank = isinstance(summary, str) and not _clean(summary)
    return _load_text("intent" if blank else "summary", found)


def _load_text(name: str, found: Mapping[str, object]) -> str:
    if name not in found:
        raise PlanError(
            f"Field {name!r} is missing from the plan; a text of 1 to {MAX_TEXT_CHARS:,} characters"
            " was expected.",
            field=name,
        )
    return _checked(name, found[name], MAX_TEXT_CHARS)


def _load_list(name: str, found: Mapping[str, object]) -> tuple[str, ...]:
    expected = f"a list of at most {MAX_ITEMS} texts was expected"
    if name not in found:
        raise PlanError(f"Field {name!r} is missing from the plan; {expected}.", field=name)
    value = found[name]
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise PlanError(f"Field {name!r} of the plan is {_kind(value)}; {expected}.", field=name)
    if len(items) > MAX_ITEMS:
        raise PlanError(
            f"Field {name!r} of the plan has {len(items):,} items; {expected}.", field=name
        )
    return tuple(
        _checked(f"{name}[{index}]", item, MAX_ITEM_CHARS) for index, item in enumerate(items)
    )


def _checked(name: str, value: object, limit: int) -> str:
    expected = f"a text of 1 to {limit:,} characters was expected"
    if not isinstance(value, str):
        raise PlanError(f"Field {name!r} of the plan is {_kind(value)}; {expected}.", field=name)
    text = _clean(value)
    if not text:
        raise PlanError(f"Field {name!r} of the plan is blank; {expected}.", field=name)
    if len(text) > limit:
        raise PlanError(
            f"Field {name!r} of the plan has {len(text):,} characters; {expected}.", field=name
        )
    return text


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNUSABLE.sub("", lines).strip()


def _kind(value: object) -> str:
    """Say what a JSON value is; only small ones are shown."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {_excerpt(value)}"
        case list():
            return f"a list of {len(value):,}"
        case _:
            return "an object"


def _excerpt(value: object, limit: int = 60) -> str:
    shown = repr(value[:limit] if isinstance(value, str) else value)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


# Reading a plan that is still coming


def _partial_object(text: str) -> Mapping[str, object]:
    # Imported here: the live view needs it, a start does not.
    from pydantic_core import from_json

    try:
        found = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        # The object may be whole, with prose after it.
        try:
            found, _ = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def _readable(name: str, value: object) -> str | tuple[str, ...]:
    """Return a field's value where it is text, cleaned; else an empty text."""
    if name not in _LISTS:
        return _clean(value) if isinstance(value, str) else ""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        return ()
    return tuple(_all_text(items))


def _all_text(items: list[object]) -> Iterator[str]:
    """Yield the items that are not blank, or nothing where one of them is no text."""
    if all(isinstance(item, str) for item in items):
        yield from (text for item in items if (text := _clean(str(item))))
