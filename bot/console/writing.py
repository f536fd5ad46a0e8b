"""Writing an announcement: the form, what it sends, and the models to start from."""

import re
from dataclasses import dataclass, fields, replace

from aiohttp import web

from bot.console.home import place_of
from bot.console.pages import Refused, go, page
from bot.console.recording import RECORDER
from bot.console.session import context, me
from bot.console.session import fields as form_fields
from bot.console.words import PRIORITIES, from_input, to_input
from content.announcements import load_models
from content.topics import TOPICS
from handlers import Knowledge, quiet
from handlers.announcements import EMERGENCY_WORDS, HEADLINE, LONGEST_BODY, Draft, draft_of, headline, save
from storage import Transaction, announcements, audit, officials
from storage.announcements import Announcement

HOUR_MS = 3_600_000
NIGHT = {"now": {"at_night": "on"}, "emergency": {"priority": "emergency"}}
LONGEST_TITLE, LONGEST_SOURCE = 200, 300  # as the table keeps them
_SOURCE = re.compile(r"(.*), tin số (.*?), (.*)")  # as `Form.source` and the models write it


@dataclass(frozen=True, slots=True)
class Form:
    """The form's fields as texts, so that a refused one can be shown again as it was."""

    commune: str = ""  # codes or names, a semicolon between; only the province chooses
    priority: str = "routine"
    topic: str = ""
    title: str = ""
    body: str = ""
    agency: str = ""
    bulletin: str = ""
    issued: str = ""
    hamlets: str = ""
    valid_until: str = ""
    at_night: str = ""  # "on": also in the quiet hours
    once: str = ""  # "on": never a second time, even where it is unclear whether it came
    night: str = ""  # what the writer chose where it ends in the quiet hours: now, emergency or drop

    @property
    def source(self) -> str:
        """Agency, number and time of the bulletin behind it, as one line."""
        number = f"tin số {self.bulletin}" if self.bulletin else ""
        return ", ".join(one for one in (self.agency, number, self.issued) if one)[:LONGEST_SOURCE]


async def new(request: web.Request) -> web.Response:
    """An empty form, or one that starts from a model (`?model=lu-quet`)."""
    now = context(request).now()
    form = Form(valid_until=to_input(_whole_hour(now + 24 * HOUR_MS)))
    for model in load_models():
        if model.id == request.query.get("model"):
            until = to_input(_whole_hour(now + model.valid_hours * HOUR_MS))
            form = Form("", model.priority, model.topic, model.title, model.body, valid_until=until)
            form = _with_source(form, model.source)
    return _form(request, form, "")


async def create(request: web.Request) -> web.Response:
    """Keep a new announcement as a draft."""
    return await _save(request, "")


async def edit(request: web.Request) -> web.Response:
    """The form of a draft."""
    signed, code = me(request), request.match_info["code"]
    form = await context(request).work.read(lambda tx: _stored(tx, code, signed.commune))
    return _form(request, form, code)


async def change(request: web.Request) -> web.Response:
    """Keep the changed words of a draft; what waited for approval becomes a draft again."""
    return await _save(request, request.match_info["code"])


async def _save(request: web.Request, code: str) -> web.Response:
    known, signed = context(request), me(request)
    sent = await form_fields(request)
    form = Form(**{one.name: sent.get(one.name, "") for one in fields(Form)})
    if form.night == "drop":
        return go("/console/announcements")  # a draft that was kept before stays a draft
    if form.night in NIGHT:
        form = replace(form, **NIGHT[form.night], night="")
    draft = draft_from(form, (signed.commune,) if signed.commune else communes_of(known.know, form.commune))
    problem = _unusable(draft, new=not code)
    if problem:
        return _form(request, form, code, problem, 400)
    try:
        row = await known.work.write(lambda tx: _keep(tx, draft, form, signed.id, code, signed.commune))
    except Undecided as undecided:
        return _form(request, form, code, str(undecided), 400, undecided=True)
    await request.app[RECORDER].record(known, row)
    return go(f"/console/announcements/{row.code}")


def draft_from(form: Form, places: tuple[str, ...]) -> Draft:
    """What the form means, for these communes. A `valid_until` that is no moment is 0."""
    return Draft(
        places[0] if places else "",
        form.priority if form.priority in PRIORITIES else "routine",
        form.topic if form.topic in TOPICS else "",
        " ".join(form.title.split())[:LONGEST_TITLE],
        form.body,
        form.source,
        tuple(" ".join(name.split()) for name in re.split(r"[,;\n]", form.hamlets) if name.strip()),
        from_input(form.valid_until) or 0,
        area=places if len(places) > 1 else (),
    )


