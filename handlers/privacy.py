"""Leaving, and one's own data: shown, exported, erased. Leaving acts at once and asks afterwards."""

import json
from datetime import UTC, datetime
from typing import Any

from content.message import Said
from handlers import commune, post
from handlers.turn import Turn
from storage import Transaction, citizens, outbox, reports
from storage.citizens import Citizen

LINK_MS = 24 * 3_600_000


def opens(turn: Turn) -> bool:
    """NGỪNG, DỮ LIỆU, and Zalo's own request to erase."""
    if turn.heard.kind == "withdraw":
        erase(turn)
        return True
    told = _TOLD.get(turn.command or "")
    if told:
        told(turn)
    return told is not None


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions about leaving or data."""
    taken = turn.chosen()
    if taken is None:
        return False
    _TAKEN[taken](turn)
    return True


def _stop(turn: Turn) -> None:
    turn.citizen.stopped_at, turn.citizen.emergency_only = turn.tx.now, False
    turn.tx.session.add(turn.citizen)
    lanes = (outbox.EMERGENCY, outbox.PRIORITY, outbox.ROUTINE)
    outbox.stop_queued(turn.tx, turn.address.id or 0, lanes, "withdrawn", "đã ngừng nhận tin")
    options = [(one, turn.words(f"privacy.{one}")) for one in ("emergencies", "again", "erase")]
    turn.ask("privacy", "stopped", turn.words("privacy.stopped"), options)


def _emergencies(turn: Turn) -> None:
    turn.citizen.stopped_at, turn.citizen.emergency_only = turn.citizen.stopped_at or turn.tx.now, True
    turn.tx.session.add(turn.citizen)
    turn.end()
    turn.say("privacy.only_emergencies")
    _urgent_first(turn)


def _again(turn: Turn) -> None:
    turn.citizen.stopped_at, turn.citizen.emergency_only = 0, False
    turn.tx.session.add(turn.citizen)
    turn.end()
    if turn.home():
        turn.say("privacy.receives_again", commune=turn.place_name(turn.home()))
        _urgent_first(turn)
    else:
        commune.ask_which(turn)


def _urgent_first(turn: Turn) -> None:
    for one in citizens.follows(turn.tx, turn.citizen.id or 0):
        post.in_force(turn.tx, turn.address, turn.account.channel, one.commune, one.hamlet)


def _show(turn: Turn) -> None:
    kept = gathered(turn.tx, turn.citizen)
    places = [turn.place_name(one["commune"]) for one in kept["follows"]]
    text = turn.words(
        "privacy.shown",
        app=turn.words(f"general.app_{turn.account.channel}"),
        places=", ".join(places) or turn.words("general.none"),
        name=kept["name"] or turn.words("general.none"),
        phone=kept["phone"] or turn.words("general.none"),
        reports=", ".join(one["code"] for one in kept["reports"]) or turn.words("general.none"),
        consent=_date(turn.citizen.consented_at) or turn.words("general.none"),
        controller=turn.know.manners.controller,
    )
    options = [(one, turn.words(f"privacy.{one}")) for one in ("export", "erase", "keep")]
    turn.ask("privacy", "shown", text, options)


def gathered(tx: Transaction, citizen: Citizen) -> dict[str, Any]:
    """Everything kept about a citizen, opened, as plain data (times as ISO 8601 UTC)."""
    number = citizen.id or 0
    return {
        "language": citizen.language,
        "since": _iso(citizen.created_at),
        "name": tx.vault.open(citizen.name_sealed),
        "phone": tx.vault.open(citizen.phone_sealed),
        "hamlet": citizen.hamlet,
        "stopped": bool(citizen.stopped_at),
        "consents": [{"action": one.action, "version": one.version, "at": _iso(one.at)}
                     for one in citizens.consents(tx, number)],
        "follows": [{"commune": one.commune, "relation": one.relation, "hamlet": one.hamlet, "topics": one.topics}
                    for one in citizens.follows(tx, number)],
        "addresses": [{"chat": one.chat, "last_heard": _iso(one.heard_at)}
                      for one in citizens.addresses(tx, number)],
        "reports": [_report(tx, one) for one in reports.of_citizen(tx, number, 1000)],
    }  # fmt: skip


def _report(tx: Transaction, one: reports.Report) -> dict[str, Any]:
    return {
        "code": one.code,
        "at": _iso(one.created_at),
        "state": one.state,
        "commune": one.commune,
        "text": tx.vault.open(one.text_sealed),
        "place": tx.vault.open(one.place_sealed),
        "lat": one.lat,
        "lon": one.lon,
    }


def _export(turn: Turn) -> None:
    base = turn.know.manners.public_url
    if base:
        turn.say("privacy.export_link", link=f"{base}/data/{export_token(turn.tx, turn.citizen.id or 0)}")
    else:
        written = json.dumps(gathered(turn.tx, turn.citizen), ensure_ascii=False, indent=1)
        turn.show(Said(written))
    turn.end()


def export_token(tx: Transaction, citizen_id: int) -> str:
    """A signed word that opens a citizen's own data for a day."""
    claim = f"{citizen_id}.{tx.now + LINK_MS}"
    return f"{claim}.{tx.vault.sign('export', claim)}"


def exported(tx: Transaction, token: str) -> dict[str, Any] | None:
    """The data behind an export link, while it is valid."""
    number, _, rest = token.partition(".")
    until, _, proof = rest.partition(".")
    claim = f"{number}.{until}"
    if not until.isdigit() or int(until) < tx.now or not tx.vault.signed("export", claim, proof):
        return None
    citizen = tx.session.get(Citizen, int(number))
    return gathered(tx, citizen) if citizen else None


def _ask_erase(turn: Turn) -> None:
    options = [("erase_now", turn.words("privacy.erase_now")), ("keep", turn.words("privacy.keep"))]
    turn.ask("privacy", "erase", turn.words("privacy.ask_erase"), options)


def _erase_now(turn: Turn) -> None:
    erase(turn)
    post.farewell(turn.tx, turn.account, turn.heard.chat, turn.words("privacy.erased"))


def erase(turn: Turn) -> None:
    """Forget this person at once; what the law keeps stays without anything that leads to them."""
    number = turn.citizen.id or 0
    citizens.consent(turn.tx, turn.citizen, "withdrawn", turn.citizen.consent_version, "")
    for one in citizens.addresses(turn.tx, number):
        outbox.forget_address(turn.tx, one.id or 0)
    reports.pseudonymise(turn.tx, number)
    citizens.erase(turn.tx, turn.citizen)
    turn.erased = True


def _keep(turn: Turn) -> None:
    turn.end()
    turn.say("privacy.kept")


_TAKEN = {
    "emergencies": _emergencies,
    "again": _again,
    "erase": _ask_erase,
    "export": _export,
    "keep": _keep,
    "erase_now": _erase_now,
}
_TOLD = {
    "stop": _stop,
    "emergency_only": _emergencies,
    "resume": _again,
    "my_data": _show,
    "export": _export,
    "erase": _ask_erase,
}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat() if ms else ""


def _date(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%d/%m/%Y") if ms else ""
