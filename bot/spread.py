"""The spread: a published announcement becomes deliveries, range by range, emergencies first, resumable."""

import asyncio
from collections.abc import Callable

import structlog

from bot.work import Turn, Work
from storage import publishing
from storage.announcements import Announcement

log = structlog.get_logger()
RANGE = {True: 2000, False: 20_000}  # followers a transaction: SQLite's one writer must stay free for answers
FIRST = 2000  # of what has just been published: an emergency stops the lower lanes once its first range is written


class Spread:
    """`wake` after publishing; it goes on by itself after a restart.

    Every process that publishes spreads what it finds, its own at once. An announcement is in the hands of one at a
    time, by a lock that ends with its transaction: nobody waits for the dead.
    """

    def __init__(self, work: Work, sent: Callable[[int, bool], None]) -> None:
        self._work, self._sent = work, sent
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Spread whatever is being published, one range at a time."""
        turn = Turn.INBOUND
        while True:
            fresh = self.wake.is_set()  # what woke us may be an emergency
            self.wake.clear()
            spread = await self._range(fresh, Turn.INBOUND if fresh else turn)
            if spread:
                urgent = spread.priority == "emergency"
                self._sent(0, urgent)
                turn = Turn.INBOUND if urgent else Turn.SPREAD
                continue
            turn = Turn.INBOUND
            try:
                async with asyncio.timeout(1.0):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def _range(self, fresh: bool, turn: Turn) -> Announcement | None:
        size = FIRST if fresh else RANGE[self._work.database.sqlite]
        try:
            return await self._work.write(lambda tx: publishing.advance(tx, size), turn)
        except Exception:
            log.exception("spread failed, will be tried again")
            return None
