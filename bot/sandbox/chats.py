"""The people of an emulator, what their phones show, and the files they sent or were sent."""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar


class Refused(Exception):
    """A control request that cannot be done; its text is shown to whoever asked (HTTP `status`)."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(kw_only=True)
class User:
    """A person with a phone. Platforms add what they know about a person by subclassing."""

    id: str
    name: str
    blocked: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "blocked": self.blocked}


@dataclass(slots=True, kw_only=True)
class Item:
    """One bubble in a chat. `ref` is the platform's own message id; `url` is relative to the emulator."""

    who: str  # "bot" | "user"
    kind: str = "text"  # text voice image video file sticker location system
    text: str = ""
    html: str | None = None
    url: str | None = None
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    at_ms: int = 0
    silent: bool = False
    edited: bool = False
    ref: str = ""
    n: int = 0

    def as_json(self) -> dict[str, Any]:
        names = ("n", "who", "kind", "text", "buttons", "at_ms", "silent", "edited", "ref")
        told = {name: getattr(self, name) for name in names}
        return told | {k: v for k, v in (("html", self.html), ("url", self.url)) if v is not None}


class Chats:
    """What each phone shows, item n at index n - 1, and the pages waiting for more."""

    def __init__(self) -> None:
        self._items: dict[str, list[Item]] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def add(self, chat: str, item: Item) -> int:
        items = self._items.setdefault(chat, [])
        item.n = len(items) + 1
        items.append(item)
        self.wake(chat)
        return item.n

    def of(self, chat: str) -> list[Item]:
        return self._items.get(chat, [])

    def item(self, chat: str, n: int) -> Item:
        items = self.of(chat)
        if not 1 <= n <= len(items):
            raise Refused(f"there is no item {n} in this chat", 404)
        return items[n - 1]

    def by_ref(self, chat: str, ref: str) -> Item | None:
        return next((item for item in reversed(self.of(chat)) if item.ref == ref), None)

    async def after(self, chat: str, n: int, wait_s: float) -> list[Item]:
        """Items after number n, waiting up to `wait_s` (real) seconds for the first of them."""
        if len(self.of(chat)) <= n and wait_s > 0:
            future = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(chat, []).append(future)
            await asyncio.wait([future], timeout=wait_s)
            future.cancel()
        return self.of(chat)[n:]

    def wake(self, chat: str | None = None) -> None:
        """End the waits on one chat (on all of them when the emulator stops)."""
        for name in [chat] if chat is not None else list(self._waiting):
            for future in self._waiting.pop(name, ()):
                if not future.done():
                    future.set_result(None)


@dataclass(frozen=True)
class File:
    """Bytes served under `/files/<token>/<name>` until `expires_ms` by the emulator's clock (0: forever)."""

    token: str
    name: str
    mime: str
    data: bytes
    expires_ms: int = 0

    @property
    def path(self) -> str:
        return f"/files/{self.token}/{self.name}"


class Files:
    """Files by their unguessable token."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def add(self, data: bytes, mime: str, name: str, expires_ms: int = 0) -> File:
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[-80:] or "file"
        file = File(secrets.token_urlsafe(18), safe, mime, data, expires_ms)
        self._files[file.token] = file
        return file

    def get(self, token: str, now_ms: int) -> File | None:
        file = self._files.get(token)
        return file if file is not None and (not file.expires_ms or now_ms < file.expires_ms) else None


EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/webm": "webm",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
}


def attached(action: dict[str, Any]) -> tuple[bytes, str, str]:
    """The bytes, MIME type and name of a `do` action that carries a file (base64 in `data`)."""
    try:
        data = base64.b64decode(str(action["data"]), validate=True)
    except (KeyError, ValueError) as problem:
        raise Refused("data must be the file in base64") from problem
    mime = str(action.get("mime") or "application/octet-stream").partition(";")[0]
    name = str(action.get("name") or f"{action['action']}.{EXTENSIONS.get(mime, 'bin')}")
    return data, mime, name


U = TypeVar("U", bound=User)


class People(Generic[U]):
    """Users by id."""

    def __init__(self) -> None:
        self.by_id: dict[str, U] = {}

    def add(self, user: U) -> U:
        if user.id in self.by_id:
            raise Refused(f"there is already a user {user.id}")
        self.by_id[user.id] = user
        return user

    def get(self, user_id: str) -> U | None:
        return self.by_id.get(user_id)

    def need(self, user_id: str) -> U:
        user = self.by_id.get(user_id)
        if user is None:
            raise Refused(f"there is no user {user_id}", 404)
        return user
