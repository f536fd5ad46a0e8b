"""What an ending means: for its row of the ledger, and for the address, account, upload and report beside it."""

import random
from typing import Any

from bot.endings import Ending, Gone, Later, Never, Sent, Unknown
from bot.outlets import HANDLE_MS
from content.message import Part
from storage import Transaction, accounts, citizens, ledger, outbox, reports
from storage.ledger import Due

LONGEST_WAIT = 300.0  # seconds between two attempts
LONGEST_WAIT_URGENT = 30.0
LETTER_S_OWN = 60.0  # a longer wait that was told is this letter's alone: the chat's others do not wait with it


def timed(changes: dict[str, Any], now: int) -> dict[str, Any]:
    """Relative times become moments of the ledger's own clock."""
    changes = dict(changes)
    if "due_in" in changes:
        changes["due_at"] = now + changes.pop("due_in")
    if changes.get("state") == "sent":
        changes["sent_at"] = now
    return changes


def follows(row: Due, ending: Ending, part: Part | None = None) -> dict[str, Any]:
    """What an ending means for its row. `part`: what was to be sent."""
    match ending:
        case Sent():
            return {"state": "sent", "message_id": row.message_id, "attempts": row.attempts + 1}
        case Later():
            return _later(row, ending)
        case Never(window=True, why=why) if row.address_id and row.route in ("free", "paid"):
            return _closed(row, why[:200])
        case Gone(why=why) | Never(why=why) if _keeps(row, ending):
            return {"state": "queued", "held": "window", "valid_until": None, "why": why[:200]}
        case Gone(why=why):
            return {"state": "gone", "why": why[:200]}
        case Never(why=why) if row.parts_done and part and part.kind == "voice":
            # They have the words: telling them all of it again on their return would be a second copy.
            return {"state": "sent", "message_id": row.message_id, "attempts": row.attempts + 1, "why": why[:200]}
        case Never(why=why):
            return {"state": "never", "why": why[:200]}
        case Unknown(why=why):
            if row.letter_id is not None and (row.resent or row.once):
                return {"state": "unknown", "why": why[:200]}
            return {"state": "queued", "resent": True, "first_at": row.first_at or row.claimed_at, "due_in": 1000,
                    "why": why[:200], "attempts": row.attempts + 1, "lane": _after_first(row.lane)}  # fmt: skip


def _closed(row: Due, why: str) -> dict[str, Any]:
    """Their last word is longer ago by the platform's count than by ours: the route is chosen once more without it.

    A reply is said if they write again within its day: after that nobody knows what it answers.
    """
    if row.lane == outbox.CONVERSATION and row.report_id is None:
        return {"state": "queued", "held": "window", "why": why}
    return {"state": "queued", "route": "template", "due_in": 0, "why": why, "attempts": row.attempts + 1,
            "lane": _after_first(row.lane)}  # fmt: skip


def _keeps(row: Due, ending: Gone | Never) -> bool:
    """Whether it waits for their next word: an answer to a report that the platform refuses at this moment."""
    answer = row.address_id is not None and (row.lane == outbox.STATUS or row.report_id is not None)
    return answer and (isinstance(ending, Gone) or ending.window or row.route == "template")


def late(row: Due) -> dict[str, Any]:
    """What becomes of a row whose time is over before its turn. Of a second copy, or the rest of a letter, somebody
    may know the first: they are told if it is corrected."""
    if row.resent or row.parts_done:
        return {"state": "unknown", "why": ledger.LATE_PERHAPS}
    return {"state": "expired", "why": "quá hạn"}


def _later(row: Due, ending: Later) -> dict[str, Any]:
    back = {"state": "queued", "due_in": _wait_ms(row, ending), "why": ending.why[:200]}
    if ending.budget or ending.suspend:
        return back  # it was not its fault: not an attempt, and not another lane
    return {**back, "attempts": row.attempts + 1, "lane": _after_first(row.lane)}


def _after_first(lane: int) -> int:
    """An emergency that failed once waits with those that are tried again: it blocks nobody."""
    return outbox.RETRY if lane == outbox.EMERGENCY else lane


def _wait_ms(row: Due, ending: Later) -> int:
    if ending.suspend or ending.budget:
        return 0  # the account's suspension or pause holds it; once that is over it goes at once, in its order
    longest = LONGEST_WAIT_URGENT if row.lane in (outbox.EMERGENCY, outbox.RETRY) else LONGEST_WAIT
    grown = min(longest, 2.0 ** min(row.attempts, 9))
    return int(max(ending.wait, grown) * (1 + random.random() / 4) * 1000)


def beside(tx: Transaction, account_id: int, row: Due, ending: Ending, part: Part | None, due_at: int) -> None:
    """What an ending means beside its row: the address, account, upload, report, and the chat's other rows.

    `due_at` is when the row is tried again, ms UTC; 0 when it is not.
    """
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
        case Later(budget=False, wait=wait) if row.address_id and due_at and wait <= LETTER_S_OWN:
            ledger.delay(tx, row, due_at)
        case Unknown() if row.address_id and due_at:
            ledger.delay(tx, row, due_at)
