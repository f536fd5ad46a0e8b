"""The page of phones in a real browser: typing, tapping, sending, and what slides in."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.bot.sandbox.phones_world import Emulator, page_for, served

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
MEETING = "Lịch họp thôn tối nay ở nhà văn hóa bản A, mời bà con tới dự đông đủ"

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


@asynccontextmanager
async def opened(
    browser: Browser, emulator: Emulator, width: int = 1280, height: int = 860
) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page with its phones, and what it printed on the console."""
    complaints: list[str] = []
    async with served(emulator) as base, page_for(base) as client:
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(5000)
        await page.goto(str(client.make_url("/")))
        await page.get_by_test_id("phone-telegram").wait_for()
        yield page, complaints
        await page.close()


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest_asyncio.fixture(loop_scope="module")
async def screen(browser: Browser, emulator: Emulator) -> AsyncIterator[Page]:
    """The page on a desktop; anything it prints on the console fails the test."""
    async with opened(browser, emulator) as (page, complaints):
        yield page
    assert complaints == []


async def test_what_is_typed_is_sent_and_shown_as_plain_text(screen: Page, emulator: Emulator) -> None:
    await screen.get_by_test_id("composer-zalo_oa").fill("<img src=x onerror=alert(1)> <b>lũ</b>")
    await screen.get_by_test_id("send-zalo_oa").click()
    bubble = screen.get_by_test_id("phone-zalo_oa").get_by_test_id("bubble").first
    assert "<img src=x onerror=alert(1)> <b>lũ</b>" in await bubble.inner_text()
    assert await bubble.locator("img, b").count() == 0
    assert emulator.done == [
        {"user": "person-zalo_oa", "action": "text", "text": "<img src=x onerror=alert(1)> <b>lũ</b>"}
    ]


async def test_of_telegrams_markup_only_the_safe_subset_is_made(screen: Page, emulator: Emulator) -> None:
    html = '<b>Đậm &lt;i&gt;</b> <a href="https://xa.vn/1">trang xã</a> '
    html += '<a href="javascript:alert(1)">xấu</a> <script>x</script>'
    emulator.say("Đậm trang xã xấu", html=html)
    bubble = screen.get_by_test_id("phone-telegram").get_by_test_id("bubble").first
    assert await bubble.locator("b").inner_text() == "Đậm <i>"
    links = bubble.locator("a")
    assert [await links.nth(i).get_attribute("href") for i in range(await links.count())] == ["https://xa.vn/1"]
    assert await links.first.get_attribute("rel") == "noopener noreferrer"
    assert await bubble.locator("script").count() == 0
    assert "<script>x</script>" in await bubble.inner_text()


async def test_a_button_is_tapped_by_its_place(screen: Page, emulator: Emulator) -> None:
    buttons = [[{"label": "Một", "payload": "a"}], [{"label": "Hai", "payload": "b"}, {"label": "Ba", "payload": "c"}]]
    n = emulator.say("Chọn", buttons=buttons)
    await screen.get_by_test_id("phone-telegram").get_by_test_id("button").filter(has_text="Ba").click()
    await screen.locator("[data-who=user]").first.wait_for()
    assert emulator.done == [{"user": "person-telegram", "action": "tap", "n": n, "row": 1, "col": 1}]


async def test_an_emergency_slides_in_with_forty_characters_and_a_silent_message_does_not(
    screen: Page, emulator: Emulator
) -> None:
    phone = screen.get_by_test_id("phone-zalo_bot")
    emulator.say("Tin lặng lẽ", silent=True)
    emulator.say(MEETING)
    emulator.say("🟠 KHẨN: LŨ QUÉT – bản A – LÊN CHỖ CAO NGAY\nCấp 3")
    await phone.locator("[data-urgent=true][data-testid=notice]").wait_for()
    notices = phone.get_by_test_id("notice")
    assert [await notices.nth(i).get_attribute("data-urgent") for i in range(await notices.count())] == [
        "true",
        "false",
    ]
    assert await notices.last.locator(".said").inner_text() == f"{MEETING[:40]}…"
    assert "Tin lặng lẽ" in await phone.get_by_test_id("bubble").first.inner_text()


