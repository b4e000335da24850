"""What the offline provider understands of a text: a vocabulary and a reader. Floor 4.

No grammar and no model: words are looked up in tables, in the order they stand in the text, on word
boundaries. Signs of scripts without spaces, and emoji, are looked up as they stand.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from promptflow.providers.offline.vocabulary import (
    COLOUR_PHRASES,
    COLOURS,
    COMPOSITIONS,
    GERUND_NOUNS,
    GROUPS,
    LIGHTS,
    MOODS,
    NO_NOUNS,
    NUMBERS,
    PLACES,
    ROLES,
    SEASONS,
    SIGNS,
    STOP_WORDS,
    STYLES,
    SUBJECTS,
    WEATHERS,
)

MAX_SUBJECTS = 6
_TOKEN = re.compile(r"[^\W_]+|[.,;:!?()\n\"“”—]")
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "cacti": "cactus",
    "wolves": "wolf",
    "geese": "goose",
    "oxen": "ox",
    "mice": "mouse",
}
_NEGATIONS = frozenset({"no", "without", "not", "never", "avoid", "ohne", "sans", "sin"})
_LONGEST_PHRASE = 4
_REACH = 3
"""How many words before a subject may speak of it."""
_SHOALS = frozenset({"fish"})
"""Kinds whose plural looks like their singular: many, unless there is an article."""
_ARTICLES = frozenset({"a", "an", "one", "the", "single"})
THING = "thing"
"""The kind of what is named but has no drawing of its own."""
_MAX_THINGS = 3
_MAX_NOUNS = 3
"""The longest name of such a thing, in words."""
_SENTENCE_ENDS = frozenset(".!?")
_CLOTHED = frozenset({"wearing", "wears"})
_LIKE_ADJECTIVES = frozenset(
    {
        "bed",
        "seed",
        "shed",
        "sled",
        "weed",
        "reed",
        "table",
        "vegetable",
        "cable",
        "dish",
        "bible",
        "jellyfish",
        "starfish",
        "butterfly",
        "jelly",
        "olive",
        "hive",
        "radish",
        "steed",
        "fly",
        "family",
    }
)
_LATIN_END = 0x250
_NO_NOUN = re.compile(r".+(ful|ous|ive|able|ible|less|ish|ly)|.{3,}ed")
_MANY_FACED = frozenset({"person", "cat", "dog", THING})
"""Kinds that stand for many things: two words of one of them are two subjects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing the text speaks of."""

    kind: str
    """The drawable kind, e.g. ``lighthouse``; ``thing`` for what a stand-in is drawn for; empty where
    the text as a whole says nothing that is known."""
    words: str
    """As the text has it, with its colour, e.g. ``red fox``."""
    count: int = 1
    """How many; 0 where the text has a plural without a number."""
    colour: str = ""
    """The colour word in front of it, if any."""
    noun: str = ""
    """Its name alone, in the singular where the vocabulary knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in a text; empty where the text says nothing."""

    text: str
    subjects: tuple[Subject, ...]
    """In the order of the text, no thing twice, at most `MAX_SUBJECTS`."""
    places: tuple[str, ...]
    light: str
    weathers: tuple[str, ...]
    season: str
    mood: str
    style: str
    composition: str
    colours: tuple[str, ...]
    """Names of colours that belong to no subject."""

    @property
    def is_known(self) -> bool:
        """Whether anything that can be drawn was found."""
        return bool(self.places or self.weathers) or any(one.kind for one in self.subjects)


@dataclass(slots=True)
class _Found:
    """What the reader has come across so far."""

    subjects: list[Subject] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    things: list[Subject] = field(default_factory=list)
    """What has a name but no drawing, as it stands among the subjects."""

    def first(self, category: str) -> str:
        return next(iter(self.notes.get(category, [])), "")

    def all(self, category: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.notes.get(category, [])))


def read_words(text: str) -> Reading:
    """Find subjects, place, light, weather, mood, style and colours in a text.

    Args:
        text: anything at all, in any script.

    Returns:
        What the vocabulary knows of it, and beside that the unknown nouns of its first sentence.
        Where it knows nothing, the subjects are the longest distinct words, without a kind.
    """
    found = _Found()
    plain = unicodedata.normalize("NFKC", text).casefold()
    tokens = _TOKEN.findall(plain)
    _read_tokens(tokens, found)
    _read_signs(plain, found)
    is_known = len(found.subjects) > len(found.things) or found.all("place") or found.all("weather")
    subjects = _distinct(found.subjects) if is_known else ()
    if not subjects and not found.all("place"):
        subjects = tuple(Subject(kind="", words=word) for word in pick_nouns(text))
    return Reading(
        text=text,
        subjects=subjects,
        places=found.all("place"),
        light=found.first("light"),
        weathers=found.all("weather"),
        season=found.first("season"),
        mood=found.first("mood"),
        style=found.first("style"),
        composition=found.first("composition"),
        colours=found.all("colour"),
    )


def pick_nouns(text: str, *, at_most: int = 4) -> tuple[str, ...]:
    """Pick the words that carry a text the vocabulary does not know.

    Args:
        text: anything at all.
        at_most: how many words.

    Returns:
        The longest distinct words in the order of the text; at least one, even for signs alone.
    """
    words = [word for word in re.findall(r"[^\W_]+", text) if word.casefold() not in STOP_WORDS]
    words = [word for word in words if not word.isdecimal()] or words
    words = [word for word in words if not _is_activity(word.casefold())] or words
    distinct = list({word.casefold(): word for word in reversed(words)}.values())
    longest = sorted(distinct, key=lambda word: (-len(word), word))[:at_most]
    in_order = sorted(longest, key=text.find)
    picked = tuple(word[:40] for word in in_order)
    return picked or (" ".join(text.split())[:40] or "an open idea",)


def hash_text(text: str) -> int:
    """Return a number that is the same for the same text on every machine.

    Args:
        text: anything; lone surrogates are allowed.

    Returns:
        0 to 2^64 - 1.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def _index(tables: Mapping[str, Mapping[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Turn name → ``alias, alias`` tables into alias → (category, name) entries."""
    index: dict[str, list[tuple[str, str]]] = {}
    for category, table in tables.items():
        for name, aliases in table.items():
            for alias in aliases.split(","):
                entries = index.setdefault(" ".join(alias.split()), [])
                if (category, name) not in entries:
                    entries.append((category, name))
    return index


_PHRASES = _index(
    {
        "subject": SUBJECTS,
        "place": PLACES,
        "light": LIGHTS,
        "weather": WEATHERS,
        "season": SEASONS,
        "mood": MOODS,
        "style": STYLES,
        "composition": COMPOSITIONS,
        "colour": {name: f"{name}, {COLOUR_PHRASES.get(name, name)}" for name in COLOURS},
    }
)


def _singulars(word: str) -> Iterator[str]:
    """Yield what the singular of a word may be, the likeliest first."""
    yield word
    if word in _IRREGULAR:
        yield _IRREGULAR[word]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("es"):
        yield word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]


def _look_up(tokens: list[str], start: int) -> tuple[int, list[tuple[str, str]], str]:
    """Return the length, the meanings and the singular of the longest phrase at a place."""
    for length in range(min(_LONGEST_PHRASE, len(tokens) - start), 0, -1):
        head = tokens[start : start + length - 1]
        last = tokens[start + length - 1]
        for singular in _singulars(last):
            phrase = " ".join([*head, singular])
            if phrase in _PHRASES:
                return length, _PHRASES[phrase], phrase
    return 1, [], tokens[start]


def _read_tokens(tokens: list[str], found: _Found) -> None:
    """Walk over the words, longest phrase first, and note what they mean."""
    place = thing_end = 0
    subject_end = -1
    first_end = _end_of_sentence(tokens)
    while place < len(tokens):
        length, meanings, singular = _look_up(tokens, place)
        after = place + length
        words = " ".join(tokens[place:after])
        is_role = place == subject_end and words in ROLES
        if _NEGATIONS.isdisjoint(tokens[max(0, place - 2) : place]):
            for category, name in meanings:
                if category != "subject":
                    found.notes.setdefault(category, []).append(name)
                elif not is_role:
                    plural = singular != words
                    one = _describe(found, tokens, place, name, words, plural)
                    found.subjects.append(replace(one, noun=singular))
                    subject_end = after
        if not meanings and thing_end <= place < first_end and place != subject_end:
            thing_end = _read_thing(tokens[:first_end], place, found)
        if words in _CLOTHED:
            _dress(tokens, after, found)
        place = after


def _end_of_sentence(tokens: list[str]) -> int:
    """Return where the first sentence that has words in it ends."""
    spoken = False
    for index, token in enumerate(tokens):
        spoken = spoken or token.isalnum()
        if spoken and token in _SENTENCE_ENDS:
            return index
    return len(tokens)


def _read_thing(tokens: list[str], start: int, found: _Found) -> int:
    """Note the unknown noun that begins at a place, if one does; return where to look on."""
    end = start
    while end < len(tokens) and end - start < _MAX_NOUNS and _is_noun(tokens, end):
        end += 1
    if end == start:
        return start
    meanings = _look_up(tokens, end)[1] if end < len(tokens) else []
    belongs = any(category in {"subject", "place"} for category, _ in meanings)
    before = tokens[max(0, start - _REACH) : start]
    hidden = before[-1:] in (["to"], ["wearing"]) or not _NEGATIONS.isdisjoint(before[-2:])
    hidden = hidden or before[-2:-1] == ["wearing"]
    if belongs or hidden or len(found.things) == _MAX_THINGS:
        return end
    nouns = tokens[start:end]
    if len(nouns) > 1 and _is_plural(nouns[-1]) and not {"a", "an"}.isdisjoint(before):
        nouns.pop()  # "a typewriter hums": after the article of one thing it is a verb
    words = " ".join(nouns)
    many = _is_plural(nouns[-1]) or (_is_activity("".join(before[-1:])))
    one = replace(_describe(found, tokens, start, THING, words, many), noun=words)
    found.subjects.append(one)
    found.things.append(one)
    return end


def _is_noun(tokens: list[str], place: int) -> bool:
    """Tell whether an unknown word may name a thing."""
    word = tokens[place]
    return (
        len(word) > 2
        and word.isalpha()
        and all(ord(sign) < _LATIN_END for sign in word)
        and word not in STOP_WORDS
        and word not in NO_NOUNS
        and word not in NUMBERS
        and word not in _NEGATIONS
        and not _is_activity(word)
        and not (_NO_NOUN.fullmatch(word) and word not in _LIKE_ADJECTIVES)
        and not _look_up(tokens, place)[1]
    )


def _is_activity(word: str) -> bool:
    """Tell whether a word says what somebody does, e.g. ``playing``."""
    return len(word) > 4 and word.endswith("ing") and word not in GERUND_NOUNS


def _is_plural(word: str) -> bool:
    """Guess whether an unknown noun speaks of many."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _dress(tokens: list[str], place: int, found: _Found) -> None:
    """Give the colour of the clothes to whoever wears them."""
    worn = [name for token in tokens[place : place + 2] for name in (token,) if name in COLOURS]
    if worn and found.subjects and not found.subjects[-1].colour:
        found.subjects[-1] = replace(found.subjects[-1], colour=worn[0])


def _describe(
    found: _Found, tokens: list[str], place: int, kind: str, words: str, plural: bool
) -> Subject:
    """Return a subject with the colour and the number that stand before it."""
    before = _read_clause(tokens[max(0, place - _REACH) : place])
    colours = [
        name for word in before for category, name in _PHRASES.get(word, []) if category == "colour"
    ]
    numbers = [NUMBERS[word] for word in before if word in NUMBERS]
    many = plural or (kind in _SHOALS and _ARTICLES.isdisjoint(before))
    colour = colours[-1] if colours and colours[-1] in found.notes.get("colour", []) else ""
    if colour:
        found.notes["colour"].remove(colour)
    return Subject(
        kind=kind,
        words=f"{colour} {words}" if colour and colour not in words else words,
        count=numbers[-1] if numbers else (0 if many else GROUPS.get(words, 1)),
        colour=colour,
    )


def _read_clause(before: list[str]) -> list[str]:
    """Return the last words that belong to what follows: no stop and no other thing between."""
    clause: list[str] = []
    for word in reversed(before):
        kinds = {category for category, _ in _look_up([word], 0)[1]}
        if not word.isalnum() or word == "and" or "subject" in kinds:
            break
        clause.insert(0, word)
    return clause


def _read_signs(plain: str, found: _Found) -> None:
    """Note the signs of scripts without spaces, and emoji, in the order they stand."""
    hits = sorted((plain.find(sign), -len(sign), sign) for sign in SIGNS if sign in plain)
    for _, _, sign in hits:
        category, name = SIGNS[sign].split(":")
        if category == "subject":
            found.subjects.append(Subject(kind=name, words=name, noun=name))
        else:
            found.notes.setdefault(category, []).append(name)


def _distinct(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Keep the first of each; a later mention may still lend its colour or number."""
    kept: dict[tuple[str, str], Subject] = {}
    for one in subjects:
        key = (one.kind, one.noun if one.kind in _MANY_FACED else "")
        first = kept.get(key)
        if first is None:
            kept[key] = one
        elif one.colour and not first.colour:
            kept[key] = replace(one, count=first.count)
    return tuple(kept.values())[:MAX_SUBJECTS]
