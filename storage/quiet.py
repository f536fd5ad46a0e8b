"""Quiet hours: who chose their own, and rows of the ledger that go back to the queue until these are over."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from storage.announcements import Announcement
from storage.citizens import Address, Citizen
from storage.communes import Hours
from storage.outbox import Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]
_ADDRESSES = Address.__table__  # type: ignore[attr-defined]
_CITIZENS = Citizen.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of a delivery that is due, what tells whether its receiver sleeps."""

    id: int
    address_id: int | None
    announcement_id: int | None
    commune: str


def among(column: Any, postgres: bool) -> Any:
    """`column` is one of the numbers in `:which`; PostgreSQL plans an array once, however long it is."""
    if postgres:
        return column == func.any(cast(bindparam("which"), ARRAY(BigInteger)))
    return column.in_(bindparam("which", expanding=True))


def own(tx: Transaction, address_ids: Collection[int]) -> dict[int, Hours]:
    """address → the hours its citizen chose, of those who chose."""
    if not address_ids:
        return {}
    found = tx.run(_choosing(tx.postgres), {"which": list(address_ids)})
    return {row[0]: (row[1], row[2]) for row in found}


@cache
def _choosing(postgres: bool) -> Any:
    columns = (_ADDRESSES.c.id, _CITIZENS.c.quiet_from, _CITIZENS.c.quiet_until)
    theirs = select(*columns).join_from(_ADDRESSES, _CITIZENS, _CITIZENS.c.id == _ADDRESSES.c.citizen_id)
    return theirs.where(among(_ADDRESSES.c.id, postgres), _CITIZENS.c.quiet_from >= 0)


def at_night(tx: Transaction, announcement_ids: Collection[int]) -> set[int]:
    """Those whose writer chose to send them in the quiet hours."""
    chosen = select(_NEWS.c.id).where(_NEWS.c.id.in_(list(announcement_ids)), _NEWS.c.at_night == true())
    return set(tx.run(chosen).scalars()) if announcement_ids else set()


def put_back(tx: Transaction, ids: Iterable[int], until: int) -> None:
    """Rows that were claimed, or were about to be, wait until then (ms UTC). That is no attempt."""
    tx.run(_putting(tx.postgres), {"which": list(ids), "to_due": until})


@cache
def _putting(postgres: bool) -> Any:
    open_rows = (among(_ROWS.c.id, postgres), _ROWS.c.state.in_(("queued", "claimed")))
    return _ROWS.update().where(*open_rows).values(state="queued", due_at=bindparam("to_due"))


def due(tx: Transaction, account_id: int, lane: int, most: int) -> list[Waiting]:
    """The next rows of an account's lane that would be claimed."""
    found = tx.run(_NEXT, {"account": account_id, "lane": lane, "now": tx.now, "most": most})
    return [Waiting(*row) for row in found]


_NEXT = (
    select(_ROWS.c.id, _ROWS.c.address_id, _ROWS.c.announcement_id, _ROWS.c.commune)
    .where(_ROWS.c.account_id == bindparam("account"), _ROWS.c.state == "queued", _ROWS.c.held == "")
    .where(_ROWS.c.lane == bindparam("lane"), _ROWS.c.due_at <= bindparam("now"))
    .order_by(_ROWS.c.due_at, _ROWS.c.id)
    .limit(bindparam("most"))
)
