"""A correction goes to exactly those who got the original, never before it, and stops what still waits."""

from typing import Any

import pytest
from sqlmodel import col, select, update

from storage import (
    Database,
    Transaction,
    announcements,
    audience,
    citizens,
    corrections,
    forecasts,
    ledger,
    publishing,
    takeover,
)
from storage.announcements import Announcement
from storage.citizens import Address
from storage.outbox import Delivery
from storage.publishing import AlreadyStopped
from tests.storage.people import account, announcement, follower


def sent_out(tx: Transaction, priority: str = "routine") -> Announcement:
    """One that is published and spread."""
    row = announcement(tx, priority)
    assert publishing.publish(tx, row, 2, two_people=False)
    run(tx)
    return row


def run(tx: Transaction, size: int = 2) -> None:
    """Spread whatever can go on."""
    while publishing.advance(tx, size):
        pass


def settle(tx: Transaction, row: Announcement, **ends: str) -> None:
    """Claim everything that is due and end it by chat."""
    for one in ledger.claim(tx, account(tx).id or 0, 1, 99).rows:
        if one.announcement_id == row.id and one.chat in ends:
            ledger.settle(tx, 1, [(one.id, {"state": ends[one.chat], "sent_at": tx.now})])


def correct(tx: Transaction, original: Announcement, kind: str = "correction") -> Announcement:
    """Its correction, published."""
    row = announcement(tx, original.priority)
    row.kind, row.corrects_id = kind, original.id
    assert publishing.publish(tx, row, 3, two_people=False)
    return row


def states(tx: Transaction, row: Announcement) -> dict[str, str]:
    """Chat → state."""
    rows = tx.session.exec(select(Delivery).where(Delivery.announcement_id == row.id)).all()
    for one in rows:
        tx.session.refresh(one)
    return {one.chat: one.state for one in rows}


def crowd(tx: Transaction, count: int) -> list[Address]:
    """So many followers."""
    return [follower(tx) for _ in range(count)]


def test_it_goes_to_those_who_got_the_original_and_stops_the_rest(database: Database) -> None:
    with database.transaction() as tx:
        got, unclear, blocked, waits, late = (one.chat for one in crowd(tx, 5))
        original = sent_out(tx)
        settle(tx, original, **{got: "sent", unclear: "unknown", blocked: "gone", waits: "queued", late: "expired"})
        correction = correct(tx, original)
        run(tx)
        assert states(tx, original) == {
            got: "sent", unclear: "unknown", blocked: "gone", waits: "withdrawn", late: "expired"
        }  # fmt: skip
        assert states(tx, correction) == {got: "queued", unclear: "queued"}
        tx.session.refresh(original)
        assert (correction.status, original.swept_at > 0) == ("published", True)


def test_who_is_being_told_the_original_is_told_its_correction_after_it(database: Database) -> None:
    with database.transaction() as tx:
        landing, first = (one.chat for one in crowd(tx, 2))
        original = sent_out(tx)
        claimed = {one.chat: one for one in ledger.claim(tx, account(tx).id or 0, 1, 99).rows}
        ledger.settle(tx, 1, [(claimed[first].id, {"state": "sent"})])
        correction = correct(tx, original)
        run(tx)
        assert states(tx, correction) == {first: "queued"}
        assert correction.status == "publishing"
        ledger.settle(tx, 1, [(claimed[landing].id, {"state": "sent"})])
        run(tx)
        assert states(tx, correction) == {first: "queued", landing: "queued"}
        assert correction.status == "published"


def test_a_second_copy_that_waits_ends_unknown_and_is_corrected(database: Database) -> None:
    with database.transaction() as tx:
        chat = crowd(tx, 1)[0].chat
        original = sent_out(tx)
        ledger.claim(tx, account(tx).id or 0, 1, 9)
        takeover.crashed(tx, [account(tx).id or 0])
        correction = correct(tx, original)
        run(tx)
        assert states(tx, original) == {chat: "unknown"}
        assert states(tx, correction) == {chat: "queued"}


KNOWS: dict[str, tuple[dict[str, Any], bool]] = {
    "read, the recording could not go": ({"state": "never", "parts_done": 1}, True),
    "read in part, the rest was too late": ({"state": "expired", "parts_done": 1}, True),
    "perhaps had the first copy, the second was too late": ({"state": "expired", "resent": True}, True),
    "perhaps had the first copy, the second was refused": ({"state": "never", "resent": True}, True),
    "refused": ({"state": "never"}, False),
    "too late": ({"state": "expired"}, False),
}


@pytest.mark.parametrize("label", KNOWS)
def test_whoever_may_know_the_original_is_told(database: Database, label: str) -> None:
    values, told = KNOWS[label]
    with database.transaction() as tx:
        chat = crowd(tx, 1)[0].chat
        original = sent_out(tx)
        tx.session.execute(update(Delivery).values(values))
        row = announcement(tx)
        row.corrects_id = original.id
        assert corrections.count(tx, original.id or 0) == ({"telegram": 1} if told else {})
        assert sum(one.people for one in forecasts.found(tx, row, 0, 0)) == int(told)
        correction = correct(tx, original)
        run(tx)
        assert states(tx, correction) == ({chat: "queued"} if told else {})


CORRECTED = {"waits": "queued", "was refused": "never", "came": "sent"}


@pytest.mark.parametrize("label", CORRECTED)
def test_a_second_correction_reaches_who_knows_the_original_whatever_became_of_the_first(
    database: Database, label: str
) -> None:
    with database.transaction() as tx:
        knows, missed = crowd(tx, 2)
        original = sent_out(tx)
        settle(tx, original, **{knows.chat: "sent", missed.chat: "never"})
        first = correct(tx, original)
        run(tx)
        settle(tx, first, **{knows.chat: CORRECTED[label]})
        second = correct(tx, first)
        run(tx)
        assert states(tx, second) == {knows.chat: "queued"}
        assert corrections.count(tx, first.id or 0) == {"telegram": 1}


