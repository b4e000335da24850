"""Every kind of subject the offline painters can draw. Floor 4."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from promptflow.providers.offline import buildings, creatures, people, plants, things, vehicles
from promptflow.providers.offline.emblems import choose_form, draw_emblem
from promptflow.providers.offline.pen import Pen
from promptflow.providers.offline.words import THING, Subject

Zone = Literal["ground", "water", "sky", "prop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of subject is drawn."""

    draw: Callable[[Pen], None]
    zone: Zone
    height: float
    """As a part of the canvas's unit, for the focus."""
    many: int = 3
    """How many a plural without a number means."""
    wide: float = 0.8
    """Its width, in its own height."""


KINDS: dict[str, Kind] = {
    "lighthouse": Kind(draw=buildings.draw_lighthouse, zone="ground", height=0.6, wide=0.4),
    "house": Kind(draw=buildings.draw_house, zone="ground", height=0.34, wide=1.1),
    "village": Kind(draw=buildings.draw_village, zone="ground", height=0.32, many=1, wide=2.2),
    "castle": Kind(draw=buildings.draw_castle, zone="ground", height=0.46, many=1, wide=1.1),
    "temple": Kind(draw=buildings.draw_temple, zone="ground", height=0.5, wide=0.9),
    "bridge": Kind(draw=buildings.draw_bridge, zone="water", height=0.3, many=1, wide=2.6),
    "windmill": Kind(draw=buildings.draw_windmill, zone="ground", height=0.52),
    "tree": Kind(draw=plants.draw_tree, zone="ground", height=0.56, many=5),
    "blossom": Kind(draw=plants.draw_blossom, zone="ground", height=0.56, many=4),
    "pine": Kind(draw=plants.draw_pine, zone="ground", height=0.55, many=6, wide=0.5),
    "palm": Kind(draw=plants.draw_palm, zone="ground", height=0.58, many=4),
    "cactus": Kind(draw=plants.draw_cactus, zone="ground", height=0.42, many=5, wide=0.6),
    "flower": Kind(draw=plants.draw_flower, zone="ground", height=0.3, many=11, wide=0.6),
    "sunflower": Kind(draw=plants.draw_sunflower, zone="ground", height=0.36, many=15, wide=0.5),
    "mushroom": Kind(draw=plants.draw_mushroom, zone="ground", height=0.34, many=5, wide=1.0),
    "cat": Kind(draw=creatures.draw_cat, zone="ground", height=0.42),
    "dog": Kind(draw=creatures.draw_dog, zone="ground", height=0.42),
    "fox": Kind(draw=creatures.draw_fox, zone="ground", height=0.42, wide=1.3),
    "rabbit": Kind(draw=creatures.draw_rabbit, zone="ground", height=0.36),
    "bear": Kind(draw=creatures.draw_bear, zone="ground", height=0.46),
    "deer": Kind(draw=creatures.draw_deer, zone="ground", height=0.5),
    "horse": Kind(draw=creatures.draw_horse, zone="ground", height=0.46, wide=1.0),
    "elephant": Kind(draw=creatures.draw_elephant, zone="ground", height=0.46, wide=1.2),
    "owl": Kind(draw=creatures.draw_owl, zone="ground", height=0.36, wide=0.7),
    "robot": Kind(draw=people.draw_robot, zone="ground", height=0.5),
    "astronaut": Kind(draw=people.draw_astronaut, zone="ground", height=0.5, wide=0.7),
    "person": Kind(draw=people.draw_person, zone="ground", height=0.42, wide=0.5),
    "dragon": Kind(draw=people.draw_dragon, zone="ground", height=0.5, wide=1.3),
    "sailboat": Kind(draw=vehicles.draw_sailboat, zone="water", height=0.46, wide=0.95),
    "boat": Kind(draw=vehicles.draw_boat, zone="water", height=0.24, wide=2.2),
    "ship": Kind(draw=vehicles.draw_ship, zone="water", height=0.32, many=2, wide=2.0),
    "whale": Kind(draw=creatures.draw_whale, zone="water", height=0.3, many=2, wide=2.2),
    "fish": Kind(draw=creatures.draw_fish, zone="sky", height=0.32, many=7, wide=1.5),
    "bird": Kind(draw=creatures.draw_bird, zone="sky", height=0.16, many=7, wide=1.8),
    "butterfly": Kind(draw=people.draw_butterfly, zone="sky", height=0.18, many=6, wide=1.1),
    "balloon": Kind(draw=vehicles.draw_balloon, zone="sky", height=0.5, many=5, wide=0.7),
    "rocket": Kind(draw=vehicles.draw_rocket, zone="sky", height=0.56, many=2, wide=0.5),
    "planet": Kind(draw=things.draw_planet, zone="sky", height=0.42, many=3, wide=1.5),
    "airplane": Kind(draw=vehicles.draw_airplane, zone="sky", height=0.22, wide=1.8),
    "kite": Kind(draw=things.draw_kite, zone="sky", height=0.26, many=4),
    "car": Kind(draw=vehicles.draw_car, zone="ground", height=0.24, wide=2.0),
    "train": Kind(draw=vehicles.draw_train, zone="ground", height=0.22, many=1, wide=3.4),
    "bicycle": Kind(draw=vehicles.draw_bicycle, zone="ground", height=0.38, many=2, wide=1.7),
    "teapot": Kind(draw=things.draw_teapot, zone="ground", height=0.38, many=2, wide=1.45),
    "clock": Kind(draw=things.draw_clock, zone="ground", height=0.36),
    "fruit": Kind(draw=things.draw_fruit, zone="ground", height=0.24, many=1, wide=1.6),
    "crystal": Kind(draw=things.draw_crystal, zone="ground", height=0.36),
    "cup": Kind(draw=things.draw_cup, zone="prop", height=0.24, many=2, wide=1.2),
    "book": Kind(draw=things.draw_book, zone="prop", height=0.15, many=2, wide=1.9),
    "umbrella": Kind(draw=things.draw_umbrella, zone="prop", height=0.4, many=4, wide=1.2),
    "lantern": Kind(draw=things.draw_lantern, zone="prop", height=0.56, many=3, wide=0.4),
}


def find_kind(subject: Subject) -> Kind | None:
    """Find how a subject is drawn.

    Args:
        subject: anything the reader found.

    Returns:
        Its kind, a stand-in for a thing without a drawing, or ``None`` where nothing is to be drawn.
    """
    if subject.kind == THING:
        draw = partial(draw_emblem, word=subject.noun)
        if choose_form(subject.noun) == "ball":
            return Kind(draw=draw, zone="prop", height=0.2, wide=1.0, many=2)
        return Kind(draw=draw, zone="ground", height=0.4, wide=0.8, many=2)
    return KINDS.get(subject.kind)
