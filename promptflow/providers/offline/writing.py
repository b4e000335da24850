"""Writes the offline planner's answers: the plan, the thinking and the prompts. Floor 4.

By rule, from what the vocabulary found; nothing here was written by a language model. Every word that
the painters draw from is kept in the prompt.
"""

import json
import re
import unicodedata
from dataclasses import dataclass

from promptflow.providers.offline.setting import Setting, choose_setting
from promptflow.providers.offline.vocabulary import GROUPS, PALETTE_WORDS, PROPER_NAMES
from promptflow.providers.offline.words import MAX_SUBJECTS, Reading, Subject, hash_text, read_words

_MAX_ITEM = 200
_MAX_NAME = 48
_LIKE_YOU = re.compile(r"(uni(?!m|n)|us[ae]|eu|one\b|ufo|uku|utop)")
"""Beginnings that are written with a vowel and spoken with a consonant."""
_PLACE_PHRASES = {
    "sea": "on the open sea", "beach": "on a sandy beach", "island": "on an island", "lake": "by a lake",
    "river": "along a canal", "desert": "over desert dunes", "mountain": "among mountains",
    "hills": "between hills", "forest": "in a forest", "city": "in a city", "meadow": "in a meadow",
    "snow": "in deep snow", "table": "on a table in a room", "space": "in outer space",
    "underwater": "underwater", "mars": "on Mars",
}  # fmt: skip
_LIGHT_PHRASES = {
    "dawn": "at dawn", "morning": "in the morning", "day": "in clear daylight",
    "golden hour": "at golden hour", "dusk": "at dusk", "night": "at night", "neon": "under neon at night",
    "storm": "under a storm sky",
}  # fmt: skip
_LIGHT_EFFECTS = {
    "dawn": "low light from one side, long cool shadows, a pale rim on everything that faces it",
    "morning": "slanting light that lets the colours stay clean and the shadows transparent",
    "day": "high light, short shadows and clear local colour",
    "golden hour": "low honeyed light, long shadows and glowing edges",
    "dusk": "the last glow along the horizon against darkening shapes",
    "night": "close dark values in which one small light counts for much",
    "neon": "coloured light from several sides, held together by deep shadow",
    "storm": "a heavy sky with one break of light behind the focus",
}
_WEATHER_PHRASES = {
    "storm": "in a storm", "rain": "in the rain", "snowfall": "with snowflakes falling", "fog": "in mist",
    "clouds": "under clouds", "rainbow": "below a rainbow", "aurora": "below an aurora",
    "stars": "under stars", "wind": "in the wind",
}  # fmt: skip
_SEASON_PHRASES = {
    "spring": "in spring", "summer": "in summer", "autumn": "in autumn", "winter": "in winter",
}  # fmt: skip
_COMPOSITION_PHRASES = {
    "close-up": "close-up: the focus fills most of the frame, the background is only suggested",
    "wide view": "wide view: the focus stays small so that the place can be felt",
    "centred": "centred: the focus on the middle axis, both sides in balance",
    "bird's-eye view": "bird's-eye view: a high horizon, the ground spread out like a map",
    "low angle": "low angle: a low horizon, the focus rising against open sky",
    "thirds": "the focus on a vertical third, the horizon on a horizontal one, the other side left open",
}
_CHORDS = (
    ("navy", "coral", "mint", "cream"), ("teal", "amber", "maroon", "ivory"),
    ("plum", "pink", "gold", "cream"), ("cobalt", "orange", "beige", "charcoal"),
    ("emerald", "terracotta", "cream", "navy"), ("indigo", "turquoise", "yellow", "ivory"),
    ("crimson", "slate", "cream", "gold"), ("sage", "rust", "cream", "charcoal"),
    ("violet", "coral", "yellow", "cream"), ("teal", "pink", "cream", "navy"),
    ("olive", "vermilion", "beige", "charcoal"), ("azure", "scarlet", "ivory", "navy"),
    ("purple", "lime", "cream", "indigo"), ("turquoise", "magenta", "ivory", "plum"),
    ("ochre", "cobalt", "cream", "rust"), ("green", "lavender", "cream", "plum"),
)  # fmt: skip
"""Colours that go together, for ideas that name none."""
_PLACE_HEAD = "the place"
_MAX_SCENE = 300
_LATIN_END = 0x250
_ORDER = re.compile(
    r"^(please )?((can|could) you )?(draw|paint|make|create|show|generate)( me| us)?\b ?"
    r"((a|an|the) (picture|image|painting|drawing|poster) of )?",
    re.IGNORECASE,
)
"""The polite beginnings of an idea, which belong to no picture."""
_GOUACHE = "offline-gouache"
_POSTER = "offline-poster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is to be painted, in words that can be put into sentences."""

    idea: str
    focus: str
    others: tuple[str, ...]
    where: str
    """Place, light, season and weather as one phrase."""
    light: str
    palette: tuple[str, ...]
    style: str
    composition: str
    mood: str
    scene: str
    """What is to be seen, in one sentence."""
    is_abstract: bool
    """Nothing in the idea can be drawn as a thing."""


