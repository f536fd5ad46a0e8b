"""Citizens and their addresses: who follows what, with whose consent, and where their dialogue stands."""

from typing import Any, Literal

from sqlalchemy import Index, UniqueConstraint, bindparam, update
from sqlmodel import Field, SQLModel, col, select

from content import hamlets
from storage import outbox
from storage.columns import big, key, one_of
from storage.transaction import Transaction

RELATIONS = ("home", "village", "relative")
Relation = Literal["home", "village", "relative"]


class Citizen(SQLModel, table=True):
    """A person. No name is needed to follow; name and phone are sealed and kept only when they gave them."""

    __tablename__ = "citizen"
    # An id is never given out twice: what still carries it must not lead to the next person.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = key()
    language: str = Field(default="vi", max_length=8)
    created_at: int = big()
    consent_version: int = 0  # 0 = has not consented
    consented_at: int = big(default=0)
    stopped_at: int = big(default=0)  # 0 = receives
    emergency_only: bool = False
    name_sealed: str = ""
    phone_sealed: str = ""
    hamlet: str = Field(default="", max_length=80)
    quiet_from: int = -1  # minutes after midnight in Việt Nam; -1: as the commune says; equal times: never quiet
    quiet_until: int = -1
    digest: bool = False  # routine news once a day, in one letter


