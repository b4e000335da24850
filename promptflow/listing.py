"""The models, as ``models`` lists them: for programs as plain values, for people as lines. Floor 7."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from promptflow.catalog import (
    AUTO_SIZE,
    ImageModelCard,
    Price,
    TextModelCard,
    accepts_size,
    is_gone,
    list_sizes,
    price_on,
    uses_references,
)
from promptflow.laboratory import Laboratory
from promptflow.wording import count, format_usd

_NAME_CHARS = 28
"""How wide the column of the names is."""
_INDENT = " " * (_NAME_CHARS + 3)
_LINE_CHARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """One model as it is listed."""

    card: TextModelCard | ImageModelCard
    gone: bool
    """Whether it is past its end, so that nothing brings it back."""
    reason_unavailable: str | None
    warning: str | None
    """That it will soon be gone."""
    price: Price | None
    """That of today; ``None`` where the catalogue has none."""
    calls: int
    """How many runs an image model had here, or how many stages a text model."""
    refused: int
    """Of `calls`, those that a safety system refused."""


def list_models(lab: Laboratory) -> tuple[ModelLine, ...]:
    """List every model with what can be said of it today.

    Args:
        lab: where the models are, and what has been asked of them.

    Returns:
        The text models, then the image models, in the order of the catalogue.

    Raises:
        LedgerError: the ledger can't be read.
    """
    counts, today = lab.spending.count_refusals(), lab.now().date()
    lines = []
    cards: tuple[TextModelCard | ImageModelCard, ...]
    cards = (*lab.catalog.text_models, *lab.catalog.image_models)
    for card in cards:
        refused, calls = counts.get(card.id, (0, 0))
        lines.append(
            ModelLine(
                card=card,
                gone=is_gone(card, today),
                reason_unavailable=lab.models.reason_unavailable(card),
                warning=lab.catalog.warning(card, today),
                price=price_on(card, today),
                calls=calls,
                refused=refused,
            )
        )
    return tuple(lines)


def render_models(lines: Sequence[ModelLine]) -> dict[str, object]:
    """Render the list for programs.

    Args:
        lines: as `list_models` returns them.

    Returns:
        Plain values fit for `json.dumps`. Money is in US dollars, ``null`` where unknown; runs are
        ``null`` for text models, stages for image models.
    """
    return {"models": [_render(line) for line in lines]}


def tell_models(lines: Sequence[ModelLine], strike: Callable[[str], str]) -> Iterator[str]:
    """Tell the list to people.

    Args:
        lines: as `list_models` returns them.
        strike: makes a terminal strike out what is gone; that it is gone is said in words, too.

    Yields:
        Text with line breaks of its own.
    """
    for kind, card_type in (("Text", TextModelCard), ("Image", ImageModelCard)):
        yield f"{kind} models\n"
        for line in lines:
            if isinstance(line.card, card_type):
                name = f"{line.card.id:<{_NAME_CHARS}}"
                said = line.reason_unavailable or line.card.recommended_for
                yield f"  {strike(name) if line.gone else name} {said}\n"
                for fact in _tell_facts(line):
                    yield textwrap.fill(
                        fact,
                        _LINE_CHARS,
                        initial_indent=_INDENT,
                        subsequent_indent=_INDENT,
                        # An id that is broken can't be copied.
                        break_on_hyphens=False,
                        break_long_words=False,
                    )
                    yield "\n"


def _render(line: ModelLine) -> dict[str, object]:
    card = line.card
    painter = card if isinstance(card, ImageModelCard) else None
    return {
        "id": card.id,
        "title": card.title,
        "provider": card.provider,
        "kind": "image" if painter else "text",
        "recommended_for": card.recommended_for,
        "available": line.reason_unavailable is None,
        "reason_unavailable": line.reason_unavailable,
        "gone": line.gone,
        "shutdown_on": card.shutdown_on.isoformat() if card.shutdown_on else None,
        "successor": card.successor,
        "warning": line.warning,
        "price": _render_price(line.price) if line.price else None,
        "uses_references": uses_references(card),
        "aspect_ratios": list(painter.aspect_ratios) if painter else [],
        "parameters": _parameters(painter) if painter else {},
        "size_rule": asdict(painter.size_rule) if painter and painter.size_rule else None,
        "runs": line.calls if painter else None,
        "stages": None if painter else line.calls,
        "refused": line.refused,
    }


def _render_price(price: Price) -> dict[str, object]:
    newest = max(price.sources, key=lambda source: source.read)
    return {
        "max_input_tokens": price.max_input_tokens,
        "usd_per_million_tokens": {
            "input": _usd(price.input_micro_usd_per_million),
            "cached_input": _usd(price.cached_input_micro_usd_per_million),
            "cache_write": _usd(price.cache_write_micro_usd_per_million),
            "input_image": _usd(price.input_image_micro_usd_per_million),
            "output": _usd(price.output_micro_usd_per_million),
            "output_image": _usd(price.output_image_micro_usd_per_million),
        },
        "usd_per_picture": _usd(price.micro_usd_per_picture),
        "source": newest.title,
        "source_date": newest.read.isoformat(),
    }


def _parameters(card: ImageModelCard) -> dict[str, list[str] | list[int]]:
    """Return what can be asked of an image model: parameter → the values it takes."""
    sizes = (size for ratio in card.aspect_ratios for size in list_sizes(card, ratio))
    auto = [AUTO_SIZE] if accepts_size(card, AUTO_SIZE) else []
    taken: dict[str, list[str] | list[int]] = {
        "quality": list(card.qualities),
        "size": [*dict.fromkeys(sizes), *auto],
        "background": list(card.backgrounds),
        "output_format": list(card.output_formats),
        "output_compression": [0, 100] if card.has_compression else [],
        "moderation": list(card.moderation_levels),
    }
    return {name: values for name, values in taken.items() if values}


def _tell_facts(line: ModelLine) -> Iterator[str]:
    """Yield its end, what it costs, what it takes and what became of its runs; of one gone, only these."""
    if line.warning:
        yield line.warning
    if not line.gone:
        yield _tell_price(line.price)
        if isinstance(line.card, ImageModelCard) and _parameters(line.card):
            yield _tell_parameters(line.card)
    if line.calls:
        noun = "run" if isinstance(line.card, ImageModelCard) else "stage"
        yield f"{count(line.calls, noun)}, {line.refused:,} refused"


def _tell_price(price: Price | None) -> str:
    """Write a price, like: $1.00 in, $5.00 out, per million tokens."""
    if price is None or not price.amounts:
        return "price unknown"
    if price.is_free:
        return "free"
    if price.micro_usd_per_picture is not None:
        return f"{format_usd(price.micro_usd_per_picture)} a picture"
    parts = (
        (price.input_micro_usd_per_million, "in"),
        (price.input_image_micro_usd_per_million, "in for pictures"),
        (price.output_micro_usd_per_million, "out"),
        (price.output_image_micro_usd_per_million, "out for pictures"),
    )
    told = [f"{format_usd(amount)} {what}" for amount, what in parts if amount is not None]
    return f"{', '.join(told)}, per million tokens"


def _tell_parameters(card: ImageModelCard) -> str:
    """Write what can be asked of an image model, like: quality low, high; size 1K, 2K."""
    taken = {name: ", ".join(map(str, values)) for name, values in _parameters(card).items()}
    if card.has_compression:
        taken["output_compression"] = "0 to 100"
    if card.size_rule:
        taken["size"] = f"{', '.join(card.sizes)}, others in every aspect ratio, {AUTO_SIZE}"
    return "; ".join(f"{name} {values}" for name, values in taken.items())


def _usd(micro_usd: int | None) -> float | None:
    return None if micro_usd is None else micro_usd / 1_000_000
