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
    time, by a lock that ends with its transaction: nobody waits for the dead. On PostgreSQL emergencies have a
    connection of their own: a long range of other news that has just begun would hold them up.
    """

    def __init__(self, work: Work, sent: Callable[[int, bool], None]) -> None:
        self._work, self._sent = work, sent
        self._news = {urgent: asyncio.Event() for urgent in ((False,) if work.database.sqlite else (True, False))}

    def wake(self) -> None:
        """Something has been published."""
        for event in self._news.values():
            event.set()

    async def run(self) -> None:
        """Spread whatever is being published."""
        async with asyncio.TaskGroup() as group:
            for urgent, news in self._news.items():
                group.create_task(self._go_on(news, urgent))

    async def _go_on(self, news: asyncio.Event, urgent: bool) -> None:
        """One range at a time. `urgent`: of emergencies only."""
        turn = Turn.INBOUND
        while True:
            fresh = news.is_set()  # what woke us may be an emergency
            news.clear()
            spread = await self._range(fresh, urgent, Turn.INBOUND if fresh else turn)
            if spread:
                first = spread.priority == "emergency"
                self._sent(0, first)
                turn = Turn.INBOUND if first else Turn.SPREAD
                continue
            turn = Turn.INBOUND
            try:
                async with asyncio.timeout(1.0):
                    await news.wait()
            except TimeoutError:
                continue

    async def _range(self, fresh: bool, urgent: bool, turn: Turn) -> Announcement | None:
        size = FIRST if fresh else RANGE[self._work.database.sqlite]
        try:
            return await self._work.write(lambda tx: publishing.advance(tx, size, urgent), turn)
        except Exception:
            log.exception("spread failed, will be tried again")
            return None
