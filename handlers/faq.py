"""Questions: answered when we are sure, with source and date; else the nearest three and a person."""

from collections.abc import Sequence
from typing import Any

from content.danger import Danger, danger_level
from content.faq import Entry, Match
from content.identity_numbers import is_phone
from content.legal import legal_fork
from content.news import asked
from content.vietnamese import has_marks, is_syllable, syllables
from content.vietnamese import words as read_words
from handlers import files, offer, places, report, telling, wishes
from handlers.knowledge import Matched
from handlers.turn import Turn
from storage import unanswered

WORTH_OFFERING = 0.4  # below this a guess is only noise
SHORT = 2  # words; less than that is no question
MOST_NEAR = 3
_PERSON = ["nho", "can", "bo"]
LONGEST = 1500  # characters of a question that go to a person


def opens(turn: Turn) -> bool:
    """A sure answer, a kind word to small talk, or the wish to be answered by a person."""
    if wishes.heard_out(turn) and wishes.wish(turn) == "person":
        report.begin(turn, kind="question", category="question")
        return True
    new = not turn.state and not turn.citizen.consent_version and not turn.address.version
    if not turn.typed or (turn.state and places.named(turn)) or not _surely(turn, turn.matched, turn.text):
        return False
    if danger_level(turn.text) is Danger.POSSIBLE:
        turn.say("safety.short")
    if new:
        turn.say("start.invite")
    return True


def _surely(turn: Turn, found: Matched, words: str) -> bool:
    """An announcement that is clearly asked for, a sure answer, an announcement, a kind word: the first there is.

    `words` are what `found` was found for: they may have been said before. A kind word that fits better than
    the answer comes before it: "em tên gì" asks for no change of a name.
    """
    chat = found.smalltalk[0] if found.smalltalk and found.smalltalk[0].confident else None
    if not _many_words(words):
        entry, news = _sure_entry(turn, found, chat), found.news.numbers if found.news.sure else ()
        if (found.news.clear or entry is None) and _tell_news(turn, news):
            return True
        if entry:
            telling.answer(turn, entry, found.commune, news)
            return True
    if chat:
        turn.say("faq.smalltalk", answer=turn.know.smalltalk.entry(chat.id).answer)
    return chat is not None


def _sure_entry(turn: Turn, found: Matched, chat: Match | None) -> Entry | None:
    best = found.faq[0] if found.faq and found.faq[0].confident else None
    if best is None or (chat and chat.score > best.score):
        return None
    return turn.know.faq.entry(best.id, found.commune)


def _tell_news(turn: Turn, numbers: tuple[int, ...]) -> bool:
    """The announcement, or a choice between those that fit alike."""
    options = telling.headlines(turn, numbers[:MOST_NEAR])
    if len(options) == 1 or (options and turn.state and turn.story != "faq"):
        telling.news(turn, telling.holding(turn, numbers)[0].id or 0)
    elif options:
        options.append(("person", turn.words("faq.person")))
        turn.ask("faq", "offered", turn.words("faq.which_news"), options, no="person", words=turn.text[:LONGEST])
    return bool(options)


def noted(turn: Turn) -> dict[str, Any]:
    """What was found for these words, to be answered with later (a question that looked like danger)."""
    found = turn.matched
    return {"faq": [list(one) for one in found.faq[:MOST_NEAR]], "commune": found.commune}


def answer_to(turn: Turn, words: str, note: dict[str, Any]) -> None:
    """Answer words that were said before; `note` is what `noted` gave then."""
    found = Matched([Match(*one) for one in note.get("faq", [])], commune=str(note.get("commune", "")))
    if not _surely(turn, found, words):
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
    elif is_phone(words):
        turn.say("general.phone")
    elif turn.digits:
        turn.say("general.no_question")
    elif _says_nothing(turn, words):
        if not turn.said:  # a number of an identity card alone has had its answer
            turn.say("general.hint")
    elif legal_fork(words):
        report.begin(turn, kind="feedback", category="policy", words=words)
    else:
        _offer(turn, words)


