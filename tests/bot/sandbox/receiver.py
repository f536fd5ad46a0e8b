"""A webhook's other end for tests of the emulators: keeps what arrives and answers as told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

Client = TestClient[web.Request, web.Application]


@dataclass
class Receiver:
    """Answers each request with the next of `statuses` (200 when there is none left; None: never)."""

    statuses: list[int | None] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # GET /f/<name> -> (MIME type, bytes)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._more = asyncio.Event()
        self.server: TestServer | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        app.router.add_get("/f/{name}", self._serve)
        self.server = TestServer(app)
        await self.server.start_server()
        self.url = str(self.server.make_url("/hook"))

    def file_url(self, name: str) -> str:
        assert self.server is not None
        return str(self.server.make_url(f"/f/{name}"))

    async def wait_for(self, n: int) -> list[dict[str, Any]]:
        """The first n events, as JSON, once they have arrived."""
        async with asyncio.timeout(5):
            while len(self.bodies) < n:
                self._more.clear()
                await self._more.wait()
        return [as_json(body) for body in self.bodies[:n]]

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        self._more.set()
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return web.Response(status=status or 200)

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.fetched.append(name)
        if name not in self.files:
            raise web.HTTPNotFound
        mime, data = self.files[name]
        return web.Response(body=data, content_type=mime)


def as_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def post(client: Client, path: str, body: Any = None) -> Any:
    """POST JSON to the control API and give its JSON."""
    async with client.post(path, json=body if body is not None else {}) as answer:
        return await answer.json()


async def get(client: Client, path: str) -> Any:
    async with client.get(path) as answer:
        return await answer.json()


async def tried(client: Client, n: int) -> None:
    """Wait until the emulator has seen the end of n webhook attempts."""
    async with asyncio.timeout(5):
        while len(await get(client, "/_control/deliveries")) < n:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
