"""When the keys are lost: what they sealed is given up in good order, so that everybody can still be told things.

Followers, chats, announcements and who got them were never sealed. Names, telephones, the words of reports, answers
and conversations, and the tokens of accounts were.
"""

from sqlalchemy import delete, func, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from content.message import Part
from storage.accounts import Account
from storage.announcements import Announcement
from storage.inbox import Inbox
from storage.media import Media
from storage.outbox import Delivery, Letter
from storage.rekey import sealed_tables
from storage.transaction import Transaction
from storage.unanswered import Unanswered, UnansweredGroup

WHY = "mất khóa mã hóa"
TOKENS = "mất khóa mã hóa khi phục hồi, phải nhập lại mã (thontin account rotate)"


def give_up(tx: Transaction) -> dict[str, int]:
    """Empty everything sealed and end what needs it; "table.column" → how many values were lost."""
    lost = {}
    for table, columns in sealed_tables():
        for column in columns:
            filled = column != ""
            lost[f"{table.name}.{column.name}"] = int(
                tx.run(select(func.count()).select_from(table).where(filled)).scalar_one()
            )
            tx.run(update(table).where(filled).values({column: ""}))
    _end_what_needs_it(tx)
    return {name: values for name, values in lost.items() if values}


def _end_what_needs_it(tx: Transaction) -> None:
    platforms = update(Account).where(col(Account.channel) != "source_system")
    tx.run(platforms.values(status="suspended", why=TOKENS))
    tx.run(update(Inbox).where(col(Inbox.state) != "done").values(state="done", why=""))
    tx.run(update(Media).where(col(Media.state) == "wanted").values(state="missing", why=WHY))
    tx.run(delete(Unanswered))
    tx.run(delete(UnansweredGroup))
    private = select(Letter.__table__.c.id).where(col(Letter.announcement_id).is_(None))  # type: ignore[attr-defined]
    waits = (col(Delivery.state).in_(("queued", "claimed")), col(Delivery.letter_id).in_(private))
    tx.run(update(Delivery).where(*waits).values(state="never", why=WHY))


def to_write_again(tx: Transaction) -> list[tuple[Letter, Announcement]]:
    """The emptied letters of announcements in force: their words stand, unsealed, with the announcement."""
    found = (
        select_rows(Letter, Announcement)
        .where(col(Letter.announcement_id) == col(Announcement.id), Letter.parts_sealed == "")
        .where(Announcement.valid_until > tx.now, col(Announcement.status).in_(("publishing", "published")))
    )
    return [(row[0], row[1]) for row in tx.session.exec(found).all()]


def write_again(tx: Transaction, letter: Letter, parts: tuple[Part, ...]) -> None:
    """Seal a letter's words with the new key."""
    letter.parts_sealed = tx.vault.seal_json([one.to_json() for one in parts])
    tx.session.add(letter)
