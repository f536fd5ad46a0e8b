"""Who sends a report: asked after it is filed, with the reason (Decree 49/2024). "Không" needs no reason."""

import re
from collections.abc import Callable

import phonenumbers

from content.commands import yes_no
from content.vietnamese import syllables
from handlers import files, filing, places
from handlers.turn import Turn
from storage import reports
from storage.reports import Report

LONGEST = 80
NAME_WORDS = range(2, 6)  # a name typed where the choice was asked: "Lò Thị Dung"
NICKNAME = re.compile(r"[^\W\d_]{2,7}")  # one word there ("Huy") is half a name: the whole one is asked for
# "tôi tên là Huy": what stands before the name, longest first.
_LEADS = tuple(one.split() for one in (
    "toi ten la", "em ten la", "chau ten la", "ten toi la", "ten em la", "ho ten la", "toi ten", "em ten", "chau ten",
    "ten la", "toi la", "em la", "chau la", "ten toi", "ho ten", "ten"))  # fmt: skip


def ask(turn: Turn, filed: Report) -> None:
    """Name, remembered name, or none."""
    remembered = turn.tx.vault.open(turn.citizen.name_sealed)
    options = [("give", turn.words("identity.give"))]
    if remembered:
        options.append(("last", turn.words("identity.last", name=initials(remembered))))
    options.append(("none", turn.words("identity.none")))
    yes = "last" if remembered else "give"
    turn.ask("report", "identity", turn.words("identity.ask"), options, yes=yes, no="none", report=filed.id)


def initials(name: str) -> str:
    """As "L. T. Dung": enough for its owner, little for whoever looks over the shoulder."""
    *first, last = name.split() or [""]
    return " ".join([*(f"{one[0]}." for one in first), last])


def leave(turn: Turn) -> None:
    """0 at the first question: no name."""
    _finish(turn, "identity.without")


def _identity(turn: Turn) -> bool:
    taken = turn.chosen()
    if taken == "give":
        turn.ask("report", "name", turn.words("identity.name"), free=True, **turn.data)
    elif taken == "last":
        _use_last(turn)
    elif taken == "none":
        _finish(turn, "identity.without")
    elif _is_name(turn):
        _take_name(turn)
    elif turn.typed and not turn.heard.edited and turn.command is None and NICKNAME.fullmatch(turn.text):
        turn.ask("report", "name", turn.words("identity.name"), free=True, **turn.data)
    else:
        return _adds(turn)
    return True


def _is_name(turn: Turn) -> bool:
    """They typed the name at once, as the question invites them to."""
    asks = bool(turn.matched.faq and turn.matched.faq[0].confident)
    said = syllables(turn.text)
    plain = turn.typed and not turn.heard.edited and turn.command is None and not asks and not places.named(turn)
    return plain and len(said) in NAME_WORDS and all(one.isalpha() for one in said) and "?" not in turn.text


def _use_last(turn: Turn) -> None:
    filed = _report(turn)
    if filed:
        filed.name_sealed, filed.phone_sealed = turn.citizen.name_sealed, turn.citizen.phone_sealed
        filed.hamlet = turn.citizen.hamlet
        turn.tx.session.add(filed)
        reports.named(turn.tx, filed)
    _finish(turn, "identity.thanks")


def _adds(turn: Turn) -> bool:
    """A file, or a correction of something said before: it goes to the report, and the question stays."""
    filed = _report(turn)
    if filed is None or not (files.any_sent(turn) or (turn.heard.edited and turn.text)):
        return False
    files.add_to(turn, filed.id or 0)
    if turn.text:
        reports.note(turn.tx, filed, "addition", text_sealed=turn.tx.vault.seal(turn.text))
    turn.say("offer.added", code=filed.code)
    turn.ask_again()
    return True


def _name(turn: Turn) -> bool:
    if turn.heard.edited or not turn.typed:
        return _adds(turn)
    if _declined(turn):
        _finish(turn, "identity.without")
    elif any(letter.isalpha() for letter in turn.text):
        _take_name(turn)
    else:
        return False
    return True


def _take_name(turn: Turn) -> None:
    name = _bare(turn.text)[:LONGEST]
    turn.ask("report", "hamlet", turn.words("identity.hamlet"), free=True, **{**turn.data, "name": name})


def _bare(text: str) -> str:
    """The name without "tôi tên là"."""
    said = text.split()
    folded = [syllables(one) for one in said]
    lead = next((one for one in _LEADS if folded[: len(one)] == [[word] for word in one]), [])
    return " ".join(said[len(lead) :] or said)


def _hamlet(turn: Turn) -> bool:
    if turn.heard.edited or not turn.typed:
        return _adds(turn)
    hamlet = "" if _declined(turn) else " ".join(turn.text.split())[:LONGEST]
    turn.ask("report", "phone", turn.words("identity.phone"), free=True, **{**turn.data, "hamlet": hamlet})
    return True


def _phone(turn: Turn) -> bool:
    if turn.heard.edited or not turn.typed:
        return _adds(turn)
    phone = "" if _declined(turn) else _number(turn.text)
    if phone is None:
        turn.ask("report", "phone", turn.words("identity.phone_again"), free=True, **turn.data)
        return True
    _remember(turn, phone)
    _finish(turn, "identity.thanks")
    return True


def _declined(turn: Turn) -> bool:
    return yes_no(turn.text) is False


def _number(text: str) -> str | None:
    """A Vietnamese phone number in E.164, or None if it is not one."""
    try:
        parsed = phonenumbers.parse(text[:40], "VN")
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if valid else None


def _remember(turn: Turn, phone: str) -> None:
    """On the report, and for next time."""
    seal, data, filed = turn.tx.vault.seal, turn.data, _report(turn)
    if filed:
        reports.named(turn.tx, filed)
    for row in (filed, turn.citizen):
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
