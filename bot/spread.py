"""The spread: a published announcement becomes deliveries, range by range, emergencies first, resumable."""

import asyncio
from collections.abc import Callable

import structlog

from bot.work import Turn, Work
from storage import Transaction, announcements, audience
from storage.announcements import Announcement

log = structlog.get_logger()
RANGE = {True: 2000, False: 20_000}  # followers a transaction: SQLite's one writer must stay free for answers


class Spread:
    """`wake` after publishing; it goes on by itself after a restart."""

    def __init__(self, work: Work, sent: Callable[[int, bool], None]) -> None:
        self._work, self._sent = work, sent
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Spread whatever is being published, one range at a time."""
        size = RANGE[self._work.database.sqlite]
        while True:
            self.wake.clear()
            try:
                spread = await self._work.write(lambda tx: _one_range(tx, size), Turn.SPREAD)
            except Exception:
                log.exception("spread failed, will be tried again")
                spread = None
            if spread:
                self._sent(0, spread.priority == "emergency")
                continue
            try:
                async with asyncio.timeout(1.0):
                    await self.wake.wait()
            except TimeoutError:
                continue


def _one_range(tx: Transaction, size: int) -> Announcement | None:
    """The next range of the most urgent announcement; chosen anew each time, so that an emergency overtakes."""
    waiting = announcements.spreading(tx)
    if not waiting:
        return None
    audience.spread_range(tx, waiting[0], size)
    return waiting[0]
