"""One press makes the draft of a correction or withdrawal; who got the original gets it."""

import re

import pytest

from storage import announcements
from storage.outbox import ROUTINE as ROUTINE_LANE
from storage.outbox import Delivery
from tests.bot.console.test_announcements import EMERGENCY, ROUTINE, press, spread, status_of, write
from tests.bot.console.world import HERE, THERE, Client, World, send, sign_in, text_of


async def published(client: Client, world: World) -> str:
    """The code of one that everybody has in the queue."""
    await sign_in(client, "lan")
    code = await write(client, **ROUTINE)
    await press(client, code, "send")
    spread(world)
    return code


async def begun(client: Client, code: str, kind: str, status: int = 200) -> str:
    """Press the button on the page of what was sent; the code of the draft, or the page that refuses."""
    page = await send(client, f"/console/announcements/{code}/correct", status, kind=kind)
    found = re.match(r".*/announcements/(\w+)", page)
    return found[1] if found and status == 200 else page


async def test_the_page_of_what_was_sent_offers_both(client: Client, world: World) -> None:
    page = await text_of(client, f"/console/announcements/{await published(client, world)}")
    assert "Đính chính" in page
    assert "Rút lại tin này" in page


async def test_a_correction_starts_from_the_words_that_were_sent(client: Client, world: World) -> None:
    code = await published(client, world)
    page = await text_of(client, f"/console/announcements/{await begun(client, code, 'correction')}/edit")
    assert ROUTINE["title"] in page
    assert f"Thay tin mã {code} gửi lúc" in page
    assert ROUTINE["body"] in page


async def test_five_presses_are_one_draft(client: Client, world: World) -> None:
    code = await published(client, world)
    assert len({await begun(client, code, "withdrawal") for _ in range(5)}) == 1


async def test_a_withdrawal_is_ready_to_send_and_ends_the_original(client: Client, world: World) -> None:
    code = await published(client, world)
    draft = await begun(client, code, "withdrawal")
    preview = await text_of(client, f"/console/announcements/{draft}")
    assert "Rút lại tin: Họp bản Mển tối thứ bảy" in preview
    assert "Bà con đừng làm theo tin đó nữa." in preview
    assert "<strong>0 người</strong>" in preview, "nobody has got it yet"
    await press(client, draft, "send")
    spread(world)
    assert status_of(world, draft) == "published"
    page = await text_of(client, f"/console/announcements/{code}")
    assert f'rút lại: <a href="/console/announcements/{draft}">' in page
    assert "Rút lại tin này" not in page


async def test_what_was_corrected_is_not_corrected_again(client: Client, world: World) -> None:
    code = await published(client, world)
    first, second = await begun(client, code, "correction"), await begun(client, code, "withdrawal")
    await press(client, first, "send")
    assert "đã được đính chính hoặc rút lại rồi" in await press(client, second, "send", 409)
    assert status_of(world, second) == "draft"
    assert "đã được đính chính hoặc rút lại rồi" in await begun(client, code, "correction", 409)


async def test_changed_words_of_a_correction_stay_a_correction(client: Client, world: World) -> None:
    draft = await begun(client, await published(client, world), "correction")
    await send(client, f"/console/announcements/{draft}/edit", **{**ROUTINE, "body": "Họp lúc 20 giờ."})
    preview = await text_of(client, f"/console/announcements/{draft}")
    assert "Đính chính: Họp bản Mển tối thứ bảy\nHọp lúc 20 giờ." in preview


async def test_one_person_takes_an_emergency_back_at_once(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    await press(client, code, "send")
    await send(client, "/console/sign-out")
    await sign_in(client, "minh")
    await press(client, code, "approve")
    draft = await begun(client, code, "withdrawal")
    assert "⚠ RÚT LẠI: LŨ QUÉT BẢN A: LÊN CAO NGAY" in await text_of(client, f"/console/announcements/{draft}")
    await press(client, draft, "send")
    assert status_of(world, draft) == "publishing"


async def test_a_draft_and_a_strange_kind_cannot_be_corrected(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    await begun(client, await write(client, **ROUTINE), "correction", 409)
    code = await write(client, **ROUTINE)
    await press(client, code, "send")
    await begun(client, code, "news", 404)


async def test_the_province_writes_to_several_communes_at_once(client: Client, world: World) -> None:
    await sign_in(client, "tinh")
    code = await write(client, commune=f"{HERE}; {THERE}", **ROUTINE)
    with world.work.database.transaction() as tx:
        row = announcements.coded(tx, code)
        assert row is not None
        assert announcements.communes(row) == [HERE, THERE]
    preview = await text_of(client, f"/console/announcements/{code}")
    assert "<strong>4 người</strong>" in preview
    await send(client, f"/console/announcements/{code}/edit", **ROUTINE)
    assert "<strong>4 người</strong>" in await text_of(client, f"/console/announcements/{code}")


async def test_one_unclear_commune_of_several_keeps_all_of_it(client: Client, world: World) -> None:
    await sign_in(client, "tinh")
    page = await send(client, "/console/announcements/new", 400, commune=f"{HERE}; xã Không Có", **ROUTINE)
    assert "Chưa rõ tin của xã nào" in page


AT_NIGHT = {
    "routine news waits": (ROUTINE, {}, "thì tin này chờ đến sáng"),
    "as its writer chose": (ROUTINE, {"at_night": "on"}, "Gửi cả trong giờ yên tĩnh, như đã chọn khi viết"),
    "it would come too late": (ROUTINE, {"valid_until": "2026-11-22T04:00", "at_night": "on"}, "trước khi trời sáng"),
}


@pytest.mark.parametrize("label", AT_NIGHT)
async def test_the_preview_says_whether_it_goes_at_night(client: Client, world: World, label: str) -> None:
    form, more, sentence = AT_NIGHT[label]
    await sign_in(client, "lan")
    code = await write(client, **{**form, **more})
    await press(client, code, "send")
    if label == "it would come too late":
        await change(world, code, at_night=False)
    for kind in ("correction", "withdrawal"):
        assert sentence in await text_of(client, f"/console/announcements/{await begun(client, code, kind)}")


async def test_an_emergency_is_taken_back_at_once(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = await write(client, **EMERGENCY)
    await change(world, code, status="published", published_at=world.ms)
    page = await text_of(client, f"/console/announcements/{await begun(client, code, 'withdrawal')}")
    assert "Tin khẩn cấp: gửi ngay, cả trong giờ yên tĩnh." in page


@pytest.mark.parametrize(("state", "warned"), [("sent", True), ("unknown", True), ("never", False)])
async def test_the_preview_says_that_an_article_cannot_be_taken_back(
    client: Client, world: World, state: str, warned: bool
) -> None:
    code = await published(client, world)
    with world.work.database.transaction() as tx:
        row = announcements.coded(tx, code)
        assert row is not None
        tx.put(Delivery(account_id=1, chat="bai-1", lane=ROUTINE_LANE, state=state, route="article", due_at=1,
                        announcement_id=row.id, created_at=1))  # fmt: skip
    page = await text_of(client, f"/console/announcements/{await begun(client, code, 'withdrawal')}")
    assert ("Bài chung không đính chính, không rút lại được" in page) is warned


async def change(world: World, code: str, **values: object) -> None:
    """Change an announcement behind the pages' back."""
    with world.work.database.transaction() as tx:
        row = announcements.coded(tx, code)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        tx.add(row)
