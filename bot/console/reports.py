"""Reports: what citizens sent, their files, who they are when one asks, and the answer to them."""

from typing import Any

from aiohttp import web

from bot.console.home import place_of
from bot.console.pages import Refused, go, page
from bot.console.session import context, fields, me
from bot.console.signed import Signed
from bot.console.words import masked, reached, short
from bot.context import Context
from bot.media import mime_of
from bot.work import Turn
from content.dates import when
from handlers import answers
from storage import Transaction, audit, media, officials, reports
from storage.reports import Report

PAGE = 50
# state → (what the button says, whether words must go with it)
STEPS = {
    "received": ("Đã nhận", False),
    "working": ("Đang giải quyết", False),
    "more": ("Hỏi thêm người gửi", True),
    "answered": ("Trả lời", True),
    "refused": ("Từ chối, nêu lý do", True),
}
TOLD_LATER = ("addition", "named", "verdict")  # events that come from the sender
# Only what a browser shows without running anything; the rest is downloaded.
SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


async def index(request: web.Request) -> web.Response:
    """The reports that wait, or all of them (`?all=1`), newest first."""
    signed = me(request)
    everything = request.query.get("all") == "1"
    before = request.query.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0
    rows = await context(request).work.read(lambda tx: _rows(tx, signed.commune, not everything, number))
    older = rows[-1]["id"] if len(rows) == PAGE else 0
    return page(request, "reports.html", title="Phản ánh", rows=rows, everything=everything, older=older)


def _rows(tx: Transaction, commune: str, open_only: bool, before: int) -> list[dict[str, Any]]:
    rows = reports.listed(tx, commune, open_only, before, PAGE)
    letters = reports.tellings(tx, [row.id or 0 for row in rows])
    return [
        {
            "id": row.id,
            "code": row.code,
            "state": row.state,
            "kind": row.kind,
            "category": row.category,
            "danger": row.danger,
            "to_province": row.to_province,
            "at": row.created_at,
            "waiting": _age(tx.now - row.created_at) if row.state not in reports.SETTLED else "",
            "words": short(tx.vault.open(row.text_sealed)),
            "reached": reached(letters[row.id]) if row.id in letters else "",
        }
        for row in rows
    ]


def _age(ms: int) -> str:
    minutes = max(0, ms) // 60_000
    if minutes < 60:
        return f"{minutes} phút"
    return f"{minutes // 60} giờ" if minutes < 48 * 60 else f"{minutes // 1440} ngày"


async def one(request: web.Request) -> web.Response:
    """A report with all that belongs to it; the sender masked."""
    return await _page(request, shown=False)


async def sender(request: web.Request) -> web.Response:
    """The same with the sender's name and telephone; who looked is written down."""
    return await _page(request, shown=True)


async def _page(request: web.Request, shown: bool, problem: str = "", text: str = "") -> web.Response:
    known, signed, code = context(request), me(request), request.match_info["code"]

    def job(tx: Transaction) -> dict[str, Any]:
        row = _visible(tx, signed, code)
        if shown:
            audit.write(tx, signed.id, "report.sender_shown", row.code, row.commune)
        return _told(tx, known, row, shown)

    told = await (known.work.write(job) if shown else known.work.read(job))
    status = 400 if problem else 200
    return page(
        request, "report.html", status, title=f"Phản ánh {code}", problem=problem, text=text, steps=STEPS, **told
    )


def _visible(tx: Transaction, signed: Signed, code: str) -> Report:
    row = reports.visible(tx, code.upper(), signed.commune)
    if row is None:
        raise Refused(404)
    return row


def _told(tx: Transaction, known: Context, row: Report, shown: bool) -> dict[str, Any]:
    opened = tx.vault.open
    seen = (lambda text: text) if shown else masked
    return {
        "row": row.model_dump(include={"code", "state", "kind", "category", "danger", "to_province", "lat", "lon",
                                       "created_at", "forwarded_at", "verdict"}),
        "unit": place_of(known.know, row.commune),
        "words": opened(row.text_sealed),
        "place": opened(row.place_sealed),
        "name": seen(opened(row.name_sealed)),
        "phone": seen(opened(row.phone_sealed)),
        "hamlet": row.hamlet,
        "shown": shown,
        "reachable": row.address_id is not None,
        "files": _files(tx, row),
        "events": _events(tx, row),
    }  # fmt: skip


