"""How a part travels on Telegram; a file is uploaded once and sent by its file id ever after (reference §1.2).

The Bot API server spaces out uploads of the same file and soon answers 429, so a broadcast must upload only once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from telegram import InputFile

from bot.channels.base import Medium
from bot.channels.telegram_request import NotTried, Refusal
from content.message import Part, PartKind

PAYLOAD_BYTES: Final = 64  # callback_data, in UTF-8
# What we send as what: (method, name of its file parameter).
METHODS: Final[Mapping[PartKind, tuple[str, str]]] = {
    "voice": ("sendVoice", "voice"),
    "photo": ("sendPhoto", "photo"),
    "file": ("sendDocument", "document"),
}
AUDIO: Final = ("sendAudio", "audio")  # for people who accept no voice messages
UPLOAD_LIMITS: Final[Mapping[PartKind, int]] = {"voice": 50_000_000, "photo": 10_000_000, "file": 50_000_000}
# A name of ours for each type, since the platform shows one; the original file name never travels.
_NAMES: Final = {
    "audio/mpeg": "thong-tin.mp3",
    "audio/ogg": "thong-tin.ogg",
    "audio/mp4": "thong-tin.m4a",
    "image/jpeg": "hinh.jpg",
    "image/png": "hinh.png",
    "video/mp4": "video.mp4",
    "application/pdf": "tai-lieu.pdf",
}
_BAD_HANDLE: Final = ("file identifier", "file_id", "file reference", "wrong file", "file is temporarily")


def input_file(medium: Medium, content: bytes) -> InputFile:
    """An upload under a name that says nothing but the type."""
    return InputFile(content, filename=_NAMES.get(medium.mime, "tep"))


def is_bad_handle(refusal: Refusal) -> bool:
    """Whether the server no longer knows the file id it once gave (another bot's, expired)."""
    words = refusal.description.lower()
    return refusal.code == 400 and any(one in words for one in _BAD_HANDLE)


def wants_no_voice(refusal: Refusal) -> bool:
    """Whether this person's privacy settings refuse voice messages."""
    return refusal.code == 400 and "voice_messages_forbidden" in refusal.description.lower()


def handle_in(message: Mapping[str, Any]) -> str:
    """The file id in the answer to an upload; "" when there is none."""
    for name in ("voice", "audio", "document", "video", "animation"):
        if isinstance(one := message.get(name), dict):
            return str(one.get("file_id", ""))
    photos = message.get("photo")
    return str(photos[-1].get("file_id", "")) if isinstance(photos, list) and photos else ""


def unsendable(part: Part, medium: Medium | None) -> str:
    """Why no server would take this part; "" when one might."""
    if any(not 1 <= len(button.payload.encode()) <= PAYLOAD_BYTES for button in part.buttons):
        return f"a button's payload is not 1-{PAYLOAD_BYTES} bytes"
    if part.kind == "text":
        return ""
    if medium is None:
        return f"a {part.kind} without its file"
    if not medium.handle and medium.size > UPLOAD_LIMITS[part.kind]:
        return f"a {part.kind} larger than {UPLOAD_LIMITS[part.kind]} bytes"
    return ""


def text_call(chat: str, part: Part) -> dict[str, Any]:
    """The parameters of sendMessage. No parse mode: a citizen's words are never markup."""
    # No preview: Telegram's servers would open our one-person addresses, and the picture hides the words.
    data = {**_common(chat, part), "text": part.text}
    return {**data, "link_preview_options": {"is_disabled": True}} if "://" in part.text else data


def media_call(chat: str, part: Part) -> dict[str, Any]:
    """The parameters of sendVoice and its like, but for the file."""
    return {**_common(chat, part), "caption": part.text or None}


def _common(chat: str, part: Part) -> dict[str, Any]:
    data: dict[str, Any] = {"chat_id": chat}
    if part.silent:
        data["disable_notification"] = True
    if part.buttons:
        rows = [[{"text": one.label, "callback_data": one.payload}] for one in part.buttons]
        data["reply_markup"] = {"inline_keyboard": rows}
    return data


class Uploads:
    """The file ids this process has learnt, by (method, sha256); one upload of a file runs at a time."""

    def __init__(self) -> None:
        self._handles: dict[tuple[str, str], str] = {}
        self._running: dict[tuple[str, str], asyncio.Event] = {}

    async def handle(self, method: str, sha: str) -> str:
        """The file id, after an upload that is under way; "" when the caller must upload.

        Raises `NotTried` when the awaited upload failed: a hundred senders must not try it one after another.
        """
        running = self._running.get((method, sha))
        if running is not None:
            await running.wait()
            if (method, sha) not in self._handles:
                raise NotTried("the upload of the same file did not succeed")
        return self._handles.get((method, sha), "")

    def learn(self, method: str, sha: str, handle: str) -> None:
        """Remember what an upload gave."""
        if handle:
            self._handles[method, sha] = handle

    def forget(self, method: str, sha: str, handle: str) -> None:
        """Drop a file id that was refused, unless a newer one took its place."""
        if self._handles.get((method, sha)) == handle:
            del self._handles[method, sha]

    @asynccontextmanager
    async def uploading(self, method: str, sha: str) -> AsyncIterator[None]:
        """While one sender uploads, the others wait in `handle`."""
        done = self._running[method, sha] = asyncio.Event()
        try:
            yield
        finally:
            del self._running[method, sha]
            done.set()
