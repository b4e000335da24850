"""Models that an operator named."""

import pytest

from promptflow.catalog import (
    ImageModelCard,
    TextModelCard,
    check_request,
    read_catalog,
    tell_unnamed,
)
from promptflow.errors import InputError
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")


def test_a_named_model_is_known_by_its_id_alone() -> None:
    """Its title is its id, its price unknown, and it can do what any compatible server can."""
    catalog = CATALOG.with_named("openai", ["llama-4:70b"], ["stabilityai/sdxl"])

    assert catalog.text_model("llama-4:70b") == TextModelCard(
        id="llama-4:70b",
        title="llama-4:70b",
        provider="openai",
        recommended_for="named in this installation's settings",
        recommended=True,
        named=True,
        sources=(),
    )
    assert catalog.image_model("stabilityai/sdxl") == ImageModelCard(
        id="stabilityai/sdxl",
        title="stabilityai/sdxl",
        provider="openai",
        recommended_for="named in this installation's settings",
        recommended=True,
        named=True,
        sources=(),
        aspect_ratios=("1:1", "3:2", "2:3"),
        sizes=("1024x1024", "1536x1024", "1024x1536"),
        max_images_per_call=1,
        has_seed=False,
    )


def test_named_models_come_first_and_once() -> None:
    """They stand in front in their order; blanks and repetitions go, the others stay as they are."""
    catalog = CATALOG.with_named("openai", [" b ", "", "a", "b"], ["painter"])

    assert [card.id for card in catalog.text_models[:3]] == ["b", "a", "offline-planner"]
    assert catalog.text_models[2:] == CATALOG.text_models
    assert catalog.image_models[1:] == CATALOG.image_models


def test_a_known_model_keeps_its_card() -> None:
    """A named model of the catalogue keeps its price and abilities, and is preferred from then on."""
    luna = CATALOG.text_model("gpt-6-luna")

    named = CATALOG.with_named("openai", ["gpt-6-luna"], [])

    assert named.text_model("gpt-6-luna").prices == luna.prices
    assert not named.text_model("gpt-6-luna").named
    assert named.default_text_model({"gpt-6.1-terra", "gpt-6-luna"}) == "gpt-6-luna"
    assert len(named.text_models) == len(CATALOG.text_models)


@pytest.mark.parametrize(
    ("text", "image"),
    [
        (["gemini-3.8-flash"], []),
        (["gpt-image-2"], []),
        ([], ["gpt-6-luna"]),
        ([], ["offline-poster"]),
    ],
)
def test_an_id_that_another_model_has_is_passed_over(text: list[str], image: list[str]) -> None:
    """Ids stay unique: those of another provider or of the other kind are not taken twice."""
    assert CATALOG.with_named("openai", text, image) == CATALOG


def test_one_id_named_for_both_kinds_is_a_text_model() -> None:
    """A name in both lists is taken once."""
    catalog = CATALOG.with_named("openai", ["both"], ["both"])

    assert catalog.text_model("both").named
    with pytest.raises(InputError, match="There is no image model 'both'"):
        catalog.image_model("both")


def test_nothing_named_changes_nothing() -> None:
    """Without names the catalogue is as it was."""
    assert CATALOG.with_named("openai", [], []) == CATALOG


def test_named_models_are_the_defaults_of_their_provider() -> None:
    """Who names models wants those, beside the other provider's."""
    catalog = CATALOG.with_named("openai", ["llama"], ["sdxl"])
    available = {
        *("llama", "sdxl", "gpt-6.1-terra", "gpt-image-2.6-flare"),
        *("gemini-3.8-flash", "gemini-nano-banana-2.1", "offline-gouache"),
    }

    assert catalog.default_text_model(available) == "llama"
    assert catalog.default_image_models(available) == ("sdxl", "gemini-nano-banana-2.1")


def test_a_named_model_can_be_asked_at_an_unknown_price() -> None:
    """A request to one is checked like any other; its estimate is unknown."""
    catalog = CATALOG.with_named("openai", ["llama"], ["sdxl"])

    checked = check_request(
        catalog,
        request="A fox",
        image_models=["sdxl"],
        text_model="llama",
        aspect_ratio="3:2",
        images_per_model=2,
        seed=None,
        unavailable=lambda _: None,
    )

    assert checked.image_models == ("sdxl",)
    assert checked.estimate_micro_usd is None


def test_the_reason_for_an_unnamed_model_says_how_to_name_it() -> None:
    """A model that another server was not said to have names the variable of its kind."""
    assert tell_unnamed(CATALOG.text_model("gpt-6-luna")) == (
        "GPT-6 Luna is not among the models that are named for the server at OPENAI_BASE_URL; if it"
        " has it, add gpt-6-luna to OPENAI_TEXT_MODELS."
    )
    assert tell_unnamed(CATALOG.image_model("gpt-image-2")).endswith(
        "add gpt-image-2 to OPENAI_IMAGE_MODELS."
    )
