"""Danger: the numbers to call come first, before anything else the bot could say."""

from content.danger import danger
from handlers import faq, report
from handlers.turn import Turn


def opens(turn: Turn) -> bool:
    """They may be in danger. A report being written keeps its turn: it warns by itself."""
    if turn.heard.kind != "text" or turn.story == "report" or not danger(turn.text):
        return False
    options = [("tell", turn.words("safety.tell")), ("no", turn.words("safety.no"))]
    turn.ask("safety", "called", turn.words("safety.numbers"), options, words=turn.text)
    return True


def warn(turn: Turn) -> None:
    """The numbers, in the middle of another dialogue."""
    turn.say("safety.numbers")


def goes_on(turn: Turn) -> bool:
    """Tell the commune more, or it was nothing dangerous."""
    taken = turn.chosen()
    words = str(turn.data.get("words", ""))
    if taken == "tell":
        report.begin(turn, kind="scene", category="danger", words=words, danger=True)
    elif taken == "no":
        turn.end()
        faq.answer_to(turn, words)
    return taken is not None
