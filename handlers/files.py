"""Files that come with what citizens say: wanted now, fetched after the commit."""

from handlers.turn import Turn
from storage import media


def any_sent(turn: Turn) -> bool:
    """Whether they sent a file. A sticker is a smile, not a file."""
    return any(one.kind != "sticker" for one in turn.heard.attached)


def keep(turn: Turn) -> list[int]:
    """Ask for every file of this turn; the ids of their rows."""
    wanted = [one for one in turn.heard.attached if one.kind != "sticker"]
    rows = [media.want(turn.tx, turn.account.id or 0, one.kind, one.ref, one.mime, one.seconds) for one in wanted]
    return [row.id or 0 for row in rows]
