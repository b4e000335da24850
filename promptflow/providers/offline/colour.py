"""Colours and palettes of the offline painters. Floor 4.

Colours are mixed in Oklab, where halfway between two colours looks halfway.
Source: Björn Ottosson, "A perceptual color space for image processing",
https://bottosson.github.io/posts/oklab/
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from promptflow.providers.offline.setting import Setting
from promptflow.providers.offline.vocabulary import COLOURS, PALETTE_WORDS, RGB
from promptflow.providers.offline.words import Reading

Lab = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one light."""

    sky: tuple[RGB, ...]
    """From the zenith down to the horizon."""
    land: RGB
    """Ground and foliage, close by."""
    water: RGB
    light: RGB
    """What lit sides are mixed with."""
    shadow: RGB
    """What shaded sides are mixed with."""
    dark: RGB
    """The darkest tone of the picture."""
    accent: RGB
    glow: RGB
    """The sun, the moon, a lamp."""
    ambient: float
    """How much the light swallows local colours, 0 to 1."""

    @property
    def haze(self) -> RGB:
        """What the distance fades to."""
        return self.sky[-1]


def _hex(text: str) -> RGB:
    """Read a colour written as six hexadecimal digits."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _palette(sky: str, rest: str, ambient: float) -> Palette:
    """Read a palette: sky from the top, then land, water, light, shadow, dark, accent, glow."""
    land, water, light, shadow, dark, accent, glow = (_hex(one) for one in rest.split())
    return Palette(
        sky=tuple(_hex(one) for one in sky.split()),
        land=land,
        water=water,
        light=light,
        shadow=shadow,
        dark=dark,
        accent=accent,
        glow=glow,
        ambient=ambient,
    )


_LIGHTS = {
    "dawn": _palette("6d8fb8 a9b4cc f0bfa8 fbe3b8", "6d8466 7fa3b5 fff0d2 4f5a80 2c3757 e4694f fff2c9", 0.12),
    "morning": _palette("7fb2cf b5d3d6 e9e6d2 fbf0d6", "86a064 6ea3b0 fff4d8 5d6a86 34415c e2793f fff6d2", 0.08),
    "day": _palette("3f88bf 7db6d8 bcdcdf edf2e0", "7ba257 3c88a6 fff8e2 3e5f86 1f3f5c e5532d fff7d0", 0.06),
    "golden hour": _palette("5d8aa0 c3ad84 f3b660 fde0a0", "98893f 5f7f80 ffe6ac 5b4258 3d2a3b cf4a2b fff0b8", 0.14),
    "dusk": _palette("262a5e 5f4684 c2607f f58f60 ffcf8c", "43456a 49497f ffb98a 2d2850 1a1838 ff7350 ffe0a0", 0.24),
    "night": _palette("0b1533 162a55 284776 4d6f99", "24405a 1a3158 cfdcf0 0d1836 080f24 f5b95a f7f1d6", 0.36),
    "neon": _palette("0e0b2c 2b1459 6b1f86 d23a8c", "2a1c52 221a5a ff8fd0 120c38 090720 2ee6e6 ff9ad8", 0.34),
    "storm": _palette("27343f 4a5b67 7b8d92 c3c9b4", "4c5c50 35535d eee9cf 22303c 141e28 f2b23e fff0c0", 0.24),
}  # fmt: skip
_SEASON_LAND = {"spring": "8fb46a", "summer": "6f9f52", "autumn": "b8813f", "winter": "c9d4de"}
_ABSTRACT_PAPER = (250, 243, 228)


def choose_palette(reading: Reading, setting: Setting) -> Palette:
    """Choose the colours of a picture.

    Args:
        reading: its season, weathers and named colours tune the palette.
        setting: its light chooses the palette, its mood tunes it.

    Returns:
        A palette whose parts go together.
    """
    palette = _LIGHTS[setting.light]
    if "storm" in reading.weathers and setting.light != "storm":
        palette = _blend(palette, _LIGHTS["storm"], 0.45)
    if not {"fog", "clouds", "rain", "snowfall"}.isdisjoint(reading.weathers):
        palette = replace(palette, sky=tuple(_soften(one) for one in palette.sky))
    season = "winter" if setting.ground == "snow" else reading.season
    if season:
        land = mix(_hex(_SEASON_LAND[season]), palette.shadow, palette.ambient * 0.9)
        palette = replace(palette, land=land)
    palette = _tune_mood(palette, setting.mood)
    usual = PALETTE_WORDS[setting.light]
    return _tint(palette, tuple(name for name in reading.colours if name not in usual))


def mix(first: RGB, second: RGB, part: float) -> RGB:
    """Mix two colours as the eye would.

    Args:
        first: the colour at 0.
        second: the colour at 1.
        part: how much of the second, 0 to 1.

    Returns:
        The colour between them.
    """
    part = min(1.0, max(0.0, part))
    a, b = _to_lab(first), _to_lab(second)
    return _from_lab(
        (
            a[0] + (b[0] - a[0]) * part,
            a[1] + (b[1] - a[1]) * part,
            a[2] + (b[2] - a[2]) * part,
        )
    )


def lift(colour: RGB, *, light: float = 0.0, chroma: float = 1.0) -> RGB:
    """Make a colour lighter or darker, stronger or paler, and keep its hue.

    Args:
        colour: the colour.
        light: added to its lightness, -1 to 1.
        chroma: factor on its strength.

    Returns:
        The changed colour.
    """
    tone, a, b = _to_lab(colour)
    return _from_lab((min(1.0, max(0.0, tone + light)), a * chroma, b * chroma))


def lightness(colour: RGB) -> float:
    """Return how light a colour looks, 0 to 1."""
    return _to_lab(colour)[0]


def ramp(stops: tuple[RGB, ...], part: float) -> RGB:
    """Return the colour at a place of a gradient.

    Args:
        stops: its colours at even distances.
        part: the place, 0 to 1.

    Returns:
        The colour there.
    """
    place = min(1.0, max(0.0, part)) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)


def _soften(colour: RGB) -> RGB:
    """Take some colour out of a sky, as moist air does."""
    return lift(colour, chroma=0.72, light=0.01)


def _blend(first: Palette, second: Palette, part: float) -> Palette:
    """Blend two palettes, colour by colour; the first keeps its accent and glow."""
    stops = tuple(
        mix(ramp(first.sky, place), ramp(second.sky, place), part)
        for place in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return replace(
        first,
        sky=stops,
        land=mix(first.land, second.land, part),
        water=mix(first.water, second.water, part),
        light=mix(first.light, second.light, part),
        shadow=mix(first.shadow, second.shadow, part),
        dark=mix(first.dark, second.dark, part),
    )


def _tune_mood(palette: Palette, mood: str) -> Palette:
    """Lean the sky and the ground towards a mood."""
    leanings: dict[str, tuple[float, float]] = {
        "joyful": (0.015, 1.12),
        "energetic": (0.0, 1.15),
        "melancholy": (-0.02, 0.72),
        "mysterious": (-0.025, 0.95),
        "dreamy": (0.03, 0.98),
        "calm": (0.01, 0.94),
    }
    light, chroma = leanings.get(mood, (0.0, 1.0))
    return replace(
        palette,
        sky=tuple(lift(one, light=light, chroma=chroma) for one in palette.sky),
        land=lift(palette.land, light=light / 2, chroma=chroma),
        water=lift(palette.water, light=light / 2, chroma=chroma),
    )


def _tint(palette: Palette, names: tuple[str, ...]) -> Palette:
    """Lean a palette towards the colours a text names, the first the most."""
    named = [COLOURS[name] for name in names]
    if not named:
        return palette
    key = min(named, key=lambda one: abs(lightness(one) - 0.55))
    accent = max(named, key=lambda one: max(one) - min(one))
    return replace(
        palette,
        sky=tuple(_lean(one, key, 0.3) for one in palette.sky),
        land=_lean(palette.land, key, 0.25),
        water=_lean(palette.water, key, 0.3),
        accent=mix(palette.accent, accent, 0.7),
    )


def _lean(colour: RGB, towards: RGB, part: float) -> RGB:
    """Lean the hue of a colour towards another and keep its lightness."""
    tone = _to_lab(colour)[0]
    leaned = _to_lab(mix(colour, towards, part))
    return _from_lab((tone * 0.85 + leaned[0] * 0.15, leaned[1], leaned[2]))


@lru_cache(maxsize=4096)
def _to_lab(colour: RGB) -> Lab:
    """Convert sRGB to Oklab."""
    r, g, b = (_to_linear(one / 255) for one in colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_lab(lab: Lab) -> RGB:
    """Convert Oklab to sRGB, clipped to what a screen shows."""
    tone, a, b = lab
    long = (tone + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (tone - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (tone - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _to_byte(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _to_byte(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _to_byte(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _to_linear(part: float) -> float:
    """Undo the sRGB curve for one channel, 0 to 1."""
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _to_byte(part: float) -> int:
    """Apply the sRGB curve and round to 0 to 255."""
    part = min(1.0, max(0.0, part))
    curved = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return round(curved * 255)
