"""What arrived at the emulated Bot API server, send by send: who came first, and who was told how often.

Only while the setting `log_sends` is on. `GET /_control/sends?after=N` gives the newest sends after number N, `GET
/_control/told` counts messages, and chats that got one or more.
"""

from collections import Counter, deque
from itertools import islice
from typing import Any

from aiohttp import web

from bot.sandbox.control import json_response, whole
from bot.sandbox.state import Clock, Counts
from bot.sandbox.telegram_args import Args
from bot.sandbox.telegram_config import Settings

MOST_SENDS = 100_000
SHOWN = 80  # characters of each text


class SendLog:
    """Sends in their order of arrival, the newest `MOST_SENDS`; `at_ms` is ms UTC by the emulator's clock."""

    def __init__(self, settings: Settings, clock: Clock, counts: Counts) -> None:
        self._settings, self._clock, self._counts = settings, clock, counts
        self._sends: deque[dict[str, Any]] = deque(maxlen=MOST_SENDS)
        self._told: Counter[str] = Counter()
        self._last = self._messages = self._twice = 0

    def arrived(self, chat: str, method: str, args: Args) -> None:
        """A request to send came in, whatever becomes of it."""
        if self._settings.log_sends:
            self._last += 1
            text = (args.text("text") or args.text("caption"))[:SHOWN]
            at_ms = round(self._clock.now(), 1)
            self._sends.append({"n": self._last, "at_ms": at_ms, "chat": chat, "method": method, "text": text})

    def told(self, chat: str) -> None:
        """A message was put on the phone of `chat`."""
        if self._settings.log_sends:
            self._messages += 1
            self._told[chat] += 1
            self._twice += self._told[chat] == 2

    def routes(self) -> list[web.RouteDef]:
        """Two questions of the control API."""
        return [web.get("/_control/sends", self._list), web.get("/_control/told", self._count)]

    async def _list(self, request: web.Request) -> web.Response:
        known = max(0, whole(request.query, "after") - (self._last - len(self._sends)))
        return json_response({"sends": list(islice(self._sends, known, None)), "last": self._last})

    async def _count(self, _request: web.Request) -> web.Response:
        told = {"messages": self._messages, "chats": len(self._told), "twice": self._twice}
        return json_response(told | {"open": self._counts.open})
