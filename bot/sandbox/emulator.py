"""The common base of the emulators: people and chats, faults, counts and the control API under `/_control`.

An emulator subclasses `Emulator`, adds its platform's routes in `routes()` and what people can do in
`actions()`, and answers platform calls through `send` (counted, one chat) or `ask` (everything else), so that
every fault works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from aiohttp import web

from bot.sandbox.chats import Chats, File, Files, Item, People, Refused, User
from bot.sandbox.control import CALL_FAULTS, Control
from bot.sandbox.control import json_object as json_object
from bot.sandbox.control import json_response as json_response
from bot.sandbox.outgoing import Outgoing, WebhookSender
from bot.sandbox.state import Call, Clock, Counts, Fault, Faults, Rate

U = TypeVar("U", bound=User)
Action = Callable[[U, dict[str, Any]], Awaitable[int]]
Work = Callable[[], Awaitable[web.StreamResponse]]
SendWork = Callable[[Call], Awaitable[web.StreamResponse]]

HANG_S = 300.0
HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"


class Emulator(Generic[U]):
    """One emulated platform. `settings` is a flat dataclass; `POST /_control/settings` changes its fields."""

    name = "emulator"
    more_faults: tuple[str, ...] = ()

    def __init__(self, settings: Any, *, rates: list[Rate], base_url: str = "", allow_loopback: bool = False) -> None:
        self.settings, self.base_url = settings, base_url.rstrip("/")
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.counts = Counts(self.clock, rates)
        self.chats, self.files = Chats(), Files()
        self.people: People[U] = People()
        self.outgoing = Outgoing(allow_loopback)
        self.sender: WebhookSender | None = None
        self.stopping = asyncio.Event()

    # What a platform fills in.

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def actions(self) -> dict[str, Action[U]]:
        """What people can do, by the name used in `POST /_control/users/{id}/do`."""
        raise NotImplementedError

    def new_user(self, told: dict[str, Any]) -> U:
        """A user from the JSON of `POST /_control/users`, not yet added; `id` may be missing."""
        raise NotImplementedError

    def throttled(self, fault: Fault) -> web.Response:
        raise NotImplementedError

    def revoked(self) -> web.Response:
        raise NotImplementedError

    def webhook_state(self) -> dict[str, Any]:
        return self.sender.state() if self.sender else {}

    def settings_changed(self) -> None:
        """Somebody has switched a setting: what was made of them is made anew."""

    def more_state(self) -> dict[str, Any]:
        """What this platform adds to `GET /_control/state`."""
        return {}

    def chat_read(self, user: U) -> None:
        """Called when somebody looks at this person's phone (platforms with read receipts)."""

    def end_waits(self) -> None:
        """Called when the application stops, so that calls still waiting are answered at once."""

    # What platform routes call.

    async def send(
        self,
        chat: str,
        method: str,
        request: web.Request,
        work: Callable[[Call], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answer one send to one chat: counted, faults applied. `work` accepts the call or refuses it."""
        call = self.counts.begin(chat, enforce=bool(getattr(self.settings, "enforce_limits", False)))
        try:
            fault = self.faults.take(*CALL_FAULTS, chat=chat, method=method)
            return await self._under(fault, request, lambda: work(call))
        finally:
            call.end()

    async def ask(self, method: str, request: web.Request, work: Work) -> web.StreamResponse:
        """Answer any other call; only faults naming its method (or "*") touch it, `revoked` always does."""
        fault = self.faults.take(*CALL_FAULTS, method=method, is_send=False)
        return await self._under(fault or self.faults.take("revoked"), request, work)

    def say(self, user: U, item: Item) -> int:
        item.at_ms = item.at_ms or self.clock.now_ms()
        return self.chats.add(user.id, item)

    def keep_file(self, data: bytes, mime: str, name: str, life_ms: int = 0) -> File:
        """Serve these bytes; with `life_ms` they expire by the emulator's clock."""
        return self.files.add(data, mime, name, self.clock.now_ms() + life_ms if life_ms else 0)

    def absolute(self, path: str) -> str:
        return self.base_url + path

    async def _under(self, fault: Fault | None, request: web.Request, work: Work) -> web.StreamResponse:
        if fault is None:
            return await work()
        if fault.name == "slow":
            await asyncio.sleep(fault.more.get("ms", 1000) / 1000)
            return await work()
        if fault.name == "throttle":
            return self.throttled(fault)
        if fault.name == "revoked":
            return self.revoked()
        if fault.name.endswith("_after") or fault.more.get("after"):
            await work()
        return await self._broken(fault.name, request)

    async def _broken(self, name: str, request: web.Request) -> web.StreamResponse:
        if name == "error_500":
            return json_response({"error": "internal"}, status=500)
        if name == "html_502":
            return web.Response(text=HTML_502, status=502, content_type="text/html")
        if name == "garbage":
            return web.Response(body=b'{"error":0,"data":{"mess', content_type="application/json")
        if name.startswith("timeout"):
            await self._hang(request)
        return drop(request)

    async def _hang(self, request: web.Request) -> None:
        """Say nothing until the client leaves, the faults are cleared or the emulator stops."""
        changed, end = self.faults.changed, asyncio.get_running_loop().time() + HANG_S
        while asyncio.get_running_loop().time() < end and not (changed.is_set() or self.stopping.is_set()):
            if request.transport is None or request.transport.is_closing():
                return
            await asyncio.sleep(0.02)

    # The application.

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._learn_base_url])
        app[EMULATOR] = self
        app.add_routes(self.routes())
        app.add_routes(Control(self).routes())
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._shut)
        app.on_cleanup.append(self._clean)
        return app

    @web.middleware
    async def _learn_base_url(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not self.base_url:
            self.base_url = str(request.url.origin())
        try:
            return await handler(request)
        except Refused as refused:
            return json_response({"error": str(refused)}, status=refused.status)

    async def _start(self, _app: web.Application) -> None:
        await self.outgoing.start()

    async def _shut(self, _app: web.Application) -> None:
        self.stopping.set()
        self.chats.wake()
        self.end_waits()

    async def _clean(self, _app: web.Application) -> None:
        await self.outgoing.stop()


EMULATOR: web.AppKey[Emulator[Any]] = web.AppKey("emulator", Emulator)


def drop(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
