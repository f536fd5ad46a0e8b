"""One HTTP call to a Zalo host: a JSON answer, or which of the two ways it failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LARGEST_ANSWER = 1_000_000  # bytes; the largest documented answer is a few kilobytes
NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


class NotWritten(Exception):
    """No connection was made: the platform certainly has nothing of this call."""


class Unclear(Exception):
    """The request was written and no clear answer came: the platform may have acted on it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is the JSON object, or None when the body is empty or not a JSON object."""

    status: int
    body: dict[str, Any] | None
    headers: Mapping[str, str]
    raw: bytes = field(default=b"", repr=False)

    @property
    def empty(self) -> bool:
        """Nothing at all came: not the same as garbage, for Zalo's OAuth says no in this way."""
        return not self.raw.strip()


def timeout(read: float = 15.0, connect: float = 5.0) -> aiohttp.ClientTimeout:
    """Seconds to get a connection, between two bytes, and (twice `read`) for the whole call."""
    return aiohttp.ClientTimeout(total=connect + 2 * read, connect=connect, sock_connect=connect, sock_read=read)


def open_session(proxy: str | None = None) -> aiohttp.ClientSession:
    """A pool without a limit of its own: delivery alone sets the pace."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), proxy=proxy or None)


async def call(session: aiohttp.ClientSession, method: str, url: str, **rest: Any) -> Answer:
    """The answer to one call. Raises `NotWritten` or `Unclear`.

    Neither exception carries the cause or the address: a Zalo Bot's address holds its token.
    """
    failure: Exception
    try:
        async with session.request(method, url, allow_redirects=False, **rest) as response:
            raw = await _body(response)
            return Answer(response.status, parse(raw), response.headers, raw)
    except NEVER_LEFT as error:
        failure = NotWritten(f"không kết nối được ({type(error).__name__})")
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        failure = Unclear(f"không có câu trả lời rõ ràng ({type(error).__name__})")
    raise failure


async def _body(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("too long")
    return bytes(raw)


def parse(raw: bytes) -> dict[str, Any] | None:
    """`raw` as a JSON object, or None."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None
    return found if isinstance(found, dict) else None
