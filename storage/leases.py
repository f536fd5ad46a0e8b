"""Leases: who may send for a budget, run the clock, refresh a token or own a file.

They outlive a process by their time, and last by the database's clock: two hosts need not agree about the time.
"""

from collections.abc import Collection

from sqlalchemy import delete, func, text, update
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big
from storage.transaction import Transaction

NAME = 60


class Lease(SQLModel, table=True):
    """`owner` holds `name` until `until`; every change of owner raises `epoch`."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=NAME)
    owner: str = Field(max_length=80)
    epoch: int = big(default=1)
    until: int = big()


_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")


def clock(tx: Transaction) -> int:
    """Now as the database has it, ms UTC; on SQLite that is this process's own clock."""
    return int(tx.run(_NOW).scalar()) if tx.postgres else tx.now


def take(tx: Transaction, name: str, owner: str, ms: int, alone: bool = False) -> int | None:
    """Take or prolong a lease for `ms`; its epoch, or None while somebody else holds it.

    `alone`: no other process can be alive (SQLite), so whoever held it is dead.
    """
    now = clock(tx)
    row = tx.session.exec(select(Lease).where(col(Lease.name) == name).with_for_update()).first()
    if row is None:
        return tx.add(Lease(name=name, owner=owner, until=now + ms)).epoch
    if row.owner != owner and row.until > now and not alone:
        _bound(tx, row, now + ms)
        return None
    if row.owner != owner:
        row.owner, row.epoch = owner, row.epoch + 1
    row.until = now + ms
    tx.session.add(row)
    return row.epoch


def _bound(tx: Transaction, row: Lease, latest: int) -> None:
    """The clock has been set back since: nobody's lease may outlast what a living holder would prolong it to."""
    if row.until > latest:
        row.until = latest
        tx.session.add(row)


def prolong(tx: Transaction, names: Collection[str], owner: str, ms: int) -> dict[str, int]:
    """Prolong what `owner` holds, all at once: name → epoch of those that are still its own."""
    mine = update(Lease).where(col(Lease.name).in_(names), col(Lease.owner) == owner)
    longer = mine.values(until=clock(tx) + ms).returning(col(Lease.name), col(Lease.epoch))
    return {row[0]: row[1] for row in tx.run(longer)}


def census(tx: Transaction, kind: str, owner: str, ms: int) -> int:
    """Say that `owner` lives, and count who of its `kind` does: their leases are named by kind and owner."""
    take(tx, _named(kind, owner), owner, ms)
    now, ours = clock(tx), col(Lease.name).startswith(kind)
    tx.run(delete(Lease).where(ours, col(Lease.until) < now - ms))
    tx.run(update(Lease).where(ours, col(Lease.until) > now + ms).values(until=now + ms))  # as `_bound` does
    return int(tx.run(select(func.count()).select_from(Lease).where(ours, col(Lease.until) > now)).scalar_one())


def _named(kind: str, owner: str) -> str:
    """The end of a long owner: that is what tells two processes of one host apart."""
    return kind + owner[-(NAME - len(kind)) :]


def bury(tx: Transaction, name: str, process: str) -> None:
    """Let nobody wait for the dead: on SQLite, whose owner's name does not begin with `process` is no more."""
    if not tx.postgres:
        dead = (col(Lease.name) == name, col(Lease.owner).not_like(f"{process}%"))
        tx.run(update(Lease).where(*dead).values(until=0))


def leave(tx: Transaction, kind: str, owner: str) -> None:
    """`owner` is about to end: the others need not wait until that shows."""
    give_back(tx, _named(kind, owner), owner)


def give_back(tx: Transaction, name: str, owner: str) -> None:
    """Let the next one have it at once."""
    row = tx.session.get(Lease, name)
    if row and row.owner == owner:
        row.until = 0  # of no clock: it may be set back before somebody asks
        tx.session.add(row)
