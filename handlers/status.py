"""Tracking codes: one's own report in full; somebody else's only as state, unit and date, a few times an hour."""

from content.dates import date, when
from handlers.turn import Turn
from storage import reports
from storage.codes import parse_report_code
from storage.reports import Report


def opens(turn: Turn) -> bool:
    """They typed a tracking code."""
    code = parse_report_code(turn.text) if turn.heard.kind == "text" else None
    if code is None:
        return False
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
