"""Publishing: the decision, once, and the steps by which it becomes deliveries."""

from sqlmodel import select

from storage import announcements, audience, corrections, faq
from storage.announcements import Announcement
from storage.transaction import Transaction


class SamePerson(Exception):
    """Whoever wrote an emergency may not be the one who approves it."""


class AlreadyStopped(Exception):
    """What it corrects or withdraws was corrected or withdrawn before, or is not to be corrected at this moment."""


def publish(tx: Transaction, row: Announcement, official_id: int, two_people: bool) -> bool:
    """Decide that it goes out; False if somebody decided that before. Raises `SamePerson`, `AlreadyStopped`.

    `two_people`: an emergency needs a second official's sign-in; to take one back, one person is enough.
    """
    second = row.priority == "emergency" and two_people and row.kind != "withdrawal"
    if second and official_id == row.author_id:
        raise SamePerson
    before = "waiting" if second else row.status if row.status in ("draft", "waiting") else "draft"
    if row.priority == "emergency":
        announcements.decide(tx)
    decided = {"approver_id": official_id, "published_at": tx.now}
    if not announcements.change_status(tx, row, before, "publishing", **decided):
        return False
    if row.corrects_id and not corrections.stop(tx, row):
        raise AlreadyStopped
    begins = corrections.start(tx, row) if row.corrects_id else audience.start(tx, row)
    row.spread_pass, row.spread_after = begins["spread_pass"], begins["spread_after"]
    row.spread_last = begins["spread_last"]
    tx.add(row)
    faq.changed(tx)  # people may ask about it from now on
    return True


def advance(tx: Transaction, size: int, urgent: bool = False) -> Announcement | None:
    """One range of the most urgent announcement that can go on; None when none can.

    Chosen anew for each range, so that an emergency overtakes; what another connection writes a range of is passed
    over. `size`: followers, or deliveries of an original.
    `urgent`: emergencies only.
    """
    for row in announcements.spreading(tx):
        if urgent and row.priority != "emergency":
            return None  # they come first
        if not _free(tx, row) or row.status != "publishing":
            continue  # another process writes a range of it, or its correction stopped it a moment ago
        if not row.corrects_id:
            audience.spread_range(tx, row, size)
            return row
        if corrections.sweep_range(tx, row, size):
            return row
    return None


def _free(tx: Transaction, row: Announcement) -> bool:
    """Read it anew and keep others off until the end; False while another process is at it. SQLite has one writer."""
    if not tx.postgres:
        return True
    mine = select(Announcement).where(Announcement.id == row.id).with_for_update(skip_locked=True)
    return tx.session.exec(mine.execution_options(populate_existing=True)).first() is not None
