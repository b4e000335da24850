"""What a server was asked, as tests look at it, and what was wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser

from tests.wire.answers import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """One part of a multipart form."""

    name: str
    filename: str | None
    """None for a plain field."""
    content_type: str | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived. Its headers hold the key it was sent with."""

    provider: str
    """``openai`` or ``google``."""
    number: int
    """From 1, in the order of arrival at this server."""
    arrived_s: float
    """When its body was whole, on `time.monotonic`."""
    method: str
    path: str
    """Without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Lower-cased name → value."""
    body: bytes = field(repr=False)
    json: Json | None
    """The body as a JSON object, where it is one; names in Google's are in camel case."""
    parts: tuple[FormPart, ...] = ()
    """The parts of a multipart body, in order."""
    kind: str = "other"
    """``text``, ``image``, ``models`` or ``other``."""
    model: str | None = None
    """The model asked for."""
    streamed: bool = False
    """Whether a stream was asked for."""

    def read_field(self, name: str) -> str | None:
        """Return the text of a plain form field, or None."""
        found = [part for part in self.parts if part.name == name and part.filename is None]
        return found[0].data.decode() if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What the API does not accept about a request, in its own words where they are known."""

    status: int
    message: str
    param: str | None = None
    """The field that is wrong."""
    code: str | None = None
    """OpenAI's code, or Google's reason."""
    type: str = "invalid_request_error"
    """OpenAI's type, or Google's status."""
    where: str = ""
    """Method and path of the request."""


def read_form(content_type: str, body: bytes) -> tuple[FormPart, ...]:
    """Take a multipart body apart.

    Args:
        content_type: the header, with the boundary.
        body: the bytes.

    Returns:
        The parts in order; none where the body is no form.
    """
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if not content_type.startswith("multipart/form-data") or boundary is None:
        return ()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())
    # Before the first boundary there is nothing, after the last one only the closing dashes.
    return tuple(_read_part(piece.removeprefix(b"\r\n")) for piece in pieces[1:-1])


def _read_part(piece: bytes) -> FormPart:
    """Read one part: its headers, an empty line, its bytes."""
    head, _, data = piece.partition(b"\r\n\r\n")
    headers: Message[str, str] = BytesHeaderParser().parsebytes(head)
    name = headers.get_param("name", "", header="content-disposition")
    return FormPart(
        name=str(name),
        filename=headers.get_filename(),
        content_type=headers.get_content_type() if "content-type" in headers else None,
        data=data,
    )
