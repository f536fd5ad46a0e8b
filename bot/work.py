"""Transactions run whole in a thread: one writer with a fair queue on SQLite, a small pool on PostgreSQL."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import IntEnum
from typing import TypeVar

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from bot.writer import Begin, Writer
from storage import Database, Transaction
from storage.citizens import StaleState

T = TypeVar("T")
Job = Callable[[Transaction], T]
RETRIES = 3
# Somebody else was quicker: the same dialogue, the same new row, or a lock that both wanted. The second try sees it.
AGAIN = (StaleState, IntegrityError)
DEADLOCK = ("40001", "40P01")  # PostgreSQL: serialization_failure, deadlock_detected


def is_trouble(error: BaseException) -> bool:
    """Whether the database is to blame (gone, locked, full), rather than what was asked of it."""
    if isinstance(error, IntegrityError | DataError | ProgrammingError):
        return False
    # A bare StatementError never reached the database: a value of a wrong type.
    return isinstance(error, SQLAlchemyError) and type(error) is not StatementError


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, AGAIN) or getattr(getattr(error, "orig", None), "sqlstate", "") in DEADLOCK


class Turn(IntEnum):
    """Who waits behind whom for SQLite's one writer. The value is a handicap in tenths of a second."""

    URGENT = 0
    INBOUND = 1
    SETTLE = 2
    SPREAD = 5
    CHORE = 8


SMALL = Turn.SETTLE  # up to here a job is a matter of milliseconds, and shares its commit with others


class Work:
    """`await work.write(job)` runs `job(tx)` in a transaction and returns what it returns.

    On SQLite jobs queue by arrival time plus their handicap, so that a spread cannot starve an answer and an
    answer cannot starve a spread. A job that lost a race against another process is run again.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._readers = ThreadPoolExecutor(4, "reader")
        self._writers: Writer | ThreadPoolExecutor = (
            Writer(database, is_trouble) if database.sqlite else ThreadPoolExecutor(8, "writer")
        )

    async def write(self, job: Job[T], turn: Turn = Turn.CHORE) -> T:
        """Run `job` in a transaction that writes."""
        return await asyncio.wrap_future(self.submit(job, turn))

    def submit(self, job: Job[T], turn: Turn = Turn.CHORE) -> "Future[T]":
        """The same for callers that do not wait in the loop."""
        if isinstance(self._writers, Writer):
            return self._writers.submit(lambda begin: _commit(begin, job), turn / 10, turn <= SMALL)
        return self._writers.submit(_commit, self.database.transaction, job)

    async def read(self, job: Job[T]) -> T:
        """Run `job` in a transaction that only reads."""
        return await asyncio.wrap_future(self._readers.submit(self._look, job))

    def _look(self, job: Job[T]) -> T:
        with self.database.reading() as tx:
            return job(tx)

    def close(self) -> None:
        """Finish what was begun, then stop the threads."""
        self._writers.shutdown()
        self._readers.shutdown()


def _commit(begin: Begin, job: Job[T]) -> T:
    for left in reversed(range(RETRIES)):
        try:
            with begin() as tx:
                return job(tx)
        except Exception as error:
            if not left or not _worth_another_try(error):
                raise
    raise AssertionError("unreachable")
