"""The pause after a restore: everybody sees it, the province says when it is over."""

from typing import Any

from aiohttp import web

from bot.console.pages import Refused, go
from bot.console.session import context, fields, me
from bot.work import Turn
from storage import Transaction, audit, pause


def shown(tx: Transaction) -> dict[str, Any] | None:
    """What the first page says of the pause; None when everything is sent."""
    held = pause.of(tx)
    return {"backup_at": held.backup_at, "since": held.since, "missed": pause.missed(tx)} if held else None


async def resume(request: web.Request) -> web.Response:
    """Send again; with `missed`, first queue once more what still holds and may not have come."""
    known, signed = context(request), me(request)
    if not signed.province:
        raise Refused(403, "Việc này do cán bộ tỉnh hoặc người vận hành máy làm.")
    held = await known.work.read(pause.of)
    again = 0
    if held and (await fields(request)).get("missed"):
        while more := await known.work.write(pause.send_missed, Turn.SPREAD):
            again += more

    def lift(tx: Transaction) -> None:
        if pause.lift(tx):  # of two presses one
            audit.write(tx, signed.id, "resumed", "", detail=f"{again} sent again")

    await known.work.write(lift, Turn.URGENT)
    known.fleet.wake()
    return go("/console")


ROUTES = [web.post("/resume", resume)]
