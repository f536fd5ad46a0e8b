"""The front door: who this is, and the way in for officials."""

from aiohttp import web

from bot.public.pages import context, page


async def show(request: web.Request) -> web.Response:
    """One screen."""
    return page("front.html", controller=context(request).know.manners.controller)


ROUTES = [web.get("/", show)]
