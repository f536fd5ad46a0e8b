"""The fleet: every account's channel, sender and poller, as the database says, started and stopped while we run."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.channels.base import Account, Channel, Unavailable
from bot.config import Settings
from bot.delivery import Sender, lease_of
from bot.ears import Ear
from bot.gateways.source_system import SourceSystem
from bot.inbound import Inbound
from bot.media import MediaStore
from bot.outlets import ChatOutlet, Outlet, SourceOutlet
from bot.pace import ChatPace, Pace
from bot.tokens import DatabaseTokens
from bot.work import Turn, Work
from storage import Transaction, accounts, leases, outbox

log = structlog.get_logger()
LOOK_SECONDS = 2.0
NAMES_SECONDS = 60.0
LEASE_MS = 20_000
SOURCE_PER_SECOND = 5.0


@dataclass
class Running:
    """One account: its channel hears webhooks even while it is suspended; its sender runs in one process only."""

    row: accounts.Account
    channel: Channel | None
    sender: Sender | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Fleet:
    """Keeps one sender an account (and a poller where it polls) in step with the database."""

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
        self.inbound: Inbound | None = None
        self.running: dict[int, Running] = {}
        self._broken: dict[int, accounts.Account] = {}  # what could not start
        self.listening = asyncio.Event()  # our web server answers: webhooks may lead to it
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"

    def wake(self, account_id: int = 0) -> None:
        """Something may be due: for one account (and the source system), or for all."""
        for number, one in self.running.items():
            if one.sender and (account_id in (0, number) or one.channel is None):
                one.sender.wake.set()

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
            await asyncio.gather(*(self._close(number) for number in list(self.running)))

    async def refresh(self) -> None:
        """Open what is new, close what was changed, and send for the accounts whose turn is ours."""
        rows = {row.id or 0: row for row in await self._work.read(accounts.every)}
        for number, one in list(self.running.items()):
            if number not in rows or not _same(rows[number], one.row):
                await self._close(number)
        for row in rows.values():
            try:
                await self._follow(row)
            except Exception:  # one account's trouble is not the others'
                log.exception("account cannot be followed", account=row.name)

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
        """Start or stop sending and polling: active accounts only, and each in one process at a time."""
        active = one.row.status == "active" and not (one.sender and one.sender.suspended)
        ours = active and await self._holds(one.row.id or 0)
        if ours and not one.tasks:
            await self._begin(one)
        elif not ours and one.tasks:
            await self._end(one)

    async def _holds(self, number: int) -> bool:
        """SQLite has one process anyway; on PostgreSQL a lease says whose turn an account is."""
        if self._work.database.sqlite:
            return True
        name = lease_of(number)
        return await self._work.write(lambda tx: leases.take(tx, name, self.owner, LEASE_MS), Turn.SETTLE) is not None

    async def _begin(self, one: Running) -> None:
        row, number = one.row, one.row.id or 0
        pace, gap = _pace(row.channel, self._settings)
        window_ms = int(pace.window * 1000)
        # What an earlier holder had claimed was possibly sent: it goes once more, and says so.
        await self._work.write(lambda tx: outbox.crashed(tx, number, self.owner), Turn.SETTLE)
        sent = await self._work.read(lambda tx: outbox.sent_since(tx, number, tx.now - window_ms))
        pace.seed((self._now() - at) / 1000 for at in sent)
        one.sender = Sender(number, row.name, self._outlet(one.channel), self._work, pace, ChatPace(gap), self.owner)
        one.tasks.append(asyncio.create_task(one.sender.run(), name=f"sender {row.name}"))
        if one.channel:
            one.tasks.append(asyncio.create_task(self._learn_names(number, one.channel), name=f"names of {row.name}"))
        if one.channel and row.channel != "zalo_oa":
            hears = self._poll if self._receives(row) == "polling" else self._keep_webhook
            one.tasks.append(asyncio.create_task(hears(row, one.channel), name=f"ear of {row.name}"))
        log.info("account started", account=row.name)

    async def _learn_names(self, number: int, channel: Channel) -> None:
        """What the platform calls the account, asked until it answers: links and greetings use it."""
        while (profile := await channel.profile()) is None:  # noqa: ASYNC110 - the platform tells nobody when it is back
            await asyncio.sleep(NAMES_SECONDS)
        await self._work.write(lambda tx: accounts.keep_names(tx, number, profile.title, profile.username))

    async def _end(self, one: Running) -> None:
        for task in one.tasks:
            task.cancel()
        await asyncio.gather(*one.tasks, return_exceptions=True)
        one.tasks, one.sender = [], None
        if not self._work.database.sqlite:
            name = lease_of(one.row.id or 0)
            await self._work.write(lambda tx: leases.give_back(tx, name, self.owner), Turn.SETTLE)
        log.info("account stopped", account=one.row.name)

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

    def _outlet(self, channel: Channel | None) -> Outlet:
        if channel is None:
            return SourceOutlet(self._source, self._work, self._store, self._commune_of)
        return ChatOutlet(channel, self._work, self._store, self._now)

    async def _close(self, number: int) -> None:
        one = self.running.pop(number)
        if one.tasks:
            await self._end(one)
        if one.channel:
            await one.channel.close()

    def _receives(self, row: accounts.Account) -> str:
        return str(json.loads(row.settings).get("receive", "polling"))

    async def _poll(self, row: accounts.Account, channel: Channel) -> None:
        assert self.inbound is not None  # set before the fleet runs
        await Ear(row, channel, self._work, self.inbound).poll()

    async def _keep_webhook(self, row: accounts.Account, channel: Channel) -> None:
        """Have the platform deliver to us. Its webhook is only set when it differs: it limits how often."""
        await self.listening.wait()
        url = f"{self._settings.public_url}/webhook/{channel.kind.replace('_', '-')}/{row.name}"
        secret = channel.account.secrets.get("webhook_secret", "")
        while True:
            try:
                if not self._settings.public_url:
                    raise Unavailable("THONTIN_PUBLIC_URL is empty: no webhook can lead here", 60)
                info = await channel.webhook_info()
                if info is None or info.url != url:
                    await channel.set_webhook(url, secret)
                return
            except Unavailable as trouble:
                log.warning("webhook not set", account=row.name, why=trouble.why)
                await asyncio.sleep(max(1.0, trouble.wait))
            except Exception:
                log.exception("webhook not set", account=row.name)
                await asyncio.sleep(60)


def _same(now: accounts.Account, before: accounts.Account) -> bool:
    """Whether nothing changed that the running parts were built from."""
    watched = ("secrets_epoch", "base_url", "settings", "app_id", "platform_id", "name")
    return all(getattr(now, one) == getattr(before, one) for one in watched)


def _pace(channel: str, settings: Settings) -> tuple[Pace, float]:
    """The limit of each kind of account as data: (requests a window, gap between two to one chat, seconds)."""
    if channel == "telegram":
        return Pace(settings.telegram_per_second * (1 - settings.headroom), 1.0), settings.chat_gap
    if channel == "zalo_oa":
        return Pace(settings.zalo_oa_per_minute, 60.0), 0.0
    if channel == "zalo_bot":
        return Pace(settings.zalo_bot_per_second, 1.0), settings.chat_gap
    return Pace(SOURCE_PER_SECOND, 1.0), 0.0


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
