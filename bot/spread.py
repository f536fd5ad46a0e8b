"""The spread: a published announcement becomes deliveries, range by range, emergencies first, resumable."""

import asyncio
from collections.abc import Callable

import structlog

from bot.work import Turn, Work
from storage import Transaction, announcements, leases, publishing
from storage.announcements import Announcement

log = structlog.get_logger()
LEASE_MS = 10_000
RANGE = {True: 2000, False: 20_000}  # followers a transaction: SQLite's one writer must stay free for answers


class Spread:
    """`wake` after publishing; it goes on by itself after a restart."""

    def __init__(self, work: Work, sent: Callable[[int, bool], None], owner: str = "") -> None:
        self._work, self._sent, self._owner = work, sent, owner
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Spread whatever is being published, one range at a time."""
        size = RANGE[self._work.database.sqlite]
        turn = Turn.INBOUND  # the first range of whatever woke us, for it may be an emergency
        while True:
            self.wake.clear()
            try:
                spread = await self._work.write(lambda tx: self._one_range(tx, size), turn)
            except Exception:
                log.exception("spread failed, will be tried again")
                spread = None
            if spread:
                urgent = spread.priority == "emergency"
                self._sent(0, urgent)
                turn = Turn.INBOUND if urgent or self.wake.is_set() else Turn.SPREAD
                continue
            turn = Turn.INBOUND
            try:
                async with asyncio.timeout(1.0):
                    await self.wake.wait()
            except TimeoutError:
                continue

    def _one_range(self, tx: Transaction, size: int) -> Announcement | None:
        """The next range of the most urgent announcement, if there is any and it is ours to write."""
        return publishing.advance(tx, size) if announcements.spreading(tx) and self._ours(tx) else None

    def _ours(self, tx: Transaction) -> bool:
        """Of several processes one spreads; SQLite has one anyway."""
        return not tx.postgres or leases.take(tx, "spread", self._owner, LEASE_MS) is not None
