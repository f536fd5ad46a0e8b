"""What officials see of a sending: live numbers, speed and time left, who was missed, the proof of reach, its files."""

import csv
import io
from typing import Any

import pytest

from bot.console.progress import Reading, readings, remembered, speed
from bot.console.words import reason
from storage import Transaction, announcements, citizens, folding, outbox
from storage.announcements import Announcement
from storage.codes import new_code
from storage.outbox import Delivery
from tests.bot.console.world import HERE, NOW, THERE, Client, World, sign_in, text_of

DAY_MS = 24 * 3_600_000


def sent(world: World, *groups: dict[str, Any], **changed: Any) -> str:
    """An announcement that went out an hour ago; each group is `people` deliveries alike. Its code."""
    with world.work.database.transaction() as tx:
        made: dict[str, Any] = {
            "commune": HERE,
            "priority": "emergency",
            "status": "published",
            "valid_until": NOW + DAY_MS,
            **changed,
        }
        row = tx.add(Announcement(code=new_code(5), title="LŨ QUÉT BẢN A", body="Lên cao.", author_id=1, approver_id=2,
                                  created_at=NOW, published_at=NOW - 3_600_000, **made))  # fmt: skip
        for channel in ("zalo_oa", "telegram"):
            outbox.write_letter(tx, channel, (), announcement_id=row.id)
        for group in groups:
            _deliver(tx, row, **group)
        return row.code


def _deliver(tx: Transaction, row: Announcement, state: str, people: int = 1, after: int = 0, **more: Any) -> None:
    for number in range(people):
        at = row.published_at + after if state == "sent" else 0
        values = {"account_id": 1, "lane": 0, "commune": HERE, "hamlet_key": "a", **more}
        tx.put(Delivery(chat=f"chat-{number}", state=state, due_at=row.published_at, sent_at=at,
                        announcement_id=row.id, created_at=row.published_at, **values))  # fmt: skip


def settle(world: World, code: str, people: int) -> None:
    """So many more of an announcement's deliveries are sent now."""
    rows = Delivery.__table__  # type: ignore[attr-defined]
    with world.work.database.transaction() as tx:
        row = announcements.coded(tx, code)
        assert row is not None
        waiting = rows.select().where(rows.c.announcement_id == row.id, rows.c.state == "queued").limit(people)
        ids = list(tx.run(waiting).scalars())
        tx.run(rows.update().where(rows.c.id.in_(ids)).values(state="sent", sent_at=tx.now))


def lives(world: World, hamlet: str, commune: str = HERE) -> None:
    """One more follower says where they live."""
    with world.work.database.transaction() as tx:
        citizen, _ = citizens.meet(tx, 1, f"{hamlet}{commune}{tx.now}{new_code(5)}")
        citizens.live_in(tx, citizens.follow(tx, citizen.id or 0, commune, "home"), hamlet)


async def sheet(client: Client, where: str) -> list[list[str]]:
    """A CSV file as a spreadsheet reads it."""
    async with client.get(where) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        assert "attachment" in response.headers["Content-Disposition"]
        body = await response.read()
    assert body.startswith(b"\xef\xbb\xbf"), "without the mark Excel shows broken letters"
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


async def test_the_page_says_how_fast_it_goes_and_how_long_it_takes_yet(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "sent", "people": 10}, {"state": "queued", "people": 110})
    first = await text_of(client, f"/console/announcements/{code}")
    assert "theo mức cho phép của các kênh" in first, "nothing has been seen yet: 110 at 100 a minute"
    assert "khoảng 1 phút" in first
    where = first.partition('hx-get="')[2].partition('"')[0]
    settle(world, code, 10)
    world.ms += 60_000
    then = await text_of(client, where)
    assert "Tốc độ: <strong>10 tin mỗi phút</strong>" in then
    assert "Còn <strong>khoảng 10 phút</strong>" in then
    assert "<b>20</b> đã tới" in then
    assert "<b>100</b> đang chờ" in then


async def test_a_sending_that_stands_still_says_so(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "queued", "people": 3})
    world.ms += 60_000
    page = await text_of(client, f"/console/announcements/{code}/progress?was={NOW}.0")
    assert "Chưa gửi thêm được tin nào" in page


async def test_what_will_be_too_slow_is_said_while_there_is_time_for_the_loudspeaker(
    client: Client, world: World
) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "queued", "people": 300}, valid_until=NOW + 120_000)
    assert "hết hiệu lực trước khi gửi xong" in await text_of(client, f"/console/announcements/{code}")


