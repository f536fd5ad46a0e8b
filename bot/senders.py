"""Senders: which budgets this process sends for, under which lease, and the one sender of each account."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.channels.base import Channel
from bot.config import Settings
from bot.delivery import Sender
from bot.exchange import Held
from bot.outlets import Outlet
from bot.pace import Budget, Chats, Limit
from bot.work import Turn, Work
from storage import Transaction, accounts, calls, leases, takeover

log = structlog.get_logger()
LEASE_MS = 20_000
PROCESS = "process "  # leases that say which processes are alive
SOURCE_PER_SECOND = 5.0
TELEGRAM_GROUP_PER_MINUTE = 20


def budget_name(row: accounts.Account) -> str:
    """What is leased as one: all OAs of a Zalo app share the app's limit; any other account stands alone."""
    return f"budget app {row.app_id}" if row.channel == "zalo_oa" and row.app_id else f"budget {row.id}"


@dataclass
class Leased:
    """A budget that is ours: its lease, the limit that its accounts share, and their senders."""

    held: Held
    shared: list[Limit]
    senders: dict[int, tuple[Sender, asyncio.Task[None]]] = field(default_factory=dict)


class Senders:
    """Keeps one sender for each active account whose budget is leased by this process."""

    def __init__(
        self, settings: Settings, work: Work, owner: str, outlet: Callable[[accounts.Account], Outlet | None]
    ) -> None:
        self._settings, self._work, self.owner, self._outlet = settings, work, owner, outlet
        self._leased: dict[str, Leased] = {}

    def wake(self, account_id: int = 0, urgent: bool = False) -> bool:
        """Something may be due for an account (0: for any); whether its sender is here."""
        found = [one for one in self._all() if account_id in (0, one.account.id)]
        for one in found:
            one.wake(urgent)
        return bool(found)

    def rate(self, account_id: int) -> float:
        """Messages a second that an account may send; 0 without a limit or where another process sends."""
        return next((one.budget.own.per_second for one in self._all() if one.account.id == account_id), 0.0)

    def _all(self) -> list[Sender]:
        return [sender for leased in self._leased.values() for sender, _ in leased.senders.values()]

    async def follow(self, rows: list[accounts.Account]) -> None:
        """Send for these active accounts, as far as their budgets are ours; stop the others."""
        budgets: dict[str, list[accounts.Account]] = {}
        for row in rows:
            budgets.setdefault(budget_name(row), []).append(row)
        await self._give_up(set(budgets))
        await self._prolong()
        share = await self._share(len(budgets))
        for name, members in budgets.items():
            try:
                await self._lease(name, members, share)
            except Exception:  # one budget's trouble is not the others'
                log.exception("a budget cannot be followed", budget=name)

    async def stop(self, account_id: int) -> None:
        """End one account's sender: its channel is about to be closed."""
        for leased in self._leased.values():
            if account_id in leased.senders:
                await _ended(leased.senders.pop(account_id))

    async def close(self) -> None:
        """Stop everything and give the budgets back."""
        await asyncio.gather(*(self._release(name) for name in list(self._leased)))
        if not self._work.database.sqlite:
            await self._work.write(lambda tx: leases.leave(tx, PROCESS, self.owner), Turn.SETTLE)

    async def _give_up(self, wanted: set[str]) -> None:
        for name in set(self._leased) - wanted:
            await self._release(name)

    async def _share(self, budgets: int) -> int:
        """How many budgets one process takes while all are alive: nobody hoards what others could send."""
        if self._work.database.sqlite:
            return budgets
        alive = await self._work.write(lambda tx: leases.census(tx, PROCESS, self.owner, LEASE_MS), Turn.SETTLE)
        return -(-budgets // alive)

    async def _prolong(self) -> None:
        """Keep what is ours, and drop at once what another process has taken. On SQLite there is no other process."""
        if self._work.database.sqlite or not self._leased:
            return
        asked, names = time.monotonic(), list(self._leased)
        mine = await self._work.write(lambda tx: leases.prolong(tx, names, self.owner, LEASE_MS), Turn.SETTLE)
        for name in names:
            if mine.get(name) == self._leased[name].held.epoch:
                self._leased[name].held.until = asked + LEASE_MS / 1000
            else:
                await self._drop(name)

    async def _lease(self, name: str, members: list[accounts.Account], share: int) -> None:
        """Take one budget if nobody has it, and adjust its senders; give back what others should send."""
        ours = name in self._leased
        if ours and len(self._leased) > share:
            await self._release(name)
            return
        if not ours and len(self._leased) < share:
            await self._take(name, members)
        if name in self._leased:
            await self._adjust(self._leased[name], members)

    async def _take(self, name: str, members: list[accounts.Account]) -> None:
        asked, alone = time.monotonic(), self._work.database.sqlite
        epoch = await self._work.write(lambda tx: leases.take(tx, name, self.owner, LEASE_MS, alone), Turn.SETTLE)
        if epoch is not None:
            until = float("inf") if alone else asked + LEASE_MS / 1000
            self._leased[name] = await self._take_over(Held(name, epoch, until), members)

    async def _take_over(self, held: Held, members: list[accounts.Account]) -> Leased:
        """Count what the earlier holder may have sent against the limits, then give back what it had claimed."""
        shared = self._shared(members)
        await self._give_back(members)
        for limit in shared:
            for row in members:
                limit.seed(await self._ages(row.id or 0, limit))
        return Leased(held, shared)

    async def _give_back(self, members: list[accounts.Account]) -> None:
        numbers = [row.id or 0 for row in members]
        await self._work.write(lambda tx: _given_back(tx, numbers), Turn.SETTLE)

    async def _ages(self, account_id: int, limit: Limit) -> list[float]:
        window = int(limit.window * 1000)
        made, now = await self._work.read(lambda tx: (calls.since(tx, account_id, tx.now - window), tx.now))
        return [max(0.0, (now - at) / 1000) for at in made]

    def _shared(self, members: list[accounts.Account]) -> list[Limit]:
        if members[0].channel == "zalo_oa" and members[0].app_id:
            return [Limit(self._settings.zalo_app_per_minute, 60.0)]
        return []

    async def _adjust(self, leased: Leased, members: list[accounts.Account]) -> None:
        wanted = {row.id or 0: row for row in members}
        for number, pair in list(leased.senders.items()):
            if number not in wanted or pair[1].done():
                await _ended(leased.senders.pop(number))
        for number, row in wanted.items():
            if number in leased.senders:
                leased.senders[number][0].account = row
            elif (outlet := self._outlet(row)) is not None:
                await self._begin(leased, row, outlet)

    async def _begin(self, leased: Leased, row: accounts.Account, outlet: Outlet) -> None:
        await self._give_back([row])  # of an earlier sender of ours, whose requests never ended
        own = own_limit(row.channel, self._settings)
        own.seed(await self._ages(row.id or 0, own))
        budget = Budget(own, leased.shared)
        gap = self._settings.chat_gap if row.channel in ("telegram", "zalo_bot") else 0.0
        chats = Chats(gap, TELEGRAM_GROUP_PER_MINUTE if row.channel == "telegram" else 0)
        channel: Channel | None = getattr(outlet, "channel", None)
        sender = Sender(row, outlet, self._work, budget, chats, leased.held, getattr(channel, "told_limits", _nothing))
        if channel is not None:
            channel.gate = sender.slot
        task = asyncio.create_task(sender.run(), name=f"sender {row.name}")
        leased.senders[row.id or 0] = (sender, task)
        log.info("account sends", account=row.name)

    async def _drop(self, name: str) -> None:
        """The budget is somebody else's: stop at once."""
        leased = self._leased.pop(name, None)
        if leased:
            leased.held.until = 0.0
            await asyncio.gather(*(_ended(pair) for pair in leased.senders.values()))

    async def _release(self, name: str) -> None:
        leased = self._leased.pop(name)
        await asyncio.gather(*(_ended(pair) for pair in leased.senders.values()))
        await self._work.write(lambda tx: leases.give_back(tx, name, self.owner), Turn.SETTLE)


async def _ended(pair: tuple[Sender, asyncio.Task[None]]) -> None:
    sender, task = pair
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    log.info("account rests", account=sender.account.name)


def _given_back(tx: Transaction, account_ids: list[int]) -> None:
    for number in account_ids:  # what was claimed may have been sent until this moment
        calls.made(tx, number, calls.claimed(tx, number))
    takeover.crashed(tx, account_ids)


def _nothing() -> None:
    return None


def own_limit(channel: str, settings: Settings) -> Limit:
    """The limit of each kind of account as data: requests a window, seconds."""
    limits = {
        "telegram": (settings.telegram_per_second * (1 - settings.headroom), 1.0),
        "zalo_oa": (settings.zalo_oa_per_minute, 60.0),
        "zalo_bot": (settings.zalo_bot_per_second, 1.0),
    }
    return Limit(*limits.get(channel, (SOURCE_PER_SECOND, 1.0)))
