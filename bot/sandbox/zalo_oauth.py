"""Zalo's OAuth v4 for Official Accounts: the consent page, one-use codes, tokens that rotate (reference §1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from bot.sandbox.emulator import HTML_502, drop, json_object, json_response

if TYPE_CHECKING:
    from bot.sandbox.zalo_oa import ZaloOa

CODE_LIFE_MS = 10 * 60 * 1000
ACCESS_LIFE_S = 90_000
REFRESH_LIFE_MS = 90 * 24 * 3600 * 1000

PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>Cấp quyền cho ứng dụng</title>
<body style="font-family:sans-serif;max-width:24rem;margin:3rem auto"><h1>{name}</h1>
<p>Ứng dụng {app_id} xin quyền quản lý Official Account này.</p>
<p><a href="{address}" id="allow">Cho phép</a></p></body></html>"""


@dataclass
class Code:
    made_ms: int
    challenge: str
    used: bool = False


@dataclass
class Tokens:
    """The OA's grant to the app: at most one access token and one refresh token live at a time."""

    access: str
    refresh: str
    access_until_ms: float
    refresh_until_ms: float


class OAuth:
    """The endpoints of oauth.zaloapp.com for one app and one OA."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator
        self._codes: dict[str, Code] = {}
        self._dead_access: set[str] = set()
        self._used_refresh: set[str] = set()
        config = emulator.config
        self.tokens = self._tokens(config.access_token or token(), config.refresh_token or token())

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v4/oa/permission", self._permission),
            web.post("/v4/oa/access_token", self._access_token),
            web.post("/_control/tokens", self._control),
        ]

    def access_problem(self, given: str) -> tuple[int, str] | None:
        """The error of an API call with this access token, if any: -216 unknown, -220 expired or replaced."""
        if given in self._dead_access:
            return -220, "access_token is expired or removed"
        if not given or given != self.tokens.access:
            return -216, "Access token is invalid"
        if self._emulator.clock.now() >= self.tokens.access_until_ms:
            return -220, "access_token is expired or removed"
        return None

    # Consent.

    async def _permission(self, request: web.Request) -> web.Response:
        config, query = self._emulator.config, request.query
        redirect = query.get("redirect_uri", "")
        if query.get("app_id") != config.app_id:
            return refusal(-14002, "Invalid appId")
        if not redirect.startswith(("http://", "https://")) or (
            config.callback_url and redirect != config.callback_url
        ):
            return refusal(-14003, "Invalid redirect uri")
        if not self._emulator.settings.auto_consent and "allow" not in query:
            return self._page(request)
        code = token()
        self._codes[code] = Code(self._emulator.clock.now_ms(), query.get("code_challenge", ""))
        given = {"code": code, "oa_id": config.oa_id} | {k: query[k] for k in ("state",) if k in query}
        return web.Response(status=302, headers={"Location": str(URL(redirect).update_query(given))})

    def _page(self, request: web.Request) -> web.Response:
        address = html.escape(str(request.rel_url.update_query(allow="1")))
        config = self._emulator.config
        text = PAGE.format(name=html.escape(config.oa_name), app_id=html.escape(config.app_id), address=address)
        return web.Response(text=text, content_type="text/html")

    # The token call.

    async def _access_token(self, request: web.Request) -> web.StreamResponse:
        if self._emulator.faults.take("revoked", is_send=True):
            return self._dead(self._emulator.settings.unknown_refresh)
        return await self._emulator.ask("access_token", request, lambda: self._issue(request))

    async def _issue(self, request: web.Request) -> web.Response:
        form = await request.post()
        config = self._emulator.config
        if request.content_type != "application/x-www-form-urlencoded":
            return refusal(-14001, "Invalid content type")
        if form.get("app_id") != config.app_id:
            return refusal(-14002, "Invalid appId")
        if not hmac.compare_digest(request.headers.get("secret_key", "").encode(), config.app_secret.encode()):
            return refusal(-14004, "Invalid secret key")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(str(form.get("code", "")), str(form.get("code_verifier", "")))
        if form.get("grant_type") == "refresh_token":
            answer = self._refresh(str(form.get("refresh_token", "")))
            rotated = self._emulator.faults.take("rotate_drop", is_send=True)
            return drop(request) if rotated else answer
        return refusal(-14005, "Invalid grant type")

    def _exchange(self, given: str, verifier: str) -> web.Response:
        code, now = self._codes.get(given), self._emulator.clock.now_ms()
        if code is None or code.used or now >= code.made_ms + CODE_LIFE_MS:
            return refusal(-14019, "Invalid or expired code")
        code.used = True
        if code.challenge and code.challenge != challenge(verifier):
            return refusal(-14016, "Invalid code verifier")
        return self._rotate()

    def _refresh(self, given: str) -> web.Response:
        settings = self._emulator.settings
        if given in self._used_refresh:
            return self._dead(settings.used_refresh)
        if given != self.tokens.refresh or self._emulator.clock.now() >= self.tokens.refresh_until_ms:
            return self._dead(settings.unknown_refresh)
        return self._rotate()

    def _rotate(self) -> web.Response:
        self._dead_access.add(self.tokens.access)
        self._used_refresh.add(self.tokens.refresh)
        self.tokens = self._tokens(token(), token())
        life = ACCESS_LIFE_S if self._emulator.settings.expires_in_number else str(ACCESS_LIFE_S)
        pair = {"access_token": self.tokens.access, "refresh_token": self.tokens.refresh}
        return json_response(pair | {"expires_in": life})

    def _tokens(self, access: str, refresh: str) -> Tokens:
        now = self._emulator.clock.now()
        return Tokens(access, refresh, now + ACCESS_LIFE_S * 1000, now + REFRESH_LIFE_MS)

    def _dead(self, mode: str) -> web.Response:
        """The ways a dead refresh token was seen to be answered (reference §1.4)."""
        if mode == "empty":
            return web.Response(body=b"")
        if mode == "html":
            return web.Response(text=HTML_502, status=502, content_type="text/html")
        if mode == "-14020":
            return refusal(-14020, "Refresh token is already used or expired.")
        code: int | str = "-14014" if mode == "quoted" else -14014
        return refusal(code, "Invalid refresh token.", access_token="", refresh_token="")

    async def _control(self, request: web.Request) -> web.Response:
        """`{"kill": "access" | "refresh" | "both"}` ends tokens, `{"renew": true}` starts the lives of the pair
        again (after the clock was moved); always answers with the pair."""
        told = await json_object(request)
        if told.get("renew"):
            self.tokens = self._tokens(self.tokens.access, self.tokens.refresh)
        if told.get("kill") in ("access", "both"):
            self.tokens.access_until_ms = 0
        if told.get("kill") in ("refresh", "both"):
            self.tokens.refresh_until_ms = 0
        return json_response({"access_token": self.tokens.access, "refresh_token": self.tokens.refresh})


def token() -> str:
    return secrets.token_urlsafe(64)


def challenge(verifier: str) -> str:
    """PKCE S256: base64url without padding of SHA-256 (reference §1.2)."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def refusal(code: int | str, name: str, **more: str) -> web.Response:
    """An OAuth error: HTTP 200 with a body (§1.4; codes beyond that table are this emulator's own)."""
    return json_response({"error": code, "error_name": name, "message": ""} | more)
