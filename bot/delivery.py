"""Delivery: claim → send at the pace → settle. One sender an account; it alone begins requests for it."""

import asyncio
from dataclasses import replace
from typing import Any

import structlog

from bot import metrics
from bot.consequences import follows, late
from bot.endings import Ending, Later, Sent
from bot.exchange import Asked, Got, Held, Lost, Settled, alone, exchange, settle
from bot.health import Health, Limits
from bot.lanes import LOWER, Hand, Share
from bot.outlets import Outlet
from bot.pace import Budget, Chats
from bot.work import Turn, Work, is_trouble
from content.message import Part
from storage import ledger
from storage.accounts import Account
from storage.ledger import Due
from storage.outbox import EMERGENCY, RETRY, ROUTINE

log = structlog.get_logger()
GATHER_SECONDS = 0.01  # what ends or falls due within this goes into one transaction
LANDING_SECONDS = 20.0
IDLE_SECONDS = {True: 1.0, False: 0.25}  # SQLite's one process hears of everything; PostgreSQL's others may not
PATIENCE_SECONDS = 2.0  # a longer stop than this, and what is in hand goes back to the queue
EVERY_LANE = range(ROUTINE + 1)


class Sender:
    """Sends one account's deliveries. `wake` says that something new may be due."""

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
        self._settled: list[Settled] = []
        self._open: set[str] = set()  # chats whose letter waits for its next part
        self._trade: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._hungry, self._hint, self._stopping = True, False, False

    def wake(self, urgent: bool = False) -> None:
        """Something may be due. `urgent`: an emergency; lower lanes stand still until the queue was looked at."""
        self._hungry = True
        if urgent:
            self._hand.urgent = self._hint = True
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled; then let what is in flight land and settle it."""
        try:
            while not self._health.suspended:
                self._news.clear()
                self._trade_if_needed()
                wait = self._begin_what_may()
                await self._rest(wait)
        finally:
            await self._land()

    # ---- out ----

    def _begin_what_may(self) -> float:
        """Begin everything whose turn has come; seconds until the next may (infinite: nothing is in hand)."""
        if self.budget.stopped > PATIENCE_SECONDS:
            self._put_down(self._hand.put_down(EVERY_LANE))
        while len(self._hand):
            wait = self.budget.wait(self._hand.urgent) if self.lease.safe else 0.2
            if wait > 0:
                return wait
            row = self._hand.pick(lambda chat: self._chats.wait(chat) == 0)
            if row is None:
                return min((self._chats.wait(one.chat) for one in self._hand), default=float("inf"))
            if row.valid_until is not None and row.valid_until < self._work.database.now():
                self._end(row, late(row))
            else:
                self._begin(row)
        return float("inf")

    def _begin(self, row: Due) -> None:
        self.budget.take()
        self._chats.take(row.chat)
        task = asyncio.create_task(self._send(row))
        self._flying[task] = row
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self._news.set()

    async def _send(self, row: Due) -> None:
        """One part's call. Cancelled, its row stays claimed: the request may have been written."""
        parts = self._letters[row.id]
        part = parts[row.parts_done]
        try:
            ending = await self.outlet.send(row, part)
        except Exception:  # a bug of ours: loud, and tried again like an outage
            log.exception("a channel raised", account=self.account.name, delivery=row.id)
            ending = Later(60, "lỗi của kênh")
        finally:
            self.budget.land()
            self._chats.land(row.chat)
        self._health.heed(ending, self.account.name)
        self._settle(row, part, ending, len(parts))

    def _settle(self, row: Due, part: Part, ending: Ending, parts: int) -> None:
        self._open.discard(row.chat)
        if isinstance(ending, Sent):
            row.message_id = f"{row.message_id} {ending.id}".strip()[:250]
            if row.parts_done + 1 < parts:
                row.parts_done += 1
                self._open.add(row.chat)
                row.first_at = 0  # no part that follows has come before
                done = {"parts_done": row.parts_done, "message_id": row.message_id, "first_at": 0}
                self._settled.append(Settled(row, done, ending, part))
                return
        self._letters.pop(row.id, None)
        self._settled.append(Settled(row, follows(row, ending, part), ending, part))

    # ---- the exchange ----

    def _room(self) -> int:
        """How many rows may be claimed now."""
        resting = (
            self._stopping or self._health.suspended or not self.lease.safe or self.budget.stopped > PATIENCE_SECONDS
        )
        return 0 if resting else self.budget.burst - len(self._hand) - len(self._flying) - len(self._settled)

    def _trade_if_needed(self) -> None:
        """Start an exchange when there is something to settle, or hands are empty enough to claim."""
        if self._trade and not self._trade.done():
            return
        hungry = self._hungry and self._room() * 4 >= self.budget.burst
        if self._settled or hungry or self._hint:
            self._trade = asyncio.create_task(self._trading())
            self._trade.add_done_callback(lambda _: self._news.set())

    async def _trading(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        self._give_way()
        self._hungry = self._hint = False
        batch, self._settled = self._settled, []
        try:
            got = await self._exchange(batch)
        except Lost:
            self._drop_everything()
            return
        except Exception as error:
            await self._failed(batch, error)
            return
        await self._take(got, batch)

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

    async def _exchange(self, batch: list[Settled]) -> Got:
        busy = {*self._chats.busy(), *(row.chat for row in self._hand), *self._open}
        room = self._room()
        asked = Asked(self.account, self.lease, batch, room, busy, self._hand.share.room, self._hand.again(room))
        turn = Turn.INBOUND if self._hand.urgent else Turn.SETTLE
        return await self._work.write(lambda tx: exchange(tx, asked), turn)

    async def _take(self, got: Got, batch: list[Settled]) -> None:
        """The rows that were claimed come into the hand; letters whose part was settled go on."""
        metrics.expired(got.late)
        letters = await self._opened(got.rows)
        self._letters |= letters
        self._hand.add(row for row in got.rows if letters.get(row.id))
        for row in [row for row in got.rows if not letters.get(row.id)]:
            self._end(row, {"state": "never", "why": "tin không còn nội dung"})
        for one in batch:
            if one.goes_on:
                self._hand.go_on(one.row)
        self._hungry = self._hungry or got.more
        self._hand.urgent = got.urgent or any(row.lane == EMERGENCY for row in self._hand)
        self._give_way()

    async def _opened(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """The parts of claimed letters. They are claimed already: what cannot be read now is asked for again."""
        while rows:
            try:
                return await self.outlet.letter(rows)
            except Exception:
                log.exception("letters cannot be read", account=self.account.name)
                await asyncio.sleep(0.5)
        return {}

    async def _failed(self, batch: list[Settled], error: Exception) -> None:
        """The exchange was not committed: nothing is claimed, and what has ended is kept to be settled."""
        log.exception("exchange failed", account=self.account.name, rows=len(batch))
        self._hungry = True
        if is_trouble(error) or not batch:
            self._settled = [*batch, *self._settled]
            await asyncio.sleep(0.5)
            return
        for one in batch:  # one row cannot be written: it must not keep the others, nor itself, from being settled
            try:
                await self._settle_one(one)
            except Exception:
                log.exception("a row settles without what is beside it", account=self.account.name, delivery=one.row.id)
                await self._settle_one(alone(one))

    async def _settle_one(self, one: Settled) -> None:
        asked = Asked(self.account, self.lease, [one])
        await self._work.write(lambda tx: settle(tx, asked), Turn.SETTLE)
        if one.goes_on:
            self._hand.go_on(one.row)

    def _drop_everything(self) -> None:
        log.warning("another process sends for this account now", account=self.account.name)
        self._hand.put_down(EVERY_LANE)
        self._settled.clear()
        self._health.suspended = True

    # ---- rest and end ----

    async def _rest(self, wait: float) -> None:
        """Sleep until the next may begin, something falls due, or somebody wakes us."""
        idle = not (self._flying or self._settled or len(self._hand) or (self._trade and not self._trade.done()))
        if idle and self._room():
            wait = min(wait, await self._until_due())
        elif idle:
            wait = min(wait, 0.2)
        try:
            async with asyncio.timeout(max(0.001, min(wait, 1.0))):
                await self._news.wait()
        except TimeoutError:
            return

    async def _until_due(self) -> float:
        """Seconds until the next row falls due; when one is, we are hungry."""
        busy, idle = self._chats.busy(), IDLE_SECONDS[self._work.database.sqlite]
        try:
            due, now = await self._work.read(lambda tx: (ledger.next_due(tx, self.account.id or 0, busy), tx.now))
        except Exception:
            log.exception("the ledger cannot be read", account=self.account.name)
            return idle
        seconds = (due - now) / 1000 if due is not None else idle
        self._hungry = self._hungry or seconds <= 0
        return max(0.0, min(idle, seconds, *busy.values()))

    async def _land(self) -> None:
        """What has not begun goes back to the queue; what is under way may land."""
        self._stopping = True
        if self._trade:
            await asyncio.wait({self._trade}, timeout=LANDING_SECONDS)
        self._put_down(self._hand.put_down(EVERY_LANE))
        if self._flying:
            await asyncio.wait(self._flying, timeout=LANDING_SECONDS)
        for task in list(self._flying):  # outcome unknown: their rows stay claimed and are resent, marked
            task.cancel()
        batch = [one if not one.goes_on else replace(one, changes={**one.changes, "state": "queued"})
                 for one in self._settled]  # fmt: skip
        if batch:
            try:
                await self._exchange(batch)
            except Lost:
                return
            except Exception as error:
                await self._failed(batch, error)
