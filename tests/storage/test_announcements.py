"""Publishing is decided once, by two people where that is needed, and reaches exactly those who followed then."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select, update

from storage import Database, Transaction, announcements, audience, citizens
from storage.announcements import Announcement, SamePerson
from storage.outbox import Delivery
from tests.storage.people import DAY_MS, HERE, THERE, account, announcement, follower


def spread(tx: Transaction, row: Announcement, size: int = 2000) -> list[str]:
    """Spread to the end; the chats that get it, in the order of the rows."""
    for one in announcements.spreading(tx):
        while one.status == "publishing":
            audience.spread_range(tx, one, size)
    question = select(Delivery.chat).where(Delivery.announcement_id == row.id).order_by(Delivery.id)  # type: ignore[arg-type]
    return list(tx.session.exec(question).all())


def published(tx: Transaction, **told: object) -> Announcement:
    """One that was just decided upon."""
    row = announcement(tx, **told)  # type: ignore[arg-type]
    assert announcements.publish(tx, row, 2, two_people=False)
    return row


def test_it_reaches_the_followers_of_its_commune(database: Database) -> None:
    with database.transaction() as tx:
        here, _ = follower(tx), follower(tx, THERE)
        assert spread(tx, published(tx)) == [here.chat]


CASES = [
    # (what is published, who follows, whether they get it)
    ({}, {"stopped_at": 5}, False),
    ({"priority": "emergency"}, {"stopped_at": 5}, False),
    ({"priority": "emergency"}, {"stopped_at": 5, "emergency_only": True}, True),
    ({"priority": "priority"}, {"stopped_at": 5, "emergency_only": True}, False),
    ({"topic": "health"}, {"topics": "health,services"}, True),
    ({"topic": "health"}, {"topics": "services"}, False),
    ({"topic": "health", "priority": "emergency"}, {"topics": "services"}, True),
    ({"topic": ""}, {"topics": "services"}, True),
    ({"hamlets": ("bản Tâu",)}, {"hamlet": "bản Tâu"}, True),
    ({"hamlets": ("bản Tâu",)}, {"hamlet": ""}, True),
    ({"hamlets": ("bản Tâu",)}, {"hamlet": "bản Mới"}, False),
    ({"hamlets": ("bản Tâu", "bản Mới")}, {"hamlet": "bản Mới"}, True),
    ({"hamlets": ("Bản Tâu",)}, {"hamlet": "ban tau"}, True),
    ({"hamlets": ("Tâu",)}, {"hamlet": "bản tâu"}, True),
    ({"hamlets": ("bản Tâu",), "priority": "emergency"}, {"hamlet": "bản Mới"}, True),
]


@pytest.mark.parametrize(("told", "who", "gets_it"), CASES)
def test_the_audience_is_as_forecast(
    database: Database, told: dict[str, object], who: dict[str, object], gets_it: bool
) -> None:
    with database.transaction() as tx:
        follower(tx, **who)  # type: ignore[arg-type]
        row = published(tx, **told)
        wanted, urgent = announcements.hamlets(row), row.priority == "emergency"
        forecast = audience.count(tx, HERE, wanted, urgent, row.topic)
        assert sum(forecast.values()) == len(spread(tx, row)) == int(gets_it)


def test_whoever_left_or_has_no_living_address_gets_nothing(database: Database) -> None:
    with database.transaction() as tx:
        citizens.gone(tx, follower(tx).id or 0, "blocked")
        assert spread(tx, published(tx)) == []


def test_one_copy_a_person_to_the_address_used_last(database: Database) -> None:
    with database.transaction() as tx:
        first = follower(tx)
        zalo = account(tx, "zalo_oa")
        second = tx.add(citizens.Address(citizen_id=first.citizen_id, account_id=zalo.id or 0, chat="z", heard_at=9))
        assert spread(tx, published(tx)) == [second.chat]


def test_who_follows_after_the_decision_is_not_among_them(database: Database) -> None:
    with database.transaction() as tx:
        before = follower(tx)
        row = published(tx)
        follower(tx, since=tx.now + 1)
        assert spread(tx, row) == [before.chat]


def test_a_spread_in_ranges_misses_nobody_and_tells_nobody_twice(database: Database) -> None:
    with database.transaction() as tx:
        chats = [follower(tx).chat for _ in range(7)]
        assert spread(tx, published(tx), size=2) == chats


def test_a_spread_goes_on_where_a_crash_left_it(database: Database) -> None:
    with database.transaction() as tx:
        chats = [follower(tx).chat for _ in range(5)]
        row = published(tx)
    with database.transaction() as tx:
        audience.spread_range(tx, announcements.spreading(tx)[0], 2)
    with pytest.raises(RuntimeError), database.transaction() as tx:  # noqa: PT012 - it goes after the range was written
        audience.spread_range(tx, announcements.spreading(tx)[0], 2)
        raise RuntimeError("the power went")
    with database.transaction() as tx:
        assert spread(tx, row, size=2) == chats


def test_an_emergency_spreads_before_what_began_earlier(database: Database) -> None:
    with database.transaction() as tx:
        follower(tx)
        published(tx, priority="routine")
        urgent = published(tx, priority="emergency")
        assert announcements.spreading(tx)[0].id == urgent.id


def test_its_author_cannot_approve_an_emergency(database: Database) -> None:
    with database.transaction() as tx:
        row = announcement(tx, "emergency", author=1, status="waiting")
        with pytest.raises(SamePerson):
            announcements.publish(tx, row, 1, two_people=True)
        assert announcements.publish(tx, row, 2, two_people=True)


def test_an_emergency_that_was_not_submitted_cannot_be_approved(database: Database) -> None:
    with database.transaction() as tx:
        assert not announcements.publish(tx, announcement(tx, "emergency"), 2, two_people=True)


def test_five_presses_at_once_are_one(database: Database) -> None:
    with database.transaction() as tx:
        number = announcement(tx, "emergency", status="waiting").id

    def press(_: int) -> bool:
        with database.transaction() as tx:
            row = announcements.of(tx, number or 0)
            assert row is not None
            return announcements.publish(tx, row, 2, two_people=True)

    with ThreadPoolExecutor(5) as hands:
        assert sorted(hands.map(press, range(5))) == [False, False, False, False, True]


def test_emergencies_in_force_are_those_that_were_sent_and_still_hold(database: Database) -> None:
    with database.transaction() as tx:
        sent, _ = published(tx, priority="emergency"), announcement(tx, "emergency", status="waiting")
        old = published(tx, priority="emergency")
        old.valid_until = tx.now - DAY_MS
        tx.session.flush()
        assert [row.id for row in announcements.in_force(tx, HERE)] == [sent.id]


def test_words_that_changed_after_they_were_read_are_not_published(database: Database) -> None:
    with database.transaction() as tx:
        row = announcement(tx)
        changed = update(Announcement).where(col(Announcement.id) == row.id).values(version=row.version + 1)
        tx.session.execute(changed, execution_options={"synchronize_session": False})
        assert not announcements.publish(tx, row, 2, two_people=False)
        assert row.status == "draft"
