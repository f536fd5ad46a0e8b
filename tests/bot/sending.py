"""A sender with a real ledger behind it, and another side that answers as a test wants it to."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from bot.delivery import Sender
from bot.endings import Ending, Sent
from bot.exchange import Held
from bot.pace import Budget, Chats, Limit
from bot.work import Work
from content.message import Part
from storage import Database, leases
from storage.accounts import Account
from storage.ledger import Due
from storage.outbox import ROUTINE, Delivery
from tests.storage.people import account, follower

FREE = Limit(0, 1.0)  # no limit
UNTIL_SECONDS = 20.0


class FarSide:
    """Whoever takes the calls: how each ends, how long it takes, and when each came (seconds, row, its part)."""

    def __init__(self, ending: Callable[[Due], Ending] = lambda _: Sent("m"), parts: int = 1) -> None:
        self.ending, self._parts = ending, parts
        self.took: Callable[[Due], float] = lambda _: 0.0
        self.calls: list[tuple[float, Due, Part]] = []

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """The same words for everybody."""
        return {row.id: tuple(Part("text", f"phần {one}") for one in range(self._parts)) for row in rows}

    async def send(self, row: Due, part: Part) -> Ending:
        """One call."""
        self.calls.append((time.monotonic(), replace(row), part))
        await asyncio.sleep(self.took(row))
        return self.ending(row)

    def chats(self) -> list[str]:
        """Whom the calls went to, in their order."""
        return [row.chat for _, row, _ in self.calls]

    def texts(self) -> list[str]:
        """What they said."""
        return [part.text for _, _, part in self.calls]


@contextmanager
def worked(database: Database, kind: type[Work] = Work) -> Iterator[Work]:
    """The writer of a database."""
    work = kind(database)
    try:
        yield work
    finally:
        work.close()


@asynccontextmanager
async def running(work: Work, far: Any, limit: Limit | None = None, channel: str = "telegram",
                  shared: tuple[Limit, ...] = (), limits: Any = lambda: None) -> AsyncIterator[Sender]:  # fmt: skip
    """The sender of a channel's account, until the test lets go of it."""
    sender = made(work, far, limit, channel, shared, limits)
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def made(work: Work, far: Any, limit: Limit | None = None, channel: str = "telegram",
         shared: tuple[Limit, ...] = (), limits: Any = lambda: None) -> Sender:  # fmt: skip
    """The same before it runs."""
    with work.database.transaction() as tx:
        row: Account = account(tx, channel)
        leases.take(tx, "budget 1", "we", 600_000)
    return Sender(row, far, work, Budget(limit or FREE, shared), Chats(0.0), Held("budget 1", 1), limits)


def post(database: Database, chat: str = "", lane: int = ROUTINE, **more: Any) -> int:
    """One delivery in the queue, to a chat or to somebody new; its id."""
    with database.transaction() as tx:
        who = {"chat": chat} if chat else _new(tx, more.pop("channel", "telegram"))
        values = {"letter_id": 1, "due_at": tx.now, "created_at": tx.now, "lane": lane, **who, **more}
        values.setdefault("account_id", account(tx).id)
        return tx.put(Delivery(**values)).id or 0


def _new(tx: Any, channel: str) -> dict[str, Any]:
    address = follower(tx, channel=channel)
    address.heard_at = tx.now
    tx.session.flush()
    return {"account_id": address.account_id, "address_id": address.id, "chat": address.chat}


def rows(database: Database) -> list[Delivery]:
    """Every delivery, oldest first."""
    with database.transaction() as tx:
        return list(tx.session.exec(select(Delivery).order_by(col(Delivery.id))).all())


def states(database: Database) -> list[str]:
    """Where every delivery stands, oldest first."""
    return [row.state for row in rows(database)]


async def until(enough: Callable[[], Any], seconds: float = UNTIL_SECONDS) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not enough():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.02)
