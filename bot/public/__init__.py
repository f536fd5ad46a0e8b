"""Public pages: the announcement to listen to, files for platforms, one's own data, and the front door."""

from aiohttp import web

from bot.public import data, front, listen, media

__all__ = ["setup"]


def setup(app: web.Application) -> None:
    """Install the pages. `app` carries CONTEXT by the time the first request comes."""
    for part in (front, listen, media, data):
        app.add_routes(part.ROUTES)
