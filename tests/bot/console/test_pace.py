"""What officials are told of time is counted at the pace that platforms allow at this moment."""

import asyncio

import pytest
from aiohttp.test_utils import TestServer

from bot.console.pace import longest, paces
from bot.endings import Ending, Sent
from bot.senders import Senders
from content.message import Part
from storage import accounts, outbox
from storage.accounts import Account
from storage.ledger import Due
from storage.outbox import CONVERSATION, Delivery
from tests.bot.console.test_reach import sent
from tests.bot.console.world import Client, World, sign_in, text_of

OA, OTHER = (Account(id=number, name=f"oa{number}", channel="zalo_oa", app_id="7", created_at=0) for number in (1, 2))
BOT = Account(id=3, name="bot", channel="telegram", created_at=0)
QUEUES: dict[str, tuple[list[tuple[Account, int]], float, float, float | None]] = {
    # queues; calls a second of an account, of the app; seconds
    "the longest": ([(OA, 10), (BOT, 30)], 1, 0, 30),
    "OAs that share an app": ([(OA, 10), (OTHER, 10), (BOT, 15)], 1, 0.5, 40),
    "the app has room": ([(OA, 10), (OTHER, 10)], 1, 9, 10),
    "no limit": ([(BOT, 99)], 0, 0.5, None),
    "nothing waits": ([], 1, 1, None),
}


@pytest.mark.parametrize("label", QUEUES)
def test_the_longest_queue_decides(label: str) -> None:
    queues, pace, app, seconds = QUEUES[label]
    assert longest(queues, lambda _: pace, app) == seconds


class Told:
    """A platform that takes everything and says that 30 calls a minute are allowed."""

    gate = None

    def __init__(self) -> None:
        self.channel = self

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        return {row.id: (Part("text", "a"),) for row in rows}

    async def send(self, row: Due, part: Part) -> Ending:
        return Sent("m1")

    def told_limits(self) -> tuple[float, float]:
        return 30.0, 30.0


async def test_an_account_that_sends_here_has_the_pace_its_platform_told(world: World) -> None:
    known = world.context
    with world.work.database.transaction() as tx:
        [row] = [one for one in accounts.every(tx) if one.channel == "zalo_oa"]
        outbox.post(tx, Delivery(account_id=row.id or 0, chat="a", lane=CONVERSATION, due_at=0, created_at=0))
    assert paces(known)(row) == pytest.approx(100 / 60)
    senders = known.fleet.senders = Senders(known.settings, world.work, "here", lambda _: Told())
    await senders.follow([row])
    async with asyncio.timeout(5):
        while senders.rate(row.id or 0) != 0.5:  # noqa: ASYNC110 - it has sent one and heard the limit
            await asyncio.sleep(0.01)
    assert paces(known)(row) == 0.5
    await senders.close()


async def test_the_time_left_counts_every_part_of_a_letter(world: World) -> None:
    async with Client(TestServer(world.app())) as client:
        await sign_in(client, "lan")
        code = sent(world, {"state": "queued", "people": 300})
        where = f"/console/announcements/{code}/progress"
        assert "khoảng 3 phút" in await text_of(client, where)
        with world.work.database.transaction() as tx:
            for letter in outbox.letters(tx, set(range(1, 20))).values():
                letter.parts_sealed = tx.vault.seal_json([Part("text", one).to_json() for one in "ab"])
                tx.add(letter)
        assert "khoảng 6 phút" in await text_of(client, where)
