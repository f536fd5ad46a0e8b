"""One HTTP call to a source system: a JSON answer, or the ending that it already is."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.endings import Later, Unknown

LARGEST_ANSWER = 20_000_000  # bytes; a page of news
LONGEST_WAIT = 3600.0  # seconds of Retry-After that are believed
WAIT = 30.0  # seconds until the next try after a passing trouble
NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is the JSON object, None when there was none; `retry_after` in seconds, 0 = not said."""

    status: int
    body: dict[str, Any] | None
    retry_after: float = 0.0


class Stopped(Exception):
    """The call ended before their answer could be read; `ending` says how."""

    def __init__(self, ending: Later | Unknown) -> None:
        super().__init__(ending.why)
        self.ending = ending


async def call(session: aiohttp.ClientSession, method: str, url: str, **rest: Any) -> Answer:
    """One request. Raises `Stopped`: `Later` when it never left, `Unknown` when it may have arrived.

    Neither cause nor address travels on: both may hold what must not be logged.
    """
    ending: Later | Unknown
    try:
        async with session.request(method, url, allow_redirects=False, **rest) as response:
            return await _read(response)
    except NEVER_LEFT as error:
        why = f"không kết nối được hệ thống nguồn ({type(error).__name__})"
        ending = Later(WAIT, why, outage=True)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        ending = Unknown(f"hệ thống nguồn không trả lời rõ ({type(error).__name__})")
    raise Stopped(ending)


def at(data: Any, key: str) -> Any:
    """`data[key]`, None where there is no such thing."""
    return data.get(key) if isinstance(data, dict) else None


async def _read(response: aiohttp.ClientResponse) -> Answer:
    raw = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("too long")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        body = None
    after = response.headers.get("Retry-After", "")
    wait = min(float(after), LONGEST_WAIT) if after.isascii() and after.isdigit() else 0.0
    return Answer(response.status, body if isinstance(body, dict) else None, wait)
