"""The main job from end to end, on every kind of phone: real webhooks, real emulators, both databases."""

import io
import json
import re
from typing import Any

import pytest
from PIL import Image

from bot.gateways.speech import Speech, engines
from handlers import answers
from storage import Transaction, accounts, progress, reports
from tests.stage import CHANNELS, COMMUNE, DAY_MS, ELSEWHERE, Deployment, Phone, until

CODE = re.compile(r"PA-[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest.fixture(params=CHANNELS)
async def phone(deployment: Deployment, request: pytest.FixtureRequest) -> Phone:
    """One villager, on each platform in turn."""
    return await deployment.phone(str(request.param))


async def report_something(phone: Phone, words: str = "Cột điện nghiêng sắp đổ", name: str = "") -> str:
    """Report from a phone that follows a commune; the tracking code."""
    await phone.say("phản ánh", "Bà con muốn báo việc gì")
    await phone.say("1", "Ở chỗ nào")
    await phone.say("gần cầu treo bản Tâu", "Bà con kể rõ giúp")
    await phone.say(words, "Đã ghi")
    await phone.say("xong", "Kênh đọc lại")
    filed = await phone.say("1", "Mã: PA-")
    await phone.hears("theo Nghị định 49/2024")
    await (_name(phone, name) if name else phone.say("không", "không ghi tên"))
    return str(CODE.findall(filed["text"])[0])


async def _name(phone: Phone, name: str) -> None:
    await phone.say("1", "Họ tên của bà con")
    await phone.say(name, "thôn, bản nào")
    await phone.say("bản Tâu", "Số điện thoại")
    await phone.say("0912345678", "lần sau không phải nhắn lại")


async def source_report(deployment: Deployment, words: str) -> dict[str, Any]:
    """The record at the source system whose text holds `words`, once it is there."""

    async def look() -> dict[str, Any] | None:
        held = await deployment.world.look("source", "reports")
        return next((one for one in held if words in json.dumps(one["record"], ensure_ascii=False)), None)

    return await until(look)  # type: ignore[no-any-return]


# 1. Following.


async def test_people_follow_by_a_link(phone: Phone) -> None:
    consent = await phone.hears("Kênh tin của UBND xã Thanh Nưa", await phone.open_link(COMMUNE))
    assert "NGỪNG" in consent["text"]
    await phone.say("1", "Bà con sẽ nhận tin của xã Thanh Nưa")


@pytest.mark.parametrize("name", ["xa thanh nua dien bien", "xã Thanh Nưa, tỉnh Điện Biên"])
async def test_people_follow_by_a_name(phone: Phone, name: str) -> None:
    await phone.say(name, "xã Thanh Nưa")
    await phone.say("1", "Bà con sẽ nhận tin của xã Thanh Nưa")


@pytest.mark.parametrize("channel", ["zalo_oa", "telegram"])  # a pin reaches a Zalo Bot without its content
async def test_people_follow_by_a_pin(deployment: Deployment, channel: str) -> None:
    phone = await deployment.phone(channel)
    place = deployment.context.know.gazetteer.commune(COMMUNE)
    assert place is not None
    await phone.hears("xã Thanh Nưa", await phone.do("location", lat=place.lat, lon=place.lon))
    await phone.say("1", "Bà con sẽ nhận tin của xã Thanh Nưa")


async def test_a_typed_code_of_a_stranger_is_no_link(phone: Phone) -> None:
    assert "Bà con sẽ nhận tin" not in (await phone.say("#xa-99999", "không dùng được"))["text"]


# 2. Announcements.


async def test_an_announcement_reaches_those_who_follow_and_nobody_else(deployment: Deployment) -> None:
    here, there = await deployment.phones(), await deployment.phones()
    for phone in here:
        await phone.follow(COMMUNE)
    for phone in there:
        await phone.follow(ELSEWHERE)
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    for phone in here:
        await phone.hears("Cúp điện bản Tâu sáng mai")
    await deployment.quiet()
    for phone in there:
        assert not [text for text in await phone.texts() if "Cúp điện" in text]
    for phone in here:
        assert len([text for text in await phone.texts() if "Cúp điện" in text]) == 1


async def test_an_emergency_is_sent_before_what_was_queued_earlier(deployment: Deployment) -> None:
    phone = await deployment.phone("telegram")
    await phone.follow()
    await deployment.quiet()
    await deployment.write(lambda tx: accounts.suspend(tx, telegram(tx), "thử"))
    await deployment.context.fleet.refresh()
    await deployment.announce("Phát gạo cứu đói ở nhà văn hóa")
    await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
    await until(lambda: both_wait(deployment))
    await deployment.write(lambda tx: accounts.resume(tx, telegram(tx)))
    await deployment.context.fleet.refresh()
    await phone.hears("Phát gạo")
    texts = await phone.texts()
    alert = next(one for one in texts if "LŨ QUÉT" in one or "Phát gạo" in one)
    assert alert.startswith("⚠ KHẨN: LŨ QUÉT bản Tâu, LÊN CHỖ CAO")
    assert "112" in alert


def telegram(tx: Transaction) -> int:
    """The Telegram bot's account."""
    return next(row.id or 0 for row in accounts.every(tx) if row.channel == "telegram")


async def both_wait(deployment: Deployment) -> bool:
    """Whether the routine one and the emergency are both queued."""
    return bool(await deployment.read(lambda tx: progress.queued_count(tx, telegram(tx))) == 2)


async def test_who_follows_later_gets_the_emergency_in_force_first_and_nothing_old(
    deployment: Deployment, phone: Phone
) -> None:
    await deployment.announce("Họp bản tối mai")
    await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
    await phone.hears("LŨ QUÉT", await phone.open_link())
    await phone.hears("do UBND")
    await phone.say("1", "Bà con sẽ nhận tin của")
    await deployment.quiet()
    texts = await phone.texts()
    assert "LŨ QUÉT" in texts[0]
    assert not [text for text in texts if "Họp bản" in text]
    assert len([text for text in texts if "LŨ QUÉT" in text]) == 1


async def test_an_expired_emergency_is_not_told_to_newcomers(deployment: Deployment) -> None:
    await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency")
    deployment.clock.ahead = 2 * DAY_MS
    phone = await deployment.phone("telegram")
    await phone.follow()
    await deployment.quiet()
    assert not [text for text in await phone.texts() if "LŨ QUÉT" in text]


async def test_an_emergency_is_heard_on_telegram_and_linked_on_zalo(deployment: Deployment) -> None:
    speech = Speech(deployment.settings.data_dir, engines(outside=False))
    recorded = await speech.record("Tin khẩn cấp. Lũ quét bản Tâu. Lên chỗ cao.")
    assert recorded is not None
    sha = deployment.context.store.keep(recorded.path.read_bytes())
    telegram, zalo = await deployment.phones("telegram", "zalo_oa")
    await telegram.follow()
    await zalo.follow()
    await deployment.announce("LŨ QUÉT bản Tâu, LÊN CHỖ CAO", "emergency", speech=sha)
    voice = await telegram.hears("voice")
    assert voice["url"]
    link = await zalo.hears("/listen/")
    assert "LŨ QUÉT" in link["text"]


# 3. Asking.


async def test_a_question_is_answered_with_source_and_date(phone: Phone) -> None:
    answer = await phone.say("làm khai sinh cho con cần gì", "xem lại ngày")
    assert "Theo " in answer["text"]


async def test_a_question_nobody_foresaw_leads_to_a_person(phone: Phone) -> None:
    await phone.say("con trâu nhà tôi thích nghe nhạc gì", "nhờ cán bộ trả lời")


# 4. Reporting.


async def test_a_report_goes_up_and_its_answer_comes_back(deployment: Deployment, phone: Phone) -> None:
    await phone.follow()
    code = await report_something(phone, name="Lò Thị Dung")
    case = await source_report(deployment, code)
    assert "Lò Thị Dung" in json.dumps(case["record"], ensure_ascii=False)
    told = {"state": 4, "words": "Điện lực đã dựng lại cột.", "unit": "UBND xã", "title": "Chủ tịch UBND xã"}
    await deployment.world.control("source", f"reports/{case['id']}/update", **told)
    answer = await phone.hears("Điện lực đã dựng lại cột.")
    assert code in answer["text"]
    assert "Chủ tịch UBND xã" in answer["text"]
    await deployment.quiet()
    assert len([text for text in await phone.texts() if "Điện lực" in text]) == 1


async def answer_by_official(deployment: Deployment, code: str, words: str) -> None:
    """An official of the commune answers from the page."""
    _, minh = await deployment.officials()

    def write(tx: Transaction) -> None:
        found = reports.coded(tx, code)
        assert found is not None
        answers.by_official(tx, found, minh, "answered", words, deployment.context.know)

    await deployment.write(write)
    deployment.context.fleet.wake()


async def test_an_official_answers_a_report(deployment: Deployment, phone: Phone) -> None:
    await phone.follow()
    code = await report_something(phone)
    await answer_by_official(deployment, code, "Xã cho xe tới dọn chiều nay.")
    answer = await phone.hears("Xã cho xe tới dọn chiều nay.")
    assert "Chủ tịch UBND xã" in answer["text"]


async def test_an_answer_waits_for_a_closed_window_and_is_said_first(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_oa")
    await phone.follow()
    code = await report_something(phone)
    await deployment.quiet()
    deployment.clock.ahead = 8 * DAY_MS
    await deployment.world.control("zalo_oa", "clock", advance_ms=8 * DAY_MS)
    await answer_by_official(deployment, code, "Xã cho xe tới dọn chiều nay.")
    await deployment.quiet()
    assert not [text for text in await phone.texts() if "Xã cho xe" in text]
    n = await phone.do("text", text="trợ giúp")
    await phone.hears("Kênh này làm được mấy việc", n)
    said = await phone.texts(n)
    assert "Xã cho xe tới dọn chiều nay." in said[0]


async def test_a_photo_travels_without_its_place(deployment: Deployment, phone: Phone) -> None:
    await phone.follow()
    await phone.say("phản ánh", "Bà con muốn báo việc gì")
    await phone.say("2", "Ở chỗ nào")
    await phone.say("chợ xã", "Bà con kể rõ giúp")
    n = await phone.send_file("image", photo_with_place(), "image/jpeg", name="IMG_Giang_A_Pao.jpg")
    await phone.hears("Đã ghi", n)
    await phone.say("Rác chất đống ba ngày nay", "Đã ghi")
    await phone.say("xong", "Kênh đọc lại")
    await phone.say("1", "Mã: PA-")
    await phone.say("không", "không ghi tên")
    await source_report(deployment, "Rác chất đống")

    async def with_file() -> dict[str, Any] | None:
        case = await source_report(deployment, "Rác chất đống")
        return case if case["files"] else None

    case = await until(with_file)
    assert "Pao" not in case["files"][0]["name"]
    with Image.open(deployment.context.store.path(case["files"][0]["sha256"])) as picture:
        assert not picture.getexif()


def photo_with_place() -> bytes:
    """A small JPEG that says where it was taken, and by whom."""
    exif = Image.Exif()
    exif[0x013B] = "Giàng A Páo"  # Artist
    exif.get_ifd(0x8825)[1] = "N"  # GPSLatitudeRef
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(kept, "JPEG", exif=exif)
    return kept.getvalue()


# 5. One's own data.


async def test_a_person_is_shown_and_erased(deployment: Deployment, phone: Phone) -> None:
    await phone.follow()
    await report_something(phone, name="Lò Thị Dung")
    shown = await phone.say("dữ liệu của tôi", "Kênh đang giữ về bà con")
    assert "Lò Thị Dung" in shown["text"]
    await phone.say("xóa hết dữ liệu của tôi", "Xóa thật chứ")
    await phone.say("1", "Đã xóa hết")
    await deployment.quiet()
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await deployment.quiet()
    assert not [text for text in await phone.texts() if "Cúp điện" in text]


async def test_a_withdrawal_on_zalo_erases(deployment: Deployment) -> None:
    phone = await deployment.phone("zalo_oa")
    await phone.follow()
    await phone.do("withdraw")
    await deployment.quiet()
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await deployment.quiet()
    assert not [text for text in await phone.texts() if "Cúp điện" in text]
    assert await deployment.read(lambda tx: reports.open_count(tx, "")) == 0


async def test_whoever_leaves_hears_no_more(deployment: Deployment, phone: Phone) -> None:
    await phone.follow()
    await phone.say("ngừng", "Đã ngừng")
    await deployment.announce("Cúp điện bản Tâu sáng mai")
    await deployment.quiet()
    assert not [text for text in await phone.texts() if "Cúp điện" in text]
