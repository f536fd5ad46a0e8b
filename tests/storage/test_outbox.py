"""The ledger: one a chat is claimed, lanes in order, an end is written once, nothing goes late."""

from typing import Any

from storage import Database, Transaction, citizens, forgetting, ledger, outbox
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, ROUTINE, STATUS, Delivery
from tests.stage import Clock
from tests.storage.people import account, follower


def post(tx: Transaction, chat: str = "a", lane: int = ROUTINE, due_in: int = 0, **more: Any) -> Delivery:
    """One delivery to a chat."""
    number = account(tx).id or 0
    return outbox.post(tx, Delivery(account_id=number, chat=chat, lane=lane, due_at=tx.now + due_in, created_at=tx.now,
                                    **more))  # fmt: skip


def claim(tx: Transaction, limit: int = 10, busy: tuple[str, ...] = (), owner: str = "me") -> list[str]:
    """The chats that are claimed."""
    return [row.chat for row in ledger.claim(tx, account(tx).id or 0, owner, limit, busy)]


def state(database: Database, number: int) -> str:
    """Where a delivery stands."""
    with database.transaction() as tx:
        row = tx.session.get(Delivery, number)
        assert row is not None
        return row.state


def test_lanes_go_in_order_and_the_oldest_first_within_one(database: Database) -> None:
    with database.transaction() as tx:
        for chat, lane in (("r", ROUTINE), ("p", PRIORITY), ("s", STATUS), ("c", CONVERSATION), ("e", EMERGENCY)):
            post(tx, chat, lane)
        post(tx, "older", CONVERSATION, due_in=-5)
        assert claim(tx) == ["e", "older", "c", "s", "p", "r"]


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


def test_what_is_past_its_time_ends_also_where_nobody_claims(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        numbers = [post(tx, chat, valid_until=tx.now + life).id or 0 for chat, life in (("a", 1000), ("b", 9000))]
    clock.ahead = 2000
    with database.transaction() as tx:
        assert ledger.expire(tx) == 1
    assert [state(database, number) for number in numbers] == ["expired", "queued"]


def test_an_end_is_written_once_and_by_its_owner_only(database: Database) -> None:
    with database.transaction() as tx:
        number = post(tx).id or 0
        claim(tx)
    with database.transaction() as tx:
        ledger.settle(tx, "somebody else", [(number, {"state": "gone"})])
        ledger.settle(tx, "me", [(number, {"state": "sent"})])
        ledger.settle(tx, "me", [(number, {"state": "never"})])
    assert state(database, number) == "sent"


def test_what_a_dead_process_had_claimed_goes_once_more(database: Database) -> None:
    with database.transaction() as tx:
        numbers = [post(tx, chat).id or 0 for chat in ("a", "b")]
    with database.transaction() as tx:
        claim(tx, owner="dead")
    for expected in ("queued", "unknown"):
        with database.transaction() as tx:
            outbox.crashed(tx, account(tx).id or 0, "me")
        assert {state(database, number) for number in numbers} == {expected}
        with database.transaction() as tx:
            claim(tx, owner="dead again")


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
        assert outbox.is_ours(tx, address.id or 0, "anything")  # under way: it may be that one
        ledger.settle(tx, "me", [(row.id or 0, {"state": "sent", "message_id": "m1 m2"})])
    with database.transaction() as tx:
        assert outbox.is_ours(tx, address.id or 0, "m1")
        assert outbox.is_ours(tx, address.id or 0, "m2")
        assert not outbox.is_ours(tx, address.id or 0, "m3")


def test_requests_of_an_earlier_life_are_counted_at_their_latest_moment(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        for chat in ("a", "b"):
            post(tx, chat)
        settled = ledger.claim(tx, account(tx).id or 0, "dead", 10)[0].id or 0
    with database.transaction() as tx:
        ledger.settle(tx, "dead", [(settled, {"state": "sent", "sent_at": tx.now, "parts_done": 1})])
    clock.ahead = 3_000
    with database.transaction() as tx:
        made = outbox.sent_since(tx, account(tx).id or 0, tx.now - 60_000)
        assert len(made) == 3  # two parts of one, and one that may have left
        assert made[-1] == tx.now


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
