"""Corrections and withdrawals: a draft that starts from what was sent, so that little is left to write in haste."""

from content import hours
from content.dates import when
from handlers import quiet
from handlers.knowledge import Knowledge
from storage import Transaction, announcements, audit
from storage.announcements import Announcement
from storage.codes import new_code
from storage.officials import Official

DAY_MS = 24 * 3_600_000
DAWN_MS = 3_600_000
KEPT = ("commune", "priority", "topic", "title", "source", "area", "hamlets", "once", "at_night")


def draft(tx: Transaction, original: Announcement, official: Official, kind: str, know: Knowledge) -> Announcement:
    """The correction or withdrawal (`kind`) of what was sent; the one that is being written if there is one."""
    found = announcements.correcting(tx, original.id or 0, kind)
    if found:
        return found
    row = Announcement(
        code=new_code(5), kind=kind, corrects_id=original.id, author_id=official.id or 0, created_at=tx.now,
        valid_until=_until(tx, original),
        body=_words(original, kind, know), **{name: getattr(original, name) for name in KEPT},
    )  # fmt: skip
    audit.write(tx, official.id or 0, f"announcement.{kind}", row.code, row.commune, original.code)
    return tx.add(row)


def _until(tx: Transaction, original: Announcement) -> int:
    """As long as the original and at least a day; if people sleep then, until they have got up and read it."""
    until = max(original.valid_until, tx.now + DAY_MS)
    mornings = [hours.ends(until, end) for start, end in quiet.hours_of(tx, original)
                if hours.within(start, end, hours.minute(until - 1))]  # fmt: skip
    return max(mornings, default=until) + (DAWN_MS if mornings else 0)


def _words(original: Announcement, kind: str, know: Knowledge) -> str:
    sent = know.texts.say("vi", f"announcement.{kind}", code=original.code, at=when(original.published_at))
    return sent if kind == "withdrawal" else f"{sent}\n{original.body}"
