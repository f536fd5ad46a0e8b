"""Trying once more what was heard and could not be answered (`thontin doctor --replay`)."""

from bot import knowledge, units
from bot.config import Settings
from bot.inbound import Inbound
from bot.spool import Spool
from bot.work import Work
from storage import inbox


async def replay(settings: Settings, work: Work) -> tuple[int, int]:
    """Give every failed event one more turn: how many there were, and how many still fail.

    Answers are queued in the database; `thontin run` sends them, now or when it starts.
    """
    before = await work.read(inbox.failed_count)
    if before == 0:
        return 0, 0
    places = units.gazetteer(settings.data_dir)
    know = await work.read(lambda tx: knowledge.build(tx, knowledge.manners_of(settings), places))
    spool = Spool(settings.data_dir / "spool", work.database.vault)
    inbound = Inbound(work, know, spool, settings.webhook_seconds, lambda _account: None)
    left = before
    while await inbound.replay_failed():
        now_left = await work.read(inbox.failed_count)
        if now_left >= left:
            break
        left = now_left
    return before, await work.read(inbox.failed_count)
