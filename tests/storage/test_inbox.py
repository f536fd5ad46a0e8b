"""The inbox hears once, and keeps nothing of what was said once its turn is over."""

from content.message import Heard
from storage import Database, inbox
from storage.inbox import KEPT_MS, Inbox
from tests.stage import Clock

SAID = Heard("telegram", "7", "42", "u1", 5, "text", text="Nhà tôi ở bản Tâu", name="Giàng A Páo")


def test_the_same_event_is_heard_once(database: Database) -> None:
    with database.transaction() as tx:
        assert inbox.receive(tx, 1, SAID)
        assert not inbox.receive(tx, 1, SAID)
        assert inbox.receive(tx, 2, SAID)  # another account numbers its own events


def test_a_kept_event_is_sealed_and_gone_after_its_turn(database: Database) -> None:
    with database.transaction() as tx:
        assert inbox.keep(tx, 1, SAID, "waiting")
        row = inbox.pending(tx)[0]
        assert "Páo" not in row.payload_sealed
        assert inbox.opened(tx, row) == SAID
    with database.transaction() as tx:
        assert inbox.done(tx, row.id or 0)
        assert not inbox.done(tx, row.id or 0)  # nobody else has its turn again
    with database.transaction() as tx:
        kept = tx.session.get(Inbox, row.id)
        assert kept is not None
        assert (kept.state, kept.payload_sealed) == ("done", "")


def test_a_second_delivery_does_not_wake_what_was_done(database: Database) -> None:
    with database.transaction() as tx:
        inbox.receive(tx, 1, SAID)
        assert not inbox.keep(tx, 1, SAID, "waiting")
        assert inbox.pending(tx) == []


def test_failed_events_are_counted_and_never_forgotten(database: Database, clock: Clock) -> None:
    with database.transaction() as tx:
        inbox.keep(tx, 1, SAID, "failed", "a story raised")
        inbox.receive(tx, 2, SAID)
    clock.ahead = KEPT_MS + 1000
    with database.transaction() as tx:
        assert inbox.forget(tx) == 1
        assert inbox.failed_count(tx) == 1
