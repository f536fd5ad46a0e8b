"""Several senders on one PostgreSQL: one is killed, or two are called the same."""

import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.emulators import Emulators
from bot.service import working
from storage import accounts, leases, progress
from tests.bench import rows
from tests.bench.world import populate
from tests.faults.world import Stage, staged
from tests.stage import Opened, until

pytestmark = pytest.mark.postgres
PEOPLE, PER_SECOND = 150, 30
AGAIN_SECONDS = 30.0  # how long after a death somebody else sends for its accounts


async def test_when_a_worker_is_killed_another_takes_over_and_nobody_is_lost(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: what was in flight or not settled. The platform's limit holds across the takeover."""
    async with staged(sandbox, database_url, tmp_path, telegram_per_second=PER_SECOND, headroom=0) as stage:
        stage.people(PEOPLE)
        await stage.slow(100)
        workers = [await stage.start(), await stage.start()]
        await stage.reached("messages", PEOPLE // 3)
        sends, waits = sorted(workers, key=lambda one: one.process.pid != holder(stage))
        open_, killed = await stage.kill(sends), time.monotonic()
        unsettled, before = await stage.unsettled(), (await stage.told())["messages"]
        await stage.reached("messages", before + 1)
        again = time.monotonic() - killed
        ended, tally = await stage.ended(), await stage.tally(PEOPLE)
        violations = (await sandbox.look("telegram", "counts"))["violations"]
        assert (holder(stage), waits.process.returncode) == (waits.process.pid, None)
    print(f"\n{tally}, rows {ended}, {open_} open at the kill, again after {again:.1f} s")
    assert again <= AGAIN_SECONDS
    assert ended == {"sent": PEOPLE}
    assert (tally.lost, tally.thrice, tally.unmarked) == (0, 0, 0)
    assert tally.repeated <= unsettled
    assert violations == []


def holder(stage: Stage) -> int:
    """The process that holds Telegram's budget."""
    [(number,)] = stage.ask("SELECT id FROM account WHERE channel = 'telegram'")
    [(owner,)] = stage.ask("SELECT owner FROM lease WHERE name = :name", name=f"budget {number}")
    return int(owner.split(":")[1])


async def test_two_workers_of_the_same_name_are_two(opened: Opened) -> None:
    """Lost: nobody. Repeated: nothing. As of two containers, the host's name and the process's number are equal."""
    settings = opened.settings(telegram_per_second=PER_SECOND, headroom=0, source_system="none")
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    async with AsyncExitStack() as stack:
        fleets = [await stack.enter_async_context(working(settings, opened.clock)) for _ in range(2)]
        database = fleets[0]._work.database
        populate(database, "telegram", PEOPLE)
        rows.queue(database, ["telegram"])
        with database.transaction() as tx:
            tx.run(_text("UPDATE announcement SET at_night = true"))
            number = next(one.id for one in accounts.every(tx) if one.channel == "telegram")

        async def all_sent() -> bool:
            with database.reading() as tx:
                return progress.counts(tx, 1) == {"sent": PEOPLE}

        await until(all_sent, 60)
        told, counts = [await opened.world.look("telegram", name) for name in ("told", "counts")]
        with database.reading() as tx:
            owners = set(tx.run(_text("SELECT owner FROM lease WHERE name LIKE 'process %'")).scalars())
            held = tx.session.get_one(leases.Lease, f"budget {number}").owner
    assert {owner.rpartition(":")[0] for owner in owners} == {held.rpartition(":")[0]}
    assert str(os.getpid()) in held
    assert len(owners) == 2
    assert told == {"messages": PEOPLE, "chats": PEOPLE, "twice": 0, "open": 0}
    assert (counts["violations"], counts["repeated"]) == ([], 0)


def _text(sql: str) -> Any:
    from sqlalchemy import text

    return text(sql)
