"""A sender against chance: random latencies, endings, lanes, letters and restarts; what it promises holds in all of it.

Everything is real but the platform, which is a few lines here so that it can be as unfair as it likes.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot import consequences
from bot.channels.base import Account, Medium
from bot.config import Settings, load
from bot.endings import Ending, Gone, Later, Never, Sent, Unknown
from bot.media import MediaStore
from bot.outlets import ChatOutlet
from bot.senders import Senders
from bot.work import Job, T, Turn, Work
from content.message import Part
from storage import Database, accounts, outbox
from storage.outbox import ROUTINE, Delivery
from tests.storage.people import account

PER_SECOND, CHATS, PATIENCE = 30, 40, 60.0
FINAL = {"sent", "gone", "never", "unknown"}


class Platform:
    """Takes what it likes and answers when it likes. It alone counts arrivals and copies."""

    kind = "telegram"

    def __init__(self, dice: random.Random) -> None:
        self.account = Account(1, "telegram", "telegram", "7", {}, "http://127.0.0.1", {})
        self._dice = dice
        self.arrived: list[float] = []
        self.took: dict[tuple[str, str], list[bool]] = defaultdict(list)  # (chat, words) → of each copy, whether marked
        self.unclear: set[tuple[str, str]] = set()
        self.flying: Counter[str] = Counter()
        self.crowded: list[str] = []  # chats with two requests in flight

    async def send(self, chat: str, part: Part, medium: Medium | None = None) -> Ending:
        """One request: it travels, arrives, and the answer travels back."""
        self.flying[chat] += 1
        if self.flying[chat] > 1:
            self.crowded.append(chat)
        try:
            await asyncio.sleep(self._dice.expovariate(1 / 0.02))
            self.arrived.append(time.monotonic())
            ending = self._answer(chat, part)
            await asyncio.sleep(self._dice.expovariate(1 / 0.02))
            return ending
        finally:
            self.flying[chat] -= 1

    def _answer(self, chat: str, part: Part) -> Ending:
        words, *more = part.text.split("\n")
        fate, copy = self._dice.random(), (chat, words)
        if fate < 0.05:
            return Later(0.1, "bận")
        if fate < 0.07:
            return Gone("đã chặn")
        if fate < 0.09:
            return Never("không nhận tin này")
        if fate < 0.12:
            return Unknown("không rõ")
        self.took[copy].append(any("Gửi lại" in line for line in more))
        if fate < 0.17:
            self.unclear.add(copy)
            return Unknown("nhận mà không trả lời")
        return Sent(str(len(self.arrived)))


class Mortal(Work):
    """The work of a process that may die: nothing that was asked of it is answered afterwards."""

    dead = False

    async def write(self, job: Job[T], turn: Turn = Turn.CHORE) -> T:
        await self._living()
        done = await super().write(job, turn)
        await self._living()
        return done

    async def _living(self) -> None:
        if self.dead:
            await asyncio.Event().wait()


def queued(database: Database, dice: random.Random) -> dict[int, set[tuple[str, str]]]:
    """One to three letters of one or two parts for each chat, in any lane. Delivery → what its chat is to read."""
    asked = {}
    with database.transaction() as tx:
        number = account(tx).id or 0
        for chat in (f"c{one}" for one in range(CHATS)):
            for letter in range(dice.randint(1, 3)):
                words = [f"Thư {letter} phần {part}" for part in range(dice.randint(1, 2))]
                kept = outbox.write_letter(tx, "telegram", [Part("text", one) for one in words])
                row = outbox.post(tx, Delivery(letter_id=kept, account_id=number, chat=chat, due_at=tx.now,
                                               lane=dice.randint(0, ROUTINE), created_at=tx.now))  # fmt: skip
                asked[row.id or 0] = {(chat, one) for one in words}
    return asked


class Lives:
    """One process after another on one database, and the platform that outlives them."""

    def __init__(self, database: Database, platform: Platform, folder: Path) -> None:
        self.database, self.platform = database, platform
        self._store = MediaStore(folder, database.vault, "")
        url = database.url
        self._settings: Settings = load(
            _env_file=None, database_url=url, telegram_per_second=PER_SECOND, headroom=0, chat_gap=0
        )
        self.number, self.open_rows = 0, set[str]()

    async def live(self, seconds: float, killed: bool) -> None:
        """One life: as long as this, then an orderly end or a sudden one."""
        self.number += 1
        work, before = Mortal(self.database), asyncio.all_tasks()
        senders = Senders(self._settings, work, f"life {self.number}", lambda _: self._outlet(work))
        follows = asyncio.create_task(self._follow(senders))
        await asyncio.sleep(seconds)
        if killed:
            work.dead = True
            await _ended(asyncio.all_tasks() - before - {asyncio.current_task()})
            await asyncio.to_thread(work.close)  # what had reached the database is there
            self._bury()
            return
        await _ended({follows})
        await senders.close()
        await asyncio.to_thread(work.close)

    def _outlet(self, work: Work) -> ChatOutlet:
        return ChatOutlet(self.platform, work, self._store, self.database.now)  # type: ignore[arg-type]

    async def _follow(self, senders: Senders) -> None:
        while True:
            with self.database.reading() as tx:
                rows = [one for one in accounts.every(tx) if one.channel == "telegram"]
            await senders.follow(rows)
            await asyncio.sleep(0.1)

    def _bury(self) -> None:
        """Time goes by until the dead one's leases are over; what it held may come twice."""
        with self.database.transaction() as tx:
            tx.run(text("UPDATE lease SET until = 0"))
            self.open_rows |= set(tx.run(text("SELECT chat FROM delivery WHERE state = 'claimed'")).scalars())

    def states(self) -> dict[int, str]:
        """Delivery → its state."""
        with self.database.reading() as tx:
            return {row[0]: row[1] for row in tx.run(text("SELECT id, state FROM delivery")).all()}


