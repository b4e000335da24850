"""The pictures of one installation: found in its ledger, and read from wherever they are kept.

A role of the laboratory, above the archive.
"""

from promptflow.archive import Archive
from promptflow.ledger.gallery import Pictures
from promptflow.records import Asset, GalleryFilter, PictureSummary


class Gallery:
    """What there is to look at.

    Args:
        pictures: what is recorded of them.
        archive: where they are kept.
    """

    def __init__(self, *, pictures: Pictures, archive: Archive) -> None:
        self._pictures = pictures
        self._archive = archive

    def list_pictures(
        self, wanted: GalleryFilter, *, limit: int, offset: int = 0
    ) -> tuple[PictureSummary, ...]:
        """List painted pictures, newest first.

        Args:
            wanted: which.
            limit: how many at most, from 1.
            offset: how many to leave out before, from 0.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._pictures.list_pictures(wanted, limit=limit, offset=offset)

    def count_pictures(self, wanted: GalleryFilter) -> tuple[int, bool]:
        """Count painted pictures: how many, and whether there are more than were counted.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._pictures.count_pictures(wanted)

    def list_gallery_models(self) -> tuple[str, ...]:
        """List the image models that have painted a picture, by id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._pictures.list_gallery_models()

    def find_picture(self, asset_id: str) -> PictureSummary | None:
        """Return one painted picture; ``None`` where there is none of this id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._pictures.find_picture(asset_id)

    def read_picture(self, asset: Asset) -> bytes:
        """Return the bytes of a picture.

        Raises:
            StorageError: it is missing, damaged or can't be read.
        """
        return self._archive.store.read(asset)

    def link(self, asset: Asset, *, filename: str | None = None) -> str | None:
        """Return an address at which a browser gets a picture; ``None`` where it is on this machine.

        Args:
            asset: as the ledger has it.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            A secret for as long as it is good: never to be stored or logged.

        Raises:
            StorageError: it could not be signed.
        """
        return self._archive.link(asset, filename=filename)
