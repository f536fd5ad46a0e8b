"""Quiet hours: who chose their own, and rows of the ledger that go back to the queue until these are over."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, cast, literal, null, select, true, union_all

from storage.announcements import Announcement
from storage.citizens import Address, Citizen
from storage.columns import among
from storage.communes import CommuneRules, Hours
from storage.outbox import Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]
_RULES = CommuneRules.__table__  # type: ignore[attr-defined]
_ADDRESSES = Address.__table__  # type: ignore[attr-defined]
_CITIZENS = Citizen.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of a delivery that is due, what tells whether its receiver sleeps."""

    id: int
    address_id: int | None
    announcement_id: int | None
    commune: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is not to be woken when: address → its citizen's own hours, of those who chose; commune → hours, of those
    that decided; announcements whose writer chose to send them in the quiet hours."""

    own: dict[int, Hours]
    communes: dict[str, Hours]
    at_night: set[int]


def rules(tx: Transaction, addresses: Collection[int], communes: Collection[str], news: Collection[int]) -> Rules:
    """What holds for these, asked at once: it is asked for every claim."""
    found = Rules({}, {}, set())
    asked = {"addresses": list(addresses), "communes": list(communes), "news": list(news)}
    for address, commune, announcement, start, end in tx.run(_holding(tx.postgres), asked):
        if address is not None:
            found.own[address] = (start, end)
        elif commune is not None:
            found.communes[commune] = (start, end)
        else:
            found.at_night.add(announcement)
    return found


@cache
def _holding(postgres: bool) -> Any:
    nobody, nowhere, nothing = cast(null(), BigInteger), cast(null(), String), cast(null(), BigInteger)
    own = select(_ADDRESSES.c.id, nowhere, nothing, _CITIZENS.c.quiet_from, _CITIZENS.c.quiet_until)
    own = own.join_from(_ADDRESSES, _CITIZENS, _CITIZENS.c.id == _ADDRESSES.c.citizen_id)
    decided = select(nobody, _RULES.c.commune, nothing, _RULES.c.quiet_from, _RULES.c.quiet_until)
    chosen = select(nobody, nowhere, _NEWS.c.id, literal(0), literal(0))
    return union_all(
        own.where(among(_ADDRESSES.c.id, postgres, "addresses"), _CITIZENS.c.quiet_from >= 0),
        decided.where(among(_RULES.c.commune, postgres, "communes")),
        chosen.where(among(_NEWS.c.id, postgres, "news"), _NEWS.c.at_night == true()),
    )


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
