"""Models, prices, and the one place where a request is checked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptflow.catalog import (
    ANSWER_TOKENS,
    INSTRUCTION_TOKENS,
    REQUEST_TOKENS,
    Catalog,
    ModelCard,
    PicturePrice,
    TokenPrice,
    check_request,
    estimate_cost,
    price_pictures,
    price_text,
    read_catalog,
)
from promptflow.errors import InputError, SetupError
from promptflow.records import GenerationRequest, Usage

SHIPPED = Path(__file__).parents[1] / "data" / "models.toml"
TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED)
CARDS: tuple[ModelCard, ...] = (*CATALOG.text_models, *CATALOG.image_models)
PRICED: list[tuple[str, TokenPrice | PicturePrice]] = [
    *((card.id, price) for card in CATALOG.text_models for price in card.prices),
    *((card.id, price) for card in CATALOG.image_models for price in card.prices),
]
OURS = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9")

Check = Callable[..., GenerationRequest]


def _without_keys(card: ModelCard) -> str | None:
    return CATALOG.reason_unavailable(
        card, providers=["offline"], environ_keys=["OPENAI_API_KEY"], today=TODAY
    )


def _all_available(card: ModelCard) -> str | None:
    return None


def _check(
    *,
    request: str = "A fox in the snow",
    image_models: tuple[str, ...] = ("offline-gouache", "offline-poster"),
    text_model: str = "offline-planner",
    aspect_ratio: str = "1:1",
    images_per_model: int = 1,
    seed: int | None = None,
    unavailable: Callable[[ModelCard], str | None] = _without_keys,
) -> GenerationRequest:
    """Check a good request with one thing changed."""
    return check_request(
        CATALOG,
        request=request,
        image_models=image_models,
        text_model=text_model,
        aspect_ratio=aspect_ratio,
        images_per_model=images_per_model,
        seed=seed,
        unavailable=unavailable,
    )


# The shipped data


@pytest.mark.parametrize(("model_id", "price"), PRICED)
def test_every_price_has_a_source_and_a_date(
    model_id: str, price: TokenPrice | PicturePrice
) -> None:
    """No price stands without a document and the day on which it was read."""
    assert price.sources
    assert all(source.title and source.read <= TODAY for source in price.sources)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_every_model_has_a_source(card: ModelCard) -> None:
    """What is said of a model can be looked up."""
    assert all(source.title and source.read <= TODAY for source in card.sources)
    assert card.sources


def test_every_model_id_is_unique() -> None:
    """No two models, of whatever kind, share an id."""
    ids = [card.id for card in CARDS]

    assert len(set(ids)) == len(ids)


def test_the_shipped_models_are_the_known_ones() -> None:
    """The catalogue holds the offline models first, then those of OpenAI and Google."""
    assert [card.id for card in CATALOG.text_models] == [
        "offline-planner",
        "gpt-6.1-terra",
        "gpt-6-luna",
        "gemini-3.8-flash",
    ]
    assert [card.id for card in CATALOG.image_models] == [
        "offline-gouache",
        "offline-poster",
        "gpt-image-2.6-flare",
        "gpt-image-2.6-sunburst",
        "gemini-nano-banana-2.1",
    ]


def test_the_offline_models_are_free_and_say_what_they_are() -> None:
    """Offline needs no key, costs nothing, and is not passed off as an AI model."""
    offline = CATALOG.provider("offline")
    painters = [card for card in CATALOG.image_models if card.provider == "offline"]

    assert offline.key_variables == ()
    assert offline.note == "drawn by code, not by an AI model"
    assert {card.aspect_ratios for card in painters} == {OURS}
    assert all(card.has_seed for card in painters)
    assert estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=[card.id for card in painters],
        images_per_model=4,
    ) == 0  # fmt: skip


@pytest.mark.parametrize("card", CATALOG.image_models, ids=lambda card: card.id)
def test_every_painter_accepts_our_shapes(card: ModelCard) -> None:
    """Any of the seven shapes can be asked of any image model."""
    assert set(OURS) <= set(CATALOG.image_model(card.id).aspect_ratios)


def test_only_offline_painters_have_a_seed() -> None:
    """OpenAI's and Google's image models take no seed."""
    assert {card.provider for card in CATALOG.image_models if card.has_seed} == {"offline"}


# Reading


SPOILED = [
    (
        "micro_usd_per_picture = 33_600",
        'micro_usd_per_picture = "33"',
        "'gemini-nano-banana-2.1', field 'prices.0.micro_usd_per_picture':"
        " Input should be a valid integer.",
    ),
    (
        "micro_usd_per_picture = 33_600",
        "micro_usd_per_picture = -1",
        "'gemini-nano-banana-2.1', field 'prices.0': micro-dollars of zero or more were expected.",
    ),
    (
        'title = "Offline poster"',
        'titel = "Offline poster"',
        "'offline-poster', field 'title': Field required.",
    ),
    (
        'title = "Nano Banana 2.1"',
        'title = " "',
        "'gemini-nano-banana-2.1', field 'title': a text was expected.",
    ),
    (
        'provider = "google"',
        'provider = "gogle"',
        "'gemini-3.8-flash', field 'provider': one of google, offline, openai was expected.",
    ),
    (
        'id = "offline-poster"',
        'id = "offline-planner"',
        "'offline-planner', field 'id': an id that no other entry has was expected.",
    ),
    (
        'sources = [{ title = "LiteLLM: Nano Banana 2.1", url = '
        '"https://github.com/BerriAI/litellm/discussions/44983", read = 2026-11-23 }]',
        "sources = []",
        "'gemini-nano-banana-2.1', field 'prices.0.sources': at least one source was expected.",
    ),
    (
        "discussions/44983",
        '", rad = "',
        "'gemini-nano-banana-2.1', field 'prices.0.sources.0.rad': Unexpected keyword argument.",
    ),
    (
        "valid_through = 2026-12-31\n",
        "",
        "'gemini-3.8-flash', field 'prices.0.valid_through': a day before the following price's"
        " was expected.",
    ),
    (
        '"1:1", "2:3", "3:2", "3:4", "4:3", "4:5"',
        '"1x1"',
        "'gemini-nano-banana-2.1', field 'aspect_ratios': at least one, each like 16:9, was"
        " expected.",
    ),
    (
        "max_images_per_call = 1\n",
        "max_images_per_call = 0\n",
        "'gemini-nano-banana-2.1', field 'max_images_per_call': 1 or more was expected.",
    ),
]


@pytest.mark.parametrize(("good", "bad", "expected"), SPOILED)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, good: str, bad: str, expected: str) -> None:
    """The operator is told the file, the model, the field and what was expected."""
    path = tmp_path / "models.toml"
    path.write_text(SHIPPED.read_text("utf-8").replace(good, bad), "utf-8")

    with pytest.raises(SetupError) as caught:
        read_catalog(path)

    assert caught.value.message == f"The catalogue {str(path)!r} is wrong at {expected} Correct it."


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is wrong at the top level, field 'providers': Field required."),
        (b"[[text_models]]\nid = 3", "'providers': Field required."),
        (b"[[x", "is not valid TOML in UTF-8"),
        (b"\xff", "is not valid TOML in UTF-8"),
        (b"providers = []\ntext_models = []\nimage_models = []", "at least one model was expected"),
        (b"providers = [{}]\ntext_models = []\nimage_models = []", "at number 1 of providers"),
    ],
)
def test_a_broken_file_is_a_setup_error(tmp_path: Path, content: bytes, part: str) -> None:
    """Whatever the file holds, the operator gets one sentence about it."""
    path = tmp_path / "models.toml"
    path.write_bytes(content)

    with pytest.raises(SetupError) as caught:
        read_catalog(path)

    assert part in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A catalogue that is not there is a matter for the operator."""
    with pytest.raises(SetupError, match=r"models\.toml' can't be read"):
        read_catalog(tmp_path / "models.toml")


