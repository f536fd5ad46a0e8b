"""Questions that found no sure answer, those alike together. Words are sealed; likeness is seen by keyed hashes.

`terms` of a group are hashes of what its questions speak of, made with our key: they tell whether two questions are
alike, and nothing of what was asked to whoever has the table alone. With a newer key, newer groups begin.
"""

from collections.abc import Iterable

from sqlalchemy import Index, bindparam, delete
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key
from storage.transaction import Transaction

ALIKE, ALIKE_WITH_GUESS = 0.6, 0.4  # of the terms of both; less is enough where the best guess was the same
COMPARED = 100  # groups of a commune that a new question is held against, newest first
MOST_TERMS = 24
MOST_WORDINGS = 20  # of one group that are kept; after that it is only counted
LONGEST = 1000  # characters of a question


class UnansweredGroup(SQLModel, table=True):
    """Questions that are alike."""

    __tablename__ = "unanswered_group"
    __table_args__ = (Index("ix_unanswered_group_commune", "commune", "last_at"),)

    id: int | None = key()
    commune: str = Field(default="", max_length=5)
    terms: str = Field(default="", max_length=200)
    nearest: str = Field(default="", max_length=60)  # id of the best guess
    times: int = 1  # how often it was asked
    last_at: int = big()


class Unanswered(SQLModel, table=True):
    """One wording; sealed, because people put their lives into questions."""

    __tablename__ = "unanswered"

    id: int | None = key()
    at: int = big()
    commune: str = Field(default="", max_length=5)
    text_sealed: str
    nearest: str = Field(default="", max_length=60)
    group_id: int = big(default=0, index=True)


_GROUPS = UnansweredGroup.__table__  # type: ignore[attr-defined]
_NEWEST = (
    select(UnansweredGroup.id, UnansweredGroup.terms, UnansweredGroup.nearest, UnansweredGroup.times)
    .where(col(UnansweredGroup.commune) == bindparam("commune"))
    .order_by(col(UnansweredGroup.last_at).desc())
    .limit(COMPARED)
)
_AGAIN = (
    _GROUPS.update()
    .where(_GROUPS.c.id == bindparam("which"))
    .values(times=_GROUPS.c.times + 1, last_at=bindparam("now"))
)


def keep(tx: Transaction, words: str, commune: str, nearest: str = "", subject: Iterable[str] = ()) -> None:
    """Keep a question, with those alike. `subject`: what it speaks of, folded, in any order."""
    mine = _hashed(tx, subject)
    found = _alike(tx, commune, nearest, mine)
    if found:
        group_id, times = found
        tx.run(_AGAIN, {"which": group_id, "now": tx.now})
    else:
        terms = " ".join(sorted(mine))
        group = tx.add(UnansweredGroup(commune=commune, terms=terms, nearest=nearest, last_at=tx.now))
        group_id, times = group.id or 0, 0
    if times < MOST_WORDINGS:
        sealed = tx.vault.seal(words[:LONGEST])
        tx.add(Unanswered(at=tx.now, commune=commune, text_sealed=sealed, nearest=nearest, group_id=group_id))


def _hashed(tx: Transaction, subject: Iterable[str]) -> frozenset[str]:
    terms = sorted(set(subject))[:MOST_TERMS]
    return frozenset(tx.vault.sign("unanswered", one).partition(".")[2][:6] for one in terms)


def _alike(tx: Transaction, commune: str, nearest: str, mine: frozenset[str]) -> tuple[int, int] | None:
    """The group most like these terms, and how often it was asked."""
    best, found = 0.0, None
    for number, terms, guess, times in tx.session.execute(_NEWEST, {"commune": commune}).all() if mine else ():
        theirs = frozenset(terms.split())
        share = len(mine & theirs) / len(mine | theirs)
        needed = ALIKE_WITH_GUESS if nearest and guess == nearest else ALIKE
        if share >= needed and share > best:
            best, found = share, (int(number), int(times))
    return found


def groups(tx: Transaction, commune: str, limit: int = 50) -> list[UnansweredGroup]:
    """What is open, last asked first: a commune's own, or all for the province (empty)."""
    question = select(UnansweredGroup).order_by(col(UnansweredGroup.last_at).desc()).limit(limit)
    if commune:
        question = question.where(UnansweredGroup.commune == commune)
    return list(tx.session.exec(question).all())


def group(tx: Transaction, number: int, commune: str) -> UnansweredGroup | None:
    """One of `groups`."""
    row = tx.session.get(UnansweredGroup, number)
    return row if row and commune in ("", row.commune) else None


def wordings(tx: Transaction, numbers: Iterable[int]) -> dict[int, list[str]]:
    """group id → its different wordings, newest first."""
    rows = select(Unanswered).where(col(Unanswered.group_id).in_(list(numbers))).order_by(col(Unanswered.id).desc())
    found: dict[int, dict[str, None]] = {}
    for row in tx.session.exec(rows).all():
        found.setdefault(row.group_id, {})[tx.vault.open(row.text_sealed)] = None
    return {number: list(words) for number, words in found.items()}


def settled(tx: Transaction, row: UnansweredGroup) -> None:
    """Somebody has dealt with these questions: their words are kept no longer."""
    tx.session.execute(delete(Unanswered).where(col(Unanswered.group_id) == row.id))
    tx.session.delete(row)
