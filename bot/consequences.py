"""What an ending means: for its row of the ledger, and for the address, account, upload and report beside it."""

import random
from typing import Any

from bot.endings import Ending, Gone, Later, Never, Sent, Unknown
from bot.outlets import HANDLE_MS
from content.message import Part
from storage import Transaction, accounts, citizens, outbox, reports
from storage.outbox import Delivery

LONGEST_WAIT = 300.0  # seconds between two attempts


def timed(changes: dict[str, Any], now: int) -> dict[str, Any]:
    """Relative times become moments of the ledger's own clock."""
    changes = dict(changes)
    if "due_in" in changes:
        changes["due_at"] = now + changes.pop("due_in")
    if changes.get("state") == "sent":
        changes["sent_at"] = now
    return changes


def follows(row: Delivery, ending: Ending) -> dict[str, Any]:
    """What an ending means for its row."""
    match ending:
        case Sent():
            return {"state": "sent", "message_id": row.message_id, "attempts": row.attempts + 1}
        case Later(wait=wait, why=why):
            return {"state": "queued", "claimed_by": "", "due_in": _wait_ms(row, ending, wait), "why": why[:200],
                    "attempts": row.attempts + (0 if ending.budget or ending.suspend else 1)}  # fmt: skip
        case Gone(why=why):
            return {"state": "gone", "why": why[:200]}
        case Never(window=True) if row.lane in (outbox.STATUS, outbox.CONVERSATION):
            # An answer to a report is never thrown away: it is the first thing said when they write again.
            return {"state": "queued", "held": "window", "claimed_by": "", "valid_until": None, "why": ending.why[:200]}
        case Never(why=why):
            return {"state": "never", "why": why[:200]}
        case Unknown(why=why):
            if row.resent:
                return {"state": "unknown", "why": why[:200]}
            return {"state": "queued", "claimed_by": "", "resent": True, "due_in": 1000, "why": why[:200],
                    "attempts": row.attempts + 1}  # fmt: skip


def _wait_ms(row: Delivery, ending: Later, wait: float) -> int:
    if ending.suspend:
        return 0  # the account's suspension holds it; once that is over it goes at once
    if ending.budget:
        return int(wait * 1000)
    grown = min(LONGEST_WAIT, 2.0 ** min(row.attempts, 9))
    return int(max(wait, grown) * (1 + random.random() / 4) * 1000)


def beside(tx: Transaction, account_id: int, row: Delivery, ending: Ending, part: Part | None) -> None:
    """What an ending means beside its row: the address, the account, the upload, the report."""
    match ending:
        case Sent(handle=handle, moved_to=moved_to):
            if handle and part and part.media:
                accounts.keep_handle(tx, account_id, part.media, handle, HANDLE_MS)
            if moved_to and row.address_id:
                citizens.moved(tx, row.address_id, moved_to)
            if row.letter_id is None and row.report_id:
                reports.forwarded(tx, row.report_id, ending.id)
        case Never(window=True) if row.address_id:
            citizens.holds(tx, row.address_id)
        case Gone(why=why, inactive=inactive) if row.address_id:
            citizens.gone(tx, row.address_id, why, inactive)
        case Later(suspend=True, why=why):
            accounts.suspend(tx, account_id, why)
