"""What is written into a picture comes back, and nothing else of it changes."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from PIL import Image

from promptflow.pictures import inspect_picture
from promptflow.xmp import PictureLineage, embed_lineage, read_lineage
from tests.xmp.lineages import LINEAGE, lineages, odd_texts
from tests.xmp.pictures import FOREIGN, PICTURES, encode, gradient, look

KINDS = pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES.keys())
FORMATS = {kind: encode(gradient(), kind) for kind in ("PNG", "JPEG", "WEBP")}
UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def packet_of(data: bytes) -> str:
    """Return the packet that Pillow finds."""
    with Image.open(BytesIO(data)) as image:
        image.load()
        packet = image.info["xmp"]
    return packet.decode() if isinstance(packet, bytes) else str(packet)


def properties_of(data: bytes) -> dict[str, str]:
    """Return the properties in the packet that Pillow finds, of all descriptions: local name → text."""
    root = ElementTree.fromstring(packet_of(data))  # noqa: S314 - we wrote it
    found: dict[str, str] = {}
    for description in root.iterfind("{*}RDF/{*}Description"):
        properties = [(name, value) for name, value in description.items() if "}" in name]
        properties += [(one.tag, "".join(one.itertext())) for one in description]
        for name, value in properties:
            local = name.rpartition("}")[2]
            assert local == "about" or local not in found, local
            found[local] = value
    return found


@KINDS
def test_a_lineage_comes_back(make: Callable[[], bytes]) -> None:
    """Every kind of PNG, JPEG and WebP holds one, and is a whole picture afterwards."""
    data = make()

    written = embed_lineage(data, LINEAGE)

    assert read_lineage(data) is None
    assert read_lineage(written) == LINEAGE
    assert inspect_picture(written) == inspect_picture(data)


@KINDS
def test_nothing_else_changes(make: Callable[[], bytes]) -> None:
    """Pixels of every frame, Exif, colour profile and texts are what they were."""
    data = make()

    written = embed_lineage(data, LINEAGE)

    assert look(written) == look(data)


@KINDS
def test_a_second_lineage_takes_the_place_of_the_first(make: Callable[[], bytes]) -> None:
    """Writing over it is the same as writing the second alone."""
    data = make()
    second = replace(LINEAGE, index=2, prompt="Another")

    assert embed_lineage(embed_lineage(data, LINEAGE), second) == embed_lineage(data, second)


@pytest.mark.parametrize("kind", FORMATS)
@given(lineage=lineages)
@settings(max_examples=60, deadline=None)
def test_texts_come_back_as_they_were(kind: str, lineage: PictureLineage) -> None:
    """Markup, line ends, spaces at the ends, all scripts and emoji are kept."""
    written = embed_lineage(FORMATS[kind], lineage)

    assert read_lineage(written) == lineage


@given(text=odd_texts)
@settings(max_examples=100, deadline=None)
def test_what_xml_cannot_hold_is_replaced(text: str) -> None:
    """Controls, half surrogate pairs and non-characters each become a replacement character."""
    found = read_lineage(embed_lineage(FORMATS["PNG"], replace(LINEAGE, request=text)))

    assert found is not None
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert found.request == UNFIT.sub("�", expected)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("char", ["a", "&", "字", "🦊"])
def test_long_texts_end_with_an_ellipsis(kind: str, char: str) -> None:
    """A request of 4,000 characters is kept whole; a prompt that has no room is cut, in every format."""
    long = replace(
        LINEAGE,
        request=char * 4_000,
        prompt=char * 40_000,
        image_model=char * 900,
        parameters={"quality": "low", "size": char * 3_000},
    )

    written = embed_lineage(FORMATS[kind], long)

    found = read_lineage(written)
    assert found is not None
    assert found.request == long.request
    assert found.prompt == char * (len(found.prompt) - 1) + "…"
    assert len(found.prompt) > 5_000
    assert found.image_model.endswith("…")
    assert found.parameters == {"quality": "low"}
    assert len(packet_of(written).encode()) <= 65_502
    assert look(written) == look(FORMATS[kind])


@pytest.mark.parametrize("kind", FORMATS)
def test_other_programs_see_the_prompt_and_what_made_it(kind: str) -> None:
    """Description, tool, time and kind of source stand in the properties that are made for them."""
    found = properties_of(embed_lineage(FORMATS[kind], LINEAGE))

    assert found["description"] == LINEAGE.prompt
    assert found["CreatorTool"] == "Prompt Flow 0.4.0"
    assert found["CreateDate"] == "2026-11-23T12:30:15.250+00:00"
    assert found["DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert found["generation_id"] == LINEAGE.generation_id


def test_a_picture_drawn_by_code_says_so() -> None:
    """What the offline models draw is not called made by an AI model."""
    written = embed_lineage(FORMATS["PNG"], replace(LINEAGE, provider="offline"))

    assert properties_of(written)["DigitalSourceType"].endswith("/algorithmicMedia")


@pytest.mark.parametrize(
    "kind",
    ["png with a packet", "png with a packed packet", "jpeg with a packet", "webp with a packet"],
)
def test_what_others_wrote_stays(kind: str) -> None:
    """Their properties keep their values, and none is there twice."""
    written = embed_lineage(PICTURES[kind](), LINEAGE)

    packet, found = packet_of(written), properties_of(written)
    assert found["Credit"] == "Made with a model"
    assert found["CreatorTool"] == "Their tool"
    assert packet.count("CreatorTool=") + packet.count("<xmp:CreatorTool") == 1
    assert found["prompt"] == LINEAGE.prompt
    assert written.count(b"W5M0MpCehiHzreSzNTczkc9d") == 1


BAD_PACKETS = {
    "no XML": b"\xff\xfe nothing",
    "UTF-16": FOREIGN.decode().encode("utf-16"),
    "DTD": b'<!DOCTYPE x [<!ENTITY a "b">]>' + FOREIGN[FOREIGN.index(b"<x:") :],
    "breaks off": FOREIGN[:200],
    "nothing in it": b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
    "another root": b"<a/>",
}


@pytest.mark.parametrize("packet", BAD_PACKETS.values(), ids=BAD_PACKETS.keys())
def test_a_packet_that_cannot_be_added_to_is_replaced(packet: bytes) -> None:
    """What is broken, of another encoding or declares a DTD goes."""
    data = encode(gradient(), "JPEG", xmp=packet)

    written = embed_lineage(data, LINEAGE)

    assert written == embed_lineage(FORMATS["JPEG"], LINEAGE)


def test_a_packet_too_long_for_both_is_replaced_in_a_jpeg() -> None:
    """A JPEG's segment has 65,502 bytes for both; a PNG keeps them."""
    filling = b"<!--" + b"x" * 64_000 + b"-->"
    long = FOREIGN.replace(b"</rdf:RDF>", filling + b"</rdf:RDF>")

    jpeg = embed_lineage(encode(gradient(), "JPEG", xmp=long), LINEAGE)
    webp = embed_lineage(encode(gradient(), "WEBP", xmp=long), LINEAGE)

    assert jpeg == embed_lineage(FORMATS["JPEG"], LINEAGE)
    assert (filling in webp, read_lineage(webp)) == (True, LINEAGE)


