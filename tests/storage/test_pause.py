"""After a restore: what fell due is of unclear fate, and only what still holds may be sent once more."""

from typing import Any

import pytest
from sqlmodel import col, select

from content.dates import next_digest
from storage import Database, Transaction, pause
from storage.outbox import CONVERSATION, EMERGENCY, ROUTINE, STATUS, Delivery
from tests.stage import Clock
from tests.storage.people import DAY_MS, account, announcement

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def delivery(tx: Transaction, **changed: Any) -> Delivery:
    """One that was due a minute ago."""
    values = {"letter_id": 1, "account_id": account(tx).id, "chat": "c", "lane": ROUTINE, "state": "queued",
              "due_at": tx.now - MINUTE_MS, "created_at": tx.now - MINUTE_MS, **changed}  # fmt: skip
    return tx.put(Delivery(**values))


def states(tx: Transaction) -> list[str]:
    return list(tx.session.exec(select(Delivery.state).order_by(col(Delivery.id))).all())


# what it was when the backup was made an hour ago → what it is after the restore
DUE = {
    "a broadcast that was due": ({}, "unknown"),
    "one that was on its way": ({"state": "claimed"}, "unknown"),
    "an answer in a conversation": ({"lane": CONVERSATION}, "unknown"),
    "one that falls due later": ({"due_at": HOUR_MS}, "queued"),
    "one that waits for the citizen's next word": ({"held": "window"}, "queued"),
    "one that was over before the backup": ({"valid_until": -2 * HOUR_MS}, "queued"),
    "one that was over after the backup": ({"valid_until": -MINUTE_MS}, "unknown"),
    "a report on its way to the source system": ({"letter_id": None, "state": "claimed"}, "queued"),
    "a report that waits for the source system": ({"letter_id": None}, "queued"),
    "one that was sent": ({"state": "sent"}, "sent"),
    "one that was withdrawn": ({"state": "withdrawn"}, "withdrawn"),
}


@pytest.mark.parametrize(("before", "after"), DUE.values(), ids=DUE.keys())
def test_what_fell_due_since_the_backup_is_of_unclear_fate(
    database: Database, before: dict[str, Any], after: str
) -> None:
    with database.transaction() as tx:
        moments = {name: tx.now + value for name, value in before.items() if name in ("due_at", "valid_until")}
        delivery(tx, **{**before, **moments})
        held = pause.hold_back(tx, tx.now - HOUR_MS)
        assert (states(tx), held) == ([after], int(after == "unknown"))


@pytest.mark.parametrize(("passed", "after"), [(-MINUTE_MS, "queued"), (MINUTE_MS, "unknown")])
def test_what_waits_for_the_days_letter_is_unclear_once_its_hour_has_passed(
    database: Database, clock: Clock, passed: int, after: str
) -> None:
    with database.transaction() as tx:
        delivery(tx, held="digest")
        backup_at = tx.now
    clock.ahead += next_digest(backup_at) - backup_at + passed
    with database.transaction() as tx:
        pause.hold_back(tx, backup_at)
        assert states(tx) == [after]


# what an announcement or a delivery is → whether it goes once more
MISSED = {
    "an announcement in force": ({}, {}, True),
    "an emergency in force": ({"priority": "emergency"}, {"lane": EMERGENCY}, True),
    "one that is over": ({"valid_until": -1}, {}, False),
    "one that was taken back": ({"stopped_at": 5}, {}, False),
    "one that must never be repeated": ({}, {"once": True}, False),
    "a second copy": ({}, {"resent": True}, False),
    "one whose fate is unclear for another reason": ({}, {"why": "không trả lời"}, False),
    "one that came": ({}, {"state": "sent"}, False),
    "an answer to a report": (None, {"lane": STATUS}, True),
    "an answer in a conversation": (None, {"lane": CONVERSATION}, False),
}


@pytest.mark.parametrize(("news", "row", "goes"), MISSED.values(), ids=MISSED.keys())
def test_only_what_still_holds_is_sent_once_more(
    database: Database, news: dict[str, Any] | None, row: dict[str, Any], goes: bool
) -> None:
    with database.transaction() as tx:
        number = None
        if news is not None:
            made = announcement(tx, news.get("priority", "routine"), status="published")
            made.valid_until = tx.now + news.get("valid_until", 1) * DAY_MS
            made.stopped_at = news.get("stopped_at", 0)
            number = tx.add(made).id
        values = {"state": "unknown", "why": pause.WHY, "parts_done": 1, "message_id": "7", **row}
        one = delivery(tx, announcement_id=number, **values)
        assert pause.missed(tx) == int(goes)
        assert pause.send_missed(tx) == int(goes)
        assert pause.send_missed(tx) == 0
        tx.session.expire_all()
        found = tx.session.get(Delivery, one.id)
        assert found is not None
        assert found.state == ("queued" if goes else values["state"])
        if goes:
            again = (found.resent, found.first_at, found.due_at, found.parts_done, found.message_id)
            assert again == (True, one.due_at, tx.now, 0, "")


def test_many_are_queued_a_few_at_a_time(database: Database) -> None:
    with database.transaction() as tx:
        number = announcement(tx, status="published").id
        for chat in range(5):
            delivery(tx, announcement_id=number, address_id=chat + 1, state="unknown", why=pause.WHY)
        assert [pause.send_missed(tx, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_pause_is_lifted_once(database: Database) -> None:
    with database.transaction() as tx:
        assert pause.of(tx) is None
        pause.begin(tx, 5)
        assert (pause.of(tx) or pause.Pause(since=0, backup_at=0)).backup_at == 5
        assert [pause.lift(tx), pause.lift(tx)] == [True, False]
        assert pause.of(tx) is None
