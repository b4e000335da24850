"""Where the site for questions gets its ledger and its thumbnails from: a laboratory. Floor 7."""

from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.questions.site import LedgerSource
from promptflow.records import Asset, AssetRole
from promptflow.storage.keys import find_parts


def find_ledger(laboratory: Laboratory) -> LedgerSource | None:
    """Make a laboratory's ledger ready for questions.

    Args:
        laboratory: whose ledger it is; it is opened, as for a page.

    Returns:
        The ledger; ``None`` where nothing was ever recorded.

    Raises:
        SetupError: the data folder or the ledger can't be used; it says what to do.
        LedgerError: the ledger can't be read or written.
    """
    laboratory.open()
    if laboratory.ledger.is_new:
        return None

    def read(asset_id: str) -> tuple[str, bytes] | None:
        return read_thumbnail(laboratory, asset_id)

    return LedgerSource(database=laboratory.settings.database, read_thumbnail=read)


def read_thumbnail(laboratory: Laboratory, asset_id: str) -> tuple[str, bytes] | None:
    """Return the thumbnail of a picture or reference, or a thumbnail itself.

    Args:
        laboratory: whose ledger and store are asked.
        asset_id: anything; it may come from an address.

    Returns:
        MIME type and bytes; ``None`` where the ledger knows of none, or its file can't be read.

    Raises:
        LedgerError: the ledger can't be read.
    """
    asset = laboratory.ledger.assets.find_asset(asset_id)
    if asset is not None and asset.role is not AssetRole.THUMBNAIL:
        asset = _find_thumbnail(laboratory, asset)
    if asset is None:
        return None
    try:
        return asset.mime, laboratory.gallery.read_picture(asset)
    except StorageError:
        return None


def _find_thumbnail(laboratory: Laboratory, asset: Asset) -> Asset | None:
    """Return the thumbnail of a picture or reference; ``None`` until it is made."""
    picture = laboratory.ledger.pictures.find_picture(asset.asset_id)
    if picture is not None:
        return picture.thumbnail
    parts = find_parts(asset.key)
    if parts is None:
        return None
    thumbnails = laboratory.read_lineage(parts.generation_id).thumbnails
    return thumbnails.get(asset.asset_id)
