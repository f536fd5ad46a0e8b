"""Whether each account sends as fast as its platform allows and never faster, across a kill: the emulators count."""

import asyncio
import signal
import time
from typing import Any

from sqlalchemy import select

from bot.emulators import Emulators, emulators
from content.message import Part
from storage import Database, accounts, outbox
from storage.citizens import Address
from storage.outbox import Delivery
from tests.bench.world import fill, opened, populate, ready, running, scratch, settings_of, table_of

SECONDS = 65  # a little more than the longest window, an OA's minute
# Requests a second that the default settings allow: whole ones in Telegram's second, whose 30 less the headroom are
# 28.5, and in an OA's minute.
ALLOWED = {"telegram": 28.0, "zalo_oa": 100 / 60, "zalo_bot": 5.0}
AGAIN_SECONDS = 30
WORDS = "Ngày mai cúp điện từ 7 giờ đến 11 giờ. Bà con nhớ sạc đèn, sạc điện thoại."


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """A long queue on three platforms for `size` seconds (default 65), then kill -9, and the same once more.

    `limit_use` is the worst account's share of what its settings allow, before the kill. Violations are of all the
    time: arrivals in half-open windows, and more than one request open to a chat.
    """
    return asyncio.run(_measure(SECONDS if size is None else size, database))


async def _measure(seconds: int, database: str | None) -> dict[str, Any]:
    started = time.monotonic()
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await _set_up(world)
            settings = settings_of(world, folder, url, source_system="none")
            _queue(opened(settings), seconds)
            async with running(settings) as product:
                await asyncio.sleep(seconds)
                rss = product.rss_mib()
                before = {name: await world.look(name, "counts") for name in ALLOWED}
                await product.stop(signal.SIGKILL)
            async with running(settings, wait=False) as product:
                again = await _again(world, {name: before[name]["accepted"] for name in ALLOWED})
                await ready(product)
                await asyncio.sleep(seconds)
            after = {name: await world.look(name, "counts") for name in ALLOWED}
    told = {name: _judged(name, before[name], after[name]) for name in ALLOWED}
    return {
        "bench": "pace",
        "database": "postgresql" if database else "sqlite",
        "size": seconds,
        "seconds": round(time.monotonic() - started, 1),
        "per_s": round(sum(one["per_s"] for one in told.values()), 2),
        "rss_mib": rss,
        "repeated": sum(one["repeated"] for one in after.values()),
        "open_max": sum(one["open_max"] for one in after.values()),
        "violations": sum(one["violations"] for one in told.values()),
        "limit_use": min(one["limit_use"] for one in told.values()),
        "again_s": round(again, 1),
        "accounts": told,
    }


async def _set_up(world: Emulators) -> None:
    """Everybody takes messages; limits stay as the platforms have them."""
    await world.control("telegram", "settings", open_chats=True)
    await world.control("zalo_oa", "settings", any_user=True, echo=False, receipts=False)
    await world.control("zalo_bot", "settings", any_user=True, monthly_left=1_000_000)


def _queue(database: Database, seconds: int) -> None:
    """A message to each of more people than can be reached."""
    try:
        for channel, per_second in ALLOWED.items():
            populate(database, channel, int(per_second * seconds * 3) + 100)
            _post(database, channel)
    finally:
        database.close()


def _post(database: Database, channel: str) -> None:
    with database.transaction() as tx:
        account = next(row.id or 0 for row in accounts.every(tx) if row.channel == channel)
        letter, now = (
            outbox.write_letter(tx, channel, (Part("text", "Ngày mai cúp điện từ 7 giờ đến 11 giờ."),)),
            tx.now,
        )
    to = table_of(Address)
    people = select(to).where(to.c.account_id == account).subquery()
    with database.engine.begin() as connection:
        fill(
            connection, Delivery, people,
            letter_id=letter, account_id=account, address_id=people.c.id, chat=people.c.chat,
            lane=outbox.ROUTINE, due_at=now, created_at=now,
        )  # fmt: skip


async def _again(world: Emulators, before: dict[str, int]) -> float:
    """Seconds until every platform takes messages again after the kill."""
    started = time.monotonic()
    while time.monotonic() - started < 2 * AGAIN_SECONDS:
        now = {name: (await world.look(name, "counts"))["accepted"] for name in before}
        if all(now[name] > count for name, count in before.items()):
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - started


def _judged(name: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """One account: requests a second over the whole seconds between its first and its last before the kill."""
    by_second = {int(second): count for second, count in before["by_second"].items()}
    first, last = min(by_second) + 2, max(by_second)
    per_s = sum(count for second, count in by_second.items() if first <= second < last) / max(1, last - first)
    return {
        "allowed_per_s": round(ALLOWED[name], 3),
        "per_s": round(per_s, 3),
        "limit_use": round(per_s / ALLOWED[name], 4),
        "sent": after["accepted"],
        "refused": after["refused"],
        "violations": after["violations_total"],
        "rules": sorted({one["rule"] for one in after["violations"]}),
    }
