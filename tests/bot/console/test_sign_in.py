"""Signing in, locking, sessions and the guard of every form."""

import asyncio
import threading

import pytest
from aiohttp import web

from bot.console import passwords
from bot.console.passwords import hash_password, verify
from bot.console.sign_in import LOCKED, WRONG, _next
from storage import Transaction, audit, officials
from tests.bot.console.world import PASSWORD, Client, World, send, sign_in, text_of

PAGES = ("/console", "/console/announcements", "/console/reports", "/console/faq", "/console/links")


async def attempt(client: Client, username: str, password: str) -> tuple[int, str]:
    async with client.post("/console/sign-in", data={"username": username, "password": password}) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("where", PAGES)
async def test_without_a_session_every_page_leads_to_the_sign_in(client: Client, where: str) -> None:
    async with client.get(where, allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == f"/console/sign-in?next={where}"


@pytest.mark.parametrize("where", PAGES)
async def test_every_page_opens_for_a_commune_and_for_the_province(client: Client, where: str) -> None:
    for username in ("lan", "tinh"):
        assert await sign_in(client, username) == 303
        assert "<h1>" in await text_of(client, where)
        await send(client, "/console/sign-out")


async def test_the_name_is_taken_in_any_case_and_the_password_with_letters_composed_otherwise(client: Client) -> None:
    import unicodedata

    assert await sign_in(client, " LAN ", unicodedata.normalize("NFD", PASSWORD) + " ") == 303


async def test_an_unknown_name_and_a_wrong_password_get_the_same_page(client: Client) -> None:
    wrong = await attempt(client, "lan", "sai")
    unknown = await attempt(client, "nobody", "sai")
    assert wrong[0] == unknown[0] == 401
    assert wrong[1].replace('value="lan"', 'value="nobody"') == unknown[1]
    assert WRONG in wrong[1]


@pytest.mark.parametrize("username", ["lan", "nobody"])
async def test_five_wrong_tries_lock_a_name_whether_it_exists_or_not(
    client: Client, world: World, username: str
) -> None:
    for _ in range(5):
        assert (await attempt(client, username, "sai"))[0] == 401
    status, text = await attempt(client, username, PASSWORD)
    assert (status, LOCKED in text) == (429, True)
    world.ms += 61_000
    assert (await attempt(client, username, "sai"))[0] == 401


async def test_after_the_lock_the_right_password_opens_again(client: Client, world: World) -> None:
    for _ in range(5):
        await attempt(client, "lan", "sai")
    assert await sign_in(client, "lan") == 429
    world.ms += 61_000
    assert await sign_in(client, "lan") == 303


async def test_a_stranger_who_locks_a_name_does_not_keep_out_the_browser_that_signed_in_before(
    client: Client, world: World
) -> None:
    await sign_in(client, "lan")
    await send(client, "/console/sign-out")
    device = client.session.cookie_jar.filter_cookies(client.make_url("/"))["thontin-device"].value
    client.session.cookie_jar.clear()
    for _ in range(5):
        await attempt(client, "lan", "sai")
    assert await sign_in(client, "lan") == 429
    client.session.cookie_jar.update_cookies({"thontin-device": device}, client.make_url("/"))
    assert await sign_in(client, "lan") == 303


async def test_a_wrong_password_makes_a_known_browser_a_stranger(client: Client) -> None:
    await sign_in(client, "lan")
    await send(client, "/console/sign-out")
    for _ in range(6):
        await attempt(client, "lan", "sai")
    assert await sign_in(client, "lan") == 429


async def test_a_browser_known_for_one_name_is_a_stranger_for_another(client: Client) -> None:
    await sign_in(client, "tinh")
    await send(client, "/console/sign-out")
    device = client.session.cookie_jar.filter_cookies(client.make_url("/"))["thontin-device"].value
    for _ in range(5):
        await attempt(client, "lan", "sai")
    client.session.cookie_jar.update_cookies({"thontin-device": device}, client.make_url("/"))
    assert await sign_in(client, "lan") == 429


async def test_an_inactive_official_does_not_get_in_and_is_thrown_out(client: Client, world: World) -> None:
    await sign_in(client, "lan")

    def dismiss(tx: Transaction) -> None:
        row = officials.named(tx, "lan")
        assert row is not None
        row.active = False

    await world.work.write(dismiss)
    async with client.get("/console", allow_redirects=False) as response:
        assert response.status == 303
    assert await sign_in(client, "lan") == 401


async def test_a_copied_cookie_is_worth_nothing_after_signing_out(client: Client) -> None:
    await sign_in(client, "lan")
    copied = {cookie.key: cookie.value for cookie in client.session.cookie_jar}
    await send(client, "/console/sign-out")
    async with client.get("/console", cookies=copied, allow_redirects=False) as response:
        assert response.status == 303


async def test_a_session_ends_after_half_a_day(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    world.ms += officials.SESSION_MS + 1
    async with client.get("/console", allow_redirects=False) as response:
        assert response.status == 303


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [("", "thontin", False), ("https://tin.example.vn", "__Host-thontin", True)],
    ids=["loopback", "https"],
)
async def test_the_cookie_is_closed_to_scripts_and_other_sites(
    tmp_path_factory: pytest.TempPathFactory, public_url: str, name: str, secure: bool
) -> None:
    from aiohttp.test_utils import TestServer

    world = World(tmp_path_factory.mktemp("cookie"), public_url=public_url)
    async with Client(TestServer(world.app())) as client:
        form = {"username": "lan", "password": PASSWORD}
        async with client.post("/console/sign-in", data=form, allow_redirects=False) as response:
            cookie = response.cookies[name]
    assert (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"], cookie["path"]) == (
        secure, True, "Lax", "/",
    )  # fmt: skip
    world.close()


STRANGERS = {
    "another site, says the browser": {"Sec-Fetch-Site": "cross-site"},
    "a sister domain": {"Sec-Fetch-Site": "same-site"},
    "another origin": {"Origin": "https://evil.example"},
    "no origin at all": {"Origin": "null"},
    "an origin that is none": {"Origin": "http://[::"},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS.keys())
async def test_a_form_from_elsewhere_is_refused(client: Client, headers: dict[str, str]) -> None:
    await sign_in(client, "lan")
    for where in ("/console/sign-in", "/console/sign-out", "/console/announcements/new"):
        async with client.post(where, data={"csrf": "x"}, headers=headers) as response:
            assert response.status == 403
            assert "không gửi từ trang của kênh" in await response.text()


async def test_our_own_origin_is_accepted_behind_a_proxy_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    from aiohttp.test_utils import TestServer

    world = World(tmp_path_factory.mktemp("proxy"), public_url="http://tin.example.vn")
    async with Client(TestServer(world.app())) as client:
        for origin in ("http://tin.example.vn", str(client.make_url("/").origin())):
            form = {"username": "lan", "password": PASSWORD}
            headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
            async with client.post("/console/sign-in", data=form, headers=headers, allow_redirects=False) as response:
                assert response.status == 303
    world.close()


async def test_without_the_token_of_the_session_no_form_does_anything(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    for form in ({}, {"csrf": ""}, {"csrf": "guessed"}, {"csrf": "đoán"}):
        async with client.post("/console/sign-out", data=form) as response:
            assert response.status == 403
    assert "Viết bản tin" in await text_of(client, "/console")


async def test_a_form_sent_after_the_session_ended_says_so(client: Client) -> None:
    async with client.post("/console/announcements/new", data={"title": "Họp bản"}) as response:
        assert response.status == 401
        assert "Phiên đăng nhập đã hết" in await response.text()


@pytest.mark.parametrize(
    ("asked", "gone_to"),
    [
        ("/console/reports?all=1", "/console/reports?all=1"),
        ("/console", "/console"),
        ("", "/console"),
        ("https://evil.example/console/", "/console"),
        ("//evil.example/console/", "/console"),
        ("/console/\\evil", "/console"),
        ("/console/\r\nSet-Cookie: a=b", "/console"),
        ("/consoles", "/console"),
    ],
)
def test_after_signing_in_one_stays_on_our_pages(asked: str, gone_to: str) -> None:
    assert _next(asked) == gone_to


async def test_signing_in_is_written_down(client: Client, world: World) -> None:
    await attempt(client, "lan", "sai")
    await sign_in(client, "lan")
    rows = await world.work.read(audit.latest)
    assert [row.action for row in rows] == ["signin", "signin.wrong"]


async def test_nobody_has_no_password() -> None:
    assert not await verify("", "")
    assert not await verify("not a hash", "x")
    assert await verify(hash_password("x"), "x")


async def test_a_part_that_refreshes_itself_is_sent_to_the_sign_in_and_keeps_its_place_on_a_fault(
    client: Client,
) -> None:
    where, asked = "/console/announcements/AAAA/progress", {"HX-Request": "true"}
    async with client.get(where, headers=asked, allow_redirects=False) as response:
        assert (response.status, response.headers["HX-Redirect"]) == (401, "/console/sign-in")
    await sign_in(client, "lan")
    async with client.get(where, headers=asked) as response:
        assert (response.status, response.headers["HX-Reswap"]) == (404, "none")


async def test_a_form_too_long_is_refused_with_a_sentence(client: Client) -> None:
    await sign_in(client, "lan")
    async with client.post("/console/announcements/new", data={"body": "a" * 300_000}) as response:
        assert response.status == 413
        assert "dài quá" in await response.text()


async def test_a_page_that_does_not_exist_is_a_sentence(client: Client) -> None:
    assert "Không có trang này" in await text_of(client, "/console/nothing", 404)


async def test_a_fault_is_a_sentence_without_a_traceback(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    with world.work.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE announcement")
    text = await text_of(client, "/console/announcements", 500)
    assert "Máy chủ gặp lỗi" in text
    assert "Traceback" not in text
    assert "sqlite" not in text.lower()


def test_the_handlers_are_all_behind_the_guard(world: World) -> None:
    """Whatever is open is named; a new page is closed unless somebody opens it."""
    console = next(iter(world.app()._subapps))
    names = {route.name for route in console.router.routes() if isinstance(route.resource, web.Resource)}
    assert names - {None} == {"static", "sign_in", "entered"}


async def test_strangers_at_the_door_do_not_keep_a_known_browser_waiting() -> None:
    leave = threading.Event()
    strangers = [passwords._STRANGERS.submit(leave.wait, 30) for _ in range(20)]
    try:
        stored = await asyncio.to_thread(passwords.hash_password, PASSWORD)
        assert await asyncio.wait_for(passwords.verify(stored, PASSWORD, known=True), 20)
        assert not any(one.done() for one in strangers)
    finally:
        leave.set()
