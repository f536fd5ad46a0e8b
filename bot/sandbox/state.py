"""What every emulator keeps: a clock that can be set, faults on demand, and counts of what arrived."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

MOST_VIOLATIONS = 1000  # listed one by one; beyond that only counted


class Clock:
    """Milliseconds UTC that run with the machine, or from wherever they were set, at any rate (0 freezes)."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()
        self.go_real()

    def go_real(self) -> None:
        self.real = True
        self._anchor(time.time() * 1000, 1.0)

    def set(self, now_ms: float, rate: float | None = None) -> None:
        self.real = False
        self._anchor(now_ms, self.rate if rate is None else rate)

    def advance(self, ms: float, rate: float | None = None) -> None:
        self.set(self.now() + ms, rate)

    def now(self) -> float:
        return self._base + (time.monotonic() - self._since) * 1000 * self.rate

    def now_ms(self) -> int:
        return int(self.now())

    async def wait_until(self, at_ms: float) -> None:
        """Sleep by this clock: moving the clock past `at_ms` ends the wait at once."""
        while (left := at_ms - self.now()) > 0:
            timeout = left / 1000 / self.rate if self.rate else None
            try:
                await asyncio.wait_for(self._moved.wait(), timeout)
            except TimeoutError:
                continue

    def _anchor(self, base_ms: float, rate: float) -> None:
        self._base, self._since, self.rate = base_ms, time.monotonic(), rate
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


@dataclass
class Fault:
    """One misbehaviour: how often, how long, for which share of calls, for which chat or method."""

    id: int
    name: str
    count: int | None = None
    until_ms: float | None = None
    share: float = 1.0
    chat: str | None = None
    method: str | None = None  # None: only sends; "*": every call; else that method
    more: dict[str, Any] = field(default_factory=dict)

    def fits(self, chat: str | None, method: str | None, is_send: bool) -> bool:
        if self.chat is not None and self.chat != chat:
            return False
        return is_send if self.method is None else self.method in ("*", method)