def _files(tx: Transaction, row: Report) -> list[dict[str, Any]]:
    files = media.of_report(tx, row.id or 0)
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "state": one.state,
            "seconds": one.seconds,
            "late": 0 < row.forwarded_at < one.created_at,
        }
        for one in files
    ]


def _events(tx: Transaction, row: Report) -> list[dict[str, Any]]:
    letters, events = reports.told(tx, row.id or 0), reports.events(tx, row.id or 0)
    forwarded = next((one.id or 0 for one in events if one.kind == "forwarded"), None)
    return [
        {
            "at": when(one.at),
            "kind": one.kind,
            "state": one.state,
            "text": tx.vault.open(one.text_sealed),
            "by": ", ".join(name for name in (one.person, one.unit) if name),
            "reached": reached(letters.get(one.delivery_id)) if one.delivery_id else "",
            # The source system takes a report once and has no call for what its sender tells later.
            "late": one.kind in TOLD_LATER and forwarded is not None and (one.id or 0) > forwarded,
            "arrived": bool(one.delivery_id in letters and letters[one.delivery_id].state == "sent"),
        }
        for one in events
    ]


async def change(request: web.Request) -> web.Response:
    """Answer, or move it on; the citizen is told in the chat."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    form = await fields(request)
    state, text = form.get("state", ""), form.get("text", "")
    problem = _problem(state, text)
    if problem:
        return await _page(request, shown=False, problem=problem, text=text)

    def job(tx: Transaction) -> None:
        row, official = _visible(tx, signed, code), officials.of(tx, signed.id)
        if official is None:
            raise Refused(403)
        if _said_already(tx, row, state, text):
            return  # pressed twice: the citizen is not told twice
        answers.by_official(tx, row, official, state, text, known.know)

    await known.work.write(job, Turn.INBOUND)
    known.fleet.wake()
    return go(f"/console/reports/{code}")


def _said_already(tx: Transaction, row: Report, state: str, text: str) -> bool:
    last = next((one for one in reversed(reports.events(tx, row.id or 0)) if one.official_id), None)
    return row.state == state and (not text or (last is not None and tx.vault.open(last.text_sealed) == text))


def _problem(state: str, text: str) -> str:
    if state not in STEPS:
        return "Chưa chọn việc phải làm với phản ánh này."
    if STEPS[state][1] and not text:
        return "Phải viết lời cho người gửi: trả lời, hỏi thêm hoặc lý do từ chối."
    if len(text) > answers.LONGEST:
        return f"Lời trả lời dài quá {answers.LONGEST} ký tự."
    return ""


async def file(request: web.Request) -> web.StreamResponse:
    """A file of a report, for whoever may see the report; never public."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    number = int(request.match_info["number"])

    def job(tx: Transaction) -> str:
        found = media.in_report(tx, _visible(tx, signed, code).id or 0, number)
        return found.sha if found and found.state == "ready" else ""

    sha = await known.work.read(job)
    path = known.store.path(sha) if sha else None
    if path is None or not path.is_file():
        raise Refused(404, "Không có tệp này.")
    mime = mime_of(path)
    headers = {"Content-Type": mime, "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
               "Content-Security-Policy": "default-src 'none'; sandbox"}  # fmt: skip
    if not mime.startswith(SHOWN):
        headers["Content-Disposition"] = "attachment"
    return web.FileResponse(path, headers=headers)


ROUTES = [
    web.get("/reports", index),
    web.get("/reports/{code}", one),
    web.post("/reports/{code}", change),
    web.post("/reports/{code}/sender", sender),
    web.get("/reports/{code}/files/{number:[0-9]{1,15}}", file),
]
