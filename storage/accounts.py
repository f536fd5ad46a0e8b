"""Accounts: credentials on a platform, their standing, and the upload handles that belong to them."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key, one_of
from storage.transaction import Transaction

CHANNELS = ("zalo_oa", "zalo_bot", "telegram", "source_system")


class Account(SQLModel, table=True):
    """One Zalo OA, Zalo Bot or Telegram bot; and the source system, a recipient like any other."""

    __tablename__ = "account"
    __table_args__ = (one_of("channel", *CHANNELS), one_of("status", "active", "suspended"))

    id: int | None = key()
    name: str = Field(max_length=40, unique=True)  # our own word for it, in settings and addresses
    channel: str = Field(max_length=20)
    platform_id: str = Field(default="", max_length=64)  # OA id, bot id
    app_id: str = Field(default="", max_length=64)
    title: str = Field(default="", max_length=120)  # as people see it
    username: str = Field(default="", max_length=64)  # of links: t.me/<username>
    commune: str = Field(default="", max_length=5)  # empty = serves the whole province
    secrets_sealed: str = ""  # JSON: token, secret, access_token, …
    secrets_epoch: int = 0  # raised when an operator changes them; a token that refreshes itself does not
    base_url: str = ""  # empty = the platform's own address
    settings: str = "{}"  # JSON, nothing secret
    status: str = Field(default="active", max_length=10)
    why: str = ""  # why it is suspended, in words an operator understands
    cursor: str = ""  # where polling goes on
    talk_paused_until: int = big(default=0)  # somebody else writes with this account's name
    created_at: int = big()


class Handle(SQLModel, table=True):
    """A file already uploaded by an account: the platform's id for it, while it lives."""

    __tablename__ = "handle"
    __table_args__ = (UniqueConstraint("account_id", "sha"),)

    id: int | None = key()
    account_id: int = big()
    sha: str = Field(max_length=64)
    handle: str
    expires_at: int = big()


def every(tx: Transaction) -> list[Account]:
    """All accounts, oldest first."""
    return list(tx.session.exec(select(Account).order_by(col(Account.id))).all())


def named(tx: Transaction, name: str) -> Account | None:
    """The account that we call `name`."""
    return tx.session.exec(select(Account).where(Account.name == name)).first()


def of(tx: Transaction, account_id: int) -> Account | None:
    """The account with this id."""
    return tx.session.get(Account, account_id)


def on_platform(tx: Transaction, channel: str, platform_id: str) -> Account | None:
    """The account that the platform calls `platform_id`."""
    return tx.session.exec(
        select(Account).where(Account.channel == channel, Account.platform_id == platform_id)
    ).first()


def source_system(tx: Transaction) -> Account:
    """The source system's row, made when it is first needed."""
    found = named(tx, "source")
    return found or tx.add(
        Account(name="source", channel="source_system", title="Hệ thống thông tin nguồn", created_at=tx.now)
    )


def secrets(tx: Transaction, account: Account) -> dict[str, str]:
    """The account's secrets, opened."""
    return dict(tx.vault.open_json(account.secrets_sealed) or {})


def keep_secrets(tx: Transaction, account_id: int, changed: dict[str, str]) -> None:
    """Change some of an account's secrets; the others stay."""
    account = tx.session.get(Account, account_id, with_for_update=tx.postgres or None)
    if account:
        account.secrets_sealed = tx.vault.seal_json({**secrets(tx, account), **changed})
        tx.session.add(account)


def add(tx: Transaction, account: Account, held: dict[str, str]) -> Account:
    """Write a new account with its secrets."""
    account.created_at = tx.now
    account.secrets_sealed = tx.vault.seal_json(held)
    return tx.add(account)


def rotate(tx: Transaction, account_id: int, changed: dict[str, str]) -> None:
    """An operator changed secrets: senders and pollers that run start again with them."""
    keep_secrets(tx, account_id, changed)
    account = of(tx, account_id)
    if account:
        account.secrets_epoch += 1
        tx.session.add(account)


def suspend(tx: Transaction, account_id: int, why: str) -> None:
    """The account cannot send until a person repairs it; its queue stays."""
    account = of(tx, account_id)
    if account:
        account.status, account.why = "suspended", why[:300]
        tx.session.add(account)


def resume(tx: Transaction, account_id: int) -> None:
    """The account sends again, from where it stopped."""
    account = of(tx, account_id)
    if account:
        account.status, account.why = "active", ""
        tx.session.add(account)


def keep_names(tx: Transaction, account_id: int, title: str, username: str) -> None:
    """What the platform calls the account: links and greetings use it."""
    account = of(tx, account_id)
    if account:
        account.title, account.username = title[:120] or account.title, username[:64] or account.username
        tx.session.add(account)


def keep_cursor(tx: Transaction, account_id: int, cursor: str) -> None:
    """Where polling goes on after what was just committed."""
    account = of(tx, account_id)
    if account and account.cursor != cursor:
        account.cursor = cursor
        tx.session.add(account)


def handles(tx: Transaction, account_id: int, shas: set[str]) -> dict[str, str]:
    """sha → upload id, for those that still live."""
    if not shas:
        return {}
    rows = tx.session.exec(
        select(Handle).where(Handle.account_id == account_id, col(Handle.sha).in_(shas), Handle.expires_at > tx.now)
    ).all()
    return {row.sha: row.handle for row in rows}


def keep_handle(tx: Transaction, account_id: int, sha: str, handle: str, lives_ms: int) -> None:
    """Remember an upload, instead of an older one of the same file."""
    found = tx.session.exec(select(Handle).where(Handle.account_id == account_id, Handle.sha == sha)).first()
    row = found or Handle(account_id=account_id, sha=sha, handle=handle, expires_at=0)
    row.handle, row.expires_at = handle, tx.now + lives_ms
    tx.add(row)


def public(account: Account) -> dict[str, Any]:
    """What may be shown of an account: nothing sealed."""
    return account.model_dump(exclude={"secrets_sealed"})
