"""Files that come with what citizens say: wanted now, fetched after the commit."""

from handlers.turn import Turn
from storage import media

MOST = 20  # files that come with a report, and as many that are added to it later


def any_sent(turn: Turn) -> bool:
    """Whether they sent a file. A sticker is a smile, not a file."""
    return any(one.kind != "sticker" for one in turn.heard.attached)


def keep(turn: Turn, already: int = 0) -> list[int]:
    """Ask for the files of this turn; the ids of their rows. What is beyond a report's room is not asked for."""
    sent = [one for one in turn.heard.attached if one.kind != "sticker"]
    wanted = sent[: max(0, MOST - already)]
    if len(wanted) < len(sent):
        turn.say("report.too_many", most=MOST)
    rows = [media.want(turn.tx, turn.account.id or 0, one.kind, one.ref, one.mime, one.seconds) for one in wanted]
    return [row.id or 0 for row in rows]


def add_to(turn: Turn, report_id: int) -> None:
    """The files of this turn belong to a report that is filed already; as many again as it could hold."""
    media.attach(turn.tx, keep(turn, len(media.of_report(turn.tx, report_id)) - MOST), report_id)
