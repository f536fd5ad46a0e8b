"""Fetching citizens' files: bounded in memory, and nothing stays of what its sender dropped meanwhile."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.chores import FETCHED_AT_ONCE, Chores
from bot.fetch import Fetched
from bot.fleet import Running
from bot.gateways.source_system import NoSource
from storage import accounts, media
from storage.announcements import Announcement
from storage.outbox import Delivery
from tests.bot.console.world import World

PDF = b"%PDF-1.7 a letter"


class Far:
    """The other side of the fetcher: counts how many are under way at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.meanwhile: Any = None

    async def get(self, url: str, kinds: Collection[str], limit_bytes: int) -> Fetched:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        if self.meanwhile:
            await self.meanwhile()
        self.now -= 1
        return Fetched(PDF + url.encode(), "application/pdf")


class Names:
    """A channel whose references are addresses."""

    async def media_url(self, ref: str) -> str:
        return ref


async def chores(world: World, far: Far, files: int) -> Chores:
    """The clock's jobs in a world where so many files are wanted."""

    def want(tx: Any) -> accounts.Account:
        row = accounts.named(tx, "zalo_oa")
        assert row is not None
        for number in range(files):
            media.want(tx, row.id or 0, "file", f"https://f.zdn.vn/{number}", "", 0)
        return row

    row = await world.work.write(want)
    world.context.fleet.running[row.id or 0] = Running(row, Names())  # type: ignore[arg-type]
    context = world.context
    return Chores(world.work, context.know, context.store, far, context.fleet, NoSource(), 1 << 20, 1, context.now)  # type: ignore[arg-type]


async def test_a_few_files_at_a_time_are_held_in_memory(world: World) -> None:
    far = Far()
    await (await chores(world, far, 12)).fetch_media()
    assert far.most == FETCHED_AT_ONCE
    with world.work.database.reading() as tx:
        assert media.wanted(tx) == []


async def test_a_file_dropped_on_its_way_does_not_stay_on_disk(world: World, tmp_path: Path) -> None:
    far = Far()
    jobs = await chores(world, far, 1)

    async def drop() -> None:
        await world.work.write(lambda tx: media.drop(tx, media.wanted(tx)[0].id or 0))

    far.meanwhile = drop
    await jobs.fetch_media()
    assert [one for one in (tmp_path / "media").rglob("*") if one.is_file()] == []


async def test_deliveries_are_folded_when_they_are_old_enough_and_all_of_them(world: World) -> None:
    day = 24 * 3_600_000

    def written(tx: Any) -> None:
        for days_ago in (59, 61):
            at = tx.now - days_ago * day
            row = tx.add(Announcement(code=f"A{days_ago}", commune="03349", priority="routine", title="Tin", body="",
                                      author_id=1, created_at=at, published_at=at, spread_done_at=at, valid_until=at,
                                      status="published"))  # fmt: skip
            for number in range(5):
                tx.put(Delivery(account_id=1, chat=str(number), lane=5, state="sent", due_at=at, created_at=at,
                                sent_at=at, announcement_id=row.id))  # fmt: skip

    await world.work.write(written)
    context, far = world.context, Far()
    jobs = Chores(world.work, context.know, context.store, far, context.fleet, NoSource(), 1 << 20, 1, context.now,  # type: ignore[arg-type]
                  deliveries_kept_ms=60 * day)  # fmt: skip
    await jobs.fold()
    with world.work.database.reading() as tx:
        assert len(tx.session.exec(select(Delivery)).all()) == 5
        assert [row.code for row in tx.session.exec(select(Announcement)).all() if row.folded_at] == ["A61"]


@pytest.fixture
def world(tmp_path: Path) -> Any:
    one = World(tmp_path)
    yield one
    one.close()
