"""How much of an answer is read: one that never ends must fill neither the memory nor the page. Floor 4.

The SDKs set no limit: a line of a stream is collected until its end comes, however far away that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

MAX_TEXT_CHARS = 200_000
"""Of an answer, and of the reasoning beside it; no answer within `ANSWER_TOKENS` comes near it."""
MAX_TEXT_BYTES = 32_000_000
"""Of a text as it is sent: some hundred bytes of event around every piece of a word."""
MAX_PICTURE_BYTES = 100_000_000
"""Of pictures as they are sent, in base64: three of 8 megapixels, or one of 16, that hardly compress."""

_MEGA = 1_000_000


class AnswerTooLargeError(Exception):
    """More has come of an answer than is read; adapters turn it into a `ReplyError`.

    Args:
        limit: what is read at most, e.g. ``200,000 characters``.
    """

    def __init__(self, limit: str) -> None:
        super().__init__(f"more than {limit}")
        self.limit = limit


@dataclass(slots=True)
class Tally:
    """Counts the characters of one answer in text."""

    answer_chars: int = 0
    reasoning_chars: int = 0

    def add(self, *, text: str = "", reasoning: str = "") -> None:
        """Count a piece before it is handed on.

        Args:
            text: of the answer, or of a refusal in its place.
            reasoning: of what the model lets be seen of its reasoning.

        Raises:
            AnswerTooLargeError: with this piece it is too much of one of the two.
        """
        self.answer_chars += len(text)
        self.reasoning_chars += len(reasoning)
        if max(self.answer_chars, self.reasoning_chars) > MAX_TEXT_CHARS:
            raise AnswerTooLargeError(f"{MAX_TEXT_CHARS:,} characters")


def bound_answer(response: "httpx2.Response", *, painting: str) -> None:
    """Let an answer end in an error once more of it has come than is read; a hook of httpx2.

    Args:
        response: whose head has come, and nothing else yet.
        painting: what the path of a request for a picture holds, and no other path.

    Raises:
        AnswerTooLargeError: the answer announces more than is read. Whoever reads one that does not
            announce its size meets the same error when it is reached; the connection is then closed.
    """
    limit = MAX_PICTURE_BYTES if painting in response.request.url.path else MAX_TEXT_BYTES
    too_large = AnswerTooLargeError(f"{limit // _MEGA} MB")
    if int(response.headers.get("content-length", 0)) > limit:
        raise too_large
    read = response.iter_bytes

    def read_bounded(chunk_size: int | None = None) -> Iterator[bytes]:
        # Out of the way again: the answer and this function would hold each other, and with them all that
        # was read, until the collector of cycles comes by. An answer is read once only.
        vars(response).pop("iter_bytes", None)
        came = 0
        for chunk in read(chunk_size):
            came += len(chunk)
            if came > limit:
                raise too_large
            yield chunk

    # Here everything that reads an answer comes by, and what is counted is unpacked already: the bytes
    # on the wire may be a thousand times fewer.
    response.iter_bytes = read_bounded  # type: ignore[method-assign]  # of this one response
