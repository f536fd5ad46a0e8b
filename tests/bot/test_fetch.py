"""The one fetcher: what it takes, and everything it must refuse."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.fetch import (
    CheckingResolver,
    Expired,
    Fetcher,
    FetchError,
    Origin,
    Refused,
    TooBig,
    Unreachable,
    is_public,
)
from tests.bot.channels.endings import Answer, FarSide, before_writing, far_side

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 200
IMAGES = ("image/",)


class Names(AbstractResolver):
    """A name server of our own: each look-up of a name takes its next address; the last one stays."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        known = self.names[host.replace(".", "_")]
        address = known.pop(0) if len(known) > 1 else known[0]
        return [_found(host, one, port) for one in address.split()]

    async def close(self) -> None:
        """Nothing to close."""


def _found(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with far_side() as one:
        one.answer(Answer(200, JPEG, "image/jpeg"))
        yield one


@pytest.fixture
async def fetcher(far: FarSide) -> AsyncIterator[Fetcher]:
    async with Fetcher(bases=[f"{far.url}/bot"], resolver=Names()) as one:
        yield one


async def test_a_file_of_a_configured_base_is_fetched_though_it_is_on_loopback(far: FarSide, fetcher: Fetcher) -> None:
    fetched = await fetcher.get(f"{far.url}/file/a.jpg#part", IMAGES, 1000)
    assert (fetched.data, fetched.mime) == (JPEG, "image/jpeg")
    assert far.asked[0].path == "/file/a.jpg"


async def test_a_base_may_be_a_name_of_this_machine(far: FarSide) -> None:
    port = URL(far.url).port
    base = f"http://localhost:{port}"
    async with Fetcher(bases=[base], resolver=Names(localhost=["127.0.0.1"])) as fetcher:
        assert (await fetcher.get(f"{base}/a", IMAGES, 1000)).data == JPEG


REFUSED_ADDRESSES = {
    "another host": "https://evil.example/a.jpg",
    "the suffix without a dot before it": "https://evilzdn.vn/a.jpg",
    "the suffix as a prefix": "https://zdn.vn.evil.example/a.jpg",
    "plain http to a media host": "http://f1.zdn.vn/a.jpg",
    "a media host on another port": "https://f1.zdn.vn:8443/a.jpg",
    "loopback that is not the base's port": "http://127.0.0.1:1/a.jpg",
    "loopback written as a number": "http://2130706433/a.jpg",
    "the metadata service": "http://169.254.169.254/latest/meta-data",
    "a user name": "https://f1.zdn.vn@evil.example/a.jpg",
    "a user name before a media host": "https://user:pw@f1.zdn.vn/a.jpg",
    "a file": "file:///etc/passwd",
    "no host": "https:///a.jpg",
    "another scheme": "ftp://f1.zdn.vn/a.jpg",
    "no address": "a.jpg",
    "empty": "",
    "a broken port": "https://f1.zdn.vn:99999/a",
    "a broken address": "https://[::1/a",
}


@pytest.mark.parametrize("name", REFUSED_ADDRESSES)
async def test_an_address_outside_the_list_is_refused_before_any_look_up(name: str) -> None:
    names = Names()
    async with Fetcher(bases=["http://127.0.0.1:9"], resolver=names) as fetcher:
        with pytest.raises(Refused):
            await fetcher.get(REFUSED_ADDRESSES[name], IMAGES, 1000)
    assert names.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "::ffff:127.0.0.1", "203.113.1.1 192.168.0.1"],
)
@pytest.mark.parametrize("host", ["f1.zdn.vn", "F1.ZDN.VN", "s.zadn.vn"])
async def test_a_media_host_that_leads_to_a_private_address_is_refused(host: str, address: str) -> None:
    names = Names(f1_zdn_vn=[address], s_zadn_vn=[address])
    async with Fetcher(resolver=names) as fetcher:
        with pytest.raises(Refused, match="not public"):
            await fetcher.get(f"https://{host}/a.jpg", IMAGES, 1000)


async def test_a_name_is_looked_up_and_checked_for_every_connection() -> None:
    """DNS rebinding: the address that was checked is the one connected to, and none is remembered."""
    inner = Names(f1_zdn_vn=["203.113.1.1", "127.0.0.1"])
    checking = CheckingResolver(inner, {("127.0.0.1", 80)})
    first = await checking.resolve("f1.zdn.vn", 443)
    assert [one["host"] for one in first] == ["203.113.1.1"]
    with pytest.raises(OSError, match="not public"):
        await checking.resolve("f1.zdn.vn", 443)


async def test_a_name_that_nobody_knows_is_unreachable() -> None:
    class Nobody(Names):
        async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
            raise OSError("Name or service not known")

    async with Fetcher(resolver=Nobody()) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.get("https://f1.zdn.vn/a.jpg", IMAGES, 1000)


