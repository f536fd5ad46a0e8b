"""The last steps of a report: its lawful way, for whom it is, reading it back, changing it, sending it."""

from collections.abc import Callable
from typing import Any

from content.commands import yes_no
from content.legal import about_official, legal_fork
from content.vietnamese import syllables
from handlers import files, filing, report, wishes
from handlers.turn import Turn
from storage import media

SHOWN = 500  # characters of a description that are read back
_DONE = (["xong"], ["xong", "roi"], ["gui", "luon"])  # as much as "send it", to who has read it
ADDS = 3  # words; a shorter text beside the choices is a slip, a longer one belongs to the story


def forks(turn: Turn, data: dict[str, Any]) -> bool:
    """Ask whether it is a denunciation or formal complaint, once; danger comes before the law."""
    if data.get("lawful") or data["danger"] or not legal_fork(data["words"]):
        return False
    options = [("denounce", turn.words("report.is_denunciation")), ("reflect", turn.words("report.is_reflection"))]
    turn.ask("report", "fork", turn.words("report.fork"), options, **data)
    return True


def _fork(turn: Turn) -> bool:
    """A denunciation or formal complaint is not registered here: it is shown its lawful way, and forgotten."""
    taken = turn.chosen()
    if taken == "denounce":
        _forget(turn)
        turn.say("report.lawful_way")
    elif taken == "reflect":
        report.go_on(turn, {**turn.data, "lawful": True})
    elif files.any_sent(turn):
        return _gathered(turn)
    return taken is not None


def ask(turn: Turn, data: dict[str, Any]) -> None:
    """Read it back; what is about an official first asks who may see it."""
    if about_official(data["words"]) and "to_province" not in data:
        options = [("province", turn.words("report.to_province")), ("own", turn.words("report.to_commune"))]
        turn.ask("report", "whom", turn.words("report.whom"), options, **data)
        return
    options = [(one, turn.words(f"report.{one}")) for one in ("send", "edit", "cancel")]
    turn.ask("report", "check", _summary(turn, data), options, yes="send", no="edit", **data)


def _whom(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken:
        ask(turn, {**turn.data, "to_province": taken == "province"})
    elif files.any_sent(turn):
        return _gathered(turn)
    return taken is not None


def _gathered(turn: Turn) -> bool:
    """A file while a choice is open: it belongs to the report, and the question stays."""
    data = turn.data
    report.add(turn, data)
    turn.say("report.kept")
    turn.ask_again(**data)
    return True


def _summary(turn: Turn, data: dict[str, Any]) -> str:
    place = data.get("place") or (turn.words("report.pin") if data.get("lat") is not None else "")
    where = ", ".join(one for one in (place, turn.place_name(data["commune"])) if one)
    words = data["words"] if len(data["words"]) <= SHOWN else data["words"][:SHOWN] + "…"
    key = "report.read_back_danger" if data["danger"] else "report.read_back"
    return turn.words(key, what=words or turn.words("report.no_words"), where=where, files=_listed(turn, data))


def _listed(turn: Turn, data: dict[str, Any]) -> str:
    return turn.words("report.files", count=len(data["files"])) if data["files"] else turn.words("report.no_files")


def _check(turn: Turn) -> bool:
    taken = "send" if syllables(turn.text) in _DONE else turn.chosen()
    if taken == "send":
        filing.file(turn, turn.data)
    elif taken == "edit":
        _ask_what(turn)
    elif taken == "cancel":
        drop(turn)
    elif _adds(turn):
        data = turn.data
        report.add(turn, data)
        ask(turn, data)
        return True
    return taken is not None


def _adds(turn: Turn) -> bool:
    """Whether they tell more instead of choosing."""
    if turn.heard.kind == "place" or files.any_sent(turn):
        return True
    sure = bool(turn.matched.faq and turn.matched.faq[0].confident) and wishes.asks(turn.text)
    plain = turn.typed and turn.command is None and yes_no(turn.text) is None and not sure
    return plain and len(syllables(turn.text)) >= ADDS


def _ask_what(turn: Turn) -> None:
    parts = ("words", "place", "more") if turn.data["kind"] in report.PLACED else ("words", "more")
    options = [(one, turn.words(f"report.edit_{one}")) for one in parts]
    options.append(("cancel", turn.words("report.cancel")))
    turn.ask("report", "edit", turn.words("report.edit_what"), options, **{**turn.data, "checked": True})


def _edit(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    if taken == "words":
        turn.ask("report", "describe", turn.words("report.describe"), free=True, **{**data, "words": ""})
    elif taken == "place":
        report.go_on(turn, {name: one for name, one in data.items() if name not in ("place", "lat", "lon")})
    elif taken == "more":
        options = [("done", turn.words("report.done"))]
        turn.ask("report", "describe", turn.words("report.send_more"), options, free=True, **data)
    elif taken == "cancel":
        drop(turn)
    elif files.any_sent(turn):
        return _gathered(turn)
    return taken is not None


def drop(turn: Turn) -> None:
    """Nothing is sent, and nothing of it is kept."""
    _forget(turn)
    turn.say("report.dropped")


def _forget(turn: Turn) -> None:
    for one in turn.data.get("files", []):
        media.drop(turn.tx, one)
    turn.end()


STEPS: dict[str, Callable[[Turn], bool]] = {"fork": _fork, "whom": _whom, "check": _check, "edit": _edit}