async def test_an_answer_does_not_slide_in(screen: Page, emulator: Emulator) -> None:
    emulator.say("cúp điện khi nào", who="user")
    emulator.say("Thứ Bảy, từ 7 giờ 30.")
    await screen.get_by_test_id("bubble").filter(has_text="Thứ Bảy").first.wait_for()
    assert await screen.get_by_test_id("notice").count() == 0


async def test_scanning_starts_telegram_and_writes_the_payload_on_zalo(screen: Page, emulator: Emulator) -> None:
    for key in ("zalo_oa", "telegram"):
        await screen.get_by_test_id(f"qr-{key}").click()
        await screen.get_by_test_id(f"commune-{key}-xa-03127").click()
        await screen.get_by_test_id(f"sheet-{key}").wait_for(state="hidden")
    await screen.get_by_test_id("phone-telegram").locator("[data-n='2']").first.wait_for()
    assert emulator.done == [
        {"user": "person-zalo_oa", "action": "text", "text": "#xa-03127"},
        {"user": "person-telegram", "action": "start", "payload": "xa-03127"},
    ]


async def test_samples_and_a_pin_need_no_file(screen: Page, emulator: Emulator) -> None:
    phone = screen.get_by_test_id("phone-zalo_oa")
    await screen.get_by_test_id("attach-zalo_oa").click()
    await screen.get_by_test_id("sample-photo-zalo_oa").click()
    await screen.get_by_test_id("voice-zalo_oa").click()
    await screen.get_by_test_id("sample-voice-zalo_oa").click()
    await screen.get_by_test_id("attach-zalo_oa").click()
    await screen.get_by_test_id("sample-video-zalo_oa").click()
    await screen.get_by_test_id("attach-zalo_oa").click()
    await screen.get_by_test_id("location-zalo_oa").click()
    await screen.get_by_test_id("lat-zalo_oa").fill("21,4")
    await screen.get_by_test_id("lon-zalo_oa").fill("103.0")
    await screen.get_by_test_id("send-location-zalo_oa").click()
    await phone.locator("[data-testid=bubble][data-kind=location]").wait_for()
    assert [(one["action"], one.get("mime")) for one in emulator.done] == [
        ("image", "image/jpeg"), ("voice", "audio/mpeg"), ("video", "video/mp4"), ("location", None)
    ]  # fmt: skip
    starts = [base64.b64decode(one["data"])[:12] for one in emulator.done[:3]]
    assert starts[0][:2] == b"\xff\xd8"
    assert starts[1][0] == 0xFF
    assert starts[2][4:8] == b"ftyp"
    assert (emulator.done[3]["lat"], emulator.done[3]["lon"]) == (21.4, 103)


async def test_an_edited_message_changes_where_it_stands(screen: Page, emulator: Emulator) -> None:
    emulator.say("Chọn", buttons=[[{"label": "Một", "payload": "a"}]])
    phone = screen.get_by_test_id("phone-telegram")
    await phone.get_by_test_id("button").wait_for()
    emulator.items[0] |= {"text": "Đã chọn Một", "buttons": [], "edited": True}
    emulator.news.set()
    await phone.get_by_test_id("bubble").filter(has_text="Đã chọn Một").wait_for()
    assert await phone.get_by_test_id("button").count() == 0
    assert await phone.get_by_test_id("bubble").count() == 1


async def test_what_is_refused_is_said_and_the_words_are_kept(browser: Browser, emulator: Emulator) -> None:
    async with opened(browser, emulator, 360, 740) as (page, complaints):
        await page.get_by_test_id("composer-zalo_oa").fill("lỗi")
        await page.get_by_test_id("composer-zalo_oa").press("Enter")
        await page.get_by_test_id("toast-zalo_oa").wait_for()
        assert await page.get_by_test_id("toast-zalo_oa").inner_text() == "không gửi được"
        assert await page.get_by_test_id("composer-zalo_oa").input_value() == "lỗi"
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert all("status of 400" in complaint for complaint in complaints)