# Availability and defaults


@pytest.mark.parametrize(
    ("model_id", "providers", "keys", "reason"),
    [
        ("offline-poster", ["offline"], [], None),
        ("offline-poster", [], [], "This version has no adapter for Offline yet."),
        ("gpt-image-2.6-flare", ["offline", "openai"], [], None),
        (
            "gpt-image-2.6-flare",
            ["offline"],
            ["PATH"],
            "GPT Image 2.6 Flare needs OPENAI_API_KEY to be set.",
        ),
        (
            "gpt-image-2.6-flare",
            ["offline"],
            ["OPENAI_API_KEY"],
            "This version has no adapter for OpenAI yet, although OPENAI_API_KEY is set.",
        ),
        (
            "gemini-nano-banana-2.1",
            ["offline"],
            [],
            "Nano Banana 2.1 needs GOOGLE_AI_API_KEY, GEMINI_API_KEY or GOOGLE_API_KEY to be set.",
        ),
        (
            "gemini-nano-banana-2.1",
            ["offline"],
            ["GOOGLE_API_KEY", "GEMINI_API_KEY"],
            "This version has no adapter for Google yet, although GEMINI_API_KEY is set.",
        ),
    ],
)
def test_the_reason_for_absence_is_one_sentence(
    model_id: str, providers: list[str], keys: list[str], reason: str | None
) -> None:
    """A model that can't be asked says which key or adapter is missing; another gives no reason."""
    found = CATALOG.reason_unavailable(
        CATALOG.image_model(model_id), providers=providers, environ_keys=keys, today=TODAY
    )

    assert found == reason


