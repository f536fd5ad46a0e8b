"""The ledger's busy statements, each built once: claiming, settling, and what falls due next.

They run for every message of every broadcast, so they use the tables without the ORM, and each finds its rows by the
index over what is queued, however long the queue is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)

from storage.announcements import Announcement
from storage.columns import among, listed
from storage.front import Front, begins, due
from storage.outbox import CONVERSATION, EMERGENCY, RETRY, ROUTINE, Delivery
from storage.transaction import Transaction

_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]
_LANES = range(EMERGENCY, ROUTINE + 1)
MOST = 100  # deliveries in a sender's hands where nothing limits it
LATE_PERHAPS = "quá hạn, bản đầu có thể đã tới"
EXPIRED_AT_ONCE = 2000  # rows ended in one transaction: nobody else may wait for long


@dataclass(slots=True)
class Due:
    """A delivery whose turn has come: of its row, what sending takes."""

    id: int
    letter_id: int | None
    account_id: int
    address_id: int | None
    chat: str
    lane: int
    due_at: int
    valid_until: int | None
    attempts: int
    parts_done: int
    message_id: str
    first_at: int
    claimed_at: int
    route: str
    resent: bool
    once: bool
    announcement_id: int | None
    report_id: int | None
    commune: str
    created_at: int


_COLUMNS = [_ROWS.c[one.name] for one in fields(Due)]


# Said in the index's own words: a plan that is made once knows no value of a parameter, and would not use it.
_IN_QUEUE = text("state = 'queued' AND held = ''")


def _queued(postgres: bool, *columns: Any) -> Select[Any]:
    """Deliveries of `:account` that wait, but for the chats in `:busy`."""
    idle: Any = _ROWS.c.chat.not_in(bindparam("busy", expanding=True))
    if postgres:  # one statement however many are busy, and each chat looked up, not compared with all
        idle = _ROWS.c.chat.not_in(select(func.unnest(listed("busy", String))))
    return select(*columns).where(_ROWS.c.account_id == bindparam("account"), _IN_QUEUE, idle)


@cache
def _due(postgres: bool, most: int) -> Any:
    """The first `most` of each lane. Numbers stand in the statement: with them PostgreSQL plans once, and rightly."""
    return (
        due([one.name for one in _COLUMNS], most)
        if postgres
        else union_all(*(_first_of(lane, most) for lane in _LANES))
    )


def _first_of(lane: int, most: int) -> Select[Any]:
    found = _queued(False, *_COLUMNS).where(_ROWS.c.lane == _said(lane), _ROWS.c.due_at <= bindparam("now"))
    return select(found.order_by(_ROWS.c.due_at, _ROWS.c.id).limit(_said(most)).subquery())


def _said(number: int) -> Any:
    return literal(number, literal_execute=True)


def _rounded(count: int) -> int:
    """The next power of two, or `MOST` and one: few different statements."""
    return max(count, min(MOST + 1, 1 << max(0, count - 1).bit_length()))


_CHOSEN = _ROWS.c.id.in_(bindparam("which", expanding=True)) & (_ROWS.c.state == "queued")
_END = _ROWS.update().where(_CHOSEN).values(state=bindparam("to_state"), why=bindparam("to_why"))
_BEGUN = (_ROWS.c.resent == true()) | (_ROWS.c.parts_done > 0)
_STOPPED = select(_NEWS.c.id).where(_NEWS.c.stopped_at > 0, _NEWS.c.swept_at == 0)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought. `urgent`: more first attempts of emergencies are due than were taken. `late`: how many it
    found past their time."""

    rows: list[Due]
    urgent: bool
    late: int = 0


def claim(
    tx: Transaction,
    account_id: int,
    epoch: int,
    limit: int,
    busy: Collection[str] = (),
    talk: int = 1,
    again: int | None = None,
    front: Front | None = None,
) -> Claimed:
    """Take up to `limit` due deliveries of an account, first lane first, oldest first within a lane.

    One a chat, and none of a `busy` chat: whoever writes a lot must not fill the sender's hands. While first
    attempts of an emergency are due, nothing else is taken but up to `talk` answers. Of emergencies that failed
    before at most `again` and half of the rest are taken, as long as enough of the lower lanes is due. What is past
    its time is not taken but ends `expired`: nothing goes late; what was stopped ends `withdrawn`. `front`: where the
    queue begins, as its sender knows.
    """
    asked = {"account": account_id, "busy": list(busy), "now": tx.now}
    if tx.postgres:
        asked |= begins(tx, account_id, front or Front())
    found = [Due(*row) for row in tx.run(_due(tx.postgres, _rounded(limit + 1)), asked).all()]
    live, late = _ended(tx, found)
    chosen = _choose(_one_a_chat(live), limit, talk, limit if again is None else again)
    waiting = sum(row.lane == EMERGENCY for row in live) - sum(row.lane == EMERGENCY for row in chosen)
    return Claimed(_taken(tx, chosen, epoch), waiting > 0, late)


