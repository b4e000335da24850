"""XMP packets: ours written, added to those of others, and read. Floor 3.

Read with expat alone, in UTF-8 and without a DTD: there are no entities to unfold. Ours is marked as
read-only: a program that doesn't know the format of the file would break a PNG's checksum. Source of the
kinds of source: IPTC, https://cv.iptc.org/newscodes/digitalsourcetype/, read 2026-11-23.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from xml.parsers import expat

from promptflow.clock import from_text, to_text
from promptflow.wording import mend_text
from promptflow.xmp.lineage import PictureLineage

_OURS = "urn:promptflow:lineage:1.0#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PREFIXES = {"promptflow": _OURS, "rdf": _RDF, "dc": _DC, "xmp": _XMP, "Iptc4xmpExt": _IPTC}

_FRAME = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
    '{}</rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'
)
_STANDARD = ("dc:description", "xmp:CreatorTool", "xmp:CreateDate", "Iptc4xmpExt:DigitalSourceType")
"""The properties that other programs show."""

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_DRAWN_BY_CODE, _MADE_BY_MODEL = "algorithmicMedia", "trainedAlgorithmicMedia"
_OFFLINE = "offline"
"""The provider whose pictures are drawn by code."""

_MOST_BYTES = {"request": 20_000, "prompt": 28_000, "description": 6_000, "parameters": 2_000}
"""As written, so that all of it fits into a JPEG's 65,502; 4,000 characters of a request always do."""
_MOST_OTHER_BYTES = 600

_MOST_NAME_CHARS = 300
"""Of a namespace; real ones have some 50."""

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, not even as a reference."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_NONSENSE = (expat.ExpatError, LookupError, ValueError, TypeError, OverflowError, RecursionError)
"""What packets of others lead to: no XML, fields that lack, no number, no date, no JSON."""


def write_packet(lineage: PictureLineage, existing: bytes | None) -> bytes:
    """Write a packet.

    Args:
        lineage: where the picture comes from.
        existing: the packet to which it is added; ``None`` for one of its own.

    Returns:
        UTF-8; without `existing` at most 65,502 bytes.
    """
    found = _survey(existing) if existing else None
    if existing is None or found is None or found.end is None:
        return _FRAME.format(_describe(lineage, frozenset())).encode()
    kept = []
    at = 0
    for start, end in (*found.ours, (found.end, found.end)):
        kept.append(existing[at:start])
        at = end
    addition = _describe(lineage, frozenset(found.properties)).encode()
    return b"".join((*kept, addition, existing[at:]))


def parse_lineage(packet: bytes) -> PictureLineage | None:
    """Read the lineage in a packet.

    Args:
        packet: anything.

    Returns:
        The lineage; ``None`` where there is none, or none that makes sense.
    """
    found = _survey(packet)
    if found is None:
        return None
    try:
        return _make_lineage(found.values)
    except _NONSENSE:
        return None


def _describe(lineage: PictureLineage, taken: frozenset[str]) -> str:
    """Write our description; a property that has a value already is left out: XMP has each once."""
    lines = [f"<promptflow:{name}>{text}</promptflow:{name}>" for name, text in _values(lineage)]
    kind = _DRAWN_BY_CODE if lineage.provider == _OFFLINE else _MADE_BY_MODEL
    prompt = _fit(lineage.prompt, "description")
    texts = (
        f'<rdf:Alt><rdf:li xml:lang="x-default">{prompt}</rdf:li></rdf:Alt>',
        _fit(f"Prompt Flow {lineage.app_version}"),
        to_text(lineage.created_at),
        f"{_SOURCE_TYPES}{kind}",
    )
    for name, text in zip(_STANDARD, texts, strict=True):
        if _expand(name) not in taken:
            lines.append(f"<{name}>{text}</{name}>")
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items())
    inside = "\n".join(lines)
    return f'<rdf:Description {names} rdf:about="">\n{inside}\n</rdf:Description>'


def _expand(name: str) -> str:
    """Return a property's name as expat tells it."""
    prefix, local = name.split(":")
    return f"{_PREFIXES[prefix]} {local}"


def _values(lineage: PictureLineage) -> list[tuple[str, str]]:
    """Return each field's name and its text, escaped; what is unknown is left out."""
    texts = {
        one.name: getattr(lineage, one.name)
        for one in fields(lineage)
        if getattr(lineage, one.name) is not None
    }
    texts["created_at"] = to_text(lineage.created_at)
    texts["parameters"] = _parameters_to_json(lineage.parameters)
    return [(name, _fit(str(text), name)) for name, text in texts.items()]


def _parameters_to_json(parameters: Mapping[str, str | int]) -> str:
    """Render parameters; those that would make it too long are left out."""
    kept: dict[str, str | int] = {}
    text = "{}"
    for name, value in parameters.items():
        longer = json.dumps(kept | {name: value}, ensure_ascii=False)
        if len(_escape(longer).encode()) <= _MOST_BYTES["parameters"]:
            kept[name], text = value, longer
    return text


def _fit(text: str, name: str = "") -> str:
    """Escape a text for XML, cut to the bytes there are for it."""
    most = _MOST_BYTES.get(name, _MOST_OTHER_BYTES)
    escaped = _escape(text)
    # A quick look first: most texts are far from the limit.
    if len(escaped) * 4 <= most or len(escaped.encode()) <= most:
        return escaped
    room, kept = most - len("…".encode()), []
    for char in text:
        escaped = _escape(char)
        room -= len(escaped.encode())
        if room < 0:
            break
        kept.append(escaped)
    return "".join(kept) + "…"


