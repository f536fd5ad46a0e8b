"""Answers to reports: from an official on our page or from the source system; told to the citizen once each."""

from content.dates import when
from content.message import Choice, Said
from handlers import post
from handlers.knowledge import Knowledge
from storage import Transaction, audit, reports
from storage.citizens import Address
from storage.officials import Official
from storage.reports import Report, ReportEvent

LONGEST = 3000


def by_official(
    tx: Transaction, report: Report, official: Official, state: str, text: str, know: Knowledge
) -> ReportEvent:
    """An official answers, or moves the report on. The letter names post and unit, as Decree 49/2024 wants."""
    unit = _unit(report, know)
    audit.write(tx, official.id or 0, f"report.{state}", report.code, report.commune)
    return _apply(tx, report, know, state, text[:LONGEST], unit, official.title, official_id=official.id)


def by_source(
    tx: Transaction, report: Report, know: Knowledge, update: str, state: str | None, text: str, unit: str, person: str
) -> ReportEvent | None:
    """News from the source system; None if it was applied before. An unknown state word keeps our state."""
    if reports.seen_update(tx, update):
        return None
    return _apply(tx, report, know, state or report.state, text[:LONGEST], unit, person, update_key=update)


def _apply(
    tx: Transaction,
    report: Report,
    know: Knowledge,
    state: str,
    text: str,
    unit: str,
    person: str,
    official_id: int | None = None,
    update_key: str | None = None,
) -> ReportEvent:
    changed, report.state = report.state != state, state
    if state == "answered":
        report.answered_at = tx.now
    if report.citizen_id is None and state in reports.SETTLED:
        reports.forget_place(tx, report)
    tx.session.add(report)
    event = reports.note(
        tx,
        report,
        "answer" if text else "state",
        state=state,
        text_sealed=tx.vault.seal(text),
        unit=unit[:200],
        person=person[:200],
        official_id=official_id,
        update_key=update_key,
    )
    if text or changed:
        event.delivery_id = _tell(tx, report, know, event, text)
        tx.session.add(event)
    return event


def _tell(tx: Transaction, report: Report, know: Knowledge, event: ReportEvent, text: str) -> int | None:
    address = tx.session.get(Address, report.address_id) if report.address_id else None
    if address is None:
        return None
    said = _answer(tx, report, know, event, text) if text else _news(report, know, event)
    offer = f"{_OFFERED[event.state]}:{report.id}" if text and event.state in _OFFERED else ""
    return post.tell(tx, address, said, offer, report.id)


def _answer(tx: Transaction, report: Report, know: Knowledge, event: ReportEvent, text: str) -> Said:
    by = ", ".join(one for one in (event.person, event.unit) if one)
    what = _short(tx.vault.open(report.text_sealed))
    words = know.texts.say("vi", "answer.words", code=report.code, what=what, text=text, by=by, at=when(tx.now),
                           state=know.texts.say("vi", f"status.{event.state}"))  # fmt: skip
    if event.state not in _OFFERED:
        return Said(words)
    kind = _OFFERED[event.state]
    choices = [Choice(key, know.texts.say("vi", f"answer.{name}")) for key, name in _CHOICES[event.state].items()]
    question = "\n\n" + know.texts.say("vi", "answer.done_question") if kind == "answer" else ""
    return Said(words + question, tuple(choices), f"{kind}{report.id}")


# state → what its letter offers, and what 11, 22, 33 under it say. Who is asked for more, or refused, may reply.
_OFFERED = {"answered": "answer", "more": "ask", "refused": "ask"}
_CHOICES = {
    "answered": {"11": "done", "22": "undone", "33": "more"},
    "more": {"33": "tell"},
    "refused": {"33": "more"},
}


def _news(report: Report, know: Knowledge, event: ReportEvent) -> Said:
    state = know.texts.say("vi", f"status.{event.state}")
    return Said(know.texts.say("vi", "answer.news", code=report.code, state=state, unit=event.unit))


def _short(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= 60 else first[:59] + "…"


def _unit(report: Report, know: Knowledge) -> str:
    commune = know.gazetteer.commune(report.commune)
    return f"UBND {commune.full_name}" if commune and not report.to_province else know.manners.controller
