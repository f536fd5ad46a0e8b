"""The language the bot speaks, and help, which works anywhere."""

from content.commands import command
from handlers.turn import Turn

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}


def opens(turn: Turn) -> bool:
    """Help, or another language."""
    if _wants_help(turn):
        turn.say("general.help", commune=turn.place_name(turn.home()) if turn.home() else turn.words("general.nowhere"))
        return True
    if turn.command == "language" and turn.story != "language":
        turn.ask("language", "which", turn.words("general.which_language"), list(LANGUAGES.items()))
        return True
    return False


def _wants_help(turn: Turn) -> bool:
    """Nobody is called "trợ giúp" and no place either, so it works where every other word is an answer."""
    return turn.typed and command(turn.text) == "help" and (not turn.free or len(turn.text) <= len("hướng dẫn"))


def goes_on(turn: Turn) -> bool:
    """The language they chose."""
    taken = turn.chosen()
    if taken:
        turn.citizen.language = taken
        turn.tx.session.add(turn.citizen)
        turn.end()
        turn.say("general.language_kept")
    return taken is not None


def leave(turn: Turn) -> None:
    """0: the language stays as it is."""
    turn.end()
    turn.say("general.left")
