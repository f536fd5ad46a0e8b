"""A tiny emulator for the tests of the page of phones, and the page set up to talk to it."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox import phones
from bot.sandbox.phones import Commune, Config, Credential, Link, Phone

Client = TestClient[web.Request, web.Application]
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
TOWN = Commune("03127", "Xã Thanh Nưa, tỉnh Điện Biên", "xa-03127", 21.42, 102.98)
KINDS: tuple[Any, ...] = ("zalo_oa", "zalo_bot", "telegram")


class Emulator:
    """A tiny control server: it keeps what was done and shows what the test says."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.done: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.news = asyncio.Event()
        self.answer_garbage = False

    def app(self) -> web.Application:
        made = web.Application()
        made.router.add_get("/_control/users/{id}/chat", self.chat)
        made.router.add_post("/_control/users/{id}/do", self.do)
        made.router.add_get("/files/{token}/{name}", self.file)
        return made

    def say(self, text: str = "", **more: Any) -> int:
        item = {"n": len(self.items) + 1, "who": "bot", "kind": "text", "text": text, "buttons": []}
        item |= {"at_ms": int(time.time() * 1000), "silent": False, "edited": False}
        self.items.append({**item, **more})
        self.news.set()
        return len(self.items)

    async def chat(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if self.answer_garbage:
            return web.Response(text="<html>502</html>", content_type="text/html")
        after, wait = int(request.query["after"]), float(request.query["wait"])
        if len(self.items) <= after and wait:
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), min(wait, 0.5))
            except TimeoutError:
                self.asked.append("nothing new")
        return web.json_response({"items": self.items[after:], "last": len(self.items)})

    async def do(self, request: web.Request) -> web.Response:
        action = await request.json()
        if action.get("text") == "lỗi":
            return web.json_response({"error": "không gửi được"}, status=400)
        self.done.append({"user": request.match_info["id"], **action})
        kind = action["action"] if action["action"] in ("image", "voice", "video", "location") else "text"
        url = {"url": "/files/t/x.gif"} if kind == "image" else {}
        return web.json_response({"n": self.say(action.get("text", ""), who="user", kind=kind, **url)})

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == "away.gif":
            raise web.HTTPFound("http://169.254.169.254/latest")
        if name == "gone.gif":
            raise web.HTTPGone
        if name == "page.html":
            return web.Response(text="<script>alert(1)</script>", content_type="text/html")
        if name == "long.mp3":
            start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
            headers = {"Content-Range": f"bytes {start}-9/10", "Accept-Ranges": "bytes"}
            return web.Response(status=206, body=b"0123456789"[start:], content_type="audio/mpeg", headers=headers)
        return web.Response(body=PIXEL, content_type="image/gif")


def config_for(base: str) -> Config:
    users = {"zalo_oa": "Lò Văn Pản", "zalo_bot": "Giàng A Sử", "telegram": "Nguyễn Thị Mai"}
    return Config(
        phones=tuple(
            Phone(kind, kind, "UBND xã Thanh Nưa", base, f"person-{kind}", users[kind], "T") for kind in KINDS
        ),
        communes=(TOWN,),
        links=(Link("officials", "Trang cán bộ", f"{base}/console"), Link("source", "Nguồn tin", f"{base}/source")),
        credentials=(Credential("demo1", "mat-khau-thu", "Người viết tin"),),
        media_bases=(f"{base}/media",),
    )


@asynccontextmanager
async def served(emulator: Emulator) -> AsyncIterator[str]:
    """The emulator on loopback: its base URL."""
    server = TestServer(emulator.app())
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    emulator.news.set()
    await server.close()


@asynccontextmanager
async def page_for(base: str) -> AsyncIterator[Client]:
    """The page of three phones, all of them of the emulator at `base`."""
    async with TestClient(TestServer(phones.app(config_for(base)))) as made:
        yield made
