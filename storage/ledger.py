"""The ledger's busy statements, each built once: claiming, settling, and what falls due next.

They run for every message of every broadcast, so they use the tables without the ORM, and each finds its rows by the
index over what is queued, however long the queue is.
"""

from collections.abc import Collection, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Select, bindparam, select, union_all

from storage.outbox import EMERGENCY, ROUTINE, Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_LANES = range(EMERGENCY, ROUTINE + 1)


def _queued(*columns: Any) -> Select[Any]:
    """Deliveries of `:account` that wait, but for the chats in `:busy`."""
    waiting = (_ROWS.c.account_id == bindparam("account"), _ROWS.c.state == "queued", _ROWS.c.held == "")
    return select(*columns).where(*waiting, _ROWS.c.chat.not_in(bindparam("busy", expanding=True)))


_DUE = (
    _queued(_ROWS)
    .where(_ROWS.c.due_at <= bindparam("now"))
    .order_by(_ROWS.c.lane, _ROWS.c.due_at, _ROWS.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    _ROWS.update()
    .where(_ROWS.c.id == bindparam("which"))
    .values(state="claimed", claimed_by=bindparam("owner"), claimed_at=bindparam("now"))
)
_EXPIRE = _ROWS.update().where(_ROWS.c.id == bindparam("which")).values(state="expired", why="quá hạn")
_NEXT = union_all(
    *(
        select(_queued(_ROWS.c.due_at).where(_ROWS.c.lane == lane).order_by(_ROWS.c.due_at).limit(1).subquery())
        for lane in _LANES
    )
)
_EMERGENCY = (
    _queued(_ROWS.c.id)
    .where(_ROWS.c.lane == EMERGENCY, _ROWS.c.due_at <= bindparam("now"), _ROWS.c.attempts == 0)
    .limit(1)
)
_STALE = (
    _ROWS.update()
    .where(_ROWS.c.state == "queued", _ROWS.c.held == "", _ROWS.c.valid_until < bindparam("now"))
    .values(state="expired", why="quá hạn")
)


def claim(tx: Transaction, account_id: int, owner: str, limit: int, busy: Collection[str] = ()) -> list[Delivery]:
    """Take up to `limit` due deliveries of an account, first lane first, oldest first within a lane.

    One a chat, and none of a `busy` chat: whoever writes a lot must not fill the senders' hands. What is past its
    time is not taken but ends `expired`: nothing goes late.
    """
    asked = {"account": account_id, "busy": list(busy), "now": tx.now, "most": limit}
    found = [Delivery(**row) for row in tx.run(_DUE, asked).mappings()]
    late = [row for row in found if row.valid_until is not None and row.valid_until < tx.now]
    first: dict[str, Delivery] = {}
    for row in found:
        if row not in late:
            first.setdefault(row.chat, row)
    _each(tx, _EXPIRE, [{"which": row.id} for row in late])
    _each(tx, _TAKE, [{"which": row.id, "owner": owner, "now": tx.now} for row in first.values()])
    for row in first.values():
        row.state, row.claimed_by, row.claimed_at = "claimed", owner, tx.now
    return list(first.values())


def next_due(tx: Transaction, account_id: int, busy: Collection[str] = ()) -> int | None:
    """When the next delivery of an account (but of no `busy` chat) falls due, ms UTC."""
    found = tx.run(_NEXT, {"account": account_id, "busy": list(busy)}).scalars().all()
    return min(found) if found else None


def emergency_waits(tx: Transaction, account_id: int) -> bool:
    """Whether an emergency is due whose first attempt has not been made."""
    return tx.run(_EMERGENCY, {"account": account_id, "busy": [], "now": tx.now}).first() is not None


def expire(tx: Transaction) -> int:
    """End everything queued that is past its time, whether its turn came or not; how many."""
    return tx.changed(tx.run(_STALE, {"now": tx.now}))


def settle(tx: Transaction, owner: str, changes: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Write how claimed deliveries ended, or that they go back: (delivery id, columns to change), in this order.

    A row that is no longer `owner`'s is left alone: somebody took over while it hung.
    """
    for columns, rows in groupby(changes, key=lambda one: tuple(sorted(one[1]))):
        values = [
            {"which": number, "mine": owner, **{f"to_{name}": to[name] for name in columns}} for number, to in rows
        ]
        _each(tx, _settling(columns), values)


@cache
def _settling(columns: tuple[str, ...]) -> Any:
    mine = (_ROWS.c.id == bindparam("which"), _ROWS.c.state == "claimed", _ROWS.c.claimed_by == bindparam("mine"))
    return _ROWS.update().where(*mine).values({name: bindparam(f"to_{name}") for name in columns})


def _each(tx: Transaction, statement: Any, values: list[dict[str, Any]]) -> None:
    if values:
        tx.session.flush()
        tx.session.connection().execute(statement, values)
