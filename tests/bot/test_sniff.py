"""The first bytes of a file tell what it is."""

import pytest

from bot.sniff import sniff

FIRST_BYTES = {
    b"\xff\xd8\xff\xe1": "image/jpeg",
    b"\x89PNG\r\n\x1a\n\0": "image/png",
    b"GIF89a..": "image/gif",
    b"RIFF\x10\0\0\0WEBPVP8 ": "image/webp",
    b"RIFF\x10\0\0\0WAVEfmt ": "audio/wav",
    b"XXXX\x10\0\0\0WEBPVP8 ": "",
    b"ID3\x04\0": "audio/mpeg",
    b"\xff\xfb\x90\x00": "audio/mpeg",
    b"\xff\xf3\x40\xc0": "audio/mpeg",
    b"\xff\xf1\x50\x80": "audio/aac",
    b"\xff\xf9\x50\x80": "audio/aac",
    b"\xff\xff\xff\xff": "",
    b"OggS\0\x02": "audio/ogg",
    b"#!AMR\n": "audio/amr",
    b"\0\0\0\x18ftypM4A ": "audio/mp4",
    b"\0\0\0\x18ftypisom": "video/mp4",
    b"\0\0\0\x18ftyp3gp4": "video/3gpp",
    b"\0\0\0\x18ftypheic": "image/heic",
    b"%PDF-1.4": "application/pdf",
    b"PK\x03\x04": "",
    b"MZ\x90\0": "",
    b"<html>": "",
    b"": "",
}


@pytest.mark.parametrize("data", FIRST_BYTES)
def test_the_first_bytes_tell_the_type(data: bytes) -> None:
    assert sniff(data) == FIRST_BYTES[data]
