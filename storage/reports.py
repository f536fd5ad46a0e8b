"""Reports: what citizens send in, what became of it, and who may look."""

from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Field, SQLModel, col, select

from storage.codes import report_code
from storage.columns import big, key, one_of
from storage.outbox import Delivery
from storage.transaction import Transaction

KINDS = ("feedback", "scene", "rumour", "question")
STATES = ("filed", "received", "working", "more", "refused", "answered", "closed")
SETTLED = ("answered", "closed", "refused")  # these want no answer any more
TRIES = 5  # codes of other people an address may look up in an hour
HOUR_MS = 3_600_000


class Report(SQLModel, table=True):
    """One report. What the citizen wrote, their name, phone and place are sealed."""

    __tablename__ = "report"
    __table_args__ = (one_of("kind", *KINDS), one_of("state", *STATES))

    id: int | None = key()
    code: str = Field(max_length=12, unique=True)
    commune: str = Field(max_length=5, index=True)
    kind: str = Field(max_length=10)
    category: str = Field(default="", max_length=40)
    state: str = Field(default="filed", max_length=10)
    danger: bool = False
    to_province: bool = False  # concerns an official: the commune does not see it
    citizen_id: int | None = big(default=None, index=True)
    address_id: int | None = big(default=None)
    created_at: int = big()
    text_sealed: str = ""
    place_sealed: str = ""  # words for the place
    lat: float | None = None
    lon: float | None = None
    name_sealed: str = ""
    phone_sealed: str = ""
    hamlet: str = Field(default="", max_length=80)
    source_ref: str = Field(default="", max_length=80)  # the source system's own number
    forwarded_at: int = big(default=0)
    answered_at: int = big(default=0)
    verdict: str = Field(default="", max_length=10)  # the citizen's: done | undone


class ReportEvent(SQLModel, table=True):
    """One thing that happened to a report. `update_key` is the other side's own id, so that it counts once."""

    __tablename__ = "report_event"
    __table_args__ = (one_of("kind", "state", "answer", "addition", "named", "verdict", "forwarded"),)

    id: int | None = key()
    report_id: int = big(index=True)
    at: int = big()
    kind: str = Field(max_length=12)
    state: str = Field(default="", max_length=10)
    text_sealed: str = ""
    unit: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=200)
    official_id: int | None = big(default=None)
    update_key: str | None = Field(default=None, max_length=120, unique=True)
    delivery_id: int | None = big(default=None)  # the letter that tells the citizen


class CodeTry(SQLModel, table=True):
    """Somebody typed a code that is not theirs."""

    __tablename__ = "code_try"

    id: int | None = key()
    address_id: int = big(index=True)
    at: int = big()


def file(tx: Transaction, **values: Any) -> Report:
    """File a report under a fresh code."""
    return tx.add(Report(code=report_code(), created_at=tx.now, **values))


def of(tx: Transaction, report_id: int) -> Report | None:
    """The report with this id."""
    return tx.session.get(Report, report_id)


def coded(tx: Transaction, code: str) -> Report | None:
    """The report with this code, as `codes.parse_report_code` gives it."""
    return tx.session.exec(select(Report).where(Report.code == code)).first()


def by_source_ref(tx: Transaction, source_ref: str) -> Report | None:
    """The report that the source system knows under this number."""
    return tx.session.exec(select(Report).where(Report.source_ref == source_ref)).first()


def of_citizen(tx: Transaction, citizen_id: int, limit: int = 20) -> list[Report]:
    """A citizen's own reports, newest first."""
    return list(
        tx.session.exec(
            select(Report).where(Report.citizen_id == citizen_id).order_by(col(Report.id).desc()).limit(limit)
        ).all()
    )


def of_commune(tx: Transaction, commune: str, limit: int = 50) -> list[Report]:
    """What a commune's officials may see, newest first; the province (empty) sees all."""
    question = select(Report).order_by(col(Report.id).desc()).limit(limit)
    if commune:
        question = question.where(Report.commune == commune, Report.to_province == False)  # noqa: E712
    return list(tx.session.exec(question).all())


def open_count(tx: Transaction, commune: str) -> int:
    """How many reports of a commune still want an answer; of all communes for the province (empty)."""
    question = select(func.count()).select_from(Report).where(col(Report.state).not_in(SETTLED))
    found: int = tx.session.exec(_seen_by(question, commune)).one()
    return found


def dangers(tx: Transaction, commune: str) -> list[Report]:
    """Reports of danger that nobody has taken yet, oldest first; of all communes for the province (empty)."""
    question = select(Report).where(Report.state == "filed", Report.danger == True).order_by(col(Report.id))  # noqa: E712
    return list(tx.session.exec(_seen_by(question, commune).limit(20)).all())


