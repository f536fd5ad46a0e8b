"""Leases: who may run the clock, refresh a token or own a file. They outlive a process by their time."""

from sqlmodel import Field, SQLModel, col, select

from storage.columns import big
from storage.transaction import Transaction


class Lease(SQLModel, table=True):
    """`owner` holds `name` until `until`; every change of owner raises `epoch`."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=60)
    owner: str = Field(max_length=80)
    epoch: int = big(default=1)
    until: int = big()


def take(tx: Transaction, name: str, owner: str, ms: int, alone: bool = False) -> int | None:
    """Take or prolong a lease for `ms`; its epoch, or None while somebody else holds it.

    `alone`: no other process can be alive (SQLite), so whoever held it is dead.
    """
    row = tx.session.exec(select(Lease).where(col(Lease.name) == name).with_for_update()).first()
    if row is None:
        return tx.add(Lease(name=name, owner=owner, until=tx.now + ms)).epoch
    if row.owner != owner and row.until > tx.now and not alone:
        return None
    if row.owner != owner:
        row.owner, row.epoch = owner, row.epoch + 1
    row.until = tx.now + ms
    tx.session.add(row)
    return row.epoch


def holds(tx: Transaction, name: str, owner: str) -> bool:
    """Whether `owner` still holds the lease."""
    row = tx.session.get(Lease, name)
    return row is not None and row.owner == owner and row.until > tx.now


def give_back(tx: Transaction, name: str, owner: str) -> None:
    """Let the next one have it at once."""
    row = tx.session.get(Lease, name)
    if row and row.owner == owner:
        row.until = tx.now
        tx.session.add(row)
