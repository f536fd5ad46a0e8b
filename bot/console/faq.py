"""The FAQ: entries, what expires, and the questions nobody could answer yet, those alike together."""

from datetime import date, timedelta
from typing import Any

from aiohttp import web

from bot.console import faq_entry
from bot.console.pages import Refused, go, page
from bot.console.session import context, me
from bot.console.signed import Signed
from content.dates import local
from content.vietnamese import fold
from storage import Transaction, faq, unanswered

SOON = timedelta(days=30)
MOST_GROUPS = 50
SHOWN_WORDINGS = 5


async def index(request: web.Request) -> web.Response:
    """Entries, those that hold the words of `?q=`; what expires; the open questions."""
    signed, wanted = me(request), request.query.get("q", "")[:100]
    told = await context(request).work.read(lambda tx: _listed(tx, signed, fold(wanted).split()))
    return page(request, "faq.html", title="Hỏi đáp", wanted=wanted, **told)


def _listed(tx: Transaction, signed: Signed, words: list[str]) -> dict[str, Any]:
    entries = faq.entries(tx, signed.commune)
    replaced = {entry.get("overrides") for entry in entries} if signed.commune else set()
    shown = [entry for entry in entries if entry["id"] not in replaced and _holds(entry, words)]
    shown.sort(key=lambda entry: (entry.get("category") or "", entry["question"]))
    return {"entries": shown, "groups": _groups(tx, signed.commune), **ending(tx, signed.commune)}


def _holds(entry: dict[str, Any], words: list[str]) -> bool:
    text = fold(f"{entry['question']} {entry['answer']}")
    return all(word in text for word in words)


def _groups(tx: Transaction, commune: str) -> list[dict[str, Any]]:
    rows = unanswered.groups(tx, commune, MOST_GROUPS)
    wordings = unanswered.wordings(tx, [row.id or 0 for row in rows])
    return [
        {"id": row.id, "at": row.last_at, "times": row.times, "commune": row.commune, "words": said[0],
         "others": said[1:SHOWN_WORDINGS], "more": len(said[SHOWN_WORDINGS:])}
        for row in rows if (said := wordings.get(row.id or 0))
    ]  # fmt: skip


def ending(tx: Transaction, commune: str) -> dict[str, list[dict[str, Any]]]:
    """Entries of one's own that nobody is served any more, or soon: the commune's, or the common ones."""
    today = local(tx.now).date()
    own = [entry for entry in faq.limited(tx, commune) if entry.get("status") == "served"]
    own.sort(key=lambda entry: str(entry["valid_until"]))
    last = {str(entry["id"]): date.fromisoformat(str(entry["valid_until"])) for entry in own}
    return {
        "expired": [entry for entry in own if last[entry["id"]] < today],
        "expiring": [entry for entry in own if today <= last[entry["id"]] <= today + SOON],
    }


async def settle(request: web.Request) -> web.Response:
    """Questions that are alike are dealt with: they leave the list and are forgotten."""
    signed, number = me(request), request.match_info["number"]

    def job(tx: Transaction) -> None:
        row = unanswered.group(tx, faq_entry.number(number), signed.commune)
        if row is None:
            raise Refused(404, faq_entry.NO_GROUP)
        unanswered.settled(tx, row)

    await context(request).work.write(job)
    return go("/console/faq#chua-tra-loi")


ROUTES = [web.get("/faq", index), web.post("/faq/groups/{number}", settle), *faq_entry.ROUTES]
