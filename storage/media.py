"""Files that citizens sent: wanted at once, fetched after the commit, kept by their sha256."""

from sqlalchemy import delete
from sqlmodel import Field, SQLModel, col, select

from storage import faq
from storage.columns import big, key, one_of
from storage.transaction import Transaction
from storage.vault import Vault


class Media(SQLModel, table=True):
    """One file. `ref` (an address or a platform's file id) is sealed: it opens the file for whoever has it."""

    __tablename__ = "media"
    __table_args__ = (one_of("state", "wanted", "ready", "missing"),)

    id: int | None = key()
    account_id: int = big()
    report_id: int | None = big(default=None, index=True)
    kind: str = Field(max_length=10)
    ref_sealed: str
    state: str = Field(default="wanted", max_length=10, index=True)
    sha: str = Field(default="", max_length=64)
    mime: str = Field(default="", max_length=80)
    size: int = big(default=0)
    seconds: int = 0
    tries: int = 0
    due_at: int = big(default=0)
    why: str = ""
    created_at: int = big()


def signed_address(vault: Vault, public_url: str, name: str, until: int) -> str:
    """An address that opens the file `name` (its sha256 and an ending) for whoever has it, until a time."""
    return f"{public_url}/media/{until}.{vault.sign('media', f'{until}/{name}')}/{name}" if public_url else ""


def want(tx: Transaction, account_id: int, kind: str, ref: str, mime: str, seconds: int) -> Media:
    """Ask for a file; bot fetches it after the commit."""
    return tx.add(
        Media(
            account_id=account_id,
            kind=kind,
            ref_sealed=tx.vault.seal(ref),
            mime=mime[:80],
            seconds=seconds,
            created_at=tx.now,
            due_at=tx.now,
        )
    )


def wanted(tx: Transaction, limit: int = 20) -> list[Media]:
    """Files whose turn it is to be fetched."""
    return list(
        tx.session.exec(
            select(Media).where(Media.state == "wanted", Media.due_at <= tx.now).order_by(col(Media.id)).limit(limit)
        ).all()
    )


def arrived(tx: Transaction, media_id: int, sha: str, mime: str, size: int) -> int | None:
    """The file is in the media store; the report whose last missing file it was, if it was."""
    row = tx.session.get(Media, media_id)
    if row is None:
        return None
    row.state, row.sha, row.mime, row.size, row.ref_sealed = "ready", sha, mime, size, ""
    tx.add(row)
    if row.report_id is None or any(one.state == "wanted" for one in of_report(tx, row.report_id)):
        return None
    return row.report_id


def not_yet(tx: Transaction, media_id: int, why: str, retry_ms: int | None) -> None:
    """It could not be had: try again in `retry_ms`, or never (`None`), and say why."""
    row = tx.session.get(Media, media_id)
    if row:
        row.tries, row.why = row.tries + 1, why[:200]
        row.state = "missing" if retry_ms is None else "wanted"
        row.due_at = tx.now + (retry_ms or 0)
        tx.session.add(row)


def of_report(tx: Transaction, report_id: int) -> list[Media]:
    """The files of a report, in the order they were sent."""
    return list(tx.session.exec(select(Media).where(Media.report_id == report_id).order_by(col(Media.id))).all())


def in_report(tx: Transaction, report_id: int, media_id: int) -> Media | None:
    """One file of a report; None when it belongs to another."""
    row = tx.session.get(Media, media_id)
    return row if row and row.report_id == report_id else None


def attach(tx: Transaction, media_ids: list[int], report_id: int) -> None:
    """The files sent while a report was written belong to it."""
    for row in tx.session.exec(select(Media).where(col(Media.id).in_(media_ids))).all():
        row.report_id = report_id
        tx.session.add(row)


def drop(tx: Transaction, media_id: int) -> None:
    """A file that will not be sent after all. One that is on disk goes with the next `orphans`."""
    row = tx.session.get(Media, media_id)
    if row and row.report_id is None:
        if row.sha:
            row.created_at = 0
            tx.session.add(row)
        else:
            tx.session.delete(row)


def is_wanted(tx: Transaction, sha: str) -> bool:
    """Whether any row refers to this file: its own may have been dropped while it was on its way."""
    wanted = tx.session.exec(select(Media.id).where(Media.sha == sha).limit(1)).first() is not None
    return wanted or bool(faq.holds(tx, [sha]))


def orphans(tx: Transaction, older_than: int) -> list[str]:
    """Drop files that never became part of a report; the sha256 of those that nothing refers to any more."""
    never = (col(Media.report_id).is_(None), col(Media.created_at) < older_than)
    shas = set(tx.session.exec(select(Media.sha).where(*never, Media.sha != "")).all())
    tx.session.execute(delete(Media).where(*never))
    kept = set(tx.session.exec(select(Media.sha).where(col(Media.sha).in_(shas))).all())
    return sorted(shas - kept - faq.holds(tx, shas - kept))
