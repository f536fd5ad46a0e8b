"""The day's letter: routine news of a day in one message, for those who asked for that; and news read by its code."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from content.channels import KINDS, units
from content.dates import next_digest
from content.letters import fit
from content.message import Said
from handlers.announcements import headline, words
from handlers.knowledge import Knowledge
from handlers.turn import Turn
from storage import Transaction, announcements, digests, outbox
from storage.codes import ALPHABET, check_letter
from storage.digests import Item
from storage.ledger import Due
from storage.outbox import ROUTINE

DAY_MS = 24 * 3_600_000
MOST = 60  # items of a letter, so that at least every code fits; what is over waits for tomorrow's
CODE = 6  # letters of an announcement's code, the last one checks the others


def last_moment(now: int) -> int:
    """When the day's letters were last due, ms UTC."""
    return next_digest(now) - DAY_MS


def compose(tx: Transaction, know: Knowledge, address_ids: Collection[int]) -> int:
    """Write the letters of these addresses, one each; how many went. Safe to run again at any moment.

    What stands alone goes with its own words. What was withdrawn or is over is left out.
    """
    digests.follow(tx, address_ids)
    found = digests.items(tx, address_ids, last_moment(tx.now))
    for rows in found.values():
        if len(rows) == 1:
            digests.release(tx, [rows[0].id])
        else:
            _write(tx, know, rows[:MOST])
    return len(found)


def _write(tx: Transaction, know: Knowledge, rows: Sequence[Item]) -> None:
    kind, first = KINDS[rows[0].channel], rows[0]
    letter = outbox.write_letter(tx, kind.name, fit(Said(_text(know, rows, kind.text_limit)), kind))
    until, once = min(row.valid_until for row in rows), any(row.once for row in rows)
    outbox.enqueue(tx, letter, first.account_id, first.chat, ROUTINE, address_id=first.address_id, valid_until=until,
                   once=once, commune=first.commune)  # fmt: skip
    digests.gather(tx, [row.id for row in rows], letter)


def _text(know: Knowledge, rows: Sequence[Item], limit: int) -> str:
    """Title and code a line, as many as fit into one message; of the others at least the codes."""
    texts = (_with_lines(know, rows, shown) for shown in range(len(rows), 0, -1))
    return next((text for text in texts if units(text) <= limit), _with_lines(know, rows, 0))


def _with_lines(know: Knowledge, rows: Sequence[Item], shown: int) -> str:
    language, rest = rows[0].language, [row.news.code for row in rows[shown:]]
    lines = [
        know.texts.say(language, "digest.line", title=headline("", row.news.title, row.news.kind), code=row.news.code)
        for row in rows[:shown]
    ]
    if rest:
        lines.append(know.texts.say(language, "digest.rest", count=len(rest), codes=", ".join(rest)))
    places = {row.commune: know.gazetteer.commune(row.commune) for row in rows}
    names = [place.title if place else code for code, place in places.items()]
    place = names[0] if len(names) == 1 else know.texts.say(language, "digest.several")
    return know.texts.say(language, "digest.letter", place=place, count=len(rows), lines="\n".join(lines))


def current(tx: Transaction, rows: list[Due]) -> list[Due]:
    """Of rows just claimed, those to go on with: a letter of which a part was withdrawn meanwhile is written anew."""
    letters = _letters(rows)
    void = digests.stale(tx, letters) if letters else set()
    if not void:
        return rows
    for row in rows:
        if (row.address_id, row.letter_id) in letters and row.letter_id in void:
            digests.give_up(tx, row.id, row.address_id or 0, row.letter_id or 0, row.resent)
    return [row for row in rows if (row.address_id, row.letter_id) not in letters or row.letter_id not in void]


def begin(tx: Transaction, epoch: int, rows: Sequence[Due]) -> None:
    """These rows go out now: what was gathered into letters among them is claimed with them."""
    digests.begin(tx, epoch, _letters(rows))


def settled(tx: Transaction, epoch: int, changed: Iterable[tuple[Due, Mapping[str, Any]]]) -> None:
    """Rows were settled: what was gathered into letters among them goes the letters' way."""
    for row, changes in changed:
        if _is_letter(row):
            digests.settle(tx, epoch, row.address_id or 0, row.letter_id or 0, changes)


def _letters(rows: Sequence[Due]) -> list[tuple[int, int]]:
    return [(row.address_id or 0, row.letter_id or 0) for row in rows if _is_letter(row)]


def _is_letter(row: Due) -> bool:
    """Whether it may be a day's letter: of what nobody asked for, nothing else belongs to no announcement."""
    return row.lane == ROUTINE and row.announcement_id is None and row.address_id is not None


def opens(turn: Turn) -> bool:
    """They typed an announcement's code, as it stands in the day's letter: its words, or those that replaced it."""
    code = turn.text.strip(" .").upper() if turn.typed else ""
    if len(code) != CODE or any(one not in ALPHABET for one in code) or check_letter(code[:-1]) != code[-1]:
        return False
    row = announcements.coded(turn.tx, code)
    if row is None or row.status not in ("publishing", "published"):
        return False
    row = (announcements.stopped_by(turn.tx, row.id or 0) if row.stopped_at else None) or row
    if row.valid_until <= turn.tx.now:
        turn.say("digest.over")
    turn.show(Said(words(row, turn.know)))
    return True
