"""The catalogue's file: read, and checked for what its readers rely on."""

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from promptflow.catalog.cards import ImageModelCard, ModelCard, TextModelCard
from promptflow.catalog.loading import MisfitError, load_dataclass
from promptflow.catalog.lookup import Catalog
from promptflow.catalog.sizes import accepts_size, choose_pixels, paints_pixels, read_pixels
from promptflow.errors import SetupError

if TYPE_CHECKING:
    from pydantic import ValidationError

_RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")
_SIZE_CLASS = re.compile(r"[1-9]K")
_FORMATS = {"png", "jpeg", "webp"}


def read_catalog(path: Path) -> Catalog:
    """Read and check the catalogue.

    Args:
        path: a TOML file like `data/models.toml`.

    Returns:
        A catalogue whose every price has a source with a date, and in which no two models share an
        id.

    Raises:
        SetupError: the file is missing or wrong; it names the file, the model and the field.
    """
    data = _read_toml(path)
    try:
        catalog = load_dataclass(Catalog, data)
    except MisfitError:
        catalog = _explain(path, data)
    mistake = next(_mistakes(catalog), None)
    if mistake:
        raise SetupError(_wrong(path, *mistake))
    return catalog


def _explain(path: Path, data: Mapping[str, object]) -> Catalog:
    """Read the data once more with pydantic, which can say what is wrong with it."""
    from pydantic import TypeAdapter, ValidationError

    try:
        # By way of JSON, because strictly read Python data may not hold lists for tuples.
        return TypeAdapter(Catalog).validate_json(
            json.dumps(data, default=str), strict=True, extra="forbid"
        )
    except ValidationError as error:
        raise SetupError(_wrong(path, *_first_mistake(data, error))) from error


def _read_toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        message = (
            f"The catalogue {str(path)!r} can't be read. Restore the file from the project, or check"
            " its permissions."
        )
        raise SetupError(message) from error
    except ValueError as error:
        message = f"The catalogue {str(path)!r} is not valid TOML in UTF-8: {error}. Correct it."
        raise SetupError(message) from error


def _wrong(path: Path, model: str, field: str, expected: str) -> str:
    return (
        f"The catalogue {str(path)!r} is wrong at {model}, field {field!r}: {expected}. Correct it."
    )


def _first_mistake(data: Mapping[str, object], error: "ValidationError") -> tuple[str, str, str]:
    """Return model, field and message of the first thing that pydantic refused."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"]
    listed = data.get(str(place[0]))
    if len(place) < 2 or not isinstance(place[1], int) or not isinstance(listed, list):
        return "the top level", ".".join(map(str, place)), first["msg"]
    entry = listed[place[1]]
    named = entry.get("id") if isinstance(entry, dict) else None
    model = repr(named) if named else f"number {place[1] + 1} of {place[0]}"
    return model, ".".join(map(str, place[2:])), first["msg"]


def _mistakes(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Yield (model, field, what was expected) for what types alone don't rule out."""
    for field in ("text_models", "image_models"):
        if not getattr(catalog, field):
            yield "the top level", field, "at least one model was expected"
    cards: tuple[TextModelCard | ImageModelCard, ...] = (
        *catalog.text_models,
        *catalog.image_models,
    )
    for ids in ([card.id for card in cards], [provider.id for provider in catalog.providers]):
        for model_id in ids:
            if ids.count(model_id) > 1:
                yield repr(model_id), "id", "an id that no other entry has was expected"
    owners = {provider.id for provider in catalog.providers}
    for card in cards:
        kin = catalog.text_models if isinstance(card, TextModelCard) else catalog.image_models
        found = chain(
            _card_mistakes(card, owners),
            _successor_mistakes(card, kin),
            _painter_mistakes(card) if isinstance(card, ImageModelCard) else (),
            _price_mistakes(card),
        )
        for field, expected in found:
            yield repr(card.id), field, expected


def _card_mistakes(card: ModelCard, owners: Collection[str]) -> Iterator[tuple[str, str]]:
    for field in ("id", "title", "recommended_for"):
        if not getattr(card, field).strip():
            yield field, "a text was expected"
    if card.provider not in owners:
        yield "provider", f"one of {', '.join(sorted(owners))} was expected"
    if not card.sources:
        yield "sources", "at least one source was expected"
    if card.named:
        yield "named", "nothing was expected, since it is for models that are not in the file"


def _successor_mistakes(card: ModelCard, kin: Sequence[ModelCard]) -> Iterator[tuple[str, str]]:
    if card.successor is None:
        return
    heir = next((each for each in kin if each.id == card.successor), None)
    if (
        heir is None
        or card.shutdown_on is None
        or (heir.shutdown_on or date.max) <= card.shutdown_on
    ):
        yield "successor", "a model of the same kind that outlives this one was expected"


def _painter_mistakes(card: ImageModelCard) -> Iterator[tuple[str, str]]:
    if not card.aspect_ratios or not all(map(_RATIO.fullmatch, card.aspect_ratios)):
        yield "aspect_ratios", "at least one, each like 16:9, was expected"
        return
    if card.max_images_per_call < 1:
        yield "max_images_per_call", "1 or more was expected"
    if card.max_prompt_chars is not None and card.max_prompt_chars < 1:
        yield "max_prompt_chars", "1 or more was expected"
    for field in ("references", "partials"):
        if getattr(card, field) < 0:
            yield field, "0 or more was expected"
    if not set(card.output_formats) <= _FORMATS:
        yield "output_formats", f"some of {', '.join(sorted(_FORMATS))} were expected"
    yield from _size_mistakes(card)


def _size_mistakes(card: ImageModelCard) -> Iterator[tuple[str, str]]:
    if not all(read_pixels(size) or _SIZE_CLASS.fullmatch(size) for size in card.sizes):
        yield "sizes", "sizes like 1536x1024 or 2K were expected"
    if paints_pixels(card):
        for ratio in card.aspect_ratios:
            if choose_pixels(card, ratio) is None:
                yield "aspect_ratios", f"a size for {ratio} was expected"
    for index, each in enumerate(card.picture_tokens):
        if each.tokens < 1 or not accepts_size(card, each.size):
            yield (
                f"picture_tokens.{index}",
                "a size of this model with 1 or more tokens was expected",
            )


def _price_mistakes(card: ModelCard) -> Iterator[tuple[str, str]]:
    for index, price in enumerate(card.prices):
        if not price.sources:
            yield f"prices.{index}.sources", "at least one source was expected"
        if not price.amounts or any(amount < 0 for amount in price.amounts):
            yield f"prices.{index}", "micro-dollars of zero or more were expected"
    ends = [price.valid_through for price in card.prices]
    for index, (end, following) in enumerate(pairwise(ends)):
        if end is None or (following is not None and following <= end):
            yield f"prices.{index}.valid_through", "a day before the following price's was expected"
