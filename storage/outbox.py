"""The outbox: letters (words once) and deliveries (addresses many). Nothing leaves except through these rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Index, UniqueConstraint, bindparam, case, text, update
from sqlalchemy import select as sa_select
from sqlmodel import Field, SQLModel, col, select

from content.message import Part
from storage.columns import big, key, one_of
from storage.transaction import Transaction, insert_of

# Lanes, first goes first. RETRY holds emergencies after their first attempt: what fails again and again blocks nobody.
EMERGENCY, CONVERSATION, RETRY, STATUS, PRIORITY, ROUTINE = range(6)
BROADCAST = (EMERGENCY, RETRY, PRIORITY, ROUTINE)  # the lanes of what nobody asked for
MISSED = ("gone", "never", "withdrawn", "covered")  # ends after which it may be told, while it is in force
STATES = ("queued", "claimed", "sent", "gone", "never", "expired", "unknown", "withdrawn", "covered")
HELD = ("", "window", "digest")  # waits for the citizen's next word, without expiry; for the day's one letter
ROUTES = ("", "free", "paid", "template", "article", "group")  # empty: the platform has but one way
PUT_OFF_MS = 60_000  # a longer wait than this ends when they write: the window is open then
OFFER_MS = 7 * 24 * 3_600_000  # how long "11" under a letter is still an answer to it


def _partial(name: str, where: str, *columns: str) -> Index:
    """An index over the few rows that its question is about."""
    return Index(f"ix_delivery_{name}", *columns, sqlite_where=text(where), postgresql_where=text(where))


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
    """One letter to one address: a row of the ledger. A group or an article is an address of nobody in particular."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("address_id", "announcement_id"),  # also finds everything of one address
        one_of("state", *STATES),
        one_of("held", *HELD),
        one_of("route", *ROUTES),
        _partial("due", "state = 'queued' AND held = ''", "account_id", "lane", "due_at", "id"),
        _partial("claimed", "state = 'claimed'", "account_id"),
        _partial("stale", "state = 'queued' AND announcement_id IS NULL", "valid_until"),
        _partial("state", "announcement_id IS NOT NULL", "announcement_id", "state", "resent"),
        _partial("report_id", "report_id IS NOT NULL", "report_id"),
        _partial("letter_id", "announcement_id IS NULL", "letter_id"),
    )

    id: int | None = key()
    letter_id: int | None = big(default=None)  # None: built when it is sent (the source system)
    account_id: int = big()
    address_id: int | None = big(default=None)
    chat: str = Field(max_length=64)
    lane: int
    state: str = Field(default="queued", max_length=10)
    held: str = Field(default="", max_length=10)
    due_at: int = big()
    valid_until: int | None = big(default=None)
    attempts: int = 0
    parts_done: int = 0
    epoch: int = big(default=0)  # of the lease under which it was claimed
    claimed_at: int = big(default=0)
    first_at: int = big(default=0)  # when its first copy may have gone out
    sent_at: int = big(default=0)
    message_id: str = Field(default="", max_length=250)  # the platform's; one a part, a space between
    route: str = Field(default="", max_length=10)  # how it goes, chosen when it is claimed
    why: str = Field(default="", max_length=200)
    resent: bool = False
    once: bool = False  # never repeated, whatever became of it
    answered: bool = False  # its 11, 22 or 33 was pressed
    announcement_id: int | None = big(default=None)
    report_id: int | None = big(default=None)
    commune: str = Field(default="", max_length=5)
    hamlet_key: str = Field(default="", max_length=80)  # where the receiver lives, for the proof of reach
    created_at: int = big()


def write_letter(
    tx: Transaction, channel: str, parts: Sequence[Part], offer: str = "", announcement_id: int | None = None
) -> int:
    """Keep the words of a letter; its id."""
    sealed = tx.vault.seal_json([part.to_json() for part in parts])
    words = {"channel": channel, "parts_sealed": sealed, "offer": offer, "announcement_id": announcement_id}
    return tx.insert(Letter, **words, created_at=tx.now)


