"""The forecast: people by route and account, cost, what is left of the month, when the last one has it."""

import json
from typing import Any

import pytest

from content.dates import local
from handlers.forecast import Forecast, Share, awake, forecast
from handlers.terms import month, next_month
from storage import Database, Transaction, accounts, audience, groups, outbox, quotas
from storage.accounts import Account
from storage.announcements import Announcement
from storage.outbox import EMERGENCY, PRIORITY, ROUTINE, Delivery
from tests.stage import Clock
from tests.storage.people import HERE, THERE, account, announcement, follower

HOUR, DAY = 3_600_000, 86_400_000
SECOND = 1000


@pytest.fixture(autouse=True)
def by_day(clock: Clock) -> None:
    """It is nine in the morning, so that nobody sleeps."""
    clock.ahead = next_month(clock()) + 9 * HOUR + 9 * DAY - clock()


def told(tx: Transaction, row: Announcement, pace: float = 1.0, **more: Any) -> Forecast:
    """The forecast where every account sends at one pace."""
    return forecast(tx, row, lambda _: pace, more.pop("calls", {}), **more)


def share(made: Forecast, channel: str) -> Share:
    """One account's part."""
    return next(one for one in made.shares if one.account.channel == channel)


def agree(tx: Transaction, channel: str, **terms: str) -> Account:
    """The account with these terms."""
    row = account(tx, channel)
    row.settings = json.dumps({"terms": terms})
    return tx.add(row)


def people(tx: Transaction, count: int, hours: float = 0, channel: str = "zalo_oa", **follow: object) -> None:
    """So many who wrote so many hours ago."""
    for _ in range(count):
        follower(tx, channel=channel, **follow).heard_at = tx.now - int(hours * HOUR)  # type: ignore[arg-type]
    tx.session.flush()


def test_everybody_is_counted_once_by_the_window_they_are_in(database: Database) -> None:
    with database.transaction() as tx:
        people(tx, 3)
        people(tx, 2, 72)
        people(tx, 4, 999)
        people(tx, 5, 999, "telegram")
        people(tx, 1, 0, commune=THERE)
        made = told(tx, announcement(tx))
        assert share(made, "zalo_oa").ways == {"free": 3, "unpaid": 2, "closed": 4}
        assert share(made, "telegram").ways == {"": 5}
        assert (made.people, made.reached, made.inside, made.cost) == (14, 8, 3, 0)
        assert made.people == sum(audience.count(tx, [HERE], [], emergency=False).values())


def test_what_is_paid_for_has_its_price_and_leaves_so_much_of_the_month(database: Database) -> None:
    with database.transaction() as tx:
        row = agree(tx, "zalo_oa", spend="yes", paid_price="55", paid_included="12", paid_per_month="15", reserve="3")
        quotas.use(tx, row.id or 0, month(tx.now), "paid", 8)
        people(tx, 2)
        people(tx, 6, 72)
        news = share(told(tx, announcement(tx)), "zalo_oa")
        assert (news.ways, news.cost, news.left) == ({"free": 2, "paid": 4, "spent": 2}, 0, {"paid": 3})
        alert = share(told(tx, announcement(tx, "emergency")), "zalo_oa")
        assert (alert.ways, alert.cost, alert.left) == ({"free": 2, "paid": 6}, 2 * 55, {"paid": 1})


def test_every_part_of_a_letter_is_paid_for(database: Database) -> None:
    with database.transaction() as tx:
        agree(tx, "zalo_oa", spend="yes", paid_price="10", paid_per_month="7")
        people(tx, 4, 72)
        made = told(tx, announcement(tx), calls={"zalo_oa": 2})
        assert (share(made, "zalo_oa").ways, made.cost) == ({"paid": 3, "spent": 1}, 60)


def test_templates_reach_who_was_silent_for_long_at_their_own_price(database: Database) -> None:
    with database.transaction() as tx:
        agree(tx, "zalo_oa", **{"template.emergency": "T1", "template.emergency.price": "200"})
        people(tx, 3, 999)
        assert told(tx, announcement(tx)).ways == {"closed": 3}
        made = told(tx, announcement(tx, "emergency"))
        assert (made.ways, made.cost, made.reached) == ({"template": 3}, 600, 3)


def test_who_is_in_a_group_or_sees_the_article_is_covered_and_not_reached(database: Database) -> None:
    with database.transaction() as tx:
        row = agree(tx, "zalo_oa")
        groups.keep(tx, row.id or 0, "g1", "", HERE, "Bản Tâu", 60)
        people(tx, 2, 999, hamlet="bản tâu")
        people(tx, 1, 1, hamlet="bản tâu")
        people(tx, 3, 999)
        made = told(tx, announcement(tx))
        assert (made.ways, made.reached) == ({"covered": 2, "free": 1, "closed": 3}, 1)
        everywhere = told(tx, announcement(tx), articles=[row.id or 0])
        assert everywhere.ways == {"covered": 5, "free": 1}


GROUPS: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "as large as it is said to be": ({"Bản Tâu": 3}, {"covered": 3, "over": 3}),
    "as large as one may be, where nobody said": ({"Bản Tâu": 0}, {"covered": 4, "over": 2}),
    "two of one hamlet": ({"Bản Tâu": 3, "bản tâu": 2}, {"covered": 5, "over": 1}),
    "its own before the commune's": ({"Bản Tâu": 3, "": 2}, {"covered": 5, "over": 1}),
    "of another hamlet": ({"Bản Mển": 99}, {"closed": 6}),
}


