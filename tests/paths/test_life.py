"""Lives and deaths of the process: kills, restarts, second starts, outages, several processes on one database."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.demo import free_port
from bot.emulators import Emulators
from bot.fleet import make_channel
from bot.fleet import opened as opened_account
from bot.tokens import DatabaseTokens
from bot.work import Work
from storage import Transaction, accounts, leases, outbox
from storage.announcements import Announcement
from storage.publishing import publish
from tests.bench import world as process
from tests.stage import COMMUNE, DAY_MS, Deployment, Opened, Phone, until

HELP = "Kênh này làm được mấy việc"
PEOPLE = 300
PER_SECOND = 150


def publishing(tx: Transaction, title: str) -> int:
    """An announcement that was decided upon, with its letter; nothing of it has been spread."""
    from content.message import Part

    row = tx.add(Announcement(code="TEST23", commune=COMMUNE, priority="routine", title=title, body="Tin.",
                              author_id=1, created_at=tx.now, valid_until=tx.now + DAY_MS, at_night=True))  # fmt: skip
    for channel in ("telegram", "zalo_oa", "zalo_bot"):
        outbox.write_letter(tx, channel, (Part("text", title),), announcement_id=row.id)
    assert publish(tx, row, 1, two_people=False)
    return row.id or 0


@pytest.fixture
def look(database_url: str) -> Iterator[Any]:
    """Asks the database from outside, as the killed process cannot."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))

    def ask() -> dict[str, int]:
        with engine.connect() as connection:
            question = "SELECT state, count(*) FROM delivery WHERE announcement_id IS NOT NULL GROUP BY state"
            return {row[0]: row[1] for row in connection.execute(text(question))}

    yield ask
    engine.dispose()