@pytest.mark.parametrize(
    ("today", "successor", "reason"),
    [
        (date(2026, 11, 30), "offline-poster", None),
        (
            date(2026, 12, 1),
            "offline-poster",
            "Offline gouache has been gone since 2026-12-01; use offline-poster instead.",
        ),
        (date(2027, 1, 1), None, "Offline gouache has been gone since 2026-12-01."),
    ],
)
def test_a_model_past_its_date_is_gone(
    today: date, successor: str | None, reason: str | None
) -> None:
    """From its shut-down date on a model is gone, key or not, and names its successor."""
    card = replace(
        CATALOG.image_model("offline-gouache"),
        shutdown_on=date(2026, 12, 1),
        successor=successor,
    )

    found = CATALOG.reason_unavailable(card, providers=["offline"], environ_keys=[], today=today)

    assert found == reason


def test_defaults_are_the_first_available() -> None:
    """One text model and two image models are chosen, in the order of the catalogue."""
    available = {"gpt-6-luna", "gemini-nano-banana-2.1", "offline-poster", "gpt-image-2.6-flare"}

    assert CATALOG.default_text_model(available) == "gpt-6-luna"
    assert CATALOG.default_image_models(available) == ("offline-poster", "gpt-image-2.6-flare")
    assert CATALOG.default_image_models(set()) == ()


def test_no_text_model_at_all_is_a_setup_error() -> None:
    """Without any text model nothing can be done, and the operator is told."""
    with pytest.raises(SetupError, match="No text model is available"):
        CATALOG.default_text_model({"offline-poster"})


# Prices


@pytest.mark.parametrize(
    ("model_id", "usage", "cost"),
    [
        ("offline-planner", Usage(input_tokens=1_000, output_tokens=1_000), 0),
        ("offline-planner", Usage(), 0),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, output_tokens=200), 2_000),
        ("gpt-6.1-terra", Usage(input_tokens=1_000), None),
        ("gpt-6-luna", Usage(input_tokens=0, output_tokens=1), 1),
        ("gpt-6-luna", Usage(input_tokens=4, output_tokens=0), 0),
        ("gpt-6-luna", Usage(input_tokens=5, output_tokens=0), 1),
    ],
)
def test_text_is_priced_by_its_tokens(model_id: str, usage: Usage, cost: int | None) -> None:
    """Half a micro-dollar is rounded up; what was not told is not guessed."""
    assert price_text(CATALOG.text_model(model_id), usage) == cost


@pytest.mark.parametrize(
    ("on", "cost"),
    [(date(2026, 12, 31), 4_500_000), (date(2027, 1, 1), 9_000_000), (None, 9_000_000)],
)
def test_a_price_holds_from_its_day(on: date | None, cost: int) -> None:
    """The price of the day is taken; without a day, the one that lasts."""
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)

    assert price_text(CATALOG.text_model("gemini-3.8-flash"), usage, on=on) == cost


@pytest.mark.parametrize(
    ("model_id", "count", "cost"),
    [
        ("offline-gouache", 4, 0),
        ("gemini-nano-banana-2.1", 3, 100_800),
        ("gemini-nano-banana-2.1", 0, 0),
        ("gpt-image-2.6-flare", 1, None),
    ],
)
def test_pictures_are_priced_by_number(model_id: str, count: int, cost: int | None) -> None:
    """Pictures cost what is documented; where nothing is, the price is unknown, not zero."""
    assert price_pictures(CATALOG.image_model(model_id), count) == cost