def _unusable(draft: Draft, new: bool) -> str:
    """What keeps a draft from being kept at all; the rest is said in the preview."""
    checks = (
        (
            new and not draft.commune,
            "Chưa rõ tin của xã nào: ghi tên xã kèm tên tỉnh, hoặc mã xã năm chữ số; nhiều xã thì "
            "ngăn bằng dấu chấm phẩy.",
        ),
        (not draft.title and not draft.body, "Chưa có chữ nào để lưu."),
        (not draft.valid_until, "Giờ hết hiệu lực chưa đúng: chọn ngày và giờ."),
    )
    return next((sentence for wrong, sentence in checks if wrong), "")


def communes_of(know: Knowledge, typed: str) -> tuple[str, ...]:
    """The communes meant, each once; none when one of them is not clear: nobody may be left out by a slip."""
    codes = [commune_code(know, one.strip()) for one in typed.split(";") if one.strip()]
    return tuple(dict.fromkeys(codes)) if all(codes) else ()


def commune_code(know: Knowledge, typed: str) -> str:
    """The commune meant by a code or a name; empty when it is none or may be several."""
    if know.gazetteer.commune(typed):
        return typed
    found = know.gazetteer.find(typed) if typed else None
    return found.candidates[0].code if found and found.candidates and not found.ask else ""


class Undecided(Exception):
    """It ends while people sleep, and its writer has not chosen what is to become of it; the sentence says so."""


def _keep(tx: Transaction, draft: Draft, form: Form, official_id: int, code: str, commune: str) -> Announcement:
    official = officials.of(tx, official_id)
    old = _draft_row(tx, code, commune, changes=True) if code else None
    if official is None:
        raise Refused(403)
    if old:
        draft = replace(draft, commune=old.commune, area=tuple(announcements.communes(old)), kind=old.kind)
    row = save(tx, draft, official, old.id if old else None)
    row.speech_why, row.speech_seconds = "", 0
    row.at_night, row.once = form.at_night == "on", form.once == "on"
    problem = quiet.problems(row, tx.now, quiet.hours_of(tx, row))
    if problem:
        raise Undecided(problem[0])
    audit.write(tx, official_id, "announcement.saved", row.code, row.commune, row.priority)
    return tx.add(row)


def _draft_row(tx: Transaction, code: str, commune: str, changes: bool = False) -> Announcement:
    row = announcements.visible(tx, code, commune)
    if row is None:
        raise Refused(404)
    if changes:
        announcements.lock(tx, row)
    if row.status not in ("draft", "waiting"):
        raise Refused(409, "Tin này đã gửi đi nên không sửa được nữa. Cần nói thêm thì viết tin mới.")
    return row


def _stored(tx: Transaction, code: str, commune: str) -> Form:
    row = _draft_row(tx, code, commune)
    draft = draft_of(row)
    form = Form(draft.commune, draft.priority, draft.topic, draft.title, draft.body,
                hamlets=", ".join(draft.hamlets), valid_until=to_input(draft.valid_until),
                at_night="on" if row.at_night else "", once="on" if row.once else "")  # fmt: skip
    return _with_source(form, draft.source)


def _with_source(form: Form, source: str) -> Form:
    parts = _SOURCE.fullmatch(source)
    agency, bulletin, issued = parts.groups() if parts else (source, "", "")
    return replace(form, agency=agency, bulletin=bulletin, issued=issued)


def _form(
    request: web.Request, form: Form, code: str, problem: str = "", status: int = 200, undecided: bool = False
) -> web.Response:
    signed, know = me(request), context(request).know
    return page(
        request, "announcement_form.html", status,
        title="Sửa bản tin" if code else "Viết bản tin", form=form, code=code, problem=problem,
        undecided=undecided,
        place=place_of(know, signed.commune or form.commune), models=() if code else load_models(), topics=TOPICS,
        priorities=PRIORITIES, marks={one: headline(one, "") for one in PRIORITIES}, lock_screen=HEADLINE,
        most_words=EMERGENCY_WORDS, longest_body=LONGEST_BODY,
    )  # fmt: skip


def _whole_hour(ms: int) -> int:
    return (ms + HOUR_MS - 1) // HOUR_MS * HOUR_MS


ROUTES = [
    web.get("/announcements/new", new),
    web.post("/announcements/new", create),
    web.get("/announcements/{code}/edit", edit),
    web.post("/announcements/{code}/edit", change),
]
