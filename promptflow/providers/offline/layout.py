"""Places subjects on the canvas and draws them. Floor 4.

The first subject is the focus: the largest, on a third. The others follow by rank, farther back or, if
they are things that belong to somebody, close to the focus.
"""

from dataclasses import dataclass, replace

from promptflow.providers.offline import buildings, creatures, people, plants, things
from promptflow.providers.offline.canvas import Canvas
from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.kinds import Kind, find_kind
from promptflow.providers.offline.land import draw_crag, get_foliage
from promptflow.providers.offline.pen import Pen
from promptflow.providers.offline.vocabulary import COLOURS, HEADGEAR, RGB, USUAL_COLOURS
from promptflow.providers.offline.words import Subject

_SCALES = {
    "close-up": 1.42,
    "wide view": 0.66,
    "bird's-eye view": 0.74,
    "low angle": 1.12,
    "centred": 1.08,
}
_AFLOAT = frozenset({"sea", "beach", "lake", "river"})
_ON_CRAG = frozenset({"lighthouse", "castle", "windmill", "temple"})
_RANKS = (1.0, 0.74, 0.62, 0.54, 0.48, 0.44)
_TALLEST = 1.06
"""How far drawings reach up, in their own height: flags, ears and antlers included."""
_MARKED = {
    "tiger": creatures.draw_tiger,
    "lion": creatures.draw_lion,
    "zebra": creatures.draw_zebra,
    "unicorn": creatures.draw_unicorn,
}
_HEADGEAR = {noun.strip(): worn for worn, nouns in HEADGEAR.items() for noun in nouns.split(",")}
_SLOTS = (0.0, 0.44, -0.22, 0.3, 0.58, -0.34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One drawing with its place, in pixels."""

    subject: Subject
    kind: Kind
    x: float
    y: float
    size: float
    flip: float
    haze: float = 0.0
    on_rock: bool = False


def draw_subjects(canvas: Canvas) -> None:
    """Draw all subjects, the far ones first.

    Args:
        canvas: with its setting drawn.
    """
    for figure in sorted(_place_all(canvas), key=lambda one: (one.kind.zone != "sky", one.y)):
        _draw_figure(canvas, figure)


def _place_all(canvas: Canvas) -> list[Figure]:
    """Give each subject its place by rank."""
    figures: list[Figure] = []
    known = [(one, kind) for one in canvas.reading.subjects if (kind := find_kind(one))]
    for rank, (subject, kind) in enumerate(known):
        count = subject.count or kind.many
        if kind.zone == "sky":
            figures += _place_flying(canvas, subject, kind, rank, count)
        elif kind.zone == "prop" and rank > 0:
            figures.append(_place_prop(canvas, subject, kind, rank, known[0]))
        else:
            figures += _place_standing(canvas, subject, kind, rank, count)
    return figures


def _scale(canvas: Canvas, rank: int) -> float:
    """Return the factor a rank and the framing put on sizes."""
    framing = _SCALES.get(canvas.setting.composition, 1.0)
    return _RANKS[min(rank, len(_RANKS) - 1)] * framing * (1.12 if canvas.flat else 1.0)


def _foot(canvas: Canvas, kind: Kind, rank: int) -> float:
    """Return the height at which a subject stands: the focus nearest, the others behind it."""
    depth = canvas.height - canvas.horizon
    ground = canvas.setting.ground
    if kind.zone == "water" and ground in _AFLOAT:
        return canvas.horizon + depth * (0.46 if rank == 0 else 0.2 / rank)
    if ground == "table":
        return canvas.horizon + depth * (0.62 if rank == 0 else 0.42)
    if ground in {"sea", "river"}:
        return canvas.horizon + depth * (0.56 if rank == 0 else 0.4)
    if ground in {"beach", "lake"}:
        return canvas.horizon + depth * (0.8 if rank == 0 else 0.76)
    return canvas.horizon + depth * (0.64 if rank == 0 else max(0.16, 0.5 - 0.12 * rank))


def _place_standing(
    canvas: Canvas, subject: Subject, kind: Kind, rank: int, count: int
) -> list[Figure]:
    """Place one or more subjects on the ground or the water, smaller with distance."""
    rng = canvas.rng
    size = canvas.unit * kind.height * _scale(canvas, rank)
    size = min(size, canvas.width * 0.84 / kind.wide)
    side = 1.0 if canvas.focus_x < canvas.width / 2 else -1.0
    x = canvas.focus_x + side * canvas.width * _SLOTS[min(rank, len(_SLOTS) - 1)]
    foot = _foot(canvas, kind, rank)
    flip = 1.0 if x < canvas.width / 2 else -1.0
    size = min(size, (foot - canvas.height * 0.1) / _TALLEST)
    on_rock = canvas.setting.ground == "sea" and kind.zone == "ground"
    if (
        rank == 0
        and subject.kind in _ON_CRAG
        and {"mountain", "hills"} & set(canvas.reading.places)
    ):
        on_rock = True
        foot = (foot + canvas.horizon) / 2
    x = _keep_inside(canvas, x, size * kind.wide)
    if count == 1:
        return [
            Figure(subject=subject, kind=kind, x=x, y=foot, size=size, flip=flip, on_rock=on_rock)
        ]
    if count > 6 or (subject.count == 0 and kind.many > 6):
        return _place_field(canvas, subject, kind)
    figures = []
    for index in range(count):
        part = (index + 0.5) / count
        deep = rng.uniform(0.0, 0.5)
        px = canvas.width * (0.1 + 0.8 * part) + rng.uniform(-0.04, 0.04) * canvas.width
        py = foot - (foot - canvas.horizon) * deep * 0.8
        small = size * (1 - deep * 0.6) * (0.8 if count > 3 else 0.94)
        figures.append(
            Figure(
                subject=subject,
                kind=kind,
                x=px,
                y=py,
                size=small,
                flip=rng.choice((1.0, -1.0)),
                haze=deep * 0.3,
                on_rock=on_rock,
            )
        )
    return figures


def _keep_inside(canvas: Canvas, x: float, wide: float) -> float:
    """Move a place so that a drawing of this width is not cut off."""
    margin = min(canvas.width, canvas.height) * 0.08 + wide / 2
    if margin * 2 > canvas.width:
        return canvas.width / 2
    return min(canvas.width - margin, max(margin, x))


def _place_field(canvas: Canvas, subject: Subject, kind: Kind) -> list[Figure]:
    """Fill the ground with rows: small ones far away, large ones along the lower edge."""
    rng = canvas.rng
    figures = []
    rows = 4
    for row in range(rows):
        part = row / (rows - 1)
        y = canvas.horizon + (canvas.height - canvas.horizon) * (0.12 + 0.98 * part**1.2)
        small = canvas.unit * kind.height * (0.34 + 0.62 * part) * _scale(canvas, 0)
        across = max(3, round(canvas.width / (small * kind.wide * 1.25)))
        for index in range(across):
            x = canvas.width * (index + 0.5 + rng.uniform(-0.3, 0.3)) / across
            hides_focus = abs(x - canvas.focus_x) < canvas.unit * 0.16
            if row == rows - 1 and hides_focus:
                continue
            figures.append(
                Figure(
                    subject=subject,
                    kind=kind,
                    x=x,
                    y=y + rng.uniform(-0.02, 0.02) * canvas.unit,
                    size=small * rng.uniform(0.85, 1.1),
                    flip=rng.choice((1.0, -1.0)),
                    haze=0.42 * (1 - part),
                )
            )
    return figures


def _place_flying(
    canvas: Canvas, subject: Subject, kind: Kind, rank: int, count: int
) -> list[Figure]:
    """Place what flies or swims: the first large, the others smaller and paler."""
    rng = canvas.rng
    figures: list[Figure] = []
    is_open = canvas.setting.ground in {"space", "underwater"}
    room = canvas.height * 0.8 if is_open else max(canvas.horizon, canvas.height * 0.42)
    lead = rank == 0
    for index in range(count):
        shrink = 1.0 if index == 0 else rng.uniform(0.3, 0.62)
        size = canvas.unit * kind.height * _scale(canvas, rank) * shrink
        size = min(size, room * 0.92, canvas.width * 0.84 / kind.wide)
        if index == 0 and lead:
            x, y = canvas.focus_x, room * 0.53 + size * 0.5
        else:
            x, y = _find_gap(canvas, figures, size, room)
        flip = 1.0 if x < canvas.width / 2 else -1.0
        figures.append(
            Figure(
                subject=subject, kind=kind, x=x, y=y, size=size, flip=flip, haze=0.5 * (1 - shrink)
            )
        )
    return figures


def _find_gap(
    canvas: Canvas, figures: list[Figure], size: float, room: float
) -> tuple[float, float]:
    """Find a place in the air that is far from what already hangs there."""
    rng = canvas.rng
    taken = [(one.x, one.y - one.size / 2) for one in figures]
    taken.append((canvas.focus_x, canvas.height) if not figures else taken[0])
    top = canvas.height * 0.08 + size
    best, gap = (canvas.width / 2, top), -1.0
    for _ in range(14):
        x = canvas.width * rng.uniform(0.12, 0.88)
        y = rng.uniform(top, max(top, room * 0.92))
        near = min((x - ox) ** 2 + (y - size / 2 - oy) ** 2 for ox, oy in taken)
        if near > gap:
            best, gap = (x, y), near
    return best


def _place_prop(
    canvas: Canvas, subject: Subject, kind: Kind, rank: int, first: tuple[Subject, Kind]
) -> Figure:
    """Place a thing close to the focus: low ones before it, tall ones behind it."""
    focus, lead = first
    foot = _foot(canvas, lead, 0)
    height = canvas.unit * lead.height * _scale(canvas, 0)
    toward = 1.0 if canvas.focus_x < canvas.width / 2 else -1.0
    if subject.kind == "umbrella" and focus.kind in {
        "person",
        "cat",
        "dog",
        "robot",
        "fox",
        "bear",
        "rabbit",
    }:
        return Figure(
            subject=subject,
            kind=kind,
            x=canvas.focus_x + toward * height * 0.17,
            y=foot - height * 0.4,
            size=height * 0.8,
            flip=toward,
        )
    if subject.kind == "lantern":
        scale = 0.3 if canvas.setting.ground == "table" else 0.6
        x = _keep_inside(
            canvas, canvas.focus_x + toward * height * (0.42 + 0.4 * lead.wide), height * 0.3
        )
        return Figure(
            subject=subject,
            kind=kind,
            x=x,
            y=foot - canvas.unit * 0.012,
            size=canvas.unit * scale,
            flip=-toward,
        )
    size = canvas.unit * kind.height * _scale(canvas, 0) * (0.78 if lead.zone == "ground" else 0.6)
    reach = (
        height * (0.46 + 0.34 * lead.wide)
        if canvas.setting.ground == "table"
        else height * (0.36 + 0.1 * rank)
    )
    x = canvas.focus_x + toward * reach
    x = _keep_inside(canvas, x, size * kind.wide)
    return Figure(
        subject=subject, kind=kind, x=x, y=foot + canvas.unit * 0.035, size=size, flip=1.0
    )


def _draw_figure(canvas: Canvas, figure: Figure) -> None:
    """Draw one subject with its reflection or its shadow."""
    noun = figure.subject.noun
    tint = COLOURS.get(figure.subject.colour) or USUAL_COLOURS.get(noun)
    ink = canvas.make_ink(haze=figure.haze)
    pen = replace(
        canvas.make_pen(figure.x, figure.y, figure.size, ink=ink), flip=figure.flip, tint=tint
    )
    seed = canvas.rng.random()
    if figure.on_rock and canvas.setting.ground == "sea":
        _draw_islet(canvas, figure)
    elif figure.on_rock:
        draw_crag(canvas, figure.x, figure.y, figure.size * figure.kind.wide)
    elif figure.kind.zone == "water" and canvas.setting.ground in _AFLOAT:
        _draw_reflection(canvas, figure, pen, seed)
    elif figure.kind.zone in {"ground", "prop"}:
        _draw_shadow(canvas, figure, pen, seed)
    canvas.rng.seed(seed)
    _draw_kind(canvas, figure, pen)
    if figure.kind.zone == "water" and canvas.setting.ground in _AFLOAT:
        _draw_wake(canvas, figure)


def _draw_kind(canvas: Canvas, figure: Figure, pen: Pen) -> None:
    """Draw the subject itself; trees take the colour of the season."""
    snowy = canvas.reading.season == "winter" or canvas.setting.ground == "snow"
    if figure.subject.kind == "tree":
        plants.draw_tree(pen, foliage=get_foliage(canvas), snowy=snowy)
    elif figure.subject.kind == "pine":
        plants.draw_pine(pen, snowy=snowy)
    elif figure.subject.kind == "lantern" and canvas.setting.ground == "table":
        things.draw_lamp(pen)
    elif figure.subject.noun in _MARKED:
        _MARKED[figure.subject.noun](pen)
    elif figure.subject.kind == "person":
        people.draw_person(pen, headgear=_HEADGEAR.get(figure.subject.noun, "hat"))
    else:
        figure.kind.draw(pen)


def _draw_islet(canvas: Canvas, figure: Figure) -> None:
    """Draw the rock a building in the sea stands on, with foam at its foot."""
    wide = figure.size * max(0.5, figure.kind.wide * 0.62)
    pen = canvas.make_pen(figure.x, figure.y, wide * 2)
    buildings.draw_rock(pen)
    foam = mix((252, 250, 244), canvas.palette.haze, 0.3)
    for index in range(9):
        x = figure.x + (index - 4) * wide * 0.3
        y = figure.y + wide * 0.66 + canvas.rng.uniform(-0.03, 0.03) * wide
        canvas.draw_lens(x, y, wide * canvas.rng.uniform(0.14, 0.3), wide * 0.035, foam)


def _draw_reflection(canvas: Canvas, figure: Figure, pen: Pen, seed: float) -> None:
    """Hang the subject upside down into the water, washed with its colour."""
    water = mix(canvas.palette.water, canvas.palette.shadow, 0.25)
    ink = canvas.make_ink(haze=figure.haze, wash=water, washed=0.62)
    canvas.rng.seed(seed)
    mirror = replace(pen, ink=ink, squash=-0.62, glows=[], y=figure.y + figure.size * 0.01)
    _draw_kind(canvas, figure, mirror)
    rng = canvas.rng
    for _ in range(26):
        y = figure.y + figure.size * rng.uniform(0.03, 0.6)
        x = figure.x + figure.size * rng.uniform(-0.6, 0.6) * figure.kind.wide
        tone = mix(water, canvas.palette.haze, rng.uniform(0.1, 0.4))
        canvas.draw_lens(x, y, figure.size * rng.uniform(0.06, 0.22), figure.size * 0.007, tone)


def _draw_wake(canvas: Canvas, figure: Figure) -> None:
    """Draw light strokes where a hull meets the water."""
    rng = canvas.rng
    foam = mix((252, 250, 244), canvas.palette.haze, 0.35)
    for _ in range(12):
        x = figure.x + figure.size * rng.uniform(-0.5, 0.5) * figure.kind.wide
        y = figure.y + figure.size * rng.uniform(-0.01, 0.05)
        canvas.draw_lens(x, y, figure.size * rng.uniform(0.04, 0.16), figure.size * 0.008, foam)


def _draw_shadow(canvas: Canvas, figure: Figure, pen: Pen, seed: float) -> None:
    """Lay the subject's shadow on the ground, away from the sun and long when the sun is low."""
    ground = get_shadow_colour(canvas, figure)

    def ink(_local: RGB, _tone: float) -> RGB:
        return ground

    low = canvas.setting.light in {"dawn", "golden hour", "dusk", "night", "neon"} or canvas.flat
    long = 0.42 if low else 0.24
    canvas.rng.seed(seed)
    fallen = replace(
        pen,
        ink=ink,
        squash=-long * 0.55,
        lean=-canvas.sun * long * 1.5,
        glows=[],
        lit=False,
        solid_only=True,
    )
    _draw_kind(canvas, figure, fallen)
    half = figure.size * figure.kind.wide * 0.4
    box = (figure.x - half, figure.y - half * 0.1, figure.x + half, figure.y + half * 0.12)
    canvas.draw.ellipse(box, fill=ground)


def get_shadow_colour(canvas: Canvas, figure: Figure) -> RGB:
    """Return the colour of a shadow where a figure stands."""
    under = canvas.get_pixel(figure.x, figure.y + figure.size * 0.02)
    return mix(under, canvas.palette.shadow, 0.36)
