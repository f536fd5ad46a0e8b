"""Echoes: a platform reports what an account said. Was it we who said it?"""

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from storage.outbox import Delivery
from storage.transaction import Transaction

RECENT = 50  # deliveries to one address among which an echo is looked for
UNCLEAR_MS = 10 * 60_000  # how long an echo may be that of a send without a clear end
_ROWS = Delivery.__table__  # type: ignore[attr-defined]


def is_ours(tx: Transaction, address_id: int, message_id: str) -> bool:
    """Whether a message to this address that the platform reports was sent by us.

    Where a send had no clear end, the message may well be that one.
    """
    latest = select(Delivery).where(Delivery.address_id == address_id).order_by(col(Delivery.id).desc()).limit(RECENT)
    for row in tx.session.exec(latest).all():
        unclear = row.state in ("claimed", "unknown") or row.resent
        if message_id in row.message_id.split() or (unclear and row.claimed_at > tx.now - UNCLEAR_MS):
            return True
    return False


def just_forgotten(tx: Transaction, account_id: int, chat: str) -> bool:
    """Whether the last word to somebody erased went to this chat within the last minute."""
    newest = sa_select(_ROWS).order_by(_ROWS.c.id.desc()).limit(2000).subquery()
    farewell = sa_select(newest.c.id).where(
        newest.c.account_id == account_id,
        newest.c.chat == chat,
        newest.c.address_id.is_(None),
        newest.c.letter_id.is_not(None),
        newest.c.created_at > tx.now - 60_000,
    )
    return tx.run(farewell.limit(1)).first() is not None
