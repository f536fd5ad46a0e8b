"""The quota ledger: what an account has used this month of what its platform sells or allows, by kind."""

from functools import cache
from typing import Any

from sqlalchemy import UniqueConstraint, bindparam, case, select
from sqlmodel import Field, SQLModel

from storage.columns import big, key, one_of
from storage.transaction import Transaction, insert_of

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


_QUOTAS = Quota.__table__  # type: ignore[attr-defined]
_MONTH = (_QUOTAS.c.account_id == bindparam("account"), _QUOTAS.c.month == bindparam("during"))
_USED = select(_QUOTAS.c.kind, _QUOTAS.c.used).where(*_MONTH)
_LESS = (
    _QUOTAS.update()
    .where(*_MONTH, _QUOTAS.c.kind == bindparam("of"))
    .values(used=case((_QUOTAS.c.used > bindparam("count"), _QUOTAS.c.used - bindparam("count")), else_=0))
)


def used(tx: Transaction, account_id: int, month: str) -> dict[str, int]:
    """kind → how many an account has used in a month; what was never used is left out."""
    return {row[0]: row[1] for row in tx.run(_USED, {"account": account_id, "during": month})}


def use(tx: Transaction, account_id: int, month: str, kind: str, count: int) -> None:
    """Count `count` more of a kind; fewer when it is negative: what was charged was surely not used."""
    if count > 0:
        row = {"account_id": account_id, "month": month, "kind": kind, "used": count, "last_at": tx.now}
        tx.run(_more(tx.postgres), row)
    elif count < 0:
        tx.run(_LESS, {"account": account_id, "during": month, "of": kind, "count": -count})


@cache
def _more(postgres: bool) -> Any:
    insert = insert_of(_QUOTAS, postgres)
    both = {"used": _QUOTAS.c.used + insert.excluded.used, "last_at": insert.excluded.last_at}
    return insert.on_conflict_do_update(index_elements=["account_id", "month", "kind"], set_=both)