async def test_a_kill_in_the_middle_of_a_broadcast_loses_nobody(
    sandbox: Emulators, database_url: str, tmp_path: Path, look: Any
) -> None:
    settings = process.settings_of(sandbox, tmp_path, database_url, telegram_per_second=PER_SECOND, headroom=0)
    await sandbox.control("telegram", "settings", open_chats=True)
    await sandbox.control("telegram", "faults", fault="slow", ms=100)
    database = process.opened(settings)
    process.populate(database, "telegram", PEOPLE, COMMUNE)
    with database.transaction() as tx:
        publishing(tx, "Cúp điện bản Tâu sáng mai")
    database.close()

    async def accepted(wanted: int) -> bool:
        return bool((await sandbox.look("telegram", "counts"))["accepted"] >= wanted)

    async with process.running(settings) as product:
        await until(lambda: accepted(PEOPLE // 3))
        await product.stop(signal.SIGKILL)
    assert look().get("sent", 0) < PEOPLE

    async def all_sent() -> bool:
        return look() == {"sent": PEOPLE}  # type: ignore[no-any-return]

    async with process.running(settings):
        await until(all_sent, 60)
    counts = await sandbox.look("telegram", "counts")
    # What was in flight, and what 100 ms of settling can hold, may come twice; nothing else.
    assert counts["accepted"] - PEOPLE <= counts["open_max"] + PER_SECOND / 10
    assert counts["repeated"] == 0  # a copy says that it is one


async def test_a_second_run_on_the_same_file_is_refused(world: Emulators, tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "other").mkdir()
    async with process.running(process.settings_of(world, tmp_path, sqlite_url)):
        second = await process.begin(process.settings_of(world, tmp_path / "other", sqlite_url))
        assert await asyncio.wait_for(second.process.wait(), 30) == 2
    assert second.log.read_text().count("\n") == 1


async def test_the_start_survives_an_outage_of_a_platform(opened: Opened) -> None:
    dead = f"http://127.0.0.1:{free_port(0)}"
    async with opened(telegram_base_url=dead, telegram_receive="polling", source_base_url=dead) as deployment:
        assert (await deployment.get("/readyz"))[0] == 200
        await (await deployment.phone("zalo_oa")).say("trợ giúp", HELP)


async def test_a_restart_goes_on_with_the_dialogue(opened: Opened) -> None:
    async with opened() as deployment:
        phone = await deployment.phone("zalo_oa")
        await phone.say("phản ánh", "Bà con muốn báo việc gì")
    async with opened():
        await phone.say("1", "xã, phường nào")


# Polling.


@pytest.mark.parametrize("channel", ["telegram", "zalo_bot"])
async def test_a_laptop_behind_a_router_polls(opened: Opened, channel: str) -> None:
    async with opened(**{f"{channel}_receive": "polling"}) as deployment:
        phone = await deployment.phone(channel)
        await phone.follow()
        await phone.say("trợ giúp", HELP)
    async with opened(**{f"{channel}_receive": "polling"}) as deployment:
        await phone.say("trợ giúp", HELP)
        await deployment.quiet()
        assert len([one for one in await phone.texts() if HELP in one]) == 2


async def test_what_a_poll_destroyed_is_answered_by_the_next_life(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(self: object) -> int:
        raise RuntimeError("the process dies here")

    async with opened(zalo_bot_receive="polling") as deployment:
        with monkeypatch.context() as patch:
            patch.setattr("bot.inbound.Inbound.take_waiting", dies)
            phone = await deployment.phone("zalo_bot")
            await phone.do("text", text="trợ giúp")
            await until(lambda: waits(deployment))
            deployment.context.inbound._taking = asyncio.Lock()
            await deployment.context.inbound._taking.acquire()  # nor does this life's replay get to it
    async with opened(zalo_bot_receive="polling"):
        await phone.hears(HELP)


async def waits(deployment: Deployment) -> bool:
    """Whether an event is committed and has not had its turn."""
    from storage import inbox

    return bool(await deployment.read(inbox.pending))


@pytest.mark.parametrize("channel", ["telegram", "zalo_bot"])
async def test_polling_stops_rather_than_lose(opened: Opened, monkeypatch: pytest.MonkeyPatch, channel: str) -> None:
    from bot.spool import SpoolFull

    async def full(self: object, account_id: int, heard: object) -> None:
        raise SpoolFull("OSError")

    monkeypatch.setattr("bot.ears.AGAIN_SECONDS", 0.1)
    async with opened(**{f"{channel}_receive": "polling"}) as deployment:
        phone = await deployment.phone(channel)
        with monkeypatch.context() as patch:
            patch.setattr("bot.inbound.Inbound.hear", full)
            patch.setattr("bot.inbound.Inbound.keep_raw", full)
            await phone.do("text", text="trợ giúp")
            await phone.do("text", text="phản ánh")
            await asyncio.sleep(0.5)
            assert await phone.texts() == []
        await phone.hears(HELP, 0)
        await phone.hears("Bà con muốn báo việc gì", 0)


# Several processes.


@pytest.mark.postgres
async def test_two_processes_share_a_database_without_telling_anybody_twice(opened: Opened) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(opened())
        phones: list[Phone] = [await first.phone("telegram") for _ in range(12)]
        for phone in phones:
            await phone.follow()
        opened.port = free_port(0)
        second = await stack.enter_async_context(opened(telegram_receive="polling", zalo_bot_receive="polling"))
        await first.announce("Cúp điện bản Tâu sáng mai")
        await second.announce("Họp bản tối mai")
        for part in ("Cúp điện", "Họp bản"):
            for phone in phones:
                await phone.hears(part, 0)
        await first.quiet()
        for phone in phones:
            told = [one for one in await phone.texts() if "Cúp điện" in one or "Họp bản" in one]
            assert len(told) == 2


@pytest.mark.postgres
async def test_an_emergency_does_not_wait_for_whoever_spread_before(opened: Opened) -> None:
    async with opened() as first:
        phone = await first.phone("telegram")
        await phone.follow()
        await first.announce("Cúp điện bản Tâu sáng mai")
        await phone.hears("Cúp điện")
    async with opened() as second:
        began = time.monotonic()
        await second.announce("LŨ QUÉT bản Tâu", "emergency")
        await phone.hears("LŨ QUÉT")
        assert time.monotonic() - began < 5


async def test_two_processes_that_renew_a_token_make_one_renewal(opened: Opened) -> None:
    async with opened() as deployment:
        clock = deployment.clock
        works = [Work(deployment.context.work.database) for _ in range(2)]
        account = await deployment.read(lambda tx: opened_account(tx, oa(tx)))
        channels = [make_channel(account, work, clock) for work in works]
        for channel, work in zip(channels, works, strict=True):
            channel._tokens = DatabaseTokens(work, clock)  # type: ignore[attr-defined]
            await channel.start()
        before = await deployment.read(lambda tx: accounts.secrets(tx, oa(tx))["refresh_token"])
        clock.ahead += 30 * 3_600_000  # the access token lives a day
        await deployment.world.control("zalo_oa", "clock", advance_ms=30 * 3_600_000)
        found = await asyncio.gather(*(channel.check() for channel in [*channels, *channels]))
        assert all(one.ok for findings in found for one in findings)  # a used refresh token would be refused
        after = await deployment.read(lambda tx: accounts.secrets(tx, oa(tx))["refresh_token"])
        assert after != before
        for channel, work in zip(channels, works, strict=True):
            await channel.close()
            work.close()


def oa(tx: Transaction) -> accounts.Account:
    """The OA's account."""
    found = accounts.named(tx, "zalo-oa")
    assert found is not None
    return found


async def test_of_two_clocks_one_runs(deployment: Deployment) -> None:
    def take(owner: str) -> Any:
        return lambda tx: leases.take(tx, "a clock", owner, 1_000)

    taken = await asyncio.gather(*(deployment.write(take(f"process {n}")) for n in range(5)))
    assert len([one for one in taken if one]) == 1
    await asyncio.sleep(1.1)  # by the database's clock, which no test moves
    assert await deployment.write(take("somebody else")) == 2
