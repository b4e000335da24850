"""Numbers and names as people read them, for the page and the command line. Floor 3."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

_ADVICE = re.compile(r"(“[^”]*”)|(?<=[.”])\s+Try again\b[^“]*?\.(?=\s|$)")
"""Words that are quoted, which stay, or a sentence of our own that begins like this."""
_SLUG_WORDS = 6
_SLUG_CHARS = 60
_KILO, _MEGA, _GIGA = 1_000, 1_000_000, 1_000_000_000
_TITLE_CHARS = 80
"""Of a title that is taken from a request."""


def mend_text(text: str) -> str:
    """Replace half surrogate pairs: JSON may say them, but nothing that keeps or sends text takes them.

    Args:
        text: anything, e.g. what a model wrote.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def format_duration(duration_ms: int | None) -> str:
    """Render milliseconds: ``0.4 s``, ``12 s``, ``1 min 5 s``; ``–`` where unknown."""
    if duration_ms is None:
        return "–"
    seconds = duration_ms / _KILO
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def format_size(size_bytes: int) -> str:
    """Render bytes in decimal units: ``812 B``, ``34 kB``, ``1.2 MB``, ``3.4 GB``."""
    if size_bytes < _KILO:
        return f"{size_bytes} B"
    # What would round up to a thousand is told in the next unit.
    if size_bytes < _MEGA - 500:
        return f"{size_bytes / _KILO:.0f} kB"
    if size_bytes < _GIGA - 50_000:
        return f"{size_bytes / _MEGA:.1f} MB"
    return f"{size_bytes / _GIGA:.1f} GB"


def format_usd(micro_usd: int | None) -> str:
    """Render micro-dollars: ``$0.00``, ``$0.0034``, ``$1.27``; ``price unknown``.

    What is not free never reads as nothing: ``under $0.0001``.
    """
    if micro_usd is None:
        return "price unknown"
    if 0 < micro_usd < 100:
        return "under $0.0001"
    if 0 < micro_usd < 10_000:
        return f"${micro_usd / _MEGA:.4f}"
    return f"${micro_usd / _MEGA:.2f}"


def format_age(moment: datetime, now: datetime) -> str:
    """Render how long ago a moment was: ``just now``, ``3 min ago``, ``2 h ago``, ``5 d ago``.

    Args:
        moment: an aware datetime, earlier than `now`.
        now: an aware datetime.

    Returns:
        A few words; the date itself after thirty days.
    """
    age = now - moment
    if age < timedelta(minutes=1):
        return "just now"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} min ago"
    if age < timedelta(days=1):
        return f"{age // timedelta(hours=1)} h ago"
    if age < timedelta(days=30):
        return f"{age.days} d ago"
    return f"{moment:%Y-%m-%d}"


def count(number: int, noun: str) -> str:
    """Render a number with its noun: ``1 model``, ``2 models``, ``1,240 tokens``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def name_picture(request: str, image_model: str, *, number: int, extension: str) -> str:
    """Make a sensible file name for a picture.

    Args:
        request: the idea; its first words make the name.
        image_model: the model's id.
        number: which of the model's pictures, from 1.
        extension: without the dot.

    Returns:
        Something like ``lighthouse-in-a-storm-offline-gouache-1.png``, safe on any file system.
    """
    words = re.findall(r"\w+", request.lower())[:_SLUG_WORDS]
    slug = "-".join(words)[:_SLUG_CHARS].strip("-") or "picture"
    model = re.sub(r"[^\w.-]+", "-", image_model)
    return f"{slug}-{model}-{number}.{extension}"


def drop_retry_advice(message: str) -> str:
    """Take the advice to try again out of a message, for where that happens by itself.

    Args:
        message: of an error of ours; what is quoted in it stays whole.
    """
    return _ADVICE.sub(lambda found: found[1] or "", message)


def join_names(names: Sequence[str]) -> str:
    """Render names: ``Terra``, ``Terra and Banana``, ``Terra, Luna and Banana``.

    Args:
        names: one or more.
    """
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last


def tell_who_sees(seeing: Sequence[str], blind: Sequence[str]) -> str:
    """Write which models see the reference pictures, like: Terra and Banana see them; Flare does not.

    Args:
        seeing: titles of the models that can use them.
        blind: titles of those that can't; of the two at least one has names.
    """
    if not seeing:
        return "None of the chosen models can use them."
    said = f"{join_names(seeing)} {'sees' if len(seeing) == 1 else 'see'} them"
    if not blind:
        return f"{said}."
    return f"{said}; {join_names(blind)} {'does' if len(blind) == 1 else 'do'} not."


def title_of(request: str) -> str:
    """Return the first line that says something, cut to 80 characters."""
    line = next((line.strip() for line in request.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1].rstrip()}…"
