"""One's own data as a JSON file, behind the link that the chat gave."""

import json

from aiohttp import web

from bot.public.pages import HEADERS, context, missing
from handlers import privacy

GONE = "Đường dẫn này không đúng hoặc đã hết hạn. Bà con nhắn DỮ LIỆU vào kênh để lấy đường dẫn mới."


async def show(request: web.Request) -> web.Response:
    """The file, while the link is valid."""
    token = request.match_info["token"]
    # int() also takes digits that no token of ours has; only ASCII ones may go on.
    own = await context(request).work.read(lambda tx: privacy.exported(tx, token)) if token.isascii() else None
    if own is None:
        return missing(GONE)
    text = json.dumps(own, ensure_ascii=False, indent=1)
    headers = HEADERS | {"Cache-Control": "no-store", "X-Robots-Tag": "noindex",
                         "Content-Disposition": 'attachment; filename="du-lieu-cua-toi.json"'}  # fmt: skip
    return web.Response(text=text, content_type="application/json", headers=headers)


ROUTES = [web.get("/data/{token}", show)]
