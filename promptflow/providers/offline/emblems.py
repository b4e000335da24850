"""Stand-ins of the offline painters for named things that have no drawing of their own. Floor 4.

They do not pretend to be the thing: a framed sign, a cabinet, a ball or a form on a plinth, whose marks
and colours follow from the word, so that another word is another picture.
"""

import math
import random
from collections.abc import Callable

from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.pen import Pen, Point
from promptflow.providers.offline.vocabulary import COLOURS, RGB, STAND_INS
from promptflow.providers.offline.words import hash_text

_INK: RGB = (44, 40, 52)
_CREAM: RGB = (248, 240, 222)
_STONE: RGB = (190, 184, 176)
_TONES = (
    "vermilion", "teal", "ochre", "plum", "cobalt", "emerald", "coral", "violet", "amber", "crimson",
    "turquoise", "olive",
)  # fmt: skip
_FORMS = {noun.strip(): form for form, nouns in STAND_INS.items() for noun in nouns.split(",")}


def draw_emblem(pen: Pen, *, word: str) -> None:
    """Draw the stand-in for a word, always the same one.

    Args:
        pen: stands where the thing stands.
        word: its name.
    """
    rng = random.Random(hash_text(word))  # noqa: S311 - draws a picture, guards nothing
    first, second = rng.sample(_TONES, 2)
    body, mark = pen.own(COLOURS[first]), COLOURS[second]
    _DRAWINGS[choose_form(word)](pen, rng, body, mark)


def choose_form(word: str) -> str:
    """Choose the form of a stand-in.

    Args:
        word: the name of the thing.

    Returns:
        ``sign``, ``machine``, ``ball`` or ``plinth``.
    """
    forms = tuple(_DRAWINGS)
    return _FORMS.get(_bare(word)) or forms[hash_text(word) // 7 % len(forms)]


def _bare(word: str) -> str:
    """Return the last word of a name, without the ending of a plural."""
    last = word.rpartition(" ")[2]
    return last if last in _FORMS else last.removesuffix("s")


def _draw_sign(pen: Pen, rng: random.Random, body: RGB, mark: RGB) -> None:
    """Draw a framed board on two posts."""
    for x in (-0.26, 0.26):
        pen.box(x - 0.025, 0.0, x + 0.025, 0.36, _INK, -0.1)
    pen.box(-0.42, 0.28, 0.42, 0.98, _INK, 0.0)
    pen.box(-0.38, 0.32, 0.38, 0.94, _CREAM, 0.1)
    _draw_mark(pen, rng, (0.0, 0.63), 0.24, (body, mark))


def _draw_machine(pen: Pen, rng: random.Random, body: RGB, mark: RGB) -> None:
    """Draw a cabinet with a panel and rows of knobs."""
    pen.solid(
        [(-0.4, 0.0), (-0.43, 0.4), (-0.36, 0.82), (0.36, 0.82), (0.43, 0.4), (0.4, 0.0)],
        body,
        depth=0.3,
    )
    pen.box(-0.27, 0.42, 0.27, 0.74, _INK, -0.1)
    _draw_mark(pen, rng, (0.0, 0.58), 0.12, (mark, _CREAM))
    columns = rng.randint(4, 7)
    for row in range(2):
        for column in range(columns):
            x = -0.27 + 0.54 * (column + 0.5) / columns
            tone = rng.choice((mark, _CREAM, _CREAM))
            pen.oval((x, 0.14 + row * 0.13), 0.032, 0.036, tone, 0.1)
    for index in range(rng.randint(1, 3)):
        x = -0.2 + 0.2 * index
        pen.line([(x, 0.8), (x, 0.94)], 0.02, _INK)
        pen.ball((x, 0.96), 0.036, 0.036, mark)


def _draw_ball(pen: Pen, rng: random.Random, body: RGB, mark: RGB) -> None:
    """Draw a ball with a pattern."""
    pen.ball((0.0, 0.38), 0.38, 0.38, mix(body, _CREAM, 0.35), depth=0.3)
    count, start = rng.randint(4, 6), rng.uniform(0, math.tau)
    pen.oval((0.0, 0.38), 0.1, 0.1, mark, -0.1)
    for index in range(count):
        angle = start + math.tau * index / count
        x, y = math.cos(angle), math.sin(angle)
        pen.line([(x * 0.1, 0.38 + y * 0.1), (x * 0.26, 0.38 + y * 0.26)], 0.016, _INK)
        pen.oval((x * 0.28, 0.38 + y * 0.28), 0.07, 0.07, mark, -0.1)


def _draw_plinth(pen: Pen, rng: random.Random, body: RGB, mark: RGB) -> None:
    """Draw a form on a plinth."""
    pen.box(-0.28, 0.0, 0.28, 0.07, _STONE, -0.3)
    pen.box(-0.22, 0.07, 0.22, 0.36, _STONE, 0.0)
    pen.box(-0.26, 0.36, 0.26, 0.42, _STONE, 0.15)
    lobes, start = rng.randint(3, 7), rng.uniform(0, math.tau)
    inner = rng.uniform(0.45, 0.85)
    outline: list[Point] = []
    for step in range(lobes * 2):
        angle = start + math.pi * step / lobes
        reach = 0.29 * (1.0 if step % 2 else inner)
        outline.append((math.cos(angle) * reach, 0.71 + math.sin(angle) * reach))
    pen.solid(outline, body, depth=0.34)
    pen.oval((0.0, 0.71), 0.08, 0.08, mark, 0.1)


def _draw_mark(
    pen: Pen, rng: random.Random, at: Point, size: float, colours: tuple[RGB, RGB]
) -> None:
    """Draw a mark like a crest: a polygon, rings or bars with a core."""
    x, y = at
    shape = rng.randrange(3)
    if shape == 0:
        corners, start = rng.randint(3, 8), rng.uniform(0, math.tau)
        turns = [start + math.tau * step / corners for step in range(corners)]
        pen.poly([(x + math.cos(t) * size, y + math.sin(t) * size) for t in turns], colours[0])
    elif shape == 1:
        for ring in range(3):
            reach = size * (1 - ring * 0.3)
            pen.oval(at, reach, reach, colours[ring % 2], 0.05)
    else:
        count = rng.randint(3, 5)
        for index in range(count):
            left = x - size + 2 * size * index / count
            top = y - size + 2 * size * rng.uniform(0.4, 1.0)
            pen.box(left, y - size, left + size * 1.4 / count, top, colours[index % 2])
    pen.oval(at, size * 0.26, size * 0.26, colours[1], 0.15)


_DRAWINGS: dict[str, Callable[[Pen, random.Random, RGB, RGB], None]] = {
    "sign": _draw_sign,
    "machine": _draw_machine,
    "ball": _draw_ball,
    "plinth": _draw_plinth,
}
