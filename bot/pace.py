"""Pace: a platform's limits as data, kept evenly and never exceeded as the platform counts by arrival."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import takewhile

from storage.ledger import MOST

Ticks = Callable[[], float]
RAMP_SECONDS = 10.0  # after a stop the pace grows from a tenth to the whole
SLOWEST = 0.1
KEPT_SECONDS = 0.05  # how long a slot is kept for an emergency that is about to take it


class Limit:
    """At most `limit` requests in any window of `window` seconds, evenly spaced; `limit` 0 is no limit.

    A request may arrive at any moment between its start and its answer. So its slot is taken from before the request
    is written until one window after its answer: then no half-open window can hold more than `limit` arrivals.
    `clock` is monotonic seconds.
    """

    def __init__(self, limit: float, window: float, clock: Ticks = time.monotonic) -> None:
        self.limit, self.window = limit, window
        self._most = limit
        self._clock = clock
        self._flying = 0
        self._landed: deque[float] = deque()
        self._next = 0.0  # even spacing
        self._stopped_until = 0.0
        self._ramp_from = -RAMP_SECONDS
        self._kept_until = 0.0  # the next slot is an emergency's, of whichever account

    @property
    def per_second(self) -> float:
        """The pace, requests a second; 0 = no limit."""
        return self.limit / self.window

    def seed(self, ages: Iterable[float]) -> None:
        """Count requests of `ages` seconds ago, which an earlier holder of this limit made."""
        now = self._clock()
        self._landed = deque(sorted([*self._landed, *(now - age for age in ages)]))

    def stop(self, seconds: float) -> None:
        """The platform said so: nothing starts for this long, and then slowly at first."""
        self._stopped_until = max(self._stopped_until, self._clock() + seconds)
        self._ramp_from = self._stopped_until

    def correct(self, limit: float, remain: float) -> None:
        """The platform's own count: its limit, and what it has left for us and whoever else uses it.

        It never lifts the limit that was set: a platform may mean what many accounts share. We hold a slot for longer
        than the platform counts a call, so what it counts beyond ours is somebody else's.
        """
        self.limit = min(limit, self._most or limit)
        others = int(self.limit - remain) - self.taken
        if others > 0:
            self._landed.extend([self._clock()] * others)

    @property
    def taken(self) -> int:
        """Slots in use now."""
        now = self._clock()
        # Written as `_wait` writes it: rounded differently, a slot could be free for one and not for the other.
        while self._landed and self._landed[0] + self.window - now <= 0:
            self._landed.popleft()
        return self._flying + len(self._landed)

    @property
    def stopped(self) -> float:
        """Seconds for which the platform told us to stop."""
        return max(0.0, self._stopped_until - self._clock())

    def wait(self, first: bool = False) -> float:
        """Seconds until a slot is free; 0 when one is. `first`: an emergency, before whoever else waits here."""
        wait, now = self._wait(), self._clock()
        if first:
            self._kept_until = now + wait + KEPT_SECONDS if wait > 0 else 0.0
            return wait
        return max(wait, self._kept_until - now)

    def _wait(self) -> float:
        if self.limit <= 0:
            return self.stopped
        now, taken = self._clock(), self.taken
        waits = [self._stopped_until - now, self._next - now]
        if taken + 1 > self.limit and taken > 0:
            waits.append(self._landed[0] + self.window - now if self._landed else 0.005)
        return max(0.0, *waits)

    def take(self) -> None:
        """A request starts now."""
        self._flying += 1
        if self.limit > 0:
            gap = self.window / (self.limit * self._ramp())
            # A slot that was overslept may be made up for, one at most: the window's rule holds all the same.
            self._next = max(self._next, self._clock() - gap) + gap

    def land(self) -> None:
        """A request was answered, or given up: its slot is free one window from now."""
        self._flying -= 1
        if self.limit > 0:
            self._landed.append(self._clock())

    def _ramp(self) -> float:
        gone = (self._clock() - self._ramp_from) / max(RAMP_SECONDS, self.window)
        return min(1.0, max(SLOWEST, gone))


class Budget:
    """Every limit that a call of one account counts against: its own, and its app's. Each call takes a slot in all."""

    def __init__(self, own: Limit, shared: Sequence[Limit] = ()) -> None:
        self.own = own
        self.ended = 0  # calls
        self._limits = (own, *shared)

    @property
    def burst(self) -> int:
        """How many deliveries a sender may hold in its hands: one second of its pace, at most `MOST`."""
        slowest = min((one.per_second for one in self._limits if one.limit > 0), default=float(MOST))
        return max(2, min(MOST, int(slowest)))

    @property
    def stopped(self) -> float:
        """Seconds for which nothing may start."""
        return max(one.stopped for one in self._limits)

    def wait(self, first: bool = False) -> float:
        """Seconds until every limit has a slot; an emergency is first where accounts share one."""
        return max(one.wait(first) for one in self._limits)

    def take(self) -> None:
        """A call starts."""
        for one in self._limits:
            one.take()

    def land(self) -> None:
        """A call has ended."""
        self.ended += 1
        for one in self._limits:
            one.land()

    def stop(self, seconds: float, app: bool = False) -> None:
        """The account is throttled; other accounts of its app are not, unless the platform said so (`app`)."""
        for one in self._limits if app else (self.own,):
            one.stop(seconds)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A slot for a call beside the sends: an upload, a look at the account."""
        while (wait := self.wait()) > 0:  # noqa: ASYNC110 - it ends by the clock
            await asyncio.sleep(wait)
        self.take()
        try:
            yield
        finally:
            self.land()


class Chats:
    """At most one request in flight per chat, `gap` seconds from the end of one to the start of the next, and groups'.

    Telegram takes 20 messages a minute in a group; its groups are the chats with a negative id.
    """

    def __init__(self, gap: float, group_limit: int = 0, clock: Ticks = time.monotonic) -> None:
        self.gap, self._group_limit = gap, group_limit
        self._clock = clock
        self._flying: set[str] = set()
        self._last: dict[str, float] = {}  # when the last request ended, oldest first
        self._groups: dict[str, Limit] = {}

    def wait(self, chat: str) -> float:
        """Seconds until this chat is free; a chat with a request in flight is not, for as long as it takes."""
        if chat in self._flying:
            return float("inf")
        gap = self._last.get(chat, -self.gap) + self.gap - self._clock() if self.gap else 0.0
        return max(0.0, gap, self._groups[chat].wait() if chat in self._groups else 0.0)

    def take(self, chat: str) -> None:
        """A request to this chat starts now."""
        self._flying.add(chat)
        if self._group_limit and chat.startswith("-"):
            group = self._groups.setdefault(chat, Limit(self._group_limit, 60.0, self._clock))
            group.take()

    def land(self, chat: str) -> None:
        """It has ended."""
        self._flying.discard(chat)
        if chat in self._groups:
            self._groups[chat].land()
        if self.gap:
            self._last.pop(chat, None)
            self._last[chat] = self._clock()

    def busy(self) -> dict[str, float]:
        """Chats that must wait, and for how many seconds."""
        self._forget()
        waiting = {chat: self.wait(chat) for chat in (*self._last, *self._groups, *self._flying)}
        return {chat: seconds for chat, seconds in waiting.items() if seconds > 0}

    def _forget(self) -> None:
        """Memory must not grow with the audience: drop the chats whose gap is over."""
        old = self._clock() - self.gap
        for chat in list(takewhile(lambda one: self._last[one] <= old, self._last)):
            del self._last[chat]
        for chat in [chat for chat, group in self._groups.items() if not group.taken]:
            del self._groups[chat]
