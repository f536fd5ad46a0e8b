"""Small villages for the tests of tables."""

import itertools

from storage import Transaction, accounts, announcements, citizens, outbox
from storage.accounts import Account
from storage.announcements import Announcement
from storage.citizens import Address
from storage.codes import new_code

HERE, THERE = "03328", "25357"
DAY_MS = 24 * 3_600_000
_numbers = itertools.count(1)


def account(tx: Transaction, channel: str = "telegram") -> Account:
    """The account of a channel, made when it is first needed."""
    row = Account(name=channel, channel=channel, platform_id=channel, created_at=tx.now)
    return accounts.named(tx, channel) or accounts.add(tx, row, {"token": "7:secret"})


def follower(tx: Transaction, commune: str = HERE, channel: str = "telegram", **changed: object) -> Address:
    """Somebody who follows a commune; `changed` are fields of the follow or the citizen."""
    citizen, address = citizens.meet(tx, account(tx, channel).id or 0, f"chat{next(_numbers)}")
    row = citizens.follow(tx, citizen.id or 0, commune, "home")
    for name, value in changed.items():
        setattr(row if hasattr(row, name) else citizen, name, value)
    citizens.live_in(tx, row, row.hamlet)
    tx.session.flush()
    return address


def announcement(tx: Transaction, priority: str = "routine", hamlets: tuple[str, ...] = (), topic: str = "",
                 author: int = 1, status: str = "draft") -> Announcement:  # fmt: skip
    """One that is written, with a letter for Telegram and one for Zalo."""
    row = Announcement(code=new_code(5), commune=HERE, priority=priority, topic=topic, title="Tin", body="Tin.",
                       author_id=author, created_at=tx.now, valid_until=tx.now + DAY_MS, status=status)  # fmt: skip
    tx.add(row)
    announcements.set_hamlets(row, hamlets)
    for channel in ("telegram", "zalo_oa"):
        outbox.write_letter(tx, channel, (), announcement_id=row.id)
    tx.session.flush()
    return row