@pytest.mark.parametrize("was", ["", "x", "1.1,2", "-5.3", "9999999999999999.1", "1.99999999999", "<b>.1"])
async def test_whatever_stands_in_the_address_the_page_comes(client: Client, world: World, was: str) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "queued"})
    page = await text_of(client, f"/console/announcements/{code}/progress?was={was}")
    assert f"?was={NOW}.0" in page


def test_two_readings_are_remembered_and_the_speed_is_of_the_older() -> None:
    known: list[Reading] = []
    for second in range(0, 100, 2):
        known = remembered(known, Reading(second * 1000, second * 5))
    assert [one.at for one in known] == [60_000, 90_000]
    assert speed(known, Reading(100_000, 500)) == 5.0
    assert speed([], Reading(1, 1)) is None
    assert speed(readings("0.0"), Reading(500, 5)) is None, "half a second says nothing"
    assert speed(readings("1000.0"), Reading(500_000, 5)) is None, "nor does what was long ago"
    assert remembered(readings("1000.7"), Reading(3000, 3)) == [Reading(3000, 3)], "another announcement's"


async def test_the_end_says_who_was_missed_and_what_to_do(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(
        world,
        {"state": "sent", "people": 5, "resent": True},
        {"state": "gone", "people": 2, "why": "Forbidden: bot was blocked by the user"},
        {"state": "expired", "why": "quá hạn"},
        {"state": "unknown", "people": 3, "why": "no answer: 0912345678 @giangapao"},
        {"state": "covered", "people": 4},
    )
    page = await text_of(client, f"/console/announcements/{code}/progress")
    assert "hx-get" not in page
    assert "<strong>3 người chưa nhận được tin này</strong>" in page
    assert "2 chưa liên lạc được (đã chặn, rời kênh); 1 quá giờ." in page
    assert "3 người không rõ đã nhận chưa" in page
    assert "4 người chỉ có thể xem ở nhóm hoặc bài chung" in page
    assert "Xin phát loa ngay, và nhờ trưởng thôn" in page
    assert "<b>5</b> đã gửi lại" in page
    assert "bà con đã chặn kênh <small>(2 người)" in page
    assert "0912345678" not in page


async def test_nobody_is_sent_to_tell_what_was_withdrawn(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "gone"}, {"state": "withdrawn"}, stopped_at=NOW)
    assert "trưởng thôn" not in await text_of(client, f"/console/announcements/{code}/progress")
    assert code not in await text_of(client, "/console")


async def test_the_home_page_lists_who_was_missed_lately(client: Client, world: World) -> None:
    missed = sent(world, {"state": "sent"}, {"state": "gone", "people": 61}, {"state": "unknown", "people": 2})
    full = sent(world, {"state": "sent"})
    moving = sent(world, {"state": "gone"}, {"state": "queued"})
    theirs = sent(world, {"state": "gone"}, commune=THERE)
    await sign_in(client, "lan")
    home = await text_of(client, "/console")
    assert "Tin khẩn “LŨ QUÉT BẢN A”:\n61 người chưa nhận được, 2 người không rõ đã nhận chưa." in home
    assert f"/console/announcements/{missed}/reach" in home
    for code in (full, moving, theirs):
        assert f"/console/announcements/{code}/reach" not in home
    world.ms += 4 * DAY_MS
    await sign_in(client, "lan")
    assert missed not in await text_of(client, "/console")


def spread_out(world: World) -> str:
    """An announcement for two communes, three hamlets; one of them was hardly reached."""
    for name in ("Bản A", "Bản A", "ban a", "Bản B"):
        lives(world, name)
    return sent(
        world,
        {"state": "sent", "people": 6, "after": 20_000},
        {"state": "sent", "people": 2, "after": 200_000, "resent": True},
        {"state": "sent", "people": 1, "after": 2_000_000},
        {"state": "gone", "people": 1, "why": "Forbidden: bot was blocked by the user"},
        {"state": "sent", "people": 1, "hamlet_key": "b"},
        {"state": "covered", "people": 2, "hamlet_key": "b"},
        {"state": "unknown", "people": 1, "hamlet_key": "", "why": "no answer"},
        {"state": "never", "people": 1, "hamlet_key": "", "commune": THERE, "why": "=1+1"},
    )