@pytest.mark.parametrize("label", GROUPS)
def test_a_group_covers_as_many_as_it_holds(database: Database, label: str) -> None:
    sizes, expected = GROUPS[label]
    with database.transaction() as tx:
        row = agree(tx, "zalo_oa", group_size="4")
        for number, (hamlet, size) in enumerate(sizes.items()):
            groups.keep(tx, row.id or 0, f"g{number}", "", HERE, hamlet, size)
        people(tx, 6, 999, hamlet="bản tâu")
        made = told(tx, announcement(tx))
        assert (made.ways, made.reached, made.people) == (expected, 0, 6)


def test_a_plan_that_counts_messages_may_not_hold_them_all(database: Database) -> None:
    with database.transaction() as tx:
        agree(tx, "zalo_bot", messages_per_month="5", reserve="2")
        people(tx, 4, 999, "zalo_bot")
        made = share(told(tx, announcement(tx)), "zalo_bot")
        assert (made.ways, made.left) == ({"": 3, "full": 1}, {"message": 2})
        assert told(tx, announcement(tx, "emergency")).ways == {"": 4}


def queue(tx: Transaction, channel: str, lane: int, count: int) -> None:
    """So many deliveries that wait already."""
    for number in range(count):
        outbox.post(tx, Delivery(account_id=account(tx, channel).id or 0, chat=f"q{lane}-{number}", lane=lane,
                                 due_at=tx.now, created_at=tx.now))  # fmt: skip


def test_the_last_one_has_it_after_what_goes_before_at_the_account_s_pace(database: Database) -> None:
    with database.transaction() as tx:
        people(tx, 10, 0, "telegram")
        queue(tx, "telegram", EMERGENCY, 5)
        queue(tx, "telegram", PRIORITY, 20)
        queue(tx, "telegram", ROUTINE, 100)
        for priority, seconds in (("emergency", 15), ("priority", 35), ("routine", 135)):
            assert told(tx, announcement(tx, priority)).ends_at == tx.now + seconds * SECOND
        assert told(tx, announcement(tx), pace=0).ends_at == tx.now
        assert told(tx, announcement(tx, "emergency"), calls={"telegram": 2}).ends_at == tx.now + 25 * SECOND


def test_who_is_not_reached_takes_no_time(database: Database) -> None:
    with database.transaction() as tx:
        people(tx, 10)
        people(tx, 90, 999)
        assert told(tx, announcement(tx)).ends_at == tx.now + 10 * SECOND


def test_accounts_of_one_app_share_its_limit(database: Database) -> None:
    with database.transaction() as tx:
        account(tx, "zalo_oa").app_id = "7"
        other = accounts.add(tx, Account(name="oa2", channel="zalo_oa", app_id="7", created_at=0), {})
        people(tx, 20)
        for _ in range(10):
            address = follower(tx, channel="zalo_oa")
            address.account_id, address.heard_at = other.id or 0, tx.now
        assert told(tx, announcement(tx)).ends_at == tx.now + 20 * SECOND
        assert told(tx, announcement(tx), app_per_second=0.5).ends_at == tx.now + 60 * SECOND


@pytest.mark.parametrize(("priority", "count", "is_long"), [("emergency", 30, False), ("emergency", 31, True),
                                                            ("routine", 99, False)])  # fmt: skip
def test_an_emergency_that_takes_half_an_hour_is_long(
    database: Database, priority: str, count: int, is_long: bool
) -> None:
    with database.transaction() as tx:
        people(tx, count)
        assert told(tx, announcement(tx, priority), pace=1 / 60).long is is_long


def test_of_a_suspended_account_nobody_knows_when(database: Database) -> None:
    with database.transaction() as tx:
        people(tx, 1)
        account(tx, "zalo_oa").status = "suspended"
        made = told(tx, announcement(tx, "emergency"))
        assert (made.ends_at, made.long) == (None, True)


def test_news_waits_for_the_morning_and_an_emergency_does_not(database: Database, clock: Clock) -> None:
    clock.ahead += 13 * HOUR  # ten in the evening
    with database.transaction() as tx:
        people(tx, 60)
        news = told(tx, announcement(tx))
        assert local(news.begins_at).hour == 6
        assert news.ends_at == news.begins_at + 60 * SECOND
        assert told(tx, announcement(tx, "emergency")).ends_at == tx.now + 60 * SECOND


def test_a_long_broadcast_rests_at_night() -> None:
    evening = 1_795_269_600_000  # 21 giờ 00 ngày 21/11/2026
    night = (21 * 60 + 30, 6 * 60)
    assert awake(evening, HOUR // 2, night) == evening + HOUR // 2
    assert awake(evening, HOUR, night) == evening + 9 * HOUR + HOUR // 2
    assert awake(evening, 20 * HOUR, night) == evening + (20 + 8 * 2 + 1) * HOUR
    assert awake(evening, HOUR, None) == evening + HOUR
    assert awake(evening, HOUR, (300, 300)) == evening + HOUR


def test_a_correction_goes_to_whoever_got_the_original(database: Database) -> None:
    with database.transaction() as tx:
        people(tx, 5)
        news = announcement(tx, status="published")
        for hours, state in ((1, "sent"), (999, "sent"), (1, "never")):
            address = follower(tx, channel="zalo_oa")
            address.heard_at = tx.now - hours * HOUR
            outbox.post(tx, Delivery(account_id=address.account_id, address_id=address.id, chat=address.chat,
                                     lane=ROUTINE, due_at=tx.now, state=state, announcement_id=news.id, commune=HERE,
                                     created_at=tx.now))  # fmt: skip
        row = announcement(tx)
        row.kind, row.corrects_id = "correction", news.id
        assert told(tx, tx.add(row)).ways == {"free": 1, "closed": 1}
