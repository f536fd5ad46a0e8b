"""Routes: free, paid, by template, held, refused; charged to the month when chosen, given back when surely not used."""

import json
from typing import Any

import pytest

from handlers import routes
from handlers.routes import SPENT_WHY
from handlers.terms import month, next_month
from storage import Database, Transaction, groups, ledger, outbox, quotas
from storage.accounts import Account
from storage.citizens import Address
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, ROUTINE, STATUS, Delivery
from tests.stage import Clock
from tests.storage.people import HERE, account, announcement, follower

HOUR, DAY = 3_600_000, 86_400_000


def oa(tx: Transaction, channel: str = "zalo_oa", **terms: Any) -> Account:
    """The account with these terms."""
    row = account(tx, channel)
    row.settings = json.dumps({"terms": terms})
    return tx.add(row)


def silent(tx: Transaction, ms: int, channel: str = "zalo_oa") -> Address:
    """Somebody who wrote so many ms ago."""
    address = follower(tx, channel=channel)
    address.heard_at = tx.now - ms
    return tx.add(address)


def post(tx: Transaction, address: Address, lane: int = ROUTINE, **more: Any) -> int:
    """A delivery to somebody; its id."""
    row = Delivery(account_id=address.account_id, address_id=address.id, chat=address.chat, lane=lane, due_at=tx.now,
                   letter_id=1, created_at=tx.now, commune=HERE, **more)  # fmt: skip
    return outbox.post(tx, row).id or 0


def claimed(tx: Transaction, row: Account) -> list[ledger.Due]:
    """What a sender claims and may send."""
    return routes.choose(tx, row, ledger.claim(tx, row.id or 0, 1, 10).rows)


def went(tx: Transaction, row: Account) -> list[str]:
    """The routes of what may be sent."""
    return [one.route for one in claimed(tx, row)]


def kept(tx: Transaction, number: int) -> Delivery:
    """A delivery as it stands."""
    found = tx.session.get(Delivery, number)
    assert found is not None
    tx.session.refresh(found)
    return found


def used(tx: Transaction, row: Account) -> dict[str, int]:
    """What is counted of this month."""
    return quotas.used(tx, row.id or 0, month(tx.now))


@pytest.mark.parametrize(
    ("hours", "route"), [(0, "free"), (47.9, "free"), (48, "paid"), (167.9, "paid"), (168, ""), (9999, "")]
)
def test_the_window_decides(database: Database, hours: float, route: str) -> None:
    with database.transaction() as tx:
        row = oa(tx, spend="yes")
        number = post(tx, silent(tx, int(hours * HOUR)))
        assert went(tx, row) == ([route] if route else [])
        found = kept(tx, number)
        assert (found.route, found.state) == (route, "claimed" if route else "never")
        assert used(tx, row) == ({"paid": 1} if route == "paid" else {})