async def test_the_proof_says_hamlet_by_hamlet_who_has_it(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = spread_out(world)
    page = await text_of(client, f"/console/announcements/{code}/reach")
    assert "10/15 người (66 %)" in page
    assert "9/10 người (90 %)" in page
    assert "6 trong 30 giây, 2 trong 5 phút, 1 muộn hơn" in page
    assert "<strong>Dưới 60 % đã nhận: chưa nói thôn, Bản B.</strong>" in page
    assert "nhờ trưởng thôn, trưởng bản" in page
    assert "1 chưa liên lạc được (đã chặn, rời kênh)" in page
    assert "Đã gửi lại: 2" in page
    assert page.index("<h3>Bản B") < page.index("<h3>Bản A"), "who needs help comes first"


async def test_the_file_by_hamlet_holds_the_same_numbers(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = spread_out(world)
    heads, *rows = await sheet(client, f"/console/announcements/{code}/reach.csv")
    found = {(row[0], row[2]): dict(zip(heads, row, strict=True)) for row in rows}
    a, b = found[HERE, "Bản A"], found[HERE, "Bản B"]
    assert (a["Người nhận"], a["Tới trong 30 giây"], a["Tới trong 5 phút"], a["Tới muộn hơn"]) == ("10", "6", "2", "1")
    assert (a["Đã chặn hoặc rời kênh"], a["Đã gửi lại"], a["Tỷ lệ đã tới (%)"]) == ("1", "2", "90")
    assert (b["Xem ở nhóm hoặc bài chung"], b["Tỷ lệ đã tới (%)"]) == ("2", "33")
    assert found[THERE, "chưa nói thôn"]["Không gửi được"] == "1"


async def test_the_file_of_who_was_missed_names_nobody_and_runs_nothing(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    lives(world, "=HYPERLINK(1)")
    with world.work.database.reading() as tx:
        keyed = next(one.hamlet_key for one in citizens.follows(tx, 5) or citizens.follows(tx, 6))
    code = sent(
        world,
        {"state": "gone", "people": 2, "why": "Forbidden: bot was blocked by the user", "hamlet_key": keyed},
        {"state": "gone", "people": 1, "why": "user 123456789 is deactivated"},
        {"state": "never", "why": "từ chối 0912345678"},
        {"state": "unknown", "people": 4},
        {"state": "sent"},
    )
    rows = await sheet(client, f"/console/announcements/{code}/missed.csv")
    assert [row[2:] for row in rows[1:]] == [
        ["'=HYPERLINK(1)", "chưa liên lạc được (đã chặn, rời kênh)", "bà con đã chặn kênh", "2"],
        ["a", "chưa liên lạc được (đã chặn, rời kênh)", "tài khoản không còn dùng", "1"],
        ["a", "không gửi được", "từ chối …", "1"],
        ["a", "không rõ đã tới chưa", "", "4"],
    ]
    assert "chat" not in str(rows)


async def test_pages_and_files_say_the_same_when_the_deliveries_are_folded(client: Client, world: World) -> None:
    code = spread_out(world)
    pages = ("reach", "reach.csv", "missed.csv", "progress")
    world.ms += 90 * DAY_MS
    await sign_in(client, "lan")
    before = [await text_of(client, f"/console/announcements/{code}/{one}") for one in pages]
    with world.work.database.transaction() as tx:
        assert folding.fold(tx, tx.now - 60 * DAY_MS, 100) == 15
        assert folding.fold(tx, tx.now - 60 * DAY_MS, 100) == 0
    assert [await text_of(client, f"/console/announcements/{code}/{one}") for one in pages] == before


async def test_officials_see_the_proof_of_their_own_commune_alone_and_of_no_draft(client: Client, world: World) -> None:
    theirs, draft = sent(world, {"state": "sent"}, commune=THERE), sent(world, status="draft")
    await sign_in(client, "lan")
    for code in (theirs, draft):
        for one in ("reach", "reach.csv", "missed.csv"):
            await text_of(client, f"/console/announcements/{code}/{one}", 404)
    await text_of(client, f"/console/announcements/{theirs}/progress", 404)


async def test_the_proof_of_what_was_withdrawn_sends_nobody_out(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "gone"}, {"state": "withdrawn", "people": 9}, stopped_at=NOW)
    page = await text_of(client, f"/console/announcements/{code}/reach")
    assert "đã được đính chính hoặc thu hồi" in page
    assert "0/1 người (0 %)" in page
    assert "trưởng thôn" not in page


async def test_an_open_proof_says_that_it_still_changes(client: Client, world: World) -> None:
    await sign_in(client, "lan")
    code = sent(world, {"state": "queued"})
    page = await text_of(client, f"/console/announcements/{code}/reach")
    assert "các số này còn thay đổi" in page
    assert "trưởng thôn" not in page, "their turn may still come"


@pytest.mark.parametrize(
    ("why", "shown"),
    [("Forbidden: bot was blocked by the user", "bà con đã chặn kênh"), ("Zalo không biết người nhận này (-213)",
     "Zalo không biết người nhận này (-213)"), ("chat 84912345678 of @an", "chat … of …"), ("", "")],
)  # fmt: skip
def test_reasons_are_plain_and_lead_to_nobody(why: str, shown: str) -> None:
    assert reason(why) == shown
