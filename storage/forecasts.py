"""Forecasts: whom an announcement would find, by account, window and place, before it goes out."""

from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select, text

from storage import audience, corrections
from storage.announcements import Announcement, communes, hamlets
from storage.citizens import Address
from storage.corrections import D
from storage.transaction import Transaction

_ADDRESSES = Address.__table__  # type: ignore[attr-defined]
_WINDOW = "CASE WHEN a.heard_at >= :free THEN 'free' WHEN a.heard_at >= :paid THEN 'paid' ELSE 'closed' END"
_SAID: tuple[tuple[object, str], ...] = (
    (_ADDRESSES.c.heard_at >= bindparam("free"), "free"),
    (_ADDRESSES.c.heard_at >= bindparam("paid"), "paid"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """So many people of one account, in one window of Zalo's (free, paid, closed), who live in one place."""

    account_id: int
    window: str
    commune: str
    hamlet_key: str
    people: int


def found(tx: Transaction, row: Announcement, free: int, paid: int) -> list[Found]:
    """Whom an announcement would reach now. Who wrote at `free` (ms UTC) or later is in the free window, at `paid` or
    later in the paid one; platforms without windows do not look at that."""
    if row.corrects_id:
        return _of_original(tx, row.corrects_id, free, paid)
    by = f"a.account_id, {_WINDOW}, f.commune, f.hamlet_key"
    emergency = row.priority == "emergency"
    rows = audience.grouped(tx, by, communes(row), hamlets(row), emergency, row.topic, free=free, paid=paid)
    return [Found(*one) for one in rows]


def _of_original(tx: Transaction, announcement_id: int, free: int, paid: int) -> list[Found]:
    """A correction goes to whoever got the original."""
    window = case(*_SAID, else_="closed").label("reach")  # type: ignore[arg-type]
    columns = (D.c.account_id, window, D.c.commune, D.c.hamlet_key)
    got = (D.c.announcement_id == announcement_id, corrections.got(tx, announcement_id))
    joined = select(*columns, func.count()).join(_ADDRESSES, _ADDRESSES.c.id == D.c.address_id)
    question = joined.where(*got).group_by(D.c.account_id, text("reach"), D.c.commune, D.c.hamlet_key)
    return [Found(*one) for one in tx.run(question, {"free": free, "paid": paid})]
