"""Quiet hours: news that can wait does not wake anybody. Emergencies, answers and news of reports are never held."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Protocol

from content.hours import ends, minute, shown, within
from storage import Transaction, announcements, communes, quiet
from storage.announcements import Announcement
from storage.communes import USUAL, Hours
from storage.ledger import Due
from storage.outbox import PRIORITY, ROUTINE

LANES = (PRIORITY, ROUTINE)
MANY = 20  # held rows of one claim, and none that may go: a whole commune has just gone to bed
AT_ONCE = 2000  # rows then put back beside them, so that nobody waits long for this transaction


class _Waiting(Protocol):
    """What `Due` and `quiet.Waiting` both tell."""

    @property
    def id(self) -> int: ...
    @property
    def address_id(self) -> int | None: ...
    @property
    def announcement_id(self) -> int | None: ...
    @property
    def commune(self) -> str: ...


def hold(tx: Transaction, rows: list[Due]) -> list[Due]:
    """Put back what was claimed for somebody who sleeps, due when their quiet hours end; what may go now.

    The citizen's own hours count before the commune's. Runs in every claim: one short question when there is news
    among the rows, none otherwise.
    """
    news = [row for row in rows if row.lane in LANES]
    asleep = _asleep(tx, news) if news else {}
    if not asleep:
        return rows
    _put_back(tx, asleep)
    if len(asleep) == len(news) >= MANY:
        _put_back(tx, _asleep(tx, quiet.due(tx, news[0].account_id, news[0].lane, AT_ONCE)))
    return [row for row in rows if row.id not in asleep]


def _asleep(tx: Transaction, news: Sequence[_Waiting]) -> dict[int, int]:
    """delivery id → when its receiver's quiet hours end, of those who sleep now."""
    rules = quiet.rules(
        tx,
        {row.address_id for row in news if row.address_id},
        {row.commune for row in news if row.commune},
        {row.announcement_id for row in news if row.announcement_id},
    )
    at, over = minute(tx.now), cache(partial(ends, tx.now))
    sleeping: dict[int, int] = {}
    for row in news:
        hours = rules.own.get(row.address_id or 0) or (rules.communes.get(row.commune, USUAL) if row.commune else None)
        if hours and within(*hours, at) and row.announcement_id not in rules.at_night:
            sleeping[row.id] = over(hours[1])
    return sleeping


def _put_back(tx: Transaction, asleep: dict[int, int]) -> None:
    by_end: dict[int, list[int]] = defaultdict(list)
    for number, until in asleep.items():
        by_end[until].append(number)
    for until, ids in by_end.items():
        quiet.put_back(tx, ids, until)


def hours_of(tx: Transaction, row: Announcement) -> list[Hours]:
    """The quiet hours of every commune that an announcement is for."""
    return list(communes.hours(tx, announcements.communes(row)).values())


def problems(row: Announcement, now: int, rules: Iterable[Hours]) -> list[str]:
    """What keeps it from going out as it is: it ends while people sleep, so whoever has not got it by then never will.

    The writer chooses: send it in the night all the same, raise it to an emergency, or drop it. `rules`: quiet hours.
    """
    if row.priority == "emergency" or row.at_night or row.kind == "withdrawal":
        return []  # what is taken back ends at that same time
    last = minute(row.valid_until - 1)
    late = [hours for hours in rules if within(*hours, last)]
    return [_sentence(row, now, *late[0])] if late else []


def morning(tx: Transaction, row: Announcement) -> int:
    """When an announcement that is sent now begins to come, ms UTC; 0 when that is at once, at least somewhere."""
    hours = hours_of(tx, row)
    if night(tx, row) or not all(within(*one, minute(tx.now)) for one in hours):
        return 0
    return min((ends(tx.now, end) for _, end in hours), default=0)


def night(tx: Transaction, row: Announcement) -> str:
    """Why an announcement goes out in the quiet hours too; empty when it waits for the morning.

    `urgent`: it is an emergency. `chosen`: its writer said so, or that of what it corrects. `ends`: what it corrects
    ends before the morning, and whoever is told then has done what they should not.
    """
    if row.priority == "emergency":
        return "urgent"
    if row.at_night:
        return "chosen"
    original = announcements.of(tx, row.corrects_id) if row.corrects_id else None
    return "ends" if original and any(_tonight(original, tx.now, *one) for one in hours_of(tx, row)) else ""


def _tonight(row: Announcement, now: int, start: int, end: int) -> bool:
    """Whether it ends before the next morning, and people sleep now or when it does."""
    sleeping = within(start, end, minute(now)) or within(start, end, minute(row.valid_until - 1))
    return sleeping and now < row.valid_until <= ends(now, end)


def _sentence(row: Announcement, now: int, start: int, end: int) -> str:
    if within(start, end, minute(now)) and row.valid_until <= ends(now, end):
        return (
            f"Bây giờ là giờ yên tĩnh. Tin chỉ gửi từ {shown(end)}, mà lúc đó đã hết hiệu lực: không ai nhận được. "
            "Phải chọn: gửi ngay cả trong giờ yên tĩnh, nâng lên khẩn cấp, hoặc bỏ tin này."
        )
    return (
        f"Tin hết hiệu lực trong giờ yên tĩnh (từ {shown(start)} đến {shown(end)}): ai chưa nhận trước {shown(start)} "
        "thì không bao giờ nhận được. Phải chọn: gửi cả trong giờ yên tĩnh, nâng lên khẩn cấp, hoặc bỏ tin này."
    )
