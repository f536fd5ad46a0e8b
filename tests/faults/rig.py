"""One account's real sender between a real database and an emulated platform, all by clocks that a test sets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.config import load
from bot.database import open_database, wall_clock
from bot.delivery import Sender
from bot.exchange import Held
from bot.fleet import make_channel, opened
from bot.media import MediaStore
from bot.outlets import ChatOutlet
from bot.pace import Budget, Chats, Limit
from bot.work import Work
from storage import Database, Transaction, accounts, leases, ledger, progress
from tests.bench import rows
from tests.bench.world import populate, settings_of
from tests.faults.world import CREDENTIALS, FREE, Tally
from tests.stage import until


@dataclass
class Time:
    """The wall clock and the monotonic one of the product, and the emulator's: they leap together."""

    world: Any
    channel: str = "telegram"
    ahead: float = 0.0  # seconds

    def wall(self) -> int:
        """Now, ms UTC."""
        return wall_clock() + int(self.ahead * 1000)

    def ticks(self) -> float:
        """Monotonic seconds."""
        return time.monotonic() + self.ahead

    async def pass_by(self, seconds: float) -> None:
        """So much time goes by at once, at the platform and then here: nobody asks it too early."""
        await self.world.control(self.channel, "clock", advance_ms=seconds * 1000, rate=1)
        self.ahead += seconds


class Gate:
    """The only way to the platform. Closed, nobody answers there at all: connections are refused."""

    def __init__(self, to: str) -> None:
        self._host, self._port = to.removeprefix("http://").split(":")
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """Where the product finds it."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Let everybody through, at the same address as before."""
        self._server = await asyncio.start_server(self._through, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Let nobody through; what was open is cut."""
        if self._server:
            self._server.close()
        for one in list(self._open):
            one.transport.abort()
        await asyncio.sleep(0)

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, int(self._port))
        await asyncio.gather(self._pour(reader, back), self._pour(there, writer))

    async def _pour(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        self._open.add(to)
        try:
            while piece := await source.read(65_536):
                to.write(piece)
                await to.drain()
        except ConnectionError:
            return
        finally:
            self._open.discard(to)
            to.close()


@dataclass
class Rig:
    """The sender at work."""

    world: Any
    time: Time
    work: Work
    account: accounts.Account
    sender: Sender
    task: "asyncio.Task[None]" = field(repr=False)
    gate: Gate = field(repr=False)

    @property
    def database(self) -> Database:
        """The ledger's."""
        return self.work.database

    def queue(self, which: str = "1 = 1", **changed: Any) -> int:
        """One more announcement to everybody; `changed` are columns of `which` of its rows. Its id."""
        rows.queue(self.database, [self.account.name])
        with self.database.transaction() as tx:
            newest = tx.run(_text("SELECT max(id) FROM announcement")).scalar_one()
            for name, value in changed.items():
                tx.run(_text(f"UPDATE delivery SET {name} = :value WHERE announcement_id = :id AND {which}"),
                       {"value": value, "id": newest})  # fmt: skip
            tx.run(_text("UPDATE announcement SET at_night = :yes"), {"yes": True})  # at whatever hour the tests run
            if "valid_until" in changed:
                tx.run(_text("UPDATE announcement SET valid_until = :value WHERE id = :id"),
                       {"value": changed["valid_until"], "id": newest})  # fmt: skip
        self.sender.wake()
        return int(newest)

    def counts(self, number: int) -> dict[str, int]:
        """State → people of an announcement, as the official's page counts them."""
        with self.database.reading() as tx:
            return progress.counts(tx, number)

    async def ended(self, number: int, wanted: dict[str, int], seconds: float = 60.0) -> None:
        """Wait until an announcement has come to this end."""

        async def so() -> bool:
            return self.counts(number) == wanted

        try:
            await until(so, seconds)
        except TimeoutError:
            raise AssertionError(f"{self.counts(number)}, not {wanted}") from None

    async def hurried(self, number: int, wanted: dict[str, int], seconds: float = 5) -> None:
        """The same, but so many seconds pass at once, again and again."""
        end = time.monotonic() + 60
        while self.counts(number) != wanted:
            assert time.monotonic() < end, f"{self.counts(number)}, not {wanted}"
            await self.time.pass_by(seconds)
            self.sender.wake()
            await asyncio.sleep(0.3)

    def expire(self) -> int:
        """What the clock does every half minute."""
        with self.database.transaction() as tx:
            return ledger.expire(tx)

    async def platform(self) -> dict[str, Any]:
        """What the emulator counted."""
        return await self.world.look("telegram", "counts")  # type: ignore[no-any-return]

    async def fault(self, name: str, **more: Any) -> None:
        """Have the platform misbehave."""
        await self.world.control("telegram", "faults", fault=name, **more)

    async def tally(self, people: int) -> Tally:
        """What came of `people`, by the emulator's own count; of one announcement."""
        told, repeated = await self.world.look("telegram", "told"), (await self.platform())["repeated"]
        twice = told["messages"] - told["chats"]
        return Tally(people - told["chats"], twice, twice - told["twice"], repeated)


@asynccontextmanager
async def rigged(world: Any, url: str, folder: Path, people: int, per_second: float = 30.0) -> AsyncIterator[Rig]:
    """A Telegram bot with so many followers, at Telegram's own limit unless told otherwise."""
    await world.control("telegram", "settings", open_chats=True, log_sends=True)
    moment = Time(world)
    others = {name: "" for other, names in CREDENTIALS.items() if other != "telegram" for name in names}
    settings = load(_env_file=None, **settings_of(world, folder, url, **{**FREE, **others}))
    database = open_database(settings, moment.wall)
    populate(database, "telegram", people)
    work = Work(database)
    with database.transaction() as tx:
        account = next(row for row in accounts.every(tx) if row.channel == "telegram")
        epoch, known = leases.take(tx, "rig", "rig", 3_600_000), opened(tx, account)
    gate = Gate(world.addresses["telegram"])
    await gate.open()
    known = replace(known, base_url=gate.address, settings={**known.settings, "read_timeout": 0.5})
    channel = make_channel(known, work, moment.wall)
    await channel.start()
    outlet = ChatOutlet(channel, work, MediaStore(folder / "media", database.vault, ""), moment.wall)
    limit = Limit(per_second, 1.0, moment.ticks)
    sender = Sender(account, outlet, work, Budget(limit), Chats(0, 20, moment.ticks), Held("rig", epoch or 0))
    rig = Rig(world, moment, work, account, sender, asyncio.create_task(sender.run()), gate)
    try:
        yield rig
    finally:
        rig.task.cancel()
        await asyncio.gather(rig.task, return_exceptions=True)
        await channel.close()
        await gate.close()
        work.close()
        database.close()


def _text(sql: str) -> Any:
    from sqlalchemy import text

    return text(sql)


def attempts(tx: Transaction, number: int) -> int:
    """The most attempts that any row of an announcement has counted."""
    found = tx.run(_text("SELECT max(attempts) FROM delivery WHERE announcement_id = :id"), {"id": number})
    return int(found.scalar_one())
