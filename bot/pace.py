"""Pace: an account's limit as data, kept evenly and never exceeded as the platform counts by arrival."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import takewhile


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
            while (wait := self._wait()) > 0:  # noqa: ASYNC110 - it ends by the clock
                await asyncio.sleep(wait)
            self._flying += 1
            gap = self.window / self.limit
            # A slot that was overslept may be made up for, one at most: the window's rule holds all the same.
            self._next = max(self._next, self._clock() - gap) + gap
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
    """At most one request in flight per chat, and `gap` seconds from the end of one to the start of the next."""

    def __init__(self, gap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.gap = gap
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._standing: Counter[str] = Counter()
        self._last: dict[str, float] = {}  # when the last request ended, oldest first

    @asynccontextmanager
    async def slot(self, chat: str) -> AsyncIterator[None]:
        """Wait for this chat's turn, first come first served."""
        lock = self._locks.setdefault(chat, asyncio.Lock())
        self._standing[chat] += 1
        try:
            async with lock:
                await self._gap_over(chat)
                try:
                    yield
                finally:
                    self._last.pop(chat, None)
                    self._last[chat] = self._clock()
        finally:
            self._standing[chat] -= 1
            if not self._standing[chat]:
                del self._standing[chat], self._locks[chat]

    async def _gap_over(self, chat: str) -> None:
        while (wait := self._last.get(chat, 0) + self.gap - self._clock()) > 0:  # noqa: ASYNC110 - it ends by the clock
            await asyncio.sleep(wait)

    def busy(self) -> dict[str, float]:
        """Chats whose last request is too fresh for another one, and for how many seconds it still is."""
        self._forget()
        now = self._clock()
        return {chat: at + self.gap - now for chat, at in self._last.items()}

    def _forget(self) -> None:
        """Memory must not grow with the audience: drop the chats whose gap is over."""
        old = self._clock() - self.gap
        for chat in list(takewhile(lambda one: self._last[one] <= old, self._last)):
            del self._last[chat]