async def _ended(tasks: "set[asyncio.Task[Any]]") -> None:
    """Cancel them as often as it takes."""
    while tasks:
        for one in tasks:
            one.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.05)


@pytest.mark.parametrize("seed", [1, 2])
async def test_nobody_is_lost_or_told_twice_unmarked_and_no_window_is_exceeded(
    database: Database, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeated: only what was unclear or in a dead sender's hands, once, and marked."""
    for name in ("LONGEST_WAIT", "LONGEST_WAIT_URGENT"):
        monkeypatch.setattr(consequences, name, 0.2)
    dice = random.Random(seed)
    platform = Platform(dice)
    asked, lives = queued(database, dice), Lives(database, platform, tmp_path)
    for killed in (True, False, True):
        await lives.live(dice.uniform(0.2, 1.2), killed)
    end = time.monotonic() + PATIENCE
    while set(lives.states().values()) - FINAL:
        assert time.monotonic() < end, Counter(lives.states().values())
        await lives.live(1.0, killed=False)
    states = lives.states()
    copies = {copy: marks for copy, marks in platform.took.items() if len(marks) > 1}
    print(f"\n{Counter(states.values())}, {len(platform.arrived)} arrived, {len(copies)} came twice")
    assert set(platform.took) <= set().union(*asked.values())
    assert [row for row, state in states.items() if state == "sent" and not asked[row] <= set(platform.took)] == []
    assert max(map(len, platform.took.values())) <= 2
    assert [copy for copy, marks in copies.items() if not all(marks[1:])] == []
    assert {copy for copy in copies if copy not in platform.unclear and copy[0] not in lives.open_rows} == set()
    assert platform.crowded == []
    assert exceeded(platform.arrived) == []


def exceeded(arrived: list[float]) -> list[float]:
    """Windows of a second, half open, in which more arrived than may."""
    assert all(before <= after for before, after in pairwise(arrived))
    return [first for first, last in zip(arrived, arrived[PER_SECOND:], strict=False) if last - first < 1.0]
