"""The outbox: letters (words once) and deliveries (addresses many). Nothing leaves except through these rows."""

from collections.abc import Sequence

from sqlalchemy import Index, UniqueConstraint, bindparam, func, text, update
from sqlalchemy import select as sa_select
from sqlmodel import Field, SQLModel, col, select

from content.message import Part
from storage.accounts import Account
from storage.columns import big, key, one_of
from storage.transaction import Transaction

EMERGENCY, CONVERSATION, STATUS, PRIORITY, ROUTINE = range(5)  # lanes, first goes first
MISSED = ("gone", "never", "withdrawn")  # ends after which it may be told once more, while it is in force
STATES = ("queued", "claimed", "sent", "gone", "never", "expired", "unknown", "withdrawn", "covered")
RECENT = 50  # deliveries to one address among which an echo is looked for
UNCLEAR_MS = 10 * 60_000  # how long an echo may be that of a send without a clear end
OFFER_MS = 7 * 24 * 3_600_000  # how long "11" under a letter is still an answer to it


class Letter(SQLModel, table=True):
    """The words of an announcement, answer or reply for one kind of channel: an ordered list of parts, sealed."""

    __tablename__ = "letter"

    id: int | None = key()
    channel: str = Field(max_length=20)
    language: str = Field(default="vi", max_length=8)
    parts_sealed: str = ""
    offer: str = Field(default="", max_length=60)  # what 11, 22, 33 under it mean: "listen:7", "answer:12"
    announcement_id: int | None = big(default=None, index=True)
    created_at: int = big()


class Delivery(SQLModel, table=True):
    """One letter to one address: a row of the ledger."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("announcement_id", "address_id"),
        one_of("state", *STATES),
        Index(
            "ix_delivery_due",
            "account_id",
            "lane",
            "due_at",
            "id",
            sqlite_where=text("state = 'queued' AND held = ''"),
            postgresql_where=text("state = 'queued' AND held = ''"),
        ),
        Index(
            "ix_delivery_claimed",
            "account_id",
            sqlite_where=text("state = 'claimed'"),
            postgresql_where=text("state = 'claimed'"),
        ),
        Index(
            "ix_delivery_valid_until",
            "valid_until",
            sqlite_where=text("state = 'queued' AND held = ''"),
            postgresql_where=text("state = 'queued' AND held = ''"),
        ),
        Index("ix_delivery_address_id", "address_id", "id"),
        Index("ix_delivery_report_id", "report_id"),
        Index("ix_delivery_letter_id", "letter_id"),
    )

    id: int | None = key()
    letter_id: int | None = big(default=None)  # None: built when it is sent (the source system)
    account_id: int = big()
    address_id: int | None = big(default=None)
    chat: str = Field(max_length=64)
    lane: int
    state: str = Field(default="queued", max_length=10)
    held: str = Field(default="", max_length=10)  # "window": waits for the citizen's next word, without expiry
    due_at: int = big()
    valid_until: int | None = big(default=None)
    attempts: int = 0
    parts_done: int = 0
    claimed_by: str = Field(default="", max_length=80)
    claimed_at: int = big(default=0)
    sent_at: int = big(default=0)
    message_id: str = Field(default="", max_length=250)  # the platform's; one a part, a space between
    why: str = Field(default="", max_length=200)
    resent: bool = False
    answered: bool = False  # its 11, 22 or 33 was pressed
    announcement_id: int | None = big(default=None)
    report_id: int | None = big(default=None)
    commune: str = Field(default="", max_length=5)
    created_at: int = big()


def write_letter(
    tx: Transaction, channel: str, parts: Sequence[Part], offer: str = "", announcement_id: int | None = None
) -> Letter:
    """Keep the words of a letter."""
    sealed = tx.vault.seal_json([part.to_json() for part in parts])
    return tx.put(
        Letter(
            channel=channel,
            parts_sealed=sealed,
            offer=offer,
            announcement_id=announcement_id,
            created_at=tx.now,
        )
    )


def parts_of(tx: Transaction, letter: Letter) -> tuple[Part, ...]:
    """A letter's parts, opened."""
    return tuple(Part.from_json(one) for one in tx.vault.open_json(letter.parts_sealed) or ())


