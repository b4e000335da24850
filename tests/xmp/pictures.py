"""Pictures of every kind that can come, and what is in them."""

import zlib
from collections.abc import Callable, Mapping
from io import BytesIO

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

FOREIGN = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' photoshop:Credit="Made with a model"'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Their tool"/>'
    '</rdf:RDF></x:xmpmeta>      <?xpacket end="w"?>'
).encode()
"""What a provider may have written."""


def gradient(mode: str = "RGB", size: tuple[int, int] = (61, 47)) -> Image.Image:
    """Paint something with many shades."""
    gray = Image.linear_gradient("L").resize(size)
    if mode in {"L", "P", "1", "CMYK"}:
        return gray.convert("RGB").convert(mode)
    if mode == "RGBA":
        return Image.merge("RGBA", (gray, gray.transpose(Image.Transpose.ROTATE_180), gray, gray))
    if mode == "LA":
        return Image.merge("LA", (gray, gray))
    return Image.merge("RGB", (gray, gray.transpose(Image.Transpose.ROTATE_180), gray))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    return exif


def _icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _texts() -> PngInfo:
    texts = PngInfo()
    texts.add_text("Comment", "theirs")
    texts.add_itxt("Title", "theirs", zip=True)
    return texts


def _frames() -> dict[str, object]:
    others = [gradient("RGBA").rotate(90 * turn) for turn in (1, 2)]
    return {"save_all": True, "append_images": others, "duration": 40}


def _interlaced() -> bytes:
    """Write a gray PNG of 2 × 2 px by hand: Pillow reads interlaced ones and writes none."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)

    header = (2).to_bytes(4) * 2 + bytes((8, 0, 0, 0, 1))
    # The first, sixth and seventh pass, each row behind its filter.
    pixels = zlib.compress(bytes((0, 10, 0, 20, 0, 30, 40)))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _packet(*, zip_it: bool) -> PngInfo:
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", FOREIGN.decode(), zip=zip_it)
    return texts


PICTURES: Mapping[str, Callable[[], bytes]] = {
    "png": lambda: encode(gradient(), "PNG"),
    "png of 16 bits": lambda: encode(Image.new("I;16", (9, 7), 40_000), "PNG"),
    "interlaced png": _interlaced,
    "png with palette": lambda: encode(gradient("P"), "PNG", transparency=3),
    "png with alpha, texts, profile and Exif": lambda: encode(
        gradient("RGBA"), "PNG", pnginfo=_texts(), icc_profile=_icc(), exif=_exif()
    ),
    "animated png": lambda: encode(gradient("RGBA"), "PNG", **_frames()),
    "png with a packet": lambda: encode(gradient(), "PNG", pnginfo=_packet(zip_it=False)),
    "png with a packed packet": lambda: encode(gradient(), "PNG", pnginfo=_packet(zip_it=True)),
    "jpeg": lambda: encode(gradient(), "JPEG"),
    "gray jpeg": lambda: encode(gradient("L"), "JPEG"),
    "jpeg of four inks": lambda: encode(gradient("CMYK"), "JPEG"),
    "progressive jpeg with Exif and profile": lambda: encode(
        gradient(), "JPEG", progressive=True, exif=_exif(), icc_profile=_icc(), comment=b"theirs"
    ),
    "jpeg with a packet": lambda: encode(gradient(), "JPEG", xmp=FOREIGN, exif=_exif()),
    "lossy webp": lambda: encode(gradient(), "WEBP"),
    "lossless webp": lambda: encode(gradient(), "WEBP", lossless=True),
    "lossless webp with alpha": lambda: encode(gradient("RGBA"), "WEBP", lossless=True),
    "lossy webp with alpha": lambda: encode(gradient("RGBA"), "WEBP"),
    "webp with Exif and profile": lambda: encode(
        gradient(), "WEBP", exif=_exif(), icc_profile=_icc()
    ),
    "webp with a packet": lambda: encode(gradient(), "WEBP", xmp=FOREIGN),
    "animated webp": lambda: encode(gradient("RGBA"), "WEBP", **_frames()),
}
"""What it is → how to make it."""


def look(data: bytes) -> tuple[object, ...]:
    """Return all that decoding tells of a picture but its packet: pixels of each frame, and the rest."""
    seen: list[object] = []
    with Image.open(BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            seen.extend((image.mode, image.size, image.tobytes()))
        others = {key: value for key, value in image.info.items() if "xmp" not in key}
        seen.extend((others, dict(image.getexif())))
    return tuple(seen)
