"""Where an account's queue begins: PostgreSQL need not walk each time over all that was claimed before.

An index keeps the entries of rows that left it until the table is cleaned up (VACUUM), and after half a million
messages of a broadcast every claim would pass half a million of them. https://www.postgresql.org/docs/current/mvcc.html
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, literal, select, text, tuple_, union_all

from storage.outbox import EMERGENCY, PRIORITY, ROUTINE, Delivery
from storage.transaction import Transaction

LANES = (EMERGENCY, PRIORITY, ROUTINE)  # those in which a million may wait at once
LASTS_MS = 1000  # so long at most something stays unseen that anybody but the sender put before it
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_ANYWHERE = dict.fromkeys(LANES, (0, 0))


@dataclass(slots=True)
class Front:
    """A sender's knowledge of it: lane → (due_at, id) of the first row that is due there, busy chat or not.

    Nothing that is due stands before it but what was put there since. So the sender forgets it when it puts a row
    back, and when it hears of an emergency. A lane where nothing is due begins at its very beginning.
    """

    seen_at: int = 0  # ms UTC
    places: dict[int, tuple[int, int]] = field(default_factory=lambda: dict(_ANYWHERE))

    def forget(self) -> None:
        """Something may wait before it."""
        self.seen_at = 0


def begins(tx: Transaction, account_id: int, front: Front) -> dict[str, int]:
    """Values for `beyond`, looked for again when the front is old."""
    if abs(tx.now - front.seen_at) >= LASTS_MS:
        front.seen_at = tx.now  # first: whoever forgets it meanwhile means what was not seen yet
        found = tx.run(_FIRST, {"account": account_id, "now": tx.now})
        front.places = {**_ANYWHERE, **{row.lane: (row.due_at, row.id) for row in found}}
    values: dict[str, int] = {}
    for lane, (due_at, number) in front.places.items():
        values |= {f"due_{lane}": due_at, f"id_{lane}": number}
    return values


def beyond(lane: int) -> Any:
    """Rows of a lane from its beginning on."""
    due_at, number = (bindparam(f"{name}_{lane}", type_=_ROWS.c.id.type) for name in ("due", "id"))
    return tuple_(_ROWS.c.due_at, _ROWS.c.id) >= tuple_(due_at, number)


def _first(lane: int) -> Any:
    here = _ROWS.c.lane == literal(lane, literal_execute=True)
    waits = (_ROWS.c.account_id == bindparam("account"), text("state = 'queued' AND held = ''"), here)
    due = select(_ROWS.c.lane, _ROWS.c.due_at, _ROWS.c.id).where(*waits, _ROWS.c.due_at <= bindparam("now"))
    mine = due.order_by(_ROWS.c.due_at, _ROWS.c.id)
    return select(mine.limit(literal(1, literal_execute=True)).subquery())


_FIRST = union_all(*map(_first, LANES))