def _ended(tx: Transaction, found: list[Due]) -> tuple[list[Due], int]:
    """End what is too late or was stopped; the rest, and how many were too late."""
    if not found:
        return found, 0
    stopped = set(tx.run(_STOPPED).scalars()) if any(row.announcement_id for row in found) else set()
    late = [row for row in found if row.valid_until is not None and row.valid_until < tx.now]
    gone = [row for row in found if row.announcement_id in stopped and row not in late]
    _finish(tx, late, "expired", "quá hạn", LATE_PERHAPS)
    _finish(tx, gone, "withdrawn", "đã dừng gửi", "đã dừng, bản đầu có thể đã tới")
    over = {row.id for row in (*late, *gone)}
    return ([row for row in found if row.id not in over] if over else found), len(late)


def _finish(tx: Transaction, rows: list[Due], state: str, why: str, perhaps: str) -> None:
    """Of a second copy, or the rest of a letter, its receiver may know the first: `perhaps` says so, and they are told
    if it is corrected."""
    begun = [row.id for row in rows if row.resent or row.parts_done]
    fresh = [row.id for row in rows if not (row.resent or row.parts_done)]
    for ids, how, reason in ((begun, "unknown", perhaps), (fresh, state, why)):
        if ids:
            tx.run(_END, {"which": ids, "to_state": how, "to_why": reason})


def _one_a_chat(rows: Iterable[Due]) -> list[Due]:
    """The first of each chat; within a lane the oldest, also where a later attempt put its due time back."""
    first: dict[str, Due] = {}
    for row in rows:
        held = first.setdefault(row.chat, row)
        if row.lane == held.lane and row.id < held.id:
            first[row.chat] = row
    return list(first.values())


def _choose(rows: list[Due], limit: int, talk: int, again: int) -> list[Due]:
    urgent = [row for row in rows if row.lane == EMERGENCY]
    if not urgent:
        return _in_turn(rows, limit, again)
    answers = [row for row in rows if row.lane == CONVERSATION][: min(talk, limit)]
    return [*urgent[: max(1, limit - len(answers))], *answers][:limit] if limit > 1 else urgent[:1]


