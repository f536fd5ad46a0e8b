"""Connecting an OA: the console of Zalo sends the administrator back here with a code."""

import secrets
from html import escape

import aiohttp
import structlog
from aiohttp import web

from bot.channels.zalo_oa import app_of
from bot.channels.zalo_tokens import Reconnect, Tokens, Trouble, authorize, exchange
from bot.context import CONTEXT, Context
from bot.fleet import opened
from bot.tokens import DatabaseTokens
from bot.work import Work
from storage import Transaction, accounts

log = structlog.get_logger()
routes = web.RouteTableDef()
STATE_MS = 30 * 60_000


async def begin(work: Work, name: str) -> str:
    """The address where an OA's administrator consents; a fresh state is kept. Raises `LookupError`."""
    state = secrets.token_urlsafe(24)

    def keep(tx: Transaction) -> str:
        row = accounts.named(tx, name)
        if row is None or row.channel != "zalo_oa":
            raise LookupError(name)
        url, verifier = authorize(app_of(opened(tx, row)), state)
        kept = {"oauth_state": state, "oauth_verifier": verifier, "oauth_until": str(tx.now + STATE_MS)}
        accounts.keep_secrets(tx, row.id or 0, kept)
        return url

    return await work.write(keep)


@routes.get("/oauth/zalo/{app}")
async def callback(request: web.Request) -> web.Response:
    """Checks that the state is one we gave out and the OA is ours, then exchanges the code."""
    context, query = request.app[CONTEXT], request.query
    row = await context.work.read(
        lambda tx: _waiting(tx, request.match_info["app"], query.get("oa_id", ""), query.get("state", ""))
    )
    if row is None or not query.get("code"):
        return _page("Không nối được: đường dẫn cũ, hoặc OA này không có trong danh sách tài khoản.", 400)
    account = await context.work.read(lambda tx: opened(tx, row))
    verifier = account.secrets.get("oauth_verifier", "")
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            tokens = await exchange(session, app_of(account), query["code"], verifier, context.now())
    except (Reconnect, Trouble) as error:
        log.error("an OA could not be connected", account=row.name, why=str(error))
        return _page("Zalo chưa cấp quyền. Hãy bấm kết nối lại một lần nữa.", 502)
    await _keep(context, row, tokens)
    return _page(f"Đã nối OA “{row.title or row.name}”. Có thể đóng trang này.", 200)


def _waiting(tx: Transaction, app_id: str, oa_id: str, state: str) -> accounts.Account | None:
    """The account that asked with this state, if that was lately and the OA that came back is the one it names."""
    row = accounts.on_platform(tx, "zalo_oa", oa_id) if oa_id else None
    if row is None or row.app_id != app_id:
        return None
    held = accounts.secrets(tx, row)
    fresh = int(held.get("oauth_until") or 0) > tx.now
    same = bool(state) and secrets.compare_digest(held.get("oauth_state", "").encode(), state.encode())
    return row if fresh and same else None


async def _keep(context: Context, row: accounts.Account, tokens: Tokens) -> None:
    await DatabaseTokens(context.work, context.now).save(row.id or 0, tokens)

    def done(tx: Transaction) -> None:
        accounts.keep_secrets(tx, row.id or 0, {"oauth_state": "", "oauth_verifier": "", "oauth_until": ""})
        accounts.resume(tx, row.id or 0)

    await context.work.write(done)


def _page(sentence: str, status: int) -> web.Response:
    page = f"<!doctype html><html lang=vi><meta charset=utf-8><title>Thôn Tin</title><p>{escape(sentence)}</p>"
    return web.Response(text=page, content_type="text/html", status=status)
