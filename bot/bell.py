"""The bell between processes: what one has written another may send at once, on PostgreSQL by NOTIFY."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence

import psycopg
import structlog

from storage import Database, bells

log = structlog.get_logger()
LISTEN_SECONDS = 1.0
AGAIN_SECONDS = 2.0


class Bell:
    """Rings for other processes and hears them; on SQLite, which has one process, it does nothing."""

    def __init__(self, database: Database, heard: Callable[[int, bool], object]) -> None:
        self._url = "" if database.sqlite else database.url
        self._heard = heard
        self._rung: set[tuple[int, bool]] = set()
        self._wanted = asyncio.Event()

    def ring(self, account_id: int, urgent: bool) -> None:
        """Have the other processes look; many calls at once are one."""
        if self._url:
            self._rung.add((account_id, urgent))
            self._wanted.set()

    async def run(self) -> None:
        """Ring and listen until cancelled."""
        if not self._url:
            return
        over = threading.Event()
        loop = asyncio.get_running_loop()
        ear = threading.Thread(target=self._listen, args=(over, loop), name="bell", daemon=True)
        ear.start()
        try:
            await self._ring_always()
        finally:
            over.set()
            await asyncio.to_thread(ear.join)

    async def _ring_always(self) -> None:
        wire = _Wire(self._url)
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                rung, self._rung = self._rung, set()
                urgent_first = sorted(rung, key=lambda one: not one[1])
                try:
                    await asyncio.to_thread(wire.ring, [f"{number} {int(urgent)}" for number, urgent in urgent_first])
                except psycopg.Error as error:  # they look every quarter of a second all the same
                    log.warning("the bell does not ring", why=type(error).__name__)
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            await asyncio.to_thread(wire.cut)

    def _listen(self, over: threading.Event, loop: asyncio.AbstractEventLoop) -> None:
        while not over.is_set():
            try:
                with bells.connect(self._url) as connection:
                    while not over.is_set():
                        for words in bells.listen(connection, LISTEN_SECONDS):
                            account_id, _, urgent = words.partition(" ")
                            with contextlib.suppress(RuntimeError):  # the loop has just ended
                                loop.call_soon_threadsafe(self._heard, int(account_id), urgent == "1")
            except (psycopg.Error, ValueError) as error:
                log.warning("the bell is not heard", why=type(error).__name__)
                over.wait(AGAIN_SECONDS)


class _Wire:
    """The connection that is rung over, made when it is first needed and again after a failure.

    A thread that rings goes on when whoever waits for it is cancelled, so cutting waits for it: nothing stays open.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None
        self._mine, self._over = threading.Lock(), False

    def ring(self, words: Sequence[str]) -> None:
        """Raises `psycopg.Error`."""
        with self._mine:
            if self._over:
                return
            try:
                self._connection = self._connection or bells.connect(self._url)
                for one in words:
                    bells.ring(self._connection, one)
            except psycopg.Error:
                self._drop()
                raise

    def cut(self) -> None:
        """Nobody rings any more."""
        with self._mine:
            self._over = True
            self._drop()

    def _drop(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
