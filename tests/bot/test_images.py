"""Pictures are drawn anew: small, upright, and carrying nothing but the picture."""

import io
import random
import struct
import zlib
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from bot.images import MAX_BYTES, BadImage, redraw, to_jpeg


def written(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def read(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


@pytest.fixture
def photo() -> bytes:
    """A wide photo taken with the phone turned, with its place, its phone and a comment in it."""
    picture = Image.new("RGB", (60, 40), "red")
    picture.paste("blue", (30, 0, 60, 40))
    exif = Image.Exif()
    exif[Base.Orientation] = 6  # turn a quarter clockwise to see it upright
    exif[Base.Model] = "CANARYPHONE"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (21.0, 23.0, 9.0)
    return written(picture, "JPEG", exif=exif, comment=b"CANARYCOMMENT", quality=95, subsampling=0)


def test_nothing_but_the_picture_travels(photo: bytes) -> None:
    assert photo.count(b"CANARY") == 2
    clean = redraw(photo)
    assert b"CANARY" not in clean
    assert b"Exif" not in clean
    assert dict(read(clean).getexif()) == {}


def test_the_picture_is_turned_upright(photo: bytes) -> None:
    upright = read(redraw(photo))
    assert upright.size == (40, 60)
    top, bottom = upright.getpixel((20, 5)), upright.getpixel((20, 55))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > bottom[0]
    assert bottom[2] > 200 > top[2]


SORTS: dict[str, bytes] = {
    "png": written(Image.new("RGB", (20, 10), "green"), "PNG"),
    "grey png": written(Image.new("L", (20, 10), 99), "PNG"),
    "16-bit png": written(Image.new("I;16", (20, 10), 40000), "PNG"),
    "palette png": written(Image.new("P", (20, 10), 3), "PNG"),
    "one-bit png": written(Image.new("1", (20, 10), 1), "PNG"),
    "webp": written(Image.new("RGB", (20, 10), "green"), "WEBP"),
    "gif": written(Image.new("P", (20, 10), 3), "GIF"),
    "moving gif": written(
        Image.new("P", (20, 10), 3), "GIF", save_all=True, append_images=[Image.new("P", (20, 10), 5)]
    ),
    "cmyk jpeg": written(Image.new("CMYK", (20, 10), (0, 99, 99, 0)), "JPEG"),
    "grey jpeg": written(Image.new("L", (20, 10), 99), "JPEG"),
    "bmp": written(Image.new("RGB", (20, 10)), "BMP"),
    "one pixel": written(Image.new("RGB", (1, 1)), "PNG"),
    "very long": written(Image.new("RGB", (9000, 2)), "PNG"),
}


@pytest.mark.parametrize("name", SORTS)
def test_every_sort_of_picture_becomes_a_jpeg(name: str) -> None:
    picture = read(redraw(SORTS[name]))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")


def test_what_is_transparent_becomes_white() -> None:
    clear = written(Image.new("RGBA", (20, 10), (255, 0, 0, 0)), "PNG")
    assert read(redraw(clear)).getpixel((5, 5)) == (255, 255, 255)


def test_a_16_bit_picture_keeps_its_brightness() -> None:
    pixel = read(redraw(SORTS["16-bit png"])).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert abs(pixel[0] - 40000 // 256) < 3


async def test_a_large_picture_is_made_small_enough() -> None:
    clean = await to_jpeg(written(noise(2600, 1400), "JPEG", quality=95))
    assert len(clean) <= MAX_BYTES
    assert max(read(clean).size) <= 2048


def test_the_limit_is_the_callers() -> None:
    assert len(redraw(written(noise(800, 600), "PNG"), 30_000)) <= 30_000
    with pytest.raises(BadImage, match="small enough"):
        redraw(written(noise(800, 600), "PNG"), 100)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


BAD = {
    "empty": b"",
    "words": b"not a picture at all",
    "a page": b"<html><img src=x></html>",
    "an svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "half a png": SORTS["png"][:40],
    "only the first bytes": b"\xff\xd8\xff\xe0",
    "larger than we draw": bomb(8000, 8000),
    "larger than the library warns of": bomb(10000, 10000),
    "larger than the library opens": bomb(60000, 60000),
    "a tiff": written(Image.new("RGB", (5, 5)), "TIFF"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_or_a_bomb_is_refused(name: str) -> None:
    why = "too many pixels" if name.startswith("larger") else "not a picture"
    with pytest.raises(BadImage, match=why):
        redraw(BAD[name])
