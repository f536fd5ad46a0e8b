"""Proof of reach: who got an announcement how soon, hamlet by hamlet, and who did not and why.

Counted from live deliveries and from tallies alike, so that folding changes no number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, union_all

from storage.announcements import Announcement
from storage.citizens import Address, Citizen, Follow
from storage.outbox import Delivery
from storage.progress import MISSED, OPEN, TO_NOBODY
from storage.tallies import folded, live
from storage.transaction import Transaction

BANDS = ("30s", "5min", "later")
LOW = 60  # per cent: below it somebody has to walk there, or the loudspeaker speaks

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_FOLLOWS = Follow.__table__  # type: ignore[attr-defined]
_CITIZENS = Citizen.__table__  # type: ignore[attr-defined]
_ADDRESSES = Address.__table__  # type: ignore[attr-defined]


@dataclass(slots=True)
class Place:
    """The followers of one hamlet; of a whole commune, or of everywhere, when several are added up.

    `told`: band → people. `missed`: (state, reason) → people. `covered` saw at most a post for everybody, so they
    never count as told. `stopped` wanted no more, or the announcement was withdrawn before their turn: not counted.
    """

    commune: str = ""
    hamlet_key: str = ""
    told: Counter[str] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    covered: int = 0
    unknown: int = 0
    waiting: int = 0
    stopped: int = 0
    again: int = 0  # people who were sent a second copy

    @property
    def reached(self) -> int:
        """How many got it."""
        return self.told.total()

    @property
    def people(self) -> int:
        """How many it is for."""
        return self.reached + self.missed.total() + self.covered + self.unknown + self.waiting

    @property
    def coverage(self) -> int:
        """Per cent who got it, rounded down: 100 means everybody. Nobody to tell is 100."""
        return self.reached * 100 // self.people if self.people else 100

    @property
    def low(self) -> bool:
        """Whether so few got it that others must tell them."""
        return self.coverage < LOW

    def missed_as(self, state: str) -> int:
        """How many did not get it in one way."""
        return sum(count for (how, _), count in self.missed.items() if how == state)


@dataclass(frozen=True, slots=True)
class Reach:
    """Every hamlet that somebody lives in, in order of commune and key, and posts that count as nobody."""

    places: Sequence[Place]
    posts: int


def of(tx: Transaction, row: Announcement) -> Reach:
    """The proof for an announcement. A million deliveries take about two seconds: ask when it has ended."""
    number = row.id or 0
    # One statement: between two of them a range might be folded, and be counted twice or not at all.
    found = tx.run(union_all(live(row.published_at, _ROWS.c.announcement_id == number), folded(number)))
    places: dict[tuple[str, str], Place] = {}
    posts = 0
    for one in found.mappings():
        if one["route"] in TO_NOBODY and one["state"] != "covered":
            posts += one["people"]
            continue
        where = (one["commune"], one["hamlet_key"])
        _count(places.setdefault(where, Place(*where)), one["state"], one["band"], one["why"], one["people"])
        places[where].again += one["people"] if one["resent"] else 0
    return Reach([places[where] for where in sorted(places)], posts)


def _count(place: Place, state: str, band: str, why: str, people: int) -> None:
    if state == "sent":
        place.told[band] += people
    elif state in MISSED:
        place.missed[state, why] += people
    elif state == "covered":
        place.covered += people
    elif state == "unknown":
        place.unknown += people
    elif state in OPEN:
        place.waiting += people
    else:
        place.stopped += people


def together(places: Iterable[Place], commune: str = "") -> Place:
    """Several places as one."""
    whole = Place(commune)
    for one in places:
        whole.told.update(one.told)
        whole.missed.update(one.missed)
        for name in ("covered", "unknown", "waiting", "stopped", "again"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
    return whole


def spellings(tx: Transaction, communes: Iterable[str]) -> dict[tuple[str, str], str]:
    """(commune, hamlet's key) → how most people there write its name."""
    by = (_FOLLOWS.c.commune, _FOLLOWS.c.hamlet_key, _FOLLOWS.c.hamlet)
    written = select(*by, func.count()).where(_FOLLOWS.c.commune.in_(list(communes)), _FOLLOWS.c.hamlet_key != "")
    names: dict[tuple[str, str], str] = {}
    for commune, keyed, name, _ in sorted(tx.run(written.group_by(*by)), key=lambda one: (one[3], one[2])):
        names[commune, keyed] = name  # the most frequent one comes last
    return names


def lost(tx: Transaction, row: Announcement, communes: Iterable[str]) -> int:
    """Followers of whom no chat was left when it was published: they were not even to be sent it."""
    alive = select(_ADDRESSES.c.id).where(
        _ADDRESSES.c.citizen_id == _FOLLOWS.c.citizen_id,
        (_ADDRESSES.c.gone_at == 0) | (_ADDRESSES.c.gone_at >= row.published_at),
    )
    gone = (
        select(func.count(func.distinct(_FOLLOWS.c.citizen_id)))
        .join_from(_FOLLOWS, _CITIZENS, _CITIZENS.c.id == _FOLLOWS.c.citizen_id)
        .where(_FOLLOWS.c.commune.in_(list(communes)), _FOLLOWS.c.since <= row.published_at)
        .where(_CITIZENS.c.stopped_at == 0, ~alive.exists())
    )
    return int(tx.run(gone).scalar_one())
