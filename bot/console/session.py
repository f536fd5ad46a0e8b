"""Who is signed in, and the guard before every page: no session, no page; no token, no deed."""

import hmac
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web
from yarl import URL

from bot.console.pages import HEADERS, Handler, Refused, go, page
from bot.console.signed import ME, Signed
from bot.context import CONTEXT, Context
from storage import Transaction, officials

DEVICE_SECONDS = 365 * 24 * 3600
OPEN = {"static", "sign_in", "entered"}  # routes without a session


def context(request: web.Request) -> Context:
    """The running parts, from the application or one above it."""
    return request.config_dict[CONTEXT]


def me(request: web.Request) -> Signed:
    """Who is signed in; only behind the guard."""
    return request[ME]


def cookie_name(request: web.Request) -> str:
    """With https the browser itself promises that nobody else set it (`__Host-`); loopback has no https."""
    return "__Host-thontin" if _https(request) else "thontin"


def _https(request: web.Request) -> bool:
    return context(request).settings.public_url.startswith("https://")


def set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Hand the session's token to the browser, or take it back when it is empty."""
    secure = _https(request)
    options: dict[str, object] = {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}
    if token:
        response.set_cookie(cookie_name(request), token, max_age=officials.SESSION_MS // 1000, **options)  # type: ignore[arg-type]
    else:
        response.del_cookie(cookie_name(request), **options)  # type: ignore[arg-type]


def is_known_device(request: web.Request, name: str) -> bool:
    """Whether this browser signed in as `name` before, and has not typed a wrong password since."""
    proof = request.cookies.get(f"{cookie_name(request)}-device", "")
    return context(request).work.database.vault.signed("device", name, proof)


def know_device(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Remember that `name` signed in with this browser."""
    proof = context(request).work.database.vault.sign("device", name)
    response.set_cookie(f"{cookie_name(request)}-device", proof, max_age=DEVICE_SECONDS, path="/", httponly=True,
                        samesite="Lax", secure=_https(request))  # fmt: skip


def forget_device(request: web.Request, response: web.StreamResponse) -> None:
    """A wrong password: from now on this browser is a stranger's."""
    response.del_cookie(f"{cookie_name(request)}-device", path="/", httponly=True, secure=_https(request))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in whoever is signed in; let a form through only when it came from our own page."""
    if request.match_info.http_exception is not None:
        return await handler(request)
    signed = await _signed(request)
    if signed:
        request[ME] = signed
    _same_site(request)
    name = request.match_info.route.name
    if name in OPEN:
        return await handler(request)
    if signed is None:
        return _must_sign_in(request)
    if request.method == "POST" and not _has_token(await request.post(), signed):
        raise Refused(403, "Trang đã mở lâu quá hoặc không phải trang của kênh. Xin tải lại trang rồi làm lại.")
    return await handler(request)


async def _signed(request: web.Request) -> Signed | None:
    token = request.cookies.get(cookie_name(request), "")
    return await context(request).work.read(lambda tx: _look(tx, token)) if token else None


def _look(tx: Transaction, token: str) -> Signed | None:
    found = officials.signed_in(tx, token)
    if found is None:
        return None
    one, row = found
    return Signed(one.id or 0, one.username, one.name, one.title, one.commune, row.csrf)


def _same_site(request: web.Request) -> None:
    """A form sent from somebody else's page is refused by what the browser says of it (Fetch Metadata, Origin)."""
    if request.method in ("GET", "HEAD"):
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "")
    ours = {request.host, URL(context(request).settings.public_url).authority} - {""}
    if site not in ("same-origin", "none") or (origin and _authority(origin) not in ours):
        raise Refused(403, "Yêu cầu này không gửi từ trang của kênh nên không được nhận.")


def _authority(origin: str) -> str:
    try:
        return URL(origin).authority
    except ValueError:
        return ""


def _must_sign_in(request: web.Request) -> web.Response:
    if request.headers.get("HX-Request"):
        return web.Response(status=401, headers=HEADERS | {"HX-Redirect": "/console/sign-in"})
    if request.method in ("GET", "HEAD"):
        return go(f"/console/sign-in?next={quote(request.path_qs)}")
    return page(request, "sign_in.html", 401, title="Đăng nhập", next="", username="",
                problem="Phiên đăng nhập đã hết, việc vừa rồi chưa được ghi. Đăng nhập rồi bấm quay lại hai lần: "
                "chữ đã viết vẫn còn.")  # fmt: skip


def _has_token(form: Mapping[str, object], signed: Signed) -> bool:
    given = form.get("csrf")
    return isinstance(given, str) and hmac.compare_digest(given.encode(), signed.csrf.encode())


async def fields(request: web.Request, limit: int = 5000) -> dict[str, str]:
    """The texts of a form: composed (NFC), one kind of line end, no control characters, at most `limit` long."""
    form = await request.post()
    return {key: clean(value)[:limit] for key, value in form.items() if isinstance(value, str)}


def clean(text: str) -> str:
    """`text` as it may be kept and shown."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs", "Co")).strip()
