"""Webhooks: proof first, then the shape, then the turn; a 200 means that nothing of it can be lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import web

from bot import metrics
from bot.channels.base import BadBody, Forbidden
from bot.channels.zalo_http import parse
from bot.channels.zalo_oa_read import oa_of
from bot.context import CONTEXT, Context
from bot.fleet import Running
from bot.spool import SpoolFull
from storage import Transaction, accounts, audit, citizens, echoes

log = structlog.get_logger()
routes = web.RouteTableDef()
LARGEST = 1024 * 1024  # no platform sends more than a few kilobytes
ECHO_SECONDS = 5.0  # our own sends are in the ledger by then
TAKEOVER_MS = 30 * 60_000


@routes.post("/webhook/telegram/{account}")
async def telegram(request: web.Request) -> web.Response:
    """Updates of one Telegram bot."""
    return await _one(request, "telegram")


@routes.post("/webhook/zalo-bot/{account}")
async def zalo_bot(request: web.Request) -> web.Response:
    """Updates of one Zalo Bot."""
    return await _one(request, "zalo_bot")


@routes.post("/webhook/zalo-oa/{app}")
async def zalo_oa(request: web.Request) -> web.Response:
    """Events of every OA of one Zalo app: the account is read from the body."""
    context = request.app[CONTEXT]
    oas = context.fleet.by_app(request.match_info["app"])
    if not oas:
        return _no("không có ứng dụng này", 404)
    raw = await request.read()
    if not raw.strip():
        return web.Response(text="ok")
    if parse(raw) is None:  # the proof needs the time in the body, so this cannot even be proved
        return _bad(BadBody("zalo_oa: not a JSON object"))
    oa_id = oa_of(raw)
    one = next((found for found in oas if found.row.platform_id == oa_id), None)
    if one is None:  # proof by the app's secret would still be right: say yes, so that Zalo does not switch us off
        log.warning("event of an OA that is not ours", app=request.match_info["app"])
        return web.Response(text="ok")
    return await _take(context, one, request, raw)


async def _one(request: web.Request, channel: str) -> web.Response:
    one = request.app[CONTEXT].fleet.by_name(channel, request.match_info["account"])
    if one is None:
        return _no("không có tài khoản này", 404)
    return await _take(request.app[CONTEXT], one, request, await request.read())


async def _take(context: Context, one: Running, request: web.Request, raw: bytes) -> web.Response:
    channel = one.channel
    assert channel is not None  # the fleet finds only chat accounts
    try:
        channel.verify(request.headers, raw)
        heard = channel.read(raw)
    except Forbidden:
        log.warning("webhook without proof", account=one.row.name)
        return _no("sai chữ ký", 403)
    except BadBody as error:
        return _bad(error)
    try:
        for event in heard:
            await context.inbound.hear(one.row.id or 0, event)
            metrics.heard(channel.kind)
            # The platform waits for our 200 a second or two; we do not make it wait for itself.
            _aside(channel.acknowledge(event))
    except SpoolFull:
        log.error("neither database nor disk took an event", account=one.row.name)
        return _no("chưa nhận được, gửi lại sau", 503)
    for echo in getattr(channel, "echoes", lambda _raw: [])(raw):
        _aside(_check_echo(context, one, echo.msg_id, echo.user_id))
    return web.Response(text="ok")


_ASIDE: set[asyncio.Task[None]] = set()


def _aside(work: Coroutine[Any, Any, None]) -> None:
    """Done beside the answer."""
    task = asyncio.create_task(work)
    _ASIDE.add(task)
    task.add_done_callback(_ASIDE.discard)


async def stop() -> None:
    """End what is done beside answers."""
    for task in list(_ASIDE):
        task.cancel()
    await asyncio.gather(*_ASIDE, return_exceptions=True)


async def _check_echo(context: Context, one: Running, message_id: str, chat: str) -> None:
    """A message of the OA that we did not send was written by a person: keep the dialogue out of their way."""
    await asyncio.sleep(ECHO_SECONDS)
    try:
        paused = await context.work.write(lambda tx: _pause_if_foreign(tx, one.row.id or 0, message_id, chat))
    except Exception:
        log.exception("an echo could not be looked up", account=one.row.name)
        return
    if paused:
        log.error("somebody else writes with this account: its dialogue pauses there", account=one.row.name)


def _pause_if_foreign(tx: Transaction, account_id: int, message_id: str, chat: str) -> bool:
    account, found = accounts.of(tx, account_id), citizens.known(tx, account_id, chat)
    if found is None or echoes.is_ours(tx, found[1].id or 0, message_id):
        return False
    if echoes.just_forgotten(tx, account_id, chat):
        return False  # erased, and writing again at once: the echo is that of what we said to them before
    citizens.pause(tx, found[1], TAKEOVER_MS)
    audit.write(tx, 0, "account.foreign_send", account.name if account else "", detail="đối thoại tạm dừng 30 phút")
    return True


def _bad(error: BadBody) -> web.Response:
    log.warning("webhook body refused", why=str(error))
    return _no(str(error), 400)


def _no(sentence: str, status: int) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
