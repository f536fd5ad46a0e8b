"""What the tests of faults share: the product as a process that dies, a stranger at its database, and who was told.

Who was told, and how often, is counted by the emulator in a process of its own, never by the product.
"""

import asyncio
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.emulators import Emulators
from storage import Database
from tests.bench import rows
from tests.bench.world import Product, begin, chat_of, opened, populate, settings_of

PATIENCE = 60.0  # seconds; a slow machine is not a failure
FREE = {"telegram_per_second": 0, "chat_gap": 0, "source_system": "none"}  # nothing limits it: no test of the pace
CREDENTIALS = {
    "telegram": ("telegram_token",),
    "zalo_oa": ("zalo_app_id", "zalo_app_secret", "zalo_oa_id", "zalo_oa_secret_key"),
    "zalo_bot": ("zalo_bot_token",),
}


@dataclass(frozen=True)
class Tally:
    """What the emulator counted. `lost`: people who were never told. `repeated`: copies beyond everybody's first;
    `thrice`: of these, beyond the second; `unmarked`: those that do not say that they are copies."""

    lost: int
    repeated: int
    thrice: int = 0
    unmarked: int = 0


@dataclass
class Stage:
    """One database, one sandbox, and the lives of the product between them."""

    world: Emulators
    settings: dict[str, Any]
    database: Database
    products: list[Product] = field(default_factory=list)

    @property
    def sender(self) -> str:
        """The command that only sends, where there is one: it starts sooner."""
        return "run" if self.database.sqlite else "worker"

    async def start(self, command: str = "") -> Product:
        """One more life. Whoever lived before is dead, so that its leases may be over as by the clock they soon are."""
        if all(one.process.returncode is not None for one in self.products):
            self.change("UPDATE lease SET until = 0")
        self.products.append(await begin(self.settings, command or self.sender))
        return self.products[-1]

    async def kill(self, product: Product) -> int:
        """SIGKILL; how many requests were open then, as the emulator says just before and just after."""
        before = (await self.told())["open"]
        product.process.send_signal(signal.SIGKILL)
        after = (await self.told())["open"]
        await product.process.wait()
        return max(before, after)

    async def unsettled(self) -> int:
        """Messages that came and that the ledger does not know of, once what was open at a kill has been answered."""
        await self.until(lambda told: told["open"] == 0)
        return (await self.told())["messages"] - self.states().get("sent", 0)

    def change(self, statement: str, **values: Any) -> None:
        """Write to the database behind the product's back."""
        with self.database.engine.begin() as connection:
            connection.execute(text(statement), values)

    def ask(self, question: str, **values: Any) -> list[Any]:
        """Rows of the database."""
        with self.database.engine.connect().execution_options(thontin_reading=True) as connection:
            return list(connection.execute(text(question), values).all())

    def people(self, size: int) -> list[str]:
        """So many citizens on Telegram, each with one routine announcement in the queue; their chats."""
        populate(self.database, "telegram", size)
        rows.queue(self.database, ["telegram"])
        self.change("UPDATE announcement SET at_night = :yes", yes=True)  # at whatever hour the tests run
        return [chat_of(number) for number in range(1, size + 1)]

    async def slow(self, ms: int, **more: Any) -> None:
        """Telegram's answers take so long."""
        await self.world.control("telegram", "faults", fault="slow", ms=ms, **more)

    async def told(self) -> dict[str, int]:
        """The emulator's count of messages, chats, chats that got two, and open requests."""
        return await self.world.look("telegram", "told")  # type: ignore[no-any-return]

    async def reached(self, name: str, wanted: int) -> None:
        """Wait until one of `told` has come that far."""
        await self.until(lambda told: told[name] >= wanted)

    async def until(self, enough: Any) -> None:
        """Wait until `told` is enough. Raises with the product's log when that never comes."""
        end = time.monotonic() + PATIENCE
        while not enough(told := await self.told()):
            assert time.monotonic() < end, f"{told} of {self.states()}\n{self.log()[-3000:]}"
            await asyncio.sleep(0.02)

    async def ended(self, seconds: float = PATIENCE) -> dict[str, int]:
        """State → rows, once every row has come to its end."""
        found = await rows.settled(self.database, seconds)
        assert set(found) <= set(rows.FINAL), f"{found}\n{self.log()[-3000:]}"
        return found

    async def tally(self, people: int) -> Tally:
        """What came of `people` who were each to be told once."""
        told, counts = await self.told(), await self.world.look("telegram", "counts")
        repeated = told["messages"] - told["chats"]
        return Tally(people - told["chats"], repeated, repeated - told["twice"], counts["repeated"])

    def states(self) -> dict[str, int]:
        """State → rows of announcements, now."""
        return rows.states(self.database)

    def log(self) -> str:
        """What all lives so far have logged."""
        return "".join(one.read_text() for one in sorted({one.log for one in self.products}))

    async def close(self) -> None:
        """Nobody survives the test."""
        for one in self.products:
            await one.stop(signal.SIGKILL)
        self.database.close()


@asynccontextmanager
async def staged(
    world: Emulators, url: str, folder: Path, channel: str = "telegram", **changed: Any
) -> AsyncIterator[Stage]:
    """A stage with one account, on `channel`. Telegram takes messages to anybody."""
    await world.control("telegram", "settings", open_chats=True, log_sends=True)
    others = {name: "" for other, names in CREDENTIALS.items() if other != channel for name in names}
    settings = settings_of(world, folder, url, **{**FREE, **others, **changed})
    stage = Stage(world, settings, opened(settings))
    try:
        yield stage
    finally:
        await stage.close()


@contextmanager
def kept_from_writing(url: str, table: str = "delivery") -> Iterator[None]:
    """A stranger holds SQLite's one lock, or PostgreSQL's lock on a table: it can be read, and not written."""
    if url.startswith("sqlite"):
        stranger = sqlite3.connect(make_url(url).database or "", isolation_level=None, timeout=10)
        try:
            stranger.execute("BEGIN IMMEDIATE")
            yield
            stranger.execute("ROLLBACK")
        finally:
            stranger.close()
        return
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
            yield
    finally:
        engine.dispose()
