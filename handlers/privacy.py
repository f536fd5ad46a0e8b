"""Leaving, and one's own data: shown, exported, erased. Leaving acts at once and asks afterwards."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from content.commands import unsure
from content.dates import date
from content.message import Said
from handlers import commune, post, wishes
from handlers.turn import Turn
from storage import Transaction, citizens, forgetting, media, outbox, reports
from storage.citizens import Citizen
from storage.reports import Report

LINK_MS = 24 * 3_600_000
MOST_SHOWN = 5  # tracking codes in a message; the export has them all
PIECE = 1800  # characters of an export in one message


def opens(turn: Turn) -> bool:
    """NGỪNG, DỮ LIỆU, and Zalo's own request to erase."""
    if leaves(turn):
        return True
    told = _TOLD.get(turn.command or "")
    if told:
        told(turn)
    elif turn.typed and not turn.free and (unsure(turn.text) == "stop" or wishes.wish(turn) == "stop"):
        _ask_stop(turn)
        return True
    return told is not None


def leaves(turn: Turn) -> bool:
    """They stop receiving, or have the platform erase them: that works at any moment, also beside an official."""
    if turn.heard.kind == "withdraw":
        erase(turn)
    elif turn.command == "stop":
        _stop(turn)
    else:
        return False
    return True


def leave(turn: Turn) -> None:
    """0 at the first question: everything stays as it is."""
    _keep(turn)


def goes_on(turn: Turn) -> bool:
    """The answer to one of our questions about leaving or data."""
    taken = turn.chosen()
    if taken is None:
        return False
    _TAKEN[taken](turn)
    return True


def _ask_stop(turn: Turn) -> None:
    """NGUNG in small letters and without marks may be the command: it is asked about, and "dung" is no answer."""
    options = [("stop", turn.words("privacy.stop")), ("keep", turn.words("privacy.go_on"))]
    turn.ask("privacy", "unsure", turn.words("privacy.ask_stop"), options, no="keep")


def _stop(turn: Turn) -> None:
    """It acts at once, on every chat of this person; the question comes afterwards."""
    if not turn.citizen.stopped_at or turn.citizen.emergency_only:
        _evidence(turn, "withdrawn", turn.words("privacy.stopped"))
    turn.citizen.stopped_at, turn.citizen.emergency_only = turn.tx.now, False
    turn.tx.session.add(turn.citizen)
    lanes = (outbox.EMERGENCY, outbox.PRIORITY, outbox.ROUTINE)
    for one in citizens.addresses(turn.tx, turn.citizen.id or 0):
        outbox.stop_queued(turn.tx, one.id or 0, lanes, "withdrawn", "đã ngừng nhận tin")
    options = [(one, turn.words(f"privacy.{one}")) for one in ("emergencies", "again", "erase")]
    turn.ask("privacy", "stopped", turn.words("privacy.stopped"), options)


def _evidence(turn: Turn, action: str, words: str) -> None:
    """What they took back or gave again, with the hash of the words that said so to them."""
    if turn.citizen.consent_version:
        shown = hashlib.sha256(words.encode()).hexdigest()
        citizens.evidence(turn.tx, turn.citizen, action, turn.citizen.consent_version, shown)


def _emergencies(turn: Turn) -> None:
    if turn.citizen.stopped_at and not turn.citizen.emergency_only:
        _evidence(turn, "given", turn.words("privacy.only_emergencies"))
    turn.citizen.stopped_at, turn.citizen.emergency_only = turn.citizen.stopped_at or turn.tx.now, True
    turn.tx.session.add(turn.citizen)
    turn.end()
    turn.say("privacy.only_emergencies")
    _urgent_first(turn)


def _again(turn: Turn) -> None:
    if turn.citizen.stopped_at and turn.home():
        _evidence(turn, "given", turn.words("privacy.receives_again", commune=turn.place_name(turn.home())))
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
        post.in_force(turn.tx, turn.address, turn.account.channel, one.commune)


