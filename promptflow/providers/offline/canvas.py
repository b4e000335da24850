"""The canvas a scene is drawn on, with everything its parts have to agree on. Floor 4."""

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptflow.providers.offline.colour import Palette, lift, mix
from promptflow.providers.offline.pen import Glow, Ink, Pen, Point
from promptflow.providers.offline.setting import Setting
from promptflow.providers.offline.vocabulary import RGB
from promptflow.providers.offline.words import Reading

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WHITE: RGB = (252, 248, 238)


@dataclass(slots=True, kw_only=True)
class Canvas:
    """One picture while it is drawn."""

    image: "Image"
    draw: "ImageDraw"
    palette: Palette
    setting: Setting
    reading: Reading
    rng: random.Random
    flat: bool
    """Whether it is a poster: flat colours, no gradients."""
    sun: float
    """Where the light comes from: -1 left, 1 right."""
    horizon: float
    """Pixels from the top."""
    focus_x: float
    """Where the first subject stands, in pixels from the left."""
    glows: list[Glow] = field(default_factory=list)
    body: Point | None = None
    """Where the sun or the moon is, if it is to be seen."""

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.image.width

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.image.height

    @property
    def unit(self) -> float:
        """What sizes are measured against: pixels that suit wide and tall pictures alike."""
        return float(min(min(self.image.size) * 1.22, (self.width * self.height) ** 0.5))

    @property
    def is_dark(self) -> bool:
        """Whether lamps are on."""
        return self.setting.light in {"night", "neon", "dusk", "storm"}

    def make_ink(self, *, haze: float = 0.0, wash: RGB | None = None, washed: float = 0.0) -> Ink:
        """Return what turns local colours into those of this light.

        Args:
            haze: how much of them the distance takes, 0 to 1.
            wash: a colour to mix in, e.g. of the water for a reflection.
            washed: how much of it.

        Returns:
            (local colour, tone) → colour on the canvas.
        """
        palette, rng = self.palette, self.rng
        gloom = mix(palette.shadow, palette.sky[len(palette.sky) // 2], 0.45)
        reach = 0.9 if self.flat else 0.62

        def ink(local: RGB, tone: float) -> RGB:
            colour = mix(local, gloom, palette.ambient)
            if tone > 0:
                colour = mix(colour, palette.light, tone * reach)
            elif tone < 0:
                colour = mix(colour, palette.shadow, -tone * reach)
            if haze:
                colour = mix(colour, palette.haze, haze)
            if wash is not None:
                colour = mix(colour, wash, washed)
            if not self.flat:
                colour = lift(colour, light=rng.uniform(-0.012, 0.012))
            return colour

        return ink

    def make_pen(self, x: float, y: float, scale: float, *, ink: Ink | None = None) -> Pen:
        """Return a pen that stands at a place of the canvas."""
        return Pen(
            draw=self.draw,
            ink=ink or self.make_ink(),
            rng=self.rng,
            x=x,
            y=y,
            scale=scale,
            sun=self.sun,
            glows=self.glows,
            lit=self.is_dark,
        )

    def get_pixel(self, x: float, y: float) -> RGB:
        """Return the colour of a place, or of the nearest place on the canvas."""
        column = min(self.width - 1, max(0, round(x)))
        row = min(self.height - 1, max(0, round(y)))
        red, green, blue = self.image.crop((column, row, column + 1, row + 1)).tobytes()
        return red, green, blue

    def fill(self, points: list[Point], colour: RGB) -> None:
        """Fill a polygon given in pixels."""
        if len(points) > 2:
            self.draw.polygon(points, fill=colour)

    def draw_lens(self, x: float, y: float, half: float, thick: float, colour: RGB) -> None:
        """Draw one level stroke, thin at both ends, in pixels."""
        self.fill([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)], colour)
