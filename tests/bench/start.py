"""How long `thontin run` takes from nothing to its first answer, and how much memory it has then."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from bot.emulators import Emulators, emulators
from content.faq import STARTER, load_entries
from storage import faq
from tests.bench.world import Phones, begin, median, opened, scratch, settings_of

ENTRIES = 200
STARTS = 5
CHAT = "2512523625412515"
IMPORTS = "import telegram, sqlmodel, aiohttp"


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """Start it `STARTS` times on a database that holds `size` FAQ entries (default 200); seconds are medians.

    Beside it the bare import of its three largest libraries in a fresh interpreter, in turn with the starts.
    `first_s` is the very first start, which makes the tables too.
    """
    return asyncio.run(_measure(ENTRIES if size is None else size, database))


async def _measure(size: int, database: str | None) -> dict[str, Any]:
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await world.control("zalo_oa", "settings", echo=False, receipts=False)
            now = time.time_ns() // 1_000_000
            await world.control("zalo_oa", "users", id=CHAT, name="Bà Mẩy", follower=True, last_interaction_ms=now)
            first, _ = await _start(world, folder, url)
            _entries(settings_of(world, folder, url), size)
            pairs = [(await _start(world, folder, url), _import()) for _ in range(STARTS)]
    took, rss, bare = [one[0][0] for one in pairs], [one[0][1] for one in pairs], [one[1] for one in pairs]
    return {
        "bench": "start",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(median(took), 3),
        "rss_mib": median(rss),
        "first_s": round(first, 3),
        "spread_s": [round(min(took), 3), round(max(took), 3)],
        "import_s": round(median(bare), 3),
        "times_import": round(median(took) / median(bare), 1),
        "per_s": round(1 / median(took), 3),
        "peers": {IMPORTS: round(1 / median(bare), 3)},
    }


def _entries(settings: dict[str, Any], size: int) -> None:
    """Fill the FAQ up to `size` entries; they are the starter's, under other ids."""
    ours = [entry.to_json() for entry in load_entries(STARTER)]
    base = opened(settings)
    with base.transaction() as tx:
        for number in range(len(ours), size):
            entry = ours[number % len(ours)]
            faq.put(tx, {**entry, "id": f"{entry['id']}-{number}"})
    base.close()


async def _start(world: Emulators, folder: Path, url: str) -> tuple[float, float]:
    """Seconds from starting the process to an answer on the phone, and MiB then."""
    settings = settings_of(world, folder, url)
    last = (await world.look("zalo_oa", f"users/{CHAT}/chat"))["last"]
    started = time.perf_counter()
    product = await begin(settings)
    try:
        async with aiohttp.ClientSession() as session:
            phones = Phones.of(world, product)
            while await phones.say(session, CHAT, "trợ giúp") != 200:
                if product.process.returncode is not None or time.perf_counter() - started > 60:
                    raise RuntimeError("thontin run did not start:\n" + product.log.read_text()[-3000:])
                await asyncio.sleep(0.005)
        answer = await world.look("zalo_oa", f"users/{CHAT}/chat?after={last}&wait=20")
        took = time.perf_counter() - started
        if not answer["items"]:
            raise RuntimeError("no answer came:\n" + product.log.read_text()[-3000:])
        return took, product.rss_mib()
    finally:
        await product.stop()


def _import() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - started
