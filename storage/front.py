"""Where an account's queue begins: PostgreSQL need not walk each time over all that was claimed before.

An index keeps the entries of rows that left it until the table is cleaned up (VACUUM), and after half a million
messages of a broadcast every claim would pass half a million of them. https://www.postgresql.org/docs/current/mvcc.html
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, literal, select, text, union_all

from storage.columns import listed
from storage.outbox import EMERGENCY, PRIORITY, ROUTINE, Delivery
from storage.transaction import Transaction

LANES = (EMERGENCY, PRIORITY, ROUTINE)  # those in which a million may wait at once
LASTS_MS = 1000  # so long at most something stays unseen that anybody but the sender put before it
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_WAITS = "state = 'queued' AND held = ''"  # in the words of the index, which a plan made once would not use otherwise
_ANYWHERE = dict.fromkeys(range(ROUTINE + 1), (0, 0))


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
    """`due_LANE` and `id_LANE` of every lane, looked for again when the front is old."""
    if abs(tx.now - front.seen_at) >= LASTS_MS:
        front.seen_at = tx.now  # first: whoever forgets it meanwhile means what was not seen yet
        found = tx.run(_FIRST, {"account": account_id, "now": tx.now})
        front.places = {**_ANYWHERE, **{row.lane: (row.due_at, row.id) for row in found}}
    values: dict[str, int] = {}
    for lane, (due_at, number) in front.places.items():
        values |= {f"due_{lane}": due_at, f"id_{lane}": number}
    return values


def due(columns: Iterable[str], most: int) -> Any:
    """The first `most` rows of each lane that are due, from its beginning on, but for `:busy` chats.

    Written as text: short enough for the driver to read it once, and not again for every claim.
    """
    lanes = ", ".join(f"({lane}, :due_{lane}, :id_{lane})" for lane in _ANYWHERE)
    numbers = ("account", "now", *(f"{name}_{lane}" for name in ("due", "id") for lane in _ANYWHERE))
    return text(f"""
        SELECT due.* FROM (VALUES {lanes}) AS begins (lane, due_at, id) CROSS JOIN LATERAL (
            SELECT {", ".join(columns)} FROM delivery
            WHERE account_id = :account AND {_WAITS} AND delivery.lane = begins.lane AND delivery.due_at <= :now
            AND (delivery.due_at, delivery.id) >= (begins.due_at, begins.id) AND chat NOT IN (SELECT unnest(:busy))
            ORDER BY delivery.due_at, delivery.id LIMIT {most}
        ) AS due
    """).bindparams(listed("busy", String), *(bindparam(name, type_=BigInteger) for name in numbers))


def _first(lane: int) -> Any:
    here = _ROWS.c.lane == literal(lane, literal_execute=True)
    waits = (_ROWS.c.account_id == bindparam("account"), text(_WAITS), here)
    found = select(_ROWS.c.lane, _ROWS.c.due_at, _ROWS.c.id).where(*waits, _ROWS.c.due_at <= bindparam("now"))
    return select(found.order_by(_ROWS.c.due_at, _ROWS.c.id).limit(literal(1, literal_execute=True)).subquery())


_FIRST = union_all(*map(_first, LANES))
