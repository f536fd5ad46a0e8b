"""Meeting: somebody opens our link, follows the account, or says hello for the first time."""

import re

from content.vietnamese import syllables
from handlers import commune, places, post
from handlers.turn import Turn
from storage import citizens

# A commune's link carries its public code. It is looked up, never trusted: anybody can type it.
_PAYLOAD = re.compile(r"^#?xa[-_ ]?(\d{5})$", re.IGNORECASE | re.ASCII)
_HASHTAG = re.compile(r"#\S*")


def opens(turn: Turn) -> bool:
    """A link, a follow, /start, or a payload sent as text."""
    if turn.heard.kind == "start":
        return _payload(turn, turn.heard.payload)
    if turn.heard.kind == "follow":
        return _payload(turn, "")
    if turn.typed and (_PAYLOAD.match(turn.text) or (not turn.free and _HASHTAG.fullmatch(turn.text))):
        return _payload(turn, turn.text)
    if turn.command == "start":
        return _payload(turn, turn.text.partition(" ")[2] if turn.text.startswith("/") else "")
    return False


def goes_on(turn: Turn) -> bool:
    """The answer to the consent question. Anything else is served first; the question stays open."""
    taken = "follow" if syllables(turn.text) == ["nhan", "tin"] else turn.chosen()
    if taken == "follow":
        commune.join(turn, turn.data["commune"], "home")
    elif taken == "other":
        commune.ask_which(turn)
    elif taken == "refuse":
        turn.end()
        turn.say("start.refused")
    else:
        return places.named(turn) and commune.understood(turn)
    return True


def leave(turn: Turn) -> None:
    """0: another commune, or none."""
    turn.end()
    turn.say("start.refused")


def _payload(turn: Turn, payload: str) -> bool:
    found = _PAYLOAD.match(payload.strip())
    code = found.group(1) if found else "" if payload.strip() else turn.account.commune
    known = turn.know.gazetteer.today(code)  # old posters hang on
    if len(known) == 1:
        greet(turn, known[0].code)
    elif payload.strip():
        turn.say("start.unknown_link")
        _welcome(turn)
    else:
        _welcome(turn)
    return True


def _welcome(turn: Turn) -> None:
    if turn.home():
        turn.say("start.again", commune=turn.place_name(turn.home()))
    else:
        turn.say("start.hello", title=turn.account.title or "Thôn Tin")
        commune.ask_which(turn)


def greet(turn: Turn, code: str) -> None:
    """The commune in the link is the confirmation: what is in force there first, then consent in one message."""
    post.in_force(turn.tx, turn.address, turn.account.channel, code)
    followed = {one.commune for one in citizens.follows(turn.tx, turn.citizen.id or 0)}
    if code in followed and not turn.citizen.stopped_at:
        turn.say("start.again", commune=turn.place_name(code))
    elif turn.citizen.consent_version:
        commune.ask_relation(turn, code)
    else:
        ask_consent(turn, code)


def ask_consent(turn: Turn, code: str) -> None:
    """One message and one reply: who keeps what, what for, and how to leave."""
    options = [
        ("follow", turn.words("start.follow", commune=turn.place_name(code))),
        ("other", turn.words("start.other")),
    ]
    turn.ask("start", "consent", consent_text(turn, code), options, yes="follow", no="refuse", commune=code)


def consent_text(turn: Turn, code: str) -> str:
    """The words a citizen agrees to; their hash is the evidence."""
    return turn.words(
        "start.consent",
        commune=turn.place_name(code),
        controller=turn.know.manners.controller,
        app=turn.words(f"general.app_{turn.account.channel}"),
    )
