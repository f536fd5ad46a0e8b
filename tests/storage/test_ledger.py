"""The ledger: one a chat is claimed, lanes in order, an end is written once, nothing goes late."""

from collections import Counter
from typing import Any

import pytest

from storage import Database, Transaction, announcements, calls, citizens, echoes, forgetting, ledger, outbox, takeover
from storage.ledger import Claimed
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, RETRY, ROUTINE, STATUS, Delivery
from tests.stage import Clock
from tests.storage.people import account, follower

LOWER = (STATUS, PRIORITY, ROUTINE)


def post(tx: Transaction, chat: str = "a", lane: int = ROUTINE, due_in: int = 0, **more: Any) -> Delivery:
    """One delivery to a chat."""
    number = account(tx).id or 0
    return outbox.post(tx, Delivery(account_id=number, chat=chat, lane=lane, due_at=tx.now + due_in, created_at=tx.now,
                                    **more))  # fmt: skip


def taken(tx: Transaction, limit: int = 10, busy: tuple[str, ...] = (), epoch: int = 1, talk: int = 1) -> Claimed:
    """What a sender claims."""
    return ledger.claim(tx, account(tx).id or 0, epoch, limit, busy, talk)


def claim(tx: Transaction, limit: int = 10, busy: tuple[str, ...] = (), epoch: int = 1) -> list[str]:
    """The chats that are claimed."""
    return [row.chat for row in taken(tx, limit, busy, epoch).rows]


def state(database: Database, number: int) -> str:
    """Where a delivery stands."""
    with database.transaction() as tx:
        row = tx.session.get(Delivery, number)
        assert row is not None
        return row.state


def test_lanes_go_in_order_and_the_oldest_first_within_one(database: Database) -> None:
    with database.transaction() as tx:
        for chat, lane in (("r", ROUTINE), ("p", PRIORITY), ("s", STATUS), ("c", CONVERSATION), ("e", RETRY)):
            post(tx, chat, lane)
        post(tx, "older", CONVERSATION, due_in=-5)
        assert claim(tx) == ["older", "c", "e", "s", "p", "r"]


def test_while_an_emergency_is_due_nothing_is_taken_but_it_and_a_few_answers(database: Database) -> None:
    with database.transaction() as tx:
        for number in range(6):
            post(tx, f"e{number}", EMERGENCY)
            post(tx, f"c{number}", CONVERSATION)
            post(tx, f"r{number}", ROUTINE)
        first = taken(tx, limit=4, talk=1)
        assert ([row.chat for row in first.rows], first.urgent) == (["e0", "e1", "e2", "c0"], True)
        second = taken(tx, limit=4, talk=0)
        assert ([row.chat for row in second.rows], second.urgent) == (["e3", "e4", "e5"], False)
        third = taken(tx, limit=6)
        assert [row.chat for row in third.rows] == ["c1", "c2", "c3", "c4", "c5", "r0"]


@pytest.mark.parametrize(
    ("retries", "lower", "answers", "again", "expected"),
    [
        pytest.param(40, 5, 0, None, {RETRY: 14, STATUS: 5, PRIORITY: 5, ROUTINE: 4}, id="half of what is taken"),
        pytest.param(40, 0, 0, None, {RETRY: 28}, id="all of it where nothing else is due"),
        pytest.param(40, 1, 0, None, {RETRY: 25, STATUS: 1, PRIORITY: 1, ROUTINE: 1}, id="what the others leave"),
        pytest.param(40, 5, 0, 0, {RETRY: 13, STATUS: 5, PRIORITY: 5, ROUTINE: 5}, id="the hand is full of them"),
        pytest.param(2, 15, 0, None, {RETRY: 2, STATUS: 15, PRIORITY: 11}, id="few go first"),
        pytest.param(40, 5, 20, None, {CONVERSATION: 20, RETRY: 4, STATUS: 4}, id="answers before all"),
    ],
)
def test_emergencies_that_are_tried_again_leave_room_for_the_lower_lanes(
    database: Database, retries: int, lower: int, answers: int, again: int | None, expected: dict[int, int]
) -> None:
    with database.transaction() as tx:
        for lane, many in ((RETRY, retries), (CONVERSATION, answers), *((one, lower) for one in LOWER)):
            for number in range(many):
                post(tx, f"{lane}-{number}", lane)
        found = ledger.claim(tx, account(tx).id or 0, 1, 28, again=again)
    assert Counter(row.lane for row in found.rows) == expected


def test_within_a_chat_the_oldest_goes_first_also_when_it_was_put_back(database: Database) -> None:
    with database.transaction() as tx:
        first = post(tx, "a", CONVERSATION, due_in=-1)
        post(tx, "a", CONVERSATION, due_in=-50)
        assert [row.id for row in taken(tx).rows] == [first.id]


