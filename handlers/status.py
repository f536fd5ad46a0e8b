"""Tracking codes: one's own report in full; somebody else's only as state, unit and date, a few times an hour."""

import re

from content.dates import date, when
from handlers import wishes
from handlers.turn import Turn
from storage import reports
from storage.codes import parse_report_code
from storage.reports import Report

MOST_SHOWN = 3
_LIKE_A_CODE = re.compile(r"pa\s*[-–]\s*[a-z0-9 -]{2,14}", re.IGNORECASE)


def opens(turn: Turn) -> bool:
    """They typed a tracking code, or ask what became of what they sent."""
    code = parse_report_code(turn.text) if turn.heard.kind == "text" else None
    if code is None:
        return _mistyped(turn) or _asks(turn)
    found = reports.coded(turn.tx, code)
    if found and found.citizen_id == turn.citizen.id:
        _own(turn, found)
    elif not reports.may_look(turn.tx, turn.address.id or 0):
        turn.say("status.enough")
    elif found:
        _others(turn, found)
    else:
        turn.say("status.unknown")
    return True


def _mistyped(turn: Turn) -> bool:
    if not (turn.typed and _LIKE_A_CODE.fullmatch(turn.text)):
        return False
    turn.say("status.unknown")
    return True


def _asks(turn: Turn) -> bool:
    """What became of it, without the code, which nobody remembers: the newest ones."""
    if wishes.wish(turn) != "status":
        return False
    sent = reports.of_citizen(turn.tx, turn.citizen.id or 0, MOST_SHOWN)
    for one in sent:
        _own(turn, one)
    if not sent:
        turn.say("status.none")
    return True


def goes_on(turn: Turn) -> bool:
    """Asks nothing."""
    return False


def leave(turn: Turn) -> None:
    """Asks nothing."""


def _others(turn: Turn, found: Report) -> None:
    turn.say("status.others", code=found.code, state=state_words(turn, found), unit=unit(turn, found),
             date=date(found.created_at))  # fmt: skip


def _own(turn: Turn, found: Report) -> None:
    answers = [one for one in reports.events(turn.tx, found.id or 0) if one.kind == "answer"]
    last = turn.tx.vault.open(answers[-1].text_sealed) if answers else turn.words("status.no_answer")
    turn.say("status.own", code=found.code, state=state_words(turn, found), unit=unit(turn, found),
             at=when(found.created_at), answer=last)  # fmt: skip


def state_words(turn: Turn, found: Report) -> str:
    """The state in words people use."""
    return turn.words(f"status.{found.state}")


def unit(turn: Turn, found: Report) -> str:
    """Who deals with it."""
    if found.to_province:
        return turn.know.manners.controller
    commune = turn.commune(found.commune)
    return f"UBND {commune.full_name}" if commune else turn.know.manners.controller
