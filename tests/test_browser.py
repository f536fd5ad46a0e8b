"""The five points of the main job in a real browser that only types and taps on the phones and the two pages."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.demo import PASSWORD, Stage, playing
from content.dates import local

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT = 15_000  # ms; a slow machine is not a failure
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium (apt-get install chromium)"),
]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with playing(data_dir=tmp_path / "data", forward_wait_minutes=0.02, source_news_seconds=1) as stage:
        yield stage


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as player:
        opened = await player.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield opened
        await opened.close()


class Phone:
    """One phone on the page: type, tap, read."""

    def __init__(self, page: Page, key: str) -> None:
        self.page, self.key = page, key
        self.frame = page.get_by_test_id(f"phone-{key}")

    async def say(self, text: str, expecting: str) -> None:
        """Type and send, and wait for the bot's bubble that holds `expecting`."""
        before = await self.bubbles().count()
        await self.page.get_by_test_id(f"composer-{self.key}").fill(text)
        await self.page.get_by_test_id(f"send-{self.key}").click()
        await self.hears(expecting, before)

    async def hears(self, expecting: str, after: int = 0) -> Locator:
        """Wait for a bubble of the bot beyond the first `after` that holds `expecting`."""
        wanted = self.bubbles().filter(has_text=re.compile(re.escape(expecting)))
        await expect(wanted.last).to_be_visible(timeout=WAIT)
        newest = self.bubbles().nth(after)
        await expect(newest).to_be_attached(timeout=WAIT)
        return wanted.last

    def bubbles(self) -> Locator:
        """What the bot said."""
        return self.frame.locator('[data-testid="bubble"][data-who="bot"]')

    async def tap(self, label: str, expecting: str) -> None:
        """Press one of the bot's buttons (Telegram)."""
        await self.frame.get_by_test_id("button").filter(has_text=label).last.click()
        await self.hears(expecting)

    async def scan(self, code: str) -> None:
        """Scan the commune's QR code."""
        await self.page.get_by_test_id(f"qr-{self.key}").click()
        await self.page.get_by_test_id(f"commune-{self.key}-xa-{code}").click()

    async def dismiss_notices(self) -> None:
        """Touch away what slid in at the top, as one does before using the phone."""
        for notice in await self.frame.get_by_test_id("notice").all():
            if await notice.is_visible():
                await notice.click()


