"""Files for platforms that fetch them: only behind a signed address that works for a day."""

from aiohttp import web

from bot.media import mime_of
from bot.public.pages import HEADERS, context, missing

GONE = "Đường dẫn này không đúng hoặc đã hết hạn."
SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


async def show(request: web.Request) -> web.StreamResponse:
    """The file, with ranges; it is not kept in caches, for the address is a key."""
    ticket, name = request.match_info["ticket"], request.match_info["name"]
    known = context(request)
    # int() also takes digits that no ticket of ours has; only ASCII ones may go on.
    path = known.store.opened(ticket, name, known.now()) if f"{ticket}{name}".isascii() else None
    if path is None:
        return missing(GONE)
    mime = mime_of(path)
    headers = HEADERS | {"Content-Type": mime, "Cache-Control": "private, no-store"}
    if not mime.startswith(SHOWN):
        headers["Content-Disposition"] = "attachment"
    return web.FileResponse(path, headers=headers)


ROUTES = [web.get("/media/{ticket}/{name}", show)]
