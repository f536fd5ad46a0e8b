"""Filing a report: the row, the code, and its delivery to the source system, in one transaction."""

from typing import Any

from content.dates import when
from handlers import identity, status
from handlers.turn import Turn
from storage import accounts, media, outbox, reports
from storage.outbox import Delivery
from storage.reports import Report


def file(turn: Turn, data: dict[str, Any]) -> Report:
    """The report is filed and its code said first; only then comes the question who they are."""
    filed = _write(turn, data)
    media.attach(turn.tx, data["files"], filed.id or 0)
    _queue(turn, filed, data["danger"])
    turn.end()
    key = "report.filed_danger" if data["danger"] else "report.filed"
    turn.say(key, at=when(turn.tx.now), unit=status.unit(turn, filed), code=filed.code)
    if not data["danger"]:
        identity.ask(turn, filed)
    return filed


def _write(turn: Turn, data: dict[str, Any]) -> Report:
    seal = turn.tx.vault.seal
    return reports.file(
        turn.tx,
        commune=data["commune"],
        kind=data["kind"],
        category=data["category"],
        danger=data["danger"],
        to_province=bool(data.get("to_province")),
        citizen_id=turn.citizen.id,
        address_id=turn.address.id,
        text_sealed=seal(data["words"]),
        place_sealed=seal(data.get("place", "")),
        lat=data.get("lat"),
        lon=data.get("lon"),
    )


def _queue(turn: Turn, filed: Report, danger: bool) -> None:
    """The source system is a recipient like any other. It waits for the name a while; danger waits for nothing."""
    source = accounts.source_system(turn.tx)
    wait = 0 if danger else turn.know.manners.forward_wait_ms
    outbox.post(
        turn.tx,
        Delivery(
            account_id=source.id or 0,
            chat=filed.code,
            lane=outbox.EMERGENCY if danger else outbox.STATUS,
            due_at=turn.tx.now + wait,
            report_id=filed.id,
            commune=filed.commune,
            created_at=turn.tx.now,
        ),
    )


def forward_now(turn: Turn, report_id: int) -> None:
    """The sender has answered who they are: the report need not wait any longer."""
    for row in outbox.of_report(turn.tx, report_id):
        if row.letter_id is None and row.state == "queued":
            row.due_at = min(row.due_at, turn.tx.now)
            turn.tx.session.add(row)
