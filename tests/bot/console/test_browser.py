"""The officials' pages in a real browser: an emergency from the form to two people's sign-in, on a small phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect

from storage import Transaction, ledger, publishing
from tests.bot.console.test_reach import spread_out
from tests.bot.console.world import PASSWORD, World, report

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def base(world: World) -> AsyncIterator[str]:
    async with TestServer(world.app()) as server:
        yield str(server.make_url("/console"))


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser, base: str) -> AsyncIterator[Page]:
    """A small phone; what it prints on the console, or asks of anybody else, fails the test."""
    complaints: list[str] = []
    page = await browser.new_page(viewport={"width": 360, "height": 740}, locale="vi-VN")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    home = base.removesuffix("console")
    page.on("request", lambda asked: None if asked.url.startswith((home, "data:")) else complaints.append(asked.url))
    page.set_default_timeout(5000)
    yield page
    await page.close()
    assert complaints == []


async def sign_in(page: Page, base: str, username: str) -> None:
    await page.goto(base)
    await page.get_by_label("Tên đăng nhập").fill(username)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Xã Thanh Yên")


async def fits(page: Page) -> None:
    """Nothing sticks out to the right."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def settle(tx: Transaction) -> None:
    """Everybody has it."""
    while publishing.advance(tx, 1000):
        pass
    for account in (1, 2, 3):
        for letter in ledger.claim(tx, account, 1, 10).rows:
            ledger.settle(tx, 1, [(letter.id, {"state": "sent", "sent_at": 1})])


async def test_an_emergency_goes_from_a_model_to_the_second_sign_in(phone: Page, base: str, world: World) -> None:
    await sign_in(phone, base, "lan")
    await phone.get_by_role("link", name="Viết bản tin").click()
    await phone.get_by_text("Bắt đầu từ tin mẫu").click()
    await phone.get_by_role("link", name="LŨ QUÉT").click()
    await fits(phone)
    line = phone.get_by_label("Dòng đầu")
    await line.fill("LŨ QUÉT Ở BẢN A VÀ CẢ BẢN B: LÊN CAO NGAY")
    await expect(phone.locator("#lock.late")).to_contain_text("49/40 ký tự")
    await line.fill("LŨ QUÉT BẢN A: LÊN CAO NGAY")
    await expect(phone.locator("#lock:not(.late)")).to_contain_text("35/40 ký tự")
    await phone.get_by_label("Nội dung").fill("Rời nhà sát suối.\nTới: nhà văn hóa bản A")
    await expect(phone.locator("#length")).to_have_text("10/75 từ")
    for label, words in (("Cơ quan", "Đài Điện Biên"), ("Tin số", "12"), ("Giờ, ngày ban hành", "2 giờ 40")):
        await phone.get_by_label(label).fill(words)
    await phone.get_by_role("button", name="Lưu và xem trước").click()
    await expect(phone.locator(".phone")).to_have_count(3)
    await fits(phone)
    await phone.get_by_role("button", name="Xin người thứ hai duyệt").click()
    await expect(phone.get_by_text("không tự duyệt được")).to_be_visible()
    await phone.get_by_role("button", name="Đăng xuất").click()

    await sign_in(phone, base, "minh")
    await phone.get_by_role("link", name="Xem và duyệt").click()
    await phone.get_by_role("button", name="Duyệt và gửi ngay cho 3 người").click()
    await expect(phone.locator("#progress")).to_contain_text("Đang gửi")
    await fits(phone)
    await world.work.write(settle)
    await expect(phone.locator("#progress")).to_contain_text("3 đã tới")  # by itself, without a reload
    await expect(phone.locator("#progress")).to_contain_text("Đã xong")


async def test_a_report_is_answered_on_a_small_phone(phone: Page, base: str, world: World) -> None:
    await world.work.write(lambda tx: report(tx, words="Cột điện nghiêng " + "rất" * 60))
    await sign_in(phone, base, "lan")
    await fits(phone)
    await phone.get_by_role("link", name="phản ánh chờ trả lời").click()
    await fits(phone)
    await phone.get_by_text("Cột điện nghiêng").click()
    await fits(phone)
    await phone.get_by_role("button", name="Hiện tên và điện thoại").click()
    await expect(phone.get_by_text("Giàng A Páo")).to_be_visible()
    await phone.get_by_label("Lời gửi người dân").fill("Điện lực đã dựng lại cột.")
    await phone.get_by_role("button", name="Trả lời").click()
    await expect(phone.get_by_text("chưa tới tay dân: đang chờ gửi")).to_be_visible()


async def test_who_was_missed_is_found_from_the_home_page_down_to_the_hamlet(
    phone: Page, base: str, world: World
) -> None:
    spread_out(world)
    await sign_in(phone, base, "lan")
    await expect(phone.locator(".alarm")).to_contain_text("2 người chưa nhận được, 1 người không rõ đã nhận chưa")
    await fits(phone)
    await phone.get_by_role("link", name="Xem ở thôn nào").click()
    await phone.get_by_text("Từng thôn, bản (3)").click()
    await expect(phone.locator(".row", has_text="Bản A")).to_contain_text("9/10 người (90 %)")
    await fits(phone)
    async with phone.expect_download() as download:
        await phone.get_by_role("link", name="Tải bảng chưa tới").click()
    assert (await download.value).suggested_filename.endswith("-chua-toi.csv")


@pytest.mark.parametrize(
    "where", ["", "/announcements", "/announcements/new", "/reports", "/faq", "/faq/new", "/links"]
)
async def test_every_page_fits_a_small_phone(phone: Page, base: str, where: str) -> None:
    await sign_in(phone, base, "lan")
    await phone.goto(f"{base}{where}")
    await fits(phone)
