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
    uses_references,
)
from promptflow.catalog.estimates import (
    ANSWER_TOKENS,
    INSTRUCTION_TOKENS,
    NO_PARAMETERS,
    PREVIEW_TOKENS,
    REFERENCE_TOKENS,
    REQUEST_TOKENS,
    Estimate,
    PictureOrder,
    Questions,
    estimate_calls,
    estimate_cost,
)
from promptflow.catalog.limits import (
    MAX_IMAGE_MODELS,
    MAX_IMAGES_PER_MODEL,
    MAX_INSTRUCTION_CHARS,
    MAX_PROMPT_CHARS,
    MAX_REFERENCE_BYTES,
    MAX_REFERENCES,
    MAX_REQUEST_CHARS,
    MAX_SEED,
)
from promptflow.catalog.lookup import Catalog, is_gone
from promptflow.catalog.named import STANDARD_SIZES, tell_unnamed
from promptflow.catalog.parameters import check_parameters, takes_moderation
from promptflow.catalog.prices import Charge, price_call, price_on
from promptflow.catalog.reading import read_catalog
from promptflow.catalog.requests import (
    NO_INSTRUCTIONS,
    check_model,
    check_request,
    check_seed,
    check_text,
)
from promptflow.catalog.sizes import (
    AUTO_SIZE,
    accepts_size,
    choose_pixels,
    list_sizes,
    read_pixels,
)

__all__ = [
    "ANSWER_TOKENS",
    "AUTO_SIZE",
    "INSTRUCTION_TOKENS",
    "MAX_IMAGES_PER_MODEL",
    "MAX_IMAGE_MODELS",
    "MAX_INSTRUCTION_CHARS",
    "MAX_PROMPT_CHARS",
    "MAX_REFERENCES",
    "MAX_REFERENCE_BYTES",
    "MAX_REQUEST_CHARS",
    "MAX_SEED",
    "NO_INSTRUCTIONS",
    "NO_PARAMETERS",
    "PREVIEW_TOKENS",
    "REFERENCE_TOKENS",
    "REQUEST_TOKENS",
    "STANDARD_SIZES",
    "Catalog",
    "Charge",
    "Estimate",
    "ImageModelCard",
    "ModelCard",
    "PictureOrder",
    "Price",
    "Questions",
    "TextModelCard",
    "accepts_size",
    "check_model",
    "check_parameters",
    "check_request",
    "check_seed",
    "check_text",
    "choose_pixels",
    "estimate_calls",
    "estimate_cost",
    "is_gone",
    "list_sizes",
    "price_call",
    "price_on",
    "read_catalog",
    "read_pixels",
    "shared_aspect_ratios",
    "takes_moderation",
    "tell_unnamed",
    "uses_references",
]
