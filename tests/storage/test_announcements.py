"""Publishing is decided once, by two people where that is needed, and reaches exactly those who followed then."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select, update

from storage import Database, Transaction, announcements, audience, citizens, publishing
from storage.announcements import Announcement
from storage.outbox import Delivery
from storage.publishing import SamePerson
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
    assert publishing.publish(tx, row, 2, two_people=False)
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
        forecast = audience.count(tx, [HERE], wanted, urgent, row.topic)
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


def in_order(tx: Transaction, row: Announcement) -> list[str]:
    """The chats of an announcement in the order in which they are told."""
    spread(tx, row)
    rows = tx.session.exec(select(Delivery).where(Delivery.announcement_id == row.id)).all()
    return [one.chat for one in sorted(rows, key=lambda one: (one.due_at, one.id))]


def test_an_emergency_goes_to_hamlets_at_risk_then_to_those_on_duty_then_to_the_rest(database: Database) -> None:
    with database.transaction() as tx:
        rest, duty = follower(tx, hamlet="bản Mới"), follower(tx, hamlet="bản Mới", duty=True)
        nowhere, at_risk = follower(tx), follower(tx, hamlet="bản Tâu")
        row = published(tx, priority="emergency", hamlets=("Bản Tâu",))
        told = in_order(tx, row)
        assert set(told[:2]) == {nowhere.chat, at_risk.chat}  # who named no hamlet may live there too
        assert told[2:] == [duty.chat, rest.chat]


def test_an_emergency_without_hamlets_begins_with_those_on_duty(database: Database) -> None:
    with database.transaction() as tx:
        rest, duty = follower(tx), follower(tx, duty=True)
        assert in_order(tx, published(tx, priority="emergency")) == [duty.chat, rest.chat]


def test_who_moves_between_two_passes_is_told_once(database: Database) -> None:
    with database.transaction() as tx:
        mover, stayer = follower(tx, hamlet="bản Mới"), follower(tx, hamlet="bản Tâu")
        row = published(tx, priority="emergency", hamlets=("bản Tâu",))
        while row.spread_pass == audience.AT_RISK:
            audience.spread_range(tx, row, 1)
        for one, place in ((mover, "bản Tâu"), (stayer, "bản Mới")):
            citizens.live_in(tx, citizens.follows(tx, one.citizen_id)[0], place)
        zalo = account(tx, "zalo_oa").id or 0
        tx.add(citizens.Address(citizen_id=stayer.citizen_id, account_id=zalo, chat="newer", heard_at=9))
        assert spread(tx, row) == [stayer.chat, mover.chat]


def test_who_follows_two_communes_of_the_area_gets_one_copy(database: Database) -> None:
    with database.transaction() as tx:
        both, here, there = follower(tx), follower(tx), follower(tx, THERE)
        follower(tx, "00004")
        citizens.follow(tx, both.citizen_id, THERE, "relative")
        row = announcement(tx, "routine")
        announcements.set_area(row, [HERE, THERE])
        assert publishing.publish(tx, row, 2, two_people=False)
        assert sum(audience.count(tx, [HERE, THERE], [], False).values()) == 3
        assert spread(tx, row, size=2) == [both.chat, here.chat, there.chat]


def test_topics_of_one_follow_do_not_hide_the_other(database: Database) -> None:
    with database.transaction() as tx:
        both = follower(tx, topics="farming")
        citizens.follow(tx, both.citizen_id, THERE, "relative")
        row = announcement(tx, "routine", topic="health")
        announcements.set_area(row, [HERE, THERE])
        assert publishing.publish(tx, row, 2, two_people=False)
        assert spread(tx, row) == [both.chat]


@pytest.mark.parametrize(("priority", "again"), [("emergency", True), ("priority", False)])
def test_only_an_emergency_tries_those_again_who_were_silent_for_too_long(
    database: Database, priority: str, again: bool
) -> None:
    with database.transaction() as tx:
        silent, blocked = follower(tx), follower(tx)
        citizens.gone(tx, silent.id or 0, "im lặng", inactive=True)
        citizens.gone(tx, blocked.id or 0, "đã chặn")
        assert spread(tx, published(tx, priority=priority)) == ([silent.chat] if again else [])


def test_a_living_address_is_better_than_a_silent_one(database: Database) -> None:
    with database.transaction() as tx:
        living = follower(tx)
        zalo = account(tx, "zalo_oa").id or 0
        silent = tx.add(citizens.Address(citizen_id=living.citizen_id, account_id=zalo, chat="z", heard_at=9))
        citizens.gone(tx, silent.id or 0, "im lặng", inactive=True)
        assert spread(tx, published(tx, priority="emergency")) == [living.chat]


@pytest.mark.parametrize(
    ("priority", "hours", "held"), [("routine", 48, "digest"), ("routine", 0.5, ""), ("priority", 48, "")]
)
def test_routine_news_waits_for_the_digest_of_those_who_chose_one(
    database: Database, priority: str, hours: float, held: str
) -> None:
    with database.transaction() as tx:
        follower(tx, digest=True)
        follower(tx)
        row = announcement(tx, priority)
        row.valid_until = tx.now + int(hours * 3_600_000)
        assert publishing.publish(tx, row, 2, two_people=False)
        spread(tx, row)
        rows = tx.session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        assert [one.held for one in rows] == [held, ""]


def test_what_must_never_be_repeated_says_so_in_every_row(database: Database) -> None:
    with database.transaction() as tx:
        follower(tx)
        row = announcement(tx)
        row.once = True
        assert publishing.publish(tx, row, 2, two_people=False)
        spread(tx, row)
        assert tx.session.exec(select(Delivery.once)).all() == [True]


def test_its_author_cannot_approve_an_emergency(database: Database) -> None:
    with database.transaction() as tx:
        row = announcement(tx, "emergency", author=1, status="waiting")
        with pytest.raises(SamePerson):
            publishing.publish(tx, row, 1, two_people=True)
        assert publishing.publish(tx, row, 2, two_people=True)


def test_an_emergency_that_was_not_submitted_cannot_be_approved(database: Database) -> None:
    with database.transaction() as tx:
        assert not publishing.publish(tx, announcement(tx, "emergency"), 2, two_people=True)


def test_five_presses_at_once_are_one(database: Database) -> None:
    with database.transaction() as tx:
        number = announcement(tx, "emergency", status="waiting").id

    def press(_: int) -> bool:
        with database.transaction() as tx:
            row = announcements.of(tx, number or 0)
            assert row is not None
            return publishing.publish(tx, row, 2, two_people=True)

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
        assert not publishing.publish(tx, row, 2, two_people=False)
        assert row.status == "draft"
