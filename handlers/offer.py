"""11, 22 and 33: answers to letters nobody asked for (announcements, answers to reports)."""

from content.channels import KINDS
from content.commands import yes_no
from content.message import Said
from handlers import announcements as spoken
from handlers import files
from handlers.turn import LETTER_KEYS, Turn
from storage import announcements, outbox, reports
from storage.outbox import Delivery
from storage.reports import Report


def meant(turn: Turn) -> bool:
    """Whether a double digit in the middle of a dialogue answers a letter.

    Where every word is an answer ("tổ 11"), only if the letter came after the question did.
    """
    if turn.letter_key is None:
        return False
    since = int(turn.state["at"]) if turn.free else -1
    return not turn.free or any(row.created_at > since for row, _ in _fitting(turn, turn.letter_key))


def opens(turn: Turn) -> bool:
    """One of our double digits, typed or pressed."""
    key = turn.letter_key
    if key is None:
        return False
    fitting = _fitting(turn, key)
    if not fitting:
        turn.say("offer.none")
    elif len(fitting) == 1 or turn.heard.kind == "tap":
        _take(turn, fitting[0][1], fitting[0][0], key)
    else:
        _ask_which(turn, fitting, key)
    return True


def goes_on(turn: Turn) -> bool:
    """Which letter they meant, or what they add to a report."""
    if turn.step == "add":
        return _add(turn)
    taken = turn.chosen()
    if taken:
        number, _, offer = taken.partition(" ")
        row = turn.tx.session.get(Delivery, int(number))
        turn_key = str(turn.data["key"])
        turn.end()
        if row:
            _take(turn, offer, row, turn_key)
    return taken is not None


def leave(turn: Turn) -> None:
    """0: what was chosen with 22 or 33 stays, nothing is added."""
    step = turn.step
    turn.end()
    turn.say("offer.added_nothing" if step == "add" else "general.left")


def _fitting(turn: Turn, key: str) -> list[tuple[Delivery, str]]:
    return [(row, offer) for row, offer in _waiting(turn) if key in _keys(offer)]


def _waiting(turn: Turn) -> list[tuple[Delivery, str]]:
    rows = outbox.offers(turn.tx, turn.address.id or 0)
    if turn.heard.kind == "tap":
        asked = turn.heard.payload.partition(":")[0]
        return [(row, offer) for row, offer in rows if offer.replace(":", "") == asked]
    return _newest_of_each(rows)


def _newest_of_each(rows: list[tuple[Delivery, str]]) -> list[tuple[Delivery, str]]:
    found: dict[str, tuple[Delivery, str]] = {}
    for row, offer in rows:
        found.setdefault(offer, (row, offer))
    return list(found.values())


def _keys(offer: str) -> tuple[str, ...]:
    return {"listen": LETTER_KEYS[:1], "ask": LETTER_KEYS[2:]}.get(offer.partition(":")[0], LETTER_KEYS)


def _ask_which(turn: Turn, fitting: list[tuple[Delivery, str]], key: str) -> None:
    options = [(f"{row.id} {offer}", _title(turn, offer)) for row, offer in fitting[:5]]
    turn.ask("offer", "which", turn.words("offer.which", number=key), options, key=key)


def _title(turn: Turn, offer: str) -> str:
    kind, _, number = offer.partition(":")
    if kind == "listen":
        row = announcements.of(turn.tx, int(number))
        return row.title[:80] if row else offer
    found = reports.of(turn.tx, int(number))
    return turn.words("offer.report", code=found.code) if found else offer


def _take(turn: Turn, offer: str, row: Delivery, key: str) -> None:
    kind, _, number = offer.partition(":")
    if kind == "listen":
        _listen(turn, int(number))
        return
    outbox.answered(turn.tx, row.id or 0)
    _verdict(turn, int(number), key)


def _listen(turn: Turn, announcement_id: int) -> None:
    row = announcements.of(turn.tx, announcement_id)
    if row is None or not row.speech_sha:
        turn.say("offer.no_recording")
        return
    voice = spoken.voice(row, KINDS[turn.account.channel])
    link = spoken.listen_link(turn.know.manners, row)
    if voice or link:
        turn.show(Said(row.title, voice=voice, listen=link))
    else:
        turn.say("offer.no_recording")


def _verdict(turn: Turn, report_id: int, key: str) -> None:
    found = reports.of(turn.tx, report_id)
    if found is None or found.citizen_id != turn.citizen.id:
        turn.say("offer.none")
    elif key == "11":
        found.verdict, found.state = "done", "closed"
        turn.tx.session.add(found)
        reports.note(turn.tx, found, "verdict", state="closed")
        turn.say("offer.done", code=found.code)
    else:
        found.verdict = "undone" if key == "22" else found.verdict
        found.state = "received"
        turn.tx.session.add(found)
        reports.note(turn.tx, found, "verdict", state="received")
        turn.ask("offer", "add", turn.words("offer.add"), free=True, report=report_id)


def asked(turn: Turn) -> tuple[Delivery, Report] | None:
    """The newest letter in which an official asks for more and still waits for it, and its report."""
    for row, offer in outbox.offers(turn.tx, turn.address.id or 0):
        kind, _, number = offer.partition(":")
        found = reports.of(turn.tx, int(number)) if kind == "ask" else None
        if found and found.state == "more" and found.citizen_id == turn.citizen.id:
            return row, found
    return None


def tell(turn: Turn, words: str) -> None:
    """What they typed was the answer to the official's question."""
    waiting = asked(turn)
    turn.end()
    if waiting is None:
        turn.say("offer.none")
        return
    row, found = waiting
    outbox.answered(turn.tx, row.id or 0)
    found.state = "received"
    turn.tx.session.add(found)
    reports.note(turn.tx, found, "addition", text_sealed=turn.tx.vault.seal(words[:2000]))
    turn.say("offer.added", code=found.code)


def _add(turn: Turn) -> bool:
    found = reports.of(turn.tx, int(turn.data["report"]))
    if found is None or not (turn.text or files.any_sent(turn)):
        return False
    if yes_no(turn.text) is False:
        leave(turn)
        return True
    files.add_to(turn, found.id or 0)
    reports.note(turn.tx, found, "addition", text_sealed=turn.tx.vault.seal(turn.text[:2000]))
    turn.end()
    turn.say("offer.added", code=found.code)
    return True
