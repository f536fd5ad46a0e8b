"""The source system's own page, for the person who works there: what came in, one report, and an answer to it.

Server-rendered, plain forms, no script, no outside request; it looks like another system on purpose.
"""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from bot.sandbox.source_records import CHANNELS, FIELDS_OF_LIFE, KINDS, PRIORITIES, STATES, Case, Cases, Wrong
from bot.sandbox.state import Clock

HERE = Path(__file__).parent / "pages" / "source"
HANOI = timezone(timedelta(hours=7))
SHOWN = ("image/", "audio/", "video/")  # the rest is downloaded, never opened in this page
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def when(ms: int | None) -> str:
    """Vietnamese wall time of a moment in ms UTC."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(HANOI).strftime("%H:%M, %d/%m/%Y")


def size(data: bytes) -> str:
    """A file's size in words."""
    return (
        f"{len(data) / 1_048_576:.1f} MB".replace(".", ",") if len(data) > 1_048_576 else f"{len(data) // 1024 + 1} KB"
    )


class Page:
    """Routes of the page over the system's cases."""

    def __init__(self, cases: Cases, clock: Clock, province: str) -> None:
        self._cases, self._clock = cases, clock
        jinja = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        jinja.filters.update(when=when, size=size)
        jinja.globals.update(
            province=province,
            states=STATES,
            kinds=KINDS,
            fields=FIELDS_OF_LIFE,
            priorities=PRIORITIES,
            channels=CHANNELS,
        )
        self._template = jinja.get_template("page.html")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.list),
            web.get("/ho-so/{id:\\d+}", self.one),
            web.post("/ho-so/{id:\\d+}", self.change),
            web.get("/tep/{id:\\d+}", self.file),
            web.get("/source.css", self.style),
        ]

    def _render(self, status: int = 200, **told: Any) -> web.Response:
        text = self._template.render(**told)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)

    async def list(self, request: web.Request) -> web.Response:
        """All reports, newest first, or those of one state (`?trang-thai=`)."""
        wanted = request.query.get("trang-thai", "")
        cases = [c for c in self._cases.by_id.values() if not wanted or str(c.state) == wanted]
        counts = {code: sum(c.state == code for c in self._cases.by_id.values()) for code in STATES}
        return self._render(cases=cases[::-1], counts=counts, wanted=wanted, total=len(self._cases.by_id))

    def _case(self, request: web.Request) -> Case:
        case = self._cases.by_id.get(int(request.match_info["id"]))
        if case is None:
            raise web.HTTPNotFound(text="Không có hồ sơ này.")
        return case

    async def one(self, request: web.Request) -> web.Response:
        case = self._case(request)
        typed = {"unit": case.news[-1].unit if case.news else case.record.get("DonViXuLy") or ""}
        return self._render(case=case, typed=typed, saved="da-ghi" in request.query)

    async def change(self, request: web.Request) -> web.Response:
        """The form: `state`, `words`, `unit`, `title`. Wrong input comes back with what was typed, HTTP 422."""
        case = self._case(request)
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="Chỉ nhận biểu mẫu của chính trang này.")
        form = await request.post()
        typed = {name: str(form.get(name, "")) for name in ("state", "words", "unit", "title")}
        try:
            state = int(typed["state"]) if typed["state"].isdigit() else -1
            self._cases.change(case, state, typed["words"], typed["unit"], typed["title"], self._clock.now_ms())
        except Wrong as wrong:
            return self._render(422, case=case, typed=typed, wrong=str(wrong))
        raise web.HTTPSeeOther(f"/ho-so/{case.id}?da-ghi")

    async def file(self, request: web.Request) -> web.Response:
        file = self._cases.file(int(request.match_info["id"]))
        if file is None:
            raise web.HTTPNotFound(text="Không có tệp này.")
        policy = "default-src 'none'; media-src 'self'; img-src 'self'; sandbox"
        headers = {**HEADERS, "Content-Security-Policy": policy}
        if not file.mime.startswith(SHOWN) or "svg" in file.mime:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=file.data, content_type=file.mime, headers=headers)

    async def style(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(HERE / "source.css")
