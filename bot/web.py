"""The web server: webhooks, pages and health, with one sentence for every error."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot import connecting, console, metrics, public, webhooks
from bot.context import CONTEXT, Context

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_request: web.Request) -> web.Response:
    """Alive."""
    return web.json_response({"ok": True})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Alive and the database answers."""
    try:
        async with asyncio.timeout(2):
            await asyncio.to_thread(request.app[CONTEXT].work.database.ping)
    except Exception:
        log.exception("not ready")
        return web.json_response({"ok": False, "error": "cơ sở dữ liệu không trả lời"}, status=503)
    return web.json_response({"ok": True})


@routes.get("/metrics")
async def show_metrics(request: web.Request) -> web.Response:
    """Counters for Prometheus."""
    await request.app[CONTEXT].work.read(metrics.measure)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@routes.get("/zalo_verifier{code}.html")
async def zalo_verifier(request: web.Request) -> web.Response:
    """Zalo's proof that this domain is ours."""
    code = request.app[CONTEXT].settings.zalo_site_verification
    if not code or request.match_info["code"] != code:
        raise web.HTTPNotFound
    page = f'<html><head><meta name="zalo-platform-site-verification" content="{code}"></head><body></body></html>'
    return web.Response(text=page, content_type="text/html")


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong below /webhook and the rest of the machine's routes is one sentence, never a traceback."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return web.json_response({"error": "nội dung quá lớn"}, status=413)
    except web.HTTPException:
        raise
    except asyncio.CancelledError:
        raise
    except Exception:
        resource = request.match_info.route.resource  # its pattern: the address itself may hold a ticket
        log.exception("a page raised", page=resource.canonical if resource else "")
        return web.json_response({"error": "có lỗi, xin thử lại sau"}, status=500)


def make_app(context: Context) -> web.Application:
    """The application with every route."""
    app = web.Application(middlewares=[plainly], client_max_size=webhooks.LARGEST)
    app[CONTEXT] = context
    app.add_routes(routes)
    app.add_routes(webhooks.routes)
    app.add_routes(connecting.routes)
    public.setup(app)
    console.setup(app)
    return app
