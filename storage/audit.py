"""The record of who did what. Rows are only ever added."""

from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key
from storage.transaction import Transaction


class Audit(SQLModel, table=True):
    """One deed of an official (or of the system, `official_id` 0). `detail` holds no citizen's words."""

    __tablename__ = "audit"

    id: int | None = key()
    at: int = big(index=True)
    official_id: int = big(default=0)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=60)
    commune: str = Field(default="", max_length=5)
    detail: str = ""


def write(tx: Transaction, official_id: int, action: str, subject: str, commune: str = "", detail: str = "") -> None:
    """Add one row."""
    tx.add(
        Audit(
            at=tx.now,
            official_id=official_id,
            action=action,
            subject=subject,
            commune=commune,
            detail=detail[:500],
        )
    )


def latest(tx: Transaction, limit: int = 50) -> list[Audit]:
    """The newest deeds first."""
    return list(tx.session.exec(select(Audit).order_by(col(Audit.id).desc()).limit(limit)).all())
