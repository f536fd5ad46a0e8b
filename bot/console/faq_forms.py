"""The forms that go with an answer: PDF files that an official uploads, and who may change which entry."""

import asyncio
from typing import Any

from aiohttp import web

from bot.console.pages import FORMS, LARGER, Refused, go
from bot.console.session import clean, context, me
from bot.console.signed import Signed
from bot.sniff import sniff
from content.faq.entries import parse_entry
from storage import Transaction, audit, faq

MOST = 3  # forms of one entry
LARGEST = 5 * 1024 * 1024  # bytes: Zalo takes no larger file (Zalo reference §4)
LONGEST_NAME = 80


def allowed(tx: Transaction, signed: Signed, entry_id: str) -> dict[str, Any]:
    """The entry as this official may see it: the commune's own in the place of a common one. Raises `Refused`."""
    found = faq.entry(tx, entry_id)
    if found is None or (signed.commune and (found.get("commune") or signed.commune) != signed.commune):
        raise Refused(404)
    if signed.commune and not found.get("commune"):
        own = [one for one in faq.entries(tx, signed.commune) if one.get("overrides") == entry_id]
        return own[0] if own else found
    return found


def claimed(entry: dict[str, Any], signed: Signed) -> dict[str, Any]:
    """The entry as this official may change it: a commune gets its own, which stands in for the common one there."""
    own = dict(entry)
    if signed.commune and not own.get("commune"):
        own.update(commune=signed.commune, overrides=own["id"] or None)
        own["id"] = f"{own['id'][:54]}-{signed.commune}" if own["id"] else ""
    return own


async def upload(request: web.Request) -> web.Response:
    """Keep a form and put it under the answer."""
    known, signed, entry_id = context(request), me(request), request.match_info["id"]
    form = await request.post()
    file, name = form.get("form"), form.get("name")
    if not isinstance(file, web.FileField):
        raise Refused(400, "Chưa chọn tệp. Xin chọn tệp PDF của mẫu đơn rồi bấm lại.")
    with file.file as opened:
        content = await asyncio.to_thread(opened.read)
    called = clean(name if isinstance(name, str) else "")[:LONGEST_NAME] or _called(file.filename)
    if problem := _problem(content):
        raise Refused(400, problem)
    sha = await asyncio.to_thread(known.store.keep, content)

    def add(entry: dict[str, Any]) -> None:
        forms = [one for one in entry.get("attachments") or [] if one["sha"] != sha]
        if len(forms) >= MOST:
            raise Refused(400, f"Mỗi câu trả lời kèm nhiều nhất {MOST} mẫu. Xin bỏ bớt một mẫu rồi thêm mẫu này.")
        entry["attachments"] = [*forms, {"sha": sha, "name": called, "size": len(content)}]

    return await _changed(request, signed, entry_id, add)


def _called(filename: str) -> str:
    return clean(filename).rpartition(".")[0][:LONGEST_NAME] or "mẫu đơn"


def _problem(content: bytes) -> str:
    if not content:
        return "Tệp trống. Xin chọn lại tệp PDF."
    if len(content) > LARGEST:
        return LARGER[FORMS][1]
    if sniff(content[:64]) != "application/pdf":
        return "Tệp này không phải PDF. Mẫu Word, Excel hay ảnh thì xin lưu thành PDF rồi gửi lại."
    return ""


async def drop(request: web.Request) -> web.Response:
    """Take a form away from an answer."""
    sha = request.match_info["sha"]

    def take(entry: dict[str, Any]) -> None:
        entry["attachments"] = [one for one in entry.get("attachments") or [] if one["sha"] != sha]

    return await _changed(request, me(request), request.match_info["id"], take)


async def _changed(request: web.Request, signed: Signed, entry_id: str, change: Any) -> web.Response:
    def job(tx: Transaction) -> str:
        entry = claimed(allowed(tx, signed, entry_id), signed)
        change(entry)
        parse_entry(entry)
        faq.put(tx, entry)
        audit.write(tx, signed.id, "faq.forms", str(entry["id"]), signed.commune)
        return str(entry["id"])

    return go(f"/console/faq/{await context(request).work.write(job)}#mau-don")


async def show(request: web.Request) -> web.StreamResponse:
    """A form, as people will get it."""
    known, signed, sha = context(request), me(request), request.match_info["sha"]
    entry = await known.work.read(lambda tx: allowed(tx, signed, request.match_info["id"]))
    path = known.store.path(sha)
    if sha not in {one["sha"] for one in entry.get("attachments") or []} or not path.is_file():
        raise Refused(404)
    headers = {"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
               "Content-Disposition": 'attachment; filename="mau-don.pdf"'}  # fmt: skip
    return web.FileResponse(path, headers=headers)


ROUTES = [
    web.post("/faq/{id}/forms", upload),
    web.get("/faq/{id}/forms/{sha}", show),
    web.post("/faq/{id}/forms/{sha}/remove", drop),
]
