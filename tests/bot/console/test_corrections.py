"""One press makes the draft of a correction or withdrawal; who got the original gets it."""

import re

from storage import announcements
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
