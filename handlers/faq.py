"""Questions: answered when we are sure, with source and date; else the nearest three and a person."""

from content.faq import Entry, Match
from handlers import report
from handlers.knowledge import match
from handlers.turn import Turn
from storage import faq as kept

WORTH_OFFERING = 0.25  # below this a guess is only noise


def opens(turn: Turn) -> bool:
    """A sure answer, or a kind word to small talk."""
    if turn.heard.kind != "text" or not turn.text:
        return False
    return _surely(turn, turn.matched.faq, turn.matched.smalltalk)


def _surely(turn: Turn, found: list[Match], smalltalk: list[Match]) -> bool:
    entry = _served(turn, found)
    if entry:
        turn.say("faq.answer", answer=entry.answer, source=_source(turn, entry))
        return True
    chat = smalltalk[0] if smalltalk and smalltalk[0].confident else None
    if chat:
        turn.say("faq.smalltalk", answer=turn.know.smalltalk.entry(chat.id).answer)
    return chat is not None


def _served(turn: Turn, found: list[Match]) -> Entry | None:
    best = found[0] if found and found[0].confident else None
    entry = turn.know.entry(best.id) if best else None
    return entry if entry and entry.commune in (None, "", turn.home()) else None


def _source(turn: Turn, entry: Entry) -> str:
    if not entry.source:
        return ""
    reviewed = entry.reviewed_at.strftime("%d/%m/%Y") if entry.reviewed_at else ""
    return turn.words("faq.source", source=entry.cited, date=reviewed)


def answer_to(turn: Turn, words: str) -> None:
    """Answer words that were said before (a question that looked like danger and was none)."""
    found = match(turn.know, words)
    if not _surely(turn, found.faq, found.smalltalk):
        turn.matched = found
        unsure(turn, words)


def unsure(turn: Turn, words: str = "") -> None:
    """The last word: never silence, never "I do not understand"."""
    words = words or turn.text
    if turn.heard.kind in ("media",):
        _media(turn)
    elif turn.heard.kind == "tap":
        turn.say("general.old_button")
    elif turn.heard.kind == "unsupported" or not any(letter.isalnum() for letter in words):
        turn.say("general.hint")
    elif turn.state and words.strip().isdigit():
        turn.say("general.which_number")
        turn.ask_again()
    else:
        _offer(turn, words)


def _media(turn: Turn) -> None:
    if all(one.kind == "sticker" for one in turn.heard.attached):
        turn.say("general.sticker")
    else:
        report.offer_media(turn)


def _offer(turn: Turn, words: str) -> None:
    near = [(one.id, turn.know.entry(one.id)) for one in turn.matched.faq[:3] if one.score >= WORTH_OFFERING]
    options = [(number, entry.question) for number, entry in near if entry]
    kept.unanswered(turn.tx, words, turn.home(), options[0][0] if options else "")
    intro = "faq.unsure" if options else "faq.nothing"
    options.append(("person", turn.words("faq.person")))
    if len(options) == 1:
        options.append(("report", turn.words("faq.report")))
    turn.ask("faq", "offered", turn.words(intro), options, words=words[:1500])


def goes_on(turn: Turn) -> bool:
    """One of the three, or a person."""
    taken = turn.chosen()
    words = str(turn.data.get("words", ""))
    if taken is None:
        return False
    if taken == "person":
        report.begin(turn, kind="question", category="question", words=words)
    elif taken == "report":
        report.begin(turn)
    else:
        entry = turn.know.entry(taken)
        turn.end()
        if entry:
            turn.say("faq.answer", answer=entry.answer, source=_source(turn, entry))
        else:
            turn.say("faq.gone")
    return True
