"""What is decided: `answer` takes one thing heard and decides what is remembered and what is said."""

from content.message import Heard, Said
from handlers import commune, faq, language, offer, post, privacy, report, safety, start, status
from handlers.knowledge import Knowledge, Manners, Matched, match
from handlers.turn import Turn
from storage import Transaction, citizens, outbox
from storage.accounts import Account
from storage.citizens import Address

# These may interrupt any dialogue, in this order: leaving and one's own data, danger, the account's link.
ALWAYS = (privacy, safety, start)
# Without an open dialogue, or when it has no use for the words, the first that takes them has the turn.
STORIES = (offer, status, language, report, commune, faq)
BY_NAME = {module.__name__.rpartition(".")[2]: module for module in (*ALWAYS, *STORIES)}

__all__ = ["STORIES", "Knowledge", "Manners", "Matched", "answer", "match"]


def answer(tx: Transaction, account: Account, heard: Heard, know: Knowledge, matched: Matched | None = None) -> None:
    """One thing heard, one decision: change what is remembered and leave what we say in the outbox."""
    if heard.group:
        return  # groups are not served: a bot that answers everybody there is a nuisance
    if heard.kind == "unfollow":
        _left(tx, account, heard)
        return
    turn = _turn(tx, account, heard, know, matched)
    if turn.address.holds:
        outbox.release(tx, turn.address.id or 0)
    if turn.address.paused_until <= tx.now and account.talk_paused_until <= tx.now:
        _decide(turn)
    _leave(turn)


def _left(tx: Transaction, account: Account, heard: Heard) -> None:
    found = citizens.known(tx, account.id or 0, heard.chat)
    if found and heard.at >= found[1].heard_at:  # an old "left" that arrives after a new word changes nothing
        citizens.gone(tx, found[1].id or 0, "đã bỏ theo dõi")


def _turn(tx: Transaction, account: Account, heard: Heard, know: Knowledge, matched: Matched | None) -> Turn:
    citizen, address = citizens.meet(tx, account.id or 0, heard.chat)
    found = matched if matched is not None else match(know, heard.text)
    return Turn(tx, account, heard, know, found, citizen, address, citizens.state_of(tx, address))


def _decide(turn: Turn) -> None:
    """The first story that takes the turn has it; the FAQ's last word makes sure that somebody does."""
    if any(module.opens(turn) for module in ALWAYS):
        return
    if turn.state and BY_NAME[turn.story].goes_on(turn):
        return
    if any(module.opens(turn) for module in STORIES):
        return
    faq.unsure(turn)


def _leave(turn: Turn) -> None:
    """Leave the words in the outbox and the dialogue's state behind."""
    if turn.address.id is None or turn.citizen.id is None:
        return
    posted = post.reply(turn.tx, turn.address, turn.account.channel, turn.said)
    if turn.state and posted and turn.said[-1].question == turn.state.get("question"):
        turn.state["asked"] = posted[-1].id
    if turn.erased:
        return
    citizens.keep_state(turn.tx, turn.address, turn.state, turn.heard.at)


def apologise(tx: Transaction, account: Account, heard: Heard, know: Knowledge) -> None:
    """A story raised: the message is kept for a person, and the citizen is told so."""
    _, address = citizens.meet(tx, account.id or 0, heard.chat)
    said = Said(know.texts.say("vi", "general.failed"))
    post.reply(tx, address, account.channel, [said])


def address_of(tx: Transaction, account: Account, chat: str) -> Address:
    """The address behind a chat."""
    return citizens.meet(tx, account.id or 0, chat)[1]
