"""When news may come, said in the chat: one's own quiet hours, and the day's letter instead of many."""

from collections.abc import Callable

from content import hours
from handlers import wishes
from handlers.turn import Turn
from storage import citizens, communes, digests


def opens(turn: Turn) -> bool:
    """The wish for quiet, with its hours or without, or for one letter a day."""
    span = hours.wish(turn.text) if turn.typed else None
    if span and not turn.free and turn.home():
        _keep(turn, *span)
    elif wishes.wish(turn) in ("quiet", "gather", "apart") and turn.home():
        (ask if wishes.asks(turn.text) else _WISHED[wishes.wish(turn)])(turn)
    else:
        return False
    return True


def ask(turn: Turn) -> None:
    """What holds now, and what may be changed."""
    options = [("hours", turn.words("quiet.hours")), ("always", turn.words("quiet.always"))]
    if turn.citizen.quiet_from >= 0:
        options.append(("common", turn.words("quiet.common")))
    gathered = turn.citizen.digest
    options.append(("apart", turn.words("digest.apart")) if gathered else ("gather", turn.words("digest.gather")))
    turn.ask("commune", "times", turn.words("quiet.menu", now=_now(turn)), options)


def _now(turn: Turn) -> str:
    """What holds for them, as a sentence."""
    own = (turn.citizen.quiet_from, turn.citizen.quiet_until)
    start, end = own if own[0] >= 0 else communes.hours(turn.tx, [turn.home()])[turn.home()]
    if start == end:
        return turn.words("quiet.none")
    return turn.words("quiet.now", start=hours.shown(start), end=hours.shown(end))


def _times(turn: Turn) -> bool:
    span = hours.span(turn.text) if turn.typed else None
    taken = turn.chosen() if span is None else None
    if span:
        _keep(turn, *span)
    elif taken:
        _TAKEN[taken](turn)
    return bool(span or taken)


def _ask_hours(turn: Turn) -> None:
    turn.ask("commune", "hours", turn.words("quiet.which"))


def _hours(turn: Turn) -> bool:
    """Two times of the day; a single word of something else is asked about, a question is answered first."""
    span = hours.span(turn.text) or hours.wish(turn.text) if turn.typed else None
    if span:
        _keep(turn, *span)
        return True
    if not turn.digits:
        return False
    turn.say("quiet.unclear")
    turn.ask_again()
    return True


def _keep(turn: Turn, start: int, end: int) -> None:
    turn.citizen.quiet_from, turn.citizen.quiet_until = start, end
    turn.tx.session.add(turn.citizen)
    turn.end()
    turn.say("quiet.kept", now=_now(turn))


def _always(turn: Turn) -> None:
    _keep(turn, 0, 0)


def _common(turn: Turn) -> None:
    _keep(turn, -1, -1)


def _gather(turn: Turn) -> None:
    """From now on; what is on its way comes as it is."""
    turn.citizen.digest = True
    turn.tx.session.add(turn.citizen)
    turn.end()
    turn.say("digest.on")


def _apart(turn: Turn) -> None:
    turn.citizen.digest = False
    turn.tx.session.add(turn.citizen)
    chats = [one.id or 0 for one in citizens.addresses(turn.tx, turn.citizen.id or 0)]
    digests.release_all(turn.tx, chats)
    turn.end()
    turn.say("digest.off")


STEPS: dict[str, Callable[[Turn], bool]] = {"times": _times, "hours": _hours}
_WISHED: dict[str, Callable[[Turn], None]] = {"quiet": ask, "gather": _gather, "apart": _apart}
_TAKEN: dict[str, Callable[[Turn], None]] = {
    "hours": _ask_hours,
    "always": _always,
    "common": _common,
    "gather": _gather,
    "apart": _apart,
}
