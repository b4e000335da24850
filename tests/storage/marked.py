"""The key that must appear nowhere, and a picture to upload with it."""

import hashlib
from io import BytesIO

from PIL import Image

KEY_ID = "004markedid0123456789abcd"
KEY = "K004marked+Secret/0123456789abc"
REGION = "us-west-004"


def encode(shade: int = 0) -> bytes:
    """Encode a picture of 4 by 3 pixels in one shade."""
    file = BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def digest(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def key_of(data: bytes, generation_id: str = "generation-1") -> str:
    """Return the key of a picture."""
    return f"generations/{generation_id}/output/painter-1/{digest(data)[:16]}.png"