async def sign_in(browser: Browser, stage: Stage, who: str) -> Page:
    page = await (await browser.new_context(viewport={"width": 400, "height": 850})).new_page()
    await page.goto(stage.console)
    await page.fill("input[name=username]", who)
    await page.fill("input[name=password]", PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    return page


async def write(page: Page, stage: Stage, priority: str, title: str, body: str, topic: str) -> None:
    """Fill in the form and come to the preview."""
    await page.goto(f"{stage.console}/announcements/new")
    await page.check(f"input[name=priority][value={priority}]", force=True)
    await page.select_option("select[name=topic]", topic)
    await page.fill("input[name=title]", title)
    await page.fill("textarea[name=body]", body)
    if topic == "disaster":
        await page.fill("input[name=agency]", "Đài Khí tượng Thủy văn tỉnh Điện Biên")
        await page.fill("input[name=bulletin]", "12")
        await page.fill("input[name=issued]", "2 giờ 40")
    until = local(stage.context.now()) + timedelta(hours=12)
    await page.fill("input[name=valid_until]", until.strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_role("button", name="Lưu và xem trước").click()


async def test_a_villager_and_an_official_meet(stage: Stage, browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    await page.goto(stage.phones)
    zalo, bot, telegram = (Phone(page, key) for key in ("zalo_oa", "zalo_bot", "telegram"))

    # 1. Follow: by link on two phones, by another commune's name on the third.
    await zalo.scan("03328")
    await zalo.hears("Kênh tin của UBND xã Thanh Nưa")
    await zalo.say("1", "Bà con sẽ nhận tin của xã Thanh Nưa")
    await telegram.scan("03328")
    await telegram.hears("Kênh tin của UBND xã Thanh Nưa")
    await telegram.tap("Đồng ý", "Bà con sẽ nhận tin của xã Thanh Nưa")
    await bot.say("Tân Khai, Hớn Quản", "phường Tân Khai, thành phố Đồng Nai")
    await bot.say("đồng ý", "Bà con sẽ nhận tin của phường Tân Khai")

    # 2. Announcements: a routine one by one official, an emergency by two.
    lan = await sign_in(browser, stage, "lan")
    await write(lan, stage, "routine", "Cúp điện bản Tâu sáng mai", "Cúp từ 7 giờ đến 11 giờ sáng.", "services")
    await expect(lan.get_by_text(re.compile("2 người")).first).to_be_visible()
    await lan.get_by_role("button", name=re.compile("Gửi ngay cho 2 người")).click()
    await zalo.hears("Cúp điện bản Tâu sáng mai")
    await telegram.hears("Cúp điện bản Tâu sáng mai")
    await write(lan, stage, "emergency", "LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "Rời nhà sát suối ngay.", "disaster")
    await lan.get_by_role("button", name="Xin người thứ hai duyệt").click()
    waiting = lan.url
    minh = await sign_in(browser, stage, "minh")
    await minh.goto(waiting)
    await minh.get_by_role("button", name=re.compile("Duyệt và gửi ngay")).click()
    alert = await zalo.hears("KHẨN: LŨ QUÉT bản Tâu")
    await expect(alert).to_contain_text("112")
    await expect(alert).to_contain_text("/listen/")
    await telegram.hears("KHẨN: LŨ QUÉT bản Tâu")
    await expect(telegram.frame.get_by_test_id("play").first).to_be_visible(timeout=WAIT)
    await expect(bot.bubbles().filter(has_text="LŨ QUÉT")).to_have_count(0)
    await page.screenshot(path=tmp_path / "alert.png")

    # 3. Ask.
    await zalo.dismiss_notices()
    await zalo.say("lam khai sinh cho con can gi", "Theo ")
    await zalo.say("con trâu nhà tôi thích nghe nhạc gì", "nhờ cán bộ trả lời")

    # 4. Report with a photo; the code first, then the name; the answer comes from the source system's own page.
    await zalo.say("phản ánh", "Bà con muốn báo việc gì")
    await zalo.say("1", "Ở chỗ nào trong xã Thanh Nưa")
    await zalo.say("gần cầu treo bản Tâu", "Bà con kể rõ giúp")
    await zalo.say("Cột điện nghiêng, sắp đổ vào nhà", "Đã ghi")
    await page.get_by_test_id("attach-zalo_oa").click()
    await page.get_by_test_id("sample-photo-zalo_oa").click()
    await expect(zalo.bubbles().filter(has_text="Đã ghi")).to_have_count(2, timeout=WAIT)
    await zalo.say("xong", "Kênh đọc lại")
    await zalo.say("1", "Mã: PA-")
    await zalo.hears("theo Nghị định 49/2024")
    await zalo.say("1", "Họ tên của bà con")
    await zalo.say("Lò Thị Dung", "thôn, bản nào")
    await zalo.say("bản Tâu", "Số điện thoại")
    await zalo.say("không", "lần sau không phải nhắn lại")
    await _answer_at_the_source(await browser.new_page(viewport={"width": 400, "height": 850}), stage)
    answer = await zalo.hears("Điện lực đã dựng lại cột")
    await expect(answer).to_contain_text("Chủ tịch")

    # ... and another report is answered by the commune's own official.
    await telegram.say("phản ánh", "Bà con muốn báo việc gì")
    await telegram.tap("Rác", "Ở chỗ nào trong xã Thanh Nưa")
    await telegram.say("chợ xã", "Bà con kể rõ giúp")
    await telegram.say("Rác chất đống ba ngày nay", "Đã ghi")
    await telegram.tap("Xong", "Kênh đọc lại")
    await telegram.tap("Đúng, gửi đi", "Mã: PA-")
    await telegram.tap("Không ghi tên", "không ghi tên")
    await minh.goto(f"{stage.console}/reports")
    await minh.get_by_role("link", name=re.compile("Rác chất đống")).first.click()
    await minh.fill("textarea[name=text]", "Xã cho xe tới dọn chiều nay.")
    await minh.locator("button[name=state][value=answered]").click()
    await telegram.hears("Xã cho xe tới dọn chiều nay.")

    # 5. One's own data.
    await telegram.say("dữ liệu của tôi", "Kênh đang giữ về bà con")
    await telegram.tap("Xóa hết", "Xóa thật chứ")
    await telegram.tap("Xóa hết ngay", "Đã xóa hết")
    await page.screenshot(path=tmp_path / "end.png")


async def _answer_at_the_source(page: Page, stage: Stage) -> None:
    """Somebody at the province opens the report on the other system's own page and answers it."""
    await page.goto(stage.source)
    case = page.get_by_test_id("case").filter(has_text="Cột điện nghiêng")
    for _ in range(20):
        if await case.count():
            break
        await page.wait_for_timeout(500)
        await page.reload()
    await case.first.get_by_role("link").first.click()
    await expect(page.get_by_test_id("content")).to_contain_text("Cột điện nghiêng")
    await expect(page.get_by_test_id("file").first).to_be_visible(timeout=WAIT)
    await page.get_by_label("đã trả lời", exact=False).check()
    await page.fill("textarea[name=words]", "Điện lực đã dựng lại cột chiều nay.")
    await page.fill("input[name=unit]", "UBND xã Thanh Nưa")
    await page.fill("input[name=title]", "Chủ tịch UBND xã")
    await page.locator("form button").last.click()
