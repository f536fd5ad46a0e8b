"""Taking over: what a dead sender may have sent, and rows of a clock that ran ahead."""

from collections.abc import Collection

from sqlalchemy import case, func, select, update

from storage.outbox import Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
AHEAD_MS = 60_000


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
