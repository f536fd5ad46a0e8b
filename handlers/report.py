"""Reporting: what about → where → describe → read back → send; the code first, then who they are."""

from typing import Any

from content.categories import CATEGORIES
from content.commands import yes_no
from content.danger import danger
from content.faq.reading import names_something_broken
from content.vietnamese import syllables
from handlers import aside, files, identity, places, read_back, safety, wishes
from handlers.turn import Turn

MOST_TEXT = 10_000  # characters of a description; what is longer is a book, and it is said that it was cut
PLACED = ("scene", "feedback")  # kinds that happen somewhere
TOLD = 8  # letters; a longer text in place of a category is the story itself
EXPLAINED = "phan-anh"  # the FAQ entry about this very dialogue: who tells instead of asking is brought here
_DONE = (["xong"], ["xong", "roi"], ["het"], ["het", "roi"], ["the", "thoi"], ["gui"], ["gui", "di"])


def opens(turn: Turn) -> bool:
    """They want to report something, or to go on with a report they left."""
    if turn.command not in ("report", "continue"):
        return _told(turn)
    if writing(turn):
        turn.ask_again()
    elif turn.command == "report":
        _begin_or_resume(turn)
    elif not aside.take(turn, "report"):
        turn.say("report.no_draft")
    return True


def _told(turn: Turn) -> bool:
    """They do not ask how to report something: they tell it. What they told need not be told again."""
    if not wishes.heard_out(turn) or "report" in turn.aside or wishes.asks(turn.text) or wishes.wish(turn):
        return False
    best = turn.matched.faq[0] if turn.matched.faq else None
    sure = best.id if best and best.confident else ""
    told = sure == EXPLAINED or _tells(turn.text, bool(sure))
    if told:
        begin(turn, words=turn.text if len(syllables(turn.text)) > 1 else "")  # "report" alone tells nothing
    return told


def _tells(text: str, answered: bool) -> bool:
    """Whether a text that asks nothing tells what is to be mended, though an answer may speak of the same."""
    said, broken = syllables(text), names_something_broken(text)
    reports = wishes.reports(text) or (broken and said[0] == "bao")
    return reports and broken if answered else reports or (broken and len(said) > 2)


def _begin_or_resume(turn: Turn) -> None:
    if "report" in turn.aside:
        options = [(one, turn.words(f"report.{one}")) for one in ("resume", "anew")]
        turn.ask("report", "resume", turn.words("report.two"), options, yes="resume", no="anew")
    else:
        begin(turn)


def writing(turn: Turn) -> bool:
    """Whether a report is being written, and not yet filed."""
    return aside.kind_of(turn.state) == "report"


def begin(turn: Turn, **gathered: Any) -> None:
    """Start a report with what is already known of it."""
    data = _blank(turn, gathered)
    data["danger"] = bool(data["danger"]) or danger(str(data["words"]))
    go_on(turn, data)


def begin_with(turn: Turn, **gathered: Any) -> None:
    """Start a report with what is known, and with what they just said or sent."""
    gather(turn, _blank(turn, gathered))


def _blank(turn: Turn, gathered: dict[str, Any]) -> dict[str, Any]:
    empty = {"kind": "", "category": "", "words": "", "files": [], "danger": False, "commune": turn.home()}
    return {**empty, **gathered}


def offer_media(turn: Turn) -> None:
    """A photo, voice or video out of the blue: never silence, never lost."""
    before = turn.data.get("files", []) if turn.step == "offered" else []
    kept = [*before, *files.keep(turn, len(before))]
    words = "\n".join(one for one in (str(turn.data.get("words", "")), turn.text) if one)
    kind = turn.heard.attached[0].kind if turn.heard.attached else "file"
    what = turn.words("report.files", count=len(kept)) if len(kept) > 1 else turn.words(f"report.a_{kind}")
    options = [("yes", turn.words("report.send_media")), ("no", turn.words("report.drop_media"))]
    text = turn.words("report.got_media", what=what)
    turn.ask("report", "offered", text, options, yes="yes", no="no", files=kept, words=words)


