"""Where a queue begins: nothing that waits is passed over for longer than a second, nor overtaken in its chat."""

from typing import Any

import pytest

from bot.exchange import Asked, Held, Settled, exchange
from storage import Database, Transaction, leases, ledger
from storage.front import LASTS_MS, Front
from storage.outbox import EMERGENCY, ROUTINE
from tests.stage import Clock
from tests.storage.people import account
from tests.storage.test_ledger import post

LONG_AGO = -60_000
HOSTILE = "a\"b\\c{d},e NULL ' ạ"


def claim(tx: Transaction, front: Front, limit: int = 1, busy: tuple[str, ...] = ()) -> list[str]:
    """The chats that a sender claims who knows where the queue begins."""
    return [row.chat for row in ledger.claim(tx, account(tx).id or 0, 1, limit, busy, front=front).rows]


def test_a_chat_that_is_busy_is_not_forgotten(database: Database) -> None:
    front = Front()
    with database.transaction() as tx:
        for chat in "abc":
            post(tx, chat)
        assert claim(tx, front, busy=("a",)) == ["b"]
        assert claim(tx, front) == ["a"]
        assert claim(tx, front) == ["c"]


def test_what_somebody_else_puts_before_it_is_seen_within_a_second(database: Database, clock: Clock) -> None:
    front = Front()
    with database.transaction() as tx:
        post(tx, "a")
        post(tx, "b")
        assert claim(tx, front) == ["a"]
        post(tx, "back again", due_in=LONG_AGO)
    clock.ahead += LASTS_MS
    with database.transaction() as tx:
        assert claim(tx, front) == ["back again"]


def test_after_a_leap_of_the_clock_back_it_is_looked_for_anew(database: Database, clock: Clock) -> None:
    front = Front()
    with database.transaction() as tx:
        post(tx, "later")
        assert claim(tx, front) == ["later"]
    clock.ahead = -3_600_000
    with database.transaction() as tx:
        post(tx, "now")
        assert claim(tx, front) == ["now"]


def test_what_its_own_sender_puts_back_is_seen_at_once(database: Database) -> None:
    front = Front()
    with database.transaction() as tx:
        post(tx, "a", due_in=LONG_AGO)
        post(tx, "b")
        post(tx, "c")
        assert leases.take(tx, "budget 1", "ours", 60_000) == 1
    ours = Held("budget 1", 1)
    with database.transaction() as tx:
        asked: dict[str, Any] = {"account": account(tx), "lease": ours, "front": front}
        first = exchange(tx, Asked(**asked, room=1)).rows
        front.forget()
        second = exchange(tx, Asked(**asked, room=1)).rows  # it begins at "b" now
        back = [Settled(row, {"state": "queued"}) for row in first]
        exchange(tx, Asked(**asked, settled=back, room=0))  # a stop: the whole hand is put down
        third = exchange(tx, Asked(**asked, room=1)).rows
    assert [row.chat for row in (*first, *second, *third)] == ["a", "b", "a"]


def test_what_waits_for_later_hides_nothing_that_comes_now(database: Database) -> None:
    front = Front()
    with database.transaction() as tx:
        post(tx, "next month", lane=EMERGENCY, due_in=3_600_000)
        post(tx, "news")
        assert claim(tx, front) == ["news"]
        post(tx, "flood", lane=EMERGENCY)
        assert claim(tx, front) == ["flood"]


@pytest.mark.postgres
def test_the_queue_is_not_walked_over_from_where_it_once_began(database: Database) -> None:
    front = Front()
    with database.transaction() as tx:
        rows = [post(tx, str(number)) for number in range(3)]
        claim(tx, front, limit=2)
        front.forget()
        claim(tx, front, limit=0)
        assert front.places[ROUTINE] == (rows[2].due_at, rows[2].id)
        post(tx, "put before it by somebody else", due_in=LONG_AGO)
        assert claim(tx, front, limit=5) == [rows[2].chat]  # the claim begins there


def test_words_of_any_kind_are_settled_as_they_are(database: Database) -> None:
    ends = [HOSTILE, "", "{}", '"', "\\", "NULL"]
    with database.transaction() as tx:
        rows = {post(tx, chat).id or 0: chat for chat in ends}
        taken = ledger.claim(tx, account(tx).id or 0, 1, 10, busy=("{", "a,b", "\\")).rows
        assert [row.chat for row in taken] == [one for one in ends if one != "\\"]  # that one was busy
        del rows[next(number for number, chat in rows.items() if chat == "\\")]
        changes = {"state": "sent", "valid_until": None, "resent": True}
        each: list[tuple[int, dict[str, Any]]] = [
            (number, {**changes, "why": chat, "first_at": number, "once": bool(number % 2)})
            for number, chat in rows.items()
        ]
        ledger.settle(tx, 1, each)
        told = (
            tx.session.connection()
            .exec_driver_sql("SELECT id, why, first_at, once, resent FROM delivery WHERE state = 'sent'")
            .all()
        )
    assert {one[0]: tuple(one[1:]) for one in told} == {
        number: (chat, number, bool(number % 2), True) for number, chat in rows.items()
    }
