"""Danger: the numbers to call come first, before anything else the bot could say."""

from content.danger import danger
from content.vietnamese import fold, syllables
from handlers import faq, files, places, report
from handlers.turn import Turn

_SAFE = (["an", "toan"], ["an", "toan", "roi"], ["khong", "sao"], ["on", "roi"])


def opens(turn: Turn) -> bool:
    """They may be in danger. A report being written keeps its turn: it warns by itself."""
    return not report.writing(turn) and alarms(turn)


def alarms(turn: Turn) -> bool:
    """The numbers, if what they wrote looks like danger."""
    if turn.heard.kind not in ("text", "media") or not danger(turn.text):
        return False
    options = [("tell", turn.words("safety.tell")), ("no", turn.words("safety.no"))]
    text, kept = turn.words("safety.numbers"), files.keep(turn)
    turn.ask("safety", "called", text, options, yes="tell", no="no", words=turn.text, files=kept, found=faq.noted(turn))
    return True


def warn(turn: Turn) -> None:
    """The numbers, in the middle of another dialogue."""
    turn.say("safety.numbers")


def goes_on(turn: Turn) -> bool:
    """Tell the commune more, or it was nothing dangerous. Whatever else they say is part of what they tell."""
    taken = "no" if _is_safe(turn) else turn.chosen()
    words, kept = str(turn.data.get("words", "")), turn.data.get("files", [])
    if taken == "tell":
        report.begin(turn, kind="scene", category="danger", words=words, files=kept, danger=True)
    elif taken == "no":
        found = turn.data.get("found", {})
        turn.end()
        faq.answer_to(turn, words, found)
    elif turn.heard.kind in ("media", "place") or len(syllables(turn.text)) > 2 or places.named(turn):
        return _tells(turn, words, kept)
    return taken is not None


def _is_safe(turn: Turn) -> bool:
    """They are safe; "An Toàn", or those words from somebody of that commune, say where they are."""
    said = syllables(turn.text)
    place = turn.text.istitle() or " ".join(said) in fold(turn.place_name(turn.home()))
    return said in _SAFE and not place


def _tells(turn: Turn, words: str, kept: list[int]) -> bool:
    """They go on telling instead of choosing: people in danger do not read menus."""
    if turn.command:
        return False
    data = {"kind": "scene", "category": "danger", "danger": True, "words": words, "files": kept}
    report.begin_with(turn, **data)
    return True


def leave(turn: Turn) -> None:
    """0: nothing more to tell."""
    turn.end()
    turn.say("general.left")
