"""Pictures from outside are drawn anew: a JPEG of at most 1 MB that carries nothing but the picture.

Camera data (EXIF) tells where a photo was taken and by whose phone; none of it may travel. Drawing anew also drops
whatever else a file may hide.
"""

import asyncio
import io
from typing import Final

from PIL import Image, ImageOps

MAX_BYTES: Final = 1_000_000
MAX_PIXELS: Final = 50_000_000  # of the original: 150 MB in memory when drawn
SIDES: Final = (2048, 1600, 1280, 960, 640, 320)  # pixels of the longer side, tried in order
QUALITIES: Final = (85, 70, 55)
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


class BadImage(ValueError):
    """Not a picture we can draw, or one that would fill the memory."""


async def to_jpeg(data: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """`redraw` in a thread."""
    return await asyncio.to_thread(redraw, data, max_bytes)


def redraw(data: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """The picture as a plain JPEG, turned upright, at most `max_bytes` long. Raises `BadImage`."""
    try:
        picture = _upright(data)
        for side in SIDES:
            picture.thumbnail((side, side))
            for quality in QUALITIES:
                if len(jpeg := _jpeg(picture, quality)) <= max_bytes:
                    return jpeg
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadImage("a picture with too many pixels") from None
    except Exception as error:  # the bytes are a stranger's, and each decoder fails in its own words
        raise BadImage(f"not a picture: {type(error).__name__}") from None
    raise BadImage("a picture that does not get small enough")


def _upright(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        opened.draft("RGB", (SIDES[0], SIDES[0]))  # lets a large JPEG be read at a fraction of its size
        upright = ImageOps.exif_transpose(opened)
        return _opaque(upright)


def _opaque(picture: Image.Image) -> Image.Image:
    """RGB on white paper, with every note in the file left behind."""
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(paper, layer)
    plain = picture.convert("RGB")
    plain.info.clear()  # Pillow would write a comment it finds here
    return plain


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
