"""The common table of endings: what every channel and gateway must make of what the far side does.

A test file brings a `Dialect` (how its platform says yes, slow down, blocked, rejected), goes through
`cases(dialect)` and points its client at the address that `playing(case, far)` gives:

    @pytest.mark.parametrize("case", cases(DIALECT), ids=lambda case: case.name)
    async def test_every_answer_has_its_ending(case: Case, far: FarSide) -> None:
        async with playing(case, far) as url:
            case.check(await client(url).send(...), DIALECT)

`FarSide` is a real HTTP server on loopback.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.base_protocol import BaseProtocol

from bot.endings import Ending, Gone, Later, Never, Sent, Unknown

Fault = Literal["", "hang", "drop", "refuse", "silent"]
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True)
class Answer:
    """What the far side does with one request.

    `fault`: `hang` reads it whole and never answers; `drop` reads it whole and closes the connection.
    `refuse` (nothing listens there) and `silent` (no connection is ever made) happen before a byte is written;
    `playing` gives the address for each.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = ""


def said(data: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json.dumps(data, ensure_ascii=False).encode(), headers=headers)


@dataclass(frozen=True)
class Asked:
    """One request the far side got. `form` holds the fields of a form or multipart body, files as bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, Any]

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


class FarSide:
    """The other side of a call: gives the answers laid out with `answer` in order, the last one for ever."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: list[Answer] = [said({})]
        self._paths: dict[str, Answer] = {}
        self._over = asyncio.Event()

    def answer(self, *answers: Answer) -> None:
        """Lay out the next answers."""
        self._answers = list(answers)

    def answer_at(self, ending: str, answer: Answer) -> None:
        """Always give `answer` where the path ends so (token look-ups, uploads beside the send itself)."""
        self._paths[ending] = answer

    def release(self) -> None:
        """Let every hanging request end (at the end of a test)."""
        self._over.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await _read(request))
        answer = self._next(request.path)
        if answer.fault == "hang":
            await self._over.wait()
        if answer.fault and request.transport is not None:
            request.transport.abort()
        return web.Response(status=answer.status, body=answer.body, content_type=answer.kind, headers=answer.headers)

    def _next(self, path: str) -> Answer:
        for ending, answer in self._paths.items():
            if path.endswith(ending):
                return answer
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def _read(request: web.Request) -> Asked:
    body = await request.read()
    form: dict[str, Any] = {}
    if request.content_type.startswith("multipart/"):
        form = await _parts(request, body)
    elif request.content_type == "application/x-www-form-urlencoded":
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return Asked(request.method, request.path, dict(request.query), request.headers.copy(), body, form)


async def _parts(request: web.Request, body: bytes) -> dict[str, Any]:
    """The fields of a multipart body that was read already: text as str, files as bytes."""
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), 1 << 16, loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    fields: dict[str, Any] = {}
    async for part in MultipartReader(request.headers, stream):
        assert isinstance(part, BodyPartReader)
        content = bytes(await part.read())
        fields[part.name or ""] = content if part.filename else content.decode()
    return fields


@asynccontextmanager
async def far_side() -> AsyncIterator[FarSide]:
    """A far side on a free loopback port; use it in a fixture of your test file."""
    app = web.Application(client_max_size=64 << 20)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    sock = socket.create_server(("127.0.0.1", 0))
    far = FarSide(f"http://127.0.0.1:{sock.getsockname()[1]}")
    app.router.add_route("*", "/{path:.*}", far.handle)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    try:
        yield far
    finally:
        far.release()
        await runner.cleanup()


@asynccontextmanager
async def before_writing(fault: Fault) -> AsyncIterator[str]:
    """A base URL where no request can be written: `refuse` has no listener, `silent` never connects.

    `silent` is a listening socket whose backlog is full: Linux drops the SYN, the client waits in vain.
    """
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if fault == "silent":
            listening.listen(0)
            for _ in range(4):
                _fill(stack.enter_context(socket.socket()), port)
        yield f"http://127.0.0.1:{port}"


def _fill(one: socket.socket, port: int) -> None:
    one.setblocking(False)
    with suppress(BlockingIOError):
        one.connect(("127.0.0.1", port))


@dataclass(frozen=True)
class Dialect:
    """How one platform says the four clear things, and where it ends otherwise than most.

    `throttled` must ask for `throttled_wait` seconds (0: the platform names none). `instead` replaces the
    expected ending of a case by its name, where the platform's reference argues for another one.
    """

    sent: Answer
    throttled: Answer
    gone: Answer
    rejected: Answer
    sent_id: str
    throttled_wait: float = 0
    instead: Mapping[str, type[Ending]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One row: what the far side does, and the ending it must become."""

    name: str
    answer: Answer
    ending: type[Ending]

    def check(self, ending: Ending, dialect: Dialect) -> None:
        """Assert that `ending` is the one of this row, with the details that every platform shares."""
        assert type(ending) is self.ending, ending
        if isinstance(ending, Sent):
            assert ending.id == dialect.sent_id
        if self.name == "throttled" and isinstance(ending, Later):
            assert ending.budget
            assert ending.wait >= max(dialect.throttled_wait, 0.001)
        if isinstance(ending, Later):
            assert ending.wait >= 0
            assert (ending.outage or ending.budget) == (self.name in NOT_THIS_LETTER)


# What ends so may well end so for everybody; whoever is turned away alone must not stop the account.
NOT_THIS_LETTER = ("throttled", "throttled by a proxy, in html", "forbidden by a proxy, in html",
                   "time-out before writing", "connection refused")  # fmt: skip


def cases(dialect: Dialect) -> list[Case]:
    """The table. Parametrise over it with `ids=lambda case: case.name`."""
    rows: list[tuple[str, Answer, type[Ending]]] = [
        ("sent", dialect.sent, Sent),
        ("throttled", dialect.throttled, Later),
        ("blocked", dialect.gone, Gone),
        ("rejected", dialect.rejected, Never),
        ("throttled by a proxy, in html", Answer(429, HTML, "text/html"), Later),
        ("forbidden by a proxy, in html", Answer(403, HTML, "text/html"), Later),
        ("server error", Answer(500, b"", "text/plain"), Unknown),
        ("server error in html", Answer(502, HTML, "text/html"), Unknown),
        ("unavailable", Answer(503, HTML, "text/html"), Unknown),
        ("gateway time-out", Answer(504, HTML, "text/html"), Unknown),
        ("yes in html", Answer(200, HTML, "text/html"), Unknown),
        ("yes in garbage", Answer(200, b'{"ok": tr\xff\xfe'), Unknown),
        ("yes without a body", Answer(200, b""), Unknown),
        ("yes in a strange shape", said([1, "two", None]), Unknown),
        ("time-out after writing", Answer(fault="hang"), Unknown),
        ("connection dropped after writing", Answer(fault="drop"), Unknown),
        ("time-out before writing", Answer(fault="silent"), Later),
        ("connection refused", Answer(fault="refuse"), Later),
    ]
    return [Case(name, answer, dialect.instead.get(name, ending)) for name, answer, ending in rows]


@asynccontextmanager
async def playing(case: Case, far: FarSide) -> AsyncIterator[str]:
    """Set the stage for one row; the base URL for the client under test (use short time-outs: 0.2 s)."""
    if case.answer.fault in ("refuse", "silent"):
        async with before_writing(case.answer.fault) as url:
            yield url
    else:
        far.answer(case.answer)
        yield far.url
