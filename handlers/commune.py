"""Following communes: by name, old name, pin or link; several of them; hamlet and topics when they want."""

import hashlib

from content.topics import TOPICS
from content.units import Candidate, Found
from content.vietnamese import clean
from handlers import post, start
from handlers.turn import Turn
from storage import citizens



def opens(turn: Turn) -> bool:
    """A pin, the name of a place and nothing else, or the wish to follow one."""
    if turn.heard.kind == "place":
        return _pin(turn)
    if turn.command in ("follow", "topics", "places"):
        return _command(turn)
    found = turn.matched.place
    return bool(found and found.place_only) and _understood(turn, found)


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions about places."""
    return _STEPS[turn.step](turn)


def ask_which(turn: Turn) -> None:
    """Ask for the name of a commune."""
    turn.ask("commune", "which", turn.words("commune.which"))


def _command(turn: Turn) -> bool:
    if turn.command == "topics" and turn.home():
        _ask_topics(turn)
    elif turn.command == "places" and turn.home():
        _show_places(turn)
    else:
        ask_which(turn)
    return True


def _pin(turn: Turn) -> bool:
    place = turn.heard.place
    near = turn.know.gazetteer.near(place.lat, place.lon) if place else None
    if not near or not near.communes:
        turn.say("commune.pin_unknown")
        ask_which(turn)
    elif near.ask:
        _offer(turn, [(one.commune.code, one.commune.full_name) for one in near.communes[:4]])
    else:
        confirm(turn, near.communes[0].commune.code)
    return True


def _which(turn: Turn) -> bool:
    if turn.heard.kind == "place":
        return _pin(turn)
    found = turn.matched.place
    sure = bool(turn.matched.faq and turn.matched.faq[0].confident)
    if turn.heard.kind == "text" and found and (found.place_only or (found.candidates and not sure)):
        return _understood(turn, found)
    return False


def _understood(turn: Turn, found: Found) -> bool:
    if not found.candidates:  # a province alone
        turn.ask("commune", "which", turn.words("commune.which_in_province"))
    elif found.ask or len(found.candidates) > 1:
        _offer(turn, [(one.code, described(turn, one)) for one in found.candidates[:4]])
    else:
        confirm(turn, found.candidates[0].code)
    return True


def _offer(turn: Turn, options: list[tuple[str, str]]) -> None:
    options.append(("none", turn.words("commune.elsewhere")))
    turn.ask("commune", "several", turn.words("commune.several"), options)


def described(turn: Turn, one: Candidate) -> str:
    """A candidate as it is offered: its full name, and what it was called before where that helps."""
    name = turn.place_name(one.code)
    return f"{name} (trước là {one.former[0]})" if one.former else name


def _several(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "none":
        ask_which(turn)
    elif taken:
        confirm(turn, taken)
    elif turn.matched.place and turn.matched.place.place_only:
        return _understood(turn, turn.matched.place)
    return taken is not None


def confirm(turn: Turn, code: str) -> None:
    """Say what was understood. The first time consent does it; later the relation does."""
    if turn.citizen.consent_version:
        ask_relation(turn, code)
    else:
        post.in_force(turn.tx, turn.address, turn.account.channel, code)
        start.ask_consent(turn, code)


def ask_relation(turn: Turn, code: str) -> None:
    """Home, home village, or for a relative."""
    options = [(one, turn.words(f"commune.{one}")) for one in ("home", "village", "relative")]
    options.append(("none", turn.words("commune.not_this")))
    text = turn.words("commune.relation", commune=turn.place_name(code))
    turn.ask("commune", "relation", text, options, commune=code)


def _relation(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "none":
        ask_which(turn)
    elif taken:
        join(turn, turn.data["commune"], taken)
    return taken is not None


def join(turn: Turn, code: str, relation: str) -> None:
    """Follow a commune. Every emergency still in force there goes out before the welcome."""
    if not turn.citizen.consent_version:
        _keep_consent(turn, code)
    turn.citizen.stopped_at, turn.citizen.emergency_only = 0, False
    turn.tx.session.add(turn.citizen)
    citizens.follow(turn.tx, turn.citizen.id or 0, code, relation)
    post.in_force(turn.tx, turn.address, turn.account.channel, code)
    options = [(one, turn.words(f"commune.{one}")) for one in ("hamlet", "more", "wrong")]
    turn.ask("commune", "after", turn.words("commune.joined", commune=turn.place_name(code)), options, commune=code)


def _keep_consent(turn: Turn, code: str) -> None:
    shown = hashlib.sha256(start.consent_text(turn, code).encode()).hexdigest()
    citizens.consent(turn.tx, turn.citizen, "given", turn.know.manners.consent_version, shown)


def _after(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "hamlet":
        turn.ask("commune", "hamlet", turn.words("commune.which_hamlet"), free=True, **turn.data)
    elif taken == "more":
        ask_which(turn)
    elif taken == "wrong":
        citizens.unfollow(turn.tx, turn.citizen.id or 0, turn.data["commune"])
        ask_which(turn)
    return taken is not None


def _hamlet(turn: Turn) -> bool:
    if turn.command == "back" or turn.heard.kind != "text" or not turn.text:
        turn.end()
        turn.say("commune.no_hamlet")
        return True
    for one in citizens.follows(turn.tx, turn.citizen.id or 0):
        if one.commune == turn.data["commune"]:
            one.hamlet = clean(turn.text)[:80]
            turn.tx.session.add(one)
    turn.say("commune.hamlet_kept", hamlet=turn.text[:80])
    turn.end()
    return True


def _ask_topics(turn: Turn) -> None:
    options = [("all", turn.words("commune.all_topics")), *TOPICS.items()]
    turn.ask("commune", "topics", turn.words("commune.which_topics"), options)


def _topics(turn: Turn) -> bool:
    numbers = [int(word) for word in turn.text.replace(",", " ").split() if word.isdigit()]
    ids = turn.state["ids"]
    taken = [ids[number - 1] for number in numbers if 0 < number <= len(ids)] or [turn.chosen()]
    if taken == [None]:
        return False
    topics = "" if "all" in taken else ",".join(str(one) for one in taken)
    for one in citizens.follows(turn.tx, turn.citizen.id or 0):
        one.topics = topics
        turn.tx.session.add(one)
    labels = [turn.state["labels"][ids.index(one)] for one in taken]
    turn.end()
    turn.say("commune.topics_kept", topics=", ".join(labels))
    return True


def _show_places(turn: Turn) -> None:
    followed = citizens.follows(turn.tx, turn.citizen.id or 0)
    options = [(one.commune, turn.words("commune.leave", commune=turn.place_name(one.commune))) for one in followed[:4]]
    options.append(("more", turn.words("commune.more")))
    turn.ask("commune", "places", turn.words("commune.places"), options)


def _places(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "more":
        ask_which(turn)
    elif taken:
        citizens.unfollow(turn.tx, turn.citizen.id or 0, taken)
        turn.end()
        turn.say("commune.left", commune=turn.place_name(taken))
    return taken is not None


_STEPS = {
    "which": _which,
    "several": _several,
    "relation": _relation,
    "after": _after,
    "hamlet": _hamlet,
    "topics": _topics,
    "places": _places,
}