def _in_turn(rows: list[Due], limit: int, again: int) -> list[Due]:
    """In the order of the lanes; what is tried again and again leaves room for what has not been tried at all."""
    answers = [row for row in rows if row.lane == CONVERSATION]
    retries = [row for row in rows if row.lane == RETRY]
    lower = [row for row in rows if row.lane > RETRY]
    left = max(0, limit - len(answers))
    most = max(min(again, -(-left // 2)), left - len(lower))
    return [*answers, *retries[:most], *lower][:limit]


def _taken(tx: Transaction, rows: list[Due], epoch: int) -> list[Due]:
    if not rows:
        return []
    asked = {"which": [row.id for row in rows], "mine": epoch, "at": tx.now}
    mine = set(tx.run(_taking(tx.postgres), asked).scalars().all())
    for row in rows:
        row.claimed_at = tx.now
    return [row for row in rows if row.id in mine]


@cache
def _taking(postgres: bool) -> Any:
    chosen = among(_ROWS.c.id, postgres)
    taken = {"state": "claimed", "epoch": bindparam("mine"), "claimed_at": bindparam("at")}
    return _ROWS.update().where(chosen, _ROWS.c.state == "queued").values(taken).returning(_ROWS.c.id)


def next_due(tx: Transaction, account_id: int, busy: Collection[str] = ()) -> int | None:
    """When the next delivery of an account (but of no `busy` chat) falls due, ms UTC."""
    found = tx.run(_next(tx.postgres), {"account": account_id, "busy": list(busy)}).scalars().all()
    return min(found) if found else None


@cache
def _next(postgres: bool) -> Any:
    return union_all(*(_first_due(postgres, lane) for lane in _LANES))


def _first_due(postgres: bool, lane: int) -> Select[Any]:
    waiting = _queued(postgres, _ROWS.c.due_at).where(_ROWS.c.lane == _said(lane))
    return select(waiting.order_by(_ROWS.c.due_at).limit(_said(1)).subquery())


def expire(tx: Transaction) -> int:
    """End what is queued and past its time, whether its turn came or not; how many, `EXPIRED_AT_ONCE` at most."""
    over = select(_NEWS.c.id).where(_NEWS.c.valid_until < tx.now, _NEWS.c.status.in_(("publishing", "published")),
                                    _NEWS.c.folded_at == 0)  # fmt: skip
    news = select(_ROWS.c.id).where(_ROWS.c.announcement_id.in_(over), _ROWS.c.state == "queued")
    talk = select(_ROWS.c.id).where(
        _ROWS.c.announcement_id.is_(None), _ROWS.c.state == "queued", _ROWS.c.valid_until < tx.now
    )
    ids = [number for found in (talk, news) for number in tx.run(found.limit(EXPIRED_AT_ONCE // 2)).scalars()]
    if ids:
        tx.run(_END.where(_BEGUN), {"which": ids, "to_state": "unknown", "to_why": LATE_PERHAPS})
        tx.run(_END, {"which": ids, "to_state": "expired", "to_why": "quá hạn"})
    return len(ids)


def delay(tx: Transaction, row: Due, until: int) -> None:
    """Whatever else waits in the same lane for this chat waits behind `row`, which is tried again at `until`."""
    behind = (_ROWS.c.address_id == row.address_id, _ROWS.c.lane == row.lane, _ROWS.c.state == "queued")
    tx.run(_ROWS.update().where(*behind, _ROWS.c.id > row.id, _ROWS.c.due_at < until).values(due_at=until))


def settle(tx: Transaction, epoch: int, changes: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Write how claimed deliveries ended, or that they go back: (delivery id, columns to change), in this order.

    A row that is no longer claimed under `epoch` is left alone: somebody took over while it hung.
    """
    for columns, rows in groupby(changes, key=lambda one: tuple(sorted(one[1]))):
        batch = list(rows)
        if tx.postgres:
            _settle_together(tx, epoch, columns, batch)
        else:
            tx.session.flush()
            each = [(*(to[name] for name in columns), number, epoch) for number, to in batch]
            tx.session.connection().exec_driver_sql(_settling_each(columns), each)


@cache
def _settling_each(columns: tuple[str, ...]) -> str:
    """Written for the driver itself: binding names costs more than the update."""
    changed = ", ".join(f"{_ROWS.c[name].name} = ?" for name in columns)
    return f"UPDATE delivery SET {changed} WHERE id = ? AND state = 'claimed' AND epoch = ?"


def _settle_together(tx: Transaction, epoch: int, columns: tuple[str, ...], batch: list[tuple[int, Any]]) -> None:
    """All rows in one statement, which PostgreSQL answers in a third of the time: what differs goes as lists."""
    values = {name: [to[name] for _, to in batch] for name in columns}
    alike = frozenset(name for name in columns if values[name].count(values[name][0]) == len(batch))
    given = {f"to_{name}": held[0] if name in alike else held for name, held in values.items()}
    tx.run(_settling(columns, alike), {"mine": epoch, "which": [number for number, _ in batch], **given})


@cache
def _settling(columns: tuple[str, ...], alike: frozenset[str]) -> Any:
    differ = [name for name in columns if name not in alike]
    lists = [listed("which", BigInteger), *(listed(f"to_{name}", _kind(name)) for name in differ)]
    given = func.unnest(*lists).table_valued("which", *differ).render_derived(name="given")
    mine = (_ROWS.c.id == given.c.which, _ROWS.c.state == "claimed", _ROWS.c.epoch == bindparam("mine"))
    same = {name: bindparam(f"to_{name}", type_=_ROWS.c[name].type) for name in alike}
    return _ROWS.update().where(*mine).values({**same, **{name: given.c[name] for name in differ}})


def _kind(name: str) -> Any:
    kind = _ROWS.c[name].type
    return Boolean() if isinstance(kind, Boolean) else BigInteger() if isinstance(kind, Integer) else String()
