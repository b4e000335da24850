"""Files that are broken, or made to do harm."""

import time
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.errors import PictureError
from promptflow.xmp import PictureLineage, embed_lineage, read_lineage
from tests.xmp.lineages import LINEAGE
from tests.xmp.pictures import FOREIGN, encode, gradient
from tests.xmp.test_round_trips import FORMATS

WRITTEN = {kind: embed_lineage(data, LINEAGE) for kind, data in FORMATS.items()}


def rewrite(old: str, new: str) -> bytes:
    """Return a JPEG in whose packet something else stands."""
    data = WRITTEN["JPEG"]
    packet = _packet(data).decode()
    assert old in packet
    return encode(gradient(), "JPEG", xmp=packet.replace(old, new, 1).encode())


def try_both(data: bytes) -> PictureLineage | None:
    """Read, and write; a picture that can't be used is said to be one, and nothing else happens."""
    try:
        embed_lineage(data, LINEAGE)
    except PictureError as error:
        assert str(len(data)) in error.message  # noqa: PT017 - it may also succeed
    return read_lineage(data)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8", b"RIFF\0\0\0\0WEBP", b"\0" * 99])
def test_what_is_no_picture_holds_no_lineage(data: bytes) -> None:
    """Nothing is read from it, and writing into it is refused in a sentence."""
    with pytest.raises(PictureError, match=f"{len(data)} bytes"):
        embed_lineage(data, LINEAGE)

    assert read_lineage(data) is None


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_breaks_off_anywhere_does_no_harm(kind: str) -> None:
    """At each length there is a lineage or none, or a sentence."""
    found = {try_both(WRITTEN[kind][:length]) for length in range(len(WRITTEN[kind]))}

    assert found <= {None, LINEAGE}


@pytest.mark.parametrize("kind", FORMATS)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_changed_bytes_do_no_harm(kind: str, changes: list[tuple[float, int]]) -> None:
    """Whatever byte is changed, there is a lineage or none, or a sentence."""
    data = bytearray(WRITTEN[kind])
    for where, byte in changes:
        data[int(where * (len(data) - 1))] = byte

    found = try_both(bytes(data))

    assert found is None or isinstance(found, PictureLineage)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">1</promptflow:index", ">one</promptflow:index"),
        (">1</promptflow:index", ">-1</promptflow:index"),
        (">1</promptflow:index", f">{'9' * 500}</promptflow:index"),
        (">1</promptflow:index", ">\u0661</promptflow:index"),
        (">7</promptflow:seed", ">7.0</promptflow:seed"),
        ("promptflow:run_id>", "promptflow:walk_id>"),
        (f">{LINEAGE.run_id}<", ">../../etc<"),
        (f">{LINEAGE.generation_id}<", f">{'a' * 65}<"),
        (f">{LINEAGE.generation_id}<", "><"),
        ("2026-11-23T12:30:15.250+00:00</promptflow", "yesterday</promptflow"),
        ("2026-11-23T12:30:15.250+00:00</promptflow", "2026-11-23T12:30:15</promptflow"),
        ("2026-11-23T12:30:15.250+00:00</promptflow", "0001-01-01T00:00+23:59</promptflow"),
        ('{"quality": "high", "output_compression": 80}', "[]"),
        ('{"quality": "high", "output_compression": 80}', '{"quality": true}'),
        ('{"quality": "high", "output_compression": 80}', '{"quality": {}}'),
        ('{"quality": "high", "output_compression": 80}', '{"quality": 1e5}'),
        ('{"quality": "high", "output_compression": 80}', "[" * 1_999),
        ("A lighthouse, linocut.", "x" * 30_000),
        ("<x:xmpmeta", '<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta'),
        ("<x:xmpmeta", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x:xmpmeta'),
        ("A lighthouse, linocut.", "&unknown;"),
        ("</rdf:RDF>", ""),
    ],
)
def test_a_packet_that_makes_no_sense_is_no_lineage(old: str, new: str) -> None:
    """Wrong types, missing fields, paths for ids, endless texts, DTDs and broken XML: there is none."""
    assert read_lineage(rewrite(old, new)) is None


