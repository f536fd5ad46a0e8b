"""Citizens: what becomes of an address when it goes, moves or writes again."""

import pytest

from storage import Database, Transaction, citizens, outbox
from storage.citizens import Address
from storage.outbox import CONVERSATION, EMERGENCY, PRIORITY, RETRY, ROUTINE, STATUS, Delivery
from storage.routes import holds
from tests.storage.people import account, follower


def waiting(tx: Transaction, address: Address, lane: int) -> int:
    """Something that is queued for them; its id."""
    row = Delivery(account_id=address.account_id, address_id=address.id, chat=address.chat, lane=lane, due_at=tx.now,
                   letter_id=1, valid_until=tx.now + 1000, created_at=tx.now)  # fmt: skip
    return outbox.post(tx, row).id or 0


def kept(tx: Transaction, number: int) -> Delivery:
    """A delivery as it stands."""
    tx.session.expire_all()
    found = tx.session.get(Delivery, number)
    assert found is not None
    return found


ALL = (EMERGENCY, CONVERSATION, RETRY, STATUS, PRIORITY, ROUTINE)
ENDS = {
    "blocked": (False, {EMERGENCY, RETRY, PRIORITY, ROUTINE}),
    "silent for too long: an emergency is tried all the same": (True, {PRIORITY, ROUTINE}),
}


@pytest.mark.parametrize("label", ENDS)
def test_nothing_more_goes_to_an_address_that_is_gone_and_an_answer_waits_for_its_return(
    database: Database, label: str
) -> None:
    inactive, ended = ENDS[label]
    with database.transaction() as tx:
        one, other = follower(tx), follower(tx)
        rows = {lane: waiting(tx, one, lane) for lane in ALL}
        others = waiting(tx, other, ROUTINE)
        citizens.gone(tx, one.id or 0, "đã chặn", inactive)
        assert {lane for lane, number in rows.items() if kept(tx, number).state == "gone"} == ended
        assert kept(tx, rows[ROUTINE]).why == "đã chặn"
        answer = kept(tx, rows[STATUS])
        assert (answer.state, answer.held, answer.valid_until) == ("queued", "window", None)
        assert kept(tx, rows[CONVERSATION]).held == kept(tx, others).held == ""
        assert kept(tx, others).state == "queued"
        address = tx.session.get(Address, one.id)
        assert address is not None
        assert address.holds
        outbox.release(tx, one.id or 0)
        assert kept(tx, rows[STATUS]).held == ""


def test_a_chat_that_moved_to_where_somebody_is_known_already_stays_beside_them(database: Database) -> None:
    with database.transaction() as tx:
        one, other = follower(tx), follower(tx)
        before = one.chat
        citizens.moved(tx, one.id or 0, other.chat)
        tx.session.refresh(one)
        assert one.chat == before


def test_a_chat_that_moved_gets_what_was_queued_for_it(database: Database) -> None:
    with database.transaction() as tx:
        one = follower(tx)
        number = waiting(tx, one, ROUTINE)
        citizens.moved(tx, one.id or 0, "-1009")
        assert kept(tx, number).chat == "-1009"


def test_what_is_held_while_somebody_is_being_answered_is_not_forgotten(database: Database) -> None:
    with database.transaction() as tx:
        follower(tx)
        found = citizens.known(tx, account(tx).id or 0, follower(tx).chat)
        assert found is not None
        holds(tx, [found[1].id or 0])  # by the sender, after the turn had read the address
        citizens.keep_state(tx, found[1], {}, tx.now)
        tx.session.refresh(found[1])
        assert found[1].holds
        citizens.let_go(tx, found[1].id or 0)
        tx.session.refresh(found[1])
        assert not found[1].holds
