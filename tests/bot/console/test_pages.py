"""What all pages share: their weight, their policy, vendored files, links for posters, the first page."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from bot.console import pages
from bot.console.links import poster
from bot.console.words import masked, number
from storage import Transaction, accounts
from tests.bot.console.world import HERE, Client, World, send, sign_in, text_of

VENDOR = pages.STATIC / "vendor"
VENDORED = tomllib.loads((VENDOR / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
HEAVIEST = 150_000  # bytes of the first page with all it loads


@pytest.mark.parametrize("one", VENDORED, ids=lambda one: one["path"])
def test_a_vendored_file_is_what_the_list_says(one: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / one["path"]).read_bytes()).hexdigest() == one["sha256"]
    assert one["version"]
    assert one["licence"] in ("MIT", "0BSD")


def test_every_vendored_file_is_in_the_list() -> None:
    assert {one["path"] for one in VENDORED} == {path.name for path in VENDOR.iterdir()} - {"VENDORED.toml"}


async def weight(client: Client, where: str) -> int:
    """Bytes of a page with its styles and scripts; every one of them must come from here."""
    page = await text_of(client, where)
    loaded = re.findall(r'<(?:link|script|img|audio|video)[^>]*? (?:href|src)="([^"]+)"', page)
    total = len(page.encode())
    for address in loaded:
        if not address.startswith("data:"):
            assert address.startswith("/console/"), address
            total += len(await (await client.get(address)).read())
    return total


async def test_the_first_pages_are_light_and_ask_nobody_else(client: Client) -> None:
    assert await weight(client, "/console/sign-in") <= HEAVIEST
    await sign_in(client, "lan")
    for where in ("/console", "/console/announcements/new", "/console/reports"):
        assert await weight(client, where) <= HEAVIEST


async def test_no_page_runs_or_styles_anything_inline(client: Client) -> None:
    await sign_in(client, "tinh")
    for where in ("/console", "/console/announcements/new", "/console/links?commune=" + HERE, "/console/faq/new"):
        async with client.get(where) as response:
            page = await response.text()
            policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page), where


@pytest.mark.parametrize("path", sorted(pages.HERE.glob("templates/*.html")), ids=lambda path: path.name)
def test_no_template_switches_escaping_off(path: Path) -> None:
    assert not re.search(r"\|\s*safe|autoescape", path.read_text(encoding="utf-8"))


async def test_files_keep_for_a_year_and_others_are_not_served(client: Client) -> None:
    async with client.get("/console/static/console.css") as response:
        assert "immutable" in response.headers["Cache-Control"]
    for name in ("../pages.py", "vendor/VENDORED.toml", "%2e%2e/pages.py", "nothing.css"):
        await text_of(client, f"/console/static/{name}", 404)


@pytest.mark.parametrize(
    ("channel", "link", "sent"),
    [
        ("telegram", "https://t.me/thanhnua_bot?start=xa-03349", ""),
        ("zalo_oa", "https://zalo.me/901", "#xa-03349"),
        ("zalo_bot", "", "#xa-03349"),
    ],
)
def test_a_poster_says_how_to_reach_the_commune(channel: str, link: str, sent: str) -> None:
    made = poster(channel, "Kênh", "901", "thanhnua_bot", HERE)
    assert (made.link, made.sent, "<svg" in made.qr) == (link, sent, bool(link))


async def test_the_posters_are_of_ones_own_commune(client: Client) -> None:
    await sign_in(client, "lan")
    page = await text_of(client, "/console/links?commune=00004")
    assert f"xa-{HERE}" in page
    assert "xa-00004" not in page
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    assert "Chưa rõ xã nào" in await text_of(client, "/console/links?commune=zzz")
    assert "xa-00004" in await text_of(client, "/console/links?commune=00004")


async def test_a_suspended_account_is_shown_to_who_answers_for_it(client: Client, world: World) -> None:
    def suspend(tx: Transaction) -> None:
        accounts.suspend(tx, 1, "mã truy cập bị thu hồi")

    await world.work.write(suspend)
    for username, seen in (("tinh", True), ("lan", False)):
        await sign_in(client, username)
        assert ("mã truy cập bị thu hồi" in await text_of(client, "/console")) is seen
        await send(client, "/console/sign-out")


async def test_the_first_page_counts_followers_by_channel(client: Client) -> None:
    await sign_in(client, "lan")
    page = await text_of(client, "/console")
    assert "<b>2</b> người qua Zalo<" in page
    assert "<b>1</b> người qua Telegram<" in page
    assert "Zalo Bot" not in page


@pytest.mark.parametrize(
    ("text", "shown"), [("", ""), ("Giàng A Páo", "G•••"), ("0912345678", "•••678"), ("+84912", "•••912")]
)
def test_masking_keeps_enough_to_recognise(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_numbers_are_written_as_here() -> None:
    assert number(1_234_567) == "1.234.567"