def write_brief(
    text: str, *, idea: str = "", scene: str = "", names: tuple[str, ...] = ()
) -> Brief:
    """Read an idea and settle everything it leaves open.

    Args:
        text: the idea, or a plan put into words.
        idea: the idea itself, where the text is a plan.
        scene: the sentence that says what is to be seen, where the text is a plan.
        names: the subjects, where the text is a plan; otherwise they are read from the text.

    Returns:
        A brief whose every field is short and, but for ``others``, not empty.
    """
    plain = clean_text(text) or "an open idea"
    reading = read_words(plain)
    setting = choose_setting(reading)
    names = names or _name_subjects(reading, setting)
    return Brief(
        idea=clean_text(idea) or plain,
        scene=scene or _describe_scene(plain, reading, setting, names),
        focus=names[0],
        others=names[1:],
        where=_phrase_where(reading, setting),
        light=setting.light,
        palette=_pick_palette(reading, setting),
        style=reading.style or ("abstract" if setting.ground == "abstract" else ""),
        composition=setting.composition,
        mood=setting.mood,
        is_abstract=setting.ground == "abstract",
    )


def write_plan(brief: Brief) -> str:
    """Write the action plan of a brief.

    Args:
        brief: what is to be painted.

    Returns:
        A JSON object with the seven fields of a plan; under 6,000 characters for any idea.
    """
    plan = {
        "summary": brief.scene,
        "intent": f"Turn “{clip(brief.idea, 240)}” into one picture that is understood at a glance: "
        f"{brief.focus} first, the {brief.mood} mood second.",
        "subjects": _list_subjects(brief),
        "style": brief.style or "painterly, with clear shapes",
        "composition": _COMPOSITION_PHRASES[brief.composition],
        "mood": f"{brief.mood}: {_LIGHT_EFFECTS[brief.light]}",
        "technical_notes": _list_notes(brief),
    }
    return json.dumps(plan, ensure_ascii=False, indent=2)


def write_thinking(brief: Brief) -> str:
    """Think aloud about a brief, in four named sections.

    Args:
        brief: what is to be painted.

    Returns:
        Plain text of about 700 to 1,100 characters.
    """
    focus, first, last = _the(brief.focus), brief.palette[0], brief.palette[-1]
    beside = _the(brief.others[0]) if brief.others else "what lies around it"
    sections = {
        "Reading the idea": f"The picture stands or falls with {focus}. "
        f"{_capital(beside)} belongs to it, but must stay second. "
        f"“{clip(brief.idea, 60)}” asks for a {brief.mood} mood, so everything else serves that.",
        "Composition": f"I choose {_COMPOSITION_PHRASES[brief.composition]}. "
        f"{_capital(beside)} leads the eye back to {focus} and not out of the frame.",
        "Light and colour": f"The scene is set {brief.where}: {_LIGHT_EFFECTS[brief.light]}. "
        f"{_capital(first)} carries the large shapes and {last} is kept for {focus}.",
        "What could go wrong": _name_risks(brief, beside),
    }
    return "\n\n".join(f"## {title}\n{body}" for title, body in sections.items())


