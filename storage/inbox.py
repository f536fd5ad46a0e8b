"""The inbox: what was heard, once each. Payloads are sealed, and emptied when the turn is done."""

from functools import cache
from typing import Any

from sqlalchemy import Index, UniqueConstraint, delete, func, update
from sqlmodel import Field, SQLModel, col, select

from content.message import Heard
from storage.columns import big, key, one_of
from storage.transaction import Transaction, insert_of

KEPT_MS = 7 * 24 * 3_600_000  # keys: a platform's redelivery comes within a day, Telegram's numbering within a week


class Inbox(SQLModel, table=True):
    """One event of one account. `failed` rows keep their payload, so that they can be replayed."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index("ix_inbox_received_at", "received_at"),
        one_of("state", "done", "waiting", "failed"),
    )

    id: int | None = key()
    account_id: int = big()
    chat: str = Field(max_length=64)
    key: str = Field(max_length=160)
    kind: str = Field(max_length=20)
    at: int = big()
    received_at: int = big()
    state: str = Field(max_length=10)
    payload_sealed: str = ""
    why: str = ""


def receive(tx: Transaction, account_id: int, heard: Heard) -> bool:
    """Write the event down; False if it was already heard."""
    values = {
        "account_id": account_id,
        "chat": heard.chat,
        "key": heard.key[:160],
        "kind": heard.kind,
        "at": heard.at,
        "received_at": tx.now,
        "state": "done",
        "payload_sealed": "",
        "why": "",
    }
    return tx.run(_new(tx.postgres), values).first() is not None


@cache
def _new(postgres: bool) -> Any:
    """The insert that a second delivery of the same event leaves alone."""
    table = Inbox.__table__  # type: ignore[attr-defined]
    known = [table.c.account_id, table.c.key]
    return insert_of(table, postgres).on_conflict_do_nothing(index_elements=known).returning(table.c.id)


def keep(tx: Transaction, account_id: int, heard: Heard, state: str, why: str = "") -> bool:
    """Keep an event whole: `waiting` before its turn, `failed` when its story raised. False if it was already heard."""
    if not receive(tx, account_id, heard):
        return False
    sealed = tx.vault.seal_json(heard.to_json())
    kept = update(Inbox).where(col(Inbox.account_id) == account_id, col(Inbox.key) == heard.key[:160])
    tx.session.execute(kept.values(state=state, why=why[:200], payload_sealed=sealed))
    return True


def pending(tx: Transaction, states: tuple[str, ...] = ("waiting",), limit: int = 100) -> list[Inbox]:
    """Events that still want their turn, oldest first."""
    return list(
        tx.session.exec(select(Inbox).where(col(Inbox.state).in_(states)).order_by(col(Inbox.id)).limit(limit)).all()
    )


def opened(tx: Transaction, row: Inbox) -> Heard:
    """What was heard, from a kept row."""
    return Heard.from_json(tx.vault.open_json(row.payload_sealed))


def done(tx: Transaction, row_id: int, before: str = "waiting") -> bool:
    """Its turn is over: nothing of what was said stays here. False if somebody else had its turn."""
    over = update(Inbox).where(col(Inbox.id) == row_id, col(Inbox.state) == before)
    return tx.changed(tx.session.execute(over.values(state="done", payload_sealed="", why=""))) == 1


def mark_failed(tx: Transaction, row_id: int, why: str) -> None:
    """Its story raised: the payload stays for a replay."""
    tx.session.execute(update(Inbox).where(col(Inbox.id) == row_id).values(state="failed", why=why[:200]))


def failed_count(tx: Transaction) -> int:
    """How many events wait for a person to look at them."""
    return tx.session.exec(select(func.count()).select_from(Inbox).where(Inbox.state == "failed")).one()


def forget_chat(tx: Transaction, account_id: int, chat: str) -> None:
    """Somebody was erased: their chat and whatever was kept of their words go; the keys stay, against redelivery."""
    theirs = update(Inbox).where(col(Inbox.account_id) == account_id, col(Inbox.chat) == chat)
    tx.session.execute(theirs.values(chat="", payload_sealed="", state="done", why=""))


def forget(tx: Transaction) -> int:
    """Drop keys older than a week; how many went."""
    return tx.changed(
        tx.session.execute(delete(Inbox).where(col(Inbox.received_at) < tx.now - KEPT_MS, col(Inbox.state) == "done"))
    )
