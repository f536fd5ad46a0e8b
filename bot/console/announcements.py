"""Announcements: the list, the preview, approval by a second person, publishing, and how far it has come."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.console import forecast, progress
from bot.console.corrections import TOO_LATE
from bot.console.home import place_of
from bot.console.pages import Refused, go, page
from bot.console.recording import RECORDER
from bot.console.session import context, fields, me
from bot.console.signed import Signed
from bot.context import Context
from bot.work import Turn
from content.announcements import blanks
from content.message import Part
from handlers import quiet
from handlers.announcements import (
    CHANNELS,
    HEADLINE,
    AlreadyStopped,
    SamePerson,
    draft_of,
    preview,
    problems,
    publish,
    submit,
)
from handlers.collective import post_article
from storage import Transaction, announcements, audience, corrections, officials, routes
from storage.announcements import Announcement

SAME_PERSON = (
    "Ông/bà là người viết tin này nên không tự duyệt được. Tin khẩn cấp cần người thứ hai: "
    "nhờ một cán bộ khác đăng nhập bằng tên của mình rồi bấm duyệt."
)


@dataclass(frozen=True, slots=True)
class Bubble:
    """A letter as one app shows it: the line on a locked phone, then its parts."""

    channel: str
    people: int
    lock_screen: str
    parts: tuple[Part, ...]


async def index(request: web.Request) -> web.Response:
    """The newest announcements."""
    signed = me(request)
    rows = await context(request).work.read(lambda tx: _rows(tx, signed.commune))
    return page(request, "announcements.html", title="Bản tin", rows=rows)


def _rows(tx: Transaction, commune: str) -> list[dict[str, Any]]:
    return [row.model_dump() for row in announcements.of_commune(tx, commune)]


async def one(request: web.Request) -> web.Response:
    """A draft as people will get it, or an announcement on its way."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    told = await known.work.read(lambda tx: _shown(tx, known, signed, code))
    sent = told["row"]["status"] in ("publishing", "published")
    return page(request, "announcement_sent.html" if sent else "announcement_draft.html", title="Bản tin", **told)


def _shown(tx: Transaction, known: Context, signed: Signed, code: str) -> dict[str, Any]:
    row = _visible(tx, signed, code)
    author, approver = officials.of(tx, row.author_id), officials.of(tx, row.approver_id)
    urgent = row.priority == "emergency"
    people = _people(tx, row)
    return {
        "row": row.model_dump(),
        "place": ", ".join(place_of(known.know, one) for one in announcements.communes(row)),
        "hamlets": announcements.hamlets(row),
        "author": author.name if author else "",
        "approver": approver.name if approver else "",
        "own": row.author_id == signed.id,
        "needs_second": urgent and known.settings.two_people and row.kind != "withdrawal",
        "same_person": SAME_PERSON,
        "bubbles": _bubbles(row, known, people),
        "people": sum(people.values()),
        "morning": quiet.morning(tx, row),
        "night": quiet.night(tx, row),
        "problems": _problems(tx, row, known),
        **_related(tx, row),
        **(forecast.shown(tx, row, known, preview(row, known.know)) if row.published_at == 0 else {}),
        **progress.shown(tx, row, known),
    }


def _people(tx: Transaction, row: Announcement) -> dict[str, int]:
    """Whom it would reach now, by channel."""
    if row.corrects_id:
        return corrections.count(tx, row.corrects_id)
    urgent = row.priority == "emergency"
    return audience.count(tx, announcements.communes(row), announcements.hamlets(row), urgent, row.topic)


def _related(tx: Transaction, row: Announcement) -> dict[str, Any]:
    """What it corrects or withdraws, what has corrected it, and whether that may still be done."""
    original = announcements.of(tx, row.corrects_id) if row.corrects_id else None
    successor = announcements.stopped_by(tx, row.id or 0) if row.stopped_at else None
    return {
        "original": original.code if original else "",
        "article_out": bool(row.corrects_id) and routes.article_out(tx, row.corrects_id or 0),
        "successor": successor.code if successor else "",
        "successor_kind": successor.kind if successor else "",
        "may_correct": not (row.stopped_at or row.folded_at or row.kind == "withdrawal"),
    }


def _visible(tx: Transaction, signed: Signed, code: str) -> Announcement:
    row = announcements.visible(tx, code, signed.commune)
    if row is None:
        raise Refused(404)
    return row


def _bubbles(row: Announcement, known: Context, people: dict[str, int]) -> list[Bubble]:
    shown = preview(row, known.know)
    return [Bubble(name, people.get(name, 0), _lock_screen(shown[name][0].text), shown[name]) for name in CHANNELS]


def _lock_screen(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= HEADLINE else f"{line[:HEADLINE]}…"


def _problems(tx: Transaction, row: Announcement, known: Context) -> list[str]:
    """What keeps it from going out; blanks of a model included, which nobody must ever read on a phone."""
    found = problems(draft_of(row), tx.now, known.know.gazetteer)
    found += quiet.problems(row, tx.now, quiet.hours_of(tx, row))
    empty = blanks(f"{row.title}\n{row.body}\n{row.source}")
    return [*found, *(f"Chỗ trống chưa điền: {{{name}}}." for name in empty)]


async def send(request: web.Request) -> web.Response:
    """The author is done: an emergency waits for a second official, the rest goes out."""
    return await _decide(request, submit)


async def approve(request: web.Request) -> web.Response:
    """The second official says yes."""
    return await _decide(request, publish)


async def _decide(request: web.Request, decision: Any) -> web.Response:
    known, signed, code = context(request), me(request), request.match_info["code"]
    told = await fields(request)
    version = told.get("version", "")

    def job(tx: Transaction) -> Announcement | None:
        row = _visible(tx, signed, code)
        official = officials.of(tx, signed.id)
        if row.status not in ("draft", "waiting"):
            return None  # pressed twice, or somebody was faster: it goes out once
        if str(row.version) != version or official is None:
            raise Refused(409, "Tin vừa có người sửa. Xin xem lại nội dung mới rồi hãy gửi.")
        if _problems(tx, row, known):
            raise Refused(400, "Tin còn chỗ phải sửa nên chưa gửi được. Xin xem các dòng nhắc ở trang xem trước.")
        if not decision(tx, row, official, known.know, known.settings.two_people):
            return None
        if told.get("article"):
            post_article(tx, row)
        return row

    try:
        out = await known.work.write(job, Turn.URGENT)
    except SamePerson:
        raise Refused(403, SAME_PERSON) from None
    except AlreadyStopped:
        raise Refused(409, TOO_LATE) from None
    if out:
        known.spread.wake()
        known.fleet.wake()
        request.app[RECORDER].record_published(known, out)
    return go(f"/console/announcements/{code}")


async def audio(request: web.Request) -> web.StreamResponse:
    """The recording, to be heard before it goes out."""
    known, signed, code = context(request), me(request), request.match_info["code"]
    sha = await known.work.read(lambda tx: _visible(tx, signed, code).speech_sha)
    path = known.store.path(sha) if sha else None
    if path is None or not path.is_file():
        raise Refused(404, "Tin này chưa có lời đọc.")
    return web.FileResponse(path, headers={"Content-Type": "audio/mpeg", "Cache-Control": "private, no-store"})


ROUTES = [
    web.get("/announcements", index),
    web.get("/announcements/{code}", one),
    web.get("/announcements/{code}/audio", audio),
    web.post("/announcements/{code}/send", send),
    web.post("/announcements/{code}/approve", approve),
]
