"""Thumbnails for the questions, from a laboratory's ledger and store."""

from promptflow.laboratory import Laboratory
from promptflow.ports import Reference
from promptflow.questions.sources import read_thumbnail
from promptflow.records import AssetRole
from promptflow.rounds import Tidied
from promptflow.settings import Settings
from tests.scripted import GOUACHE, finish, give, make_laboratory, make_png, make_request


def test_pictures_and_references_have_thumbnails(settings: Settings) -> None:
    """What was painted, what went along and the thumbnail itself lead to a small WebP."""
    lab = make_laboratory(settings, painters={GOUACHE: give(1)})
    reference = Reference(data=make_png(200), mime="image/png")
    generation_id = lab.start(make_request(image_models=(GOUACHE,)), [reference])
    list(finish(lab, generation_id))
    _settle(lab)

    found = {
        asset.role: read_thumbnail(lab, asset.asset_id) for asset in lab.ledger.assets.list_assets()
    }

    lab.close(timeout_s=10)
    assert set(found) == set(AssetRole)
    assert [told[0] if told else None for told in found.values()] == ["image/webp"] * 3
    assert len({told[1] for told in found.values() if told}) == 2


def test_what_is_unknown_has_no_thumbnail(settings: Settings) -> None:
    """An id of nothing is answered with nothing."""
    lab = make_laboratory(settings)

    assert read_thumbnail(lab, "no-such-asset") is None
    lab.close(timeout_s=10)


def _settle(lab: Laboratory) -> Tidied:
    """Have all done that is done in the background."""
    done = lab.archive.settle(timeout_s=30)
    assert done
    return done
