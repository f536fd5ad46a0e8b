"""Who sends a report: asked after it is filed, saying why (Decree 49/2024) and who will see it. "Không" needs no reason."""

from collections.abc import Callable

import phonenumbers

from content.commands import yes_no
from handlers import filing
from handlers.turn import Turn
from storage import reports
from storage.reports import Report


def ask(turn: Turn, filed: Report) -> None:
    """Name, remembered name, or none."""
    remembered = turn.tx.vault.open(turn.citizen.name_sealed)
    options = [("give", turn.words("identity.give"))]
    if remembered:
        options.append(("last", turn.words("identity.last", name=remembered)))
    options.append(("none", turn.words("identity.none")))
    turn.ask("report", "identity", turn.words("identity.ask"), options, report=filed.id)


def _identity(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "give":
        turn.ask("report", "name", turn.words("identity.name"), free=True, **turn.data)
    elif taken == "last":
        _use_last(turn)
    elif taken == "none" or yes_no(turn.text) is False:
        _finish(turn, "identity.without")
    else:
        return False
    return True


def _use_last(turn: Turn) -> None:
    filed = _report(turn)
    if filed:
        filed.name_sealed, filed.phone_sealed = turn.citizen.name_sealed, turn.citizen.phone_sealed
        filed.hamlet = turn.citizen.hamlet
        turn.tx.session.add(filed)
    _finish(turn, "identity.thanks")


def _name(turn: Turn) -> bool:
    if _declined(turn):
        _finish(turn, "identity.without")
        return True
    if turn.heard.kind != "text" or not any(letter.isalpha() for letter in turn.text):
        return False
    turn.ask("report", "hamlet", turn.words("identity.hamlet"), free=True, **{**turn.data, "name": turn.text[:80]})
    return True


def _hamlet(turn: Turn) -> bool:
    if turn.heard.kind != "text" or not turn.text:
        return False
    hamlet = "" if _declined(turn) else turn.text[:80]
    turn.ask("report", "phone", turn.words("identity.phone"), free=True, **{**turn.data, "hamlet": hamlet})
    return True


def _phone(turn: Turn) -> bool:
    if turn.heard.kind != "text" or not turn.text:
        return False
    phone = "" if _declined(turn) else _number(turn.text)
    if phone is None:
        turn.ask("report", "phone", turn.words("identity.phone_again"), free=True, **turn.data)
        return True
    _remember(turn, phone)
    _finish(turn, "identity.thanks")
    return True


def _declined(turn: Turn) -> bool:
    return turn.command == "back" or turn.text.strip() == "0" or yes_no(turn.text) is False


def _number(text: str) -> str | None:
    """A Vietnamese phone number in E.164, or None if it is not one."""
    try:
        parsed = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if valid else None


def _remember(turn: Turn, phone: str) -> None:
    """On the report, and for next time."""
    seal, data = turn.tx.vault.seal, turn.data
    for row in (_report(turn), turn.citizen):
        if row is not None:
            row.name_sealed, row.phone_sealed = seal(data["name"]), seal(phone)
            row.hamlet = data["hamlet"]
            turn.tx.session.add(row)


def _report(turn: Turn) -> Report | None:
    return reports.of(turn.tx, int(turn.data["report"]))


def _finish(turn: Turn, key: str) -> None:
    filing.forward_now(turn, int(turn.data["report"]))
    turn.end()
    turn.say(key)


STEPS: dict[str, Callable[[Turn], bool]] = {
    "identity": _identity,
    "name": _name,
    "hamlet": _hamlet,
    "phone": _phone,
}