def test_nothing_is_paid_for_that_was_not_agreed(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        address = silent(tx, 3 * DAY)
        number = post(tx, address, EMERGENCY)
        assert went(tx, row) == []
        found = kept(tx, number)
        assert found.state == "never"
        assert "trả tiền" in found.why
        tx.session.refresh(address)
        assert address.holds  # at their next word they are told what is in force
        oa(tx, spend="emergency")
        post(tx, silent(tx, 3 * DAY), EMERGENCY)
        post(tx, silent(tx, 3 * DAY), PRIORITY)
        assert went(tx, row) == ["paid"]


def test_an_answer_goes_by_template_where_there_is_one(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx, **{"template.status": "T1"})
        post(tx, silent(tx, 8 * DAY), STATUS, report_id=5)
        post(tx, silent(tx, 8 * DAY), ROUTINE)
        post(tx, silent(tx, HOUR), STATUS, report_id=5)
        assert went(tx, row) == ["template", "free"]
        assert used(tx, row) == {"template": 1}


def test_an_answer_without_a_way_waits_without_expiry_and_goes_first(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        row = oa(tx)
        address = silent(tx, 8 * DAY)
        number = post(tx, address, STATUS, report_id=5, valid_until=tx.now + HOUR)
        assert went(tx, row) == []
        found = kept(tx, number)
        assert (found.state, found.held, found.valid_until) == ("queued", "window", None)
        tx.session.refresh(address)
        assert address.holds
    clock.ahead = 400 * DAY
    with database.transaction() as tx:
        row, address = account(tx, "zalo_oa"), tx.session.get(Address, address.id) or address
        assert ledger.expire(tx) == 0
        address.heard_at = tx.now
        outbox.release(tx, address.id or 0)
        post(tx, silent(tx, 0), CONVERSATION)
        assert claimed(tx, row)[0].id == number


def test_the_rest_of_a_letter_does_not_go_by_template(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx, **{"template.status": "T1"})
        number = post(tx, silent(tx, 8 * DAY), STATUS, report_id=5, parts_done=1)
        assert went(tx, row) == []
        assert kept(tx, number).held == "window"


def test_the_reserve_is_left_to_emergencies_and_the_others_wait(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        row = oa(tx, spend="yes", paid_per_month=4, reserve="50%")
        people = [silent(tx, 3 * DAY) for _ in range(3)]
        numbers = [post(tx, one, PRIORITY, valid_until=tx.now + 90 * DAY) for one in people]
        assert went(tx, row) == ["paid", "paid"]
        left = kept(tx, numbers[2])
        assert (left.state, left.held, left.why) == ("queued", "", SPENT_WHY)
        assert left.due_at > tx.now
        for _ in range(2):
            post(tx, silent(tx, 3 * DAY), EMERGENCY)
        assert went(tx, row) == ["paid", "paid"]
        assert used(tx, row) == {"paid": 4}
    clock.ahead = left.due_at - tx.now + 1000
    with database.transaction() as tx:  # the next month
        row, address = account(tx, "zalo_oa"), tx.session.get(Address, people[2].id) or people[2]
        address.heard_at = tx.now - 3 * DAY
        assert went(tx, row) == ["paid"]
        assert used(tx, row) == {"paid": 1}


def test_what_waited_for_the_next_month_goes_when_the_terms_allow_more(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx, spend="yes", paid_per_month=0)
        post(tx, silent(tx, 3 * DAY))
        assert went(tx, row) == []
        row = oa(tx, spend="yes", paid_per_month=1)
        assert went(tx, row) == []
        assert routes.freed(tx, row) == 1
        assert went(tx, row) == ["paid"]


def test_a_plan_that_counts_every_message_is_counted(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx, "zalo_bot", messages_per_month=3, reserve="1")
        for lane in (CONVERSATION, PRIORITY, ROUTINE):
            post(tx, silent(tx, 99 * DAY, "zalo_bot"), lane)
        assert [one.lane for one in claimed(tx, row)] == [CONVERSATION, PRIORITY]
        post(tx, silent(tx, 99 * DAY, "zalo_bot"), EMERGENCY)
        assert [one.lane for one in claimed(tx, row)] == [EMERGENCY]
        assert used(tx, row) == {"message": 3}


def test_a_platform_that_counts_nothing_is_asked_nothing(database: Database) -> None:
    with database.transaction() as tx:
        row = oa(tx, "telegram", spend="no")
        post(tx, silent(tx, 99 * DAY, "telegram"))
        assert went(tx, row) == [""]
        assert used(tx, row) == {}


CHANGES: dict[str, tuple[dict[str, Any], int]] = {
    "sent": ({"state": "sent"}, 1),
    "perhaps sent, and resent": ({"state": "queued", "resent": True}, 1),
    "unknown": ({"state": "unknown"}, 1),
    "read, but its recording cannot go": ({"state": "sent", "why": "tệp đính kèm không còn"}, 0),
    "another part follows": ({"parts_done": 1}, 2),
    "put down": ({"state": "queued"}, 0),
    "throttled": ({"state": "queued", "due_at": 5, "why": "chậm lại"}, 0),
    "blocked": ({"state": "gone"}, 0),
    "refused": ({"state": "never"}, 0),
    "too late": ({"state": "expired"}, 0),
}


@pytest.mark.parametrize("channel", ["zalo_oa", "zalo_bot"])
@pytest.mark.parametrize("label", CHANGES)
def test_what_was_surely_not_used_is_given_back(database: Database, channel: str, label: str) -> None:
    changes, counted = CHANGES[label]
    with database.transaction() as tx:
        row = oa(tx, channel, spend="yes")
        post(tx, silent(tx, 3 * DAY, channel))
        [one] = claimed(tx, row)
        routes.settled(tx, row, [(one, changes)])
        assert list(used(tx, row).values()) == [counted]


def test_it_is_given_back_to_the_month_that_was_charged(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        row = oa(tx, spend="yes")
        post(tx, silent(tx, 3 * DAY))
        [one] = claimed(tx, row)
        before = month(tx.now)
    clock.ahead = 40 * DAY
    with database.transaction() as tx:
        routes.settled(tx, account(tx, "zalo_oa"), [(one, {"state": "queued"})])
        assert quotas.used(tx, row.id or 0, before) == {"paid": 0}
        assert used(tx, row) == {}


# ---- posts to groups and articles ----


def together(tx: Transaction, row: Account, route: str, news: int, state: str = "sent", **more: Any) -> int:
    """A post of an announcement; its id."""
    values = {"commune": HERE, "lane": ROUTINE, "state": state, "route": route, **more}
    made = Delivery(account_id=row.id or 0, chat=f"{route}-{more}", due_at=tx.now, announcement_id=news, letter_id=1,
                    created_at=tx.now, **values)  # fmt: skip
    return outbox.post(tx, made).id or 0


COVERING: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "the group of their hamlet": ("group", {"hamlet_key": "tau"}, "sent", "covered"),
    "a group that may have it": ("group", {"hamlet_key": "tau"}, "unknown", "covered"),
    "the group of another hamlet": ("group", {"hamlet_key": "men"}, "sent", "never"),
    "the group of their commune": ("group", {"hamlet_key": ""}, "sent", "covered"),
    "a group of another commune": ("group", {"hamlet_key": "", "commune": "25357"}, "sent", "never"),
    "a group that refused": ("group", {"hamlet_key": "tau"}, "gone", "never"),
    "a group that is still to be told": ("group", {"hamlet_key": "tau"}, "claimed", "queued"),
    "the account's article": ("article", {}, "sent", "covered"),
}


@pytest.mark.parametrize("label", COVERING)
def test_who_cannot_be_reached_is_covered_by_a_post_that_went_out(database: Database, label: str) -> None:
    route, more, state, expected = COVERING[label]
    with database.transaction() as tx:
        row, news = oa(tx), announcement(tx, status="published").id or 0
        together(tx, row, route, news, state, **more)
        number = post(tx, silent(tx, 8 * DAY), announcement_id=news, hamlet_key="tau")
        near = post(tx, silent(tx, HOUR), announcement_id=news, hamlet_key="tau")
        assert [one.id for one in claimed(tx, row)] == [near]  # who can be reached is told in person all the same
        assert kept(tx, number).state == expected


def test_a_group_has_no_window_and_costs_nothing(database: Database) -> None:
    with database.transaction() as tx:
        row, news = oa(tx), announcement(tx, status="published").id or 0
        together(tx, row, "group", news, "queued")
        assert went(tx, row) == ["group"]
        assert used(tx, row) == {}


def test_a_group_that_refuses_is_left_alone(database: Database) -> None:
    with database.transaction() as tx:
        row, news = oa(tx), announcement(tx, status="published").id or 0
        groups.keep(tx, row.id or 0, "g1", "Bản Tâu", HERE, "Bản Tâu", 60)
        number = together(tx, row, "group", news, "queued")
        kept(tx, number).chat = "g1"
        [one] = claimed(tx, row)
        routes.settled(tx, row, [(one, {"state": "gone", "why": "nhóm đã bị tắt"})])
        assert groups.alive(tx, [HERE]) == []


def test_followers_get_so_many_articles_a_day_and_a_month(database: Database, clock: Clock) -> None:
    tenth = next_month(clock()) + int(9.5 * DAY) - clock()  # at noon
    sent = []
    for days in (0, 0.1, 1, 2):
        clock.ahead = tenth + int(days * DAY)
        with database.transaction() as tx:
            row, news = oa(tx, articles_per_month=2), announcement(tx, status="published").id or 0
            number = together(tx, row, "article", news, "queued")
            sent.append(went(tx, row))
            assert kept(tx, number).state == ("claimed" if sent[-1] else "never")
            if sent[-1]:
                ledger.settle(tx, 1, [(number, {"state": "sent"})])
    assert sent == [["article"], [], ["article"], []]
