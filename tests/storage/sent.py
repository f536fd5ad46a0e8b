"""Announcements that went out some time ago, and how their deliveries ended."""

import itertools
from typing import Any

from storage import Transaction
from storage.announcements import Announcement
from storage.outbox import EMERGENCY, Delivery
from tests.storage.people import DAY_MS, HERE, account, announcement

_numbers = itertools.count(1)


def published(tx: Transaction, days_ago: float = 100, valid_days: float = 1, **changed: Any) -> Announcement:
    """An emergency that was published so many days ago and held for `valid_days`."""
    row = announcement(tx, "emergency", status="published")
    row.published_at = row.spread_done_at = tx.now - int(days_ago * DAY_MS)
    row.valid_until = row.published_at + int(valid_days * DAY_MS)
    for name, value in changed.items():
        setattr(row, name, value)
    return tx.add(row)


def ended(tx: Transaction, row: Announcement, state: str, people: int = 1, after: int = 0, **more: Any) -> None:
    """So many deliveries of it that stand in `state`; those that were sent, `after` ms from its publication."""
    sent_at = row.published_at + after if state == "sent" else 0
    values = {"account_id": account(tx).id or 0, "lane": EMERGENCY, "commune": HERE, "hamlet_key": "tau", **more}
    for number in itertools.islice(_numbers, people):
        one = {"address_id": 1_000_000 + number, **values}
        tx.put(Delivery(chat=f"c{number}", state=state, due_at=row.published_at, claimed_at=sent_at, sent_at=sent_at,
                        announcement_id=row.id, created_at=row.published_at, **one))  # fmt: skip
