"""The one fetcher for every address that comes from outside: media of the platforms, files of source systems.

An address may only name hosts that were allowed beforehand, must lead to a public machine (unless it is exactly a
configured base URL), is checked again at every redirect, and its answer is bounded in size, time and type.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.sniff import sniff

ZALO_SUFFIXES: Final = ("zdn.vn", "zadn.vn")  # Zalo reference §8.4: where its media live
REDIRECTS: Final = 3
CHUNK: Final = 64 << 10
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_GONE: Final = {401, 403, 404, 410}
_REDIRECT: Final = {301, 302, 303, 307, 308}
_NEVER_MEDIA: Final = ("text/", "multipart/", "message/", "application/json", "application/xml", "application/xhtml")


class FetchError(Exception):
    """Nothing was fetched. `why` names the host at most: a path may hold a token."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Refused(FetchError):
    """We will not have it: the host, the address behind it, the scheme or the type is not allowed."""


class TooBig(FetchError):
    """Larger than allowed."""


class Expired(FetchError):
    """The other side no longer gives it out (401, 403, 404, 410)."""


class Unreachable(FetchError):
    """No answer, or a server error: it may work later."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content and its type by its first bytes; what the server called it does not count."""

    data: bytes = field(repr=False)
    mime: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what must be the same for an address to be exactly a configured base URL."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: URL) -> "Origin":
        """The origin of an absolute URL. Raises ValueError for any other."""
        host = (url.raw_host or "").rstrip(".").lower()
        if not url.absolute or not host or url.port is None:
            raise ValueError("not an absolute address")
        return cls(url.scheme.lower(), host, url.port)


class Fetcher:
    """Gets files from allowed hosts. Open it with `async with`, inside the event loop.

    `allowed_suffixes`: domains whose hosts may be asked, over https on port 443. `bases`: configured base URLs; the
    same scheme, host and port may be asked, on a private address too; plain http only if the base is loopback.
    """

    def __init__(
        self,
        allowed_suffixes: Collection[str] = ZALO_SUFFIXES,
        bases: Iterable[str] = (),
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._suffixes = tuple(one.lower().strip(".") for one in allowed_suffixes)
        self._bases = frozenset(Origin.of(URL(base)) for base in bases)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Fetcher":
        checking = CheckingResolver(self._resolver or ThreadedResolver(), {(one.host, one.port) for one in self._bases})
        self._session = aiohttp.ClientSession(
            # No DNS cache and no kept connection: every connection is made to an address checked for this fetch.
            connector=aiohttp.TCPConnector(limit=16, resolver=checking, use_dns_cache=False, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "ThonTin"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, url: str, kinds: Collection[str], limit_bytes: int, total_seconds: float = 30.0) -> Fetched:
        """The file at `url`, if its type by its first bytes begins with one of `kinds` (`image/`, `audio/` ...).

        `total_seconds` bounds everything: name, connection, redirects, every byte. Raises a `FetchError`.
        """
        try:
            async with asyncio.timeout(total_seconds):
                return await self._follow(url, kinds, limit_bytes)
        except TimeoutError:
            raise Unreachable("it took too long") from None
        except (aiohttp.ClientError, OSError) as error:
            if refused := _refusal_within(error):
                raise Refused(refused) from None
            raise Unreachable(type(error).__name__) from None

    async def _follow(self, url: str, kinds: Collection[str], limit: int) -> Fetched:
        if self._session is None:
            raise RuntimeError("the fetcher is not open")
        for _ in range(REDIRECTS + 1):
            target = self._checked(url)
            async with self._session.get(target, allow_redirects=False) as response:
                if response.status not in _REDIRECT:
                    _judge(response)
                    return _typed(await _body(response, limit), kinds)
                url = _redirected(target, response.headers.get("Location", ""))
        raise Refused("too many redirects")

    def _checked(self, url: str) -> URL:
        """The address, if its scheme, host and port are allowed."""
        try:
            target = URL(url)
            origin = Origin.of(target)
        except (ValueError, TypeError):
            raise Refused("not a web address") from None
        if target.raw_user or target.raw_password:
            raise Refused("an address with a user name in it")
        if not (self._is_base(origin) or self._is_allowed_host(origin)):
            raise Refused(f"the host {origin.host} is not allowed")
        return target.with_fragment(None)

    def _is_base(self, origin: Origin) -> bool:
        if origin not in self._bases:
            return False
        return origin.scheme == "https" or (origin.scheme == "http" and is_loopback(origin.host))

    def _is_allowed_host(self, origin: Origin) -> bool:
        """On a label's boundary: `zdn.vn` allows `a.zdn.vn`, not `evilzdn.vn`."""
        known = any(origin.host == one or origin.host.endswith(f".{one}") for one in self._suffixes)
        return known and origin.scheme == "https" and origin.port == 443


class _PrivateAddress(OSError):
    """A name led to an address that is not public."""


class CheckingResolver(AbstractResolver):
    """Hands out an address only after checking it; the connection goes to that address and no other.

    So a name that answers differently the second time (DNS rebinding) gains nothing.
    """

    def __init__(self, inner: AbstractResolver, private_allowed: Collection[tuple[str, int]]) -> None:
        self._inner = inner
        self._private_allowed = private_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of `host`. Raises OSError when one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if (host.rstrip(".").lower(), port) in self._private_allowed:
            return found
        if not all(is_public(one["host"]) for one in found):
            raise _PrivateAddress(f"the host {host} leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether an IP address is a public one, also after undoing the IPv6 forms that carry an IPv4 address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def is_loopback(host: str) -> bool:
    """Whether a host written in a setting is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal_within(error: BaseException) -> str:
    """aiohttp wraps what a resolver raises."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _PrivateAddress):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    return ""


def _redirected(target: URL, location: str) -> str:
    try:
        return urljoin(str(target), location)
    except ValueError:
        raise Refused("a redirect to no address") from None


def _judge(response: aiohttp.ClientResponse) -> None:
    if response.status in _GONE:
        raise Expired(f"the other side says {response.status}")
    if response.status >= 500 or response.status == 429:
        raise Unreachable(f"the other side says {response.status}")
    if response.status != 200:
        raise Refused(f"the other side says {response.status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused("a compressed answer")
    if response.headers.get("Content-Type", "").lower().startswith(_NEVER_MEDIA):
        raise Refused("a page, not a file")


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body; stops reading as soon as it is larger than `limit` bytes."""
    if (response.content_length or 0) > limit:
        raise TooBig(f"larger than {limit} bytes")
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > limit:
            raise TooBig(f"larger than {limit} bytes")
    return bytes(data)


def _typed(data: bytes, kinds: Collection[str]) -> Fetched:
    mime = sniff(data)
    if not mime or not mime.startswith(tuple(kinds)):
        raise Refused(f"a file of the type {mime or 'unknown'}")
    return Fetched(data, mime)
