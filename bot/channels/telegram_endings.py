"""What each refusal of the Bot API means for a delivery: a table, read from the top (Telegram reference §1.3)."""

import re
from collections.abc import Callable

from telegram.error import TelegramError

from bot.channels.telegram_request import NotTried, NotWritten, Refusal
from bot.endings import Ending, Gone, Later, Never, Unknown

DEFAULT_WAIT = 5.0  # seconds, where the platform names no time
SUSPENDED_WAIT = 300.0  # a person has to act first; look again now and then
PROXY_WAIT = 60.0  # something between us and the Bot API refused: not the citizen's doing

Make = Callable[[str, float], Ending]  # (why, retry_after or 0) -> ending


def _gone(why: str, _: float) -> Ending:
    return Gone(why)


def _never(why: str, _: float) -> Ending:
    return Never(why)


def _unknown(why: str, _: float) -> Ending:
    return Unknown(why)


def _throttled(why: str, wait: float) -> Ending:
    return Later(wait or DEFAULT_WAIT, why, budget=True)


def _suspended(why: str, _: float) -> Ending:
    return Later(SUSPENDED_WAIT, why, suspend=True)


def _later(why: str, wait: float) -> Ending:
    return Later(wait or PROXY_WAIT, why)


def _turned_away(why: str, wait: float) -> Ending:
    return Later(wait or PROXY_WAIT, why, outage=True)


# (HTTP status, words in the description in lower case, ending). The first row that fits decides.
ENDINGS: tuple[tuple[int, str, Make], ...] = (
    (403, "", _gone),  # blocked by the user, deactivated, kicked, group deleted, not a member, never started
    (400, "chat not found", _gone),  # "private chat not found" too
    (400, "user not found", _gone),
    (400, "peer_id_invalid", _gone),
    (400, "user_deactivated", _gone),
    (400, "input_user_deactivated", _gone),
    (400, "group chat was deactivated", _gone),
    (400, "not enough rights to send text", _gone),  # a group that muted us
    (400, "have no rights to send", _gone),
    (400, "need administrator rights", _gone),
    (400, "chat_write_forbidden", _gone),
    (400, "", _never),  # message is too long, text is empty, wrong file, topic closed ...
    (401, "", _suspended),  # the token was revoked
    (404, "", _suspended),  # malformed token, or a server that does not know the method
    (409, "", _later),
    (413, "", _never),  # Request Entity Too Large
    (429, "", _throttled),
)
# The same where the answer is not the Bot API's own JSON: a proxy or a blocking page speaks, never about a citizen.
FROM_OTHERS: tuple[tuple[int, str, Make], ...] = (
    (413, "", _never),
    (429, "", _throttled),
)


def ending_of(error: TelegramError) -> Ending:
    """The ending for a failed call. 5xx stay unknown: the Bot API has no idempotency key to ask again safely."""
    if isinstance(error, NotWritten):
        return Later(DEFAULT_WAIT, f"not connected: {error.message}", outage=not isinstance(error, NotTried))
    if not isinstance(error, Refusal):
        return Unknown(f"no answer: {error.message}")
    make = _row(error)
    return make(explain(error), seconds_to_wait(error))


def _row(refusal: Refusal) -> Make:
    described = refusal.description.lower()
    for status, words, make in ENDINGS if refusal.from_api else FROM_OTHERS:
        if status == refusal.code and words in described:
            return make
    if refusal.code >= 500:
        return _unknown
    return _later if refusal.from_api else _turned_away


def seconds_to_wait(refusal: Refusal) -> float:
    """`retry_after` in seconds; 0 when the platform named none."""
    value = refusal.parameters.get("retry_after", 0)
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0


def moved_to(error: TelegramError) -> str:
    """The chat's new id when a group was upgraded to a supergroup, else ""."""
    new = error.parameters.get("migrate_to_chat_id") if isinstance(error, Refusal) else None
    return str(new) if isinstance(new, int) else ""


def explain(refusal: Refusal) -> str:
    """One line for the delivery's row: long numbers (ids, phones) masked, what is not English left out."""
    if not refusal.from_api:
        return f"HTTP {refusal.code}, not from the Bot API"
    described = refusal.description if refusal.description.isascii() else ""
    masked = re.sub(r"\d{6,}", "…", described)[:120]
    return f"{refusal.code} {masked}".strip()
