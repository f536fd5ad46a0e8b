"""The page of villagers' phones: three chats that look like the real apps, spoken to by same-origin requests only.

The page knows no address but its own. This little server passes what is tapped on to the emulators' control APIs,
and fetches the media shown in the bubbles, from the emulator or from the product's own base URL and nowhere else.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

log = logging.getLogger(__name__)

PAGES = Path(__file__).parent / "pages" / "phones"
LONGEST_WAIT_S = 25  # the emulators' own limit of a long poll
LARGEST_BODY = 40 * 2**20  # a 25 MB video in base64, with room
SHOWN_TYPES = ("image/", "audio/", "video/")  # everything else is downloaded, never opened in the page's origin
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """One villager's phone. `key` names it in addresses and test ids; `base_url` is its emulator's."""

    key: str
    kind: Literal["zalo_oa", "zalo_bot", "telegram"]
    title: str  # the account as the app shows it: "UBND xã Thanh Nưa"
    base_url: str
    user_id: str
    user_name: str
    letter: str  # on the round picture of the account


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune whose link the page offers, `payload` like "xa-03127"; a point only if its pin is offered too."""

    code: str
    name: str
    payload: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A page to open beside the phones: `kind` is "officials" or "source" (test id `link-<kind>`)."""

    kind: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A sign-in of the demo, shown to everybody who opens the page: never a real one."""

    name: str
    password: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """All the page is told. `media_bases` are the product's base URLs whose media may be shown (loopback)."""

    phones: tuple[Phone, ...]
    communes: tuple[Commune, ...] = ()
    links: tuple[Link, ...] = ()
    credentials: tuple[Credential, ...] = ()
    media_bases: tuple[str, ...] = ()


CONFIG = web.AppKey("config", Config)
SESSION = web.AppKey("session", ClientSession)
routes = web.RouteTableDef()


def app(config: Config) -> web.Application:
    """The page and its proxy. Two phones with one key are refused with ValueError."""
    keys = [phone.key for phone in config.phones]
    if len(set(keys)) != len(keys):
        raise ValueError(f"two phones share a key: {', '.join(keys)}")
    made = web.Application(middlewares=[careful], client_max_size=LARGEST_BODY)
    made[CONFIG] = config
    made.cleanup_ctx.append(outgoing)
    made.on_response_prepare.append(guard)
    made.add_routes(routes)
    made.router.add_static("/static", PAGES)
    return made


async def outgoing(made: web.Application) -> AsyncIterator[None]:
    """One client session for the life of the page; the environment's proxies are for the world, not loopback."""
    timeout = ClientTimeout(total=LONGEST_WAIT_S + 35, sock_connect=5)
    async with ClientSession(timeout=timeout, trust_env=False) as session:
        made[SESSION] = session
        yield


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """The same strict headers on everything, static files included; a handler's own policy stands."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def careful(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as JSON sentences; an emulator that is away is a 502, not a traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return refusal(error.status, error.text or error.reason)
    except (ClientError, TimeoutError) as error:
        log.warning("emulator does not answer", extra={"path": request.path, "error": type(error).__name__})
        return refusal(502, "Điện thoại này chưa nối được với máy chủ giả lập.")


def refusal(status: int, sentence: str) -> web.Response:
    """`{"error": sentence}`, the form of every error of the control APIs."""
    return web.json_response({"error": sentence}, status=status)


@routes.get("/")
async def page(request: web.Request) -> web.StreamResponse:
    """The page itself."""
    return web.FileResponse(PAGES / "index.html")


@routes.get("/page.json")
async def told(request: web.Request) -> web.Response:
    """What the page shows. The emulators' addresses and the people's ids stay here."""
    config = request.app[CONFIG]
    phones = [
        {"key": one.key, "kind": one.kind, "title": one.title, "user": one.user_name, "letter": one.letter}
        for one in config.phones
    ]
    rest = {name: value for name, value in asdict(config).items() if name not in ("phones", "media_bases")}
    return web.json_response({**rest, "phones": phones})


@routes.get("/healthz")
async def healthz(request: web.Request) -> web.Response:
    """Alive."""
    return web.json_response({"ok": True})


def phone_of(request: web.Request) -> Phone:
    """The phone the address names; 404 when there is none."""
    for phone in request.app[CONFIG].phones:
        if phone.key == request.match_info["key"]:
            return phone
    raise web.HTTPNotFound(text="Không có điện thoại này.")


def control(phone: Phone, what: str) -> URL:
    """Address of the control API for the person who holds this phone."""
    return URL(phone.base_url) / "_control" / "users" / phone.user_id / what


@routes.get("/phones/{key}/chat")
async def chat(request: web.Request) -> web.Response:
    """The chat after item `after`, waiting up to `wait` seconds for a new one."""
    try:
        after = max(0, int(request.query.get("after", "0")))
        wait = min(LONGEST_WAIT_S, max(0, int(request.query.get("wait", "0"))))
    except ValueError:
        raise web.HTTPBadRequest(text="after and wait are whole numbers") from None
    url = control(phone_of(request), "chat").with_query(after=after, wait=wait)
    async with request.app[SESSION].get(url) as answer:
        return await passed_on(answer)


@routes.post("/phones/{key}/do")
async def act(request: web.Request) -> web.Response:
    """What the person does. Only JSON, so that another site's form cannot tap on the demo's phones."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    phone, body = phone_of(request), await request.read()
    headers = {hdrs.CONTENT_TYPE: "application/json"}
    async with request.app[SESSION].post(control(phone, "do"), data=body, headers=headers) as answer:
        return await passed_on(answer)


