"""The FAQ: entries, one to be edited, and the questions nobody could answer yet.

A commune changes only its own entries: saving a common one from a commune makes that commune's own copy.
"""

from typing import Any

from aiohttp import web

from bot.console.pages import Refused, go, page
from bot.console.session import context, fields, me
from bot.console.signed import Signed
from content.dates import local
from content.faq import parse_entry
from content.vietnamese import fold
from storage import Transaction, audit, faq
from storage.codes import new_code

TEXTS = ("question", "answer", "category", "source", "source_quote", "reviewed_at", "valid_until")
EMPTY = {"id": "", "question": "", "answer": "", "status": "draft", "commune": None}


async def index(request: web.Request) -> web.Response:
    """Entries, those that hold the words of `?q=`; and the open questions."""
    signed, wanted = me(request), request.query.get("q", "")[:100]
    told = await context(request).work.read(lambda tx: _listed(tx, signed.commune, fold(wanted).split()))
    return page(request, "faq.html", title="Hỏi đáp", wanted=wanted, **told)


def _listed(tx: Transaction, commune: str, words: list[str]) -> dict[str, Any]:
    def fits(entry: dict[str, Any]) -> bool:
        text = fold(f"{entry['question']} {entry['answer']}")
        return all(word in text for word in words)

    entries = [entry for entry in faq.entries(tx, commune) if fits(entry)]
    entries.sort(key=lambda entry: (entry.get("category") or "", entry["question"]))
    open_ones = [{"id": row.id, "at": row.at, "words": tx.vault.open(row.text_sealed)}
                 for row in faq.open_questions(tx, commune)]  # fmt: skip
    return {"entries": entries, "questions": open_ones}


async def new(request: web.Request) -> web.Response:
    """An empty entry, or one that answers an open question (`?question=12`)."""
    signed, number = me(request), request.query.get("question", "")
    words = await context(request).work.read(lambda tx: _words(tx, signed, number)) if number else ""
    today = local(context(request).now()).date().isoformat()
    return _form(request, {**EMPTY, "question": words, "reviewed_at": today})


def _words(tx: Transaction, signed: Signed, number: str) -> str:
    return tx.vault.open(_question(tx, signed, number).text_sealed)


def _question(tx: Transaction, signed: Signed, number: str) -> faq.Unanswered:
    row = faq.open_question(tx, _number(number), signed.commune)
    if row is None:
        raise Refused(404, "Không có câu hỏi này, hoặc đã có người xử lý.")
    return row


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


async def edit(request: web.Request) -> web.Response:
    """One entry."""
    signed, number = me(request), request.match_info["id"]
    return _form(request, await context(request).work.read(lambda tx: _entry(tx, signed, number)))


def _entry(tx: Transaction, signed: Signed, entry_id: str) -> dict[str, Any]:
    found = faq.entry(tx, entry_id)
    if found is None or (signed.commune and (found.get("commune") or signed.commune) != signed.commune):
        raise Refused(404)
    return found


async def create(request: web.Request) -> web.Response:
    """Keep a new entry."""
    return await _save(request, "")


async def change(request: web.Request) -> web.Response:
    """Keep a changed entry."""
    return await _save(request, request.match_info["id"])


async def _save(request: web.Request, entry_id: str) -> web.Response:
    known, signed = context(request), me(request)
    sent = await fields(request)
    old = await known.work.read(lambda tx: _entry(tx, signed, entry_id)) if entry_id else EMPTY
    entry = _merged(dict(old), sent, signed)
    problem = _problem(entry)
    if problem:
        return _form(request, entry, problem, 400)

    def job(tx: Transaction) -> None:
        faq.put(tx, entry)
        audit.write(tx, signed.id, "faq.saved", str(entry["id"]), signed.commune, str(entry["status"]))

    await known.work.write(job)
    return go("/console/faq")


def _merged(entry: dict[str, Any], sent: dict[str, str], signed: Signed) -> dict[str, Any]:
    entry.update({key: sent.get(key, "") or None for key in TEXTS})
    entry["question"], entry["answer"] = sent.get("question", ""), sent.get("answer", "")
    entry["alternatives"] = [line.strip() for line in sent.get("alternatives", "").split("\n") if line.strip()]
    entry["status"] = "served" if sent.get("status") == "served" else "draft"
    if signed.commune and not entry.get("commune"):
        entry["id"] = f"{entry['id'][:54]}-{signed.commune}" if entry["id"] else ""
        entry["commune"] = signed.commune
    entry["id"] = entry["id"] or f"rieng-{new_code(6).lower()}"
    return entry


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


def _form(request: web.Request, entry: dict[str, Any], problem: str = "", status: int = 200) -> web.Response:
    signed = me(request)
    copies = bool(entry["id"] and signed.commune and not entry.get("commune"))
    return page(request, "faq_form.html", status, title="Câu hỏi và câu trả lời", entry=entry, problem=problem,
                copies=copies, number=request.match_info.get("id", ""))  # fmt: skip


async def settle(request: web.Request) -> web.Response:
    """An open question is dealt with: it leaves the list and is forgotten."""
    signed, number = me(request), request.match_info["number"]
    await context(request).work.write(lambda tx: faq.settled(tx, _question(tx, signed, number)))
    return go("/console/faq")


ROUTES = [
    web.get("/faq", index),
    web.get("/faq/new", new),
    web.post("/faq/new", create),
    web.post("/faq/questions/{number}", settle),
    web.get("/faq/{id}", edit),
    web.post("/faq/{id}", change),
]
