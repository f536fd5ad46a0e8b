"""Pace: an account's limit as data, kept evenly and never exceeded as the platform counts by arrival."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager


class Pace:
    """At most `limit` requests in any window of `window` seconds, evenly spaced.

    A request may arrive at any moment between its start and its answer. So its slot is taken from before the request
    is written until one window after its answer: then no half-open window can hold more than `limit` arrivals.
    `clock` is monotonic seconds.
    """

    def __init__(self, limit: float, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.window = limit, window
        self._clock = clock
        self._flying = 0
        self._landed: deque[float] = deque()
        self._next = 0.0  # even spacing
        self._stopped_until = 0.0
        self._line = asyncio.Lock()

    def seed(self, ages: Iterable[float]) -> None:
        """Count requests of `ages` seconds ago, which an earlier life of this process made."""
        now = self._clock()
        self._landed.extend(sorted(now - age for age in ages))

    def stop(self, seconds: float) -> None:
        """The platform said so: nothing starts for this long."""
        self._stopped_until = max(self._stopped_until, self._clock() + seconds)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, and hold it while the request is under way."""
        async with self._line:
            while (wait := self._wait()) > 0:
                await asyncio.sleep(wait)
            self._flying += 1
            self._next = max(self._next, self._clock()) + self.window / self.limit
        try:
            yield
        finally:
            self._flying -= 1
            self._landed.append(self._clock())

    def _wait(self) -> float:
        now = self._clock()
        while self._landed and self._landed[0] <= now - self.window:
            self._landed.popleft()
        waits = [self._stopped_until - now, self._next - now]
        taken = self._flying + len(self._landed)
        if taken + 1 > self.limit and taken > 0:
            waits.append(self._landed[0] + self.window - now if self._landed else 0.005)
        return max(0.0, *waits)


class ChatPace:
    """At most one request in flight per chat, and `gap` seconds between the starts of two."""

    def __init__(self, gap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.gap = gap
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._last: dict[str, float] = {}

    @asynccontextmanager
    async def slot(self, chat: str) -> AsyncIterator[None]:
        """Wait for this chat's turn, first come first served."""
        lock = self._locks.setdefault(chat, asyncio.Lock())
        async with lock:
            wait = self._last.get(chat, -self.gap) + self.gap - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                self._last[chat] = self._clock()
        self._tidy()

    def busy(self) -> dict[str, float]:
        """Chats whose turn is not now, and in how many seconds (at the earliest) it may be."""
        now = self._clock()
        waits = {chat: self._last.get(chat, now) + self.gap - now for chat, lock in self._locks.items() if lock.locked()}
        waits |= {chat: at + self.gap - now for chat, at in self._last.items() if at + self.gap > now}
        return {chat: max(0.02, wait) for chat, wait in waits.items()}

    def _tidy(self) -> None:
        """Forget chats that are quiet, so that memory does not grow with the audience."""
        if len(self._last) < 1000:
            return
        old = self._clock() - self.gap
        for chat in [one for one, at in self._last.items() if at < old and not self._locks[one].locked()]:
            del self._last[chat], self._locks[chat]
