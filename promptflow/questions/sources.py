"""Where the site for questions gets its ledger and its thumbnails from: a laboratory. Floor 7."""

from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.questions.site import LedgerSource
from promptflow.records import AssetRole


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
    """Return the thumbnail of a picture, or a thumbnail itself.

    Args:
        laboratory: whose ledger and store are asked.
        asset_id: anything; it may come from an address.

    Returns:
        MIME type and bytes; ``None`` where the ledger knows of none, or its file can't be read.

    Raises:
        LedgerError: the ledger can't be read.
    """
    picture = laboratory.ledger.find_picture(asset_id)
    asset = picture.thumbnail if picture else laboratory.ledger.find_asset(asset_id)
    if asset is None or asset.role is not AssetRole.THUMBNAIL:
        return None
    try:
        return asset.mime, laboratory.read_picture(asset)
    except StorageError:
        return None
