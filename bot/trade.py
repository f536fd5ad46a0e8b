"""A sender's trade with its ledger: what ended goes in, what may go next comes out, one exchange at a time."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import structlog

from bot import metrics
from bot.exchange import Asked, Got, Held, Lost, Settled, alone, bare, exchange, reclaim, settle
from bot.health import Health, Limits
from bot.lanes import LOWER, Hand, Share
from bot.outlets import Outlet
from bot.pace import Budget, Chats
from bot.work import Turn, Work, is_trouble
from content.message import Part
from storage import WrongKey, ledger
from storage.accounts import Account
from storage.front import Front
from storage.ledger import MOST, Due
from storage.outbox import EMERGENCY, RETRY, ROUTINE

log = structlog.get_logger()
GATHER_SECONDS = 0.01  # what ends or falls due within this goes into one transaction
IDLE_SECONDS = {True: 1.0, False: 0.25}  # SQLite's one process hears of everything; PostgreSQL's others may not
PATIENCE_SECONDS = 2.0  # a longer stop than this, and what is in hand goes back to the queue
TROUBLE_SECONDS = 0.5  # until what went wrong is tried again
LOOK_SECONDS = 30.0  # how often it is made sure that whatever is claimed for us is in our hands
EVERY_LANE = range(ROUTINE + 1)
UNREADABLE = {"state": "never", "why": "không đọc được tin"}
# The key may only be missing here, and the letter is good: it goes once an operator has given it back.
LOCKED = {"state": "queued", "due_in": 60_000, "why": "không đọc được tin: thiếu khóa trong THONTIN_KEYS"}


class Trader:
    """What one account's sender holds, and how it comes by it and rids itself of it."""

    def __init__(
        self,
        account: Account,
        outlet: Outlet,
        work: Work,
        budget: Budget,
        chats: Chats,
        lease: Held,
        limits: Limits = lambda: None,
    ) -> None:
        self.account, self.outlet, self.budget, self.lease = account, outlet, budget, lease
        self._work, self._chats, self._health = work, chats, Health(budget, limits)
        self._hand = Hand(Share(budget.own.limit / 10))
        self._letters: dict[int, tuple[Part, ...]] = {}
        self._flying: dict[asyncio.Task[None], Due] = {}
        self._slots: set[asyncio.Task[None]] = set()  # of these, whose call has not been answered
        self._settled: list[Settled] = []
        self._open: set[str] = set()  # chats whose letter waits for its next part
        self._mine: set[int] = set()  # rows that came back from a claim, and whose end is not written yet
        self._front = Front()
        self._counted = 0  # calls of the budget that are written down
        self._trade: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._hungry, self._hint, self._stopping = True, False, False
        self._doubt, self._looked, self._asked = False, time.monotonic(), 0.0

    def _room(self) -> int:
        """How many rows may be claimed now: a second's pace that has not begun, and no more than `MOST` unsettled.

        What is under way is bounded by the pace itself: its slots are taken until one window after its answers.
        """
        if self._stopping or self._health.suspended or not self.lease.safe or self.budget.stopped > PATIENCE_SECONDS:
            return 0
        held = len(self._hand)
        return min(self.budget.burst - held, MOST - held - len(self._flying) - len(self._settled))

    @property
    def _trading(self) -> bool:
        return self._trade is not None and not self._trade.done()

    def _trade_if_needed(self) -> None:
        """Start an exchange when there is something to write, hands are empty enough to claim, or one is in doubt."""
        if self._trading:
            return
        hungry = self._hungry and self._room() * 4 >= self.budget.burst
        if self._settled or hungry or self._hint or self._uncounted or self._must_look:
            self._trade = asyncio.create_task(self._trade_once())
            self._trade.add_done_callback(lambda _: self._news.set())

    @property
    def _uncounted(self) -> int:
        return self.budget.ended - self._counted

    @property
    def _must_look(self) -> bool:
        return time.monotonic() - self._looked >= (TROUBLE_SECONDS if self._doubt else LOOK_SECONDS)

    async def _trade_once(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        self._give_way()
        self._hungry = self._hint = False
        batch: list[Settled] = []
        try:
            if self._must_look:
                await self._look_after()
            batch, self._settled = self._settled, []
            got = await self._exchange(batch)
        except Lost:
            self._drop_everything()
            return
        except Exception as error:
            await self._failed(batch, error)
            return
        await self._take(got, batch)

    async def _exchange(self, batch: list[Settled]) -> Got:
        busy = {*self._chats.busy(), *(row.chat for row in self._hand), *self._open}
        room, calls = self._room(), self._uncounted
        shares = (self._hand.share.room, self._hand.again(room))
        asked = Asked(self.account, self.lease, batch, calls, room, busy, *shares, self._front)
        turn = Turn.INBOUND if self._hand.urgent else Turn.SETTLE
        got = await self._work.write(lambda tx: exchange(tx, asked), turn)
        self._counted += calls
        self._mine.difference_update(one.row.id for one in batch if not one.goes_on)
        self._mine.update(row.id for row in got.rows)
        return got

    async def _look_after(self) -> None:
        """Take back what is claimed for us and in none of our hands: an exchange or a task has lost it."""
        self._looked = time.monotonic()
        known = {row.id for row in (*self._hand, *self._flying.values(), *(one.row for one in self._settled))}
        asked, mine = Asked(self.account, self.lease, front=self._front), set(self._mine)
        try:
            lost = await self._work.write(lambda tx: reclaim(tx, asked, known, mine), Turn.SETTLE)
        except Lost:
            raise
        except Exception:
            log.exception("claimed rows cannot be looked after", account=self.account.name)
            self._doubt = True
            return
        self._doubt = False
        self._mine &= known
        self._letters = {number: parts for number, parts in self._letters.items() if number in known}
        if lost:
            log.warning("claimed rows were in nobody's hands", account=self.account.name, rows=lost)

    # ---- what comes out ----

    async def _take(self, got: Got, batch: list[Settled]) -> None:
        """The rows that were claimed come into the hand; letters whose part was settled go on."""
        metrics.expired(got.late)
        letters = await self._opened(got.rows)
        self._letters |= letters
        self._hand.add(row for row in got.rows if letters.get(row.id))
        for row in [row for row in got.rows if row.id in letters and not letters[row.id]]:
            self._end(row, {"state": "never", "why": "tin không còn nội dung"})
        for one in batch:
            if one.goes_on:
                self._hand.go_on(one.row)
        self._hungry = self._hungry or got.more
        self._hand.urgent = got.urgent or any(row.lane == EMERGENCY for row in self._hand)
        self._give_way()

    async def _opened(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """The parts of claimed letters. One that cannot be opened is put away; the others do not wait for it."""
        if not rows:
            return {}
        try:
            return await self._read(rows)
        except Exception:
            log.exception("letters cannot be read", account=self.account.name)
        opened: dict[int, tuple[Part, ...]] = {}
        for number in {row.letter_id for row in rows}:
            same = [row for row in rows if row.letter_id == number]
            try:
                opened |= await self._read(same)
            except Exception as error:
                log.exception("a letter cannot be read", account=self.account.name, letter=number)
                for row in same:
                    self._end(row, LOCKED if isinstance(error, WrongKey) else UNREADABLE)
        return opened

    async def _read(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """They are claimed already: while the database is gone they are asked for again and again."""
        while True:
            try:
                found = await self.outlet.letter(rows)
                return {row.id: found.get(row.id, ()) for row in rows}
            except Exception as error:
                if not is_trouble(error):
                    raise
                log.exception("letters cannot be read yet", account=self.account.name)
                await asyncio.sleep(TROUBLE_SECONDS)

    # ---- what goes back ----

    def _give_way(self) -> None:
        """An emergency is due: what is in hand of the lower lanes goes back, not lost and not an attempt."""
        if self._hand.urgent:
            self._put_down(self._hand.put_down((*LOWER, RETRY)))

    def _put_down(self, rows: list[Due]) -> None:
        for row in rows:
            self._end(row, {"state": "queued"})

    def _end(self, row: Due, changes: dict[str, Any]) -> None:
        """Whatever becomes of a row without a call."""
        self._letters.pop(row.id, None)
        self._open.discard(row.chat)
        self._settled.append(Settled(row, changes))

    # ---- trouble ----

    async def _failed(self, batch: list[Settled], error: Exception) -> None:
        """Whether it was committed, nobody knows. What has ended is kept and settled again, which changes nothing
        where it was; what may have been claimed is looked for."""
        log.exception("exchange failed", account=self.account.name, rows=len(batch))
        self._hungry = self._doubt = True
        if is_trouble(error) or not batch:
            self._settled = [*batch, *self._settled]
            await asyncio.sleep(TROUBLE_SECONDS)
            return
        for one in batch:  # one row cannot be written: it must not keep the others, nor itself, from being settled
            await self._settle_alone(one)

    async def _settle_alone(self, one: Settled) -> None:
        for what in (one, alone(one), bare(one)):
            try:
                await self._settle_one(what)
                return
            except Exception as error:
                log.exception("a row cannot be settled", account=self.account.name, delivery=one.row.id)
                if is_trouble(error):
                    break
        self._settled.append(one)  # sent or not, it must not be lost sight of
        await asyncio.sleep(TROUBLE_SECONDS)

    async def _settle_one(self, one: Settled) -> None:
        asked = Asked(self.account, self.lease, [one], front=self._front)
        await self._work.write(lambda tx: settle(tx, asked), Turn.SETTLE)
        if one.goes_on:
            self._hand.go_on(one.row)
        else:
            self._mine.discard(one.row.id)

    def _drop_everything(self) -> None:
        log.warning("another process sends for this account now", account=self.account.name)
        self._hand.put_down(EVERY_LANE)
        self._settled.clear()
        self._health.suspended = True

    # ---- when there is nothing to do, and at the end ----

    async def _until_due(self) -> float:
        """Seconds until the next row falls due; when one is, we are hungry."""
        busy, idle = self._chats.busy(), IDLE_SECONDS[self._work.database.sqlite]
        if self._flying and time.monotonic() - self._asked < idle:
            return idle  # what is under way will end and look at the queue; only where it hangs must we ask
        self._asked = time.monotonic()
        try:
            due, now = await self._work.read(lambda tx: (ledger.next_due(tx, self.account.id or 0, busy), tx.now))
        except Exception:
            log.exception("the ledger cannot be read", account=self.account.name)
            return idle
        seconds = (due - now) / 1000 if due is not None else idle
        self._hungry = self._hungry or seconds <= 0
        return max(0.0, min(idle, seconds, *busy.values()))

    async def _last(self) -> None:
        """Settle what has ended; a letter that would go on waits in the queue for the next sender."""
        batch = [replace(one, changes={**one.changes, "state": "queued"}) if one.goes_on else one
                 for one in self._settled]  # fmt: skip
        if not (batch or self._doubt or self._uncounted):
            return
        try:
            if self._doubt:
                await self._look_after()
            await self._exchange(batch)
        except Lost:
            return
        except Exception as error:
            await self._failed(batch, error)
