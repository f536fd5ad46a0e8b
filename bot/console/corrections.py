"""Correcting or taking back what was sent: one press makes a draft, which is then sent as any other."""

from aiohttp import web

from bot.console.pages import Refused, go
from bot.console.recording import RECORDER
from bot.console.session import context, fields, me
from bot.work import Turn
from handlers import corrections
from storage import Transaction, announcements, officials
from storage.announcements import NOTICES, Announcement

TOO_LATE = "Tin này đã được đính chính hoặc rút lại rồi, hoặc đã gửi quá lâu nên không còn danh sách người nhận."


async def begin(request: web.Request) -> web.Response:
    """Start a correction or a withdrawal (`kind`) of an announcement, or go on with the one that was begun."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    kind = (await fields(request)).get("kind", "")

    def job(tx: Transaction) -> Announcement:
        original, official = announcements.visible(tx, code, signed.commune), officials.of(tx, signed.id)
        if original is None or official is None or kind not in NOTICES[1:]:
            raise Refused(404)
        if signed.commune and len(announcements.communes(original)) > 1:
            raise Refused(403, "Tin này của tỉnh gửi nhiều xã: nhờ tỉnh đính chính hoặc rút lại.")
        if original.stopped_at or original.folded_at or original.status not in ("publishing", "published"):
            raise Refused(409, TOO_LATE)
        return corrections.draft(tx, original, official, kind, known.know)

    row = await known.work.write(job, Turn.URGENT)
    await request.app[RECORDER].record(known, row)
    return go(f"/console/announcements/{row.code}{'/edit' if kind == 'correction' else ''}")


ROUTES = [web.post("/announcements/{code}/correct", begin)]