def write_prompt(brief: Brief, image_model: str) -> str:
    """Write the prompt for one image model.

    Args:
        brief: what is to be painted.
        image_model: the model's id; the two offline painters get their own wording.

    Returns:
        A prompt under 2,000 characters with every word the painters draw from.
    """
    scene = brief.scene
    colours = f"{', '.join(brief.palette[:-1])} and {brief.palette[-1]}"
    frame = _COMPOSITION_PHRASES[brief.composition]
    style = f" Style: {clip(brief.style, 80)}." if brief.style else ""
    if image_model == _GOUACHE:
        return (
            f"{scene} Painted in gouache on rough cotton paper, with visible brushwork, broad washes "
            f"laid first and opaque strokes on top. Light: {_LIGHT_EFFECTS[brief.light]}. "
            f"Mood: {brief.mood}. Palette: {colours}. Framing: {frame}.{style} "
            "Uneven edges and an unpainted margin are welcome."
        )
    if image_model == _POSTER:
        return (
            f"{scene} As a screen-printed poster: flat shapes, hard edges, a limited palette of "
            f"{colours}, bold silhouettes and long shadows. Light cut into bands: {brief.light}. "
            f"Mood: {brief.mood}. Framing: {frame}.{style} Generous margins, and no lettering."
        )
    return (
        f"{scene} The focus is {brief.focus}. Framing: {frame}. "
        f"Light: {_LIGHT_EFFECTS[brief.light]}. Mood: {brief.mood}. Palette: {colours}.{style} "
        "One clear centre of interest, no lettering, no watermark."
    )


def brief_from_plan(plan_json: str, idea: str) -> Brief:
    """Read a brief back from an action plan, which may have been changed since it was written.

    Args:
        plan_json: a JSON object with the fields of a plan; anything else is passed over.
        idea: the idea, which is read instead where the plan can't be.

    Returns:
        The brief of the plan.
    """
    try:
        plan = json.loads(plan_json)
        heads = [clean_text(item).partition(":")[0] for item in plan["subjects"]]
        words = [plan[name] for name in ("summary", "style", "composition", "mood")]
        scene = clip(clean_text(plan["summary"]), 600)
        text = clean_text(". ".join([scene, *heads, *words[1:], *plan["technical_notes"]]))
    except (ValueError, KeyError, TypeError):
        return write_brief(idea)
    names = tuple(clip(head, _MAX_NAME) for head in heads if head and head != _PLACE_HEAD)
    return write_brief(text, idea=idea, scene=scene, names=names[:MAX_SUBJECTS])


def clean_text(text: str) -> str:
    """Put a text on one line and drop what can't be kept or shown.

    Args:
        text: anything, even with control signs or lone surrogates.

    Returns:
        The text with single spaces; empty where nothing readable is left.
    """
    readable = (sign if unicodedata.category(sign) not in {"Cc", "Cs"} else " " for sign in text)
    return " ".join("".join(readable).split())


