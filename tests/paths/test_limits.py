"""The platforms' limits as the emulators count them, by arrival, also across a restart."""

from pathlib import Path

from bot.emulators import Emulators
from storage import Database
from tests.bench import world as process
from tests.paths.test_life import publishing
from tests.stage import COMMUNE, until

AUDIENCE = {"telegram": 110, "zalo_bot": 18, "zalo_oa": 6}  # about four seconds of each at its own limit


async def test_no_limit_is_exceeded_also_across_a_restart(
    sandbox: Emulators, database_url: str, tmp_path: Path
) -> None:
    settings = process.settings_of(sandbox, tmp_path, database_url)
    await sandbox.control("telegram", "settings", open_chats=True)
    for channel in ("zalo_oa", "zalo_bot"):
        await sandbox.control(channel, "settings", any_user=True)
    fill(process.opened(settings))

    async def accepted(channel: str) -> int:
        return int((await sandbox.look(channel, "counts"))["accepted"])

    async def half() -> bool:
        return await accepted("telegram") > AUDIENCE["telegram"] / 2

    async def whole() -> bool:
        return all([await accepted(channel) >= wanted for channel, wanted in AUDIENCE.items()])

    async with process.running(settings):
        await until(half, 60)
    async with process.running(settings):
        await until(whole, 90)
    for channel, wanted in AUDIENCE.items():
        counts = await sandbox.look(channel, "counts")
        assert counts["violations"] == [], channel
        assert counts["accepted"] == wanted  # a stop in order repeats nothing
        assert counts["repeated"] == 0


def fill(database: Database) -> None:
    """An audience on each platform and an announcement to all of it."""
    for channel, size in AUDIENCE.items():
        process.populate(database, channel, size, COMMUNE)
    with database.transaction() as tx:
        publishing(tx, "Cúp điện bản Tâu sáng mai")
    database.close()
