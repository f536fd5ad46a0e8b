"""Of several processes each range is written by one, and none waits for another, living or dead."""

import pytest

from storage import Database, Transaction, progress, publishing
from storage.announcements import Announcement
from tests.storage.people import announcement, follower

HOUR_MS = 3_600_000


def published(tx: Transaction, priority: str = "routine") -> int:
    """The id of one that was just decided upon, for two followers."""
    row = announcement(tx, priority)
    assert publishing.publish(tx, row, 2, two_people=False)
    return row.id or 0


def number(row: Announcement | None) -> int | None:
    """Which one it was."""
    return row.id if row else None


def test_who_followed_while_the_clock_ran_ahead_belongs_to_the_audience_once_it_is_right(database: Database) -> None:
    with database.transaction() as tx:
        follower(tx, since=tx.now + HOUR_MS)
        news = published(tx)
        assert number(publishing.advance(tx, 2000)) == news
        assert progress.counts(tx, news) == {"queued": 1}


@pytest.mark.postgres
def test_an_emergency_does_not_wait_for_the_range_that_another_process_writes(database: Database) -> None:
    with database.transaction() as tx:
        for _ in range(2):
            follower(tx)
        news = published(tx)
    with database.transaction() as other:
        assert number(publishing.advance(other, 1)) == news
        with database.transaction() as tx:
            assert publishing.advance(tx, 1) is None  # it is in the other one's hands
        with database.transaction() as tx:
            alert = published(tx, "emergency")
        with database.transaction() as tx:
            assert number(publishing.advance(tx, 1)) == alert
    with database.transaction() as tx:
        assert number(publishing.advance(tx, 1)) == alert
    with database.transaction() as tx:
        tx.session.get_one(Announcement, alert).status = "published"
    with database.transaction() as tx:
        assert number(publishing.advance(tx, 1)) == news  # from where the other one left it
        assert tx.session.get_one(Announcement, news).status == "published"