def _show(turn: Turn) -> None:
    kept = gathered(turn.tx, turn.citizen)
    places = [turn.place_name(one["commune"]) for one in kept["follows"]]
    codes = [one["code"] for one in kept["reports"]]
    more = [f"… ({len(codes)})"] if len(codes) > MOST_SHOWN else []
    text = turn.words(
        "privacy.shown",
        app=turn.words(f"general.app_{turn.account.channel}"),
        places="; ".join(places) or turn.words("general.none"),
        name=kept["name"] or turn.words("general.none"),
        phone=kept["phone"] or turn.words("general.none"),
        hamlet=kept["hamlet"] or turn.words("general.none"),
        reports=", ".join([*codes[:MOST_SHOWN], *more]) or turn.words("general.none"),
        consent=date(turn.citizen.consented_at) if turn.citizen.consented_at else turn.words("general.none"),
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
        # Evidence outlives an erased person, and SQLite may give their number to the next one.
        "consents": [{"action": one.action, "version": one.version, "at": _iso(one.at)}
                     for one in citizens.consents(tx, number) if one.at >= citizen.created_at],
        "follows": [{"commune": one.commune, "relation": one.relation, "hamlet": one.hamlet, "topics": one.topics}
                    for one in citizens.follows(tx, number)],
        "addresses": [{"chat": one.chat, "last_heard": _iso(one.heard_at)}
                      for one in citizens.addresses(tx, number)],
        "reports": [_report(tx, one) for one in reports.of_citizen(tx, number, 1000)],
    }  # fmt: skip


def _report(tx: Transaction, one: Report) -> dict[str, Any]:
    return {
        "code": one.code,
        "at": _iso(one.created_at),
        "state": one.state,
        "commune": one.commune,
        "text": tx.vault.open(one.text_sealed),
        "place": tx.vault.open(one.place_sealed),
        "lat": one.lat,
        "lon": one.lon,
        "name": tx.vault.open(one.name_sealed),
        "phone": tx.vault.open(one.phone_sealed),
        "hamlet": one.hamlet,
        "files": [file.kind for file in media.of_report(tx, one.id or 0)],
        "events": [{"at": _iso(event.at), "kind": event.kind, "state": event.state, "by": event.unit,
                    "text": tx.vault.open(event.text_sealed)} for event in reports.events(tx, one.id or 0)],
    }  # fmt: skip


def _export(turn: Turn) -> None:
    """A link to the whole as a file; without a page of ours, the same JSON in the chat."""
    base = turn.know.manners.public_url
    turn.end()
    if base:
        turn.say("privacy.export_link", link=f"{base}/data/{export_token(turn.tx, turn.citizen.id or 0)}")
        return
    written = json.dumps(gathered(turn.tx, turn.citizen), ensure_ascii=False, separators=(",", ":"))
    for start in range(0, len(written), PIECE):
        turn.show(Said(written[start : start + PIECE]))


def export_token(tx: Transaction, citizen_id: int) -> str:
    """A signed word that opens a citizen's own data for a day."""
    claim = f"{citizen_id}.{tx.now + LINK_MS}"
    return f"{claim}.{tx.vault.sign('export', _bound(claim, tx.session.get(Citizen, citizen_id)))}"


def exported(tx: Transaction, token: str) -> dict[str, Any] | None:
    """The data behind an export link, while it is valid and its citizen is known."""
    number, _, rest = token.partition(".")
    until, _, proof = rest.partition(".")
    if not (number.isdecimal() and until.isdecimal() and len(number) + len(until) < 40) or int(until) < tx.now:
        return None
    citizen = tx.session.get(Citizen, int(number))
    claim = _bound(f"{number}.{until}", citizen)
    return gathered(tx, citizen) if citizen and tx.vault.signed("export", claim, proof) else None


def _bound(claim: str, citizen: Citizen | None) -> str:
    """The claim bound to this very person: a number may be given out again after an erasure."""
    return f"{claim}.{citizen.created_at if citizen else ''}"


def _ask_erase(turn: Turn) -> None:
    options = [("erase_now", turn.words("privacy.erase_now")), ("keep", turn.words("privacy.keep"))]
    turn.ask("privacy", "erase", turn.words("privacy.ask_erase"), options)


def _erase_now(turn: Turn) -> None:
    erase(turn)
    post.farewell(turn.tx, turn.account, turn.heard.chat, turn.words("privacy.erased"))


def erase(turn: Turn) -> None:
    """Forget this person at once; what the law keeps stays without anything that leads to them."""
    _drop_drafts(turn)
    forgetting.erase(turn.tx, turn.citizen)
    turn.erased = True


def _drop_drafts(turn: Turn) -> None:
    """Files of reports that were never sent."""
    for state in (turn.state, *turn.aside.values()):
        for one in state.get("data", {}).get("files", []):
            media.drop(turn.tx, one)


def _keep(turn: Turn) -> None:
    turn.end()
    turn.say("privacy.kept")


_TAKEN = {
    "stop": _stop,
    "emergencies": _emergencies,
    "again": _again,
    "erase": _ask_erase,
    "export": _export,
    "keep": _keep,
    "erase_now": _erase_now,
}
_TOLD = {
    "emergency_only": _emergencies,
    "resume": _again,
    "my_data": _show,
    "export": _export,
    "erase": _ask_erase,
}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat() if ms else ""
