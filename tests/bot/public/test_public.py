"""Public pages: listening, signed files, one's own data, the front door."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestServer

from bot.media import SIGNED_MS
from handlers import privacy
from storage import Transaction, citizens
from storage.announcements import Announcement
from tests.bot.console.world import HERE, NOW, Client, World, report, text_of, villager

LIGHTEST = 20 * 1024
MP3 = b"ID3" + bytes(2000)


async def publish(world: World, **changed: object) -> str:
    """A published announcement with a recording; its code."""

    def job(tx: Transaction) -> str:
        values: dict[str, Any] = {
            "code": "K7M3PA", "commune": HERE, "priority": "emergency", "title": "LŨ QUÉT: LÊN CAO <NGAY>",
            "body": "Rời nhà sát suối.", "source": "Đài Điện Biên, tin số 12", "status": "published", "author_id": 1,
            "created_at": NOW, "published_at": NOW, "valid_until": NOW + 3_600_000,
            "speech_sha": world.context.store.keep(MP3), "speech_seconds": 27,
        }  # fmt: skip
        return tx.add(Announcement(**{**values, **changed})).code

    return await world.work.write(job)


async def test_the_listening_page_says_all_in_twenty_kilobytes_without_a_script(client: Client, world: World) -> None:
    code = await publish(world, body="Rời nhà sát suối. " * 80)
    page = await text_of(client, f"/listen/{code}")
    assert len(page.encode()) <= LIGHTEST
    assert "<script" not in page
    assert "LÊN CAO &lt;NGAY&gt;" in page
    for words in (
        "Rời nhà sát suối.",
        "112",
        "UBND xã Thanh Yên",
        "Đài Điện Biên",
        "K7M3PA",
        f'src="/listen/{code}.mp3"',
    ):
        assert words in page
    assert "http" not in page


async def test_the_code_is_taken_in_small_letters(client: Client, world: World) -> None:
    code = await publish(world)
    await text_of(client, f"/listen/{code.lower()}")


async def test_a_routine_announcement_has_no_112_and_no_player_without_a_recording(
    client: Client, world: World
) -> None:
    code = await publish(world, priority="routine", speech_sha="")
    page = await text_of(client, f"/listen/{code}")
    assert "112" not in page
    assert "<audio" not in page
    await text_of(client, f"/listen/{code}.mp3", 404)


async def test_what_is_over_says_so(client: Client, world: World) -> None:
    code = await publish(world, valid_until=NOW - 1)
    assert "đã hết hiệu lực" in await text_of(client, f"/listen/{code}")


@pytest.mark.parametrize("status", ["draft", "waiting"])
async def test_a_draft_is_nobodys_business(client: Client, world: World, status: str) -> None:
    code = await publish(world, status=status)
    for part in ("", ".mp3"):
        assert "Không có tin nào mang mã này" in await text_of(client, f"/listen/{code}{part}", 404)


@pytest.mark.parametrize("code", ["ZZZZZZ", "x" * 500, "'; DROP TABLE announcement", "ß", "%00"])
async def test_an_unknown_code_is_a_friendly_page(client: Client, world: World, code: str) -> None:
    assert "Không có tin nào mang mã này" in await text_of(client, f"/listen/{quote(code, safe='%')}", 404)


async def test_the_recording_can_be_asked_for_in_pieces(client: Client, world: World) -> None:
    code = await publish(world)
    async with client.get(f"/listen/{code}.mp3", headers={"Range": "bytes=0-9"}) as response:
        assert (response.status, response.content_type) == (206, "audio/mpeg")
        assert await response.read() == MP3[:10]


async def test_a_signed_file_is_served_for_a_day_and_not_kept(tmp_path: Path) -> None:
    world = World(tmp_path, public_url="http://tin.example.vn")
    store = world.context.store
    address = store.address(store.keep(MP3), "audio/mpeg", world.ms).removeprefix("http://tin.example.vn")
    async with Client(TestServer(world.app())) as client:
        async with client.get(address, headers={"Range": "bytes=3-7"}) as response:
            assert (response.status, response.content_type) == (206, "audio/mpeg")
            assert "no-store" in response.headers["Cache-Control"]
        async with client.head(address) as response:
            assert (response.status, response.content_length) == (200, len(MP3))
        ticket, name = address.split("/")[2:]
        for wrong in (f"/media/{ticket}x/{name}", f"/media/{ticket}/{'0' * 64}.mp3", f"/media/²{ticket}/{name}",
                      f"/media/{ticket}/..%2f..%2fthontin.db", "/media/x/y"):  # fmt: skip
            assert "đã hết hạn" in await text_of(client, wrong, 404)
        world.ms += SIGNED_MS + 1
        await text_of(client, address, 404)
    world.close()


async def test_ones_own_data_is_a_file_behind_the_link_from_the_chat(client: Client, world: World) -> None:
    def ask(tx: Transaction) -> str:
        address = villager(tx, "telegram", HERE)
        report(tx)
        return privacy.export_token(tx, address.citizen_id)

    token = await world.work.write(ask)
    async with client.get(f"/data/{token}") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Disposition"].startswith("attachment")
        own = json.loads(await response.text())
    assert [one["commune"] for one in own["follows"]] == [HERE]
    assert own["reports"] == []
    number, _, rest = token.partition(".")
    for wrong in (f"{int(number) - 1}.{rest}", f"{number}.²{rest}", "x", "1.2.3", "²"):
        assert "nhắn DỮ LIỆU" in await text_of(client, f"/data/{wrong}", 404)
    world.ms += privacy.LINK_MS + 1
    await text_of(client, f"/data/{token}", 404)


async def test_the_link_of_somebody_who_was_erased_opens_nothing(client: Client, world: World) -> None:
    def ask(tx: Transaction) -> str:
        address = villager(tx, "telegram", HERE)
        token = privacy.export_token(tx, address.citizen_id)
        citizen = tx.session.get(citizens.Citizen, address.citizen_id)
        assert citizen is not None
        citizens.erase(tx, citizen)
        return token

    await text_of(client, f"/data/{await world.work.write(ask)}", 404)


async def test_the_front_door_leads_officials_in(client: Client) -> None:
    assert 'href="/console"' in await text_of(client, "/")


async def test_public_pages_run_nothing_and_ask_nobody_else(client: Client, world: World) -> None:
    code = await publish(world)
    for where in ("/", f"/listen/{code}"):
        async with client.get(where) as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("until", ["9" * 5000, "", "x"], ids=["five thousand digits", "none", "a letter"])
async def test_a_forged_ticket_is_an_expired_one_whatever_its_time(client: Client, until: str) -> None:
    await text_of(client, f"/media/{until}.k1.AAAA/abc.jpg", 404)
