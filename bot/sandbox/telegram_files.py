"""Files of the Bot API: ids per bot, what a voice or a photo must be, links that expire, the re-upload throttle.

Source: telegram reference §1.2 and Bot API documentation, "Sending files", sendVoice, sendPhoto, getFile.
"""

import io
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image, UnidentifiedImageError

from bot.sandbox.state import Clock
from bot.sandbox.telegram_args import Refusal, flood

Kind = Literal["voice", "audio", "photo", "document", "video", "sticker"]
NAMES = {"voice": "VoiceNote", "audio": "Audio", "photo": "Photo", "document": "Document",
         "video": "Video", "sticker": "Sticker"}  # fmt: skip
FOLDERS = {"voice": ("voice", "oga"), "audio": ("music", "mp3"), "photo": ("photos", "jpg"),
           "document": ("documents", "bin"), "video": ("videos", "mp4"), "sticker": ("stickers", "webp")}  # fmt: skip
DOWNLOAD_LIMIT = 20 * 1024 * 1024  # bytes by getFile
PHOTO_LIMIT = 10 * 1024 * 1024
LINK_LIFE_MS = 3_600_000  # documented as "at least 1 hour"
THROTTLED_FROM = 100_000  # bytes; smaller uploads are never spaced
QUEUE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of one bot. `unique` is the same for every bot, `id` is not."""

    id: str
    unique: str
    bot_id: int
    kind: Kind
    data: bytes
    mime: str
    name: str
    width: int = 0
    height: int = 0
    seconds: int = 0

    def base_json(self) -> dict[str, Any]:
        return {"file_id": self.id, "file_unique_id": self.unique, "file_size": len(self.data)}


def actual_kind(wanted: Kind, data: bytes) -> Kind:
    """What a file sent as `wanted` becomes: a voice is ogg-opus, mp3 or m4a, an audio mp3 or m4a, else a document."""
    if wanted in ("voice", "audio"):
        fits = is_mp3(data) or is_m4a(data) or (wanted == "voice" and is_opus(data))
        return wanted if fits else "document"
    return wanted


def is_opus(data: bytes) -> bool:
    return data.startswith(b"OggS") and b"OpusHead" in data[:256]


def is_mp3(data: bytes) -> bool:
    return data.startswith(b"ID3") or (len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2)


def is_m4a(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:11] in (b"M4A", b"mp4", b"iso", b"M4B", b"das")


def audio_mime(data: bytes, told: str) -> str:
    """MIME type by content, `told` when it is none of the three."""
    if is_opus(data):
        return "audio/ogg"
    if is_mp3(data):
        return "audio/mpeg"
    return "audio/mp4" if is_m4a(data) else told


def photo_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises Refusal 400 for what Telegram would not take as a photo."""
    if len(data) > PHOTO_LIMIT:
        told = f"file of size {len(data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        raise Refusal(400, f"Bad Request: {told}")
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError):
        raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return width, height


def thumbnail(data: bytes) -> tuple[bytes, int, int] | None:
    """A 90-pixel JPEG of a photo, as in the first PhotoSize; None when the photo is that small already."""
    with Image.open(io.BytesIO(data)) as image:
        if max(image.size) <= 90:
            return None
        small = image.convert("RGB")
        small.thumbnail((90, 90))
        out = io.BytesIO()
        small.save(out, "JPEG")
        return out.getvalue(), small.width, small.height


def media_json(file: Stored, small: Stored | None = None) -> dict[str, Any]:
    """The message field of this file: {"voice": Voice}, {"photo": [PhotoSize…]}, …"""
    base = file.base_json()
    if file.kind == "photo":
        return {
            "photo": [{**one.base_json(), "width": one.width, "height": one.height} for one in (small, file) if one]
        }
    if file.kind == "sticker":
        flags = {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}
        return {"sticker": {**base, **flags, "width": 512, "height": 512}}
    base["mime_type"] = file.mime
    if file.kind == "document":
        return {"document": {**base, "file_name": file.name}}
    base["duration"] = file.seconds
    if file.kind == "voice":
        return {"voice": base}
    if file.kind == "video":
        return {"video": {**base, "width": file.width or 640, "height": file.height or 360, "file_name": file.name}}
    return {"audio": {**base, "file_name": file.name}}


