"""Abstract pictures of the offline painters: for texts that name nothing. Floor 4."""

import math

from promptflow.providers.offline.canvas import Canvas
from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.pen import Point, smooth
from promptflow.providers.offline.vocabulary import COLOURS, RGB


def draw_abstract(canvas: Canvas) -> None:
    """Arrange discs, arcs and bars: for texts that name nothing that can be drawn.

    Args:
        canvas: anything on it is drawn over.
    """
    palette, rng = canvas.palette, canvas.rng
    named = [COLOURS[name] for name in canvas.reading.colours]
    chord = named or [palette.sky[0], palette.accent, palette.land, palette.sky[-2]]
    chord = sorted(chord, key=sum)
    paper = mix((247, 240, 224), chord[-1], 0.25)
    canvas.draw.rectangle((0, 0, *canvas.image.size), fill=paper)
    draw = (_arrange_orbits, _arrange_arches, _arrange_columns, _arrange_cuts)[rng.randrange(4)]
    draw(canvas, chord[:-1] if len(chord) > 2 else chord, paper)


def _disc(canvas: Canvas, at: Point, radius: float, colour: RGB) -> None:
    """Fill a disc given in pixels."""
    x, y = at
    canvas.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _arrange_orbits(canvas: Canvas, chord: list[RGB], paper: RGB) -> None:
    """Set discs on rings around one large disc."""
    rng = canvas.rng
    center = (canvas.width * rng.uniform(0.38, 0.62), canvas.height * rng.uniform(0.4, 0.6))
    for step in range(6, 0, -1):
        tone = mix(paper, chord[step % len(chord)], 0.2 + 0.11 * (6 - step))
        _disc(canvas, center, canvas.unit * 0.115 * step, tone)
    for step in range(1, 7):
        reach = canvas.unit * 0.115 * step
        for _ in range(rng.randint(1, 2)):
            angle = rng.uniform(0, math.tau)
            at = (center[0] + math.cos(angle) * reach, center[1] + math.sin(angle) * reach)
            radius = canvas.unit * rng.uniform(0.018, 0.07)
            colour = rng.choice(chord)
            _disc(canvas, at, radius, colour)
            _disc(
                canvas,
                (at[0] + canvas.sun * radius * 0.25, at[1] - radius * 0.25),
                radius * 0.5,
                mix(colour, paper, 0.5),
            )
    angle = rng.uniform(0.4, 1.1)
    reach = canvas.unit * 1.2
    dx, dy = math.cos(angle) * reach, math.sin(angle) * reach
    canvas.draw.line(
        (center[0] - dx, center[1] + dy, center[0] + dx, center[1] - dy),
        fill=chord[0],
        width=round(canvas.unit * 0.007),
    )


def _arrange_arches(canvas: Canvas, chord: list[RGB], paper: RGB) -> None:
    """Lay nested discs over each other like scales, each row half over the one before."""
    rng = canvas.rng
    radius = canvas.unit * rng.uniform(0.13, 0.19)
    rows = round(canvas.height / radius * 2) + 2
    columns = round(canvas.width / radius / 2) + 2
    bold = (rng.randrange(rows // 4, rows * 3 // 4), rng.randrange(1, max(2, columns - 1)))
    for row in range(rows):
        for column in range(columns):
            x = radius * 2 * (column + 0.5 * (row % 2)) - radius * 0.5
            y = radius * (0.5 * row + 0.2)
            first = rng.randrange(len(chord)) if rng.random() < 0.35 else row % len(chord)
            for ring in range(4):
                tone = mix(chord[(first + ring) % len(chord)], paper, (0.0, 0.82, 0.18, 0.7)[ring])
                if (row, column) == bold:
                    tone = (chord[0], paper, chord[0], paper)[ring]
                _disc(canvas, (x, y), radius * (1 - 0.24 * ring), tone)


def _arrange_columns(canvas: Canvas, chord: list[RGB], paper: RGB) -> None:
    """Hang a sun over leaning bars of different height."""
    rng = canvas.rng
    radius = canvas.unit * rng.uniform(0.2, 0.28)
    at = (canvas.width * (0.5 + canvas.sun * 0.14), canvas.height * rng.uniform(0.3, 0.4))
    for step in range(4):
        _disc(canvas, at, radius * (1.9 - 0.3 * step), mix(paper, chord[-1], 0.14 + 0.2 * step))
    _disc(canvas, at, radius, chord[len(chord) // 2])
    count = max(6, round(canvas.width / canvas.unit * 11))
    wide = canvas.width / count
    lean = canvas.unit * rng.uniform(-0.1, 0.1)
    for index in range(-2, count + 2):
        tall = canvas.height * (
            0.2 + 0.34 * (0.5 + 0.5 * math.sin(index * 1.1 + at[0])) + rng.uniform(-0.05, 0.08)
        )
        x, top = index * wide, canvas.height - tall
        colour = mix(chord[index % len(chord)], paper, rng.choice((0.0, 0.15, 0.35)))
        canvas.fill(
            [
                (x, canvas.height),
                (x + wide, canvas.height),
                (x + wide + lean, top),
                (x + lean, top),
            ],
            colour,
        )
        shade = mix(colour, chord[0], 0.35)
        canvas.fill(
            [
                (x, canvas.height),
                (x + wide * 0.3, canvas.height),
                (x + wide * 0.3 + lean, top),
                (x + lean, top),
            ],
            shade,
        )
        _disc(canvas, (x + wide / 2 + lean, top), wide / 2, colour)


def _arrange_cuts(canvas: Canvas, chord: list[RGB], paper: RGB) -> None:
    """Scatter large leaf shapes, as if cut from coloured paper."""
    rng = canvas.rng
    rows = max(3, round(canvas.height / canvas.unit * 3.4))
    columns = max(3, round(canvas.width / canvas.unit * 3.4))
    wide, high = canvas.width / columns, canvas.height / rows
    for row in range(rows):
        for column in range(columns):
            colour = rng.choice(chord)
            x, y = column * wide, row * high
            tone = mix(paper, colour, rng.choice((0.06, 0.18, 0.75, 0.92)))
            canvas.draw.rectangle((x, y, x + wide, y + high), fill=tone)
            other = rng.choice([one for one in [*chord, paper] if one != colour] or [paper])
            _cut_leaf(canvas, (x + wide / 2, y + high / 2), min(wide, high) * 0.46, other)


def _cut_leaf(canvas: Canvas, center: Point, size: float, colour: RGB) -> None:
    """Fill a shape with lobes on both sides, turned any way."""
    rng = canvas.rng
    lobes, start = rng.randint(3, 7), rng.uniform(0, math.tau)
    deep = rng.uniform(0.3, 0.6)
    points = []
    for step in range(lobes * 2):
        angle = start + step * math.pi / lobes
        reach = size * (1.0 if step % 2 == 0 else deep)
        points.append((center[0] + math.cos(angle) * reach, center[1] + math.sin(angle) * reach))
    canvas.fill(smooth(points, closed=True), colour)
