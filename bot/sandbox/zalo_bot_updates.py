"""How a Zalo Bot's updates reach it: a poll that destroys what it returns, or a webhook (reference §10.2-10.5)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.sandbox.outgoing import BadAddress, Event, WebhookSender

if TYPE_CHECKING:
    from aiohttp import web

    from bot.sandbox.zalo_bot import ZaloBot

USER_AGENT = "Java/1.8.0_192"
SECRET_HEADER = "X-Bot-Api-Secret-Token"
SHORTEST_SECRET, LONGEST_SECRET = 8, 256
PROBE_S = 5.0
CONN_OUTCOMES = (
    (TimeoutError, "webhook.err.timeout"),
    (aiohttp.ClientConnectorDNSError, "webhook.err.dns"),
    (aiohttp.ClientConnectorCertificateError, "webhook.err.tls"),
    (aiohttp.ClientSSLError, "webhook.err.tls"),
    (aiohttp.ClientConnectionError, "webhook.err.conn"),
)


class BotError(Exception):
    """`error_code` and `description` of an answer that is not ok."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code


class Updates:
    """Pending updates, the pollers waiting for them, and the webhook that excludes polling."""

    def __init__(self, emulator: ZaloBot) -> None:
        self._emulator = emulator
        self._queue: deque[dict[str, Any]] = deque()
        self._arrived = asyncio.Event()
        self._pollers = 0
        self._secret, self._updated_ms = "", emulator.clock.now_ms()
        self.sender = WebhookSender(
            emulator.outgoing,
            emulator.clock,
            emulator.faults,
            self._headers,
            timeout_s=emulator.config.webhook_timeout_s,
            retries_ms=emulator.config.webhook_retries_ms,
            disable=False,
        )

    def put(self, chat: str, update: dict[str, Any]) -> None:
        if self.sender.url:
            wrapped = self._emulator.settings.body == "wrapped"
            body = {"ok": True, "result": update} if wrapped else update
            self.sender.put(chat, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
            return
        self._queue.append(update)
        self.wake()

    def wake(self) -> None:
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    def pending(self) -> int:
        return len(self._queue)

    # Polling.

    async def poll(self, told: dict[str, Any], request: web.Request) -> dict[str, Any]:
        """The oldest update, removed by this very call; BotError 408 after `timeout` seconds without one."""
        try:
            seconds = float(told.get("timeout", 30))
        except (TypeError, ValueError) as problem:
            raise BotError(400, "The timeout is invalid") from problem
        if self._pollers:
            self._emulator.counts.violate("one poller per token")
        self._pollers += 1
        try:
            return await self._wait(time.monotonic() + seconds, request)
        finally:
            self._pollers -= 1

    async def _wait(self, until: float, request: web.Request) -> dict[str, Any]:
        while True:
            gone = request.transport is None or request.transport.is_closing()
            if self._queue and not self.sender.url and not gone:
                return self._queue.popleft()
            left = until - time.monotonic()
            if left <= 0 or gone or self._emulator.stopping.is_set():
                raise BotError(408, "Request timeout")
            try:
                # Short slices notice a client that hung up, so that its update is not lost to a dead line.
                await asyncio.wait_for(self._arrived.wait(), min(left, 0.5))
            except TimeoutError:
                continue

    # The webhook.

    async def set_webhook(self, told: dict[str, Any]) -> dict[str, Any]:
        """Stores the URL even when its verification fails (§10.2)."""
        url, secret = str(told.get("url") or ""), str(told.get("secret_token") or "")
        if not url:
            raise BotError(400, "The url must not be empty")
        if not secret:
            raise BotError(400, "The secret_token must not be empty")
        if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
            raise BotError(400, "The secret_token must have 8 to 256 characters")
        try:
            self._emulator.outgoing.check_webhook(url)
        except BadAddress as problem:
            raise BotError(400, "The url is invalid") from problem
        self._spend("set_webhook_left")
        self._secret = secret
        self._change(url)
        return self.info() | {"verification": await self._probe()}

    def delete_webhook(self) -> dict[str, Any]:
        self._secret = ""
        self._change("")
        return self.info()

    def info(self) -> dict[str, Any]:
        return {"url": self.sender.url, "updated_at": self._updated_ms}

    async def test_webhook(self) -> dict[str, Any]:
        self._spend("test_webhook_left")
        if not self.sender.url:
            raise BotError(404, "No webhook is set")
        return await self._probe()

    def _change(self, url: str) -> None:
        self.sender.set_url(url)
        self._updated_ms = self._emulator.clock.now_ms()
        self.wake()

    def _spend(self, name: str) -> None:
        left = getattr(self._emulator.settings, name)
        if left <= 0:
            raise BotError(426, "Daily limit reached")
        setattr(self._emulator.settings, name, left - 1)

    async def _probe(self) -> dict[str, Any]:
        """A POST without the secret, empty by default, and what came of it."""
        began, body = time.monotonic(), b"" if self._emulator.settings.probe_empty else b"{}"
        status, outcome = await self._try(body)
        told: dict[str, Any] = {"ok": outcome == "webhook.ok", "url": self.sender.url, "outcome": outcome}
        told |= {"hint": "" if told["ok"] else "Check that the URL answers 200 to a POST"}
        told |= {"latency_ms": int((time.monotonic() - began) * 1000)}
        return told | ({"status_code": status} if status is not None else {})

    async def _try(self, body: bytes) -> tuple[int | None, str]:
        headers = {"User-Agent": USER_AGENT} | ({"Content-Type": "application/json"} if body else {})
        try:
            async with self._emulator.outgoing.session.post(
                self.sender.url,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=PROBE_S),
                allow_redirects=False,
                skip_auto_headers=("Content-Type",),
            ) as answer:
                return answer.status, http_outcome(answer.status)
        except (aiohttp.ClientError, TimeoutError) as problem:
            found = (name for kind, name in CONN_OUTCOMES if isinstance(problem, kind))
            return None, next(found, "webhook.err.other")

    def _headers(self, _event: Event, fault: str | None) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        if fault != "no_signature":
            headers[SECRET_HEADER] = self._secret[::-1] + "x" if fault == "bad_signature" else self._secret
        return headers


def http_outcome(status: int) -> str:
    if status == 200:
        return "webhook.ok"
    if status in (403, 404):
        return f"webhook.http.{status}"
    return "webhook.http.5xx" if status >= 500 else "webhook.http.other"
