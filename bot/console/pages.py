"""Pages: templates, the headers each of them carries, the files they need, and errors as sentences."""

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import structlog
from aiohttp import web
from jinja2 import FileSystemLoader

from bot.console.signed import ME
from bot.console.words import FILTERS
from content.dates import when

log = structlog.get_logger()
HERE = Path(__file__).parent
STATIC = HERE / "static"
FORM_LIMIT = 256 * 1024  # bytes; a form of ours is a few kilobytes
# Routes that take a file: how many bytes, and what is said of more.
FORMS = "/console/faq/{id}/forms"
LARGER = {FORMS: (5 * 1024 * 1024 + 64 * 1024, "Tệp nặng quá 5 MB, Zalo không gửi được. Xin giảm dung lượng tệp PDF "
                  "(quét đen trắng, ít trang hơn) rồi thử lại.")}  # fmt: skip
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Pico draws its arrows and ticks as data: images; everything else comes from here and nothing runs inline.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # not "no-referrer": with it browsers send "Origin: null" from our own forms
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SENTENCES = {
    400: "Trang không đọc được dữ liệu gửi lên. Xin quay lại và thử lần nữa.",
    401: "Phiên đăng nhập đã hết. Xin đăng nhập lại.",
    403: "Ông/bà không có quyền làm việc này.",
    404: "Không có trang này, hoặc trang thuộc về xã khác.",
    405: "Trang này không nhận cách gửi như vậy.",
    409: "Có người vừa thay đổi nội dung này. Xin tải lại trang rồi xem lại.",
    413: "Nội dung gửi lên dài quá. Xin viết ngắn lại.",
    429: "Thử nhiều lần quá. Xin chờ một lúc.",
    500: "Máy chủ gặp lỗi. Việc vừa làm có thể chưa được ghi, xin tải lại trang để xem. Lỗi đã được ghi vào nhật ký.",
}


class Refused(Exception):
    """A request that cannot be done: its HTTP status, and one Vietnamese sentence for the official."""

    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(status)
        self.status, self.sentence = status, sentence or SENTENCES[status]


def setup(console: web.Application) -> None:
    """Templates and static files for the pages' application."""
    aiohttp_jinja2.setup(
        console,
        loader=FileSystemLoader(HERE / "templates"),
        filters={**FILTERS, "when": when},
        trim_blocks=True,
        lstrip_blocks=True,
    )
    files = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in (".css", ".js")}
    marks = {name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for name, path in files.items()}

    async def static(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in files:
            raise Refused(404)
        headers = {
            "Content-Type": f"{mimetypes.types_map[files[name].suffix]}; charset=utf-8",
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return web.FileResponse(files[name], headers=headers)

    aiohttp_jinja2.get_env(console).globals["static"] = lambda name: f"/console/static/{name}?v={marks[name]}"
    console.router.add_get("/static/{name:.+}", static, name="static")


def page(request: web.Request, template: str, status: int = 200, **told: Any) -> web.Response:
    """A rendered page. Every template knows `me`: who is signed in, or None."""
    told.setdefault("me", request.get(ME))
    response = aiohttp_jinja2.render_template(template, request, told, status=status)
    response.headers.update(HEADERS)
    return response


def go(where: str) -> web.Response:
    """Send the browser on after a form, so that reloading does not send it again."""
    return web.Response(status=303, headers={"Location": where, "Cache-Control": "no-store"})


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes a page with one sentence; the traceback goes to the log only."""
    limit, too_large = LARGER.get(_route(request), (FORM_LIMIT, SENTENCES[413]))
    request = request.clone(client_max_size=limit)
    try:
        return await handler(request)
    except Refused as refused:
        return _error(request, refused.status, refused.sentence)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        sentences = {**SENTENCES, 413: too_large}
        return _error(request, error.status, sentences.get(error.status, SENTENCES[400]))
    except Exception:
        log.exception("console page failed", method=request.method, route=_route(request))
        return _error(request, 500, SENTENCES[500])


def _error(request: web.Request, status: int, sentence: str) -> web.Response:
    response = page(request, "error.html", status, sentence=sentence, title="Chưa được",
                    back=_back(request) if status == 409 else "")  # fmt: skip
    response.headers["HX-Reswap"] = "none"  # a part that refreshes itself keeps what it shows and tries again
    return response


def _back(request: web.Request) -> str:
    """The page of what was acted upon: somebody else was quicker, and it is worth another look."""
    return request.path.rpartition("/")[0] if request.method == "POST" else ""


def _route(request: web.Request) -> str:
    """The route's pattern: an address may hold a code."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""