def test_a_second_correction_waits_for_the_first_that_is_being_sent(database: Database) -> None:
    with database.transaction() as tx:
        knows = crowd(tx, 1)[0]
        original = sent_out(tx)
        settle(tx, original, **{knows.chat: "sent"})
        first = correct(tx, original)
        run(tx)
        [landing] = ledger.claim(tx, account(tx).id or 0, 1, 9).rows
        second = correct(tx, first)
        run(tx)
        assert states(tx, second) == {}
        ledger.settle(tx, 1, [(landing.id, {"state": "sent"})])
        run(tx)
        assert states(tx, second) == {knows.chat: "queued"}


def test_a_spread_that_was_under_way_ends_where_it_was(database: Database) -> None:
    with database.transaction() as tx:
        crowd(tx, 6)
        original = announcement(tx)
        assert publishing.publish(tx, original, 2, two_people=False)
        audience.spread_range(tx, original, 2)
        correct(tx, original)
        run(tx)
        tx.session.refresh(original)
        assert original.status == "published"
        assert list(states(tx, original).values()) == ["withdrawn"] * 2


def test_nothing_of_it_begins_between_the_decision_and_the_walk(database: Database) -> None:
    with database.transaction() as tx:
        crowd(tx, 3)
        original = sent_out(tx)
        correct(tx, original)
        assert ledger.claim(tx, account(tx).id or 0, 1, 9).rows == []


def test_who_stopped_or_blocked_since_is_not_written_to_and_is_counted(database: Database) -> None:
    with database.transaction() as tx:
        stopped, blocked, stays = crowd(tx, 3)
        original = sent_out(tx)
        settle(tx, original, **{one.chat: "sent" for one in (stopped, blocked, stays)})
        person = tx.session.get(citizens.Citizen, stopped.citizen_id)
        assert person is not None
        person.stopped_at = tx.now
        citizens.gone(tx, blocked.id or 0, "đã chặn")
        correction = correct(tx, original)
        run(tx)
        assert states(tx, correction) == {stopped.chat: "never", blocked.chat: "gone", stays.chat: "queued"}


def test_the_forecast_counts_who_got_the_original(database: Database) -> None:
    with database.transaction() as tx:
        got, waits = crowd(tx, 2)
        original = sent_out(tx)
        settle(tx, original, **{got.chat: "sent", waits.chat: "queued"})
        assert corrections.count(tx, original.id or 0) == {"telegram": 1}


def test_it_is_corrected_once(database: Database) -> None:
    with database.transaction() as tx:
        original = sent_out(tx)
        correct(tx, original)
        with pytest.raises(AlreadyStopped):
            correct(tx, original, "withdrawal")


def test_a_correction_that_still_goes_out_is_not_corrected(database: Database) -> None:
    with database.transaction() as tx:
        original = sent_out(tx)
        correction = correct(tx, original)
        with pytest.raises(AlreadyStopped):
            correct(tx, correction)


def test_a_correction_can_be_withdrawn_later(database: Database) -> None:
    with database.transaction() as tx:
        chat = crowd(tx, 1)[0].chat
        original = sent_out(tx)
        settle(tx, original, **{chat: "sent"})
        correction = correct(tx, original)
        run(tx)
        settle(tx, correction, **{chat: "sent"})
        withdrawal = correct(tx, correction, "withdrawal")
        run(tx)
        assert states(tx, withdrawal) == {chat: "queued"}


def test_one_person_takes_an_emergency_back(database: Database) -> None:
    with database.transaction() as tx:
        original = sent_out(tx, "emergency")
        row = announcement(tx, "emergency", author=4)
        row.kind, row.corrects_id = "withdrawal", original.id
        assert publishing.publish(tx, row, 4, two_people=True)


def test_who_comes_new_gets_the_correction_in_force_and_neither_the_original_nor_a_withdrawal(
    database: Database,
) -> None:
    with database.transaction() as tx:
        wrong, gone = sent_out(tx, "emergency"), sent_out(tx, "emergency")
        right = correct(tx, wrong)
        correct(tx, gone, "withdrawal")
        run(tx)
        assert [row.id for row in announcements.in_force(tx, right.commune)] == [right.id]


def test_a_crash_in_the_middle_of_the_walk_tells_nobody_twice(database: Database) -> None:
    with database.transaction() as tx:
        chats = [one.chat for one in crowd(tx, 5)]
        original = sent_out(tx)
        settle(tx, original, **dict.fromkeys(chats, "sent"))
        correction = correct(tx, original)
    with database.transaction() as tx:
        publishing.advance(tx, 2)
    with pytest.raises(RuntimeError), database.transaction() as tx:  # noqa: PT012 - it goes after the range was written
        publishing.advance(tx, 2)
        raise RuntimeError("the power went")
    with database.transaction() as tx:
        run(tx)
        rows = tx.session.exec(
            select(Delivery.chat).where(Delivery.announcement_id == correction.id).order_by(col(Delivery.id))
        ).all()
        assert rows == chats


def test_a_message_to_a_group_is_corrected_in_that_group_once(database: Database) -> None:
    with database.transaction() as tx:
        original = sent_out(tx)
        tx.add(Delivery(account_id=account(tx).id or 0, chat="group1", lane=5, state="sent", route="group", due_at=1,
                        announcement_id=original.id, created_at=1))  # fmt: skip
        correction = correct(tx, original)
        run(tx)
        assert states(tx, correction) == {"group1": "queued"}
