"""Following communes: by name, old name, pin or link; several of them, each for a reason."""

import hashlib

from handlers import digests, places, post, preferences, start, times, wishes
from handlers.places import Meant
from handlers.turn import Turn
from storage import citizens

_OPEN_TO_NAMES = ("", "commune", "start", "faq", "language")  # stories in which a name alone means "follow this"
SHORT = 4  # words; a longer text that is no place is a question


def opens(turn: Turn) -> bool:
    """A pin, the name of a place and nothing else, or the wish to follow one."""
    if turn.heard.kind == "place":
        return understood(turn)
    if turn.command in ("follow", "topics", "places"):
        return _command(turn, turn.command)
    if wishes.wish(turn) == "places":
        return _command(turn, "places")
    if times.opens(turn) or digests.opens(turn):
        return True
    return turn.story in _OPEN_TO_NAMES and places.named(turn) and understood(turn)


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions about places."""
    return _STEPS[turn.step](turn)


def leave(turn: Turn) -> None:
    """0 at the first question."""
    turn.end()
    turn.say("general.left")


def ask_which(turn: Turn) -> None:
    """Ask for the name of a commune."""
    turn.ask("commune", "which", turn.words("commune.which"))


def _command(turn: Turn, wanted: str) -> bool:
    if wanted == "topics" and turn.home():
        preferences.ask_topics(turn)
    elif wanted == "places" and turn.home():
        preferences.show_places(turn)
    else:
        ask_which(turn)
    return True


def understood(turn: Turn, name: str = "", province: str = "") -> bool:
    """Act on a pin or a name: confirm, or ask what is still open."""
    if turn.heard.kind == "place" and places.meant(turn) == Meant():
        turn.say("commune.pin_unknown")
        ask_which(turn)
        return True
    return _settle(turn, places.meant(turn, name, province))


def _settle(turn: Turn, meant: Meant) -> bool:
    if meant.code:
        confirm(turn, meant.code)
    elif meant.communes:
        _offer(turn, meant)
    elif meant.provinces:
        options = [*meant.provinces, ("none", turn.words("commune.other_province"))]
        turn.ask("commune", "province", turn.words("commune.which_province"), options, name=meant.name)
    elif meant.province:
        turn.ask("commune", "which", turn.words("commune.which_in_province"), province=meant.province)
    return meant != Meant()


def _offer(turn: Turn, meant: Meant) -> None:
    options = [*meant.communes, ("none", turn.words("commune.elsewhere"))]
    text = turn.words(meant.question, name=meant.divided)
    if len(meant.communes) == 1:
        turn.ask("commune", "several", text, options, yes=meant.communes[0][0], no="none")
    else:
        turn.ask("commune", "several", text, options)


def _which(turn: Turn) -> bool:
    """A name, a pin or a former name. A question is answered first; a word we cannot place is asked about."""
    if turn.heard.kind == "place":
        return understood(turn)
    if not turn.typed or turn.command or turn.digits or _surely_asks(turn):
        return False
    if places.likely(turn) and understood(turn, province=turn.data.get("province", "")):
        return True
    if len(turn.text.split()) > SHORT or not any(letter.isalpha() for letter in turn.text):
        return False
    turn.say("commune.not_found")
    turn.ask_again()
    return True


def _surely_asks(turn: Turn) -> bool:
    answer = turn.matched.faq or turn.matched.smalltalk
    return bool(answer and answer[0].confident) and not places.named(turn)


def _province(turn: Turn) -> bool:
    """Which province a name of many communes lies in."""
    taken, name = turn.chosen(), str(turn.data["name"])
    if taken == "none":
        turn.ask("commune", "province", turn.words("commune.name_province"), name=name)
        return True
    if taken:
        return _settle(turn, places.in_province(turn, name, taken))
    return places.named(turn) and understood(turn, name)


def _several(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "none":
        ask_which(turn)
    elif taken:
        confirm(turn, taken)
    else:
        return (places.named(turn) or turn.heard.kind == "place") and understood(turn)
    return True


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
    turn.ask("commune", "relation", text, options, no="none", commune=code)


def _relation(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "none":
        ask_which(turn)
    elif taken:
        join(turn, turn.data["commune"], taken)
    else:
        return places.named(turn) and understood(turn)
    return True


def join(turn: Turn, code: str, relation: str) -> None:
    """Follow a commune. Every emergency still in force there goes out before the welcome."""
    if not turn.citizen.consent_version or turn.citizen.stopped_at:
        _keep_consent(turn, code)
    turn.citizen.stopped_at, turn.citizen.emergency_only = 0, False
    turn.tx.session.add(turn.citizen)
    citizens.follow(turn.tx, turn.citizen.id or 0, code, relation)
    post.in_force(turn.tx, turn.address, turn.account.channel, code)
    turn.end()
    options = [(one, turn.words(f"commune.{one}")) for one in ("hamlet", "more", "wrong")]
    turn.ask("commune", "after", turn.words("commune.joined", commune=turn.place_name(code)), options, commune=code)


def _keep_consent(turn: Turn, code: str) -> None:
    shown = hashlib.sha256(start.consent_text(turn, code).encode()).hexdigest()
    citizens.consent(turn.tx, turn.citizen, "given", turn.know.manners.consent_version, shown)


def _after(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "hamlet":
        preferences.ask_hamlet(turn, turn.data["commune"])
    elif taken == "more":
        ask_which(turn)
    elif taken == "wrong":
        citizens.unfollow(turn.tx, turn.citizen.id or 0, turn.data["commune"])
        turn.end()
        ask_which(turn)
    return taken is not None


_STEPS = {
    "which": _which,
    "province": _province,
    "several": _several,
    "relation": _relation,
    "after": _after,
    **preferences.STEPS,
    **times.STEPS,
}
