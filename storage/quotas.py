"""The quota ledger: what an account has used this month of what its platform sells or allows, by kind."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import big, key, one_of

KINDS = ("paid", "template", "article", "message")  # message: a plan that counts every message (Zalo Bot)


class Quota(SQLModel, table=True):
    """One account, one month (as people in Việt Nam count it), one kind."""

    __tablename__ = "quota"
    __table_args__ = (UniqueConstraint("account_id", "month", "kind"), one_of("kind", *KINDS))

    id: int | None = key()
    account_id: int = big()
    month: str = Field(max_length=7)  # 2026-11
    kind: str = Field(max_length=10)
    used: int = big(default=0)
    last_at: int = big(default=0)  # when the newest was used, ms UTC
