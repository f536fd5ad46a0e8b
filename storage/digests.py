"""The day's letter in the ledger: rows of news that wait for it, and how they go the letter's way.

A row that was gathered keeps `held = digest` and carries the letter's id; the letter itself is a delivery of its own,
without an announcement, to the same address. Both are claimed and settled in the same transactions, so that no row
ends `sent` before its letter was sent, and a crash between two steps leaves nothing that is not told or told twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, true, update

from storage.accounts import Account
from storage.announcements import Announcement
from storage.citizens import Address, Citizen
from storage.outbox import Delivery, Letter
from storage.transaction import Transaction

OPEN, RETURNED = ("queued", "claimed"), ("expired", "withdrawn")  # of a letter: on its way; its rows wait for another
ENDED = ("sent", "gone", "never", "unknown", "covered")  # its ends that are its rows' ends too
CARRIED = ("state", "why", "sent_at", "resent", "first_at")  # what a row shares with its letter when that settles
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]
_ADDRESSES = Address.__table__  # type: ignore[attr-defined]
_CITIZENS = Citizen.__table__  # type: ignore[attr-defined]
_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]
_WORDS = Letter.__table__  # type: ignore[attr-defined]
_CARRIER = _ROWS.alias("carrier")
PERHAPS = "đã dừng, bản đầu có thể đã tới"


@dataclass(frozen=True, slots=True)
class Item:
    """A row that is to be gathered, its announcement, and where its receiver is reached now."""

    id: int
    address_id: int
    account_id: int
    channel: str
    chat: str
    language: str
    commune: str
    valid_until: int
    once: bool
    news: Announcement


def readers(tx: Transaction, after: int, most: int) -> list[int]:
    """The next citizens after an id who want the day's letter, in order."""
    wanted = select(_CITIZENS.c.id).where(_CITIZENS.c.digest == true(), _CITIZENS.c.id > after)
    return list(tx.run(wanted.order_by(_CITIZENS.c.id).limit(most)).scalars())


def waiting(tx: Transaction, citizen_ids: Collection[int], before: int) -> list[int]:
    """Their addresses for which something waits that fell due before then (ms UTC), or was left behind."""
    theirs = _ADDRESSES.c.citizen_id.in_(list(citizen_ids))
    joined = select(_ROWS.c.address_id).join(_ADDRESSES, _ADDRESSES.c.id == _ROWS.c.address_id).where(theirs)
    found = tx.run(joined.where(*_waits(), _ROWS.c.due_at < before, ~_carrier(_CARRIER.c.id, OPEN).exists()).distinct())
    return sorted(found.scalars())


def _waits() -> tuple[Any, ...]:
    return (_ROWS.c.state == "queued", _ROWS.c.held == "digest")


def _carrier(column: Any, states: Collection[str]) -> Select[Any]:
    """A column of the letter into which a row was gathered, if that stands in one of these states."""
    mine = (_CARRIER.c.letter_id == _ROWS.c.letter_id, _CARRIER.c.address_id == _ROWS.c.address_id)
    found = select(column).where(*mine, _CARRIER.c.announcement_id.is_(None), _CARRIER.c.state.in_(states))
    return found.correlate(_ROWS)


def items(tx: Transaction, address_ids: Collection[int], before: int) -> dict[int, list[Item]]:
    """address → what is to be gathered for it, oldest first: in force, not stopped, and in no letter on its way."""
    question = (
        select(_ROWS.c.id, _ROWS.c.address_id, _ROWS.c.account_id, _ACCOUNTS.c.channel, _ADDRESSES.c.chat,
               _CITIZENS.c.language, _ROWS.c.commune, _ROWS.c.valid_until, _ROWS.c.once, Announcement)
        .join(_ADDRESSES, _ADDRESSES.c.id == _ROWS.c.address_id)
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _ROWS.c.account_id)
        .join(_CITIZENS, _CITIZENS.c.id == _ADDRESSES.c.citizen_id)
        .join(Announcement, _NEWS.c.id == _ROWS.c.announcement_id)
        .where(_ROWS.c.address_id.in_(list(address_ids)), *_waits(), _ROWS.c.due_at < before)
        .where(_ROWS.c.valid_until > tx.now, _NEWS.c.stopped_at == 0, ~_carrier(_CARRIER.c.id, OPEN).exists())
        .order_by(_ROWS.c.id)
    )  # fmt: skip
    found: dict[int, list[Item]] = defaultdict(list)
    for row in tx.session.execute(question):
        found[row[1]].append(Item(*row))
    return found


def gather(tx: Transaction, ids: Collection[int], letter_id: int) -> None:
    """These rows go with a letter."""
    tx.run(update(_ROWS).where(_ROWS.c.id.in_(list(ids))).values(letter_id=letter_id))


