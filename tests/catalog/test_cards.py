"""Cards: what several models have in common."""

from dataclasses import replace

from promptflow.catalog import read_catalog, shared_aspect_ratios
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
GOUACHE = CATALOG.image_model("offline-gouache")


def test_shared_ratios_are_those_that_every_card_accepts() -> None:
    """A shape that one of the models does not paint is left out."""
    cards = (
        replace(GOUACHE, aspect_ratios=("1:1", "2:3", "16:9")),
        replace(GOUACHE, aspect_ratios=("16:9", "1:1", "21:9")),
        replace(GOUACHE, aspect_ratios=("9:16", "1:1", "16:9")),
    )

    assert shared_aspect_ratios(cards) == ("1:1", "16:9")


def test_shared_ratios_have_the_order_of_the_first_card() -> None:
    """The first model's order holds, whatever the others' is."""
    landscape_first = replace(GOUACHE, aspect_ratios=("16:9", "1:1"))
    square_first = replace(GOUACHE, aspect_ratios=("1:1", "16:9"))

    assert shared_aspect_ratios([landscape_first, square_first]) == ("16:9", "1:1")
    assert shared_aspect_ratios([square_first, landscape_first]) == ("1:1", "16:9")


def test_one_card_shares_all_its_ratios() -> None:
    """A model alone agrees with itself."""
    assert shared_aspect_ratios([GOUACHE]) == GOUACHE.aspect_ratios


def test_a_ratio_listed_twice_is_shared_once() -> None:
    """A repetition in a card is not offered twice."""
    card = replace(GOUACHE, aspect_ratios=("1:1", "16:9", "1:1"))

    assert shared_aspect_ratios([card, GOUACHE]) == ("1:1", "16:9")


def test_cards_with_nothing_in_common_share_no_ratio() -> None:
    """Where the models paint different shapes, or there is no model, no shape is shared."""
    square = replace(GOUACHE, aspect_ratios=("1:1",))
    landscape = replace(GOUACHE, aspect_ratios=("16:9",))

    assert shared_aspect_ratios([square, landscape]) == ()
    assert shared_aspect_ratios([]) == ()
