"""What the offline provider understands of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.providers.offline.colour import choose_palette, lightness, mix
from promptflow.providers.offline.setting import choose_setting
from promptflow.providers.offline.words import pick_nouns, read_words


def _kinds(text: str) -> list[str]:
    return [one.kind for one in read_words(text).subjects]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a lighthouse and two sailing ships", ["lighthouse", "sailboat"]),
        ("Foxes, wolves and geese", ["fox", "dog", "bird"]),
        ("catalogue of carpets", [""]),
        ("a robot gardener", ["robot"]),
        ("a gardener and a robot", ["person", "robot"]),
        ("no people, only a house without cats", ["house"]),
        ("Ein Leuchtturm und eine Katze", ["lighthouse", "cat"]),
        ("🚀 to the 🌙", ["rocket", "moon"]),
        ("一只猫在月光下", ["cat", "moon"]),
    ],
)
def test_subjects_are_found_as_whole_words(text: str, kinds: list[str]) -> None:
    """Plurals, other languages and signs are known; parts of words and negations are not."""
    assert [kind for kind in _kinds(text) if kind] == [kind for kind in kinds if kind]


@pytest.mark.parametrize(
    ("text", "count"),
    [("a balloon", 1), ("balloons", 0), ("three hot-air balloons", 3), ("koi", 0), ("a koi", 1)],
)
def test_numbers_belong_to_their_subject(text: str, count: int) -> None:
    """A number is read, a plural without one is many, a singular is one."""
    assert read_words(text).subjects[0].count == count


def test_colour_belongs_to_the_subject_behind_it() -> None:
    """A colour before a thing tints the thing, any other tints the picture."""
    reading = read_words("a blue teapot and a red cup, in teal and orange")

    assert [one.colour for one in reading.subjects] == ["blue", "red"]
    assert reading.colours == ("teal", "orange")


def test_light_weather_season_mood_and_framing_are_found() -> None:
    """Each kind of word lands in its own field."""
    reading = read_words("a cosy cabin at dusk in winter fog, watercolour, close-up")

    assert reading.light == "dusk"
    assert reading.weathers == ("fog",)
    assert reading.season == "winter"
    assert reading.mood == "cosy"
    assert reading.style == "watercolour"
    assert reading.composition == "close-up"


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        (
            "the quantum entanglement of lonely photons",
            ("quantum", "entanglement", "lonely", "photons"),
        ),
        ("E = mc^2 $40", ("mc",)),
        ("?!", ("?!",)),
        ("", ("an open idea",)),
    ],
)
def test_unknown_texts_give_their_longest_words(text: str, nouns: tuple[str, ...]) -> None:
    """What can't be drawn is still named, in the order of the text."""
    assert set(nouns) <= set(pick_nouns(text))


@given(st.text(max_size=500))
def test_any_text_can_be_read_and_settled(text: str) -> None:
    """Reading never fails, and every open choice is made."""
    reading = read_words(text)

    setting = choose_setting(reading)

    assert reading.subjects or reading.places
    assert setting.ground
    assert setting.light
    assert choose_palette(reading, setting).sky


@pytest.mark.parametrize(
    ("text", "ground", "backdrop"),
    [
        ("a lighthouse", "sea", ""),
        ("a deer in the forest", "meadow", "forest"),
        ("a boat on a lake in the mountains", "lake", "mountain"),
        ("a teapot", "table", ""),
        ("a bear having tea in the meadow", "meadow", "hills"),
        ("tokyo at night", "city", "city"),
        ("gobbledygook", "abstract", ""),
    ],
)
def test_setting_follows_from_place_or_subject(text: str, ground: str, backdrop: str) -> None:
    """The place is taken from the text or from what usually stands there."""
    setting = choose_setting(read_words(text))

    assert (setting.ground, setting.backdrop) == (ground, backdrop)


def test_colours_are_mixed_as_the_eye_does() -> None:
    """Halfway between black and white looks half as light, and the ends stay what they are."""
    black, white = (0, 0, 0), (255, 255, 255)

    assert mix(black, white, 0.0) == black
    assert mix(black, white, 1.0) == white
    assert lightness(mix(black, white, 0.5)) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("A tiger in a library", ["tiger"]),
        ("Logo for a bakery", ["logo"]),
        ("My grandmother's kitchen", ["grandmother"]),
        ("A samurai under cherry blossoms", ["samurai", "cherry blossom"]),
        ("A happy family at the beach", ["family"]),
        ("An old typewriter on a desk", ["typewriter"]),
        ("A quantum computer in a forest", ["quantum computer"]),
        ("A knight and a princess in a garden", ["knight", "princess"]),
        ("A street musician and his accordion in Paris", ["musician", "accordion"]),
        ("A wooden boat on a quiet lake. Painted with visible brushwork.", ["boat"]),
        ("A cat without a hat in a garden", ["cat"]),
        ("A lighthouse on a cliff, warm light in the window", ["lighthouse"]),
    ],
)
def test_unknown_nouns_are_subjects_beside_a_known_place(text: str, nouns: list[str]) -> None:
    """A place does not swallow who is in it; adjectives and later sentences name nobody."""
    assert [one.noun for one in read_words(text).subjects] == nouns


@pytest.mark.parametrize(
    "text", ["a samurai wearing a mask", "children playing football", "someone playing chess"]
)
def test_activities_are_no_subjects(text: str) -> None:
    """A word that ends in -ing and names no thing is never a subject."""
    words = " ".join(one.words for one in read_words(text).subjects)

    assert "ing" not in words


def test_clothes_tint_whoever_wears_them() -> None:
    """Red armour makes a red knight, not a second subject."""
    (knight,) = read_words("a knight wearing red armour").subjects

    assert (knight.noun, knight.colour) == ("knight", "red")
