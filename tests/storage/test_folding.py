"""Folding: the table gets smaller, no number changes, and nothing is touched that somebody still needs."""

from typing import Any

import pytest
from sqlmodel import select

from storage import Database, Transaction, folding, progress, reach, reports
from storage.announcements import Announcement
from storage.outbox import CONVERSATION, OFFER_MS, Delivery, Letter
from storage.tallies import Tally
from tests.storage.people import DAY_MS, HERE, THERE, account
from tests.storage.sent import ended, published

KEPT = 60 * DAY_MS
END = ["sent", "gone", "never", "expired", "unknown", "withdrawn", "covered"]


def fold(database: Database, most: int = 5000) -> int:
    """One run: how many deliveries were put away."""
    total = 0
    while True:
        with database.transaction() as tx:
            done = folding.fold(tx, tx.now - KEPT, most)
        if not done:
            return total
        total += done


def left(tx: Transaction, row: Announcement) -> int:
    """How many of its deliveries are still in the ledger."""
    return sum(progress.counts(tx, row.id or 0).values()) - tallied(tx)


def tallied(tx: Transaction) -> int:
    """How many deliveries are tallies now."""
    return sum(one.people for one in tx.session.exec(select(Tally)).all())


def numbers(database: Database, number: int) -> tuple[Any, ...]:
    """Everything that officials are told of an announcement."""
    with database.reading() as tx:
        row = tx.session.get(Announcement, number)
        assert row is not None
        lately = [(one.id, *rest) for one, *rest in progress.missed(tx, "", 0)]
        return reach.of(tx, row), progress.of(tx, number), progress.counts(tx, number), lately


def mixed(tx: Transaction, row: Announcement) -> None:
    """Deliveries of every end, place, route, reason and account."""
    places: tuple[dict[str, Any], ...] = (
        {"hamlet_key": "tau"},
        {"hamlet_key": ""},
        {"commune": THERE, "hamlet_key": "on"},
    )
    for place in places:
        for state in END:
            ended(tx, row, state, 2, why=f"vì {state}", **place)
            ended(tx, row, state, 1, after=60_000, resent=True, route="free", **place)
        ended(tx, row, "sent", 3, after=400_000, account_id=account(tx, "zalo_oa").id, **place)
    ended(tx, row, "sent", 1, route="group", address_id=None)


@pytest.mark.parametrize("most", [1, 7, 5000])
def test_a_fold_changes_no_number(database: Database, most: int) -> None:
    with database.transaction() as tx:
        row, other = published(tx), published(tx, days_ago=1)
        mixed(tx, row)
        mixed(tx, other)
        number, rows = row.id or 0, left(tx, row)
    before = numbers(database, number)
    assert fold(database, most) == rows
    assert numbers(database, number) == before
    with database.reading() as tx:
        folded = tx.session.get(Announcement, number)
        assert folded is not None
        assert folded.folded_at > 0
        assert (left(tx, folded), tallied(tx)) == (0, rows)
        assert sum(progress.counts(tx, other.id or 0).values()) == rows
        tallies = tx.session.exec(select(Tally)).all()
        assert len(tallies) < rows
        assert {one.why for one in tallies if one.state == "sent"} == {""}, "an earlier attempt's trouble is over"


