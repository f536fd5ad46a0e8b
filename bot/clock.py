"""The clock: jobs declared in code; a lease row decides which process may run them."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.chores import Chores
from bot.work import Turn, Work
from storage import Transaction, leases

log = structlog.get_logger()
LEASE_MS = 90_000
FINISH_SECONDS = 3.0


class Clock:
    """Starts the jobs in this process; each run asks for the lease first, so several processes are safe."""

    def __init__(self, work: Work, chores: Chores, news_seconds: float) -> None:
        self._work = work
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._running: set[str] = set()
        self._scheduler = AsyncIOScheduler(timezone="Asia/Ho_Chi_Minh")
        every = {
            chores.fetch_media: 2.0,
            chores.source_news: news_seconds,
            chores.expire: 30.0,
            chores.day_letters: 60.0,
            chores.forget: 3600.0,
            chores.fold: 3600.0,
            chores.refresh_tokens: 1800.0,
        }
        for job, seconds in every.items():
            self._scheduler.add_job(
                self._guarded(job), "interval", seconds=seconds, id=job.__name__,
                coalesce=True, max_instances=1, misfire_grace_time=60,
            )  # fmt: skip

    def _guarded(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self._running.add(job.__name__)
            try:
                if await self._work.write(self._ours, Turn.CHORE):
                    await job()
            except Exception:
                log.exception("job failed", job=job.__name__)
            finally:
                self._running.discard(job.__name__)

        return run

    def _ours(self, tx: Transaction) -> bool:
        """Whether this process runs the jobs; on SQLite there is no other, whatever the lease says."""
        return leases.take(tx, "clock", self._owner, LEASE_MS, alone=not tx.postgres) is not None

    async def run(self) -> None:
        """Tick until cancelled, then give the lease back."""
        self._scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._scheduler.pause()
            await self._finish()
            self._scheduler.shutdown(wait=False)
            await self._work.write(lambda tx: leases.give_back(tx, "clock", self._owner))

    async def _finish(self) -> None:
        """A job that runs may end; one that takes long is cut off, for every job is safe to run again."""
        for _ in range(int(FINISH_SECONDS / 0.05)):
            if not self._running:
                return
            await asyncio.sleep(0.05)
