"""Delivery: claim → send at the pace → settle. This file alone decides what follows from an ending."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.consequences import beside, follows, timed
from bot.endings import Ending, Later, Sent
from bot.outlets import Outlet
from bot.pace import ChatPace, Pace
from bot.work import Turn, Work, is_trouble
from content.message import Part
from storage import Transaction, leases, ledger, outbox
from storage.outbox import Delivery

log = structlog.get_logger()
SETTLE_SECONDS = 0.05
GATHER_SECONDS = 0.01  # answers to several people at once are claimed together
MOST_CLAIMED = 100
LANDING_SECONDS = 20.0


def lease_of(account_id: int) -> str:
    """The lease that the account's one sender holds."""
    return f"sender {account_id}"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a send changes in the ledger: columns of the row, and things beside it."""

    row: Delivery
    changes: dict[str, Any]
    ending: Ending | None = None
    part: Part | None = None


class Sender:
    """Sends one account's deliveries. `wake` is set when something new may be due."""

    def __init__(
        self, account_id: int, name: str, outlet: Outlet, work: Work, pace: Pace, chats: ChatPace, owner: str
    ) -> None:
        self.account_id, self.name, self.outlet = account_id, name, outlet
        self._work, self._pace, self._chats, self._owner = work, pace, chats, owner
        self.wake = asyncio.Event()
        self._settled: list[Settled] = []
        self._settling = asyncio.Event()
        self._flying: dict[asyncio.Task[None], Delivery] = {}
        self._begun: set[int] = set()  # of these the request may be written
        self._stopping = False
        self.suspended = False

    async def run(self) -> None:
        """Send until cancelled; then let what is in flight land and settle it."""
        settling = asyncio.create_task(self._settle_always())
        try:
            while not self.suspended:
                self.wake.clear()
                if not await self._round():
                    await self._rest()
        finally:
            await self._land()
            settling.cancel()
            await self._flush()

    async def _round(self) -> int:
        """Claim at most a second's worth and start it; how many were claimed."""
        room = max(1, min(MOST_CLAIMED, int(self._pace.limit / self._pace.window))) - len(self._flying)
        if room <= 0:
            await self._make_room()
            return 1
        try:
            busy = set(self._chats.busy()) | {row.chat for row in self._flying.values()}
            rows = await self._work.write(lambda tx: self._claim(tx, room, busy), Turn.SETTLE)
            letters = await self.outlet.letter(rows) if rows else {}
        except Exception:
            log.exception("claim failed", account=self.name)
            await asyncio.sleep(1)
            return 0
        for row in rows:
            task = asyncio.create_task(self._deliver(row, letters[row.id or 0]))
            self._flying[task] = row
            task.add_done_callback(self._landed)
        return len(rows)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self.wake.set()  # its chat may have more

    def _claim(self, tx: Transaction, room: int, busy: set[str]) -> list[Delivery]:
        if tx.postgres and not leases.holds(tx, lease_of(self.account_id), self._owner):
            return []  # we hung, and another process sends for this account now
        return ledger.claim(tx, self.account_id, self._owner, room, busy)

    async def _make_room(self) -> None:
        """Hands are full: wait for one to be free, or put aside what has not begun for an emergency."""
        woken = asyncio.create_task(self.wake.wait())
        try:
            await asyncio.wait({*self._flying, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        waiting = [(task, row) for task, row in self._flying.items() if not self._has_begun(row)]
        aside = [task for task, row in waiting if row.lane > outbox.CONVERSATION]
        if aside and await self._emergency_waits():
            for task in aside:
                task.cancel()
            await asyncio.wait(aside)
            await self._flush()

    def _has_begun(self, row: Delivery) -> bool:
        return row.id in self._begun

    async def _emergency_waits(self) -> bool:
        try:
            return await self._work.read(lambda tx: ledger.emergency_waits(tx, self.account_id))
        except Exception:
            log.exception("the ledger cannot be read", account=self.name)
            return False

    async def _rest(self) -> None:
        """Sleep until something falls due or somebody wakes us."""
        seconds = 1.0
        busy = self._chats.busy()
        try:
            due = await self._work.read(lambda tx: (ledger.next_due(tx, self.account_id, busy), tx.now))
            seconds = min(1.0, max(0.02, ((due[0] or 1 << 62) - due[1]) / 1000))
        except Exception:
            log.exception("the ledger cannot be read", account=self.name)
        try:
            async with asyncio.timeout(max(0.01, min([seconds, *busy.values()]))):
                await self.wake.wait()
            await asyncio.sleep(GATHER_SECONDS)
        except TimeoutError:
            return

    async def _deliver(self, row: Delivery, parts: tuple[Part, ...]) -> None:
        if not parts:
            self._settle(Settled(row, {"state": "never", "why": "tin không còn nội dung"}))
            return
        for number in range(row.parts_done, len(parts)):
            part = _marked(parts[number], row) if number == 0 else parts[number]
            ending = None if self._stopping else await self._send(row, part)
            if ending is None:
                self._settle(Settled(row, {"state": "queued", "claimed_by": ""}))
                return
            if isinstance(ending, Sent):
                row.message_id = f"{row.message_id} {ending.id}".strip()[:250]
            if not isinstance(ending, Sent) or number == len(parts) - 1:
                self._settle(Settled(row, follows(row, ending), ending, part))
                return
            row.parts_done = number + 1
            done = {"parts_done": row.parts_done, "message_id": row.message_id}
            self._settle(Settled(row, done, ending, part))

    async def _send(self, row: Delivery, part: Part) -> Ending | None:
        """One call at its turn. None when it was cancelled before it began: certainly not sent."""
        number = row.id or 0
        try:
            async with self._chats.slot(row.chat), self._pace.slot():
                self._begun.add(number)
                try:
                    ending = await self.outlet.send(row, part)
                except Exception:  # a bug of ours: loud, and tried again like an outage
                    log.exception("a channel raised", account=self.name, delivery=row.id)
                    return Later(60, "lỗi của kênh")
        except asyncio.CancelledError:
            if number in self._begun:
                raise
            return None
        finally:
            self._begun.discard(number)
        if isinstance(ending, Later):
            self._heed(ending)
        return ending

    def _heed(self, ending: Later) -> None:
        if ending.budget:
            self._pace.stop(ending.wait)
        if ending.suspend:
            self.suspended = True
            self.wake.set()
            log.error("account suspended", account=self.name, why=ending.why)

    def _settle(self, settled: Settled) -> None:
        self._settled.append(settled)
        self._settling.set()

    async def _settle_always(self) -> None:
        while True:
            await self._settling.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            await self._flush()

    async def _flush(self) -> None:
        """Write what was settled, in one transaction; keep it if the database is away."""
        self._settling.clear()
        batch, self._settled = self._settled, []
        if not batch:
            return
        try:
            await self._work.write(lambda tx: self._write(tx, batch), Turn.SETTLE)
        except Exception as error:
            log.exception("settling failed", account=self.name, rows=len(batch))
            if is_trouble(error):
                self._settled = [*batch, *self._settled]
                await asyncio.sleep(0.5)
                self._settling.set()
            else:
                await self._flush_one_by_one(batch)
        if any(one.changes.get("state") == "queued" for one in batch):
            self.wake.set()

    async def _flush_one_by_one(self, batch: list[Settled]) -> None:
        """One row cannot be written: it must not keep the others, nor itself, from being settled."""
        for one in batch:
            try:
                await self._work.write(lambda tx, one=one: self._write(tx, [one]), Turn.SETTLE)  # type: ignore[misc]
            except Exception:
                log.exception("a row settles without what is beside it", account=self.name, delivery=one.row.id)
                alone = replace(one, ending=None)
                await self._work.write(lambda tx, one=alone: self._write(tx, [one]), Turn.SETTLE)  # type: ignore[misc]

    def _write(self, tx: Transaction, batch: list[Settled]) -> None:
        ledger.settle(tx, self._owner, [(one.row.id or 0, timed(one.changes, tx.now)) for one in batch])
        for one in batch:
            if one.ending is not None:
                beside(tx, self.account_id, one.row, one.ending, one.part)

    async def _land(self) -> None:
        """What has not begun goes back to the queue; what is under way may land."""
        self._stopping = True
        for task, row in list(self._flying.items()):
            if not self._has_begun(row):
                task.cancel()
        if self._flying:
            await asyncio.wait(self._flying, timeout=LANDING_SECONDS)
        for task in list(self._flying):  # outcome unknown: their rows stay claimed and are resent, marked
            task.cancel()


def _marked(part: Part, row: Delivery) -> Part:
    """A letter that may have come before says so."""
    if not row.resent or part.kind != "text" or row.letter_id is None:
        return part
    return replace(part, text=f"{part.text}\n(Gửi lại, phòng khi tin trước chưa tới.)")
