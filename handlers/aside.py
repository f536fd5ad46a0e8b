"""Dialogues that something else interrupted: kept aside for a day, and offered again when that is over."""

import secrets
from typing import Any

from handlers import identity
from handlers.turn import QUESTION, Turn

HOUR_MS = 3_600_000
LIVES_MS = 24 * HOUR_MS
CONSENT_LIVES_MS = 7 * LIVES_MS  # the poster with the commune's code is read in the morning, answered on Sunday
UNFINISHED = ("which", "province", "several", "relation")  # steps of choosing a commune
LONGEST_TRAIL = 8
GATHERED = ("words", "files")  # long, and never needed to ask a question again


def kind_of(state: dict[str, Any]) -> str:
    """What is kept of a dialogue when it is interrupted: one of each kind. Empty: it was optional and may go."""
    story, step = state.get("story"), state.get("step")
    if story == "report" and step in identity.STEPS:
        return "identity"
    if story == "report":
        return "" if step == "resume" else "report"
    if story == "commune":
        return "commune" if step in UNFINISHED else ""
    return "start" if story == "start" else ""


def gives_way(state: dict[str, Any]) -> bool:
    """Whether the numbers of something else may take the place of its own: those of an answer, or of a menu that
    nobody need answer (what may be set after one has followed a commune)."""
    return not state or state["story"] == "faq" or (state["story"] == "commune" and not kind_of(state))


def fresh(state: dict[str, Any], now: int) -> bool:
    """Whether a dialogue is young enough to go on with."""
    lives = CONSENT_LIVES_MS if state.get("story") == "start" else LIVES_MS
    return bool(state) and now - int(state.get("at", now)) <= lives


def put(turn: Turn, state: dict[str, Any]) -> None:
    """Keep an interrupted dialogue. What was kept of its kind before gives way."""
    if kind := kind_of(state):
        turn.aside[kind] = state


def take(turn: Turn, kind: str) -> bool:
    """Go on with an interrupted dialogue; whether there was one."""
    state = turn.aside.pop(kind, None)
    if state is None:
        return False
    turn.state, turn.ended = state, True
    turn.ask_again()
    return True


def resume(turn: Turn) -> None:
    """A dialogue has ended: take up what it interrupted. A report waits for a word, since writing takes an effort."""
    if turn.citizen.consent_version:
        turn.aside.pop("start", None)
    if any(take(turn, kind) for kind in ("start", "commune", "identity")):
        return
    if "report" in turn.aside:
        turn.say("report.unfinished")


def remind(turn: Turn) -> None:
    """Something was answered in between and the open question still stands."""
    kind = kind_of(turn.state)
    if not kind or any(said.question == turn.state["question"] for said in turn.said):
        return
    if kind == "start":
        turn.say("start.reminder", commune=turn.place_name(turn.data["commune"]))
    else:
        turn.ask_again()


def lead_back(turn: Turn, before: dict[str, Any]) -> None:
    """Remember the way back (0) from the question that a dialogue has just gone on to."""
    if not turn.state or turn.ended:
        return
    needed = {name: value for name, value in before["data"].items() if name not in GATHERED}
    trail = [*before.get("trail", []), {**{name: before[name] for name in QUESTION}, "data": needed}]
    steps = [(one["story"], one["step"]) for one in trail]
    here = (turn.story, turn.step)
    turn.state["trail"] = trail[: steps.index(here)] if here in steps else trail[-LONGEST_TRAIL:]


def go_back(turn: Turn) -> bool:
    """0: the question before this one, with what was gathered since; False at the first one."""
    trail = turn.state.get("trail", [])
    if not trail:
        return False
    data = {**trail[-1]["data"], **turn.data}
    turn.put_question({**trail[-1], "question": secrets.token_hex(3), "data": data, "trail": trail[:-1]})
    return True
