"""Group chats of hamlets (Zalo GMF): one call reaches everybody in them."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import big, key


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
