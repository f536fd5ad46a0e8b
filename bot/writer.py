"""SQLite's one writer: a thread with a fair queue, which commits what is small together.

A commit waits for the disk, some milliseconds, and everybody behind it waits too. So jobs that stand in the queue
at the same time share one: each in a savepoint of its own, so that it stands or falls alone, and nobody is told that
theirs is done before it is on disk.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar

from storage import Database, Transaction

T = TypeVar("T")
Begin = Callable[[], AbstractContextManager[Transaction]]
Run = Callable[[Begin], Any]  # a job that begins its own transaction
MOST_TOGETHER = 32  # jobs
LONGEST_TOGETHER = 0.02  # seconds after which no further job joins: an emergency waits no longer than that


class Waiting(NamedTuple):
    """A job in the queue, served by `due`: when it came plus its handicap, in seconds of the monotonic clock."""

    due: float
    order: int
    run: Run
    future: "Future[Any]"
    small: bool  # may share a commit


class Spoiled(Exception):
    """The database failed under one of several jobs: none of them is kept."""


class Writer:
    """One thread and a queue ordered by arrival plus handicap."""

    def __init__(self, database: Database, spoils: Callable[[BaseException], bool]) -> None:
        """`spoils` tells an error that the database is to blame for, after which nothing of a shared commit is sure."""
        self._database, self._spoils = database, spoils
        self._heap: list[Waiting] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Begin], T], handicap: float, small: bool) -> "Future[T]":
        """Queue a job; its future ends with the job's result, once that is on disk, or with its error."""
        future: Future[T] = Future()
        with self._wake:
            if self._closed:
                raise RuntimeError("the writer is closed")
            due = time.monotonic() + handicap
            heapq.heappush(self._heap, Waiting(due, next(self._order), run, future, small))
            self._wake.notify()
        return future

    def shutdown(self) -> None:
        """Run what is queued, then end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        while (first := self._next()) is not None:
            if first.small:
                self._together(first)
            else:
                self._alone(first)

    def _next(self) -> Waiting | None:
        """The next job that is still wanted; None when the queue is closed and empty."""
        while True:
            with self._wake:
                while not self._heap and not self._closed:
                    self._wake.wait()
                if not self._heap:
                    return None
                waiting = heapq.heappop(self._heap)
            if waiting.future.set_running_or_notify_cancel():
                return waiting

    def _following(self, first: Waiting) -> Iterator[Waiting]:
        """`first`, and the small jobs that stand behind it now."""
        until = time.monotonic() + LONGEST_TOGETHER
        yield first
        for _ in range(MOST_TOGETHER - 1):
            with self._wake:
                if not self._heap or not self._heap[0].small or time.monotonic() > until:
                    return
                waiting = heapq.heappop(self._heap)
            if waiting.future.set_running_or_notify_cancel():
                yield waiting

    def _alone(self, waiting: Waiting) -> None:
        try:
            waiting.future.set_result(waiting.run(self._database.transaction))
        except BaseException as error:
            waiting.future.set_exception(error)

    def _together(self, first: Waiting) -> None:
        """Run `first` and what stands behind it in one commit; each again by itself if that fails."""
        taken: list[Waiting] = []
        ended: list[tuple[Any, BaseException | None]] = []
        try:
            with self._database.shared() as begin:
                for waiting in self._following(first):
                    taken.append(waiting)
                    ended.append(self._within(begin, waiting.run))
        except BaseException:
            for waiting in taken or [first]:
                self._alone(waiting)
            return
        for waiting, (result, error) in zip(taken, ended, strict=True):
            if error is None:
                waiting.future.set_result(result)
            else:
                waiting.future.set_exception(error)

    def _within(self, begin: Begin, run: Run) -> tuple[Any, BaseException | None]:
        """What a job returned, or the error that left nothing of it behind."""
        try:
            return run(begin), None
        except BaseException as error:  # whatever a job does, the writer lives on
            if self._spoils(error):
                raise Spoiled from error
            return None, error
