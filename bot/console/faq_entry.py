"""One entry of the FAQ: written, changed, taken out.

A commune changes only its own entries: saving a common one from a commune makes that commune's own, which stands in
for the common one there.
"""

from typing import Any

from aiohttp import web

from bot.console import faq_forms
from bot.console.faq_forms import allowed, claimed
from bot.console.pages import Refused, go, page
from bot.console.session import context, fields, me
from bot.console.signed import Signed
from content.dates import local
from content.faq.entries import MOST_FOLLOW_UPS, parse_entry
from content.vietnamese import fold
from storage import Transaction, audit, faq, unanswered
from storage.codes import new_code

TEXTS = ("question", "answer", "category", "source", "source_quote", "reviewed_at", "valid_until")
EMPTY: dict[str, Any] = {"id": "", "question": "", "answer": "", "status": "draft", "commune": None}
NO_GROUP = "Không có câu hỏi này, hoặc đã có người xử lý."


def number(text: str) -> int:
    """A number in an address; 0, which nothing has, when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


async def new(request: web.Request) -> web.Response:
    """An empty entry, or one that answers questions that are alike (`?group=12`)."""
    signed, group = me(request), request.query.get("group", "")
    said = await context(request).work.read(lambda tx: _wordings(tx, signed, group)) if group else [""]
    today = local(context(request).now()).date().isoformat()
    entry = {**EMPTY, "question": said[0], "alternatives": said[1:], "reviewed_at": today}
    return await _form(request, entry, group=group)


def _wordings(tx: Transaction, signed: Signed, group: str) -> list[str]:
    row = unanswered.group(tx, number(group), signed.commune)
    said = unanswered.wordings(tx, [row.id or 0]).get(row.id or 0) if row else None
    if not said:
        raise Refused(404, NO_GROUP)
    return [" ".join(one.split())[:300] for one in said]


async def edit(request: web.Request) -> web.Response:
    """One entry; a commune's own where it has one in the place of the common one."""
    signed, wanted = me(request), request.match_info["id"]
    entry = await context(request).work.read(lambda tx: allowed(tx, signed, wanted))
    if entry["id"] != wanted:
        return go(f"/console/faq/{entry['id']}")
    return await _form(request, entry)


async def create(request: web.Request) -> web.Response:
    """Keep a new entry."""
    return await _save(request, "")


async def change(request: web.Request) -> web.Response:
    """Keep a changed entry."""
    return await _save(request, request.match_info["id"])


async def _save(request: web.Request, entry_id: str) -> web.Response:
    known, signed = context(request), me(request)
    sent = await fields(request)
    old, questions = await known.work.read(lambda tx: (_old(tx, signed, entry_id), _questions(tx, signed)))
    entry = _merged(claimed(old, signed), sent)
    problem = _next(entry, sent, questions) or _problem(entry)
    if problem:
        return await _form(request, entry, problem, 400, sent.get("group", ""))

    def job(tx: Transaction) -> None:
        faq.put(tx, entry)
        row = unanswered.group(tx, number(sent.get("group", "")), signed.commune)
        if row:
            unanswered.settled(tx, row)
        audit.write(tx, signed.id, "faq.saved", str(entry["id"]), signed.commune, str(entry["status"]))

    await known.work.write(job)
    return go("/console/faq")


def _old(tx: Transaction, signed: Signed, entry_id: str) -> dict[str, Any]:
    return allowed(tx, signed, entry_id) if entry_id else dict(EMPTY)


def _questions(tx: Transaction, signed: Signed) -> dict[str, str]:
    """question, folded → id, of what may be asked next."""
    return {fold(one["question"]): str(one.get("overrides") or one["id"]) for one in faq.entries(tx, signed.commune)}


def _merged(entry: dict[str, Any], sent: dict[str, str]) -> dict[str, Any]:
    entry.update({key: sent.get(key, "") or None for key in TEXTS})
    entry["question"], entry["answer"] = sent.get("question", ""), sent.get("answer", "")
    if not entry.get("overrides"):  # what stands in for a common entry is found by that one's words
        lines = [line.strip() for line in sent.get("alternatives", "").split("\n")]
        entry["alternatives"] = [line for line in lines if line]
    entry["status"] = "served" if sent.get("status") == "served" else "draft"
    entry["id"] = entry["id"] or f"rieng-{new_code(6).lower()}"
    return entry


def _next(entry: dict[str, Any], sent: dict[str, str], questions: dict[str, str]) -> str:
    """Put in what is asked next, given as the questions' own words; what is wrong with it."""
    asked = [sent.get(f"next{place}", "") for place in range(1, MOST_FOLLOW_UPS + 1)]
    found = {one: questions.get(fold(one), "") for one in asked if one}
    missing = next((one for one, id in found.items() if not id), "")
    entry["follow_ups"] = [id for id in dict.fromkeys(found.values()) if id and id != entry["id"]]
    return f"Chưa có câu “{missing}” trong danh sách, nên không hỏi tiếp được. Xin chọn câu có sẵn." if missing else ""


def _problem(entry: dict[str, Any]) -> str:
    if not entry["question"] or not entry["answer"]:
        return "Phải có câu hỏi và câu trả lời."
    if entry["status"] == "served" and not (entry["source"] and entry["reviewed_at"]):
        return "Câu trả lời đem dùng phải ghi nguồn và ngày xem lại; chưa có thì để là bản nháp."
    try:
        parse_entry(entry)
    except ValueError:
        return "Ngày chưa đúng: ghi năm-tháng-ngày."
    return ""


async def _form(
    request: web.Request, entry: dict[str, Any], problem: str = "", status: int = 200, group: str = ""
) -> web.Response:
    signed, stands = me(request), request.match_info.get("id", "")
    entries = await context(request).work.read(lambda tx: faq.entries(tx, signed.commune))
    by_id = {one["id"]: one["question"] for one in entries}
    nexts = [by_id.get(one, "") for one in entry.get("follow_ups") or []]
    copies = bool(stands and signed.commune and not entry.get("commune"))
    mine = bool(stands) and (signed.province or entry.get("commune") == signed.commune)
    questions = sorted(question for id, question in by_id.items() if id != entry["id"])
    return page(request, "faq_form.html", status, title="Câu hỏi và câu trả lời", entry=entry, problem=problem,
                copies=copies, mine=mine, number=stands, group=group, questions=questions,
                nexts=[*nexts, *[""] * MOST_FOLLOW_UPS][:MOST_FOLLOW_UPS])  # fmt: skip


async def remove(request: web.Request) -> web.Response:
    """Take an entry out; where it stood in for a common one, that is served again."""
    known, signed, entry_id = context(request), me(request), request.match_info["id"]

    def job(tx: Transaction) -> None:
        entry = allowed(tx, signed, entry_id)
        if signed.commune and entry.get("commune") != signed.commune:
            raise Refused(403)
        faq.remove(tx, str(entry["id"]))
        audit.write(tx, signed.id, "faq.removed", str(entry["id"]), signed.commune)

    await known.work.write(job)
    return go("/console/faq")


ROUTES = [
    web.get("/faq/new", new),
    web.post("/faq/new", create),
    web.get("/faq/{id}", edit),
    web.post("/faq/{id}", change),
    web.post("/faq/{id}/remove", remove),
    *faq_forms.ROUTES,
]
