"""The fleet: every account's channel and ear, as the database says, started and stopped while we run."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.bell import Bell
from bot.channels.base import Account, Channel
from bot.config import Settings
from bot.ears import Ear, keep_webhook
from bot.gateways.source_system import SourceSystem
from bot.inbound import Inbound
from bot.media import MediaStore
from bot.outlets import ChatOutlet, Outlet, SourceOutlet
from bot.senders import LEASE_MS, Senders
from bot.tokens import DatabaseTokens
from bot.work import Turn, Work
from content.dates import when
from storage import Transaction, accounts, leases, pause

log = structlog.get_logger()
LOOK_SECONDS = 2.0
NAMES_SECONDS = 60.0


@dataclass
class Running:
    """One account: its channel hears webhooks even while it is suspended; its ear listens in one process only."""

    row: accounts.Account
    channel: Channel | None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Fleet:
    """Keeps channels, ears and senders in step with the database."""

    def __init__(
        self,
        settings: Settings,
        work: Work,
        store: MediaStore,
        source: SourceSystem,
        now: Callable[[], int],
        commune_of: Callable[[str], object],
    ) -> None:
        self._settings, self._work, self._store, self._source = settings, work, store, source
        self._now, self._commune_of = now, commune_of
        self.inbound: Inbound | None = None  # None: this process only sends
        self.running: dict[int, Running] = {}
        self._broken: dict[int, accounts.Account] = {}  # what could not start
        self.paused = False  # as the database said last
        self.listening = asyncio.Event()  # our web server answers: webhooks may lead to it
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(6)}"
        self.senders = Senders(settings, work, self.owner, self._outlet)
        self.bell = Bell(work.database, self.senders.wake)

    def wake(self, account_id: int = 0, urgent: bool = False) -> None:
        """Something may be due: for one account (and the source system), or for all."""
        here = self.senders.wake(account_id, urgent)
        if account_id:
            source = next((number for number, one in self.running.items() if one.channel is None), 0)
            here = bool(source and self.senders.wake(source)) and here
        if not here or not account_id:
            self.bell.ring(account_id, urgent)

    def account(self, number: int) -> accounts.Account | None:
        """An account as it runs here, at most two seconds old."""
        return self.running[number].row if number in self.running else None

    def by_platform(self, channel: str, platform_id: str) -> Running | None:
        """The account that a webhook's body speaks of."""
        found = (one for one in self.running.values() if one.channel and one.row.channel == channel)
        return next((one for one in found if one.row.platform_id == platform_id), None)

    def by_name(self, channel: str, name: str) -> Running | None:
        """The account that a webhook's address names."""
        found = (one for one in self.running.values() if one.channel and one.row.channel == channel)
        return next((one for one in found if one.row.name == name), None)

    def by_app(self, app_id: str) -> list[Running]:
        """The OAs of a Zalo app: one webhook serves them all."""
        return [one for one in self.running.values() if one.row.channel == "zalo_oa" and one.row.app_id == app_id]

    async def run(self) -> None:
        """Follow the database until cancelled, then stop everything."""
        try:
            while True:
                try:
                    await self.refresh()
                except Exception:
                    log.exception("accounts cannot be read")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self.senders.close()
            await asyncio.gather(*(self._close(number) for number in list(self.running)))

    async def refresh(self) -> None:
        """Open what is new, close what was changed, and send for the accounts whose turn is ours."""
        found, held = await self._work.read(lambda tx: (accounts.every(tx), pause.of(tx)))
        rows = {row.id or 0: row for row in found}
        for number, one in list(self.running.items()):
            if number not in rows or not _same(rows[number], one.row):
                await self._close(number)
        for row in rows.values():
            try:
                await self._follow(row)
            except Exception:  # one account's trouble is not the others'
                log.exception("account cannot be followed", account=row.name)
        self._say_paused(held)
        active = [one.row for one in self.running.values() if one.row.status == "active"]
        await self.senders.follow([] if held else active)

    def _say_paused(self, held: pause.Pause | None) -> None:
        """Once, loudly: an operator who restored a backup must not wonder why nothing leaves."""
        if held and not self.paused:
            log.warning("NOTHING IS SENT: restored from a backup, until `thontin resume`", backup=when(held.backup_at))
        elif self.paused and not held:
            log.warning("sending goes on")
        self.paused = held is not None

    async def _follow(self, row: accounts.Account) -> None:
        number = row.id or 0
        if number not in self.running:
            await self._open(row)
        if number in self.running:
            self.running[number].row = row
            await self._adjust(self.running[number])

    async def _open(self, row: accounts.Account) -> None:
        broken = self._broken.get(row.id or 0)
        if broken and _same(row, broken) and row.status != "active":
            return  # nothing was repaired since it could not start
        channel = await self._channel(row) if row.channel != "source_system" else None
        if channel is not None or row.channel == "source_system":
            self.running[row.id or 0] = Running(row, channel)

    async def _adjust(self, one: Running) -> None:
        """Start or stop listening: active accounts only, and each in one process at a time."""
        listens = one.channel is not None and one.row.status == "active" and self.inbound is not None
        ours = listens and await self._holds(f"ear {one.row.id}")
        if ours and not one.tasks:
            self._listen(one)
        elif not ours and one.tasks:
            await self._end(one)

    async def _holds(self, name: str) -> bool:
        """SQLite has one process anyway; on PostgreSQL a lease says whose turn it is."""
        if self._work.database.sqlite:
            return True
        return bool(await self._work.write(lambda tx: leases.take(tx, name, self.owner, LEASE_MS), Turn.SETTLE))

    def _listen(self, one: Running) -> None:
        row, channel = one.row, one.channel
        assert channel is not None  # asked before
        assert self.inbound is not None
        one.tasks.append(asyncio.create_task(self._learn_names(row.id or 0, channel), name=f"names of {row.name}"))
        if row.channel == "zalo_oa":
            return  # its one webhook belongs to the app and is set in Zalo's console
        if json.loads(row.settings).get("receive", "polling") == "polling":
            hears = Ear(row, channel, self._work, self.inbound).poll()
        else:
            hears = keep_webhook(row.name, channel, self._settings.public_url, self.listening)
        one.tasks.append(asyncio.create_task(hears, name=f"ear of {row.name}"))

    async def _learn_names(self, number: int, channel: Channel) -> None:
        """What the platform calls the account, asked until it answers: links and greetings use it."""
        while (profile := await channel.profile()) is None:  # noqa: ASYNC110 - the platform tells nobody when it is back
            await asyncio.sleep(NAMES_SECONDS)
        await self._work.write(lambda tx: accounts.keep_names(tx, number, profile.title, profile.username))

    async def _end(self, one: Running) -> None:
        for task in one.tasks:
            task.cancel()
        await asyncio.gather(*one.tasks, return_exceptions=True)
        one.tasks = []
        if not self._work.database.sqlite:
            await self._work.write(lambda tx: leases.give_back(tx, f"ear {one.row.id}", self.owner), Turn.SETTLE)

    async def _channel(self, row: accounts.Account) -> Channel | None:
        try:
            channel = make_channel(await self._work.read(lambda tx: opened(tx, row)), self._work, self._now)
            await channel.start()
        except (ValueError, LookupError) as error:
            why = str(error)
            await self._work.write(lambda tx: accounts.suspend(tx, row.id or 0, why))
            self._broken[row.id or 0] = row
            log.error("account cannot start", account=row.name)
            return None
        return channel

    def _outlet(self, row: accounts.Account) -> Outlet | None:
        one = self.running.get(row.id or 0)
        if one is None:
            return None
        if one.channel is None:
            return SourceOutlet(self._source, self._work, self._store, self._commune_of)
        return ChatOutlet(one.channel, self._work, self._store, self._now)

    async def _close(self, number: int) -> None:
        one = self.running.pop(number)
        await self.senders.stop(number)
        if one.tasks:
            await self._end(one)
        if one.channel:
            await one.channel.close()