async def test_a_redirect_on_the_same_server_is_followed(far: FarSide, fetcher: Fetcher) -> None:
    far.answer(Answer(302, headers={"Location": "../b.jpg"}), Answer(200, JPEG, "application/octet-stream"))
    assert (await fetcher.get(f"{far.url}/file/x/a.jpg", IMAGES, 1000)).mime == "image/jpeg"
    assert far.asked[1].path == "/file/b.jpg"


REDIRECTS = {
    "to a stranger": "https://evil.example/a.jpg",
    "to another port here": "http://127.0.0.1:1/a.jpg",
    "to a file": "file:///etc/passwd",
    "to a host that leads inside": "https://f1.zdn.vn/a.jpg",
    "to itself for ever": "/file/a.jpg",
    "nowhere": "",
    "to a broken address": "http://[",
}


@pytest.mark.parametrize("name", REDIRECTS)
async def test_a_redirect_is_checked_like_the_first_address(name: str, far: FarSide) -> None:
    far.answer(Answer(302, headers={"Location": REDIRECTS[name]}))
    async with Fetcher(bases=[far.url], resolver=Names(f1_zdn_vn=["10.0.0.1"])) as fetcher:
        with pytest.raises(Refused):
            await fetcher.get(f"{far.url}/file/a.jpg", IMAGES, 1000)
    assert len(far.asked) <= 4


ANSWERS: dict[str, tuple[Answer, type[FetchError]]] = {
    "gone": (Answer(410), Expired),
    "not found": (Answer(404), Expired),
    "forbidden": (Answer(403), Expired),
    "server error": (Answer(500), Unreachable),
    "throttled": (Answer(429), Unreachable),
    "dropped": (Answer(fault="drop"), Unreachable),
    "hanging": (Answer(fault="hang"), Unreachable),
    "nothing new": (Answer(304), Refused),
    "a page": (Answer(200, JPEG, "text/html"), Refused),
    "compressed": (Answer(200, JPEG, "image/jpeg", {"Content-Encoding": "br"}), Refused),
    "too large": (Answer(200, JPEG * 10, "image/jpeg"), TooBig),
    "of another type than it says": (Answer(200, b"MZ\x90\0" * 20, "image/jpeg"), Refused),
    "a script in a picture's clothes": (Answer(200, b"<svg onload='x'/>", "image/svg+xml"), Refused),
    "empty": (Answer(200, b"", "image/jpeg"), Refused),
    "a type that was not asked for": (Answer(200, b"%PDF-1.7 ...", "image/jpeg"), Refused),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_is_no_file_has_its_error(name: str, far: FarSide, fetcher: Fetcher) -> None:
    answer, error = ANSWERS[name]
    far.answer(answer)
    with pytest.raises(error) as problem:
        await fetcher.get(f"{far.url}/file/botSECRET/a.jpg", IMAGES, 1000, total_seconds=0.3)
    assert "SECRET" not in f"{problem.value!r} {problem.value.__cause__!r}"


async def test_a_connection_that_is_refused_is_unreachable() -> None:
    async with before_writing("refuse") as url, Fetcher(bases=[url]) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.get(f"{url}/a", IMAGES, 1000)


async def _announced(request: web.Request) -> web.StreamResponse:
    """Says that a gigabyte is coming, and lets the fetcher wait for it."""
    response = web.StreamResponse(headers={"Content-Type": "image/jpeg", "Content-Length": "1000000000"})
    await response.prepare(request)
    await asyncio.sleep(2)
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    try:
        while True:
            await response.write(JPEG)
            await asyncio.sleep(0.02 if request.path == "/drip" else 0)
    except OSError:
        return response  # the fetcher has heard enough


@pytest.mark.parametrize(
    ("path", "limit", "error"),
    [("flood", 100_000, TooBig), ("announced", 100_000, TooBig), ("drip", 10**9, Unreachable)],
)
async def test_a_stream_without_end_is_cut_by_size_or_time(path: str, limit: int, error: type[FetchError]) -> None:
    app = web.Application()
    app.router.add_get("/announced", _announced)
    app.router.add_get("/{path}", _endless)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    sock = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    await web.SockSite(runner, sock).start()
    try:
        async with Fetcher(bases=[base]) as fetcher:
            with pytest.raises(error):
                await fetcher.get(f"{base}/{path}", IMAGES, limit, total_seconds=0.3)
    finally:
        await runner.cleanup()


def test_plain_http_is_only_for_a_base_on_this_machine() -> None:
    inside = Fetcher(bases=["http://bot-api.internal:8081", "https://bot-api.internal"])
    assert not inside._is_base(Origin("http", "bot-api.internal", 8081))
    assert inside._is_base(Origin("https", "bot-api.internal", 443))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.113.188.1", True),
        ("2405:4800::1", True),
        ("::ffff:203.113.188.1", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("not an address", False),
    ],
)
def test_only_public_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
