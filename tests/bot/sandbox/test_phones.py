"""The page of phones: what it passes on to the emulators and what it refuses."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox import phones
from bot.sandbox.phones import Config, Phone
from tests.bot.sandbox.phones_world import KINDS, PIXEL, Client, Emulator, config_for, page_for, served


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
async def base(emulator: Emulator) -> AsyncIterator[str]:
    async with served(emulator) as address:
        yield address


@pytest.fixture
async def client(base: str) -> AsyncIterator[Client]:
    async with page_for(base) as made:
        yield made


async def test_the_page_allows_no_inline_script_and_asks_nobody_else(client: Client) -> None:
    answer = await client.get("/")
    policy, text = answer.headers["Content-Security-Policy"], await answer.text()
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|style=|https?://", text)


async def test_every_file_the_page_names_is_served(client: Client) -> None:
    text = await (await client.get("/")).text()
    names = set(re.findall(r'(?:src|href)="(static/[^"]+)"', text))
    modules = [path.name for path in phones.PAGES.glob("*.js")]
    for name in [*names, *(f"static/{module}" for module in modules)]:
        answer = await client.get(f"/{name}")
        assert answer.status == 200, name
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_no_script_makes_markup_of_text_or_reaches_outside() -> None:
    for path in phones.PAGES.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source), path.name
        assert not re.search(r"[\"'`]https?://(?!www\.w3\.org/2000/svg)", source), path.name
        assert len(source.splitlines()) <= 300


def test_the_whole_page_is_small() -> None:
    assert sum(path.stat().st_size for path in phones.PAGES.rglob("*") if path.is_file()) < 150_000


async def test_the_page_is_told_everything_but_addresses_and_ids(client: Client, base: str) -> None:
    text = await (await client.get("/page.json")).text()
    told = json.loads(text)
    assert [one["key"] for one in told["phones"]] == list(KINDS)
    assert told["communes"][0]["payload"] == "xa-03127"
    assert told["credentials"][0]["name"] == "demo1"
    assert "person-" not in text
    assert f'"{base}"' not in text


async def test_the_chat_comes_from_the_emulator_of_that_phone(client: Client, emulator: Emulator) -> None:
    emulator.say("Kênh tin của UBND xã")
    emulator.say("hai")
    answer = await client.get("/phones/zalo_oa/chat?after=1&wait=600")
    assert [item["text"] for item in (await answer.json())["items"]] == ["hai"]
    assert emulator.asked == ["/_control/users/person-zalo_oa/chat?after=1&wait=25"]


async def test_what_a_person_does_reaches_the_emulator(client: Client, emulator: Emulator) -> None:
    answer = await client.post("/phones/telegram/do", json={"action": "start", "payload": "xa-03127"})
    assert await answer.json() == {"n": 1}
    assert emulator.done == [{"user": "person-telegram", "action": "start", "payload": "xa-03127"}]


async def test_an_error_of_the_emulator_keeps_its_status_and_sentence(client: Client) -> None:
    answer = await client.post("/phones/telegram/do", json={"action": "text", "text": "lỗi"})
    assert (answer.status, await answer.json()) == (400, {"error": "không gửi được"})


async def test_a_form_of_another_site_cannot_tap(client: Client, emulator: Emulator) -> None:
    answer = await client.post("/phones/telegram/do", data='{"action":"block"}', headers={"Content-Type": "text/plain"})
    assert answer.status == 415
    assert emulator.done == []


@pytest.mark.parametrize(
    "path",
    ["/phones/nobody/chat", "/phones/nobody/files?u=/files/t/x.gif", "/static/../phones.py", "/static/%2e%2e/x.py"],
)
async def test_what_is_not_there_is_a_404(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_after_must_be_a_number(client: Client) -> None:
    assert (await client.get("/phones/telegram/chat?after=x")).status == 400


async def test_an_emulator_that_talks_nonsense_is_a_502(client: Client, emulator: Emulator) -> None:
    emulator.answer_garbage = True
    assert (await client.get("/phones/telegram/chat")).status == 502


async def test_an_emulator_that_is_away_is_a_502_with_a_sentence() -> None:
    away = Config(phones=(Phone("one", "telegram", "T", "http://127.0.0.1:9", "1", "M", "T"),))
    async with TestClient(TestServer(phones.app(away))) as client:
        answer = await client.get("/phones/one/chat")
        assert answer.status == 502
        assert "chưa nối được" in (await answer.json())["error"]


@pytest.mark.parametrize("asked", ["/files/t/x.gif", "files/t/x.gif", "{base}/files/t/x.gif"])
async def test_media_of_the_emulator_is_shown(client: Client, base: str, asked: str) -> None:
    answer = await client.get("/phones/zalo_oa/files", params={"u": asked.format(base=base)})
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/gif", PIXEL)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_media_of_the_product_is_shown(client: Client, emulator: Emulator) -> None:
    async with TestServer(emulator.app()) as product:
        config = Config(phones=config_for("http://127.0.0.1:9").phones, media_bases=(str(product.make_url("/m")),))
        async with TestClient(TestServer(phones.app(config))) as other:
            answer = await other.get("/phones/zalo_oa/files", params={"u": str(product.make_url("/files/t/x.gif"))})
            assert await answer.read() == PIXEL


@pytest.mark.parametrize(
    "asked",
    [
        "http://169.254.169.254/latest",
        "//evil.example/x.gif",
        "http://127.0.0.1:1/x",
        "https://example.com/x.gif",
        "file:///etc/passwd",
        "http://[::1/x",
        "http://user@{host}/files/t/x.gif",
        "http://{host}@evil.example/x.gif",
        "https://{host}/files/t/x.gif",
        "/_control/state",
        "/%5fcontrol/state",
        "/files/../_control/state",
        "{base}/_control/users/person-telegram/chat?after=0&wait=0",
    ],
)
async def test_every_other_address_is_refused(client: Client, emulator: Emulator, base: str, asked: str) -> None:
    host = base.removeprefix("http://")
    answer = await client.get("/phones/zalo_oa/files", params={"u": asked.format(base=base, host=host)})
    assert answer.status == 403
    assert emulator.asked == []


@pytest.mark.parametrize(("name", "status"), [("away.gif", 502), ("gone.gif", 410)])
async def test_a_redirect_is_not_followed_and_an_expired_file_says_so(client: Client, name: str, status: int) -> None:
    answer = await client.get("/phones/zalo_oa/files", params={"u": f"/files/t/{name}"})
    assert answer.status == status
    assert "error" in await answer.json()


async def test_a_page_somebody_sent_is_downloaded_not_opened(client: Client) -> None:
    answer = await client.get("/phones/zalo_oa/files", params={"u": "/files/t/page.html"})
    assert answer.headers["Content-Disposition"] == "attachment"


async def test_a_recording_can_be_wound(client: Client) -> None:
    wound = {"Range": "bytes=4-"}
    answer = await client.get("/phones/zalo_oa/files", params={"u": "/files/t/long.mp3"}, headers=wound)
    assert (answer.status, await answer.read()) == (206, b"456789")
    assert answer.headers["Content-Range"] == "bytes 4-9/10"


def test_two_phones_cannot_share_a_key() -> None:
    one = Phone("one", "telegram", "T", "http://127.0.0.1:9", "1", "M", "T")
    with pytest.raises(ValueError, match="share a key"):
        phones.app(Config(phones=(one, one)))


async def test_healthz_answers(client: Client) -> None:
    async with ClientSession() as session, session.get(client.make_url("/healthz")) as answer:
        assert await answer.json() == {"ok": True}