def post(tx: Transaction, delivery: Delivery) -> Delivery:
    """Put one delivery into the queue."""
    delivery.created_at = tx.now
    return tx.put(delivery)


def letters(tx: Transaction, ids: set[int]) -> dict[int, Letter]:
    """Letters by id."""
    if not ids:
        return {}
    return {row.id or 0: row for row in tx.session.exec(select(Letter).where(col(Letter.id).in_(ids))).all()}


def crashed(tx: Transaction, account_id: int, living: str) -> int:
    """An account's rows that a dead process had claimed: possibly sent. They go once more, marked as resent.

    A row that was already resent ends `unknown`: nobody is told three times.
    """
    dead = (
        (col(Delivery.account_id) == account_id)
        & (col(Delivery.state) == "claimed")
        & (col(Delivery.claimed_by) != living)
    )
    ended = tx.session.execute(
        update(Delivery).where(dead, col(Delivery.resent).is_(True)).values(state="unknown", why="mất điện khi gửi")
    )
    again = tx.session.execute(update(Delivery).where(dead).values(state="queued", claimed_by="", resent=True))
    return tx.changed(ended) + tx.changed(again)


def revive(tx: Transaction, announcement_id: int, address_id: int, lane: int) -> bool:
    """Queue once more what was refused or stopped on its way to an address; whether there was such a row."""
    missed = (col(Delivery.announcement_id) == announcement_id, col(Delivery.address_id) == address_id)
    again = {"state": "queued", "lane": lane, "due_at": tx.now, "attempts": 0, "parts_done": 0, "message_id": "",
             "claimed_by": "", "why": "", "resent": False}  # fmt: skip
    found = update(Delivery).where(*missed, col(Delivery.state).in_(MISSED)).values(**again)
    return tx.changed(tx.session.execute(found)) == 1


def stop_queued(tx: Transaction, address_id: int, lanes: tuple[int, ...], state: str, why: str) -> int:
    """End what still waits for an address in some lanes."""
    return tx.changed(
        tx.session.execute(
            update(Delivery)
            .where(
                col(Delivery.address_id) == address_id,
                col(Delivery.state) == "queued",
                col(Delivery.lane).in_(lanes),
            )
            .values(state=state, why=why)
        )
    )


def release(tx: Transaction, address_id: int) -> int:
    """The citizen wrote: what waited for that goes now, before anything new."""
    return tx.changed(
        tx.session.execute(
            update(Delivery)
            .where(
                col(Delivery.address_id) == address_id,
                col(Delivery.state) == "queued",
                col(Delivery.held) != "",
            )
            .values(held="", lane=CONVERSATION, due_at=col(Delivery.created_at))
        )
    )


def standing(tx: Transaction, delivery_id: int) -> tuple[str, int] | None:
    """Where a delivery stands and when it was last claimed (ms UTC); None if it is no longer kept."""
    row = tx.run(_STANDING, {"which": delivery_id}).first()
    return (row[0], row[1]) if row else None


def give_way(tx: Transaction, delivery_id: int) -> bool:
    """A question that is still queued gives way to a newer copy of itself; whether it was queued."""
    return tx.changed(tx.run(_GIVE_WAY, {"which": delivery_id})) == 1


_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_STANDING = sa_select(_ROWS.c.state, _ROWS.c.claimed_at).where(_ROWS.c.id == bindparam("which"))
_GIVE_WAY = (
    _ROWS.update()
    .where(_ROWS.c.id == bindparam("which"), _ROWS.c.state == "queued")
    .values(state="withdrawn", why="đã hỏi lại")
)


def offers(tx: Transaction, address_id: int) -> list[tuple[Delivery, str]]:
    """Unasked letters that reached this address and still wait for 11, 22 or 33; newest first."""
    rows = tx.session.exec(
        select(Delivery, Letter.offer)
        .where(col(Delivery.letter_id) == col(Letter.id))
        .where(Delivery.address_id == address_id, Letter.offer != "", Delivery.answered == False)  # noqa: E712
        .where(col(Delivery.state).in_(("sent", "claimed", "unknown")))
        .where(Delivery.created_at > tx.now - OFFER_MS)
        .order_by(col(Delivery.id).desc())
        .limit(20)
    ).all()
    return [(row[0], row[1]) for row in rows]