def test_a_price_that_has_ended_is_unknown() -> None:
    """After the last day of the last known price there is none."""
    card = CATALOG.image_model("gemini-nano-banana-2.1")
    ended = replace(card, prices=(replace(card.prices[0], valid_through=TODAY),))

    assert price_pictures(ended, 1, on=date(2026, 11, 24)) is None


def test_the_estimate_is_the_worst_case() -> None:
    """Plan with repair, thinking, construction, pictures and the tokens beside them are counted."""
    question = INSTRUCTION_TOKENS + REQUEST_TOKENS
    read = question + (question + ANSWER_TOKENS) * 2 + question + 2 * ANSWER_TOKENS
    beside = 4 * ANSWER_TOKENS
    luna = (read * 100_000 + 4 * ANSWER_TOKENS * 500_000) // 1_000_000
    banana = 4 * 33_600 + (beside * 1_500_000 + beside * 7_500_000) // 1_000_000

    estimate = estimate_cost(
        CATALOG,
        text_model="gpt-6-luna",
        image_models=["gemini-nano-banana-2.1"],
        images_per_model=4,
    )

    assert estimate == luna + banana


def test_an_unknown_price_makes_the_estimate_unknown() -> None:
    """A sum with an unknown part is unknown."""
    estimate = estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=["offline-gouache", "gpt-image-2.6-flare"],
        images_per_model=1,
    )

    assert estimate is None


# Checking a request


def test_a_good_request_is_normalised() -> None:
    """Line ends become newlines, outer whitespace and repeated models go; the estimate is added."""
    checked = _check(
        request="\r\n  A fox\r\nin the\rsnow\t! \n",
        image_models=("offline-poster", "offline-gouache", "offline-poster"),
        aspect_ratio="16:9",
        images_per_model=4,
        seed=2_147_483_647,
    )

    assert checked == GenerationRequest(
        request="A fox\nin the\nsnow\t!",
        text_model="offline-planner",
        image_models=("offline-poster", "offline-gouache"),
        aspect_ratio="16:9",
        images_per_model=4,
        seed=2_147_483_647,
        estimate_micro_usd=0,
    )


@pytest.mark.parametrize(
    "request_text",
    [
        "👩‍🚀 on the 🌙",
        "ثعلب في الثلج",
        "שועל \u200fבשלג",
        "# A *fox*\n\n- in `snow`",
        "<b>fox</b> & <script>alert(1)</script>",
        r"$\sum_{i} fox_i$",
        "x" * 4_000,
        "🦊" * 4_000,
        "?",
    ],
)
def test_any_readable_text_is_a_request(request_text: str) -> None:
    """Emoji, right-to-left scripts, Markdown, HTML and LaTeX are kept as they are."""
    assert _check(request=request_text).request == request_text