def test_whatever_waits_for_a_chat_waits_behind_what_is_tried_again(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        address = follower(tx)
        for _ in range(3):
            post(tx, address.chat, CONVERSATION, address_id=address.id)
        [row] = taken(tx).rows
        ledger.settle(tx, 1, [(row.id, {"state": "queued", "due_at": tx.now + 5000})])
        ledger.delay(tx, row, tx.now + 5000)
        assert claim(tx) == []
    clock.ahead = 6000
    with database.transaction() as tx:
        assert [one.id for one in taken(tx).rows] == [row.id]


def test_what_was_stopped_is_not_sent_and_a_second_copy_counts_as_received(database: Database) -> None:
    with database.transaction() as tx:
        news = tx.add(announcements.Announcement(code="A", commune="03328", priority="routine", title="", body="",
                                                 author_id=1, created_at=tx.now, valid_until=tx.now + 9999,
                                                 status="published", stopped_at=tx.now))  # fmt: skip
        plain = post(tx, "a", announcement_id=news.id)
        again = post(tx, "b", announcement_id=news.id, resent=True)
        post(tx, "c")
        assert claim(tx) == ["c"]
    assert (state(database, plain.id or 0), state(database, again.id or 0)) == ("withdrawn", "unknown")


def test_one_a_chat_is_claimed_and_none_of_a_busy_chat(database: Database) -> None:
    with database.transaction() as tx:
        for chat in ("a", "a", "a", "b", "c"):
            post(tx, chat)
        assert claim(tx, busy=("c",)) == ["a", "b"]
        assert claim(tx, busy=("a", "b")) == ["c"]
        assert claim(tx, busy=("b", "c")) == ["a"]


def test_what_is_not_due_or_held_is_not_claimed(database: Database) -> None:
    with database.transaction() as tx:
        later = post(tx, "later", due_in=5_000)
        post(tx, "held", held="window")
        assert claim(tx) == []
        assert ledger.next_due(tx, account(tx).id or 0) == later.due_at
        assert ledger.next_due(tx, account(tx).id or 0, ["later"]) is None


def test_nothing_goes_late(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        number = post(tx, valid_until=tx.now + 1000).id or 0
    clock.ahead = 2000
    with database.transaction() as tx:
        post(tx, "in time")
        assert claim(tx) == ["in time"]
    assert state(database, number) == "expired"


@pytest.mark.parametrize("claimed", [True, False])
def test_too_late_for_the_rest_or_a_second_copy_is_not_known_to_be_missed(
    database: Database, clock: Clock, claimed: bool
) -> None:
    with database.transaction() as tx:
        until = tx.now + 1000
        rows = [post(tx, "a", valid_until=until), post(tx, "b", valid_until=until, resent=True),
                post(tx, "c", valid_until=until, parts_done=1)]  # fmt: skip
    clock.ahead = 2000
    with database.transaction() as tx:
        assert claim(tx) == [] if claimed else ledger.expire(tx) == 3
    assert [state(database, row.id or 0) for row in rows] == ["expired", "unknown", "unknown"]


def test_a_reply_that_waits_for_their_next_word_ends_with_its_day(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        reply = post(tx, "a", CONVERSATION, held="window", valid_until=tx.now + 1000)
        answer = post(tx, "b", STATUS, held="window")
    clock.ahead = 2000
    with database.transaction() as tx:
        assert ledger.expire(tx) == 1
    assert (state(database, reply.id or 0), state(database, answer.id or 0)) == ("expired", "queued")


def test_what_is_past_its_time_ends_also_where_nobody_claims(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        numbers = [post(tx, chat, valid_until=tx.now + life).id or 0 for chat, life in (("a", 1000), ("b", 9000))]
    clock.ahead = 2000
    with database.transaction() as tx:
        assert ledger.expire(tx) == 1
    assert [state(database, number) for number in numbers] == ["expired", "queued"]


def test_an_end_is_written_once_and_under_the_epoch_of_its_claim_only(database: Database) -> None:
    with database.transaction() as tx:
        number = post(tx).id or 0
        claim(tx)
    with database.transaction() as tx:
        ledger.settle(tx, 7, [(number, {"state": "gone"})])
        ledger.settle(tx, 1, [(number, {"state": "sent"})])
        ledger.settle(tx, 1, [(number, {"state": "never"})])
    assert state(database, number) == "sent"


def test_many_ends_are_written_at_once(database: Database) -> None:
    with database.transaction() as tx:
        numbers = [post(tx, str(number)).id or 0 for number in range(30)]
        claim(tx, limit=30)
        ends = [(number, {"state": "sent", "message_id": f"m{number}", "sent_at": number}) for number in numbers[:20]]
        back = [(number, {"state": "queued", "resent": True, "due_at": 5}) for number in numbers[20:]]
        ledger.settle(tx, 1, [*ends, *back])
    with database.transaction() as tx:
        rows = [tx.session.get(Delivery, number) for number in numbers]
    assert [(row.state, row.message_id, row.sent_at) for row in rows[:20] if row] == [
        ("sent", f"m{number}", number) for number in numbers[:20]
    ]
    assert {(row.state, row.resent, row.due_at) for row in rows[20:] if row} == {("queued", True, 5)}


def test_what_a_dead_process_had_claimed_goes_once_more_and_says_when_it_went_first(database: Database) -> None:
    with database.transaction() as tx:
        numbers = [post(tx, chat, letter_id=1).id or 0 for chat in ("a", "b")]
    with database.transaction() as tx:
        claim(tx)
        begun = tx.now
    for expected in ("queued", "unknown"):
        with database.transaction() as tx:
            takeover.crashed(tx, [account(tx).id or 0])
            row = tx.session.get(Delivery, numbers[0])
            assert row is not None
            assert row.first_at == begun
        assert {state(database, number) for number in numbers} == {expected}
        with database.transaction() as tx:
            claim(tx)


def test_what_must_never_be_repeated_ends_unknown_and_a_report_always_goes_again(database: Database) -> None:
    with database.transaction() as tx:
        letter = outbox.write_letter(tx, "telegram", ())
        once = post(tx, "once", once=True, letter_id=letter).id or 0
        report = post(tx, "report", resent=True).id or 0  # no letter: the source system knows its key
        claim(tx)
        takeover.crashed(tx, [account(tx).id or 0])
    assert (state(database, once), state(database, report)) == ("unknown", "queued")


def test_rows_of_a_clock_that_ran_ahead_are_due_when_it_is_set_right(database: Database, clock: Clock) -> None:
    clock.ahead = 3_600_000
    with database.transaction() as tx:
        post(tx, "now")
        post(tx, "meant for later", due_in=1000)
    clock.ahead = 0
    with database.transaction() as tx:
        assert claim(tx) == []
        assert takeover.rebase(tx) == 1
        assert claim(tx) == ["now"]


def test_an_answer_that_waited_goes_before_anything_new(database: Database) -> None:
    with database.transaction() as tx:
        address = follower(tx)
        post(tx, address.chat, STATUS, due_in=-9_000, held="window", address_id=address.id)
        outbox.release(tx, address.id or 0)
        post(tx, "other", CONVERSATION)
        assert claim(tx)[0] == address.chat


def test_a_message_of_ours_is_told_from_a_stranger_s(database: Database) -> None:
    with database.transaction() as tx:
        address = follower(tx)
        row = post(tx, address.chat, address_id=address.id)
        claim(tx)
    with database.transaction() as tx:
        assert echoes.is_ours(tx, address.id or 0, "anything")  # under way: it may be that one
        ledger.settle(tx, 1, [(row.id or 0, {"state": "sent", "message_id": "m1 m2"})])
    with database.transaction() as tx:
        assert echoes.is_ours(tx, address.id or 0, "m1")
        assert echoes.is_ours(tx, address.id or 0, "m2")
        assert not echoes.is_ours(tx, address.id or 0, "m3")


def test_calls_of_an_earlier_life_are_counted_at_their_latest_moment(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        number = account(tx).id or 0
        post(tx, "a", parts_done=2)
        claim(tx)
        calls.made(tx, number, 4)
        assert calls.claimed(tx, number) == 3
    clock.ahead = 3_000
    with database.transaction() as tx:
        calls.made(tx, number, 1)
        assert len(calls.since(tx, number, tx.now - 60_000)) == 5
        assert calls.since(tx, number, tx.now - 1_000) == [tx.now]
    clock.ahead = 3_600_000
    with database.transaction() as tx:
        calls.forget(tx)
        assert calls.since(tx, number, 0) == []


def test_an_erased_person_leaves_no_trace_in_the_ledger(database: Database) -> None:
    with database.transaction() as tx:
        address = follower(tx)
        waits = post(tx, address.chat, address_id=address.id).id or 0
        forgetting.forget_address(tx, address.id or 0)
    with database.transaction() as tx:
        row = tx.session.get(Delivery, waits)
        assert row is not None
        assert (row.state, row.chat, row.address_id) == ("withdrawn", "", None)
        assert citizens.known(tx, account(tx).id or 0, address.chat) is not None  # `erase` takes that away
