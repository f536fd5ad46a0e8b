"""Taking over a budget: what its dead holder may have sent, how much of the limits it used, and a clock that ran ahead."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, literal, select, update

from storage.outbox import CONVERSATION, EMERGENCY, RETRY, Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
FLIGHT_MS = 200_000  # the longest that a request may take (Zalo fetches photos for up to 150 s)
AHEAD_MS = 60_000


def crashed(tx: Transaction, account_ids: Collection[int], epoch: int) -> int:
    """Rows claimed under an older epoch: possibly sent. They go once more, marked as resent; how many rows.

    A row that was already resent, or must never be repeated, ends `unknown`: nobody is told three times.
    """
    dead = (_ROWS.c.account_id.in_(account_ids), _ROWS.c.state == "claimed", _ROWS.c.epoch != epoch)
    final = (_ROWS.c.resent | _ROWS.c.once, _ROWS.c.letter_id.is_not(None))
    ended = tx.run(update(_ROWS).where(*dead, *final).values(state="unknown", why="máy dừng đúng lúc gửi"))
    again = {"state": "queued", "resent": True, "attempts": _ROWS.c.attempts + 1, "lane": after_first(_ROWS.c.lane)}
    return tx.changed(ended) + tx.changed(tx.run(update(_ROWS).where(*dead).values(again)))


def after_first(lane: Any) -> Any:
    """The lane of the second attempt: an emergency that was tried once waits with those that are tried again."""
    if isinstance(lane, int):
        return RETRY if lane == EMERGENCY else lane
    return lane + (lane == EMERGENCY).cast(lane.type) * literal(RETRY - EMERGENCY)


def sent_since(tx: Transaction, account_id: int, since: int) -> list[int]:
    """When this account's last requests were made, one entry a request, at the latest moment that it can have been.

    They still count in the platform's window after a restart. What a dead process had claimed counts as sent now.
    """
    recent = select(_ROWS.c.sent_at, _ROWS.c.parts_done, _ROWS.c.claimed_at).where(
        _ROWS.c.account_id == account_id, _ROWS.c.claimed_at > since - FLIGHT_MS
    )
    rows = [(sent or tx.now, parts) for sent, parts, claimed in tx.run(recent) if sent > since or claimed > since]
    return sorted(at for at, parts in rows for _ in range(parts + 1))


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


__all__ = ["CONVERSATION", "after_first", "crashed", "rebase", "sent_since"]
