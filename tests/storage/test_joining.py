"""Who begins to follow while an emergency is decided upon is told it: by its spread, or as what is in force."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlmodel import col, select

from storage import Database, announcements, outbox, publishing
from storage.announcements import Announcement
from storage.outbox import Delivery
from tests.storage.people import HERE, announcement, follower


def told(database: Database, number: int) -> list[str]:
    """The chats that an announcement is written down for, once it has spread."""
    with database.transaction() as tx:
        while publishing.advance(tx, 2):
            pass
        found = select(Delivery.chat).where(Delivery.announcement_id == number).order_by(col(Delivery.id))
        return list(tx.session.exec(found).all())


def test_an_emergency_goes_to_who_followed_a_moment_after_it_was_decided(database: Database) -> None:
    with database.transaction() as tx:
        row = announcement(tx, "emergency")
        at_once = follower(tx, since=tx.now + 1).chat
        assert publishing.publish(tx, row, 2, two_people=False)
    assert told(database, row.id or 0) == [at_once]


def test_who_follows_while_it_spreads_is_told_once(database: Database) -> None:
    with database.transaction() as tx:
        first = [follower(tx).chat for _ in range(3)]
        row = announcement(tx, "emergency")
        assert publishing.publish(tx, row, 2, two_people=False)
        publishing.advance(tx, 2)
        follower(tx)  # told as what is in force, when they follow
        assert [one.id for one in announcements.in_force(tx, HERE)] == [row.id]
    assert told(database, row.id or 0) == first


def test_what_the_spread_has_written_is_not_posted_a_second_time(database: Database) -> None:
    with database.transaction() as tx:
        one = follower(tx)
        row = announcement(tx, "emergency")
        assert publishing.publish(tx, row, 2, two_people=False)
    assert told(database, row.id or 0) == [one.chat]
    with database.transaction() as tx:
        outbox.post_news(tx, Delivery(account_id=one.account_id, address_id=one.id, chat=one.chat, lane=0, due_at=1,
                                      announcement_id=row.id, created_at=1))  # fmt: skip
    assert told(database, row.id or 0) == [one.chat]


@pytest.mark.postgres
def test_nobody_falls_between_what_is_in_force_and_the_audience(database: Database) -> None:
    with database.transaction() as tx:
        number = announcement(tx, "emergency").id or 0
    looked, decided = Event(), Event()

    def joins() -> tuple[str, bool]:
        with database.transaction() as tx:
            chat = follower(tx).chat
            seen = bool(announcements.in_force(tx, HERE))
            looked.set()
            decided.wait(1)  # it cannot be decided before this has ended
            return chat, seen

    def decides() -> None:
        looked.wait(5)
        with database.transaction() as tx:
            row = tx.session.get(Announcement, number)
            assert row is not None
            assert publishing.publish(tx, row, 2, two_people=False)
        decided.set()

    with ThreadPoolExecutor(2) as hands:
        joining, deciding = hands.submit(joins), hands.submit(decides)
        deciding.result()
        chat, seen = joining.result()
    assert seen or told(database, number) == [chat]
