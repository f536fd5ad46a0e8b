"""Folding: old deliveries become tallies, a range at a time, so that the ledger stays small and no number changes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import aliased

from storage import announcements
from storage.announcements import Announcement
from storage.outbox import OFFER_MS, STATES, Delivery, Letter
from storage.progress import OPEN
from storage.reports import SETTLED, Report
from storage.tallies import BY, Tally, live
from storage.transaction import Transaction

FINAL = tuple(state for state in STATES if state not in OPEN)
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_LETTERS = Letter.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_TALLIES = Tally.__table__  # type: ignore[attr-defined]
_NOTICES = Announcement.__table__  # type: ignore[attr-defined]


def fold(tx: Transaction, before: int, most: int = 2000) -> int:
    """Put away up to `most` deliveries that ended before `before` (ms UTC); how many. 0: nothing is left to do.

    Those of an announcement that is over, as tallies; then those of conversations, with their letters. Whatever
    comes first, nothing is touched while somebody may still answer the letter.
    """
    before = min(before, tx.now - OFFER_MS)
    while row := _over(tx, before):
        done = _fold_range(tx, row, most)
        if done:
            return done
    return _drop(tx, before, most)


def _over(tx: Transaction, before: int) -> Announcement | None:
    """The oldest announcement of which nothing moves any more, nor may be corrected, and which is not folded yet."""
    waits = select(_ROWS.c.id).where(_ROWS.c.announcement_id == _NOTICES.c.id, _ROWS.c.state.in_(OPEN))
    # A correction goes to exactly those who got the original: as long as it may go, they are still known.
    other = aliased(_NOTICES)
    corrected = select(other.c.id).where(
        other.c.corrects_id == _NOTICES.c.id, (other.c.valid_until >= before) | (other.c.status == "publishing")
    )
    question = (
        select(Announcement)
        .where(_NOTICES.c.status == "published", _NOTICES.c.folded_at == 0)
        .where(_NOTICES.c.valid_until < before, _NOTICES.c.spread_done_at < before)
        .where(~waits.exists(), ~corrected.exists())
        .order_by(_NOTICES.c.id)
        .limit(1)
    )
    return tx.session.execute(question).scalar()


def _fold_range(tx: Transaction, row: Announcement, most: int) -> int:
    """The next deliveries of an announcement; when none is left, that is written down."""
    announcements.lock(tx, row)  # another clock may be at it
    ids = list(tx.run(select(_ROWS.c.id).where(_ROWS.c.announcement_id == row.id).limit(most)).scalars())
    if ids:
        _add(tx, row, tx.run(live(row.published_at, _ROWS.c.id.in_(ids))).mappings().all())
        tx.run(delete(_ROWS).where(_ROWS.c.id.in_(ids)))
    if len(ids) < most:
        row.folded_at = tx.now
        tx.add(row)
    return len(ids)


def _add(tx: Transaction, row: Announcement, counted: Sequence[Any]) -> None:
    """Add what was counted to the announcement's tallies."""
    columns = [_TALLIES.c[name] for name in BY]
    there = select(_TALLIES.c.id, *columns).where(_TALLIES.c.announcement_id == row.id)
    known = {tuple(one[1:]): one[0] for one in tx.run(there)}
    for one in counted:
        number = known.get(tuple(one[name] for name in BY))
        if number is None:
            tx.run(insert(_TALLIES), {"announcement_id": row.id, **one})
        else:
            more = update(_TALLIES).where(_TALLIES.c.id == number)
            tx.run(more.values(people=_TALLIES.c.people + one["people"]))


def _drop(tx: Transaction, before: int, most: int) -> int:
    """Old deliveries that belong to no announcement, but those of reports that are still open."""
    last = _letter_before(tx, before)
    unsettled = select(_REPORTS.c.id).where(_REPORTS.c.id == _ROWS.c.report_id, _REPORTS.c.state.not_in(SETTLED))
    old = (
        select(_ROWS.c.id, _ROWS.c.letter_id)
        .where(_ROWS.c.announcement_id.is_(None), _ROWS.c.state.in_(FINAL))
        .where(_ROWS.c.created_at < before, _ROWS.c.claimed_at < before, _ROWS.c.sent_at < before)
        .where(~unsettled.exists())
        .limit(most)
    )
    # By the index of letters: it holds none of the announcements' millions.
    found = tx.run(old.where(_ROWS.c.letter_id <= last)).all() or tx.run(old.where(_ROWS.c.letter_id.is_(None))).all()
    if found:
        tx.run(delete(_ROWS).where(_ROWS.c.id.in_([one[0] for one in found])))
        _drop_letters(tx, [one[1] for one in found if one[1] is not None])
    return len(found)


def _drop_letters(tx: Transaction, ids: list[int]) -> None:
    """Letters that nothing carries any more."""
    used = select(_ROWS.c.id).where(_ROWS.c.letter_id == _LETTERS.c.id, _ROWS.c.announcement_id.is_(None))
    spare = delete(_LETTERS).where(_LETTERS.c.id.in_(ids), _LETTERS.c.announcement_id.is_(None), ~used.exists())
    tx.run(spare)


def _letter_before(tx: Transaction, before: int) -> int:
    """The last letter that was written before a moment: letters are numbered as they are written, so it is found by
    halving, without reading them all."""
    low, high = 0, tx.run(select(_LETTERS.c.id).order_by(_LETTERS.c.id.desc()).limit(1)).scalar() or 0
    after = select(_LETTERS.c.id, _LETTERS.c.created_at).order_by(_LETTERS.c.id).limit(1)
    while low < high:
        middle = (low + high) // 2
        number, written = tx.run(after.where(_LETTERS.c.id > middle)).one()
        if written < before:
            low = number
        else:
            high = middle
    return low
