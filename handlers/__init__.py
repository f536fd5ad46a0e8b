"""What is decided: `answer` takes one thing heard and decides what is remembered and what is said."""

from collections.abc import Callable
from typing import Any

from content.message import Heard, Said
from handlers import aside, commune, faq, language, offer, post, privacy, report, safety, start, status
from handlers.knowledge import Knowledge, Manners, Matched, match, note_holds
from handlers.turn import Turn
from storage import Transaction, citizens, outbox
from storage.accounts import Account
from storage.citizens import Address

# These may interrupt any dialogue, in this order: leaving and one's own data, danger, the account's link, help.
ALWAYS = (privacy, safety, start, language)
# Without an open dialogue, or when it has no use for the words, the first that takes them has the turn.
STORIES = (offer, status, report, commune, faq)
BY_NAME = {module.__name__.rpartition(".")[2]: module for module in (*ALWAYS, *STORIES)}

__all__ = ["STORIES", "Knowledge", "Manners", "Matched", "answer", "match"]


def answer(tx: Transaction, account: Account, heard: Heard, know: Knowledge, matched: Matched | None = None) -> bool:
    """One thing heard, one decision: change what is remembered and leave what we say in the outbox.

    `matched` is looked up when it is needed, if it was not before. Returns whether every word is an answer next
    time (a description, a name), so that nothing need be looked up for it.
    """
    if heard.group:
        return False  # groups are not served: a bot that answers everybody there is a nuisance
    if heard.kind in ("unfollow", "withdraw") and citizens.known(tx, account.id or 0, heard.chat) is None:
        return False  # somebody we never knew leaves: nothing to do and nothing to write down
    if heard.kind == "unfollow":
        _left(tx, account, heard)
        return False
    turn = _turn(tx, account, heard, know, matched)
    _catch_up(turn)
    paused = max(turn.address.paused_until, account.talk_paused_until) > tx.now
    _decide(turn, _takes_quietly if paused else _takes)
    _leave(turn)
    return turn.free


def _catch_up(turn: Turn) -> None:
    """What found them gone, or their window closed, is the first thing said to them."""
    if not (turn.address.gone_at or turn.address.holds):
        return
    citizens.let_go(turn.tx, turn.address.id or 0)
    if not turn.citizen.stopped_at or turn.citizen.emergency_only:
        for one in citizens.follows(turn.tx, turn.citizen.id or 0):
            post.in_force(turn.tx, turn.address, turn.account.channel, one.commune)
    outbox.release(turn.tx, turn.address.id or 0)


def _left(tx: Transaction, account: Account, heard: Heard) -> None:
    found = citizens.known(tx, account.id or 0, heard.chat)
    if found and heard.at >= found[1].heard_at:  # an old "left" that arrives after a new word changes nothing
        citizens.gone(tx, found[1].id or 0, "đã bỏ theo dõi")


def _turn(tx: Transaction, account: Account, heard: Heard, know: Knowledge, matched: Matched | None) -> Turn:
    citizen, address = citizens.meet(tx, account.id or 0, heard.chat)
    state = citizens.state_of(tx, address)
    kept = {kind: one for kind, one in state.pop("aside", {}).items() if aside.fresh(one, tx.now)}
    note = state.pop("note", {})
    open_still = state if aside.fresh(state, tx.now) else {}
    return Turn(tx, account, heard, know, matched, citizen, address, open_still, kept,
                note if note_holds(note, tx.now) else {})  # fmt: skip


def _decide(turn: Turn, takes: Callable[[Turn], bool]) -> None:
    """The turn's story, and what becomes of a dialogue that it interrupts, ends or goes on with."""
    before = turn.state
    if turn.tells_identity:
        turn.say("general.identity_number")
    went_on = takes(turn)
    if turn.erased:
        return
    if went_on:
        aside.lead_back(turn, before)
    elif before and turn.state.get("question") != before["question"]:
        aside.put(turn, before)
    elif before and turn.said:
        aside.remind(turn)
    if before and not turn.state:
        aside.resume(turn)


def _takes_quietly(turn: Turn) -> bool:
    """An official is talking with them: the bot keeps out, except for leaving and for danger."""
    if not privacy.leaves(turn):
        safety.alarms(turn)
    return False


def _takes(turn: Turn) -> bool:
    """Give the turn to the first story that wants it; whether the open dialogue itself went on."""
    if turn.state and turn.early():
        turn.say("general.not_yet")
        turn.ask_again()
        return False
    if any(module.opens(turn) for module in ALWAYS):
        return False
    if turn.state and _goes_on(turn):
        return True
    if not any(module.opens(turn) for module in STORIES):
        faq.unsure(turn)
    return False


def _goes_on(turn: Turn) -> bool:
    """The open dialogue, by its own rules; 0 goes one question back, and out of it at the first."""
    if offer.meant(turn):
        return False
    story = BY_NAME[turn.story]
    if turn.command != "back":
        return bool(story.goes_on(turn))
    if aside.go_back(turn):
        turn.ended = True  # the way back is set already
    else:
        story.leave(turn)
    return True


def _leave(turn: Turn) -> None:
    """Leave the words in the outbox and the dialogue's state behind."""
    if turn.erased:
        return
    posted = post.reply(turn.tx, turn.address, turn.account.channel, turn.said)
    for said, row in zip(turn.said, posted, strict=True):
        if said.question and said.question == turn.state.get("question"):
            _asked(turn, row)
    beside = {"aside": turn.aside, "note": turn.note}
    state: dict[str, Any] = {**turn.state, **{name: kept for name, kept in beside.items() if kept}}
    citizens.keep_state(turn.tx, turn.address, state, turn.heard.at)


def _asked(turn: Turn, number: int) -> None:
    """Which delivery carries the open question: its first copy. One that is still queued gives way to a newer one."""
    last = turn.state.get("copy")
    gave_way = last is not None and outbox.give_way(turn.tx, int(last))
    if not last or (gave_way and turn.state["asked"] == last):
        turn.state["asked"] = number
    turn.state["copy"] = number


def apologise(tx: Transaction, account: Account, heard: Heard, know: Knowledge) -> None:
    """A story raised: the message is kept for a person, and the citizen is told so."""
    _, address = citizens.meet(tx, account.id or 0, heard.chat)
    said = Said(know.texts.say("vi", "general.failed"))
    post.reply(tx, address, account.channel, [said])


def address_of(tx: Transaction, account: Account, chat: str) -> Address:
    """The address behind a chat."""
    return citizens.meet(tx, account.id or 0, chat)[1]
