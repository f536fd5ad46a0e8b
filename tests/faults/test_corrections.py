"""A correction that is issued while its original is still going out: who knows the one knows the other, after it."""

from collections.abc import Iterable
from typing import Any

from handlers import corrections
from storage import Transaction, announcements
from storage.announcements import Announcement
from tests.bench import world as process
from tests.stage import COMMUNE, Deployment, Opened, until

CROWD = 240
TITLE = "Mai cúp điện bản Tâu"


async def correct(deployment: Deployment, original: Announcement) -> None:
    """The official presses the button and sends what is proposed."""
    _, minh = await deployment.officials()

    def begin(tx: Transaction) -> Announcement:
        row = announcements.of(tx, original.id or 0)
        assert row is not None
        return corrections.draft(tx, row, minh, "correction", deployment.context.know)

    row = await deployment.write(begin)
    assert await deployment.publish(row, minh)


def heard(sends: Iterable[dict[str, Any]], start: str) -> dict[str, list[int]]:
    """Chat → when (in order of arrival) it was told something that begins like this."""
    found: dict[str, list[int]] = {}
    for one in sends:
        if one["text"].startswith(start):
            found.setdefault(one["chat"], []).append(one["n"])
    return found


async def test_a_correction_while_the_original_is_still_going_out(opened: Opened) -> None:
    await opened.world.control("telegram", "settings", open_chats=True, log_sends=True)
    database = process.opened(opened.settings().model_dump() | {"database_url": opened.database_url})
    process.populate(database, "telegram", CROWD, COMMUNE)
    database.close()

    async with opened(telegram_per_second=60) as deployment:

        async def sends() -> list[dict[str, Any]]:
            return list((await opened.world.look("telegram", "sends"))["sends"])

        async def some() -> bool:
            return len(heard(await sends(), TITLE)) > CROWD // 4

        original = await deployment.announce(TITLE)
        await until(some)
        await correct(deployment, original)
        await deployment.quiet()
        first, second = heard(await sends(), TITLE), heard(await sends(), f"Đính chính: {TITLE}")
    assert CROWD // 4 < len(first) < CROWD, "the rest was stopped"
    assert set(second) == set(first)
    assert all(len(times) == 1 for times in [*first.values(), *second.values()])
    assert all(first[chat] < second[chat] for chat in first)
