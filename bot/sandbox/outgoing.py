"""What an emulator does as a client: post webhook events on time and fetch media by address."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from bot.sandbox.state import Clock, Faults

MOST_FETCHED = 20 * 1024 * 1024  # bytes
FETCH_S = 20.0


class BadAddress(Exception):
    """An address this platform would not call; the text says why."""


@dataclass(frozen=True)
class Fetched:
    status: int
    mime: str
    data: bytes


class Outgoing:
    """One HTTP client per emulator; loopback is reached only with `allow_loopback`."""

    def __init__(self, allow_loopback: bool) -> None:
        self.allow_loopback = allow_loopback
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the emulator has not started")
        return self._session

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside the answers; cancelled when the emulator stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def check_webhook(self, address: str) -> None:
        """Raise BadAddress unless https and a public host name (loopback: by the switch, anything)."""
        url = parsed(address)
        if self.allow_loopback and is_loopback(url):
            return
        if url.scheme != "https":
            raise BadAddress("the URL must start with https://")
        if is_literal(url.host or "") or url.host == "localhost" or "." not in (url.host or ""):
            raise BadAddress("the URL must have a public domain name")

    async def fetch(self, address: str) -> Fetched:
        """GET an address a bot named. Raises BadAddress, aiohttp.ClientError or TimeoutError."""
        url = parsed(address)
        if url.scheme not in ("http", "https"):
            raise BadAddress("the URL must start with http:// or https://")
        if not (self.allow_loopback and is_loopback(url)):
            await refuse_private(url)
        timeout = aiohttp.ClientTimeout(total=FETCH_S)
        async with self.session.get(url, timeout=timeout, allow_redirects=False) as answer:
            data = await answer.content.read(MOST_FETCHED)
            while chunk := await answer.content.read(MOST_FETCHED - len(data)):
                data += chunk
            return Fetched(answer.status, answer.content_type, data)


def parsed(address: str) -> URL:
    try:
        url = URL(address)
    except ValueError as problem:
        raise BadAddress("the URL is not one") from problem
    if not url.host:
        raise BadAddress("the URL has no host")
    return url


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(url: URL) -> bool:
    host = url.host or ""
    return host == "localhost" or (is_literal(host) and ipaddress.ip_address(host).is_loopback)


async def refuse_private(url: URL) -> None:
    """Raise BadAddress if the host is, or resolves to, anything but public addresses."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise BadAddress("the host cannot be resolved") from problem
    if not all(ipaddress.ip_address(row[4][0]).is_global for row in found):
        raise BadAddress("the host is not public")


@dataclass
class Event:
    """One webhook request: what is posted, and how often it has been."""

    chat: str
    body: bytes
    tries: int = 0


# Headers for one attempt: (event, name of a signature fault or None) -> headers.
Headers = Callable[[Event, str | None], dict[str, str]]
SIGNATURE_FAULTS = ("bad_signature", "no_signature", "app_secret")


class WebhookSender:
    """Posts events, in order per chat, and again after each of `retries_ms` until a 200 within `timeout_s`.

    After the last retry the webhook is disabled. `on_answer` sees (event, HTTP status or None).
    """

    def __init__(
        self,
        outgoing: Outgoing,
        clock: Clock,
        faults: Faults,
        headers: Headers,
        *,
        timeout_s: float,
        retries_ms: tuple[int, ...],
        disable: bool = True,
    ) -> None:
        self._outgoing, self._clock, self._faults, self._headers = outgoing, clock, faults, headers
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._retries_ms, self._disable = retries_ms, disable
        self.url, self.enabled = "", True
        self.delivered = self.failed = self.pending = 0
        self.log: deque[dict[str, Any]] = deque(maxlen=500)
        self._lanes: dict[str, deque[Event]] = {}
        self._aside: dict[str, Event] = {}

    def set_url(self, url: str) -> None:
        """A new URL (empty: none) also enables the webhook again."""
        self.url, self.enabled = url, True

    def put(self, chat: str, body: bytes) -> None:
        """Queue one event; without a webhook it is lost, as on the platform."""
        if not self.url or not self.enabled:
            return
        event = Event(chat, body)
        if chat not in self._aside and self._faults.take("reorder", chat=chat):
            self._aside[chat] = event
            self.pending += 1
            return
        self._queue(event)
        if chat in self._aside:
            self.pending -= 1
            self._queue(self._aside.pop(chat))
        if self._faults.take("duplicate", chat=chat):
            self._queue(Event(chat, body))

    def state(self) -> dict[str, Any]:
        names = ("url", "enabled", "delivered", "failed", "pending")
        return {name: getattr(self, name) for name in names}

    def _queue(self, event: Event) -> None:
        self.pending += 1
        lane = self._lanes.get(event.chat)
        if lane is not None:
            lane.append(event)
            return
        self._lanes[event.chat] = deque([event])
        self._outgoing.spawn(self._run(event.chat))

    async def _run(self, chat: str) -> None:
        lane = self._lanes[chat]
        while lane:
            event = lane.popleft()
            if await self._attempt(event):
                self.pending -= 1
            else:
                self._outgoing.spawn(self._again(event))
        del self._lanes[chat]

    async def _again(self, event: Event) -> None:
        for wait_ms in self._retries_ms:
            await self._clock.wait_until(self._clock.now() + wait_ms)
            if await self._attempt(event):
                break
        else:
            self.enabled = self.enabled and not self._disable
        self.pending -= 1

    async def _attempt(self, event: Event) -> bool:
        """True when there is nothing more to do for this event."""
        while self._faults.on("hold", event.chat):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._faults.changed.wait(), 0.05)
        if not self.url or not self.enabled:
            return True
        fault = self._faults.take(*SIGNATURE_FAULTS, chat=event.chat)
        headers = self._headers(event, fault.name if fault else None)
        status = await self._post(event.body, headers)
        event.tries += 1
        self.log.append(
            {"at_ms": self._clock.now_ms(), "chat": event.chat, "try": event.tries, "status": status}
            | {"body": event.body.decode("utf-8", "replace"), "headers": headers}
        )
        good = status == 200
        self.delivered += good
        self.failed += not good
        return good

    async def _post(self, body: bytes, headers: dict[str, str]) -> int | None:
        try:
            async with self._outgoing.session.post(
                self.url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None
