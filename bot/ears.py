"""Polling: asking a platform for news where it cannot reach us. What was heard is safe before the next question."""

import asyncio

import structlog

from bot import metrics
from bot.channels.base import Channel, Unavailable
from bot.inbound import Inbound
from bot.spool import SpoolFull
from bot.work import Turn, Work
from content.message import Heard
from storage import accounts

log = structlog.get_logger()
AGAIN_SECONDS = 2.0


class Ear:
    """Polls for one account."""

    def __init__(self, row: accounts.Account, channel: Channel, work: Work, inbound: Inbound) -> None:
        self._number, self._name, self._cursor = row.id or 0, row.name, row.cursor
        self._channel, self._work, self._inbound = channel, work, inbound

    async def poll(self) -> None:
        """Ask for news for ever."""
        while True:
            try:
                heard, cursor = await self._channel.poll(self._cursor)
            except Unavailable as trouble:
                await self._trouble(trouble)
                continue
            except Exception:
                log.exception("polling failed", account=self._name)
                await asyncio.sleep(5)
                continue
            await self._take(heard)
            await self._keep(cursor)

    async def _trouble(self, trouble: Unavailable) -> None:
        log.warning("polling", account=self._name, why=trouble.why)
        if trouble.suspend:
            await self._work.write(lambda tx: accounts.suspend(tx, self._number, trouble.why))
        await asyncio.sleep(trouble.wait)

    async def _take(self, heard: list[Heard]) -> None:
        """The next question acknowledges these, so none is asked before they are safe."""
        for event in heard:
            while not await self._is_safe(event):  # noqa: ASYNC110 - nobody tells when a disk is free again
                await asyncio.sleep(AGAIN_SECONDS)
            metrics.heard(self._channel.kind)
            await self._channel.acknowledge(event)

    async def _is_safe(self, event: Heard) -> bool:
        try:
            if self._channel.kind == "zalo_bot":
                await self._inbound.keep_raw(self._number, event)
            else:
                await self._inbound.hear(self._number, event)
        except SpoolFull:
            log.error("neither database nor disk took an event: polling stops", account=self._name)
            return False
        except Exception:
            log.exception("an event could not be taken", account=self._name)
            return False
        return True

    async def _keep(self, cursor: str) -> None:
        try:
            if self._channel.kind == "zalo_bot":
                await self._inbound.take_waiting()
            if cursor != self._cursor:
                self._cursor = cursor
                await self._work.write(lambda tx: accounts.keep_cursor(tx, self._number, cursor), Turn.SETTLE)
        except Exception:  # the events are safe; their turn and the cursor come with the next news or the next start
            log.exception("after polling", account=self._name)


async def keep_webhook(name: str, channel: Channel, public_url: str, listening: asyncio.Event) -> None:
    """Have the platform deliver to us. Its webhook is only set when it differs: it limits how often."""
    await listening.wait()
    url = f"{public_url}/webhook/{channel.kind.replace('_', '-')}/{name}"
    secret = channel.account.secrets.get("webhook_secret", "")
    while True:
        try:
            if not public_url:
                raise Unavailable("THONTIN_PUBLIC_URL is empty: no webhook can lead here", 60)
            info = await channel.webhook_info()
            if info is None or info.url != url:
                await channel.set_webhook(url, secret)
            return
        except Unavailable as trouble:
            log.warning("webhook not set", account=name, why=trouble.why)
            await asyncio.sleep(max(1.0, trouble.wait))
        except Exception:
            log.exception("webhook not set", account=name)
            await asyncio.sleep(60)
