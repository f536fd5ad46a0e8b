"""The audience: who gets an announcement, counted before it goes out and written into the ledger in ranges after.

An emergency goes over its followers in up to three passes: the hamlets at risk, then heads of hamlets and officials
on duty, then everybody. Who was written down by an earlier pass is left out by the later ones, whatever they changed
in between, so that nobody is told twice and nobody falls between two passes.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Result, String, bindparam, text
from sqlalchemy.types import TypeEngine

from content.dates import next_digest
from content.hamlets import key as keyed
from storage.announcements import LANE, Announcement, communes, hamlets
from storage.transaction import Transaction

AT_RISK, ON_DUTY, EVERYBODY = range(3)  # the passes of an emergency; other news has only the last
DIGEST_SPARE_MS = 3_600_000  # news that ends sooner after the day's digest than this does not wait for it

# One copy a person: the address they used last, of those that live. An emergency tries those again that the platform
# calls silent for too long, where there is no better one.
_LIVE = "(@.gone_at = 0 OR (:emergency = 1 AND @.gone_inactive = :yes))"
_BEST = f"""
NOT EXISTS (SELECT 1 FROM address b WHERE b.citizen_id = a.citizen_id AND b.id <> a.id AND {_LIVE.replace("@", "b")}
    AND ((b.gone_at = 0 AND a.gone_at > 0)
        OR ((b.gone_at = 0) = (a.gone_at = 0)
            AND (b.heard_at > a.heard_at OR (b.heard_at = a.heard_at AND b.id > a.id)))))
"""
_PEOPLE = f"""
FROM follow f
JOIN citizen c ON c.id = f.citizen_id
JOIN address a ON a.citizen_id = c.id AND {_LIVE.replace("@", "a")}
JOIN account k ON k.id = a.account_id
{{letter}}
WHERE {{wanted}}
  AND (c.stopped_at = 0 OR (c.emergency_only = :yes AND :emergency = 1))
  AND {_BEST} {{further}}
"""
_WANTED = """@.commune IN ({communes})
  AND (:emergency = 1 OR :topic = '' OR @.topics = '' OR (',' || @.topics || ',') LIKE :like) {hamlet}"""
_HAMLET = "AND (@.hamlet_key = '' OR @.hamlet_key IN ({hamlets}))"
_ONE_FOLLOW = "AND NOT EXISTS (SELECT 1 FROM follow g WHERE g.citizen_id = f.citizen_id AND g.id < f.id AND {wanted})"
_IN_RANGE = " AND @.citizen_id > :low AND @.citizen_id <= :high"
# Of an emergency nobody is too late: who found it in force has it already. Whose follow lies ahead wrote it by a clock
# that ran ahead, and so before.
_BEFORE = " AND (@.since <= :published OR @.since > :now)"
_NOT_TOLD = """AND NOT EXISTS (SELECT 1 FROM address b JOIN delivery d ON d.address_id = b.id
    AND d.announcement_id = :announcement WHERE b.citizen_id = c.id)"""
_SPREAD = """
INSERT INTO delivery (letter_id, account_id, address_id, chat, lane, state, held, due_at, valid_until, attempts,
    parts_done, epoch, claimed_at, first_at, sent_at, message_id, route, why, resent, once, answered, announcement_id,
    commune, hamlet_key, created_at)
