"""Claiming and settling: the exchange that a sender makes with the ledger, as fast as one thread can make it."""

import time
from dataclasses import dataclass, field
from typing import Any

from bot.consequences import follows
from bot.endings import Sent
from bot.exchange import Asked, Held, Settled, exchange
from bot.senders import budget_name
from storage import Database, leases
from storage.accounts import Account
from storage.front import Front
from storage.ledger import MOST, Due
from tests.bench.rows import account_named, queue, states
from tests.bench.world import opened, populate, scratch, share

SIZE = 1_000_000
LEASE_MS = 3_600_000
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Tally:
    """What was claimed: each id once, and how long each exchange took (ms)."""

    seen: set[int] = field(default_factory=set)
    repeated: int = 0
    took: list[float] = field(default_factory=list)

    def claimed(self, rows: list[Due]) -> None:
        """Note rows; a row that came before counts as repeated."""
        for row in rows:
            self.repeated += row.id in self.seen
            self.seen.add(row.id)


def run(size: int | None = None, database: str | None = None) -> dict[str, Any]:
    """`size` queued rows of one broadcast (default 1,000,000), claimed and settled as sent in batches of 100.

    Each transaction settles the batch before and claims the next, durably. Latencies are of one such exchange.
    """
    size = SIZE if size is None else size
    with scratch(database) as (folder, url):
        settings = {"data_dir": str(folder), "database_url": url, "source_system": "none",
                    "telegram_token": "7100000001:none", "telegram_base_url": NOWHERE}  # fmt: skip
        base = opened(settings)
        try:
            populate(base, "telegram", size)
            queue(base, ["telegram"])
            tally, seconds = _drained(base, account_named(base, "telegram"))
            ended = states(base)
        finally:
            base.close()
    return {
        "bench": "claim",
        "database": "postgresql" if database else "sqlite",
        "size": size,
        "seconds": round(seconds, 2),
        "per_s": round(size / seconds),
        "p50_ms": round(share(tally.took, 0.5), 2),
        "p99_ms": round(share(tally.took, 0.99), 2),
        "lost": size - ended.get("sent", 0),
        "repeated": tally.repeated,
        "batch": MOST,
    }


def _drained(database: Database, account: Account) -> tuple[Tally, float]:
    """Exchange until nothing comes any more; seconds from the first to the last."""
    tally, held, front = Tally(), _leased(database, account), Front()
    started = time.perf_counter()
    done: list[Settled] = []
    while True:
        begun = time.perf_counter()
        # The chats of the batch before stand for those that a sender has in flight.
        busy = [one.row.chat for one in done]
        asked = Asked(account, held, done, calls=len(done), room=MOST, busy=busy, front=front)
        with database.transaction() as tx:
            got = exchange(tx, asked)
        tally.took.append((time.perf_counter() - begun) * 1000)
        if not got.rows and not done:
            return tally, time.perf_counter() - started
        tally.claimed(got.rows)
        done = [_sent(row) for row in got.rows]


def _leased(database: Database, account: Account) -> Held:
    name = budget_name(account)
    with database.transaction() as tx:
        epoch = leases.take(tx, name, "bench", LEASE_MS)
    assert epoch is not None  # nobody else works on this database
    return Held(name, epoch)


def _sent(row: Due) -> Settled:
    """What a sender writes of a message that a platform took."""
    row.message_id = str(row.id)
    ending = Sent(row.message_id)
    return Settled(row, follows(row, ending), ending)