def _slip(turn: Turn) -> bool:
    """Beside an open choice: a number that is not there, a word or two, a name of a place, a sign.

    What may be asked next is no question that waits for an answer: only a number can have been meant for it.
    """
    said = len(syllables(turn.text))
    if turn.story == "faq" and turn.step == "more":
        return turn.digits
    return turn.typed and (turn.digits or said < SHORT or places.named(turn) or (said == SHORT and not _near(turn)))


def _says_nothing(turn: Turn, words: str) -> bool:
    """Nothing typed, a sign, an unknown /command, or one word that no entry knows or that may be many words."""
    said = syllables(words)
    if not said or turn.heard.kind == "unsupported" or (words.startswith("/") and " " not in words):
        return True
    return len(said) == 1 and (_many_words(words) or not _near(turn))


def _many_words(one: str) -> bool:
    """A bare syllable ("dung", "da", "xong") is any of several words; "đất" and "bhyt" are one."""
    said = read_words(one[:200])
    return len(said) == 1 and is_syllable(said[0].folded) and not has_marks(said[0])


def _media(turn: Turn) -> None:
    if files.any_sent(turn):
        report.offer_media(turn)
    else:
        turn.say("general.sticker")


def _near(turn: Turn) -> list[tuple[str, str]]:
    """The nearest three: an announcement at most, then entries that this person may get."""
    found = turn.matched
    news = telling.headlines(turn, found.news.numbers[:1]) if not found.news.sure else []
    return [*news, *_near_entries(turn, found.faq, found.commune)][:MOST_NEAR]


def _near_entries(turn: Turn, matches: Sequence[Match], commune: str) -> list[tuple[str, str]]:
    near = [turn.know.faq.entry(one.id, commune) for one in matches[:MOST_NEAR] if one.score >= WORTH_OFFERING]
    return [(entry.id, entry.question) for entry in near if entry]


def _offer(turn: Turn, words: str) -> None:
    waiting = offer.asked(turn)
    if waiting:
        _ask_whose(turn, words, waiting[1].code)
        return
    options = _near(turn)
    if not legal_fork(words):  # what may be a denunciation is kept nowhere
        nearest = _near_entries(turn, turn.matched.faq[:1], turn.matched.commune)
        unanswered.keep(turn.tx, words, turn.home(), nearest[0][0] if nearest else "", asked(words).subject)
    if options:
        told = [] if report.EXPLAINED in dict(options) else [("report", turn.words("faq.report"))]
        options = [*options, ("person", turn.words("faq.person")), *told]
        text = turn.words("faq.unsure")
    else:
        options = [("person", turn.words("faq.ask_person")), ("report", turn.words("faq.report"))]
        text = turn.words("faq.nothing")
    if danger_level(words) is Danger.POSSIBLE:
        turn.say("safety.short")
    commune = turn.matched.commune
    turn.ask("faq", "offered", text, options, no="person", words=words[:LONGEST], commune=commune)


def _ask_whose(turn: Turn, words: str, code: str) -> None:
    """An official has asked them something: what they type now is most likely the answer."""
    options = [("answer", turn.words("faq.to_official")), ("person", turn.words("faq.other_question")),
               ("report", turn.words("faq.report"))]  # fmt: skip
    text = turn.words("faq.waited_for", code=code)
    turn.ask("faq", "offered", text, options, yes="answer", no="person", words=words[:LONGEST])


def goes_on(turn: Turn) -> bool:
    """One of those offered, or a person."""
    taken = "person" if syllables(turn.text[:200])[:3] == _PERSON else turn.chosen()
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
        telling.entry(turn, taken, str(turn.data.get("commune", "")) or turn.home())
    return True


def leave(turn: Turn) -> None:
    """0: none of these."""
    turn.end()
    turn.say("general.left")
