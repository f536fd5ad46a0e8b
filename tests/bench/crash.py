"""kill -9 in the middle of a broadcast, twenty times: who was never told, who was told twice, how soon it goes on."""

import asyncio
import random
import signal
import time
from typing import Any

from bot.emulators import Emulators, emulators
from storage import Database
from tests.bench.dispatch import FREE
from tests.bench.rows import FINAL, queue, settled
from tests.bench.world import Product, begin, opened, populate, scratch, settings_of

SIZE = 100_000
KILLS = 20
SLOW_MS = 50  # Telegram's answer takes so long, so that requests are open when the process dies
PATIENCE = 120.0  # seconds without a message until the run is given up


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """One broadcast to `size` people (default 100,000) at full speed, `KILLS` times killed and started again.

    `lost`: people who were never told, and rows without an end. `repeated`: copies beyond the first, as the emulator
    counts them; `open_at_kills` how many requests were open when it was killed, of which all may be repeated;
    `again_s` from a kill to the next message that arrives.
    """
    return asyncio.run(_measure(SIZE if size is None else size, database))


async def _measure(size: int, database: str | None) -> dict[str, Any]:
    started = time.monotonic()
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await world.control("telegram", "settings", open_chats=True, log_sends=True)
            await world.control("telegram", "faults", fault="slow", ms=SLOW_MS)
            base = opened(settings := settings_of(world, folder, url, **FREE))
            try:
                populate(base, "telegram", size)
                queue(base, ["telegram"])
                told = await _killed(world, base, settings, size)
            finally:
                base.close()
            counts, reached = await world.look("telegram", "counts"), await world.look("telegram", "told")
    return {
        "bench": "crash",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(time.monotonic() - started, 1),
        "lost": size - reached["chats"] + told.pop("open_rows"),
        "repeated": reached["messages"] - reached["chats"],
        "open_max": counts["open_max"],
        "kills": KILLS,
        "unmarked": counts["repeated"],
        **told,
    }


async def _killed(world: Emulators, database: Database, settings: dict[str, Any], size: int) -> dict[str, Any]:
    """Kill it after random shares of all messages, then let it end; what that showed."""
    dice = random.Random(53)
    moments = sorted(int(dice.uniform(0.02, 0.95) * size) for _ in range(KILLS))
    again, open_ = list[float](), list[int]()
    product = await begin(settings)
    try:
        for moment in moments:
            await _reached(world, product, moment)
            await asyncio.sleep(dice.uniform(0, 0.2))
            killed = time.monotonic()
            open_.append(await _kill(world, product))
            product = await begin(settings)
            await asyncio.sleep(2 * SLOW_MS / 1000)  # what was open has been answered
            before = (await world.look("telegram", "told"))["messages"]
            await _reached(world, product, before + 1)
            again.append(round(time.monotonic() - killed, 2))
        ended = await settled(database, PATIENCE + size / 500)
        rss = product.rss_mib(peak=True)
    finally:
        await product.stop()
    return {
        "rss_mib": rss,
        "open_rows": sum(count for state, count in ended.items() if state not in FINAL),
        "open_at_kills": {"sum": sum(open_), "most": max(open_)},
        "again_s": {"median": sorted(again)[KILLS // 2], "most": max(again)},
        "states": ended,
    }


async def _kill(world: Emulators, product: Product) -> int:
    """Kill -9; how many requests were open then, as the emulator says just before and just after."""
    before = int((await world.look("telegram", "told"))["open"])
    product.process.send_signal(signal.SIGKILL)
    after = int((await world.look("telegram", "told"))["open"])
    await product.process.wait()
    return max(before, after)


async def _reached(world: Emulators, product: Product, wanted: int) -> None:
    """Wait for so many messages. Raises `RuntimeError` when nothing goes on."""
    most, since = -1, time.monotonic()
    while (count := (await world.look("telegram", "told"))["messages"]) < wanted:
        if count > most:
            most, since = count, time.monotonic()
        if product.process.returncode is not None or time.monotonic() - since > PATIENCE:
            raise RuntimeError(f"the sending stopped at {count}:\n" + product.log.read_text()[-3000:])
        await asyncio.sleep(0.02)
