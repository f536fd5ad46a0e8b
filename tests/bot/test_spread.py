"""An emergency is spread at once, whatever else is being spread at that moment."""

import asyncio
import threading
from typing import Any

import pytest

from bot.spread import Spread
from storage import Database, Transaction, audience, publishing
from storage.announcements import Announcement
from tests.bot.sending import until, worked
from tests.storage.people import announcement, follower


def published(database: Database, priority: str) -> int:
    """The id of one that was just decided upon."""
    with database.transaction() as tx:
        row = announcement(tx, priority)
        assert publishing.publish(tx, row, 2, two_people=False)
        return row.id or 0


def status(database: Database, number: int) -> str:
    """How far an announcement is."""
    with database.reading() as tx:
        return tx.session.get_one(Announcement, number).status


@pytest.mark.postgres  # SQLite has one writer, and its ranges are short
async def test_an_emergency_does_not_wait_for_a_long_range_of_other_news(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over, write = threading.Event(), threading.Event(), audience.spread_range

    def slow(tx: Transaction, row: Announcement, *more: Any) -> Any:
        if row.priority == "routine":
            begun.set()
            over.wait(30)
        return write(tx, row, *more)

    monkeypatch.setattr(audience, "spread_range", slow)
    with database.transaction() as tx:
        follower(tx)
    news, told = published(database, "routine"), list[bool]()
    with worked(database) as work:
        spread = Spread(work, lambda _, urgent: told.append(urgent))
        running = asyncio.create_task(spread.run())
        try:
            await until(begun.is_set)
            alert = published(database, "emergency")
            spread.wake()
            await until(lambda: status(database, alert) == "published")
            assert (status(database, news), set(told)) == ("publishing", {True})
            over.set()
            await until(lambda: status(database, news) == "published")
        finally:
            over.set()
            running.cancel()
            await asyncio.wait({running})
