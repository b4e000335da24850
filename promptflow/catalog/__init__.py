"""Models, what they can do, what they cost, and whether a request fits them. Floor 3.

The facts are dated data with sources, in `data/models.toml`. This package reads them, prices usage by
them, and is the one place where what a person asks for is checked; the form and the command line
both come here. It talks to no provider and reads no environment: both are told to it.
"""

from promptflow.catalog.cards import (
    ImageModelCard,
    ModelCard,
    Price,
    TextModelCard,
    shared_aspect_ratios,
)
from promptflow.catalog.estimates import (
    ANSWER_TOKENS,
    INSTRUCTION_TOKENS,
    NO_PARAMETERS,
    PREVIEW_TOKENS,
    REFERENCE_TOKENS,
    REQUEST_TOKENS,
    estimate_cost,
)
from promptflow.catalog.limits import MAX_IMAGES_PER_MODEL, MAX_REQUEST_CHARS, MAX_SEED
from promptflow.catalog.lookup import Catalog
from promptflow.catalog.parameters import check_parameters
from promptflow.catalog.prices import Charge, price_call, price_text, price_usage
from promptflow.catalog.reading import read_catalog
from promptflow.catalog.requests import check_request
from promptflow.catalog.sizes import choose_pixels

__all__ = [
    "ANSWER_TOKENS",
    "INSTRUCTION_TOKENS",
    "MAX_IMAGES_PER_MODEL",
    "MAX_REQUEST_CHARS",
    "MAX_SEED",
    "NO_PARAMETERS",
    "PREVIEW_TOKENS",
    "REFERENCE_TOKENS",
    "REQUEST_TOKENS",
    "Catalog",
    "Charge",
    "ImageModelCard",
    "ModelCard",
    "Price",
    "TextModelCard",
    "check_parameters",
    "check_request",
    "choose_pixels",
    "estimate_cost",
    "price_call",
    "price_text",
    "price_usage",
    "read_catalog",
    "shared_aspect_ratios",
]