class Address(SQLModel, table=True):
    """One chat of a citizen on one account, and the state of the dialogue there."""

    __tablename__ = "address"
    __table_args__ = (
        UniqueConstraint("account_id", "chat"),
        Index("ix_address_citizen_id", "citizen_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = key()
    citizen_id: int = big()
    account_id: int = big()
    chat: str = Field(max_length=64)
    heard_at: int = big(default=0)  # the newest event's own time, ms UTC
    gone_at: int = big(default=0)
    gone_why: str = ""
    gone_inactive: bool = False
    holds: bool = False  # letters wait for their next word
    paused_until: int = big(default=0)  # a human official is writing here: the dialogue keeps quiet
    state_sealed: str = ""  # JSON: {story, step, question, keys, data}
    version: int = 0


class Follow(SQLModel, table=True):
    """A citizen follows a commune. Without a hamlet they count as in every hamlet."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("citizen_id", "commune"),
        Index("ix_follow_commune", "commune", "citizen_id"),
        one_of("relation", *RELATIONS),
    )

    id: int | None = key()
    citizen_id: int = big()
    commune: str = Field(max_length=5)
    relation: str = Field(default="home", max_length=10)
    hamlet: str = Field(default="", max_length=80)  # as they wrote it
    hamlet_key: str = Field(default="", max_length=80)  # the same for every spelling
    topics: str = Field(default="", max_length=200)  # comma-separated; empty = all
    duty: bool = False  # head of the hamlet, or an official on duty: told right after those at risk
    since: int = big()


class Consent(SQLModel, table=True):
    """Evidence of what a citizen agreed to or took back, and which words they were shown."""

    __tablename__ = "consent"
    __table_args__ = (one_of("action", "given", "withdrawn"),)

    id: int | None = key()
    citizen_id: int = big(index=True)
    action: str = Field(max_length=10)
    version: int
    text_hash: str = Field(max_length=64)
    at: int = big()


class StaleState(Exception):
    """Another process changed this dialogue first; run the transaction again."""


# Every turn asks these two: built once.
_KNOWN = (
    select(Citizen, Address)
    .where(col(Address.citizen_id) == col(Citizen.id))
    .where(col(Address.account_id) == bindparam("account"), col(Address.chat) == bindparam("chat"))
)
_FOLLOWS = select(Follow).where(col(Follow.citizen_id) == bindparam("citizen")).order_by(col(Follow.id))


def known(tx: Transaction, account_id: int, chat: str) -> tuple[Citizen, Address] | None:
    """The citizen behind a chat, if that chat ever wrote."""
    found = tx.session.execute(_KNOWN, {"account": account_id, "chat": chat}).first()
    return (found[0], found[1]) if found else None


def meet(tx: Transaction, account_id: int, chat: str) -> tuple[Citizen, Address]:
    """The citizen behind a chat, written down the first time they write."""
    found = known(tx, account_id, chat)
    if found:
        return found
    citizen = tx.add(Citizen(created_at=tx.now))
    address = tx.add(Address(citizen_id=citizen.id or 0, account_id=account_id, chat=chat))
    return citizen, address


def gone(tx: Transaction, address_id: int, why: str, inactive: bool = False) -> None:
    """Stop writing to this address until it writes again."""
    values = {"gone_at": tx.now, "gone_why": why[:200], "gone_inactive": inactive, "holds": True}
    tx.session.execute(update(Address).where(col(Address.id) == address_id).values(values))
    outbox.leave(tx, address_id, why[:200], inactive)


def moved(tx: Transaction, address_id: int, chat: str) -> None:
    """The platform gave this chat another id.

    If somebody is written down under that already (a group that followed anew after its upgrade), both stay: the
    platform redirects each letter, and what was asked for under either id goes on.
    """
    account = select(Address.account_id).where(Address.id == address_id).scalar_subquery()
    if tx.session.exec(select(Address.id).where(Address.account_id == account, Address.chat == chat)).first() is None:
        tx.session.execute(update(Address).where(col(Address.id) == address_id).values(chat=chat))
        outbox.move(tx, address_id, chat)


def state_of(tx: Transaction, address: Address) -> dict[str, Any]:
    """The dialogue's state; empty when none is open."""
    return dict(tx.vault.open_json(address.state_sealed) or {})


def keep_state(tx: Transaction, address: Address, state: dict[str, Any], heard_at: int) -> None:
    """End a turn in one statement: the dialogue's state, and that they wrote, so the address lives again.

    The window reopens from the event's own time. Raises `StaleState` if somebody else ended a turn meanwhile.
    """
    values = {
        "which": address.id,
        "before": address.version,
        "state": tx.vault.seal_json(state) if state else "",
        "heard": max(address.heard_at, heard_at),
    }
    if tx.changed(tx.run(_KEEP_STATE, values)) != 1:
        raise StaleState(f"address {address.id}")


_ADDRESS = Address.__table__  # type: ignore[attr-defined]
_KEEP_STATE = (
    _ADDRESS.update()
    .where(_ADDRESS.c.id == bindparam("which"), _ADDRESS.c.version == bindparam("before"))
    .values(
        state_sealed=bindparam("state"),
        version=_ADDRESS.c.version + 1,
        heard_at=bindparam("heard"),
        gone_at=0,
        gone_why="",
        gone_inactive=False,
    )
)


def holds(tx: Transaction, address_id: int) -> None:
    """A letter waits for the next word from this address."""
    tx.session.execute(update(Address).where(col(Address.id) == address_id).values(holds=True))


def let_go(tx: Transaction, address_id: int) -> None:
    """What waited for their next word goes now. Said before that is looked for: what another process puts aside
    meanwhile stays marked, and is not forgotten when their turn ends."""
    tx.session.execute(update(Address).where(col(Address.id) == address_id).values(holds=False))


def pause(tx: Transaction, address: Address, ms: int) -> None:
    """A human official writes here: the dialogue keeps quiet for so long."""
    tx.session.execute(update(Address).where(col(Address.id) == address.id).values(paused_until=tx.now + ms))


def follows(tx: Transaction, citizen_id: int) -> list[Follow]:
    """What a citizen follows, oldest first."""
    return list(tx.session.execute(_FOLLOWS, {"citizen": citizen_id}).scalars().all())


def follow(tx: Transaction, citizen_id: int, commune: str, relation: str) -> Follow:
    """Follow a commune, or change the relation of a follow that is there."""
    found = tx.session.exec(select(Follow).where(Follow.citizen_id == citizen_id, Follow.commune == commune)).first()
    if found:
        found.relation = relation
        return tx.add(found)
    return tx.add(Follow(citizen_id=citizen_id, commune=commune, relation=relation, since=tx.now))


def live_in(tx: Transaction, one: Follow, hamlet: str) -> None:
    """The hamlet they named within a commune they follow."""
    one.hamlet, one.hamlet_key = hamlet[:80], hamlets.key(hamlet)[:80]
    tx.session.add(one)


def unfollow(tx: Transaction, citizen_id: int, commune: str) -> None:
    """Stop following one commune."""
    for one in follows(tx, citizen_id):
        if one.commune == commune:
            tx.session.delete(one)
    tx.session.flush()


def consent(tx: Transaction, citizen: Citizen, action: str, version: int, text_hash: str) -> None:
    """Keep the evidence and set the citizen's standing."""
    evidence(tx, citizen, action, version, text_hash)
    given = action == "given"
    citizen.consent_version = version if given else 0
    citizen.consented_at = tx.now if given else 0
    tx.session.add(citizen)


def evidence(tx: Transaction, citizen: Citizen, action: str, version: int, text_hash: str) -> None:
    """Write down what they agreed to or took back, and forget nothing: who stops still knows what they follow."""
    tx.add(Consent(citizen_id=citizen.id or 0, action=action, version=version, text_hash=text_hash, at=tx.now))


def consents(tx: Transaction, citizen_id: int) -> list[Consent]:
    """The evidence kept about a citizen, oldest first."""
    return list(
        tx.session.exec(select(Consent).where(Consent.citizen_id == citizen_id).order_by(col(Consent.id))).all()
    )


def addresses(tx: Transaction, citizen_id: int) -> list[Address]:
    """Every chat of a citizen."""
    return list(tx.session.exec(select(Address).where(Address.citizen_id == citizen_id)).all())


def erase(tx: Transaction, citizen: Citizen) -> None:
    """Forget a person: follows, name, phone, addresses and dialogue. Reports are pseudonymised by their own file.

    The evidence of consent stays, under a number that leads to nobody any more.
    """
    for row in [*follows(tx, citizen.id or 0), *addresses(tx, citizen.id or 0), citizen]:
        tx.session.delete(row)
    tx.session.flush()
