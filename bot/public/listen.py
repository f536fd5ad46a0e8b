"""The listening page: one published announcement, to be read and heard on any phone, in 20 KB, without a script."""

from dataclasses import dataclass

from aiohttp import web

from bot.public.pages import HEADERS, context, missing, page
from content.dates import when
from handlers import Knowledge
from handlers.announcements import headline
from storage import Transaction, announcements
from storage.announcements import Announcement

UNKNOWN = "Không có tin nào mang mã này. Bà con xem lại đường dẫn trong tin nhắn, hoặc mở lại tin trong Zalo, Telegram."
LONGEST_CODE = 12


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What the page tells."""

    code: str
    headline: str
    body: str
    source: str
    unit: str
    at: str
    until: str
    over: bool
    stopped: bool  # corrected or withdrawn
    urgent: bool
    sha: str
    seconds: int


async def show(request: web.Request) -> web.Response:
    """Title, text, sound, who says so and when."""
    told = await _told(request)
    return page("listen.html", one=told) if told else missing(UNKNOWN)


async def sound(request: web.Request) -> web.StreamResponse:
    """The recording itself; announcements are public once they are out."""
    told = await _told(request)
    path = context(request).store.path(told.sha) if told and told.sha else None
    if path is None or not path.is_file():
        return missing(UNKNOWN)
    return web.FileResponse(path, headers=HEADERS | {"Content-Type": "audio/mpeg", "Cache-Control": "no-cache"})


async def _told(request: web.Request) -> _Spoken | None:
    code, known = request.match_info["code"], context(request)
    if len(code) > LONGEST_CODE:
        return None
    return await known.work.read(lambda tx: _read(tx, code, known.know))


def _read(tx: Transaction, code: str, know: Knowledge) -> _Spoken | None:
    row = announcements.coded(tx, code)
    if row is None or row.status not in ("publishing", "published"):
        return None
    return _Spoken(
        code=row.code,
        headline=headline(row.priority, row.title, row.kind),
        body=row.body,
        source=row.source,
        unit=_unit(row, know),
        at=when(row.published_at),
        until=when(row.valid_until),
        over=row.valid_until <= tx.now,
        stopped=row.stopped_at > 0,
        urgent=row.priority == "emergency",
        sha=row.speech_sha,
        seconds=row.speech_seconds,
    )


def _unit(row: Announcement, know: Knowledge) -> str:
    commune = know.gazetteer.commune(row.commune)
    return f"UBND {commune.full_name}" if commune else know.manners.controller


ROUTES = [web.get("/listen/{code}.mp3", sound), web.get("/listen/{code}", show)]
