"""Posts to groups of hamlets and articles: which go out with an announcement, and whom they cover."""

import json
from typing import Any

import pytest
from sqlmodel import select

from handlers import collective, routes
from handlers.terms import month
from storage import Database, Transaction, groups, ledger, outbox, progress, quotas
from storage.accounts import Account
from storage.announcements import Announcement
from storage.outbox import Delivery
from tests.storage.people import HERE, THERE, account, announcement, follower


def oa(tx: Transaction, **changed: Any) -> Account:
    """The OA of a commune, with an article prepared."""
    row = account(tx, "zalo_oa")
    row.settings, row.commune = json.dumps({"terms": {"article": "bai-1", "article_target": "cities:4"}}), HERE
    for name, value in changed.items():
        setattr(row, name, value)
    return tx.add(row)


def province(tx: Transaction) -> None:
    """Groups of two hamlets and of two whole communes."""
    number = oa(tx).id or 0
    for chat, commune, hamlet in (
        ("tau", HERE, "Bản Tâu"),
        ("men", HERE, "Bản Mển"),
        ("xa", HERE, ""),
        ("xa2", THERE, ""),
    ):
        groups.keep(tx, number, chat, chat, commune, hamlet, 50)


def news(tx: Transaction, priority: str = "routine", hamlets: tuple[str, ...] = (), **changed: Any) -> Announcement:
    """One that has just been published."""
    row = announcement(tx, priority, hamlets, status="publishing")
    row.published_at = tx.now
    for name, value in changed.items():
        setattr(row, name, value)
    return tx.add(row)


def posts(tx: Transaction, row: Announcement) -> list[str]:
    """The chats that it is posted to."""
    found = tx.session.exec(select(Delivery).where(Delivery.announcement_id == row.id)).all()
    return sorted(one.chat for one in found)


CASES: dict[str, tuple[str, tuple[str, ...], dict[str, Any], list[str]]] = {
    "news for the commune": ("routine", (), {}, ["men", "tau", "xa"]),
    "news for a hamlet": ("routine", ("ban tau",), {}, ["tau"]),
    "an emergency that names a hamlet": ("emergency", ("Bản Tâu",), {}, ["men", "tau", "xa"]),
    "news for two communes": ("priority", (), {"area": json.dumps([HERE, THERE])}, ["men", "tau", "xa", "xa2"]),
    "a correction, which follows its original": ("routine", (), {"corrects_id": 1, "kind": "correction"}, []),
}


@pytest.mark.parametrize("label", CASES)
def test_groups_of_the_hamlets_concerned_are_told(database: Database, label: str) -> None:
    priority, hamlets, changed, expected = CASES[label]
    with database.transaction() as tx:
        province(tx)
        row = news(tx, priority, hamlets, **changed)
        assert collective.post_collective(tx, row) == len(expected)
        assert posts(tx, row) == expected


def test_a_group_that_was_refused_is_not_told_again(database: Database) -> None:
    with database.transaction() as tx:
        province(tx)
        groups.gone(tx, account(tx, "zalo_oa").id or 0, "tau", "nhóm đã bị tắt")
        row = news(tx)
        collective.post_collective(tx, row)
        assert posts(tx, row) == ["men", "xa"]


OFFERED: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the whole commune of the account": ({}, {}, True),
    "a part of it": ({"hamlets": '["Bản Tâu"]'}, {}, False),
    "an emergency, whose hamlets only go first": ({"hamlets": '["Bản Tâu"]', "priority": "emergency"}, {}, True),
    "more than the commune": ({"area": json.dumps([HERE, THERE])}, {}, False),
    "another commune": ({"commune": THERE}, {}, False),
    "a correction": ({"corrects_id": 1, "kind": "correction"}, {}, False),
    "an account of the province": ({}, {"commune": ""}, False),
    "an account without an article": ({}, {"settings": "{}"}, False),
    "a suspended account": ({}, {"status": "suspended"}, False),
}


@pytest.mark.parametrize("label", OFFERED)
def test_an_article_is_offered_only_where_it_means_exactly_the_area(database: Database, label: str) -> None:
    changed, of_account, expected = OFFERED[label]
    with database.transaction() as tx:
        oa(tx, **of_account)
        row = news(tx, **changed)
        assert bool(collective.offered(tx, row)) is expected
        assert collective.post_article(tx, row) == int(expected)
        assert posts(tx, row) == (["bai-1"] if expected else [])


def test_an_article_is_not_offered_when_the_month_is_full(database: Database) -> None:
    with database.transaction() as tx:
        number = oa(tx).id or 0
        quotas.use(tx, number, month(tx.now), "article", 4)
        assert collective.offered(tx, news(tx)) == []


def test_posts_go_first_and_then_cover_whoever_cannot_be_reached(database: Database) -> None:
    with database.transaction() as tx:
        province(tx)
        row, number = news(tx), account(tx, "zalo_oa").id or 0
        for hours in (0, 999):
            address = follower(tx, channel="zalo_oa", hamlet="Bản Tâu")
            address.heard_at = tx.now - hours * 3_600_000
            outbox.post(tx, Delivery(account_id=number, address_id=address.id, chat=address.chat, lane=5,
                                     due_at=row.published_at - 2, announcement_id=row.id, commune=HERE,
                                     hamlet_key="tau", created_at=tx.now))  # fmt: skip
        collective.post_collective(tx, row)
        assert collective.post_article(tx, row) == 1
        sent = []
        for _ in range(3):
            rows = routes.choose(tx, account(tx, "zalo_oa"), ledger.claim(tx, number, 1, 4).rows)
            sent += [one.route for one in rows]
            ledger.settle(tx, 1, [(one.id, {"state": "sent"}) for one in rows])
        assert sent == ["group", "group", "group", "article", "free"]
        found = progress.of(tx, row.id or 0)
        assert (found.people, found.posts) == ({"sent": 1, "covered": 1}, 4)  # a post is nobody who was reached


def test_an_article_of_unclear_fate_is_not_sent_again(database: Database) -> None:
    with database.transaction() as tx:
        number = oa(tx).id or 0
        row = news(tx)
        collective.post_article(tx, row)
        [one] = routes.choose(tx, account(tx, "zalo_oa"), ledger.claim(tx, number, 1, 4).rows)
        assert (one.route, one.once) == ("article", True)  # such a row is never repeated, whatever became of it