def parts_of(tx: Transaction, letter: Letter) -> tuple[Part, ...]:
    """A letter's parts, opened."""
    return tuple(Part.from_json(one) for one in tx.vault.open_json(letter.parts_sealed) or ())


def enqueue(tx: Transaction, letter_id: int, account_id: int, chat: str, lane: int, **more: Any) -> int:
    """Queue a letter for a chat, to go now; the delivery's id. `more`: other columns of it."""
    where = {"letter_id": letter_id, "account_id": account_id, "chat": chat, "lane": lane}
    return tx.insert(Delivery, **where, due_at=tx.now, created_at=tx.now, **more)


def post(tx: Transaction, delivery: Delivery) -> Delivery:
    """Put one delivery into the queue."""
    delivery.created_at = tx.now
    return tx.put(delivery)


def post_news(tx: Transaction, delivery: Delivery) -> None:
    """Put news for one address into the queue; nothing where the spread has just written it."""
    delivery.created_at = tx.now
    values = {name: getattr(delivery, name) for name in _ROWS.c.keys() if name != "id"}  # noqa: SIM118 - not a dict
    tx.run(insert_of(_ROWS, tx.postgres).on_conflict_do_nothing(), values)


def letters(tx: Transaction, ids: set[int]) -> dict[int, Letter]:
    """Letters by id."""
    if not ids:
        return {}
    return {row.id or 0: row for row in tx.session.exec(select(Letter).where(col(Letter.id).in_(ids))).all()}


def revive(tx: Transaction, announcement_id: int, address_id: int, lane: int) -> bool:
    """Queue once more what was refused or stopped on its way to an address; whether there was such a row."""
    missed = (col(Delivery.announcement_id) == announcement_id, col(Delivery.address_id) == address_id)
    again = {"state": "queued", "lane": lane, "due_at": tx.now, "attempts": 0, "parts_done": 0, "message_id": "",
             "why": "", "resent": False, "first_at": 0, "route": "", "held": ""}  # fmt: skip
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


def leave(tx: Transaction, address_id: int, why: str, inactive: bool) -> None:
    """Nobody is there any more: what waits for them ends, and answers to what they asked wait for their return.

    `inactive`: silent for too long. An emergency is tried all the same.
    """
    stop_queued(tx, address_id, (PRIORITY, ROUTINE) if inactive else BROADCAST, "gone", why)
    answers = (col(Delivery.address_id) == address_id, col(Delivery.state) == "queued", col(Delivery.lane) == STATUS)
    tx.session.execute(update(Delivery).where(*answers).values(held="window", valid_until=None, why=why))


def move(tx: Transaction, address_id: int, chat: str) -> None:
    """The chat has another id now: what is queued for it goes there."""
    mine = (col(Delivery.address_id) == address_id, col(Delivery.state) == "queued")
    tx.session.execute(update(Delivery).where(*mine).values(chat=chat))


def release(tx: Transaction, address_id: int) -> int:
    """The citizen wrote: what waited for that goes now, before anything new, and so does what was put off for long.

    The rest of a night has no reason written down, and goes on.
    """
    waits = (col(Delivery.address_id) == address_id, col(Delivery.state) == "queued")
    held = update(Delivery).where(*waits, col(Delivery.held) == "window")
    off = (col(Delivery.held) == "", col(Delivery.why) != "", col(Delivery.due_at) > tx.now + PUT_OFF_MS)
    first = case((col(Delivery.lane) == RETRY, EMERGENCY), else_=col(Delivery.lane))
    put_off = update(Delivery).where(*waits, *off).values(due_at=tx.now, lane=first, route="")
    freed = tx.session.execute(held.values(held="", lane=CONVERSATION, due_at=col(Delivery.created_at), route=""))
    return tx.changed(freed) + tx.changed(tx.session.execute(put_off))


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
