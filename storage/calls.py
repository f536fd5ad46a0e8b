"""Calls made lately, per account: they still count in a platform's window after a restart or a takeover."""

from sqlalchemy import Index, bindparam, delete, func, select
from sqlmodel import Field, SQLModel

from storage.columns import big, key
from storage.outbox import Delivery
from storage.transaction import Transaction

KEPT_MS = 10 * 60_000  # longer than any platform's window


class Calls(SQLModel, table=True):
    """So many requests ended at `at` or shortly before."""

    __tablename__ = "calls"
    __table_args__ = (Index("ix_calls_account_id_at", "account_id", "at"),)

    id: int | None = key()
    account_id: int = big()
    at: int = big()
    made: int = Field(default=0)


_CALLS = Calls.__table__  # type: ignore[attr-defined]
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_ADD = _CALLS.insert().values(account_id=bindparam("account"), at=bindparam("now"), made=bindparam("calls")).inline()


def made(tx: Transaction, account_id: int, calls: int) -> None:
    """Keep how many requests have just ended."""
    if calls:
        tx.run(_ADD, {"account": account_id, "now": tx.now, "calls": calls})


def since(tx: Transaction, account_id: int, moment: int) -> list[int]:
    """When requests of this account arrived after `moment` at the latest, one entry a request, ms UTC."""
    kept = select(_CALLS.c.at, _CALLS.c.made).where(_CALLS.c.account_id == account_id, _CALLS.c.at > moment)
    return sorted(at for at, calls in tx.run(kept).all() for _ in range(calls))


def claimed(tx: Transaction, account_id: int) -> int:
    """How many requests a dead sender may have begun and never told of: the parts of what it had claimed."""
    open_ = select(func.coalesce(func.sum(_ROWS.c.parts_done + 1), 0)).where(
        _ROWS.c.account_id == account_id, _ROWS.c.state == "claimed"
    )
    return int(tx.run(open_).scalar_one())


def forget(tx: Transaction) -> int:
    """Drop what no window holds any more."""
    return tx.changed(tx.run(delete(_CALLS).where(_CALLS.c.at < tx.now - KEPT_MS)))