SELECT l.id, a.account_id, a.id, a.chat, :lane, 'queued',
    CASE WHEN :gathered = 1 AND c.digest = :yes THEN 'digest' ELSE '' END,
    :due, :valid, 0, 0, 0, 0, 0, 0, '', '', '', :no, :once, :no, :announcement, f.commune, f.hamlet_key, :now
{people}
ON CONFLICT (announcement_id, address_id) DO NOTHING
"""
_LETTER = "JOIN letter l ON l.announcement_id = :announcement AND l.channel = k.channel"
_END = """
SELECT citizen_id FROM follow WHERE commune = :commune AND citizen_id > :low AND citizen_id <= :last
ORDER BY citizen_id LIMIT 1 OFFSET :size
"""


def start(tx: Transaction, row: Announcement) -> dict[str, int]:
    """Where the spread of news begins and ends: its first pass, and the highest citizen id that follows now."""
    first = (AT_RISK if hamlets(row) else ON_DUTY) if row.priority == "emergency" else EVERYBODY
    highest = text("SELECT coalesce(max(citizen_id), 0) FROM follow WHERE commune = :commune")
    ends = [tx.session.execute(highest, {"commune": place}).scalar_one() for place in communes(row)]
    return {"spread_pass": first, "spread_after": 0, "spread_last": max(map(int, ends))}


def spread_range(tx: Transaction, row: Announcement, size: int) -> int:
    """Write the deliveries of the next `size` followers and move the cursor, in this same transaction.

    Returns how many were written. When the audience is through, the announcement is `published`.
    """
    low, high = row.spread_after, _range_end(tx, row, size)
    written = max(0, tx.changed(_asked(tx, _SPREAD.format(people=_people(row)), _values(tx, row, low, high))))
    row.spread_after = high
    if high >= row.spread_last:
        if row.spread_pass < EVERYBODY:
            row.spread_pass, row.spread_after = row.spread_pass + 1, 0
        else:
            row.status, row.spread_done_at = "published", tx.now
    tx.session.add(row)
    return written


def _range_end(tx: Transaction, row: Announcement, size: int) -> int:
    """The citizen id after which some commune of the area has had its share of `size` followers."""
    places = communes(row)
    asked = {"low": row.spread_after, "last": row.spread_last, "size": max(1, size // len(places)) - 1}
    ends = [tx.session.execute(text(_END), {**asked, "commune": place}).scalar() for place in places]
    return min((int(end) for end in ends if end is not None), default=row.spread_last)


def _people(row: Announcement) -> str:
    """FROM and WHERE of this pass over the audience."""
    places, at_risk = communes(row), hamlets(row)
    emergency = row.priority == "emergency"
    named = at_risk if not emergency or row.spread_pass == AT_RISK else []
    duty = " AND @.duty = :yes" if emergency and row.spread_pass == ON_DUTY else ""
    wanted = _wanted(len(places), named) + _IN_RANGE + (duty if emergency else _BEFORE)
    further = _ONE_FOLLOW.format(wanted=wanted.replace("@", "g")) if len(places) > 1 else ""
    further += _NOT_TOLD if emergency else ""
    return _PEOPLE.format(letter=_LETTER, wanted=wanted.replace("@", "f"), further=further)


def _wanted(places: int, named: Collection[str]) -> str:
    """The condition on a follow, whose alias is written @."""
    hamlet = _HAMLET.format(hamlets=_listed("h", len(named))) if named else ""
    return _WANTED.format(communes=_listed("c", places), hamlet=hamlet)


def _listed(letter: str, count: int) -> str:
    return ", ".join(f":{letter}{place}" for place in range(count))


def _values(tx: Transaction, row: Announcement, low: int, high: int) -> dict[str, Any]:
    gathered = row.priority == "routine" and row.valid_until > next_digest(row.published_at) + DIGEST_SPARE_MS
    return {
        **_asks(communes(row), hamlets(row), row.priority == "emergency", row.topic),
        "lane": LANE[row.priority],
        "due": row.published_at + row.spread_pass - EVERYBODY,  # within a lane the oldest goes first
        "valid": row.valid_until,
        "announcement": row.id,
        "now": tx.now,
        "low": low,
        "high": high,
        "published": row.published_at,
        "once": row.once,
        "gathered": int(gathered),
        "no": False,
    }


def _asks(places: Sequence[str], named: Sequence[str], emergency: bool, topic: str) -> dict[str, Any]:
    """The values of the conditions on people and follows."""
    return {
        "emergency": int(emergency),
        "yes": True,
        "topic": topic,
        "like": f"%,{topic},%",
        **{f"c{place}": code for place, code in enumerate(places)},
        **{f"h{place}": keyed(name) for place, name in enumerate(named)},
    }


def _asked(tx: Transaction, sql: str, values: dict[str, Any]) -> Result[Any]:
    """Run text with those values that it names, each with the type it has in Python: PostgreSQL does not guess."""
    types: dict[type, TypeEngine[Any]] = {str: String(), bool: Boolean(), int: BigInteger()}
    asked = text(sql)
    named = asked.compile().params
    typed = [bindparam(name, value, types[type(value)]) for name, value in values.items() if name in named]
    return tx.session.execute(asked.bindparams(*typed))


def count(
    tx: Transaction, places: Sequence[str], named: Sequence[str], emergency: bool, topic: str = ""
) -> dict[str, int]:
    """How many people an announcement would reach now, by channel."""
    return {row[0]: row[1] for row in grouped(tx, "k.channel", places, named, emergency, topic)}


def grouped(
    tx: Transaction, by: str, places: Sequence[str], named: Sequence[str], emergency: bool, topic: str, **asked: int
) -> Any:
    """Whom an announcement would reach now, as (the columns `by`, people); the same conditions as the spread.

    `by` names columns of the follow f, citizen c, address a, account k, by their place where one is an expression; its
    values are `asked`. An emergency goes to everybody, whatever hamlet it names: nobody is left out in danger because
    they, or the official, spelled it otherwise.
    """
    wanted = _wanted(len(places), [] if emergency else named)
    further = _ONE_FOLLOW.format(wanted=wanted.replace("@", "g")) if len(places) > 1 else ""
    people = _PEOPLE.format(letter="", wanted=wanted.replace("@", "f"), further=further)
    columns = ", ".join(str(place + 1) for place in range(by.count(", ") + 1))
    values = _asks(places, named, emergency, topic) | asked
    return _asked(tx, f"SELECT {by}, count(*) {people} GROUP BY {columns}", values)


def listeners(tx: Transaction) -> dict[str, int]:
    """How many addresses live on each channel, all communes together."""
    rows = tx.session.execute(
        text(
            "SELECT k.channel, count(*) FROM address a JOIN account k ON k.id = a.account_id"
            " WHERE a.gone_at = 0 GROUP BY k.channel"
        )
    ).all()
    return {row[0]: row[1] for row in rows}
