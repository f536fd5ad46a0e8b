"""What a Bot API request says: its parameters from the address, a form, JSON or multipart, and its files.

Source: Bot API documentation, "Making requests" (all methods are case-insensitive, GET and POST, four ways of
passing parameters, every object may be a JSON-serialised string).
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes; telegram reference §1.2


class Refusal(Exception):
    """An answer with ok=false: HTTP status, description, and `parameters` (retry_after s, migrate_to_chat_id)."""

    def __init__(self, code: int, description: str, delay_ms: int = 0, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters
        self.delay_ms = delay_ms  # some floods are answered late

    def body(self) -> dict[str, Any]:
        """The JSON object the server answers."""
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def flood(seconds: int, delay_ms: int = 0) -> Refusal:
    """429 with the seconds to wait."""
    description = f"Too Many Requests: retry after {seconds}"
    return Refusal(429, description, delay_ms, retry_after=seconds)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file inside a multipart body."""

    name: str
    mime: str
    data: bytes


@dataclass(slots=True)
class Args:
    """Parameters of one call; values as they came, read through the typed getters."""

    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string, "" when absent. Objects come back as JSON, numbers as written."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number, `default` when absent or not a number, as the server forgives it."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def boolean(self, name: str) -> bool:
        """true, yes and 1 are true."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name: str, complaint: str) -> Any:
        """An object or list, given as such or as a JSON string; None when absent. Refusal 400 `complaint`."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(400, f"Bad Request: {complaint}") from None


async def read_args(request: web.Request) -> Args:
    """Parameters of a request, whatever its form. Refusal 400 for a broken body, 413 above 50 MB."""
    values: dict[str, Any] = dict(request.query) if request.query_string else {}
    if request.method != "POST" or not request.body_exists:
        return Args(values)
    kind = request.content_type
    if kind == "multipart/form-data":
        return await _multipart(request, values)
    raw = await request.read()
    if kind == "application/json":
        values.update(_json(raw))
    else:
        values.update(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    return Args(values)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise Refusal(400, "Bad Request: can't parse JSON object") from None
    if not isinstance(body, dict):
        raise Refusal(400, "Bad Request: expected an Object in JSON")
    return body


async def _multipart(request: web.Request, values: dict[str, Any]) -> Args:
    uploads: dict[str, Upload] = {}
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        data = bytes(await part.read())
        total += len(data)
        if total > UPLOAD_LIMIT:
            raise Refusal(413, "Request Entity Too Large")
        if part.filename is None:
            values[part.name] = data.decode("utf-8", "replace")
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename, mime, data)
    return Args(values, uploads)
