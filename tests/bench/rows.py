"""A broadcast in the ledger for the benchmarks: queued in one statement, and counted when all is over."""

import asyncio
import time
from collections.abc import Iterable

from sqlalchemy import func, select

from content.message import Part
from storage import Database, accounts, outbox
from storage.accounts import Account
from storage.announcements import Announcement
from storage.citizens import Address
from storage.codes import new_code
from storage.outbox import Delivery
from tests.bench.world import fill, table_of

DAY_MS = 24 * 3_600_000
COMMUNE = "03127"
TITLE = "Ngày mai cúp điện từ 7 giờ đến 11 giờ"
WORDS = f"{TITLE}\nBà con nhớ sạc đèn, sạc điện thoại, trữ nước từ tối nay. Trạm y tế xã có máy nổ.\nUBND xã"
FINAL = ("sent", "gone", "never", "expired", "unknown", "withdrawn", "covered")


def account_named(database: Database, name: str) -> Account:
    """The account that the product calls `name`."""
    with database.reading() as tx:
        found = accounts.named(tx, name)
    assert found is not None, name
    return found


def queue(database: Database, names: Iterable[str]) -> None:
    """One published routine announcement, queued for every address of these accounts."""
    for name in names:
        account = account_named(database, name)
        announcement, letter, now = _published(database, account)
        to = table_of(Address)
        people = select(to).where(to.c.account_id == account.id).subquery()
        with database.engine.begin() as connection:
            fill(
                connection, Delivery, people,
                letter_id=letter, account_id=account.id, address_id=people.c.id, chat=people.c.chat,
                lane=outbox.ROUTINE, due_at=now, valid_until=now + DAY_MS, announcement_id=announcement,
                commune=COMMUNE, created_at=now,
            )  # fmt: skip


def _published(database: Database, account: Account) -> tuple[int, int, int]:
    """Ids of the announcement and of its letter, and when."""
    with database.transaction() as tx:
        row = tx.add(
            Announcement(
                code=new_code(5), commune=COMMUNE, priority="routine", title=TITLE, body=WORDS, author_id=0,
                status="published", created_at=tx.now, published_at=tx.now, spread_done_at=tx.now,
                valid_until=tx.now + DAY_MS, at_night=True,
            )
        )  # fmt: skip
        letter = outbox.write_letter(tx, account.channel, (Part("text", WORDS),), announcement_id=row.id)
        return row.id or 0, letter, tx.now


def states(database: Database) -> dict[str, int]:
    """How many deliveries of announcements stand where."""
    rows = table_of(Delivery)
    counted = select(rows.c.state, func.count()).where(rows.c.announcement_id.is_not(None)).group_by(rows.c.state)
    with database.reading() as tx:
        return {row[0]: row[1] for row in tx.run(counted)}


async def settled(database: Database, seconds: float) -> dict[str, int]:
    """The same once everything has ended, or after this long."""
    end = time.monotonic() + seconds
    while True:
        found = await asyncio.to_thread(states, database)
        if not set(found) - set(FINAL) or time.monotonic() > end:
            return found
        await asyncio.sleep(0.5)