class Vault:
    """All files by id, the download links given out, and the spacing of repeated uploads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Stored] = {}
        self._links: dict[tuple[int, str], tuple[str, float]] = {}  # (bot, path) -> file id, expiry ms
        self._next_upload: dict[int, float] = {}  # total size -> when the next one may pass, ms
        self._count = 0

    def add(self, bot_id: int, kind: Kind, data: bytes, mime: str, name: str, **more: int) -> Stored:
        """Keep a file for one bot. `more`: width, height, seconds."""
        file_id, unique = f"{NAMES[kind][:2]}{secrets.token_urlsafe(36)}", "AQAD" + secrets.token_urlsafe(9)
        file = Stored(file_id, unique, bot_id, kind, data, mime, name, **more)
        self._by_id[file.id] = file
        return file

    def add_photo(self, bot_id: int, data: bytes) -> tuple[Stored, Stored | None]:
        """A photo and its small version. Raises Refusal 400."""
        width, height = photo_size(data)
        photo = self.add(bot_id, "photo", data, "image/jpeg", "photo.jpg", width=width, height=height)
        small = thumbnail(data)
        if small is None:
            return photo, None
        return photo, self.add(bot_id, "photo", small[0], "image/jpeg", "s.jpg", width=small[1], height=small[2])

    def get(self, bot_id: int, file_id: str) -> Stored:
        """A file of this bot; another bot's id is as wrong as none."""
        file = self._by_id.get(file_id)
        if file is None or file.bot_id != bot_id:
            raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return file

    def get_as(self, bot_id: int, file_id: str, kind: Kind) -> Stored:
        """A file to be sent again; its type cannot change."""
        file = self.get(bot_id, file_id)
        if file.kind != kind:
            raise Refusal(400, f"Bad Request: can't use file of type {NAMES[file.kind]} as {NAMES[kind]}")
        return file

    def link(self, bot_id: int, file_id: str) -> dict[str, Any]:
        """The File object of getFile with a path good for an hour by the emulator's clock."""
        file = self._by_id.get(file_id)
        if file is None or file.bot_id != bot_id:
            raise Refusal(400, "Bad Request: invalid file_id")
        if len(file.data) > DOWNLOAD_LIMIT:
            raise Refusal(400, "Bad Request: file is too big")
        self._count += 1
        folder, extension = FOLDERS[file.kind]
        if file.kind == "document" and "." in file.name:
            extension = file.name.rpartition(".")[2]
        path = f"{folder}/file_{self._count}.{extension}"
        self._links[bot_id, path] = (file.id, self._clock.now() + LINK_LIFE_MS)
        return {**file.base_json(), "file_path": path}

    def download(self, bot_id: int, path: str) -> Stored | None:
        """The file behind a path of getFile; None when there is none, or no longer."""
        file_id, expires = self._links.get((bot_id, path), ("", 0.0))
        return self._by_id.get(file_id) if self._clock.now() < expires else None

    async def space(self, size: int, delay_ms: int) -> None:
        """Hold one upload until its turn: same total size, 0.2-0.9 s apart (size * 1e-7 s, clamped).

        Raises Refusal 429 (60 s, answered `delay_ms` later) once the queue is 5 s deep.
        """
        if size <= THROTTLED_FROM:
            return
        now = self._clock.now()
        turn = max(self._next_upload.get(size, now), now)
        if turn - now > QUEUE_MS:
            raise flood(60, delay_ms)
        self._next_upload[size] = turn + min(max(size * 1e-4, 200), 900)
        await self._clock.wait_until(turn)
