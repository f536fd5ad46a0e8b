"""Group chats of hamlets (Zalo GMF): one call reaches everybody in them."""

from collections.abc import Collection

from sqlalchemy import UniqueConstraint, delete, update
from sqlmodel import Field, SQLModel, col, select

from content.hamlets import key as key_of
from storage.accounts import Account
from storage.columns import big, key
from storage.transaction import Transaction


class ChatGroup(SQLModel, table=True):
    """A group of one account, for a hamlet, or for the whole commune when it names none."""

    __tablename__ = "chat_group"
    __table_args__ = (UniqueConstraint("account_id", "chat"),)

    id: int | None = key()
    account_id: int = big()
    chat: str = Field(max_length=64)
    name: str = Field(default="", max_length=120)
    commune: str = Field(max_length=5, index=True)
    hamlet: str = Field(default="", max_length=80)
    hamlet_key: str = Field(default="", max_length=80)
    size: int = 0  # how many people are in it, as the platform or an official said
    gone_at: int = big(default=0)  # the platform refuses it since then
    gone_why: str = Field(default="", max_length=200)


def of_account(tx: Transaction, account_id: int) -> list[ChatGroup]:
    """An account's groups, by commune and hamlet."""
    mine = select(ChatGroup).where(ChatGroup.account_id == account_id)
    return list(tx.session.exec(mine.order_by(col(ChatGroup.commune), col(ChatGroup.hamlet_key))).all())


def alive(tx: Transaction, communes: Collection[str]) -> list[ChatGroup]:
    """The groups of some communes that the platform takes, oldest first."""
    living = select(ChatGroup).join(Account, col(Account.id) == col(ChatGroup.account_id))
    question = living.where(col(ChatGroup.commune).in_(communes), ChatGroup.gone_at == 0, Account.channel == "zalo_oa")
    return list(tx.session.exec(question.order_by(col(ChatGroup.id))).all())


def keep(tx: Transaction, account_id: int, chat: str, name: str, commune: str, hamlet: str, size: int) -> ChatGroup:
    """Write down a group, or what is new about it; one that was refused counts as repaired."""
    found = tx.session.exec(select(ChatGroup).where(ChatGroup.account_id == account_id, ChatGroup.chat == chat)).first()
    row = found or ChatGroup(account_id=account_id, chat=chat, commune=commune)
    row.name, row.commune, row.size = name[:120], commune, size
    row.hamlet, row.hamlet_key = hamlet[:80], key_of(hamlet)[:80]
    row.gone_at, row.gone_why = 0, ""
    return tx.add(row)


def remove(tx: Transaction, account_id: int, chat: str) -> bool:
    """Forget a group; whether it was there."""
    mine = (col(ChatGroup.account_id) == account_id, col(ChatGroup.chat) == chat)
    return tx.changed(tx.session.execute(delete(ChatGroup).where(*mine))) == 1


def gone(tx: Transaction, account_id: int, chat: str, why: str) -> None:
    """The platform refuses this group: nothing is written there until an operator repairs it."""
    mine = (col(ChatGroup.account_id) == account_id, col(ChatGroup.chat) == chat)
    tx.session.execute(update(ChatGroup).where(*mine).values(gone_at=tx.now, gone_why=why[:200]))
