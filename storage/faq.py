"""The FAQ as officials keep it, its version, and the questions nobody could answer yet."""

import json
from typing import Any

from sqlalchemy import text
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key
from storage.transaction import Transaction


class FaqEntry(SQLModel, table=True):
    """One entry: the fields of the FAQ file format as JSON. `version` is when it last changed."""

    __tablename__ = "faq_entry"

    id: str = Field(primary_key=True, max_length=60)
    commune: str = Field(default="", max_length=5)
    data: str  # JSON in the FAQ file format
    deleted: bool = False
    version: int = big(index=True)


class FaqVersion(SQLModel, table=True):
    """The newest version of all entries: one row, read by every turn."""

    __tablename__ = "faq_version"

    id: int = Field(primary_key=True)
    version: int = big(default=0)


class Unanswered(SQLModel, table=True):
    """A question that found no sure answer; sealed, because people put their lives into questions."""

    __tablename__ = "unanswered"

    id: int | None = key()
    at: int = big()
    commune: str = Field(default="", max_length=5)
    text_sealed: str
    nearest: str = Field(default="", max_length=60)  # id of the best guess


_VERSION = text("SELECT version FROM faq_version WHERE id = 1")


def version(tx: Transaction) -> int:
    """The FAQ's version now. Every turn asks, so it is asked without the ORM."""
    return int(tx.run(_VERSION).scalar() or 0)


def put(tx: Transaction, entry: dict[str, Any]) -> int:
    """Write or replace an entry; the new version."""
    newer = _next_version(tx)
    row = tx.session.get(FaqEntry, entry["id"]) or FaqEntry(id=entry["id"], data="", version=0)
    row.data, row.deleted, row.version = json.dumps(entry, ensure_ascii=False), False, newer
    row.commune = entry.get("commune") or ""
    tx.add(row)
    return newer


def remove(tx: Transaction, entry_id: str) -> int:
    """Take an entry out; the new version."""
    newer = _next_version(tx)
    row = tx.session.get(FaqEntry, entry_id)
    if row:
        row.deleted, row.version = True, newer
        tx.session.add(row)
    return newer


def changed_since(tx: Transaction, older: int) -> list[tuple[dict[str, Any], bool]]:
    """Entries newer than `older`, each with whether it was taken out."""
    rows = tx.session.exec(select(FaqEntry).where(FaqEntry.version > older).order_by(col(FaqEntry.version))).all()
    return [(json.loads(row.data), row.deleted) for row in rows]


def entries(tx: Transaction, commune: str = "") -> list[dict[str, Any]]:
    """Every entry that is not taken out: the common ones and a commune's own; all of them when it is empty."""
    question = select(FaqEntry).where(FaqEntry.deleted == False).order_by(col(FaqEntry.id))  # noqa: E712
    if commune:
        question = question.where(col(FaqEntry.commune).in_(("", commune)))
    return [json.loads(row.data) for row in tx.session.exec(question).all()]


def entry(tx: Transaction, entry_id: str) -> dict[str, Any] | None:
    """One entry, unless it was taken out."""
    row = tx.session.get(FaqEntry, entry_id)
    return json.loads(row.data) if row and not row.deleted else None


def open_questions(tx: Transaction, commune: str, limit: int = 50) -> list[Unanswered]:
    """Questions that found no sure answer, newest first: a commune's own, or all for the province (empty)."""
    question = select(Unanswered).order_by(col(Unanswered.id).desc()).limit(limit)
    if commune:
        question = question.where(Unanswered.commune == commune)
    return list(tx.session.exec(question).all())


def open_question(tx: Transaction, number: int, commune: str) -> Unanswered | None:
    """One of `open_questions`."""
    row = tx.session.get(Unanswered, number)
    return row if row and commune in ("", row.commune) else None


def settled(tx: Transaction, row: Unanswered) -> None:
    """Somebody has dealt with this question: its words are kept no longer."""
    tx.session.delete(row)


def unanswered(tx: Transaction, words: str, commune: str, nearest: str) -> None:
    """Keep a question that found no sure answer."""
    tx.add(Unanswered(at=tx.now, commune=commune, text_sealed=tx.vault.seal(words[:1000]), nearest=nearest))


def _next_version(tx: Transaction) -> int:
    row = tx.session.get(FaqVersion, 1, with_for_update=tx.postgres or None) or FaqVersion(id=1)
    row.version += 1
    return tx.add(row).version
