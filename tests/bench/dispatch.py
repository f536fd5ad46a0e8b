"""How many messages a second leave with the full ledger behind them, beside what other clients manage without one."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from bot.emulators import Emulators, emulators
from bot.senders import budget_name
from storage import Database, accounts
from storage.accounts import Account
from storage.leases import Lease
from tests.bench import peers
from tests.bench.rows import account_named, queue, settled
from tests.bench.world import Product, begin, opened, populate, running, scratch, settings_of, table_of

SIZE = 20_000
PATIENCE = 300.0  # seconds without a single message until a run is given up
STEADY = (0.2, 0.9)  # of all messages: the part that is timed
FREE = {"telegram_per_second": 0, "chat_gap": 0, "source_system": "none"}  # nothing limits it
SLOW_MS = 250  # a platform far away, which one sender waits for without a busy processor
BOTS = {
    f"{number}:{secrets.token_urlsafe(26)}": {"id": number, "username": f"thontin{number}_bot", "name": "Thôn Tin"}
    for number in (7100000001, 7100000002)
}
SECOND = "telegram-2"


@dataclass(frozen=True)
class Flow:
    """The steady part of a run: messages a second by the emulator's count, and what each cost the senders."""

    per_s: float
    cpu_us: float
    rss_mib: float


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """`size` messages (default 20,000) of one broadcast on Telegram, one process, no limit; peers in the same run.

    On PostgreSQL also one `worker` with one account against two with two accounts, at full speed and with a platform
    that takes `SLOW_MS` for each answer: there processors are not what limits.
    """
    return asyncio.run(_measure(SIZE if size is None else size, database))


async def _measure(size: int, database: str | None) -> dict[str, Any]:
    started = time.monotonic()
    told = await _one_process(size, database)
    if database:
        told["workers"] = {
            "full_speed": await _scaling(size // 2, database, 0),
            f"answers_after_{SLOW_MS}_ms": await _scaling(size // 4, database, SLOW_MS),
        }
    kind = "postgresql" if database else "sqlite"
    took = round(time.monotonic() - started, 1)
    return {"bench": "dispatch", "database": kind, "size": size, "seconds": took, **told}


async def _one_process(size: int, database: str | None) -> dict[str, Any]:
    with scratch(database) as (folder, url):
        async with emulators() as world:
            await world.control("telegram", "settings", open_chats=True, log_sends=True)
            others, missing = await peers.compare(
                world.addresses["telegram"], world.secrets["telegram_token"], size // 4
            )
            await world.control("telegram", "counts/reset")
            base = opened(settings := settings_of(world, folder, url, **FREE))
            try:
                populate(base, "telegram", size)
                queue(base, ["telegram"])
                before = int((await world.look("telegram", "told"))["messages"])
                async with running(settings) as product:
                    flow = await watched(world, [product], size, before)
                    ended = await settled(base, 60)
                counts = await world.look("telegram", "counts")
            finally:
                base.close()
    return {
        "per_s": flow.per_s,
        "cpu_us": flow.cpu_us,
        "rss_mib": flow.rss_mib,
        "lost": size - ended.get("sent", 0),
        "repeated": max(0, counts["accepted"] - size),
        "open_max": counts["open_max"],
        "peers": {name: one["per_s"] for name, one in others.items()},
        "peers_cpu_us": {name: one["cpu_us"] for name, one in others.items()},
        "missing": missing,
    }


async def watched(world: Emulators, products: list[Product], size: int, before: int = 0) -> Flow:
    """Follow a run until `size` messages beyond `before` arrived. Raises `RuntimeError` when nothing goes on."""
    first = await _reached(world, before + int(size * STEADY[0]))
    begun, cpu = time.perf_counter(), sum(one.cpu_s() for one in products)
    last = await _reached(world, before + int(size * STEADY[1]))
    seconds, used = time.perf_counter() - begun, sum(one.cpu_s() for one in products) - cpu
    rss = max(one.rss_mib() for one in products)
    await _reached(world, before + size)
    return Flow(round((last - first) / seconds, 1), round(used / (last - first) * 1e6), rss)


async def _reached(world: Emulators, wanted: int) -> int:
    """Wait for so many messages; how many there are then."""
    most, since = -1, time.monotonic()
    while True:
        count = int((await world.look("telegram", "told"))["messages"])
        if count >= wanted:
            return count
        if count > most:
            most, since = count, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise RuntimeError(f"the sending stopped at {count} of {wanted} messages")
        await asyncio.sleep(0.05)


async def _scaling(size: int, database: str, slow_ms: int) -> dict[str, Any]:
    """One worker and one account, then two of each; `size` messages an account."""
    one = await _workers(1, size, database, slow_ms)
    two = await _workers(2, size, database, slow_ms)
    return {"one_per_s": one.per_s, "two_per_s": two.per_s, "ratio": round(two.per_s / one.per_s, 2)}


async def _workers(count: int, size: int, database: str, slow_ms: int) -> Flow:
    with scratch(database) as (folder, url):
        async with emulators(telegram={"bots": BOTS}) as world, AsyncExitStack() as stack:
            await world.control("telegram", "settings", open_chats=True, log_sends=True)
            if slow_ms:
                await world.control("telegram", "faults", fault="slow", ms=slow_ms)
            everything = settings_of(world, folder, url, **FREE, telegram_token=next(iter(BOTS)))
            settings = {name: value for name, value in everything.items() if not name.startswith("zalo")}
            base = opened(settings)
            stack.callback(base.close)
            names = _accounts(base, world.addresses["telegram"])[:count]
            for name in names:
                populate(base, "telegram", size, name=name)
            products = [await _worker(stack, settings) for _ in names]
            await _shared_out(base, names, products)
            queue(base, names)
            flow = await watched(world, products, size * count)
            ended = await settled(base, 60)
            if ended != {"sent": size * count}:
                raise RuntimeError(f"not everything was sent: {ended}")
            return flow


async def _worker(stack: AsyncExitStack, settings: dict[str, Any]) -> Product:
    product = await begin(settings, "worker")
    stack.push_async_callback(product.stop)
    return product


def _accounts(database: Database, address: str) -> list[str]:
    """The names of two Telegram accounts; nobody needs to send to the source system here."""
    token = list(BOTS)[1]
    with database.transaction() as tx:
        accounts.suspend(tx, accounts.source_system(tx).id or 0, "nobody needs it here")
        row = Account(name=SECOND, channel="telegram", platform_id=token.partition(":")[0], base_url=address)
        accounts.add(tx, row, {"token": token, "webhook_secret": "none"})
    return ["telegram", SECOND]


async def _shared_out(database: Database, names: list[str], products: list[Product]) -> None:
    """Wait until each account is sent for by a process of its own."""
    leases = table_of(Lease)
    budgets = [budget_name(account_named(database, name)) for name in names]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with database.reading() as tx:
            owners = [row[0] for row in tx.run(leases.select().with_only_columns(leases.c.owner).where(
                leases.c.name.in_(budgets)))]  # fmt: skip
        if len(set(owners)) == len(names) == len(owners):
            return
        await asyncio.sleep(0.25)
    logs = "\n".join(one.log.read_text()[-3000:] for one in products)
    raise RuntimeError(f"{len(products)} workers did not share {len(names)} accounts:\n{logs}")