def clip(text: str, at_most: int) -> str:
    """Shorten a text at a word, if it can be, and mark the cut.

    Args:
        text: one line.
        at_most: the longest result, in characters.

    Returns:
        The text itself, or its beginning with an ellipsis.
    """
    if len(text) <= at_most:
        return text
    cut = text[: at_most - 1]
    head = cut.rsplit(" ", 1)[0]
    return (head if len(head) > at_most // 2 else cut).rstrip(" ,.;:") + "…"


def _name_subjects(reading: Reading, setting: Setting) -> tuple[str, ...]:
    """Name the subjects with article or number; where there are none, name the place."""
    names = tuple(dict.fromkeys(_with_article(one) for one in reading.subjects))
    if setting.ground == "abstract":
        return names
    return names or (f"the {(*reading.places, setting.ground)[0]}",)


def _with_article(subject: Subject) -> str:
    """Write a subject as it is spoken: one with an article, more with a number."""
    words = clip(subject.words, _MAX_NAME)
    if not subject.kind:
        return f"“{words}”"
    if subject.noun in PROPER_NAMES:
        return words.title()
    if subject.noun in GROUPS:
        return f"a {words}"
    if subject.count != 1:
        spoken = {2: "two ", 3: "three ", 4: "four ", 5: "five ", 6: "six "}.get(subject.count, "")
        return f"{spoken}{words}"
    if subject.kind in {"sun", "moon"}:
        return f"the {words}"
    is_vowel = words[:1] in "aeiou" and not _LIKE_YOU.match(words)
    return f"{'an' if is_vowel or words.startswith('hour') else 'a'} {words}"


def _phrase_where(reading: Reading, setting: Setting) -> str:
    """Say where and when, in words the painters know."""
    places = reading.places or ((setting.ground,) if setting.ground != "abstract" else ())
    phrases = [_PLACE_PHRASES[place] for place in places[:3]]
    phrases.append(_LIGHT_PHRASES[setting.light])
    if reading.season:
        phrases.append(_SEASON_PHRASES[reading.season])
    phrases += [_WEATHER_PHRASES[one] for one in reading.weathers[:3]]
    return ", ".join(dict.fromkeys(phrases))


def _pick_palette(reading: Reading, setting: Setting) -> tuple[str, ...]:
    """Name three colours: those of the text, or those of the light, or those of its hash."""
    if len(reading.colours) >= 2:
        return reading.colours[:4]
    if setting.ground == "abstract":
        drawn = _CHORDS[hash_text(reading.text) % len(_CHORDS)]
        return tuple(dict.fromkeys([*reading.colours, *drawn]))
    return tuple(dict.fromkeys([*reading.colours, *PALETTE_WORDS[setting.light]]))


def _describe_scene(plain: str, reading: Reading, setting: Setting, names: tuple[str, ...]) -> str:
    """Say in one sentence what is to be seen: the idea itself, and what it left open."""
    idea = _ORDER.sub("", plain).rstrip(" .,;:!?")
    if setting.ground == "abstract":
        return (
            f"“{clip(idea, 240)}”: an abstract arrangement of discs, arcs and bars that stands for "
            f"{_join(list(names))}, {_LIGHT_PHRASES[setting.light]}."
        )
    if len(idea) > _MAX_SCENE or not all(ord(sign) < _LATIN_END for sign in idea):
        told = f"“{clip(idea, _MAX_SCENE // 2)}”: {_join(list(names))}"
        return f"{told}, {_phrase_where(reading, setting)}."
    added = [] if reading.places else [_PLACE_PHRASES[setting.ground]]
    if not reading.light:
        added.append(_LIGHT_PHRASES[setting.light])
    return f"{_capital(', '.join([idea, *added]))}."


def _list_subjects(brief: Brief) -> list[str]:
    """Give each subject its part in the picture."""
    parts = [f"{brief.focus}: the focus, largest and sharpest"]
    parts += [f"{other}: second to the focus, with less contrast" for other in brief.others[:2]]
    parts += [f"{other}: small, for depth" for other in brief.others[2:]]
    if not brief.is_abstract:
        parts.append(f"{_PLACE_HEAD}: {brief.where}")
    return [clip(part, _MAX_ITEM) for part in parts]


def _list_notes(brief: Brief) -> list[str]:
    """Note what the painter has to hold on to."""
    return [
        f"Palette: {', '.join(brief.palette)}",
        f"Light: {_LIGHT_PHRASES[brief.light]}, from one side",
        f"Strongest contrast at {_the(brief.focus)}",
        "Three depths: close, middle, far",
    ]


def _name_risks(brief: Brief, beside: str) -> str:
    """Say what this picture in particular may fail at."""
    focus = _the(brief.focus)
    dark = brief.light in {"night", "neon", "storm", "dusk"}
    first = (
        f"In so dark a key {focus} could sink into the ground, so its edge needs a lighter "
        "tone behind it."
        if dark
        else f"In so light a key {focus} could look pale, so one dark accent has to anchor it."
    )
    crowd = (
        f"With {len(brief.others) + 1} things to show, {beside} must stay smaller than the focus."
        if brief.others
        else "With a single thing to show, the open part needs texture to stay alive."
    )
    return f"{first} {crowd}"


def _the(name: str) -> str:
    """Speak of a named thing a second time."""
    return re.sub(r"^(a|an) ", "the ", name)


def _join(names: list[str]) -> str:
    """Join names as they are spoken."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(text: str) -> str:
    """Write the first letter large and leave the rest alone."""
    return text[:1].upper() + text[1:]
