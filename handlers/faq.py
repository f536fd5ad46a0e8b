"""Questions: answered when we are sure, with source and date; else the nearest three and a person."""

from content.danger import Danger, danger_level
from content.faq import Entry, Match
from content.legal import legal_fork
from content.vietnamese import has_marks, is_syllable, syllables
from content.vietnamese import words as read_words
from handlers import files, offer, places, report, wishes
from handlers.knowledge import match
from handlers.turn import Turn
from storage import faq as kept

WORTH_OFFERING = 0.4  # below this a guess is only noise
SHORT = 2  # words; less than that is no question
_PERSON = ["nho", "can", "bo"]
LONGEST = 1500  # characters of a question that go to a person


def opens(turn: Turn) -> bool:
    """A sure answer, a kind word to small talk, or the wish to be answered by a person."""
    if wishes.heard_out(turn) and wishes.wish(turn) == "person":
        report.begin(turn, kind="question", category="question")
        return True
    if (
        not turn.typed
        or (turn.state and places.named(turn))
        or not _surely(turn, turn.matched.faq, turn.matched.smalltalk)
    ):
        return False
    if danger_level(turn.text) is Danger.POSSIBLE:
        turn.say("safety.short")
    if not turn.state and not turn.citizen.consent_version and not turn.address.version:
        turn.say("start.invite")
    return True


def _surely(turn: Turn, found: list[Match], smalltalk: list[Match]) -> bool:
    entry = None if _many_words(turn.text) else _served(turn, found)
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
    if not entry.reviewed_at:
        return turn.words("faq.source", source=entry.cited)
    return turn.words("faq.source_on", source=entry.cited, date=entry.reviewed_at.strftime("%d/%m/%Y"))


def answer_to(turn: Turn, words: str) -> None:
    """Answer words that were said before (a question that looked like danger and was none)."""
    found = match(turn.know, words)
    if not _surely(turn, found.faq, found.smalltalk):
        turn.matched = found
        _offer(turn, words)


def unsure(turn: Turn) -> None:
    """The last word: never silence, never "I do not understand"."""
    words = turn.text
    if turn.heard.kind == "media":
        _media(turn)
    elif turn.heard.kind == "tap":
        turn.say("general.old_button")
    elif turn.command == "back":
        turn.say("general.no_question")
    elif turn.state and not turn.free and _slip(turn):
        turn.say("general.choose" if turn.state["labels"] else "general.hint")
        turn.ask_again()
    elif turn.digits:
        turn.say("general.no_question")
    elif _says_nothing(turn, words):
        turn.say("general.hint")
    elif legal_fork(words):
        report.begin(turn, kind="feedback", category="policy", words=words)
    else:
        _offer(turn, words)


def _slip(turn: Turn) -> bool:
    """Beside an open choice: a number that is not there, a word or two, a name of a place, a sign."""
    said = len(syllables(turn.text))
    return turn.typed and (turn.digits or said < SHORT or places.named(turn) or (said == SHORT and not _near(turn)))


def _says_nothing(turn: Turn, words: str) -> bool:
    """Nothing typed, a sign, an unknown /command, or one word that no entry knows or that may be many words."""
    said = syllables(words)
    if not said or turn.heard.kind == "unsupported" or (words.startswith("/") and " " not in words):
        return True
    return len(said) == 1 and (_many_words(words) or not _near(turn))


def _many_words(one: str) -> bool:
    """A bare syllable ("dung", "da", "xong") is any of several words; "đất" and "bhyt" are one."""
    said = read_words(one)
    return len(said) == 1 and is_syllable(said[0].folded) and not has_marks(said[0])


def _media(turn: Turn) -> None:
    if files.any_sent(turn):
        report.offer_media(turn)
    else:
        turn.say("general.sticker")


def _near(turn: Turn) -> list[tuple[str, str]]:
    near = [(one.id, turn.know.entry(one.id)) for one in turn.matched.faq[:3] if one.score >= WORTH_OFFERING]
    here = (None, "", turn.home())
    return [(number, entry.question) for number, entry in near if entry and entry.commune in here]


def _offer(turn: Turn, words: str) -> None:
    waiting = offer.asked(turn)
    if waiting:
        _ask_whose(turn, words, waiting[1].code)
        return
    options = _near(turn)
    if not legal_fork(words):  # what may be a denunciation is kept nowhere
        kept.unanswered(turn.tx, words, turn.home(), options[0][0] if options else "")
    if options:
        told = [] if report.EXPLAINED in dict(options) else [("report", turn.words("faq.report"))]
        options = [*options, ("person", turn.words("faq.person")), *told]
        text = turn.words("faq.unsure")
    else:
        options = [("person", turn.words("faq.ask_person")), ("report", turn.words("faq.report"))]
        text = turn.words("faq.nothing")
    if danger_level(words) is Danger.POSSIBLE:
        turn.say("safety.short")
    turn.ask("faq", "offered", text, options, no="person", words=words[:LONGEST])


def _ask_whose(turn: Turn, words: str, code: str) -> None:
    """An official has asked them something: what they type now is most likely the answer."""
    options = [("answer", turn.words("faq.to_official")), ("person", turn.words("faq.other_question")),
               ("report", turn.words("faq.report"))]  # fmt: skip
    text = turn.words("faq.waited_for", code=code)
    turn.ask("faq", "offered", text, options, yes="answer", no="person", words=words[:LONGEST])


def goes_on(turn: Turn) -> bool:
    """One of the three, or a person."""
    taken = "person" if syllables(turn.text)[:3] == _PERSON else turn.chosen()
    words = str(turn.data.get("words", ""))
    if taken is None:
        return False
    if taken == "answer":
        offer.tell(turn, words)
    elif taken == "person":
        report.begin(turn, kind="question", category="question", words=words)
    elif taken in ("report", report.EXPLAINED):
        report.begin(turn, words=words)
    else:
        _show(turn, taken)
    return True


def _show(turn: Turn, entry_id: str) -> None:
    entry = turn.know.entry(entry_id)
    turn.end()
    if entry:
        turn.say("faq.answer", answer=entry.answer, source=_source(turn, entry))
    else:
        turn.say("faq.gone")


def leave(turn: Turn) -> None:
    """0: none of these."""
    turn.end()
    turn.say("general.left")
