"""What a person does to find things again, or to be rid of them: stars, titles, notes, tags, deleting.

A role of the laboratory, above the archive.
"""

from collections.abc import Callable, Mapping, Sequence

from promptflow.clock import Clock
from promptflow.labels import Kind, clean_labels
from promptflow.ledger.organising import Marks
from promptflow.records import DeletedPicture, Labels


class Organiser:
    """Keeps the generations and pictures of one installation in order.

    Args:
        marks: where all of it is recorded.
        wake: called after each change, so that the ledger gets saved.
        clock: dates stars and deletions.
    """

    def __init__(self, *, marks: Marks, wake: Callable[[], None], clock: Clock) -> None:
        self._marks = marks
        self._wake = wake
        self._clock = clock

    def star(self, asset_id: str, *, starred: bool) -> None:
        """Give a picture a star, or take it away.

        Raises:
            LedgerError: there is no such picture, it was deleted, or it could not be written.
        """
        self._marks.star(asset_id, self._clock.now() if starred else None)
        self._wake()

    def read_labels(self, kind: Kind, row_id: str) -> Labels:
        """Return the title, note and tags of a generation or picture.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        return self._marks.read_labels(kind, row_id)

    def read_all_labels(self, generation_id: str) -> Mapping[str, Labels]:
        """Return what a person wrote on a generation and on its pictures, by id.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        return self._marks.read_all_labels(generation_id)

    def label(
        self, kind: Kind, row_id: str, *, title: str, note: str, tags: Sequence[str]
    ) -> Labels:
        """Replace the title, note and tags of a generation or picture.

        Args:
            kind: what it is.
            row_id: its id.
            title: as typed; a generation without one gets the beginning of its request.
            note: as typed.
            tags: as typed.

        Returns:
            What is written now.

        Raises:
            InputError: something is too long; it names the field, and nothing was written.
            LedgerError: there is none of this id, it was deleted, or it could not be written.
        """
        self._marks.write_labels(kind, row_id, clean_labels(title, note, tags))
        self._wake()
        return self._marks.read_labels(kind, row_id)

    def list_tags(self) -> tuple[str, ...]:
        """List the tags that are in use.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._marks.list_tags()

    def delete(self, kind: Kind, row_id: str) -> None:
        """Delete a generation or picture; until a purge takes it, `restore` brings it back.

        Raises:
            InputError: it is still being made.
            LedgerError: there is none of this id, or it could not be written.
        """
        self._marks.delete(kind, row_id, self._clock.now())
        self._wake()

    def restore(self, kind: Kind, row_id: str) -> None:
        """Bring back a generation or picture that was deleted.

        Raises:
            LedgerError: there is none of this id, it was purged, or it could not be written.
        """
        self._marks.undelete(kind, row_id)
        self._wake()

    def list_deleted_pictures(self, generation_id: str) -> tuple[str, ...]:
        """List the ids of a generation's pictures that were deleted and can be brought back.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._marks.list_deleted_pictures(generation_id)

    def find_deleted_picture(self, picture_id: str) -> DeletedPicture | None:
        """Return what is known of a picture that was deleted; ``None`` where none of this id was.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._marks.find_deleted_picture(picture_id)
