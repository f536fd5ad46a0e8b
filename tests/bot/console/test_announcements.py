"""Writing, preview, the second person, publishing, progress."""

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.console.announcements import SAME_PERSON
from bot.console.words import from_input, to_input
from bot.gateways.audio import mp3_of
from bot.gateways.speech_espeak import Espeak
from content.announcements import load_models
from storage import Transaction, announcements, communes, ledger, progress, publishing
from tests.bot.console.world import HERE, NOW, THERE, Client, World, send, sign_in, text_of

EMERGENCY = {
    "priority": "emergency",
    "topic": "disaster",
    "title": "LŨ QUÉT BẢN A: LÊN CAO NGAY",
    "body": "Rời nhà sát suối.\nTới: nhà văn hóa bản A",
    "agency": "Đài Khí tượng Thủy văn Điện Biên",
    "bulletin": "12",
    "issued": "2 giờ 40 ngày 21/11",
    "valid_until": "2026-11-22T10:00",
}
ROUTINE = {
    "priority": "routine",
    "topic": "culture",
    "title": "Họp bản Mển tối thứ bảy",
    "body": "Họp lúc 19 giờ 30 ở nhà văn hóa.",
    "valid_until": "2026-11-22T10:00",
}


async def write(client: Client, **form: str) -> str:
    """Save a new announcement; its code."""
    page = await send(client, "/console/announcements/new", **form)
    return page.partition("\n")[0].rpartition("/")[2]


async def press(client: Client, code: str, button: str, status: int = 200) -> str:
    """Press "send" or "approve" on the preview."""
    shown = await text_of(client, f"/console/announcements/{code}")
    version = re.search(r'name="version" value="(\d+)"', shown)
    return await send(client, f"/console/announcements/{code}/{button}", status, version=version[1] if version else "")


def status_of(world: World, code: str) -> str:
    with world.work.database.transaction() as tx:
        row = announcements.coded(tx, code)
        assert row is not None
        return row.status


def spread(world: World) -> dict[str, int]:
    """Spread what is being published; how many letters went to each chat's channel."""
    with world.work.database.transaction() as tx:
        while publishing.advance(tx, 1000):
            pass
    with world.work.database.transaction() as tx:
        return {row.code: sum(progress.counts(tx, row.id or 0).values()) for row in announcements.of_commune(tx, "")}