def _same(now: accounts.Account, before: accounts.Account) -> bool:
    """Whether nothing changed that the running parts were built from."""
    watched = ("secrets_epoch", "base_url", "settings", "app_id", "platform_id", "name")
    return all(getattr(now, one) == getattr(before, one) for one in watched)


def opened(tx: Transaction, row: accounts.Account) -> Account:
    """An account as channels want it, secrets opened."""
    return Account(
        id=row.id or 0,
        name=row.name,
        channel=row.channel,
        platform_id=row.platform_id,
        secrets=accounts.secrets(tx, row),
        base_url=row.base_url,
        settings={"app_id": row.app_id, **json.loads(row.settings)},
    )


def make_channel(account: Account, work: Work, now: Callable[[], int]) -> Channel:
    """The channel of an account. Each platform's library is loaded only where it is used."""
    if account.channel == "telegram":
        from bot.channels.telegram import TelegramChannel

        return TelegramChannel(account, now)
    if account.channel == "zalo_oa":
        from bot.channels.zalo_oa import ZaloOA

        return ZaloOA(account, DatabaseTokens(work, now), now)
    if account.channel == "zalo_bot":
        from bot.channels.zalo_bot import ZaloBot

        return ZaloBot(account, now)
    raise LookupError(f"no channel of kind {account.channel}")
