"""The pause after a restore: nothing is sent until a person says so, and what may have been sent already is unclear.

Between the backup and the loss the lost machine went on sending. Whoever it told, the backup cannot know.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlmodel import Field, SQLModel

from content.dates import next_digest
from storage.announcements import Announcement
from storage.columns import big
from storage.outbox import STATUS, Delivery
from storage.transaction import Transaction

WHY = "không rõ đã gửi chưa: phục hồi từ bản sao"  # marks what `send_missed` may send again
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]


class Pause(SQLModel, table=True):
    """One row while nothing may be sent: since when, and from when the backup is that was restored (ms UTC)."""

    __tablename__ = "pause"

    id: int = Field(default=1, primary_key=True)
    since: int = big()
    backup_at: int = big()


def of(tx: Transaction) -> Pause | None:
    """The pause that holds; None when everything may be sent."""
    return tx.session.get(Pause, 1)


def begin(tx: Transaction, backup_at: int) -> None:
    """Nothing is sent from now on."""
    tx.add(Pause(since=tx.now, backup_at=backup_at))


def lift(tx: Transaction) -> bool:
    """Everything is sent again; False if nothing was paused."""
    row = of(tx)
    if row is None:
        return False
    tx.session.delete(row)
    tx.session.flush()
    return True


def hold_back(tx: Transaction, backup_at: int) -> int:
    """What fell due after the backup, or was on its way, ends `unknown`; how many rows.

    A forwarding to the source system is no letter: it carries its own number there, so that it may come twice. What
    was over before the backup expires as it would have; what waits for somebody's next word goes on waiting.
    """
    letter = _ROWS.c.letter_id.is_not(None)
    due = _ROWS.c.held == "" if next_digest(backup_at) > tx.now else _ROWS.c.held.in_(("", "digest"))
    over = and_(_ROWS.c.valid_until.is_not(None), _ROWS.c.valid_until < backup_at)
    queued = and_(_ROWS.c.state == "queued", due, _ROWS.c.due_at <= tx.now, ~over)
    unclear = update(_ROWS).where(letter, or_(_ROWS.c.state == "claimed", queued))
    held = tx.changed(tx.run(unclear.values(state="unknown", why=WHY)))
    tx.run(update(_ROWS).where(~letter, _ROWS.c.state == "claimed").values(state="queued"))
    return held


def missed(tx: Transaction) -> int:
    """How many letters of unclear fate `send_missed` would send."""
    found = (select(func.count()).select_from(_ROWS).where(one) for one in _missed(tx))
    return sum(int(tx.run(one).scalar_one()) for one in found)


def send_missed(tx: Transaction, most: int = 2000) -> int:
    """Queue up to `most` of them once more, marked as a second copy; how many. 0: none is left.

    Only what still holds: announcements in force that nobody stopped, and answers to reports. Not what must never
    be repeated, and not what was a second copy already: nobody is told three times.
    """
    for which in _missed(tx):
        ids = list(tx.run(select(_ROWS.c.id).where(which).limit(most)).scalars())
        if ids:
            tx.run(update(_ROWS).where(_ROWS.c.id.in_(ids)).values(**_again(tx)))
            return len(ids)
    return 0


def _missed(tx: Transaction) -> list[ColumnElement[bool]]:
    """Conditions on deliveries: one for each announcement in force, whose rows an index finds, and one for answers."""
    out = (_NEWS.c.status.in_(("publishing", "published")), _NEWS.c.stopped_at == 0, _NEWS.c.folded_at == 0)
    news = tx.run(select(_NEWS.c.id).where(*out, _NEWS.c.valid_until > tx.now).order_by(_NEWS.c.id)).scalars()
    unclear = and_(_ROWS.c.state == "unknown", _ROWS.c.why == WHY, _ROWS.c.resent.is_(False), _ROWS.c.once.is_(False))
    answer = and_(_ROWS.c.announcement_id.is_(None), _ROWS.c.lane == STATUS)
    valid = or_(_ROWS.c.valid_until.is_(None), _ROWS.c.valid_until > tx.now)
    return [*(and_(_ROWS.c.announcement_id == number, unclear, valid) for number in news), and_(answer, unclear, valid)]


def _again(tx: Transaction) -> dict[str, Any]:
    """Back in the queue; a letter of several parts begins anew. Its first copy fell due when the row did."""
    first = case((_ROWS.c.first_at == 0, _ROWS.c.due_at), else_=_ROWS.c.first_at)
    return {"state": "queued", "resent": True, "first_at": first, "due_at": tx.now, "attempts": 0, "parts_done": 0,
            "message_id": "", "route": "", "why": ""}  # fmt: skip
