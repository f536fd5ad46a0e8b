"""Uploads of the OA API: what they accept, and assets that die after seven days (Zalo reference §4)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.zalo_checks import ApiError, invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.zalo_oa import ZaloOa

MIB = 1024 * 1024
IMAGE_LIMIT, GIF_LIMIT, FILE_LIMIT = MIB, 5 * MIB, 5 * MIB
ASSET_LIFE_MS = 7 * 24 * 3600 * 1000
LIMITS = {"image": IMAGE_LIMIT, "gif": GIF_LIMIT, "file": FILE_LIMIT}
# First bytes of PDF, DOC and DOCX; a CSV is told by its name.
FILE_MAGIC = (b"%PDF", b"\xd0\xcf\x11\xe0", b"PK\x03\x04")
FILE_NAMES = (".pdf", ".doc", ".docx", ".csv")


@dataclass(frozen=True)
class Asset:
    kind: str  # image gif file
    path: str  # where the emulator serves it
    until_ms: int


class Uploads:
    """The three upload paths and the assets they gave."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator
        self._assets: dict[str, Asset] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"/v2.0/oa/upload/{kind}", self._uploader(kind)) for kind in LIMITS]

    def path_of(self, asset_id: str, kind: str) -> str:
        """Where this asset is served. Raises ApiError -201 (unknown, other kind) or -100 (expired)."""
        asset = self._assets.get(asset_id)
        if asset is None or asset.kind != kind:
            raise invalid("token" if kind == "file" else "attachment_id")
        if self._emulator.clock.now_ms() >= asset.until_ms:
            raise ApiError(-100, "attachment_id was expired")
        return asset.path

    def _uploader(self, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await self._emulator.api(f"upload_{kind}", request, lambda: self._upload(request, kind))

        return handler

    async def _upload(self, request: web.Request, kind: str) -> dict[str, Any]:
        if request.content_type != "multipart/form-data":
            raise invalid("file")
        part = (await request.post()).get("file")
        if not isinstance(part, web.FileField):
            raise invalid("file")
        name, data = part.filename, part.file.read()
        if len(data) > LIMITS[kind]:
            raise ApiError(-210, "Parameter exceeds allowable limit")
        mime = self._mime(kind, name, data)
        if self._emulator.settings.uploads_left <= 0:
            raise ApiError(-211, "Out of quota")
        self._emulator.settings.uploads_left -= 1
        asset_id = secrets.token_urlsafe(32)
        file = self._emulator.keep_file(data, mime, name)
        self._assets[asset_id] = Asset(kind, file.path, self._emulator.clock.now_ms() + ASSET_LIFE_MS)
        return {"token" if kind == "file" else "attachment_id": asset_id}

    def _mime(self, kind: str, name: str, data: bytes) -> str:
        if kind == "file":
            if not name.lower().endswith(FILE_NAMES):
                raise invalid("file")
            if not name.lower().endswith(".csv") and not data.startswith(FILE_MAGIC):
                raise invalid("file")
            return "application/pdf" if data.startswith(b"%PDF") else "application/octet-stream"
        if kind == "gif" and data.startswith(b"GIF8"):
            return "image/gif"
        mime = image_kind(data) if kind == "image" else ""
        if not mime:
            raise invalid("file")
        return mime


def image_kind(data: bytes) -> str:
    """The MIME type of a JPEG or PNG by its first bytes, else ""."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else ""
