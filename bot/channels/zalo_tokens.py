"""Zalo OA access tokens: the consent address, the exchange, and a rotation that loses no refresh token."""

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import aiohttp

from bot.channels.zalo_fields import number, text
from bot.channels.zalo_http import Answer, NotWritten, Unclear, call, timeout

log = logging.getLogger(__name__)

OAUTH_URL = "https://oauth.zaloapp.com"
HOUR_MS = 3_600_000
REFRESH_BELOW_MS = 5 * HOUR_MS  # of 25 h: a night of outages fits in what is left
AFTER_TROUBLE_MS = 60_000  # while the old token still works, do not ask more often than this
USUAL_LIFE = 90_000  # seconds; when Zalo does not say

Pkce = Literal["per_request", "fixed", "none"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One pair. Times are ms UTC. The refresh token works once; `expires_at` is the access token's."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class App:
    """A Zalo app as its console shows it. `redirect_uri` must equal the saved callback byte for byte.

    The sources disagree whether the code challenge is made per request or fixed in the console, so `pkce` says
    which (Zalo reference §1.2); `verifier` is the fixed one.
    """

    app_id: str
    secret: str = field(repr=False)
    redirect_uri: str = ""
    pkce: Pkce = "per_request"
    verifier: str = field(default="", repr=False)
    base_url: str = OAUTH_URL


class Reconnect(Exception):
    """Zalo will never take this refresh token again: an administrator of the OA has to consent once more."""


class Trouble(Exception):
    """The token host could not be reached or gave no clear answer; worth another try."""


class TokenStore(Protocol):
    """Where the tokens of all accounts live, shared by every process."""

    def lock(self, account_id: int) -> AbstractAsyncContextManager[None]:
        """Held by one refresher at a time, across processes. No database transaction stays open under it."""

    async def load(self, account_id: int) -> Tokens | None:
        """The newest committed pair; None when the account was never connected."""

    async def save(self, account_id: int, tokens: Tokens) -> None:
        """Commit the pair. Returning means that it survives a crash."""


# ---- consent ----


def challenge(verifier: str) -> str:
    """The S256 code challenge of a PKCE verifier (RFC 7636)."""
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def authorize(app: App, state: str) -> tuple[str, str]:
    """The address an OA administrator opens to consent, and the verifier to keep with `state` ("" without PKCE)."""
    fresh = _base64url(secrets.token_bytes(32))
    verifier = {"per_request": fresh, "fixed": app.verifier, "none": ""}[app.pkce]
    query = {"app_id": app.app_id, "redirect_uri": app.redirect_uri, "state": state}
    if verifier:
        query["code_challenge"] = challenge(verifier)
    return f"{app.base_url}/v4/oa/permission?{urlencode(query)}", verifier


async def exchange(session: aiohttp.ClientSession, app: App, code: str, verifier: str, now: int) -> Tokens:
    """The first pair for a consent code (10 minutes, one use). Raises `Reconnect` or `Trouble`."""
    form = {"grant_type": "authorization_code", "app_id": app.app_id, "code": code}
    if verifier:
        form["code_verifier"] = verifier
    return _pair(await _ask(session, app, form), "", now)


# ---- rotation ----


async def refresh(session: aiohttp.ClientSession, app: App, token: str, now: int) -> Tokens:
    """The next pair. Raises `Reconnect` or `Trouble`.

    When no clear answer comes Zalo may have rotated already. One more try with the same token tells: either it
    still works, or Zalo says that it is used up (Zalo reference §1.4).
    """
    form = {"grant_type": "refresh_token", "app_id": app.app_id, "refresh_token": token}
    try:
        answer = await _ask(session, app, form)
    except Trouble:
        answer = await _ask(session, app, form)
    return _pair(answer, token, now)


async def _ask(session: aiohttp.ClientSession, app: App, form: dict[str, str]) -> Answer:
    url, headers = f"{app.base_url}/v4/oa/access_token", {"secret_key": app.secret}
    try:
        answer = await call(session, "POST", url, data=form, headers=headers, timeout=timeout())
    except (NotWritten, Unclear) as error:
        raise Trouble(str(error)) from None
    nothing_at_all = answer.empty and answer.status == 200  # says that the token was used before
    if answer.status >= 500 or answer.status == 429 or (answer.body is None and not nothing_at_all):
        raise Trouble(f"máy chủ cấp khóa của Zalo trả HTTP {answer.status}")
    return answer


def _pair(answer: Answer, old_refresh: str, now: int) -> Tokens:
    """Success is a non-empty access token. Everything else that is clear is final (Zalo reference §1.4)."""
    body = answer.body or {}
    access, new_refresh = text(body.get("access_token")), text(body.get("refresh_token"))
    if answer.status != 200 or not access:
        raise Reconnect(_reason(body))
    if not new_refresh:
        log.warning("zalo_tokens: no new refresh token came, the old one is kept")
    life = number(body.get("expires_in")) or USUAL_LIFE
    return Tokens(access, new_refresh or old_refresh, now + life * 1000)


FINAL = {
    "-14002": "mã ứng dụng sai hoặc ứng dụng chưa bật",
    "-14003": "địa chỉ quay về không khớp với địa chỉ đã lưu ở Zalo",
    "-14014": "khóa làm mới không còn dùng được",
    "-14020": "khóa làm mới đã dùng hoặc hết hạn",
}


def _reason(body: dict[str, Any]) -> str:
    code = text(body.get("error"))
    if not body:
        return "mã hoặc khóa làm mới đã được dùng trước đó"
    return FINAL.get(code, "Zalo không cấp khóa") + f" (mã {code or 'không rõ'})"


class Keeper:
    """The one place that hands out an account's access token, refreshed in time and at most once.

    Inside one process callers share one refresh; between processes the store's lock does the same. A refresh
    that began goes on to its commit even when the caller is cancelled.
    """

    def __init__(
        self, account_id: int, app: App, store: TokenStore, session: aiohttp.ClientSession, now: Callable[[], int]
    ) -> None:
        self.account_id, self.app = account_id, app
        self._store, self._session, self._now = store, session, now
        self._held: Tokens | None = None
        self._uncommitted: Tokens | None = None
        self._running: asyncio.Task[Tokens] | None = None
        self._quiet_until = 0

    async def access(self) -> str:
        """A token good for a send now. Raises `Reconnect` or `Trouble`."""
        held = self._held
        if held is None or self._uncommitted:
            held = await self._renewed("")
        left = held.expires_at - self._now()
        if left >= REFRESH_BELOW_MS or (left > 0 and self._now() < self._quiet_until):
            return held.access
        return await self._early(held)

    async def renew(self, stale: str) -> str:
        """The token after `stale`, which Zalo has just refused. Raises `Reconnect` or `Trouble`."""
        fresh = await self._renewed(stale)
        if fresh.access == stale:  # we joined a load that began before the refusal
            fresh = await self._renewed(stale)
        return fresh.access

    async def close(self) -> None:
        """Let a refresh that is under way reach its commit."""
        if self._running:
            await asyncio.wait([self._running])

    async def _early(self, held: Tokens) -> str:
        try:
            return await self.renew(held.access)
        except Trouble:
            if held.expires_at <= self._now():
                raise
            self._quiet_until = self._now() + AFTER_TROUBLE_MS
            self._log(logging.WARNING, "early_refresh_failed", "the token that is left stays in use")
            return held.access

    def _log(self, level: int, action: str, what: str) -> None:
        extra = {"action": action, "account": self.account_id}
        log.log(level, "zalo_tokens: account %s: %s: %s", self.account_id, action, what, extra=extra)

    async def _renewed(self, stale: str) -> Tokens:
        """Join the refresh under way or start one. `shield`: a cancelled send must not cut a rotation in two."""
        if self._running is None:
            self._running = asyncio.create_task(self._rotate(stale))
            self._running.add_done_callback(self._done)
        return await asyncio.shield(self._running)

    def _done(self, task: asyncio.Task[Tokens]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # a cancelled caller never fetches it

    async def _rotate(self, stale: str) -> Tokens:
        try:
            async with self._store.lock(self.account_id):
                await self._commit()
                return await self._newer_than(stale)
        except (Reconnect, Trouble):
            raise
        except Exception as error:
            # The store's own error may quote what it was writing: its kind is all that is told.
            self._log(logging.ERROR, "token_store_failed", type(error).__name__)
            raise Trouble(f"không đọc hay lưu được khóa ({type(error).__name__})") from None

    async def _newer_than(self, stale: str) -> Tokens:
        stored = await self._store.load(self.account_id)
        if stored is None or not stored.refresh:
            raise Reconnect("OA chưa được kết nối")
        if not stale or stored.access != stale:  # somebody else has refreshed it meanwhile
            self._held = stored
            return stored
        self._uncommitted = await refresh(self._session, self.app, stored.refresh, self._now())
        return await self._commit() or stored

    async def _commit(self) -> Tokens | None:
        """Save what Zalo has already rotated. Until that is done it is used by nobody, and kept in memory."""
        fresh = self._uncommitted
        if fresh is None:
            return None
        await self._store.save(self.account_id, fresh)
        self._held, self._uncommitted = fresh, None
        self._log(logging.INFO, "token_refreshed", "committed")
        return fresh
