"""The webhook of one bot: one update at a time per queue, tried again until it expires.

Source: telegram reference §1.4 (WebhookActor): the first retry at once, then 2, 4, 8 … s up to a random 60-120 s;
Retry-After is honoured up to an hour; 60 s for an answer; 23 h of 410 answers remove the webhook.
"""

import asyncio
import ipaddress
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp

from bot.sandbox.outgoing import Outgoing
from bot.sandbox.state import Clock, Faults
from bot.sandbox.telegram_args import Refusal
from bot.sandbox.telegram_updates import Update, Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
PORTS = (443, 80, 88, 8443)
ANSWER_S = 60
LONGEST_RETRY_AFTER_S = 3600
GONE_FOR_MS = 23 * 3_600_000
Execute = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Address:
    """What setWebhook was given."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    ip_address: str = ""


def check_address(url: str, allow_loopback: bool) -> None:
    """Refusal 400 "bad webhook: …" unless https, one of four ports, not a reserved address (reference §1.4)."""
    parts, host, port = _parts(url)
    if allow_loopback and _is_loopback(host):
        return
    if parts.scheme != "https":
        raise _bad("An HTTPS URL must be provided for webhook")
    if port not in (None, *PORTS):
        raise _bad("Webhook can be set up only on ports 80, 88, 443 or 8443")
    if "." not in host and ":" not in host:
        raise _bad("Failed to resolve host: Name or service not known")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if address.version == 6:
        raise _bad("IPv6-only addresses are not allowed")
    if not address.is_global:
        raise _bad(f"IP address {host} is reserved")


def _bad(why: str) -> Refusal:
    return Refusal(400, f"Bad Request: bad webhook: {why}")


def _parts(url: str) -> tuple[SplitResult, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.hostname or "", parts.port
    except ValueError:
        raise Refusal(400, "Bad Request: invalid webhook URL specified") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Webhook:
    """Delivers a bot's updates to its address. `execute` runs a method named in a 2xx answer."""

    def __init__(
        self, outgoing: Outgoing, clock: Clock, faults: Faults, updates: Updates, settings: Any, execute: Execute
    ) -> None:
        self._outgoing, self._clock, self._faults = outgoing, clock, faults
        self._updates, self._settings, self._execute = updates, settings, execute
        self.address = Address()
        self.delivered = self.failed = 0
        self.last_error: tuple[int, str] | None = None  # date s, message
        self._gone_since: float | None = None  # ms, first of an unbroken row of 410 answers
        self._generation = 0
        self._lanes: dict[str, deque[Update]] = {}
        self._places = asyncio.Semaphore(40)
        self.log: deque[dict[str, Any]] = deque(maxlen=500)

    def set(self, address: Address) -> None:
        """Begin to deliver there, what waits first; an empty url stops."""
        self.address, self.last_error, self._gone_since = address, None, None
        self._generation += 1
        self._lanes = {}
        self._places = asyncio.Semaphore(address.max_connections)
        for update in self._updates.pending():
            self.put(update)

    def put(self, update: Update) -> None:
        """Queue one update, if there is a webhook."""
        if not self.address.url:
            return
        if update.lane in self._lanes:
            self._lanes[update.lane].append(update)
            return
        self._lanes[update.lane] = deque([update])
        self._outgoing.spawn(self._drain(update.lane, self._generation))

    def state(self) -> dict[str, Any]:
        return {
            "url": self.address.url,
            "pending": len(self._updates.pending()),
            "delivered": self.delivered,
            "failed": self.failed,
            "last_error": self.last_error[1] if self.last_error else "",
            "log": list(self.log),
        }

    async def _drain(self, name: str, generation: int) -> None:
        lane = self._lanes[name]
        while lane:
            await self._unheld(lane[0].chat)
            if len(lane) > 1 and self._faults.take("reorder", chat=lane[0].chat):
                lane[0], lane[1] = lane[1], lane[0]
            if not await self._delivered(lane[0], generation):
                return
            self._updates.drop(lane.popleft())
        del self._lanes[name]

    async def _unheld(self, chat: str) -> None:
        while self._faults.take("hold", chat=chat):
            await self._faults.changed.wait()

    async def _delivered(self, update: Update, generation: int) -> bool:
        """Try until accepted or expired; False when the webhook was changed meanwhile."""
        tries, delay_s = 0, 1.0
        while self._clock.now() < update.expires_ms:
            if self._generation != generation:
                return False
            async with self._places:
                retry_after = await self._post(update)
            if retry_after is None:
                self._updates.drop(update)  # at once: the webhook may have been removed meanwhile
                if self._faults.take("duplicate", chat=update.chat):
                    await self._post(update)
                return self._generation == generation
            wait_s = retry_after
            if not retry_after and tries:
                wait_s = delay_s = min(delay_s * 2, random.uniform(60, 120))
            tries += 1
            if self._clock.now() + wait_s * 1000 > update.expires_ms:
                break
            await self._clock.wait_until(self._clock.now() + wait_s * 1000)
        return self._generation == generation

    async def _post(self, update: Update) -> float | None:
        """None when the answer was 2xx; else the seconds it asked us to wait, 0 when it did not."""
        headers = self._headers(update)
        status, asked, body = await self._exchange(json.dumps(update.as_json()).encode(), headers)
        self.log.append({"update_id": update.id, "kind": update.kind, "at_ms": self._clock.now_ms(), "status": status})
        if status is not None and 200 <= status <= 299:
            self.delivered += 1
            self._gone_since = None
            await self._run_answer(body)
            return None
        self._note_failure(status)
        return min(max(asked, 0.0), LONGEST_RETRY_AFTER_S)

    def _headers(self, update: Update) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
        secret = self.address.secret
        if secret and self._settings.send_secret_header:
            headers[SECRET_HEADER] = secret
        if self._faults.take("no_signature", chat=update.chat):
            headers.pop(SECRET_HEADER, None)
        if self._faults.take("bad_signature", chat=update.chat):
            headers[SECRET_HEADER] = "not-" + secret[:200]
        return headers

    async def _exchange(self, data: bytes, headers: dict[str, str]) -> tuple[int | None, float, bytes]:
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        try:
            async with self._outgoing.session.post(
                self.address.url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                asked = answer.headers.get("Retry-After", "")
                return answer.status, float(asked) if asked.isdigit() else 0.0, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return None, 0.0, b""

    def _note_failure(self, status: int | None) -> None:
        self.failed += 1
        now = self._clock.now()
        told = "Webhook connection closed" if status is None else f"Wrong response from the webhook: {status}"
        self.last_error = (int(now // 1000), told)
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since > GONE_FOR_MS:
            self.set(Address())

    async def _run_answer(self, body: bytes) -> None:
        """A 2xx body may carry one method call, {"method": "sendMessage", …}; its result is lost."""
        try:
            call = json.loads(body) if body.strip() else None
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            await self._execute(call)