def _escape(text: str) -> str:
    clean = _UNFIT.sub("�", mend_text(text))
    clean = clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A bare one would be read as a line feed.
    return clean.replace("\r", "&#13;")


@dataclass(slots=True)
class _Survey:
    """What is in a packet."""

    values: dict[str, str] = field(default_factory=dict)
    """Of our properties: field → text."""
    properties: set[str] = field(default_factory=set)
    """The properties in the descriptions of others."""
    ours: list[tuple[int, int]] = field(default_factory=list)
    """Where descriptions of ours begin and end, in bytes."""
    end: int | None = None
    """Where to add another description; ``None`` where that isn't possible."""


class _UnfitError(ValueError):
    """The packet is one that is not read."""


def _survey(packet: bytes) -> _Survey | None:
    """Go through a packet; ``None`` where it can't be read."""
    reader = _Reader(packet.rstrip(b"\0"))
    try:
        return reader.read()
    except _NONSENSE:
        return None


class _Reader:
    """Goes through one packet, start tag by end tag."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._found = _Survey()
        self._path: list[str] = []
        self._inside: set[str] = set()
        """The properties of the description that is open."""
        self._start = 0
        """Where it begins."""
        self._texts: list[str] = []
        self._mixed = False
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.StartNamespaceDeclHandler = _refuse_long_name
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._take

    def read(self) -> _Survey:
        self._parser.Parse(self._packet, True)
        if self._mixed:
            # Another program put ours and others' into one description, which can't be taken out.
            self._found.end = None
        return self._found

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if self._is_description(name):
            self._inside = {key for key in attributes if " " in key and not key.startswith(_RDF)}
            self._start = self._parser.CurrentByteIndex
            for key, value in attributes.items():
                self._keep(key, value)
        elif self._in_description():
            self._inside.add(name)
        self._path.append(name)
        self._texts.clear()

    def _close(self, name: str) -> None:
        self._path.pop()
        if self._in_description():
            self._keep(name, "".join(self._texts))
        self._texts.clear()
        at = self._parser.CurrentByteIndex
        ended = self._packet.startswith(b"</", at)
        if self._is_description(name):
            self._close_description(at, ended=ended)
        elif name == f"{_RDF} RDF" and ended:
            self._found.end = at

    def _close_description(self, at: int, *, ended: bool) -> None:
        if not any(name.startswith(f"{_OURS} ") for name in self._inside):
            self._found.properties |= self._inside
        elif ended and all(_is_written_by_us(name) for name in self._inside):
            self._found.ours.append((self._start, self._packet.index(b">", at) + 1))
        else:
            self._mixed = True

    def _take(self, text: str) -> None:
        self._texts.append(text)

    def _keep(self, name: str, text: str) -> None:
        uri, _, local = name.partition(" ")
        if uri == _OURS:
            self._found.values[local] = text

    def _is_description(self, name: str) -> bool:
        """Say whether an element is a description of the picture, and not a value inside of one."""
        return name == f"{_RDF} Description" and self._path[-1:] == [f"{_RDF} RDF"]

    def _in_description(self) -> bool:
        """Say whether what is opened or was closed is a property of the picture."""
        return self._path[-2:] == [f"{_RDF} RDF", f"{_RDF} Description"]


def _is_written_by_us(name: str) -> bool:
    return name.startswith(f"{_OURS} ") or name in {_expand(one) for one in _STANDARD}


def _refuse(*_: object) -> None:
    raise _UnfitError


def _refuse_long_name(_prefix: str | None, uri: str | None) -> None:
    """Refuse a namespace that would be repeated in the name of each element: 1 MB in thousands of them."""
    if len(uri or "") > _MOST_NAME_CHARS:
        raise _UnfitError


def _make_lineage(values: Mapping[str, str]) -> PictureLineage:
    """Make a record of what a packet says.

    Raises:
        LookupError: a field lacks.
        ValueError: a value makes no sense.
    """
    for name, text in values.items():
        if len(text) > _MOST_BYTES.get(name, _MOST_OTHER_BYTES):
            raise ValueError(name)
    texts = {
        one.name: values[one.name]
        for one in fields(PictureLineage)
        if one.type is str and (one.default is MISSING or one.name in values)
    }
    for name in ("generation_id", "run_id"):
        if not _ID.fullmatch(texts[name]):
            raise ValueError(name)
    return PictureLineage(
        **texts,
        index=_read_number(values["index"], least=0),
        seed=_read_number(values["seed"]) if "seed" in values else None,
        parameters=_read_parameters(values.get("parameters", "{}")),
        created_at=_read_moment(values["created_at"]),
    )


def _read_number(text: str, least: int | None = None) -> int:
    if not _NUMBER.fullmatch(text) or (least is not None and int(text) < least):
        raise ValueError(text)
    return int(text)


def _read_moment(text: str) -> datetime:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)
    return from_text(text)


def _read_parameters(text: str) -> dict[str, str | int]:
    parameters = json.loads(text)
    if not isinstance(parameters, dict):
        raise TypeError(text)
    for value in parameters.values():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(text)
    return parameters
