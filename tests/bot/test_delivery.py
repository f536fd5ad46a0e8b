"""A sender and its ledger: who goes when, what an ending means for the others, and what trouble does not do."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from bot import health
from bot.endings import Ending, Later, Sent, Unknown
from bot.pace import Limit
from content.message import Part
from storage import Database, calls
from storage.ledger import MOST, Due
from storage.outbox import CONVERSATION, EMERGENCY, ROUTINE, STATUS
from tests.bot.sending import FarSide, post, rows, running, states, until, worked
from tests.bot.test_pace import most_in_a_window

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


@pytest.mark.parametrize(
    ("lane", "refused"),
    [
        pytest.param(ROUTINE, TOMORROW, id="a template's share of today is used up"),
        pytest.param(ROUTINE, Later(3600, "người nhận đã nhận đủ (-218)"), id="a person has had enough"),
        pytest.param(ROUTINE, Later(30, "Zalo báo gửi không được (-200)"), id="it failed, it does not say why"),
        pytest.param(STATUS, Later(5, "chờ tệp của người dân"), id="a report waits for its files"),
    ],
)
async def test_refusals_of_single_letters_stop_nobody_else(database: Database, lane: int, refused: Ending) -> None:
    for _ in range(12):
        post(database, lane=lane)
    far = FarSide(lambda row: Sent("m") if row.lane == EMERGENCY else refused)
    with worked(database) as work:
        async with running(work, far) as sender:
            await until(lambda: len(far.calls) >= 12)
            post(database, lane=EMERGENCY, announcement_id=5)
            sender.wake(urgent=True)
            await until(lambda: "sent" in states(database), 1)
            assert sender.budget.stopped == 0


@pytest.mark.parametrize("failed", [Later(0, "không kết nối được", outage=True), Unknown("hết giờ")])
async def test_a_platform_that_is_down_is_left_alone_and_tried_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch, failed: Ending
) -> None:
    monkeypatch.setattr(health, "LONGEST_OUTAGE_WAIT", 0.4)
    for _ in range(30):
        post(database)
    down = True
    far = FarSide(lambda _: failed if down else Sent("m"))
    with worked(database) as work:
        async with running(work, far, Limit(200, 1.0)):
            await asyncio.sleep(2)
            tried, down = len(far.calls), False
            await until(lambda: set(states(database)) == {"sent"})
    assert 6 <= tried <= 30  # five in a row, then about two a second; not two hundred


async def test_those_that_were_under_way_when_it_broke_down_do_not_make_the_stop_longer(database: Database) -> None:
    for _ in range(60):
        post(database)
    far = FarSide(lambda _: Later(0, "không kết nối được", outage=True))
    with worked(database) as work:
        async with running(work, far) as sender:
            await until(lambda: sender.budget.stopped)
            await asyncio.sleep(0.2)
            assert sender.budget.stopped <= 1


async def test_what_a_platform_says_of_its_limits_is_kept(database: Database) -> None:
    for _ in range(6):
        post(database)
    far, told = FarSide(), [(2.0, 0.0)]
    with worked(database) as work:
        async with running(work, far, Limit(100, 60.0), limits=lambda: told.pop() if told else None) as sender:
            await until(lambda: sender.budget.own.limit == 2)
            await asyncio.sleep(1.5)
            assert len(far.calls) <= 2  # at a hundred a minute it would have been four


async def test_a_whole_app_that_is_too_quick_stops_and_one_account_alone_does_not(database: Database) -> None:
    for app in (False, True):
        shared = Limit(1000, 1.0)
        post(database)
        far = FarSide(lambda _, app=app: Later(30, "gọi quá nhanh (-32)", budget=True, app=app))  # type: ignore[misc]
        with worked(database) as work:
            async with running(work, far, Limit(1000, 1.0), shared=(shared,)) as sender:
                await until(lambda: sender.budget.stopped)
                assert (shared.stopped > 29) == app


async def test_once_the_copy_of_a_part_went_out_the_parts_that_follow_are_no_copies(database: Database) -> None:
    post(database, resent=True, first_at=5)
    far = FarSide(parts=2)
    far.ending = lambda _: Sent("m") if len(far.calls) == 1 else Later(3600, "người nhận đã nhận đủ")
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: rows(database)[0].attempts)
    [row] = rows(database)
    assert (row.state, row.parts_done, row.resent, row.first_at) == ("queued", 1, True, 0)


# ---- what hangs ----


async def test_calls_that_hang_hold_up_nobody_else(database: Database) -> None:
    for _ in range(12):
        post(database, lane=EMERGENCY, announcement_id=5)
    far = FarSide()
    far.took = lambda row: 4 if row.id in (3, 4) else 0.01
    with worked(database) as work:
        async with running(work, far, Limit(8, 4.0)):  # two a second, as an OA
            await until(lambda: len(far.calls) == 12, 8)
            times = [at for at, *_ in far.calls]
            assert max(after - before for before, after in pairwise(times)) < 2.5


async def test_a_slow_platform_gets_all_that_its_limit_allows(database: Database) -> None:
    for _ in range(40):
        post(database)
    far = FarSide()
    far.took = lambda _: 1.0
    with worked(database) as work:
        async with running(work, far, Limit(16, 2.0)):  # sixteen in three seconds: a slot is held while a call lasts
            await until(lambda: len(far.calls) >= 32, 5)
    assert most_in_a_window((at for at, *_ in far.calls), 2.0) <= 16


async def test_no_more_is_held_than_may_be_repeated_also_where_everything_hangs(database: Database) -> None:
    for _ in range(MOST + 30):
        post(database)
    far = FarSide()
    far.took = lambda _: 3600
    with worked(database) as work:
        async with running(work, far) as sender:
            await until(lambda: len(far.calls) == MOST)
            await asyncio.sleep(0.3)
            assert sorted(states(database)) == ["claimed"] * MOST + ["queued"] * 30
            for task in list(sender._flying):  # nobody waits an hour for the end
                task.cancel()


async def test_what_falls_due_while_something_hangs_is_seen(database: Database) -> None:
    post(database, "hangs")
    far = FarSide()
    far.took = lambda row: 4 if row.chat == "hangs" else 0
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: far.chats() == ["hangs"])
            post(database, "later")  # and nobody says so
            await until(lambda: far.chats() == ["hangs", "later"], 2)


# ---- calls beside the first of a send ----


class TwoCalls(FarSide):
    """A send that takes two calls, as where a token is renewed in between."""

    sender: Any = None

    async def send(self, row: Due, part: Part) -> Ending:
        """The first is answered, so the second takes a slot of its own."""
        await super().send(row, part)
        async with self.sender.slot():
            return await super().send(row, part)


@pytest.mark.parametrize(("limit", "window"), [(1, 0.2), (5, 0.5)])
async def test_every_call_of_a_send_takes_a_slot_and_none_waits_for_ever(
    database: Database, limit: int, window: float
) -> None:
    for _ in range(10):
        post(database)
    far = TwoCalls()
    with worked(database) as work:
        async with running(work, far, Limit(limit, window)) as sender:
            far.sender = sender
            await until(lambda: set(states(database)) == {"sent"})
    assert len(far.calls) == 20
    assert most_in_a_window((at for at, *_ in far.calls), window) <= limit
    with database.transaction() as tx:
        assert len(calls.since(tx, rows(database)[0].account_id, 0)) == 20


async def test_a_call_beside_the_sends_counts_after_a_restart_too(database: Database) -> None:
    with worked(database) as work:
        async with running(work, FarSide()) as sender:
            async with sender.slot():
                pass
            await until(lambda: made(database, sender.account.id or 0) == 1, 3)


def made(database: Database, account_id: int) -> int:
    """How many calls are written down."""
    with database.transaction() as tx:
        return len(calls.since(tx, account_id, 0))


async def test_a_send_whose_second_call_has_not_begun_gives_way_to_an_emergency(database: Database) -> None:
    lower = post(database)
    far = TwoCalls()
    with worked(database) as work:
        async with running(work, far, Limit(1, 1.0)) as sender:
            far.sender = sender
            await until(lambda: len(far.calls) == 1)
            urgent = post(database, lane=EMERGENCY, announcement_id=5)
            sender.wake(urgent=True)
            await until(lambda: states(database) == ["sent", "sent"])
    assert [row.id for _, row, _ in far.calls] == [lower, urgent, urgent, lower, lower]
    assert (rows(database)[0].attempts, rows(database)[0].resent) == (1, False)


async def test_a_chat_that_moved_gets_the_rest_of_its_letter_where_it_is_now(database: Database) -> None:
    post(database)
    [row] = rows(database)
    post(database, row.chat, CONVERSATION, address_id=row.address_id, due_at=row.due_at + 1500)
    far = FarSide(lambda row: Sent("m", moved_to="-100777") if row.chat != "-100777" else Sent("m"), parts=2)
    with worked(database) as work:
        async with running(work, far):
            await until(lambda: states(database) == ["sent", "sent"])
    assert far.chats() == [row.chat, "-100777", "-100777", "-100777"]
    assert [one.chat for one in rows(database)] == ["-100777", "-100777"]