async def test_a_routine_announcement_is_written_seen_and_sent_by_one_person(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = list[str]()
    monkeypatch.setattr(world.context.spread, "wake", lambda: woken.append("spread"))
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    preview = await text_of(client, f"/console/announcements/{code}")
    assert "<strong>3 người</strong>" in preview
    assert "Zalo 2, Zalo Bot 0, Telegram 1." in preview
    assert preview.count("Họp lúc 19 giờ 30 ở nhà văn hóa.") == 3
    assert "Đang gửi" in await press(client, code, "send")
    assert woken == ["spread"]
    assert spread(world) == {code: 3}
    assert "<b>3</b> đang chờ" in await text_of(client, f"/console/announcements/{code}/progress")


async def test_an_emergency_needs_a_second_person_and_its_author_is_refused(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    preview = await text_of(client, f"/console/announcements/{code}")
    assert "Xin người thứ hai duyệt" in preview
    assert "Gửi ngay" not in preview
    assert SAME_PERSON in await press(client, code, "send")
    assert SAME_PERSON in await press(client, code, "approve", 403)
    assert status_of(world, code) == "waiting"
    await send(client, "/console/sign-out")

    await sign_in(client, "minh")
    assert f"/console/announcements/{code}" in await text_of(client, "/console")
    assert "Duyệt và gửi ngay cho 3 người" in await text_of(client, f"/console/announcements/{code}")
    assert "Người duyệt: Quàng Văn Minh" in await press(client, code, "approve")
    assert status_of(world, code) == "publishing"


async def test_whoever_changes_an_emergency_becomes_its_author(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    await press(client, code, "send")
    await send(client, "/console/sign-out")
    await sign_in(client, "minh")
    await send(client, f"/console/announcements/{code}/edit", **{**EMERGENCY, "body": "Tới: trường học."})
    assert status_of(world, code) == "draft"
    await press(client, code, "send")
    assert SAME_PERSON in await press(client, code, "approve", 403)


async def test_the_second_person_approves_the_words_they_saw(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    await press(client, code, "send")
    await send(client, "/console/sign-out")
    await sign_in(client, "minh")
    page = await send(client, f"/console/announcements/{code}/approve", 409, version="0")
    assert "vừa có người sửa" in page
    assert f'href="/console/announcements/{code}"' in page, "the way back to the new words"
    assert status_of(world, code) == "waiting"


async def test_one_person_suffices_where_the_setting_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("alone"), two_people=False)
    async with Client(TestServer(world.app())) as client:
        await sign_in(client, "lan")
        code = await write(client, **EMERGENCY)
        await press(client, code, "send")
    assert status_of(world, code) == "publishing"
    world.close()


async def test_five_presses_send_it_once(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    for _ in range(5):
        await send(client, f"/console/announcements/{code}/send", version="1")
    assert spread(world) == {code: 3}


async def test_what_was_sent_cannot_be_changed(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    await press(client, code, "send")
    assert "không sửa được nữa" in await text_of(client, f"/console/announcements/{code}/edit", 409)
    assert "không sửa được nữa" in await send(client, f"/console/announcements/{code}/edit", 409, **ROUTINE)


WRONG = {
    "too long for a lock screen": (
        {"title": "LŨ QUÉT Ở BẢN A VÀ BẢN B: LÊN CAO NGAY"},
        "Dòng đầu của tin khẩn cấp không quá",
    ),
    "no source": ({"agency": "", "bulletin": "", "issued": ""}, "cơ quan ban hành"),
    "over already": ({"valid_until": "2026-11-20T10:00"}, "hết hiệu lực phải ở sau"),
    "too many words": ({"body": "đi ngay " * 50}, "không quá 75 từ"),
    "a blank of the model": ({"body": "Tới: {nơi sơ tán}"}, "Chỗ trống chưa điền: {nơi sơ tán}"),
}


@pytest.mark.parametrize(("changed", "sentence"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_is_said_in_words_and_does_not_go_out(
    client: Client, world: World, changed: dict[str, str], sentence: str
) -> None:
    await sign_in(client, "lan")
    code = await write(client, **{**EMERGENCY, **changed})
    shown = await text_of(client, f"/console/announcements/{code}")
    assert sentence in shown
    assert f"/{code}/send" not in shown
    await send(client, f"/console/announcements/{code}/send", 400, version="1")
    assert status_of(world, code) == "draft"


async def test_a_form_that_cannot_be_kept_comes_back_as_it_was(client: Client) -> None:
    await sign_in(client, "lan")
    page = await send(client, "/console/announcements/new", 400, **{**ROUTINE, "valid_until": "mai"})
    assert "Giờ hết hiệu lực chưa đúng" in page
    assert "Họp lúc 19 giờ 30" in page


async def test_officials_see_and_touch_their_own_commune_only(client: Client, world: World) -> None:
    await sign_in(client, "xa")
    code = await write(client, **ROUTINE)
    await send(client, "/console/sign-out")
    await sign_in(client, "lan")
    assert code not in await text_of(client, "/console/announcements")
    for part in ("", "/edit", "/progress", "/audio"):
        await text_of(client, f"/console/announcements/{code}{part}", 404)
    for part in ("edit", "send", "approve"):
        await send(client, f"/console/announcements/{code}/{part}", 404, version="1", **ROUTINE)
    assert status_of(world, code) == "draft"
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    assert code in await text_of(client, "/console/announcements")


async def test_a_commune_cannot_write_for_another_and_the_province_chooses(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, commune=THERE, **ROUTINE)
    await send(client, "/console/sign-out")
    await sign_in(client, "tinh")
    other = await write(client, commune=THERE, **ROUTINE)
    assert "Chưa rõ tin của xã nào" in await send(
        client, "/console/announcements/new", 400, commune="không đâu cả", **ROUTINE
    )
    with world.work.database.transaction() as tx:
        rows = {row.code: row.commune for row in announcements.of_commune(tx, "")}
    assert rows == {code: HERE, other: THERE}


async def test_without_a_voice_the_text_goes_out_with_a_plain_warning(client: Client) -> None:
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    shown = await text_of(client, f"/console/announcements/{code}")
    assert "Không ghi được lời đọc: không có bộ đọc trên máy này." in shown
    assert f"/{code}/send" in shown
    assert "chưa có lời đọc" in await text_of(client, f"/console/announcements/{code}/audio", 404)


async def test_the_recording_is_made_when_the_text_is_saved_and_heard_before_sending(tmp_path: Path) -> None:
    world = World(tmp_path, (Espeak(),))
    async with Client(TestServer(world.app())) as client:
        await sign_in(client, "lan")
        code = await write(client, **ROUTINE)
        async with client.get(f"/console/announcements/{code}/audio", headers={"Range": "bytes=0-99"}) as response:
            assert (response.status, response.content_type) == (206, "audio/mpeg")
            assert len(await response.read()) == 100
        async with client.get(f"/listen/{code}.mp3") as response:
            assert response.status == 404  # a draft is nobody's business
        await press(client, code, "send")
        async with client.get(f"/listen/{code}.mp3") as response:
            assert (response.status, response.content_type) == (200, "audio/mpeg")
    world.close()


class Far:
    """An outside voice: remembers what it was given to say."""

    name, version, outside = "far", "1", True

    def __init__(self) -> None:
        self.heard: list[str] = []

    def missing(self) -> str:
        return ""

    async def speak(self, text: str) -> bytes:
        self.heard.append(text)
        return mp3_of(await Espeak(speed=100).wav(text))


async def _recordings(world: World, code: str) -> str:
    return await world.work.read(lambda tx: (announcements.coded(tx, code) or pytest.fail(code)).speech_sha)


async def test_words_leave_for_an_outside_voice_only_once_they_are_public(tmp_path: Path) -> None:
    far = Far()
    world = World(tmp_path, (far, Espeak()))
    async with Client(TestServer(world.app())) as client:
        await sign_in(client, "lan")
        code = await write(client, **ROUTINE)
        before = await _recordings(world, code)
        assert before
        assert far.heard == []
        await press(client, code, "send")
        async with asyncio.timeout(30):
            while await _recordings(world, code) == before:  # noqa: ASYNC110 - nobody waits for it but this test
                await asyncio.sleep(0.05)
        assert len(far.heard) == 1
    world.close()


async def test_an_emergency_goes_with_the_recording_that_was_approved(tmp_path: Path) -> None:
    far = Far()
    world = World(tmp_path, (far, Espeak()))
    async with Client(TestServer(world.app())) as client:
        await sign_in(client, "lan")
        code = await write(client, **EMERGENCY)
        await press(client, code, "send")
        await send(client, "/console/sign-out")
        await sign_in(client, "minh")
        await press(client, code, "approve")
    assert (status_of(world, code), far.heard) == ("publishing", [])
    world.close()


async def test_a_recording_of_older_words_is_not_kept(world: World) -> None:
    def job(tx: Transaction) -> tuple[bool, bool]:
        row = tx.add(announcements.Announcement(code="AAAA", commune=HERE, priority="routine", title="a", body="b",
                                                author_id=1, created_at=NOW, valid_until=NOW, version=3))  # fmt: skip
        stale = announcements.spoken(tx, row.id or 0, 2, "old", "", 1, "")
        return stale, announcements.spoken(tx, row.id or 0, 3, "new", "", 1, "")

    assert await world.work.write(job) == (False, True)


@pytest.mark.parametrize("model", load_models(), ids=lambda model: model.id)
async def test_every_model_fills_the_form(client: Client, model: object) -> None:
    await sign_in(client, "lan")
    page = await text_of(client, f"/console/announcements/new?model={getattr(model, 'id')}")  # noqa: B009
    assert re.search(r'value="(\w+)" data-mark="[^"]*" checked', page)[1] == model.priority  # type: ignore[index, attr-defined]


async def test_the_source_comes_back_into_its_three_fields(client: Client) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    page = await text_of(client, f"/console/announcements/{code}/edit")
    for name in ("agency", "bulletin", "issued"):
        assert f'name="{name}" value="{EMERGENCY[name]}"' in page


async def test_the_progress_stops_asking_when_nothing_moves(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    await press(client, code, "send")
    spread(world)
    where = f"/console/announcements/{code}/progress"
    assert 'hx-trigger="every 2s"' in await text_of(client, where)
    with world.work.database.transaction() as tx:
        for number, (state, row) in enumerate(
            zip(("sent", "sent", "gone"), ledger.claim(tx, 1, 1, 9).rows, strict=False)
        ):
            ledger.settle(tx, 1, [(row.id, {"state": state, "sent_at": number})])
        for account in (2, 3):
            for row in ledger.claim(tx, account, 1, 9).rows:
                ledger.settle(tx, 1, [(row.id, {"state": "gone"})])
    done = await text_of(client, where)
    assert "hx-trigger" not in done
    assert "<b>2</b> đã tới" in done
    assert "<b>1</b> chưa liên lạc được" in done


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("2026-11-22T10:00", NOW + 25 * 3_600_000), ("2026-11-22T10:00:30", NOW + 25 * 3_600_000 + 30_000), ("", None),
     ("mai", None), ("0001-01-01T00:00", None), ("9999-12-31T23:59", None)],
)  # fmt: skip
def test_times_are_typed_in_vietnamese_time(typed: str, meant: int | None) -> None:
    assert from_input(typed) == meant
    if meant:
        assert to_input(meant) == typed[:16]


NIGHTLY = {**ROUTINE, "valid_until": "2026-11-21T23:00"}


async def test_what_ends_while_people_sleep_is_not_kept_until_its_writer_has_chosen(
    client: Client, world: World
) -> None:
    await sign_in(client, "lan")
    refused = await send(client, "/console/announcements/new", 400, **NIGHTLY)
    assert "Tin hết hiệu lực trong giờ yên tĩnh (từ 21 giờ 30 đến 6 giờ)" in refused
    assert refused.count('name="night"') == 3
    await send(client, "/console/announcements/new", **NIGHTLY, night="drop")
    with world.work.database.reading() as tx:
        assert announcements.of_commune(tx, "") == []
    code = await write(client, **NIGHTLY, night="now")
    assert "giờ yên tĩnh" not in await text_of(client, f"/console/announcements/{code}")
    urgent = await write(client, **NIGHTLY, night="emergency")
    with world.work.database.reading() as tx:
        rows = [announcements.coded(tx, one) for one in (code, urgent)]
        assert [(row.priority, row.at_night) for row in rows if row] == [("routine", True), ("emergency", False)]


async def test_a_draft_that_would_end_in_the_night_is_refused_when_it_is_sent(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **{**NIGHTLY, "valid_until": "2026-11-21T21:00"})
    with world.work.database.transaction() as tx:
        communes.set_hours(tx, HERE, 20 * 60, 5 * 60)
    assert "Phải chọn" in await text_of(client, f"/console/announcements/{code}")
    await send(client, f"/console/announcements/{code}/send", 400, version="1")
    assert status_of(world, code) == "draft"


async def test_never_twice_is_a_choice_and_the_night_says_when_it_goes(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE, once="on")
    with world.work.database.reading() as tx:
        row = announcements.coded(tx, code)
        assert row
        assert (row.once, row.at_night) == (True, False)
    assert 'name="once" value="on" checked' in await text_of(client, f"/console/announcements/{code}/edit")
    assert "chờ đến" not in await text_of(client, f"/console/announcements/{code}")
    world.ms = NOW + 14 * 3_600_000  # 23 giờ, of a session that has ended
    await sign_in(client, "lan")
    assert "tin chờ đến 6 giờ ngày 22/11 mới gửi" in await text_of(client, f"/console/announcements/{code}")