def listed(tx: Transaction, commune: str, open_only: bool, before: int = 0, limit: int = 50) -> list[Report]:
    """A page of what a commune's officials may see (the province: all), newest first, with ids below `before`."""
    question = _seen_by(select(Report), commune).order_by(col(Report.id).desc()).limit(limit)
    if open_only:
        question = question.where(col(Report.state).not_in(SETTLED))
    if before:
        question = question.where(col(Report.id) < before)
    return list(tx.session.exec(question).all())


def visible(tx: Transaction, code: str, commune: str) -> Report | None:
    """The report with this code, unless it is none of this commune's business; the province (empty) sees all."""
    found: Report | None = tx.session.exec(_seen_by(select(Report).where(Report.code == code), commune)).first()
    return found


def _seen_by(question: Any, commune: str) -> Any:
    if commune:
        return question.where(Report.commune == commune, Report.to_province == False)  # noqa: E712
    return question


def tellings(tx: Transaction, report_ids: list[int]) -> dict[int, Delivery]:
    """report id → the newest letter that tells its citizen something, for those that have one."""
    newest = (
        select(func.max(ReportEvent.delivery_id))
        .where(col(ReportEvent.report_id).in_(report_ids), col(ReportEvent.delivery_id).is_not(None))
        .group_by(col(ReportEvent.report_id))
    )
    rows = tx.session.exec(select(Delivery).where(col(Delivery.id).in_(newest))).all()
    return {row.report_id: row for row in rows if row.report_id is not None}


def told(tx: Transaction, report_id: int) -> dict[int, Delivery]:
    """delivery id → the letter, for every letter that told this report's citizen something."""
    rows = tx.session.exec(
        select(Delivery)
        .join(ReportEvent, col(ReportEvent.delivery_id) == col(Delivery.id))
        .where(ReportEvent.report_id == report_id)
    ).all()
    return {row.id or 0: row for row in rows}


def events(tx: Transaction, report_id: int) -> list[ReportEvent]:
    """What happened to a report, oldest first."""
    return list(
        tx.session.exec(
            select(ReportEvent).where(ReportEvent.report_id == report_id).order_by(col(ReportEvent.id))
        ).all()
    )


def additions(tx: Transaction, report: Report) -> list[ReportEvent]:
    """What its sender has told since it was filed, oldest first."""
    return [one for one in events(tx, report.id or 0) if one.kind == "addition" and one.text_sealed]


def named(tx: Transaction, report: Report) -> None:
    """Its sender has said who they are; written down where that comes too late for the source system."""
    if report.forwarded_at:
        note(tx, report, "named")


def note(tx: Transaction, report: Report, kind: str, **values: Any) -> ReportEvent:
    """Add an event; its text comes sealed."""
    return tx.add(ReportEvent(report_id=report.id or 0, kind=kind, at=values.pop("at", tx.now), **values))


def forwarded(tx: Transaction, report_id: int, source_ref: str) -> None:
    """The source system has it, under its own number."""
    report = of(tx, report_id)
    if report and not report.forwarded_at:
        report.source_ref, report.forwarded_at = source_ref[:80], tx.now
        note(tx, report, "forwarded", state=report.state)
        tx.session.add(report)


def seen_update(tx: Transaction, update_key: str) -> bool:
    """Whether this update of the other side was already applied."""
    return tx.session.exec(select(ReportEvent.id).where(ReportEvent.update_key == update_key)).first() is not None


def may_look(tx: Transaction, address_id: int) -> bool:
    """Whether this address may try one more code of somebody else; the try is counted."""
    since = tx.now - HOUR_MS
    tries = tx.session.exec(
        select(func.count()).select_from(CodeTry).where(CodeTry.address_id == address_id, CodeTry.at > since)
    ).one()
    if tries >= TRIES:
        return False
    tx.add(CodeTry(address_id=address_id, at=tx.now))
    return True


def forget_tries(tx: Transaction) -> int:
    """Drop tries that no longer count; how many went."""
    return tx.changed(tx.session.execute(delete(CodeTry).where(col(CodeTry.at) < tx.now - HOUR_MS)))


def forget_place(tx: Transaction, report: Report) -> None:
    """Where it was is needed until the matter is settled; afterwards it only leads to the neighbour who told."""
    report.place_sealed, report.lat, report.lon = "", None, None
    tx.session.add(report)


def pseudonymise(tx: Transaction, citizen_id: int) -> int:
    """A person was erased: the reports the law keeps stay, with nothing that leads to them."""
    return tx.changed(
        tx.session.execute(
            update(Report)
            .where(col(Report.citizen_id) == citizen_id)
            .values(citizen_id=None, address_id=None, name_sealed="", phone_sealed="", hamlet="")
        )
    )
