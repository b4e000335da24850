"""Finding a model, saying why it can't be asked, and choosing at first."""

from dataclasses import replace
from datetime import date

import pytest

from promptflow.catalog import is_gone, read_catalog
from promptflow.errors import InputError, SetupError
from promptflow.settings import SHIPPED_DATA

TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")


def test_an_unknown_model_is_an_input_error() -> None:
    """The catalogue offers the nearest id and lists what it has."""
    with pytest.raises(InputError) as caught:
        CATALOG.text_model("gpt-6-lunar")

    assert caught.value.field == "text_model"
    assert caught.value.message == (
        "There is no text model 'gpt-6-lunar'. Did you mean 'gpt-6-luna'?"
        " Available: offline-planner, gpt-6.1-terra, gpt-6-luna, gpt-6.2-sol, gpt-6.2-astra,"
        " gpt-6.1-sol, gemini-3.8-flash, gemini-4-hydrogen, gemini-4-argon, gemini-4-carbon,"
        " gemini-3.5-flash-lite."
    )


@pytest.mark.parametrize(
    ("model_id", "title"),
    [
        ("offline-planner", "Offline planner"),
        ("gemini-nano-banana-2.1", "Nano Banana 2.1"),
        ("imagen-1", "imagen-1"),
        ("", ""),
    ],
)
def test_a_model_goes_by_its_title(model_id: str, title: str) -> None:
    """A model of either kind has its title; one that the catalogue lacks is called by its id."""
    assert CATALOG.model_title(model_id) == title


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
    assert is_gone(card, today) is (reason is not None)


def test_a_model_without_a_date_is_never_gone() -> None:
    """What has no end that is known is not past it."""
    assert not is_gone(CATALOG.image_model("gpt-image-2"), date.max)


@pytest.mark.parametrize(
    ("model_id", "today", "warning"),
    [
        ("gpt-image-1.5", date(2026, 10, 31), None),
        (
            "gpt-image-1.5",
            date(2026, 11, 1),
            "GPT Image 1.5 is shut down in 30 days, on 2026-12-01; use gpt-image-2.6-sunburst"
            " instead.",
        ),
        (
            "gpt-image-1.5",
            TODAY,
            "GPT Image 1.5 is shut down in 8 days, on 2026-12-01; use gpt-image-2.6-sunburst"
            " instead.",
        ),
        (
            "gpt-image-1-mini",
            date(2026, 11, 30),
            "GPT Image 1 mini is shut down tomorrow, on 2026-12-01; use gpt-image-2.6-flare instead.",
        ),
        ("gpt-image-1.5", date(2026, 12, 1), None),
        ("gpt-image-2", TODAY, None),
    ],
)
def test_the_last_thirty_days_carry_a_warning(
    model_id: str, today: date, warning: str | None
) -> None:
    """A model near its end says when that is and what to use; one that is gone is refused instead."""
    assert CATALOG.warning(CATALOG.image_model(model_id), today) == warning


def test_a_model_without_successor_warns_all_the_same() -> None:
    """Where no successor is named, the day alone is told."""
    card = replace(CATALOG.image_model("gpt-image-1.5"), successor=None)

    assert CATALOG.warning(card, TODAY) == "GPT Image 1.5 is shut down in 8 days, on 2026-12-01."


EVERY = frozenset(card.id for card in (*CATALOG.text_models, *CATALOG.image_models))
OFFLINE = frozenset({"offline-planner", "offline-gouache", "offline-poster"})
OPENAI = frozenset(model_id for model_id in EVERY if model_id.startswith("gpt"))
GOOGLE = frozenset(model_id for model_id in EVERY if model_id.startswith("gemini"))


@pytest.mark.parametrize(
    ("available", "text_model", "image_models"),
    [
        (EVERY, "gpt-6.1-terra", ("gpt-image-2.6-flare", "gemini-nano-banana-2.1")),
        (
            OFFLINE | OPENAI,
            "gpt-6.1-terra",
            ("gpt-image-2.6-flare", "gpt-image-2.6-sunburst"),
        ),
        (
            OFFLINE | GOOGLE,
            "gemini-3.8-flash",
            ("gemini-nano-banana-2.1", "gemini-3-pro-image"),
        ),
        (OFFLINE, "offline-planner", ("offline-gouache", "offline-poster")),
        (
            EVERY - {"gpt-6.1-terra", "gpt-image-2.6-flare", "gpt-image-2.6-sunburst"},
            "gemini-3.8-flash",
            ("gpt-image-2.5-flare", "gemini-nano-banana-2.1"),
        ),
        (OFFLINE | {"gpt-6-luna", "gpt-image-2"}, "gpt-6-luna", ("gpt-image-2",)),
        ({"offline-planner"}, "offline-planner", ()),
    ],
)
def test_defaults_follow_the_keys(
    available: frozenset[str], text_model: str, image_models: tuple[str, ...]
) -> None:
    """Both keys: a model of each; one key: two of it; none: the offline ones; recommended first."""
    assert CATALOG.default_text_model(available) == text_model
    assert CATALOG.default_image_models(available) == image_models


def test_no_text_model_at_all_is_a_setup_error() -> None:
    """Without any text model nothing can be done, and the operator is told."""
    with pytest.raises(SetupError, match="No text model is available"):
        CATALOG.default_text_model({"offline-poster"})
