"""How far an announcement has come: live numbers, the speed and the time left, and in the end who was missed."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.console.pace import longest, paces
from bot.console.pages import Refused, page
from bot.console.session import context, me
from bot.console.words import DELIVERY_STATES, reason
from bot.context import Context
from storage import Transaction, accounts, announcements, outbox, progress
from storage.announcements import LANE, Announcement
from storage.progress import Progress

STEP_MS, LONGEST_MS = 30_000, 120_000  # between two readings that are remembered; an older one says nothing of now
MINUTE = 60.0
READING = re.compile(r"(\d{1,15})\.(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Reading:
    """So many requests had ended at a moment (ms UTC)."""

    at: int
    tried: int


# The page itself carries what it read half a minute and a minute ago: the speed needs two readings, and the ledger
# would have to walk over every row of the last minute for it, every two seconds, for everybody who looks.
def readings(text: str) -> list[Reading]:
    """What the page remembers, oldest first; nothing where somebody wrote something else there."""
    found = [READING.fullmatch(one) for one in text.split(",")]
    return [Reading(int(one[1]), int(one[2])) for one in found if one][-2:]


def remembered(known: list[Reading], now: Reading) -> list[Reading]:
    """What the page is to remember next: two readings at most, a step apart."""
    fresh = [one for one in known if 0 <= now.at - one.at <= LONGEST_MS and one.tried <= now.tried]
    return [*fresh[-1:], now] if not fresh or now.at - fresh[-1].at >= STEP_MS else fresh


def speed(known: list[Reading], now: Reading) -> float | None:
    """Requests a second since the oldest reading; None when there is none of at least a second ago."""
    old = next((one for one in known if 1000 <= now.at - one.at <= LONGEST_MS and one.tried <= now.tried), None)
    return (now.tried - old.tried) * 1000 / (now.at - old.at) if old else None


def shown(tx: Transaction, row: Announcement, known: Context, was: str = "") -> dict[str, Any]:
    """What the template needs, counted from the ledger."""
    found, read = progress.of(tx, row.id or 0), readings(was)
    now = Reading(tx.now, found.tried)
    moving = row.status == "publishing" or found.waiting > 0
    pace = speed(read, now) if moving else None
    left = _left(tx, row, known, found, pace) if moving else None
    return {
        "code": row.code,
        "counts": [(words, found.people[state]) for state, words in DELIVERY_STATES.items() if found.people.get(state)],
        "total": found.total,
        "sent": found.people.get("sent", 0),
        "again": found.again,
        "posts": found.posts,
        "reasons": _reasons(found),
        "partly": found.partly,
        "moving": moving,
        "spreading": row.status == "publishing",
        "speed": _speed(pace),
        "stuck": pace == 0 and found.waiting > 0,
        "left": duration(left),
        "too_slow": left is not None and tx.now + left * 1000 > row.valid_until,
        "was": ",".join(f"{one.at}.{one.tried}" for one in remembered(read, now)),
        "stopped": row.stopped_at > 0,
        "urgent": row.priority == "emergency",
        **_missed(found),
    }


def _missed(found: Progress) -> dict[str, Any]:
    return {
        "missed": found.missed,
        "missed_as": [(DELIVERY_STATES[state], found.people[state]) for state in progress.MISSED
                      if found.people.get(state)],
        "unknown": found.people.get("unknown", 0),
        "covered": found.people.get("covered", 0),
    }  # fmt: skip


def _reasons(found: Progress) -> list[tuple[str, str, int]]:
    """Reasons in plain words, the most frequent first; what the platforms say alike is counted together."""
    said: dict[tuple[str, str], int] = {}
    for (state, why), count in found.why.items():
        key = DELIVERY_STATES[state], reason(why)
        said[key] = said.get(key, 0) + count
    return sorted(((*key, count) for key, count in said.items() if key[1]), key=lambda one: -one[2])[:8]


def _left(tx: Transaction, row: Announcement, known: Context, found: Progress, pace: float | None) -> float | None:
    """Seconds until the last one has it: by the speed seen, else by what the accounts may send; None: nobody knows."""
    if row.status == "publishing" or not found.waiting:
        return None  # it is not written down yet how many there will be
    if pace is not None:
        return found.waiting / pace if pace else None
    return _allowed(tx, row, known)


def _allowed(tx: Transaction, row: Announcement, known: Context) -> float | None:
    """Seconds for the longest queue at the pace its account may send, with what goes before or beside it."""
    calls = _calls(tx, row)
    mine = {one.id: one for one in accounts.every(tx) if one.channel in calls}
    queues: Counter[int] = Counter()
    for (number, lane), count in progress.queued(tx).items():
        if number in mine and lane <= LANE[row.priority]:
            queues[number] += count * (calls[mine[number].channel] if lane == LANE[row.priority] else 1)
    waiting = ((mine[number], count) for number, count in queues.items())
    return longest(waiting, paces(known), known.settings.zalo_app_per_minute / MINUTE)


def _calls(tx: Transaction, row: Announcement) -> dict[str, int]:
    """Channel → calls that its letter takes there, one a part."""
    written = announcements.letters(tx, row.id or 0)
    opened = outbox.letters(tx, set(written.values()))
    return {channel: len(outbox.parts_of(tx, opened[number])) or 1 for channel, number in written.items()}


def _speed(pace: float | None) -> str:
    if not pace:
        return ""
    return f"{pace:.0f} tin mỗi giây" if pace >= 2 else f"{max(1, pace * MINUTE):.0f} tin mỗi phút"


def duration(seconds: float | None) -> str:
    """Seconds as people say them; empty when nobody knows."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return "chưa tới 1 phút"
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return f"khoảng {minutes} phút"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"khoảng {hours} giờ {rest} phút" if rest else f"khoảng {hours} giờ"
    return f"khoảng {round(hours / 24)} ngày"


async def live(request: web.Request) -> web.Response:
    """The counts alone, for htmx; it stops asking when nothing moves any more."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    was = request.query.get("was", "")

    def job(tx: Transaction) -> dict[str, Any]:
        row = announcements.visible(tx, code, signed.commune)
        if row is None:
            raise Refused(404)
        return shown(tx, row, known, was)

    return page(request, "announcement_progress.html", **await known.work.read(job))


ROUTES = [web.get("/announcements/{code}/progress", live)]
