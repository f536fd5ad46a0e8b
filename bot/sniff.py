"""What a file is, by its first bytes: the only word on its type that is believed."""

from typing import Final

# (offset, bytes, type); the first row that fits decides.
_SIGNS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF: Final = {"image/webp", "audio/wav"}
# ISO media files say who they are after "ftyp" (ISO 14496-12); phones record voice as M4A and video as the rest.
_BRANDS: Final = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
}


def sniff(data: bytes) -> str:
    """The media type, "" when it is none of those that people send."""
    for offset, sign, mime in _SIGNS:
        if data.startswith(sign, offset) and (mime not in _RIFF or data.startswith(b"RIFF")):
            return mime
    if data.startswith(b"ftyp", 4):
        brand = data[8:12]
        return "video/3gpp" if brand.startswith(b"3g") else _BRANDS.get(brand, "video/mp4")
    return _frame(data)


def _frame(data: bytes) -> str:
    """MP3 and AAC without a header begin with a frame: eleven (twelve) set bits, then the layer."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return ""
    layer = data[1] >> 1 & 0b11
    if layer == 0:  # ADTS: twelve set bits and layer 0
        return "audio/aac" if data[1] & 0xF0 == 0xF0 else ""
    bitrate, sample_rate = data[2] >> 4, data[2] >> 2 & 0b11
    return "audio/mpeg" if layer == 0b01 and bitrate not in (0, 15) and sample_rate != 3 else ""
