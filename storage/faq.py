"""The FAQ as officials keep it, and the version of what every turn must know."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big
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
    """The newest version of all entries and of what is announced: one row, read by every turn."""

    __tablename__ = "faq_version"

    id: int = Field(primary_key=True)
    version: int = big(default=0)


_VERSION = text("SELECT version FROM faq_version WHERE id = 1")
_HOLDS = text("SELECT 1 FROM faq_entry WHERE data LIKE :sha LIMIT 1")


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


def limited(tx: Transaction, commune: str) -> list[dict[str, Any]]:
    """Entries that hold until some day: a commune's own, or the common ones (empty)."""
    ends = col(FaqEntry.data).contains('"valid_until": "')
    question = select(FaqEntry).where(FaqEntry.deleted == False, FaqEntry.commune == commune, ends)  # noqa: E712
    return [json.loads(row.data) for row in tx.session.exec(question).all()]


def entry(tx: Transaction, entry_id: str) -> dict[str, Any] | None:
    """One entry, unless it was taken out."""
    row = tx.session.get(FaqEntry, entry_id)
    return json.loads(row.data) if row and not row.deleted else None


def holds(tx: Transaction, shas: Iterable[str]) -> set[str]:
    """Those of these files that go with an entry, also one that was taken out: it may come back."""
    return {sha for sha in shas if tx.run(_HOLDS, {"sha": f'%"{sha}"%'}).first()}


def files(connection: Connection) -> set[str]:
    """Every file that goes with an entry."""
    entry = FaqEntry.__table__  # type: ignore[attr-defined]
    rows = connection.execute(select(entry.c.data).where(entry.c.data.contains('"attachments"'))).scalars()
    return {str(one["sha"]) for data in rows for one in json.loads(data).get("attachments") or []}


def changed(tx: Transaction) -> int:
    """Something else that every turn must know has changed (what is announced); the new version."""
    return _next_version(tx)


def _next_version(tx: Transaction) -> int:
    row = tx.session.get(FaqVersion, 1, with_for_update=tx.postgres or None) or FaqVersion(id=1)
    row.version += 1
    return tx.add(row).version
