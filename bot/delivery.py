"""Delivery: claim → send at the pace → settle. One sender an account; it alone begins requests for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.channels.base import NoSlot
from bot.consequences import follows, late
from bot.endings import Ending, Later, Sent
from bot.exchange import Settled
from bot.lanes import LOWER
from bot.trade import EVERY_LANE, PATIENCE_SECONDS, Trader
from content.message import Part
from storage.ledger import Due
from storage.outbox import EMERGENCY, RETRY

log = structlog.get_logger()
LANDING_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.1  # a call that waits for its slot sees by then that it must give way


class Sender(Trader):
    """Sends one account's deliveries. `wake` says that something new may be due."""

    def wake(self, urgent: bool = False) -> None:
        """Something may be due. `urgent`: an emergency; lower lanes stand still until the queue was looked at."""
        self._hungry = True
        if urgent:
            self._hand.urgent = self._hint = True
            self._front.forget()
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
        self._chats.take(row.chat)
        task = asyncio.create_task(self._send(row))
        self._take_slot(task)
        self._flying[task] = row
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self._news.set()

    async def _send(self, row: Due) -> None:
        """One part's call. Cancelled, its row stays claimed: the request may have been written."""
        parts, chat = self._letters[row.id], row.chat
        part = parts[row.parts_done]
        try:
            ending = await self.outlet.send(row, part)
        except NoSlot:  # it was certainly not accepted so far, and it was not its fault
            self._end(row, {"state": "queued"})
            return
        except Exception:  # a bug of ours: loud, and tried again like an outage
            log.exception("a channel raised", account=self.account.name, delivery=row.id)
            ending = Later(60, "lỗi của kênh")
        finally:
            self._free_slot(asyncio.current_task())
            self._chats.land(chat)
        self._health.heed(ending, self.account.name)
        self._settle(row, part, ending, len(parts))

    def _settle(self, row: Due, part: Part, ending: Ending, parts: int) -> None:
        self._open.discard(row.chat)
        if isinstance(ending, Sent):
            row.message_id = f"{row.message_id} {ending.id}".strip()[:250]
            if row.parts_done + 1 < parts:
                self._go_on(row, part, ending)
                return
        self._letters.pop(row.id, None)
        self._settled.append(Settled(row, follows(row, ending, part), ending, part))

    def _go_on(self, row: Due, part: Part, ending: Sent) -> None:
        """The next part follows, to where the chat is now; no part that follows has come before."""
        row.parts_done, row.first_at, row.chat = row.parts_done + 1, 0, ending.moved_to or row.chat
        self._open.add(row.chat)
        done = {name: getattr(row, name) for name in ("parts_done", "message_id", "first_at", "chat")}
        self._settled.append(Settled(row, done, ending, part))

    # ---- slots ----

    def _take_slot(self, task: "asyncio.Task[None]") -> None:
        self.budget.take()
        self._slots.add(task)

    def _free_slot(self, task: "asyncio.Task[None] | None") -> None:
        if task in self._slots:
            self._slots.remove(task)
            self.budget.land()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A slot for one more call: of a send, whose call before has been answered, or beside the sends.

        Raises `NoSlot` where a send has to give way instead.
        """
        task = asyncio.current_task()
        row = self._flying.get(task) if task else None
        if task is None or row is None:
            async with self.budget.slot():
                yield
            return
        self._free_slot(task)  # whoever waits for a slot holds none: all could wait for each other
        await self._turn_of(row)
        self._take_slot(task)
        try:
            yield
        finally:
            self._free_slot(task)

    async def _turn_of(self, row: Due) -> None:
        """Wait for a slot. An emergency's is the next, where others share it too."""
        while True:
            if self._gives_way(row):
                raise NoSlot
            wait = self.budget.wait(row.lane == EMERGENCY) if self.lease.safe else LOOK_AGAIN_SECONDS
            if wait <= 0:
                return
            await asyncio.sleep(min(wait, LOOK_AGAIN_SECONDS))

    def _gives_way(self, row: Due) -> bool:
        lower = self._hand.urgent and row.lane in (*LOWER, RETRY)
        return lower or self._stopping or self.budget.stopped > PATIENCE_SECONDS

    # ---- rest and end ----

    async def _rest(self, wait: float) -> None:
        """Sleep until the next may begin, something falls due, or somebody wakes us."""
        idle = not (self._settled or len(self._hand) or self._trading)
        if idle and self._room() > 0:
            wait = min(wait, await self._until_due())
        elif idle:
            wait = min(wait, 0.2)
        try:
            async with asyncio.timeout(max(0.001, min(wait, 1.0))):
                await self._news.wait()
        except TimeoutError:
            return

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
        await self._last()
