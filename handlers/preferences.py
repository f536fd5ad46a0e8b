"""What one wants of a followed commune: hamlet, topics, the list of places and leaving one of them."""

from collections.abc import Callable

from content.commands import yes_no
from content.topics import GROUPS
from handlers import commune
from handlers.turn import Turn
from storage import citizens

LONGEST_HAMLET = 80
MOST_PLACES = 4


def ask_hamlet(turn: Turn, code: str) -> None:
    """The hamlet within a commune, for those who want its own news too."""
    turn.ask("commune", "hamlet", turn.words("commune.which_hamlet"), free=True, commune=code)


def _hamlet(turn: Turn) -> bool:
    if not turn.typed:
        return False
    if yes_no(turn.text) is False:
        turn.end()
        turn.say("commune.no_hamlet")
        return True
    hamlet = " ".join(turn.text.split())[:LONGEST_HAMLET]
    for one in citizens.follows(turn.tx, turn.citizen.id or 0):
        if one.commune == turn.data["commune"]:
            citizens.live_in(turn.tx, one, hamlet)
    turn.end()
    turn.say("commune.hamlet_kept", hamlet=hamlet)
    return True


def ask_topics(turn: Turn) -> None:
    """Which kinds of news; emergencies always come."""
    options = [("all", turn.words("commune.all_topics")), *((label, label) for label in GROUPS)]
    turn.ask("commune", "topics", turn.words("commune.which_topics"), options)


def _topics(turn: Turn) -> bool:
    """One or several numbers ("2 4"), or the words of one kind."""
    ids = turn.state["ids"]
    numbers = [int(one) for one in turn.text.replace(",", " ").split() if one.isdecimal()] if turn.digits else []
    taken = [ids[one - 1] for one in numbers if 0 < one <= len(ids)]
    taken = taken or [one for one in [turn.chosen()] if one]
    if not taken:
        return False
    labels = [turn.words("commune.all_topics")] if "all" in taken else list(dict.fromkeys(taken))
    topics = "" if "all" in taken else ",".join(topic for one in labels for topic in GROUPS[one])
    for one in citizens.follows(turn.tx, turn.citizen.id or 0):
        one.topics = topics
        turn.tx.session.add(one)
    turn.end()
    turn.say("commune.topics_kept", topics="; ".join(labels))
    return True


def show_places(turn: Turn) -> None:
    """What they follow, each with the way out of it."""
    followed = citizens.follows(turn.tx, turn.citizen.id or 0)[:MOST_PLACES]
    options = [(one.commune, turn.words("commune.leave", commune=turn.place_name(one.commune))) for one in followed]
    options.append(("more", turn.words("commune.more")))
    turn.ask("commune", "places", turn.words("commune.places"), options)


def _places(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "more":
        commune.ask_which(turn)
    elif taken:
        citizens.unfollow(turn.tx, turn.citizen.id or 0, taken)
        turn.end()
        turn.say("commune.left", commune=turn.place_name(taken))
    return taken is not None


STEPS: dict[str, Callable[[Turn], bool]] = {"hamlet": _hamlet, "topics": _topics, "places": _places}
