"""A sender and its ledger: who goes when, what an ending means for the others, and what trouble does not do."""

from bot.endings import Later, Sent
from storage import Database
from storage.outbox import EMERGENCY
from tests.bot.sending import FarSide, post, rows, running, states, until, worked

TOMORROW = Later(14 * 3600, "hết lượt gửi mẫu tin hôm nay (-144)")


async def test_a_letter_that_waits_for_tomorrow_does_not_keep_the_chat_s_next_one(database: Database) -> None:
    first = post(database, lane=EMERGENCY, announcement_id=5)
    [row] = rows(database)
    second = post(database, row.chat, EMERGENCY, address_id=row.address_id, announcement_id=6)
    far = FarSide(lambda row: TOMORROW if row.id == first else Sent("m"))
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: states(database) == ["queued", "sent"])
    assert [row.id for _, row, _ in far.calls] == [first, second]


async def test_a_letter_that_is_tried_again_soon_keeps_its_place_in_the_chat(database: Database) -> None:
    first = post(database)
    [row] = rows(database)
    second = post(database, row.chat, address_id=row.address_id)
    left = [Later(0, "không kết nối được")]
    far = FarSide(lambda _: left.pop() if left else Sent("m"))
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: states(database) == ["sent", "sent"])
    assert [row.id for _, row, _ in far.calls] == [first, first, second]