async def passed_on(answer: ClientResponse) -> web.Response:
    """The emulator's JSON with its status; anything that is not JSON counts as no answer."""
    try:
        data: Any = await answer.json()
    except ValueError:
        raise web.HTTPBadGateway(text="the emulator did not answer JSON") from None
    return web.json_response(data, status=answer.status)


def media_address(config: Config, phone: Phone, asked: str) -> URL:
    """The address to fetch for `asked`: the emulator's (relative or absolute) or under the product's base URL.

    Host *and* port must be one of the configured; the control API is never media. Anything else is a 403.
    """
    try:
        url = URL(phone.base_url).join(URL(asked))
        known = {URL(base).origin() for base in (phone.base_url, *config.media_bases)}
        fine = url.origin() in known and url.user is None and "_control" not in url.parts
    except ValueError:
        fine = False
    if not fine:
        raise web.HTTPForbidden(text="this address is not one of the demo's own")
    return url


@routes.get("/phones/{key}/files")
async def media(request: web.Request) -> web.StreamResponse:
    """The file at `?u=`, streamed. Redirects are not followed; ranges are, so that a recording can be wound."""
    url = media_address(request.app[CONFIG], phone_of(request), request.query.get("u", ""))
    asked = {name: request.headers[name] for name in (hdrs.RANGE, hdrs.IF_RANGE) if name in request.headers}
    async with request.app[SESSION].get(url, headers=asked, allow_redirects=False) as answer:
        if answer.status not in (200, 206):
            status = answer.status if answer.status in (404, 410, 416) else 502
            return refusal(status, "Tệp này không còn mở được.")
        return await streamed(request, answer)


async def streamed(request: web.Request, answer: ClientResponse) -> web.StreamResponse:
    """The body as it comes, in a sandboxed response that can never act as a page of ours."""
    headers = {"Content-Security-Policy": FILE_POLICY, hdrs.CONTENT_TYPE: answer.content_type}
    if not answer.content_type.startswith(SHOWN_TYPES) or "svg" in answer.content_type:
        headers[hdrs.CONTENT_DISPOSITION] = "attachment"
    for name in (hdrs.CONTENT_RANGE, hdrs.ACCEPT_RANGES):
        if name in answer.headers:
            headers[name] = answer.headers[name]
    response = web.StreamResponse(status=answer.status, headers=headers)
    if hdrs.CONTENT_ENCODING not in answer.headers:
        response.content_length = answer.content_length
    await response.prepare(request)
    try:
        async for block in answer.content.iter_chunked(64 * 1024):
            await response.write(block)
    except (ClientError, TimeoutError) as error:  # too late for another answer: cut it, so that it cannot look whole
        log.warning("a file broke off", extra={"path": request.path, "error": type(error).__name__})
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
