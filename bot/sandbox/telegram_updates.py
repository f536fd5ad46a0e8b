"""A bot's updates: waiting in their order until polled, delivered or too old.

Source: telegram reference §1.4 (update ids, queues, expiry, getUpdates) and Bot API documentation, "Getting updates".
"""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

from bot.sandbox.state import Clock
from bot.sandbox.telegram_args import Args, Refusal

MESSAGE_LIFE_MS = 24 * 3_600_000
TAP_LIFE_MS = 150_000  # callback queries; telegram reference §1.4
WEEK_MS = 7 * 24 * 3_600_000  # of silence, after which ids jump
LONGEST_POLL_S = 50
NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")
TWO_POLLERS = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
RESTART = "Internal Server Error: restart"


@dataclass(frozen=True, slots=True)
class Update:
    """One update. Those of one `lane` are delivered one at a time; `chat` is the chat's key for faults."""

    id: int
    kind: str
    body: dict[str, Any]
    lane: str
    chat: str
    expires_ms: float

    def as_json(self) -> dict[str, Any]:
        return {"update_id": self.id, self.kind: self.body}


class Updates:
    """All updates of one bot that nobody has confirmed yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[int, Update] = {}
        self._next = random.randrange(10**8, 9 * 10**8)
        self._last_ms = clock.now()
        self.allowed: list[str] = []  # empty: all but NOT_BY_DEFAULT
        self._arrived = asyncio.Event()
        self._poller: asyncio.Future[None] | None = None
        self._polled = (-1, 0.0, 0.0)  # offset of the last poll, its start and end, monotonic seconds

    def add(self, kind: str, body: dict[str, Any], lane: str, chat: str, life_ms: int) -> Update | None:
        """Remember one update; None when the bot did not ask for this kind."""
        if kind not in self.allowed if self.allowed else kind in NOT_BY_DEFAULT:
            return None
        now = self._clock.now()
        if now - self._last_ms > WEEK_MS:
            self._next = random.randrange(10**8, 9 * 10**8)
        update = Update(self._next, kind, body, lane, chat, now + life_ms)
        self._pending[update.id] = update
        self._next, self._last_ms = self._next + 1, now
        self._arrived.set()
        return update

    def allow(self, args: Args) -> None:
        """Take `allowed_updates` of a call, if given; it does not touch updates made before."""
        kinds = args.json("allowed_updates", "can't parse allowed updates JSON object")
        if kinds is not None:
            if not isinstance(kinds, list):
                raise Refusal(400, "Bad Request: expected an Array of String as allowed_updates")
            self.allowed = [str(kind) for kind in kinds]

    def pending(self) -> list[Update]:
        """What still waits, oldest first; expired ones vanish here."""
        now = self._clock.now()
        for update in [u for u in self._pending.values() if u.expires_ms <= now]:
            del self._pending[update.id]
        return list(self._pending.values())

    def drop(self, update: Update) -> None:
        self._pending.pop(update.id, None)

    def clear(self) -> None:
        self._pending.clear()

    async def poll(self, offset: int, limit: int, wait_s: int) -> list[Update]:
        """getUpdates: confirm what lies before `offset`, then wait up to `wait_s` real seconds for the rest.

        Raises Refusal 409 when another poll begins before this one ends.
        """
        self._confirm(offset)
        limit, wait_s = self._restrained(offset, limit if 1 <= limit <= 100 else 100, wait_s)
        mine = self._take_over()
        started, deadline = time.monotonic(), time.monotonic() + wait_s
        try:
            while not (found := self._from(offset)) and time.monotonic() < deadline:
                await self._wait(mine, deadline - time.monotonic())
            return found[:limit]
        finally:
            self._polled = (offset, started, time.monotonic())
            if self._poller is mine:
                self._poller = None
            mine.cancel()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            keep = [u.id for u in self.pending()][offset:]
            self._pending = {i: self._pending[i] for i in keep}
        elif offset:
            self._pending = {i: u for i, u in self._pending.items() if i >= offset}

    def _restrained(self, offset: int, limit: int, wait_s: int) -> tuple[int, int]:
        """The same offset again within 3 s waits 3 s; within 0.5 s it gets one update (reference §1.4)."""
        before, started, ended = self._polled
        now = time.monotonic()
        if offset == before and now < started + 3:
            wait_s = max(wait_s, 3)
        if offset == before and now < ended + 0.5:
            limit = 1
        return limit, min(max(wait_s, 0), LONGEST_POLL_S)

    def _take_over(self) -> asyncio.Future[None]:
        self.end_poll(Refusal(409, TWO_POLLERS))
        self._poller = asyncio.get_running_loop().create_future()
        return self._poller

    def end_poll(self, refusal: Refusal) -> None:
        """Answer the waiting poll, if any, with this."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(refusal)
        self._poller = None

    def _from(self, offset: int) -> list[Update]:
        return [u for u in self.pending() if u.id >= offset]

    async def _wait(self, mine: asyncio.Future[None], seconds: float) -> None:
        self._arrived.clear()
        arrived = asyncio.create_task(self._arrived.wait())
        try:
            waits: list[asyncio.Future[Any]] = [arrived, mine]
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()
        if mine.done():
            mine.result()
