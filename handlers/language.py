"""The language the bot speaks, and help, which works anywhere."""

from handlers.turn import Turn

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}


def opens(turn: Turn) -> bool:
    """Help, or another language."""
    if turn.command == "help":
        turn.say("general.help", commune=turn.place_name(turn.home()) if turn.home() else turn.words("general.nowhere"))
        return True
    if turn.command == "language":
        turn.ask("language", "which", turn.words("general.which_language"), list(LANGUAGES.items()))
        return True
    return False


def goes_on(turn: Turn) -> bool:
    """The language they chose."""
    taken = turn.chosen()
    if taken:
        turn.citizen.language = taken
        turn.tx.session.add(turn.citizen)
        turn.end()
        turn.say("general.language_kept")
    return taken is not None