def release(tx: Transaction, ids: Collection[int]) -> None:
    """These rows go by themselves, now, with their own words."""
    channel = select(_ACCOUNTS.c.channel).where(_ACCOUNTS.c.id == _ROWS.c.account_id).correlate(_ROWS)
    own = select(_WORDS.c.id).where(_WORDS.c.announcement_id == _ROWS.c.announcement_id).correlate(_ROWS)
    letter = own.where(_WORDS.c.channel == channel.scalar_subquery()).scalar_subquery()
    alone = {"held": "", "due_at": tx.now, "letter_id": letter}
    tx.run(update(_ROWS).where(_ROWS.c.id.in_(list(ids)), *_waits()).values(alone))


def release_all(tx: Transaction, address_ids: Collection[int]) -> int:
    """They want no letter any more: what waits for one goes by itself, but for what is on its way in one."""
    here = (_ROWS.c.address_id.in_(list(address_ids)), *_waits())
    ids = list(tx.run(select(_ROWS.c.id).where(*here, ~_carrier(_CARRIER.c.id, OPEN).exists())).scalars())
    if ids:
        release(tx, ids)
    return len(ids)


def follow(tx: Transaction, address_ids: Collection[int]) -> None:
    """Rows that are still open although their letter has ended: as it ended, where that is an end.

    A letter that was put off is written anew; but a row of which a copy may have come is not told once more.
    """
    here = (_ROWS.c.address_id.in_(list(address_ids)), *_waits())
    ended = {name: _carrier(_CARRIER.c[name], ENDED).limit(1).scalar_subquery() for name in ("state", "why", "sent_at")}
    tx.run(update(_ROWS).where(*here, _carrier(_CARRIER.c.id, ENDED).exists()).values(ended))
    perhaps = update(_ROWS).where(*here, _ROWS.c.resent == true(), _carrier(_CARRIER.c.id, RETURNED).exists())
    tx.run(perhaps.values(state="unknown", why=PERHAPS))


def stale(tx: Transaction, letters: Iterable[tuple[int, int]]) -> set[int]:
    """Of letters, as (address, letter's id): those of which a part was withdrawn, stopped or is past its time."""
    pairs = list(letters)
    if not pairs:
        return set()
    void = (_ROWS.c.state != "queued") | (_ROWS.c.valid_until < tx.now) | (_NEWS.c.stopped_at > 0)
    found = select(_ROWS.c.letter_id).join(_NEWS, _NEWS.c.id == _ROWS.c.announcement_id)
    return set(tx.run(_parts_of(found, pairs).where(void)).scalars())


def begin(tx: Transaction, epoch: int, letters: Iterable[tuple[int, int]]) -> None:
    """Claim the parts of letters that were just claimed: whoever corrects one of them now waits for its end."""
    for address_id, letter_id in letters:
        taken = {"state": "claimed", "epoch": epoch, "claimed_at": tx.now}
        tx.run(_parts(address_id, letter_id, "queued").values(taken))


def settle(tx: Transaction, epoch: int, address_id: int, letter_id: int, changes: Mapping[str, Any]) -> None:
    """The parts of a claimed letter go its way: to its end, or back to the queue with it."""
    carried = {name: changes[name] for name in CARRIED if name in changes}
    if carried.get("state") in RETURNED:
        carried["state"] = "queued"  # each has its own time; what is left of it goes with another letter
    if "state" in carried:
        tx.run(_parts(address_id, letter_id, "claimed").where(_ROWS.c.epoch == epoch).values(carried))


def give_up(tx: Transaction, delivery_id: int, address_id: int, letter_id: int, resent: bool) -> None:
    """A letter that is not right any more is not sent. If its first copy may have come, its parts may have too."""
    ended = {"state": "unknown", "why": PERHAPS} if resent else {"state": "withdrawn", "why": "soạn lại"}
    tx.run(update(_ROWS).where(_ROWS.c.id == delivery_id, _ROWS.c.state == "claimed").values(ended))
    if resent:
        tx.run(_parts(address_id, letter_id, "queued").values(ended))


def _parts(address_id: int, letter_id: int, state: str) -> Any:
    mine = (_ROWS.c.address_id == address_id, _ROWS.c.letter_id == letter_id, _ROWS.c.announcement_id.is_not(None))
    return update(_ROWS).where(*mine, _ROWS.c.state == state, _ROWS.c.held == "digest")


def _parts_of(question: Select[Any], pairs: list[tuple[int, int]]) -> Select[Any]:
    addresses, letters = {one for one, _ in pairs}, {one for _, one in pairs}
    here = (_ROWS.c.address_id.in_(addresses), _ROWS.c.letter_id.in_(letters))
    return question.where(*here, _ROWS.c.announcement_id.is_not(None), _ROWS.c.held == "digest")
