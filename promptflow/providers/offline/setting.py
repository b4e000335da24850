"""Decides what a text leaves open: where it happens, in which light, how it is framed. Floor 4.

The planner writes these choices down and the painter makes them again from the prompt, so both come
to the same picture.
"""

from dataclasses import dataclass

from promptflow.providers.offline.words import THING, Reading, Subject, hash_text

_GROUND_ORDER = (
    "underwater", "space", "table", "beach", "sea", "river", "lake", "desert", "city", "snow", "meadow",
)  # fmt: skip
_GROUND_OF_PLACE = {
    "island": "sea",
    "hills": "meadow",
    "forest": "meadow",
    "mountain": "meadow",
    "mars": "desert",
}
_BACKDROP_ORDER = ("mountain", "forest", "city", "hills", "desert")
_BACKDROP_OF_GROUND = {
    "meadow": "hills",
    "snow": "mountain",
    "lake": "mountain",
    "river": "hills",
    "city": "city",
}
_GROUND_OF_SUBJECT = {
    "lighthouse": "sea", "sailboat": "sea", "ship": "sea", "whale": "sea", "boat": "lake", "fish": "underwater",
    "palm": "beach", "cactus": "desert", "teapot": "table", "cup": "table", "clock": "table",
    "fruit": "table", "crystal": "table", "planet": "space", "astronaut": "space",
    "car": "city", "umbrella": "city",
}  # fmt: skip
_BLOOMING = frozenset({"flower", "sunflower", "butterfly", "blossom"})
_BRIGHT = ("day", "golden hour", "morning")
_ANY_LIGHT = ("dawn", "day", "golden hour", "day", "dusk", "morning")
_AFLOAT = frozenset({"sailboat", "boat", "ship", "whale", "bridge"})
_DRY = frozenset({"river", "meadow", "city", "desert", "snow"})
_INDOOR = frozenset({"teapot", "cup", "clock", "fruit", "crystal", "thing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and when a picture happens."""

    ground: str
    """What things stand on: ``sea``, ``meadow``, ``table``…; ``abstract`` where nothing is known."""
    backdrop: str
    """What closes the distance: ``mountain``, ``forest``, ``city``, ``hills``, ``desert`` or empty."""
    light: str
    """``dawn``, ``morning``, ``day``, ``golden hour``, ``dusk``, ``night``, ``neon`` or ``storm``."""
    mood: str
    composition: str
    """``close-up``, ``wide view``, ``centred``, ``bird's-eye view``, ``low angle`` or ``thirds``."""


def choose_setting(reading: Reading) -> Setting:
    """Decide what the text leaves open, always in the same way for the same text.

    Args:
        reading: what was found in the text.

    Returns:
        A setting without empty fields, but for the backdrop.
    """
    ground = _choose_ground(reading)
    light = _choose_light(reading, ground)
    return Setting(
        ground=ground,
        backdrop=_choose_backdrop(reading, ground),
        light=light,
        mood=reading.mood or _choose_mood(light),
        composition=reading.composition or "thirds",
    )


def _choose_ground(reading: Reading) -> str:
    """Find what things stand on; what floats, or spans water, needs enough of it."""
    ground = _find_ground(reading)
    afloat = any(one.kind in _AFLOAT for one in reading.subjects)
    return "lake" if afloat and ground in _DRY else ground


def _find_ground(reading: Reading) -> str:
    """Find what things stand on, from the places or else from the subjects."""
    if not reading.is_known:
        return "abstract"
    named = {_GROUND_OF_PLACE.get(place, place) for place in reading.places}
    outright = {place for place in reading.places if place in _GROUND_ORDER}
    for ground in _GROUND_ORDER:
        if ground in (outright or named):
            return ground
    kinds = [one.kind for one in reading.subjects]
    creatures = [kind for kind in kinds if kind not in _INDOOR and kind not in _GROUND_OF_SUBJECT]
    for kind in kinds:
        ground = _GROUND_OF_SUBJECT.get(kind, "")
        if ground and not (ground == "table" and creatures and kinds[0] != kind):
            return ground
    if kinds[:1] == ["book"]:
        return "table"
    return "city" if "umbrella" in kinds else "meadow"


def _choose_backdrop(reading: Reading, ground: str) -> str:
    """Find what closes the distance."""
    if ground in {"table", "space", "underwater", "abstract"}:
        return ""
    for place in _BACKDROP_ORDER:
        if place in reading.places:
            return place
    if any(one.kind == "pine" for one in reading.subjects):
        return "forest"
    return "hills" if "river" in reading.places else _BACKDROP_OF_GROUND.get(ground, "")


def _choose_light(reading: Reading, ground: str) -> str:
    """Find the light: as the text says, or as its weather and place suggest, or by its hash."""
    if reading.light:
        is_neon = reading.light == "night" and "neon" in reading.text.casefold()
        return "neon" if is_neon else reading.light
    weathers, kinds = set(reading.weathers), {one.kind for one in reading.subjects}
    suggestions = (
        ("storm", "storm" in weathers),
        ("night", ground == "space" or bool(weathers & {"stars", "aurora"})),
        ("morning", ground == "table"),
        ("day", ground == "underwater" or "rainbow" in weathers),
        ("golden hour", reading.season == "autumn" or "desert" in reading.places),
        ("dusk", "mars" in reading.places),
        ("dusk", bool(weathers & {"snowfall", "rain"})),
    )
    for light, fits in suggestions:
        if fits:
            return light
    choices = _BRIGHT if kinds & _BLOOMING else _ANY_LIGHT
    return choices[hash_text(_skeleton(reading)) % len(choices)]


def _skeleton(reading: Reading) -> str:
    """Return what stays the same between an idea and the prompt written from it."""
    return "|".join([_call(one) for one in reading.subjects] + list(reading.places))


def _call(subject: Subject) -> str:
    """Name a subject by its kind, or by its own word where the kind says nothing."""
    return subject.noun if subject.kind == THING else subject.kind or subject.words


def _choose_mood(light: str) -> str:
    """Name the mood a light brings along."""
    return {
        "dawn": "calm",
        "morning": "cosy",
        "day": "joyful",
        "golden hour": "romantic",
        "dusk": "dreamy",
        "night": "mysterious",
        "neon": "energetic",
        "storm": "dramatic",
    }[light]
