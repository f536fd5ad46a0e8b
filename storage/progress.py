"""How far it has come: what waits, and how an announcement's deliveries ended, counted from the ledger."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select, text, true, union_all

from storage.accounts import Account
from storage.announcements import Announcement
from storage.outbox import STATES, Delivery
from storage.tallies import Tally
from storage.transaction import Transaction

OPEN = ("queued", "claimed")  # may still move
MISSED = ("gone", "never", "expired")  # certainly did not get it, though they were to
EXPLAINED = ("gone", "never", "unknown")  # each of these rows says why
TO_NOBODY = ("group", "article")  # routes of posts that are read by nobody in particular
REASONS_FROM = 2000  # failed rows a state whose reasons are read: every refresh of the page asks anew
LISTED = 60  # newest announcements that are looked through for people who were missed

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_IN_QUEUE = text("state = 'queued' AND held = ''")  # its index in its own words: SQLite does not walk it for parameters
_TALLIES = Tally.__table__  # type: ignore[attr-defined]
_NOTICES = Announcement.__table__  # type: ignore[attr-defined]
_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Progress:
    """`people`: state → how many. `again` of them were sent a second copy. `why`: (state, reason) → how many of
    those looked at. `posts`: messages to groups and articles, which count as nobody."""

    people: dict[str, int]
    again: int
    posts: int
    why: dict[tuple[str, str], int]

    @property
    def total(self) -> int:
        """Everybody it is for."""
        return sum(self.people.values())

    @property
    def waiting(self) -> int:
        """Those whose turn is still to come."""
        return sum(self.people.get(state, 0) for state in OPEN)

    @property
    def tried(self) -> int:
        """Those for whom a request to the platform has ended, well or badly."""
        return sum(self.people.get(state, 0) for state in ("sent", "gone", "never", "unknown"))

    @property
    def partly(self) -> bool:
        """Whether more people failed than were asked for their reason."""
        return sum(self.why.values()) < sum(self.people.get(state, 0) for state in EXPLAINED)

    @property
    def missed(self) -> int:
        """Those who certainly did not get it."""
        return sum(self.people.get(state, 0) for state in MISSED)


def of(tx: Transaction, announcement_id: int) -> Progress:
    """How far an announcement has come. Asked every two seconds while a million wait: indexes only, or bounded."""
    people, posts = Counter(counts(tx, announcement_id)), _posts(tx, [announcement_id])[announcement_id]
    people.subtract(posts)
    kept = {state: count for state, count in people.items() if count}
    return Progress(kept, _again(tx, announcement_id), posts.total(), _reasons(tx, announcement_id, kept))


def counts(tx: Transaction, announcement_id: int) -> dict[str, int]:
    """How many deliveries of an announcement stand in each state, or stood when they were folded."""
    live = select(_ROWS.c.state, func.count().label("people")).where(_ROWS.c.announcement_id == announcement_id)
    kept = select(_TALLIES.c.state, _TALLIES.c.people).where(_TALLIES.c.announcement_id == announcement_id)
    # One statement: between two of them a range might be folded, and be counted twice or not at all.
    found: Counter[str] = Counter()
    for state, people in tx.run(union_all(live.group_by(_ROWS.c.state), kept)):
        found[state] += people
    return dict(found)


def _again(tx: Transaction, announcement_id: int) -> int:
    """How many were sent a second copy, because it was unclear whether the first had come."""
    live = select(func.count().label("people")).where(
        _ROWS.c.announcement_id == announcement_id, _ROWS.c.state.in_(STATES), _ROWS.c.resent == true()
    )
    kept = select(_TALLIES.c.people).where(_TALLIES.c.announcement_id == announcement_id, _TALLIES.c.resent == true())
    return sum(row[0] for row in tx.run(union_all(live, kept)))


def _posts(tx: Transaction, announcement_ids: list[int]) -> dict[int, Counter[str]]:
    """announcement → state → messages to groups and articles; found as the few rows without an address."""
    live = (
        select(_ROWS.c.announcement_id, _ROWS.c.state, func.count().label("people"))
        .where(_ROWS.c.address_id.is_(None), _ROWS.c.announcement_id.in_(announcement_ids))
        .where(_ROWS.c.route.in_(TO_NOBODY), _ROWS.c.state != "covered")
        .group_by(_ROWS.c.announcement_id, _ROWS.c.state)
    )
    kept = select(_TALLIES.c.announcement_id, _TALLIES.c.state, _TALLIES.c.people).where(
        _TALLIES.c.announcement_id.in_(announcement_ids),
        _TALLIES.c.route.in_(TO_NOBODY),
        _TALLIES.c.state != "covered",
    )
    found: dict[int, Counter[str]] = {one: Counter() for one in announcement_ids}
    for announcement_id, state, count in tx.run(union_all(live, kept)):
        found[announcement_id][state] += count
    return found


def _reasons(tx: Transaction, announcement_id: int, people: dict[str, int]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for state in EXPLAINED:
        if people.get(state):
            mine = (_ROWS.c.announcement_id == announcement_id, _ROWS.c.state == state)
            some = select(_ROWS.c.why).where(*mine).limit(REASONS_FROM).subquery()
            live = select(some.c.why, func.count().label("people")).group_by(some.c.why)
            kept = select(_TALLIES.c.why, _TALLIES.c.people).where(
                _TALLIES.c.announcement_id == announcement_id, _TALLIES.c.state == state
            )
            for why, count in tx.run(union_all(live, kept)):
                found[state, why] += count
    return dict(found)


def missed(tx: Transaction, commune: str, since: int) -> list[tuple[Announcement, int, int]]:
    """What was published since then, has ended and did not reach everybody: the announcement, how many did not get
    it, and of how many that is unknown. Emergencies first; every commune's when `commune` is empty.

    What was corrected or withdrawn is left out: nobody is to be told it now.
    """
    ended = _ended(tx, commune, since)
    by_state = _failed(tx, [row.id or 0 for row in ended])
    found = [
        (row, sum(by_state[row.id or 0][state] for state in MISSED), by_state[row.id or 0]["unknown"]) for row in ended
    ]
    some = [one for one in found if one[1] or one[2]]
    return sorted(some, key=lambda one: (one[0].priority != "emergency", -one[0].published_at))


def _ended(tx: Transaction, commune: str, since: int) -> list[Announcement]:
    waits = select(_ROWS.c.id).where(_ROWS.c.announcement_id == _NOTICES.c.id, _ROWS.c.state.in_(OPEN))
    question = (
        select(Announcement)
        .where(_NOTICES.c.status == "published", _NOTICES.c.published_at >= since, _NOTICES.c.stopped_at == 0)
        .where(~waits.exists())
        .order_by(_NOTICES.c.id.desc())
        .limit(LISTED)
    )
    if commune:
        question = question.where(_NOTICES.c.commune == commune)
    return list(tx.session.execute(question).scalars())


def _failed(tx: Transaction, announcement_ids: list[int]) -> dict[int, Counter[str]]:
    """announcement → state → people, for the states that somebody must hear of."""
    states = (*MISSED, "unknown")
    live = (
        select(_ROWS.c.announcement_id, _ROWS.c.state, func.count().label("people"))
        .where(_ROWS.c.announcement_id.in_(announcement_ids), _ROWS.c.state.in_(states))
        .group_by(_ROWS.c.announcement_id, _ROWS.c.state)
    )
    kept = select(_TALLIES.c.announcement_id, _TALLIES.c.state, _TALLIES.c.people).where(
        _TALLIES.c.announcement_id.in_(announcement_ids), _TALLIES.c.state.in_(states)
    )
    found: dict[int, Counter[str]] = {one: Counter() for one in announcement_ids}
    for announcement_id, state, people in tx.run(union_all(live, kept)):
        found[announcement_id][state] += people
    for announcement_id, posts in _posts(tx, announcement_ids).items():
        found[announcement_id].subtract(posts)
    return found


def queued_count(tx: Transaction, account_id: int) -> int:
    """How many deliveries of an account wait for their turn; not those that wait for the citizen's next word."""
    mine = select(func.count()).where(_ROWS.c.account_id == account_id, _IN_QUEUE)
    return int(tx.run(mine).scalar_one())


def queued(tx: Transaction) -> dict[tuple[int, int], int]:
    """(account, lane) → how many deliveries wait there for their turn; one walk over the index of the queue."""
    by = (_ROWS.c.account_id, _ROWS.c.lane)
    waiting = select(*by, func.count()).where(_IN_QUEUE).group_by(*by)
    return {(row[0], row[1]): row[2] for row in tx.run(waiting)}


def channels(tx: Transaction) -> dict[int, str]:
    """account → its kind of channel."""
    return {row[0]: row[1] for row in tx.run(select(_ACCOUNTS.c.id, _ACCOUNTS.c.channel))}