def _offered(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "yes":
        begin(turn, words=str(turn.data.get("words", "")), files=turn.data.get("files", []))
    elif taken == "no":
        read_back.drop(turn)
    elif files.any_sent(turn):
        offer_media(turn)
        return True
    return taken is not None


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions while a report is written."""
    if turn.step in identity.STEPS:
        return identity.STEPS[turn.step](turn)
    if turn.heard.kind != "tap" and not turn.data.get("danger") and danger(turn.text):
        return _endangered(turn)
    if turn.heard.edited and turn.data.get("words") and turn.chosen() is None:
        return gather(turn, turn.data)
    return _STEPS[turn.step](turn)


def _endangered(turn: Turn) -> bool:
    """The numbers first; what they wrote goes into the report, and nothing else is asked than where."""
    safety.warn(turn)
    data = {**_blank(turn, turn.data), "danger": True}
    return gather(turn, {**data, "kind": data["kind"] or "scene", "category": data["category"] or "danger"})


def leave(turn: Turn) -> None:
    """0 at the first question: nothing is sent; who they are stays unsaid."""
    if turn.step in identity.STEPS:
        identity.leave(turn)
    else:
        read_back.drop(turn)


def go_on(turn: Turn, data: dict[str, Any]) -> None:
    """Ask for the first thing that is still missing."""
    if read_back.forks(turn, data):
        return
    if not data["kind"]:
        options = [(one, turn.words(f"report.{one}")) for one in CATEGORIES]
        about = "report.which_kind" if data["words"] or data["files"] else "report.about"
        turn.ask("report", "about", turn.words(about), options, **data)
    elif not data["commune"]:
        turn.ask("report", "commune", turn.words("report.which_commune"), **data)
    elif "place" not in data and data["kind"] in PLACED:
        options = [("nowhere", turn.words("report.nowhere")), ("commune", turn.words("report.other_commune"))]
        text = turn.words("report.where", commune=turn.place_name(data["commune"]))
        turn.ask("report", "where", text, options, free=True, **data)
    elif not data["words"] and not data["files"]:
        what = "report.ask_person" if data["kind"] == "question" else "report.describe"
        turn.ask("report", "describe", turn.words(what), free=True, **data)
    elif data["danger"] or data["kind"] == "question" or data.get("checked"):
        read_back.ask(turn, data)
    else:
        _more(turn, data)


def _more(turn: Turn, data: dict[str, Any]) -> None:
    if turn.step == "describe" and turn.state["labels"]:
        turn.ask_again(**data)  # one question, however many pictures: a copy still queued gives way
    else:
        options = [("done", turn.words("report.done"))]
        turn.ask("report", "describe", turn.words("report.more"), options, free=True, **data)


def _about(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    if taken:
        go_on(turn, {**data, "category": taken, "kind": CATEGORIES[taken]})
    elif files.any_sent(turn) or turn.heard.kind == "place":
        return _keep(turn, data)
    elif turn.typed and not turn.digits and len(turn.text) >= TOLD and not turn.command:
        return gather(turn, {**data, "category": "other", "kind": "scene"})
    return taken is not None


def _keep(turn: Turn, data: dict[str, Any]) -> bool:
    """Files or a pin where a choice was asked for: kept, and the question stays."""
    add(turn, data)
    turn.say("report.kept")
    turn.ask_again(**data)
    return True


def _commune(turn: Turn) -> bool:
    """Where it happened, when they follow no commune or it was in another one."""
    data, taken = turn.data, turn.chosen()
    if files.any_sent(turn):
        return _keep(turn, data)
    if turn.heard.place:
        data.update(lat=turn.heard.place.lat, lon=turn.heard.place.lon, place="")
    if taken == "none" or (taken is None and yes_no(turn.text) is False):
        return _elsewhere(turn, data, taken)
    name = str(data.pop("name", ""))
    if taken and len(taken) == 2:
        return _settle(turn, data, places.in_province(turn, name, taken))
    return _settle(turn, data, places.Meant(taken) if taken else places.meant(turn, name))


def _elsewhere(turn: Turn, data: dict[str, Any], taken: str | None) -> bool:
    """None of the offered places; or, where a name was asked for, "thôi"."""
    if taken:
        turn.ask("report", "commune", turn.words("report.which_commune"), **data)
    else:
        read_back.drop(turn)
    return True


def _settle(turn: Turn, data: dict[str, Any], meant: places.Meant) -> bool:
    if meant.code:
        go_on(turn, {**data, "commune": meant.code})
    elif meant.communes:
        alone = meant.communes[0][0] if len(meant.communes) == 1 else ""
        text = turn.words(meant.question, name=meant.divided)
        options = [*meant.communes, ("none", turn.words("commune.elsewhere"))]
        turn.ask("report", "commune", text, options, yes=alone, no="none", **data)
    elif meant.provinces:
        text = turn.words("commune.which_province")
        turn.ask("report", "commune", text, meant.provinces, **{**data, "name": meant.name})
    else:
        turn.ask("report", "commune", turn.words("report.which_commune_again"), **data)
    return True


def _where(turn: Turn) -> bool:
    data, taken = turn.data, turn.chosen()
    if taken == "commune":
        data["commune"] = ""
    elif taken == "nowhere":
        data["place"] = ""
    elif turn.heard.place:
        data.update(place="", lat=turn.heard.place.lat, lon=turn.heard.place.lon)
    elif files.any_sent(turn):
        return _where_heard(turn, data)
    elif turn.typed:
        data["place"] = turn.text[:300]
    else:
        return False
    go_on(turn, data)
    return True


def _where_heard(turn: Turn, data: dict[str, Any]) -> bool:
    """A voice message says where it is; a picture does not."""
    if all(one.kind != "voice" for one in turn.heard.attached):
        return _keep(turn, data)
    add(turn, data)
    go_on(turn, {**data, "place": turn.words("report.spoken_place")})
    return True


def _describe(turn: Turn) -> bool:
    if turn.chosen() == "done" or (turn.state["labels"] and syllables(turn.text) in _DONE):
        read_back.ask(turn, turn.data)
        return True
    return turn.heard.kind in ("text", "media", "place") and gather(turn, turn.data)


def gather(turn: Turn, data: dict[str, Any]) -> bool:
    """Add a piece of the description, and ask for what is still missing."""
    add(turn, data)
    data["danger"] = bool(data["danger"]) or danger(turn.text)
    go_on(turn, data)
    return True


def add(turn: Turn, data: dict[str, Any]) -> None:
    """Put words, files or a pin into what was gathered."""
    before = data.get("files", [])
    data["files"] = [*before, *files.keep(turn, len(before))]
    words = f"{data.get('words', '')}\n{turn.text}".strip()
    data["words"] = words[:MOST_TEXT]
    if len(words) > MOST_TEXT:
        turn.say("report.too_long", most=MOST_TEXT)
    if turn.heard.place:
        data.update(lat=turn.heard.place.lat, lon=turn.heard.place.lon)


def _resume(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "resume":
        aside.take(turn, "report")
    elif taken == "anew":
        turn.aside.pop("report", None)
        turn.end()
        begin(turn)
    return taken is not None


_STEPS = {
    "resume": _resume,
    "offered": _offered,
    "about": _about,
    "commune": _commune,
    "where": _where,
    "describe": _describe,
    **read_back.STEPS,
}
