"""The officials' pages: a sub-application under /console with its own sign-in, form guard and error pages."""

from aiohttp import web

from bot.console import (
    announcements,
    commune,
    corrections,
    faq,
    home,
    links,
    pages,
    progress,
    reach,
    reports,
    resume,
    session,
    sign_in,
    writing,
)
from bot.console.recording import RECORDER, Recorder

__all__ = ["setup"]


def setup(app: web.Application) -> None:
    """Install the pages. `app` (or an application above it) carries CONTEXT by the time the first request comes."""
    console = web.Application(middlewares=[pages.errors, session.guard])
    console[RECORDER] = Recorder()
    console[sign_in.STRANGERS] = sign_in.Strangers()
    console.on_cleanup.append(_stop)
    pages.setup(console)
    for part in (
        sign_in,
        home,
        writing,
        announcements,
        corrections,
        progress,
        reach,
        reports,
        faq,
        links,
        commune,
        resume,
    ):
        console.add_routes(part.ROUTES)
    app.add_subapp("/console", console)


async def _stop(console: web.Application) -> None:
    await console[RECORDER].close()
