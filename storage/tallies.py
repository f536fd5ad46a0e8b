"""Tallies: what is left of old deliveries when their rows are gone, and both counted alike."""

from typing import Any

from sqlalchemy import Index, Select, case, func, select
from sqlmodel import Field, SQLModel

from storage.columns import big, key
from storage.outbox import Delivery

SOON_MS, MINUTES_MS = 30_000, 300_000


class Tally(SQLModel, table=True):
    """So many people of one hamlet for whom an announcement ended in one way."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_announcement_id", "announcement_id"),)

    id: int | None = key()
    announcement_id: int = big()
    account_id: int = big()
    commune: str = Field(max_length=5)
    hamlet_key: str = Field(default="", max_length=80)
    state: str = Field(max_length=10)
    band: str = Field(default="", max_length=8)  # how soon: 30s, 5min, later; empty when it was not sent
    route: str = Field(default="", max_length=10)
    why: str = Field(default="", max_length=200)
    resent: bool = False
    people: int


# What tells one tally of an announcement from another.
BY = ("account_id", "commune", "hamlet_key", "state", "band", "route", "why", "resent")
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_TALLIES = Tally.__table__  # type: ignore[attr-defined]


def live(published_at: int, *which: Any) -> Select[Any]:
    """The deliveries that fulfil `which`, counted as tallies count them: the columns of `BY`, then `people`."""
    sent, after = _ROWS.c.state == "sent", _ROWS.c.sent_at - published_at
    made = {
        "band": case((~sent, ""), (after <= SOON_MS, "30s"), (after <= MINUTES_MS, "5min"), else_="later"),
        "why": case((sent, ""), else_=_ROWS.c.why),  # what an earlier attempt met does not matter any more
    }
    # Counted outside, because PostgreSQL does not see that two parameters of one value group alike.
    rows = select(*(made.get(name, _ROWS.c.get(name)).label(name) for name in BY)).where(*which).subquery()
    columns = [rows.c[name] for name in BY]
    return select(*columns, func.count().label("people")).group_by(*columns)


def folded(announcement_id: int) -> Select[Any]:
    """An announcement's tallies, in the same columns as `live`."""
    columns = (_TALLIES.c[name] for name in (*BY, "people"))
    return select(*columns).where(_TALLIES.c.announcement_id == announcement_id)