EMPTY = "The request is empty. Describe the picture you want in a sentence."
AVAILABLE = "Available: offline-gouache, offline-poster."


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"request": ""}, "request", EMPTY),
        ({"request": " \r\n\t\u3000"}, "request", EMPTY),
        ({"request": "\u200b\u2060\ufeff"}, "request", EMPTY),
        (
            {"request": "x" * 4_001},
            "request",
            "The request has 4,001 characters; at most 4,000 are accepted. Shorten it.",
        ),
        (
            {"request": "fox\x00es"},
            "request",
            "The request holds the control character U+0000 at position 4, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"request": " a\r\n\x9b"},
            "request",
            "The request holds the control character U+009B at position 3, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"request": "fox \ud83d"},
            "request",
            "The request holds the lone surrogate U+D83D at position 5, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"image_models": ()},
            "image_models",
            "No image model is chosen. Choose between 1 and 8 of them.",
        ),
        (
            {"image_models": tuple("abcdefghij")},
            "image_models",
            "10 image models are chosen; at most 8 are accepted. Leave 2 of them out.",
        ),
        (
            {"image_models": ("offline-gouash",)},
            "image_models",
            "There is no image model 'offline-gouash'. Did you mean 'offline-gouache'? "
            + AVAILABLE,
        ),
        (
            {"image_models": ("offline-gouache", "z" * 500)},
            "image_models",
            f"There is no image model '{'z' * 58}…. {AVAILABLE}",
        ),
        (
            {"image_models": ("gemini-nano-banana-2.1",)},
            "image_models",
            "Nano Banana 2.1 needs GOOGLE_AI_API_KEY, GEMINI_API_KEY or GOOGLE_API_KEY to be set.",
        ),
        (
            {"image_models": ("gpt-image-2.6-flare",)},
            "image_models",
            "This version has no adapter for OpenAI yet, although OPENAI_API_KEY is set.",
        ),
        (
            {"text_model": "offline"},
            "text_model",
            "There is no text model 'offline'. Did you mean 'offline-planner'?"
            " Available: offline-planner.",
        ),
        (
            {"text_model": "gpt-6-luna"},
            "text_model",
            "This version has no adapter for OpenAI yet, although OPENAI_API_KEY is set.",
        ),
        (
            {"aspect_ratio": "21:9"},
            "aspect_ratio",
            "Offline gouache does not paint '21:9'. It accepts 1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9;"
            " choose one of them, or leave this model out.",
        ),
        (
            {"images_per_model": 0},
            "images_per_model",
            "0 images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"images_per_model": 5},
            "images_per_model",
            "5 images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"images_per_model": True},
            "images_per_model",
            "True images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"seed": -1},
            "seed",
            "The seed -1 can't be used. Give a whole number from 0 to 2,147,483,647, or leave it"
            " empty.",
        ),
        (
            {"seed": 2**31},
            "seed",
            "The seed 2147483648 can't be used. Give a whole number from 0 to 2,147,483,647, or"
            " leave it empty.",
        ),
        (
            {"seed": 10**5_000},
            "seed",
            "The seed of over 128 bits can't be used. Give a whole number from 0 to 2,147,483,647,"
            " or leave it empty.",
        ),
        (
            {
                "seed": 7,
                "image_models": ("gpt-image-2.6-flare", "gemini-nano-banana-2.1"),
                "unavailable": _all_available,
            },
            "seed",
            "None of the chosen image models has a seed: GPT Image 2.6 Flare, Nano Banana 2.1."
            " Leave the seed empty, or choose a model that has one.",
        ),
    ],
)
def test_bad_input_is_explained(changed: dict[str, object], field: str, message: str) -> None:
    """What can't be done names its field, what is wrong with it and what is accepted."""
    check: Check = _check

    with pytest.raises(InputError) as caught:
        check(**changed)

    assert caught.value.field == field
    assert caught.value.message == message


def test_a_seed_is_fine_where_one_model_has_one() -> None:
    """Models without a seed may be asked beside one that has it."""
    checked = _check(
        seed=0, image_models=("gpt-image-2.6-flare", "offline-poster"), unavailable=_all_available
    )

    assert checked.seed == 0
    assert checked.estimate_micro_usd is None


def test_the_model_that_refuses_a_shape_is_named() -> None:
    """Of several models, the one that does not paint the shape is named."""
    with pytest.raises(InputError, match="Offline poster does not paint '8:1'"):
        _check(
            aspect_ratio="8:1",
            image_models=("gemini-nano-banana-2.1", "offline-poster"),
            unavailable=_all_available,
        )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=50))
def test_a_request_is_kept_or_refused(request_text: str) -> None:
    """Any text either becomes a request that UTF-8 can hold, or is an input error."""
    try:
        checked = _check(request=request_text)
    except InputError:
        return

    assert checked.request.encode("utf-8")
    assert checked.request == checked.request.strip()


def test_an_unknown_model_is_an_input_error() -> None:
    """The catalogue offers the nearest id and lists what it has."""
    with pytest.raises(InputError) as caught:
        CATALOG.text_model("gpt-6-lunar")

    assert caught.value.field == "text_model"
    assert caught.value.message == (
        "There is no text model 'gpt-6-lunar'. Did you mean 'gpt-6-luna'?"
        " Available: offline-planner, gpt-6.1-terra, gpt-6-luna, gemini-3.8-flash."
    )


def test_the_catalogue_is_a_value() -> None:
    """Reading the same file twice gives equal catalogues."""
    assert read_catalog(SHIPPED) == CATALOG
    assert isinstance(CATALOG, Catalog)
