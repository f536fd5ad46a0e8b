"""Taking over: what a dead sender may have sent, what a living one lost, and rows of a clock that ran ahead."""

from collections.abc import Collection
from dataclasses import fields

from sqlalchemy import Integer, bindparam, case, func, select, text, update

from storage.leases import Lease
from storage.ledger import Due
from storage.outbox import Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_LEASES = Lease.__table__  # type: ignore[attr-defined]
AHEAD_MS = 60_000
CLAIMS = 7448  # the name of our advisory locks, one an account
# A server does not notice for hours that a client's machine has died in the middle of a transaction.
_ALONE = select(_LEASES.c.epoch, func.set_config("idle_in_transaction_session_timeout", "5000", text("true")),
                func.pg_advisory_xact_lock(CLAIMS, bindparam("account", type_=Integer))
                ).where(_LEASES.c.name == bindparam("lease")).with_for_update(read=True)  # fmt: skip
_CLAIMED = select(*(_ROWS.c[one.name] for one in fields(Due))).where(
    _ROWS.c.account_id == bindparam("account"), text("state = 'claimed'"), _ROWS.c.held != "digest",
    _ROWS.c.epoch == bindparam("mine"),
)  # fmt: skip


def alone(tx: Transaction, account_id: int, lease: str, epoch: int) -> bool:
    """Wait until no other transaction claims for this account; whether the lease still stands at `epoch` (PostgreSQL).

    A connection may be lost at the commit, and that may still be under way; one whose client is gone is soon given up.
    Nobody takes the lease over before this transaction ends. Its time does not matter here: until somebody has taken
    it over, what its holder writes is true.
    """
    return bool(tx.run(_ALONE, {"account": account_id, "lease": lease}).scalar() == epoch)


def claimed(tx: Transaction, account_id: int, epoch: int) -> list[Due]:
    """What an account's sender should have in its hands. Parts of a day's letter go its way and are not told."""
    return [Due(*row) for row in tx.run(_CLAIMED, {"account": account_id, "mine": epoch}).all()]


def crashed(tx: Transaction, account_ids: Collection[int]) -> int:
    """What accounts that nobody sends for had claimed: possibly sent. They go once more, marked; how many rows.

    A row that was already resent, or must never be repeated, ends `unknown`: nobody is told three times.
    An emergency keeps its lane: its first attempt may never have been made.
    """
    dead = (_ROWS.c.account_id.in_(account_ids), _ROWS.c.state == "claimed")
    final = (_ROWS.c.resent | _ROWS.c.once, _ROWS.c.letter_id.is_not(None))
    ended = tx.run(update(_ROWS).where(*dead, *final).values(state="unknown", why="máy dừng đúng lúc gửi"))
    first = case((_ROWS.c.first_at == 0, _ROWS.c.claimed_at), else_=_ROWS.c.first_at)
    again = {"state": "queued", "resent": True, "first_at": first}
    return tx.changed(ended) + tx.changed(tx.run(update(_ROWS).where(*dead).values(again)))


def rebase(tx: Transaction) -> int:
    """Rows written while the clock ran ahead would wait for a time that was never meant; how many fall due now.

    Only what was to go at once is moved: a night's rest or a pause between attempts that was meant is left alone.
    """
    newest = tx.run(select(func.max(_ROWS.c.id))).scalar()
    written = tx.run(select(_ROWS.c.created_at).where(_ROWS.c.id == newest)).scalar()
    if written is None or written <= tx.now + AHEAD_MS:
        return 0
    at_once = (_ROWS.c.state == "queued", _ROWS.c.due_at <= _ROWS.c.created_at, _ROWS.c.due_at > tx.now)
    return tx.changed(tx.run(update(_ROWS).where(*at_once).values(due_at=tx.now)))