def test_a_lineage_that_another_program_wrote_anew_is_read() -> None:
    """Properties as attributes, as others may write them, in one description with theirs, are ours too."""
    written = packet_of(embed_lineage(FORMATS["PNG"], LINEAGE))
    elements = re.findall(r"<promptflow:(\w+)>(.*?)</promptflow:", written, re.DOTALL)
    attributes = " ".join(
        f"promptflow:{name}='{text}'".replace("\n", "&#10;").replace("\t", "&#9;")
        for name, text in elements
    )
    rewritten = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        f' xmlns:promptflow="urn:promptflow:lineage:1.0#" {attributes}'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="theirs"/></rdf:RDF>'
    )
    data = encode(gradient(), "JPEG", xmp=rewritten.encode())

    assert read_lineage(data) == LINEAGE
    assert embed_lineage(data, LINEAGE) == embed_lineage(FORMATS["JPEG"], LINEAGE)


def test_two_packets_become_one() -> None:
    """Where a file has several, only the first is added to, and the others go."""
    data = embed_lineage(FORMATS["JPEG"], LINEAGE)
    segment = data[20 : 20 + 2 + int.from_bytes(data[22:24])]
    assert segment[:2] == b"\xff\xe1"

    doubled = data[:20] + segment + data[20:]

    assert embed_lineage(doubled, LINEAGE) == data


def test_it_takes_about_a_millisecond() -> None:
    """Writing into a picture of 2 MB decodes nothing."""
    noise = encode(Image.effect_noise((1_300, 1_300), 90).convert("RGB"), "PNG", compress_level=0)
    took_s = []

    for _ in range(20):
        began_s = time.perf_counter()
        embed_lineage(noise, LINEAGE)
        took_s.append(time.perf_counter() - began_s)

    assert len(noise) > 2_000_000
    assert min(took_s) < 0.010