class Faults:
    """The faults that are on; `take` uses one up."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last = clock, 0
        self._list: list[Fault] = []
        self.changed = asyncio.Event()

    def add(self, name: str, options: dict[str, Any]) -> Fault:
        rest = dict(options)
        self._last += 1
        seconds = rest.pop("seconds", None)
        fault = Fault(
            id=self._last,
            name=name,
            count=rest.pop("count", None),
            until_ms=None if seconds is None else self._clock.now() + seconds * 1000,
            share=float(rest.pop("share", 1.0)),
            chat=rest.pop("chat", None),
            method=rest.pop("method", None),
            more=rest,
        )
        self._list.append(fault)
        return fault

    def clear(self) -> None:
        self._list.clear()
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def active(self) -> list[Fault]:
        if self._list:
            now = self._clock.now()
            self._list = [f for f in self._list if f.count != 0 and (f.until_ms is None or now < f.until_ms)]
        return self._list

    def on(self, name: str, chat: str) -> bool:
        """Whether such a fault is on, without using it up."""
        return any(fault.name == name and fault.fits(chat, None, True) for fault in self.active())

    def take(
        self, *names: str, chat: str | None = None, method: str | None = None, is_send: bool = True
    ) -> Fault | None:
        """The first active fault with one of these names (any name if none given) that fits, used up once."""
        for fault in self.active():
            if (not names or fault.name in names) and fault.fits(chat, method, is_send):
                if fault.share < 1.0 and random.random() >= fault.share:
                    continue
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None


class Rate:
    """At most `limit` arrivals in any half-open window of `window_ms`, in all or per chat."""

    def __init__(self, name: str, limit: int, window_ms: int, *, per_chat: bool = False) -> None:
        self.name, self.limit, self.window_ms, self.per_chat = name, limit, window_ms, per_chat
        self._arrivals: dict[str, deque[float]] = {}
        self._pruned = 0.0

    def over(self, now: float, chat: str, *, enforce: bool) -> bool:
        """Count one arrival and say whether it is above the limit; an enforced refusal is not counted."""
        if self.limit <= 0:
            return False
        arrivals = self._recent(now, chat)
        above = len(arrivals) >= self.limit
        if not (above and enforce):
            arrivals.append(now)
        return above

    def remaining(self, now: float, chat: str = "") -> int:
        return max(0, self.limit - len(self._recent(now, chat)))

    def clear(self) -> None:
        self._arrivals.clear()

    def _recent(self, now: float, chat: str) -> deque[float]:
        if self.per_chat and abs(now - self._pruned) > 10 * self.window_ms:
            self._prune(now)
        arrivals = self._arrivals.setdefault(chat if self.per_chat else "", deque())
        while arrivals and not 0 <= now - arrivals[0] < self.window_ms:
            arrivals.popleft()
        return arrivals

    def _prune(self, now: float) -> None:
        """A million chats must not keep a million queues."""
        self._pruned = now
        self._arrivals = {c: a for c, a in self._arrivals.items() if a and now - a[-1] < self.window_ms}


class Call:
    """One send being answered; refused unless `accept` was called before `end`."""

    __slots__ = ("_accepted", "_counts", "chat", "over")

    def __init__(self, counts: Counts, chat: str, over: str | None) -> None:
        self._counts, self.chat, self.over, self._accepted = counts, chat, over, False

    def accept(self, fingerprint: str) -> None:
        """`fingerprint` is what the person reads: the same one to the same chat again counts as repeated."""
        self._accepted = True
        self._counts.accept(self.chat, fingerprint)

    def end(self) -> None:
        self._counts.end(self.chat, self._accepted)


class Counts:
    """Requests, acceptances, repeats, the largest open set, and every breach of a limit by arrival."""

    def __init__(self, clock: Clock, rates: list[Rate]) -> None:
        self._clock, self.rates = clock, rates
        self._open_chats: Counter[str] = Counter()
        self.open = 0
        self.reset()

    def reset(self) -> None:
        self.requests = self.accepted = self.refused = self.repeated = 0
        self.open_max, self.violations_total = self.open, 0
        self.violations: list[dict[str, Any]] = []
        self.by_second: Counter[int] = Counter()
        self._told: set[int] = set()
        for rate in self.rates:
            rate.clear()

    def arrive(self, chat: str = "", *, enforce: bool = False) -> str | None:
        """Count one request; the name of the first limit it breaks, if any."""
        now, over = self._clock.now(), None
        self.requests += 1
        self.by_second[int(now // 1000)] += 1
        for rate in self.rates:
            if rate.over(now, chat, enforce=enforce):
                over = over or rate.name
                self.violate(rate.name, chat)
        return over

    def begin(self, chat: str, *, enforce: bool = False) -> Call:
        """Count one send that is now being answered; the caller must `end` it."""
        over = self.arrive(chat, enforce=enforce)
        self.open += 1
        self.open_max = max(self.open_max, self.open)
        if chat:
            self._open_chats[chat] += 1
            if self._open_chats[chat] > 1:
                self.violate("one open request per chat", chat)
        return Call(self, chat, over)

    def violate(self, rule: str, chat: str = "") -> None:
        self.violations_total += 1
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append({"rule": rule, "at_ms": self._clock.now_ms(), "chat": chat or None})

    def accept(self, chat: str, fingerprint: str) -> None:
        self.accepted += 1
        told = hash((chat, fingerprint))
        if told in self._told:
            self.repeated += 1
        self._told.add(told)

    def end(self, chat: str, accepted: bool) -> None:
        self.open -= 1
        self.refused += not accepted
        if chat:
            self._open_chats[chat] -= 1
            if self._open_chats[chat] <= 0:
                del self._open_chats[chat]

    def as_json(self) -> dict[str, Any]:
        names = ("requests", "accepted", "refused", "repeated", "open", "open_max")
        return {name: getattr(self, name) for name in names} | {
            "violations": self.violations,
            "violations_total": self.violations_total,
            "by_second": {str(second): n for second, n in self.by_second.items()},
        }
