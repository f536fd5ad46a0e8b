"""An emulator of the Zalo Official Account API, strict and stateful, for one app and one OA (reference §1-8)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.emulator import Action, Emulator, json_response
from bot.sandbox.state import Fault, Rate
from bot.sandbox.zalo_checks import ApiError
from bot.sandbox.zalo_config import OaConfig as OaConfig
from bot.sandbox.zalo_config import OaSettings, ZaloUser
from bot.sandbox.zalo_events import Events
from bot.sandbox.zalo_oauth import OAuth
from bot.sandbox.zalo_people import OaPeople
from bot.sandbox.zalo_reads import Reads
from bot.sandbox.zalo_sends import Sends
from bot.sandbox.zalo_together import Together
from bot.sandbox.zalo_uploads import Uploads

OA_RATE, APP_RATE = "requests a minute of this OA", "requests a minute of this app"


def digits() -> str:
    return str(secrets.randbelow(9 * 10**17) + 10**17)


class ZaloOa(Emulator[ZaloUser]):
    """The hosts openapi.zalo.me and oauth.zaloapp.com, the console's webhook page, and the people's phones."""

    name = "zalo_oa"
    more_faults = ("app_secret", "rotate_drop")

    def __init__(self, config: OaConfig) -> None:
        self.config = config
        self.settings = OaSettings(oa_per_minute=config.oa_per_minute, app_per_minute=config.app_per_minute)
        self._oa_rate = Rate(OA_RATE, config.oa_per_minute, 60_000)
        self._app_rate = Rate(APP_RATE, config.app_per_minute, 60_000)
        rates = [self._oa_rate, self._app_rate]
        super().__init__(self.settings, rates=rates, base_url=config.base_url, allow_loopback=config.allow_loopback)
        self.oauth, self.events, self.uploads = OAuth(self), Events(self), Uploads(self)
        self._sends, self._reads, self._people = Sends(self), Reads(self), OaPeople(self)
        self.together = Together(self)
        self.sender = self.events.sender
        self.paid = 0
        self.templates_sent: Counter[int] = Counter()  # by the day in Viet Nam

    def routes(self) -> list[web.RouteDef]:
        parts = (self._sends, self.together, self._reads, self.uploads, self.oauth, self.events)
        return [route for part in parts for route in part.routes()]

    def actions(self) -> dict[str, Action[ZaloUser]]:
        return self._people.actions()

    def new_user(self, told: dict[str, Any]) -> ZaloUser:
        """`{"id"?, "name", "follower"?, "sensitive"?, "last_interaction_ms"?}`, and for broadcasts
        `{"city"?, "location"?, "gender"?, "age"?}`."""
        return ZaloUser(
            id=str(told.get("id") or digits()),
            name=str(told["name"]),
            user_id_by_app=digits(),
            follower=bool(told.get("follower", False)),
            sensitive=bool(told.get("sensitive", False)),
            last_interaction_ms=int(told.get("last_interaction_ms", 0)),
            city=int(told.get("city", 0)),
            location=int(told.get("location", 0)),
            gender=int(told.get("gender", 0)),
            age=int(told.get("age", 0)),
        )

    def settings_changed(self) -> None:
        """The limits of the OA and of its app may be another from now on."""
        self._oa_rate.limit, self._app_rate.limit = self.settings.oa_per_minute, self.settings.app_per_minute

    def more_state(self) -> dict[str, Any]:
        return {"paid": self.paid}

    def throttled(self, fault: Fault) -> web.Response:
        return self.refuse(ApiError(-32, "Your OA reached limit call api"))

    def revoked(self) -> web.Response:
        return self.refuse(ApiError(-216, "Access token is invalid"))

    def chat_read(self, user: ZaloUser) -> None:
        """Looking at the phone is what makes messages seen."""
        seen, user.unseen = user.unseen, []
        if seen:
            self.events.receipt(user, "user_seen_message", {"msg_ids": seen})

    def media_url(self, path: str) -> str:
        return self.settings.media_host + path if self.settings.media_host else self.absolute(path)

    # Envelopes and the checks every call passes.

    def succeed(self, data: Any) -> web.Response:
        body = {"error": 0, "message": "Success", "data": data}
        return json_response(body, headers=self._limit_headers())

    def refuse(self, problem: ApiError) -> web.Response:
        """Refusals too are HTTP 200, without `data` (§2)."""
        body = {"error": problem.code, "message": str(problem)}
        return json_response(body, headers=self._limit_headers())

    def authorize(self, request: web.Request) -> None:
        """Raise ApiError unless the access token (and the proof, if asked for) is good."""
        given = request.headers.get("access_token", "")
        problem = self.oauth.access_problem(given)
        if problem:
            raise ApiError(*problem)
        if self.settings.require_proof:
            proof = hmac.new(self.config.app_secret.encode(), given.encode(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(proof, request.headers.get("appsecret_proof", "")):
                raise ApiError(-242, "Invalid appsecret_proof provided in the API argument")

    async def api(self, method: str, request: web.Request, work: Callable[[], Awaitable[Any]]) -> web.StreamResponse:
        """Answer a call that is no send: faults, rate, token; `work` gives `data` or raises ApiError."""
        over = self.counts.arrive(enforce=self.settings.enforce_limits)

        async def checked() -> web.Response:
            try:
                self.not_over(over)
                self.authorize(request)
                return self.succeed(await work())
            except ApiError as problem:
                return self.refuse(problem)

        return await self.ask(method, request, checked)

    def known_user(self, user_id: str) -> ZaloUser:
        user = self.people.get(user_id)
        if user is None and self.settings.any_user and user_id:
            user = self.new_user({"id": user_id, "name": user_id, "follower": True})
            user.last_interaction_ms = self.clock.now_ms()
            self.people.add(user)
        if user is None:
            code = self.settings.unknown_user_error
            raise ApiError(code, "user_id is invalid!" if code == -201 else "User has not followed OA")
        return user

    def _limit_headers(self) -> dict[str, str]:
        if self._oa_rate.limit <= 0:
            return {}
        left = self._oa_rate.remaining(self.clock.now())
        return {"X-RateLimit-Limit": str(self._oa_rate.limit), "X-RateLimit-Remain": str(left)}

    def not_over(self, over: str | None) -> None:
        if over and self.settings.enforce_limits:
            who = "application" if over == APP_RATE else "OA"
            raise ApiError(-32, f"Your {who} reached limit call api")


def app(config: OaConfig) -> web.Application:
    """The emulator as an aiohttp application; `app[EMULATOR]` is its ZaloOa."""
    return ZaloOa(config).app()
