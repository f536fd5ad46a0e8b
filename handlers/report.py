"""Reporting: what about → where → describe → read back → send; the code first, then who they are."""

from typing import Any

from content.categories import CATEGORIES
from content.danger import danger
from content.legal import about_official, legal_fork
from handlers import files, filing, identity, safety
from handlers.turn import Turn
from storage import media

MOST_TEXT = 4000  # characters of a description; a report is not a book, and a letter must carry it
MOST_FILES = 20


def opens(turn: Turn) -> bool:
    """They want to report something."""
    if turn.command != "report":
        return False
    begin(turn)
    return True


def offer_media(turn: Turn) -> None:
    """A photo, voice or video out of the blue: never silence, never lost."""
    kept = files.keep(turn)
    kind = turn.heard.attached[0].kind if turn.heard.attached else "file"
    text = turn.words("report.got_media", what=turn.words(f"report.a_{kind}"))
    options = [("yes", turn.words("report.send_media")), ("no", turn.words("report.drop_media"))]
    turn.ask("report", "offered", text, options, files=kept, words=turn.text)


def _offered(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "yes":
        begin(turn, words=str(turn.data.get("words", "")), files=turn.data.get("files", []))
    elif taken == "no":
        turn.end()
        turn.say("report.dropped")
    elif turn.heard.kind in ("media", "text") and not turn.command:
        return False
    return taken is not None


def begin(turn: Turn, **gathered: Any) -> None:
    """Start a report with what is already known of it."""
    data = {"kind": "", "category": "", "words": "", "files": [], "danger": False, "commune": turn.home(), **gathered}
    data["danger"] = bool(data["danger"]) or danger(str(data["words"]))
    _next(turn, data)


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions while a report is written."""
    if turn.command == "back" and turn.step not in identity.STEPS:
        _stop(turn)
        return True
    return _STEPS[turn.step](turn)


def _stop(turn: Turn) -> None:
    turn.end()
    turn.say("report.dropped")


def _next(turn: Turn, data: dict[str, Any]) -> None:
    """Ask for the first thing that is still missing."""
    if not data["kind"]:
        options = [(one, turn.words(f"report.{one}")) for one in CATEGORIES]
        turn.ask("report", "about", turn.words("report.about"), options, **data)
    elif not data["commune"]:
        turn.ask("report", "commune", turn.words("report.which_commune"), **data)
    elif "place" not in data and data["kind"] in ("scene", "feedback"):
        options = [("nowhere", turn.words("report.nowhere")), ("commune", turn.words("report.other_commune"))]
        text = turn.words("report.where", commune=turn.place_name(data["commune"]))
        turn.ask("report", "where", text, options, free=True, **data)
    elif not data["words"] and not data["files"]:
        turn.ask("report", "describe", turn.words("report.describe"), free=True, **data)
    else:
        _more(turn, data)


def _about(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    if taken:
        data["category"], data["kind"] = taken, CATEGORIES[taken]
    elif turn.heard.kind == "media" or (turn.heard.kind == "text" and len(turn.text) >= 8):
        data["category"], data["kind"] = "other", "scene"
        return _gather(turn, data)
    else:
        return False
    _next(turn, data)
    return True


def _commune(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    codes = [taken] if taken else _communes_meant(turn)
    if turn.heard.place:
        data.update(lat=turn.heard.place.lat, lon=turn.heard.place.lon, place="")
    if len(codes) == 1:
        data["commune"] = codes[0]
        _next(turn, data)
    elif codes:
        options = [(one, turn.place_name(one)) for one in codes[:5]]
        turn.ask("report", "commune", turn.words("commune.several"), options, **data)
    else:
        turn.ask("report", "commune", turn.words("report.which_commune_again"), **data)
    return True


def _communes_meant(turn: Turn) -> list[str]:
    """The communes a pin or a name may mean; one when that is clear."""
    if turn.heard.place:
        near = turn.know.gazetteer.near(turn.heard.place.lat, turn.heard.place.lon)
        codes = [one.commune.code for one in near.communes]
        return codes if near.ask else codes[:1]
    found = turn.matched.place
    return [one.code for one in found.candidates] if found else []


def _where(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    if taken == "commune":
        data["commune"] = ""
    elif taken == "nowhere":
        data["place"] = ""
    elif turn.heard.kind == "place" and turn.heard.place:
        data.update(place="", lat=turn.heard.place.lat, lon=turn.heard.place.lon)
    elif turn.heard.kind == "media":
        return _gather(turn, data)
    elif turn.text:
        data["place"] = turn.text[:300]
    else:
        return False
    _next(turn, data)
    return True


def _describe(turn: Turn) -> bool:
    data = turn.data
    if turn.chosen() == "done":
        _read_back(turn, data)
        return True
    if turn.heard.kind not in ("text", "media", "place"):
        return False
    return _gather(turn, data)


def _gather(turn: Turn, data: dict[str, Any]) -> bool:
    """Add a piece of the description: words, files or a pin."""
    data["files"] = [*data["files"], *files.keep(turn)][:MOST_FILES]
    if turn.text:
        data["words"] = f"{data['words']}\n{turn.text}".strip()[:MOST_TEXT]
    if turn.heard.place:
        data.update(lat=turn.heard.place.lat, lon=turn.heard.place.lon)
    if not data["danger"] and danger(turn.text):
        data["danger"] = True
        safety.warn(turn)
    if data.get("kind") != "question" and legal_fork(turn.text) and not data.get("lawful"):
        _ask_fork(turn, data)
    else:
        _next(turn, data)
    return True


def _more(turn: Turn, data: dict[str, Any]) -> None:
    options = [("done", turn.words("report.done"))]
    turn.ask("report", "describe", turn.words("report.more"), options, free=True, **data)


def _ask_fork(turn: Turn, data: dict[str, Any]) -> None:
    options = [("denounce", turn.words("report.is_denunciation")), ("reflect", turn.words("report.is_reflection"))]
    turn.ask("report", "fork", turn.words("report.fork"), options, **data)


def _fork(turn: Turn) -> bool:
    """A denunciation or formal complaint is not registered here: it is shown its lawful way, and forgotten."""
    taken = turn.chosen()
    if taken == "denounce":
        for one in turn.data["files"]:
            media.drop(turn.tx, one)
        turn.end()
        turn.say("report.lawful_way")
    elif taken == "reflect":
        _next(turn, {**turn.data, "lawful": True})
    return taken is not None


def _read_back(turn: Turn, data: dict[str, Any]) -> None:
    if about_official(data["words"]) and "to_province" not in data:
        options = [("province", turn.words("report.to_province")), ("own", turn.words("report.to_commune"))]
        turn.ask("report", "whom", turn.words("report.whom"), options, **data)
        return
    options = [(one, turn.words(f"report.{one}")) for one in ("send", "edit", "cancel")]
    turn.ask("report", "check", _summary(turn, data), options, **data)


def _whom(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken:
        _read_back(turn, {**turn.data, "to_province": taken == "province"})
    return taken is not None


def _summary(turn: Turn, data: dict[str, Any]) -> str:
    place = data.get("place") or (turn.words("report.pin") if data.get("lat") is not None else "")
    where = ", ".join(one for one in (place, turn.place_name(data["commune"])) if one)
    words = data["words"] if len(data["words"]) <= 500 else data["words"][:500] + "…"
    key = "report.read_back_danger" if data["danger"] else "report.read_back"
    return turn.words(key, what=words or turn.words("report.no_words"), where=where, files=_listed(turn, data))


def _listed(turn: Turn, data: dict[str, Any]) -> str:
    return turn.words("report.files", count=len(data["files"])) if data["files"] else turn.words("report.no_files")


def _check(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "send":
        filing.file(turn, turn.data)
    elif taken == "edit":
        again = {key: value for key, value in turn.data.items() if key not in ("words", "place", "files")}
        _next(turn, {**again, "words": "", "files": []})
    elif taken == "cancel":
        _stop(turn)
    return taken is not None


_STEPS = {
    "offered": _offered,
    "about": _about,
    "commune": _commune,
    "where": _where,
    "describe": _describe,
    "fork": _fork,
    "whom": _whom,
    "check": _check,
    **identity.STEPS,
}
