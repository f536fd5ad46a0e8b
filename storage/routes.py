"""Routes: what is asked of claimed deliveries to know how each may go, and what is written of that decision."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select, update

from storage.citizens import Address
from storage.outbox import Delivery
from storage.transaction import Transaction

TOGETHER = ("group", "article")  # routes of posts to nobody in particular
REACHED = ("sent", "unknown")

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_ADDRESSES = Address.__table__  # type: ignore[attr-defined]
_WHICH: Any = bindparam("which", expanding=True)
_HEARD = select(_ADDRESSES.c.id, _ADDRESSES.c.heard_at).where(_ADDRESSES.c.id.in_(_WHICH))
_LIVES = select(_ROWS.c.id, _ROWS.c.hamlet_key).where(_ROWS.c.id.in_(_WHICH))
_HOLDS = _ADDRESSES.update().where(_ADDRESSES.c.id.in_(_WHICH)).values(holds=True)
# Found by the index over addresses: the few rows of an announcement that have none.
_POSTS = select(_ROWS.c.announcement_id, _ROWS.c.state, _ROWS.c.commune, _ROWS.c.hamlet_key, _ROWS.c.route).where(
    _ROWS.c.address_id.is_(None),
    _ROWS.c.announcement_id.in_(_WHICH),
    _ROWS.c.account_id == bindparam("account"),
    _ROWS.c.route.in_(TOGETHER),
)


def heard(tx: Transaction, address_ids: Collection[int]) -> dict[int, int]:
    """address → when its citizen wrote last, ms UTC."""
    return {row[0]: row[1] for row in tx.run(_HEARD, {"which": list(address_ids)})} if address_ids else {}


def hamlets(tx: Transaction, ids: Collection[int]) -> dict[int, str]:
    """delivery → the key of the hamlet where its receiver lives; empty when they named none."""
    return {row[0]: row[1] for row in tx.run(_LIVES, {"which": list(ids)})}


def posts(tx: Transaction, account_id: int, announcement_ids: Collection[int]) -> list[tuple[int, str, str, str, str]]:
    """An account's posts to groups and articles: (announcement, state, commune, hamlet's key, route)."""
    found = tx.run(_POSTS, {"which": list(announcement_ids), "account": account_id})
    return [(row[0], row[1], row[2], row[3], row[4]) for row in found]


def articles_since(tx: Transaction, account_id: int, moment: int) -> int:
    """How many articles of an account went out, or may have, since a moment (ms UTC)."""
    news = (_ROWS.c.address_id.is_(None), _ROWS.c.announcement_id > 0, _ROWS.c.account_id == account_id)
    went = (_ROWS.c.route == "article", _ROWS.c.claimed_at >= moment, _ROWS.c.state.in_((*REACHED, "claimed")))
    return int(tx.run(select(func.count()).where(*news, *went)).scalar_one())


def article_out(tx: Transaction, announcement_id: int) -> bool:
    """Whether an announcement went out as an article too, or may have."""
    mine = (_ROWS.c.address_id.is_(None), _ROWS.c.announcement_id == announcement_id, _ROWS.c.route == "article")
    return (
        tx.run(select(_ROWS.c.id).where(*mine, _ROWS.c.state.in_((*REACHED, "claimed"))).limit(1)).first() is not None
    )


def take(tx: Transaction, ids: Collection[int], route: str) -> None:
    """Write by which route claimed deliveries go."""
    _write(tx, ids, {"route": route})


def end(tx: Transaction, ids: Collection[int], state: str, why: str) -> None:
    """Claimed deliveries end without a call."""
    _write(tx, ids, {"state": state, "why": why})


def wait(tx: Transaction, ids: Collection[int], due_at: int, why: str) -> None:
    """Claimed deliveries go back to the queue until a moment (ms UTC)."""
    _write(tx, ids, {"state": "queued", "due_at": due_at, "why": why})


def hold(tx: Transaction, ids: Collection[int], why: str) -> None:
    """Claimed deliveries wait, without expiry, for the citizen's next word."""
    _write(tx, ids, {"state": "queued", "held": "window", "valid_until": None, "why": why})


def holds(tx: Transaction, address_ids: Collection[int]) -> None:
    """Something waits for the next word from these addresses, or was missed there."""
    if address_ids:
        tx.run(_HOLDS, {"which": list(address_ids)})


def _write(tx: Transaction, ids: Collection[int], values: dict[str, Any]) -> None:
    if ids:
        asked = {"which": list(ids), **{f"to_{name}": value for name, value in values.items()}}
        tx.run(_writing(tuple(values)), asked)


@cache
def _writing(columns: tuple[str, ...]) -> Any:
    changed = {name: bindparam(f"to_{name}", type_=_ROWS.c[name].type) for name in columns}
    return _ROWS.update().where(_ROWS.c.id.in_(_WHICH), _ROWS.c.state == "claimed").values(changed)


def again(tx: Transaction, account_id: int, why: str) -> int:
    """What waits for a reason that is gone falls due now; how many rows."""
    waiting = (_ROWS.c.account_id == account_id, _ROWS.c.state == "queued", _ROWS.c.due_at > tx.now)
    return tx.changed(tx.run(update(_ROWS).where(*waiting, _ROWS.c.why == why).values(due_at=tx.now)))