def answered(tx: Transaction, delivery_id: int) -> None:
    """The citizen answered this letter's question."""
    tx.session.execute(update(Delivery).where(col(Delivery.id) == delivery_id).values(answered=True))


def is_ours(tx: Transaction, address_id: int, message_id: str) -> bool:
    """Whether a message to this address that the platform reports was sent by us.

    Where a send had no clear end, the message may well be that one.
    """
    latest = select(Delivery).where(Delivery.address_id == address_id).order_by(col(Delivery.id).desc()).limit(RECENT)
    for row in tx.session.exec(latest).all():
        unclear = row.state in ("claimed", "unknown") or row.resent
        if message_id in row.message_id.split() or (unclear and row.claimed_at > tx.now - UNCLEAR_MS):
            return True
    return False


def just_forgotten(tx: Transaction, account_id: int, chat: str) -> bool:
    """Whether the last word to somebody erased went to this chat within the last minute."""
    newest = sa_select(_ROWS).order_by(_ROWS.c.id.desc()).limit(2000).subquery()
    farewell = sa_select(newest.c.id).where(
        newest.c.account_id == account_id,
        newest.c.chat == chat,
        newest.c.address_id.is_(None),
        newest.c.letter_id.is_not(None),
        newest.c.created_at > tx.now - 60_000,
    )
    return tx.run(farewell.limit(1)).first() is not None


def counts(tx: Transaction, announcement_id: int) -> dict[str, int]:
    """How many deliveries of an announcement stand in each state."""
    rows = tx.session.exec(
        select(Delivery.state, func.count())
        .where(Delivery.announcement_id == announcement_id)
        .group_by(col(Delivery.state))
    ).all()
    return {row[0]: row[1] for row in rows}


def queued_count(tx: Transaction, account_id: int) -> int:
    """How many deliveries of an account wait."""
    return tx.session.exec(
        select(func.count()).select_from(Delivery).where(Delivery.account_id == account_id, Delivery.state == "queued")
    ).one()


def queued_by_channel(tx: Transaction) -> dict[str, int]:
    """How many deliveries wait on each kind of channel; 0 where none does."""
    queued = (col(Delivery.account_id) == col(Account.id)) & (col(Delivery.state) == "queued")
    counted = select(Account.channel, func.count(col(Delivery.id))).select_from(Account).outerjoin(Delivery, queued)
    return {row[0]: row[1] for row in tx.session.exec(counted.group_by(Account.channel)).all()}


def sent_since(tx: Transaction, account_id: int, since: int) -> list[int]:
    """When this account's last requests were made, one entry a request, at the latest moment that it can have been.

    They still count in the platform's window after a restart. What a dead process had claimed counts as sent now.
    """
    rows = tx.session.exec(
        select(Delivery.sent_at, Delivery.parts_done)
        .where(Delivery.account_id == account_id)
        .where((col(Delivery.sent_at) > since) | (col(Delivery.claimed_at) > since))
    ).all()
    return sorted(sent_at or tx.now for sent_at, parts_done in rows for _ in range(parts_done + 1))


def of_report(tx: Transaction, report_id: int) -> list[Delivery]:
    """Everything sent because of a report: to the source system and to its citizen."""
    return list(
        tx.session.exec(select(Delivery).where(Delivery.report_id == report_id).order_by(col(Delivery.id))).all()
    )


def hurry(tx: Transaction, report_id: int) -> None:
    """What a report's forwarding waited for has come: it goes now. One that still waits for a name is left alone."""
    tried = (col(Delivery.letter_id).is_(None), col(Delivery.attempts) > 0, col(Delivery.due_at) > tx.now)
    waits = update(Delivery).where(col(Delivery.report_id) == report_id, col(Delivery.state) == "queued", *tried)
    tx.session.execute(waits.values(due_at=tx.now))