def test_fields_of_a_later_version_are_passed_over() -> None:
    """A field that isn't known yet, and one that is left out and has a default, do no harm."""
    data = rewrite(">7</promptflow:seed", ">7</promptflow:seed><promptflow:mood>x</promptflow:mood")
    short = rewrite("<promptflow:aspect_ratio>16:9</promptflow:aspect_ratio>", "")

    assert read_lineage(data) == LINEAGE
    assert read_lineage(short) == replace(LINEAGE, aspect_ratio="1:1")


def test_entities_are_not_unfolded() -> None:
    """A packet of the kind that unfolds into gigabytes is refused before anything unfolds."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x:xmpmeta>&e11;</x:xmpmeta>'
    data = encode(gradient(), "JPEG", xmp=laughs.encode())

    assert try_both(data) is None


def test_a_long_namespace_is_not_repeated() -> None:
    """A namespace of a megabyte with a hundred thousand elements takes no time: it is not read."""
    elements = "<p:a/>" * 100_000
    packet = f"<p:x xmlns:p='{'u' * 1_000_000}'>{elements}</p:x>"
    data = encode(gradient(), "WEBP", xmp=packet.encode())
    began_s = time.perf_counter()

    found = try_both(data)

    assert found is None
    assert time.perf_counter() - began_s < 1


def test_a_lineage_inside_of_a_value_is_none() -> None:
    """Only properties of the picture itself count, not those of what is in it."""
    data = rewrite("<promptflow:", "<dc:relation><rdf:Description><promptflow:")
    data = encode(
        gradient(),
        "JPEG",
        xmp=_packet(data).replace(
            b"</promptflow:app_version>",
            b"</promptflow:app_version></rdf:Description></dc:relation>",
        ),
    )

    assert try_both(data) is None


def _packet(jpeg: bytes) -> bytes:
    return jpeg[jpeg.index(b"<?xpacket") : jpeg.index(b'<?xpacket end="r"?>') + 19]


@given(
    changes=st.lists(st.tuples(st.integers(0, len(FOREIGN) - 1), st.integers(32, 126)), max_size=4)
)
@settings(max_examples=200, deadline=None)
def test_a_lineage_comes_back_whatever_packet_was_there(changes: list[tuple[int, int]]) -> None:
    """Added to a packet or in its place, it is read as it was written."""
    packet = bytearray(FOREIGN)
    for at, byte in changes:
        packet[at] = byte
    data = encode(gradient(), "JPEG", xmp=bytes(packet))

    assert read_lineage(embed_lineage(data, LINEAGE)) == LINEAGE


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def test_a_packet_that_unfolds_into_too_much_is_passed_over() -> None:
    """A packed text of 40 kB that holds 40 MB is never unpacked whole."""
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * 40_000_000)
    data = FORMATS["PNG"][:33] + chunk(b"iTXt", bomb) + FORMATS["PNG"][33:]

    assert try_both(data) is None
    assert read_lineage(embed_lineage(data, LINEAGE)) == LINEAGE


def test_a_packet_with_a_wrong_checksum_is_passed_over() -> None:
    """In a PNG, a text that was damaged on the way is not believed."""
    damaged = WRITTEN["PNG"].replace(b"A lighthouse, linocut.", b"A lighthouse, woodcut.", 1)

    assert damaged != WRITTEN["PNG"]
    assert try_both(damaged) is None


@pytest.mark.parametrize("text", [b"\2\0\0\0", b"\0\1\0\0", b"\0\0", b"\1\0\0\0no zlib", b""])
def test_a_malformed_text_is_passed_over(text: bytes) -> None:
    """A PNG's text of unknown packing, or one that breaks off, holds nothing."""
    odd = chunk(b"iTXt", b"XML:com.adobe.xmp\0" + text)
    data = FORMATS["PNG"][:33] + odd + FORMATS["PNG"][33:]

    assert try_both(data) is None
    assert embed_lineage(data, LINEAGE) == WRITTEN["PNG"]


def test_many_empty_parts_cost_little() -> None:
    """A file of a million empty chunks is not gone through to its end."""
    data = FORMATS["PNG"][:33] + chunk(b"tEXt", b"") * 1_000_000 + FORMATS["PNG"][33:]

    assert try_both(data) is None
