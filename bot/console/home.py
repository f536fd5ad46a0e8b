"""The first page after signing in: what waits, who listens, what is broken."""

from typing import Any

from aiohttp import web

from bot.console import faq, resume
from bot.console.pages import page
from bot.console.session import context, me
from bot.console.signed import Signed
from handlers import Knowledge
from storage import Transaction, accounts, announcements, audience, progress, reports, unanswered

MISSED_MS = 3 * 24 * 3_600_000  # how long people who were missed are shown: then others have told them, or nobody will
LISTED = 5  # the rest is in the list of announcements


async def show(request: web.Request) -> web.Response:
    """Numbers of one's commune (of all, for the province)."""
    known = context(request)
    signed = me(request)
    told = await known.work.read(lambda tx: _gathered(tx, signed))
    return page(request, "home.html", title="Trang chính", place=place_of(known.know, signed.commune), **told)


def place_of(know: Knowledge, commune: str) -> str:
    """The commune's full name; the province's keeper of data when there is none."""
    found = know.gazetteer.commune(commune) if commune else None
    return found.full_name if found else know.manners.controller


def _gathered(tx: Transaction, signed: Signed) -> dict[str, Any]:
    commune = signed.commune
    return {
        "followers": audience.count(tx, [commune], [], False) if commune else audience.listeners(tx),
        "open_reports": reports.open_count(tx, commune),
        "dangers": [(row.code, row.created_at) for row in reports.dangers(tx, commune)],
        "questions": len(unanswered.groups(tx, commune, 100)),
        **faq.ending(tx, commune),
        "waiting": [(row.code, row.title) for row in announcements.waiting(tx, commune)],
        "spreading": [(row.code, row.title) for row in announcements.spreading(tx) if commune in ("", row.commune)],
        "missed": _missed(tx, commune),
        "accounts": _accounts(tx, signed),
        "paused": resume.shown(tx),
    }


def _missed(tx: Transaction, commune: str) -> list[dict[str, Any]]:
    """What has ended lately without reaching everybody, emergencies first."""
    return [
        {"code": row.code, "title": row.title, "urgent": row.priority == "emergency", "people": people,
         "unknown": unknown}
        for row, people, unknown in progress.missed(tx, commune, tx.now - MISSED_MS)[:LISTED]
    ]  # fmt: skip


def _accounts(tx: Transaction, signed: Signed) -> list[dict[str, Any]]:
    """The accounts an official answers for; whoever serves the whole province is the province's concern."""
    mine = [one for one in accounts.every(tx) if signed.province or one.commune == signed.commune]
    return [
        {
            "title": one.title or one.name,
            "channel": one.channel,
            "suspended": one.status == "suspended",
            "why": one.why,
            "queued": progress.queued_count(tx, one.id or 0),
        }
        for one in mine
    ]


ROUTES = [web.get("", show), web.get("/", show)]