def test_the_numbers_are_right_at_every_moment_of_a_fold(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        mixed(tx, row)
        number, rows = row.id or 0, left(tx, row)
    before = numbers(database, number)
    for _ in range(0, rows, 5):
        with database.transaction() as tx:
            assert 0 < folding.fold(tx, tx.now - KEPT, 5) <= 5
        assert numbers(database, number) == before
    assert fold(database) == 0


def test_an_announcement_without_followers_is_folded_once(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        assert folding.fold(tx, tx.now - KEPT) == 0
        assert row.folded_at > 0


def correct(tx: Transaction, row: Announcement, **more: Any) -> None:
    published(tx, kind="correction", corrects_id=row.id, **more)


STAY: dict[str, tuple[dict[str, Any], Any]] = {
    "it ended not long ago": ({"days_ago": 59}, None),
    "it is still in force": ({"valid_days": 200}, None),
    "it ended not long ago, though it began long ago": ({"valid_days": 60}, None),
    "it still spreads": ({"status": "publishing"}, None),
    "one of it still waits": ({}, lambda tx, row: ended(tx, row, "queued", held="window")),
    "one of it is on its way": ({}, lambda tx, row: ended(tx, row, "claimed")),
    "its correction is in force": ({}, lambda tx, row: correct(tx, row, days_ago=1)),
    "its correction still spreads": ({}, lambda tx, row: correct(tx, row, status="publishing")),
    "a correction of it is being written": ({}, lambda tx, row: correct(tx, row, status="draft", days_ago=1)),
}


@pytest.mark.parametrize(("made", "then"), STAY.values(), ids=STAY.keys())
def test_deliveries_stay_while(database: Database, made: dict[str, Any], then: Any) -> None:
    with database.transaction() as tx:
        row = published(tx, **made)
        ended(tx, row, "sent", 3)
        if then:
            then(tx, row)
        before = left(tx, row)
    fold(database)
    with database.reading() as tx:
        assert left(tx, row) == before
        kept = tx.session.get(Announcement, row.id)
        assert kept is not None
        assert kept.folded_at == 0


def test_an_old_correction_lets_its_original_go(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx)
        ended(tx, row, "sent", 3)
        correct(tx, row, days_ago=90)
    assert fold(database) == 3


def test_nothing_is_touched_while_its_offer_may_be_answered(database: Database) -> None:
    with database.transaction() as tx:
        row = published(tx, days_ago=OFFER_MS / DAY_MS - 0.5, valid_days=0.1)
        ended(tx, row, "sent", 3)
        spoken(tx, days_ago=OFFER_MS / DAY_MS - 0.5)
        assert folding.fold(tx, tx.now) == 0


def spoken(tx: Transaction, days_ago: float = 100, state: str = "sent", **more: Any) -> tuple[int, int]:
    """A letter of a conversation and its delivery: their ids."""
    at = tx.now - int(days_ago * DAY_MS)
    letter = tx.put(Letter(channel="telegram", parts_sealed=tx.vault.seal_json([]), created_at=at))
    values = {"letter_id": letter.id, "claimed_at": at, "sent_at": at, **more}
    row = tx.put(Delivery(account_id=account(tx).id or 0, chat="a", lane=CONVERSATION, state=state, due_at=at,
                          created_at=at, **values))  # fmt: skip
    return row.id or 0, letter.id or 0


def kept(database: Database, ids: tuple[int, int]) -> tuple[bool, bool]:
    """Whether the delivery, and its letter, are still there."""
    with database.reading() as tx:
        return tx.session.get(Delivery, ids[0]) is not None, tx.session.get(Letter, ids[1]) is not None


@pytest.mark.parametrize("most", [1, 5000])
def test_old_conversations_go_with_their_letters(database: Database, most: int) -> None:
    with database.transaction() as tx:
        old = [spoken(tx, days_ago=200 - number, state=state) for number, state in enumerate(END)]
        young = [spoken(tx, days_ago=59) for _ in range(3)]
        waits = spoken(tx, state="queued")
    assert fold(database, most) == len(END)
    assert [kept(database, one) for one in old] == [(False, False)] * len(END)
    assert [kept(database, one) for one in [*young, waits]] == [(True, True)] * 4


def test_what_was_written_long_ago_and_went_lately_stays(database: Database) -> None:
    with database.transaction() as tx:
        lately = spoken(tx, claimed_at=tx.now, sent_at=tx.now)
    assert fold(database) == 0
    assert kept(database, lately) == (True, True)


def filed(tx: Transaction, state: str) -> reports.Report:
    return reports.file(tx, commune=HERE, kind="scene", category="works", state=state)


@pytest.mark.parametrize(("state", "stays"), [("filed", True), ("working", True), ("more", True), ("answered", False),
                                              ("closed", False), ("refused", False)])  # fmt: skip
def test_what_was_sent_for_a_report_stays_while_it_is_open(database: Database, state: str, stays: bool) -> None:
    with database.transaction() as tx:
        number = filed(tx, state).id
        news = spoken(tx, report_id=number)
        forward = spoken(tx, report_id=number, letter_id=None)
    fold(database)
    assert (kept(database, news)[0], kept(database, forward)[0]) == (stays, stays)


def test_a_letter_that_another_delivery_carries_stays(database: Database) -> None:
    with database.transaction() as tx:
        first = spoken(tx)
        second = spoken(tx, state="queued", letter_id=first[1])
    assert fold(database) == 1
    assert kept(database, (second[0], first[1])) == (True, True)
