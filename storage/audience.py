"""The audience: who gets an announcement, counted before it goes out and written into the ledger in ranges after."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Result, String, bindparam, text
from sqlalchemy.types import TypeEngine

from content.hamlets import key as keyed
from storage.announcements import LANE, Announcement, hamlets, letters
from storage.transaction import Transaction

# One copy a person: the address they used last. The followers of the instant of publishing, nobody later.
_SPREAD = """
INSERT INTO delivery (letter_id, account_id, address_id, chat, lane, state, held, due_at, valid_until, attempts,
    parts_done, epoch, claimed_at, first_at, sent_at, message_id, route, why, resent, once, answered, announcement_id,
    commune, hamlet_key, created_at)
SELECT :letter, a.account_id, a.id, a.chat, :lane, 'queued', '', :due, :valid, 0, 0, 0, 0, 0, 0, '', '', '', :no, :no,
    :no, :announcement, :commune, f.hamlet_key, :now
FROM follow f
JOIN citizen c ON c.id = f.citizen_id
JOIN address a ON a.citizen_id = c.id AND a.gone_at = 0
JOIN account k ON k.id = a.account_id AND k.channel = :channel
WHERE f.commune = :commune AND f.citizen_id > :low AND f.citizen_id <= :high AND f.since <= :published
  AND (c.stopped_at = 0 OR (c.emergency_only = :yes AND :emergency = 1))
  AND (:emergency = 1 OR :topic = '' OR f.topics = '' OR (',' || f.topics || ',') LIKE :like)
  {hamlet}
  AND NOT EXISTS (SELECT 1 FROM address b WHERE b.citizen_id = a.citizen_id AND b.gone_at = 0 AND b.id <> a.id
      AND (b.heard_at > a.heard_at OR (b.heard_at = a.heard_at AND b.id > a.id)))
ON CONFLICT (announcement_id, address_id) DO NOTHING
"""


_AUDIENCE = """
SELECT k.channel, count(*)
FROM follow f
JOIN citizen c ON c.id = f.citizen_id
JOIN address a ON a.citizen_id = c.id AND a.gone_at = 0
JOIN account k ON k.id = a.account_id
WHERE f.commune = :commune AND (c.stopped_at = 0 OR (c.emergency_only = :yes AND :emergency = 1))
  AND (:emergency = 1 OR :topic = '' OR f.topics = '' OR (',' || f.topics || ',') LIKE :like)
  {hamlet}
  AND NOT EXISTS (SELECT 1 FROM address b WHERE b.citizen_id = a.citizen_id AND b.gone_at = 0 AND b.id <> a.id
      AND (b.heard_at > a.heard_at OR (b.heard_at = a.heard_at AND b.id > a.id)))
GROUP BY k.channel
"""


def spread_range(tx: Transaction, row: Announcement, size: int) -> int:
    """Write the deliveries of the next `size` followers and move the cursor, in this same transaction.

    Returns how many were written. When the audience is through, the announcement is `published`.
    """
    low, high = row.spread_after, _range_end(tx, row, size)
    written = 0
    for channel, letter_id in letters(tx, row.id or 0).items():
        written += _spread_channel(tx, row, channel, letter_id, low, high)
    row.spread_after = high
    if high >= row.last_citizen:
        row.status, row.spread_done_at = "published", tx.now
    tx.session.add(row)
    return written


def _range_end(tx: Transaction, row: Announcement, size: int) -> int:
    """The citizen id of the `size`-th follower after the cursor."""
    end = tx.session.execute(
        text(
            "SELECT max(citizen_id) FROM (SELECT citizen_id FROM follow WHERE commune = :commune"
            " AND citizen_id > :low AND citizen_id <= :last ORDER BY citizen_id LIMIT :size) AS range_of"
        ),
        {"commune": row.commune, "low": row.spread_after, "last": row.last_citizen, "size": size},
    ).scalar()
    return int(end) if end is not None else row.last_citizen


def _spread_channel(tx: Transaction, row: Announcement, channel: str, letter_id: int, low: int, high: int) -> int:
    condition, names = _in_hamlets(hamlets(row))
    result = _asked(
        tx,
        _SPREAD.format(hamlet=condition),
        {
            "letter": letter_id,
            "lane": LANE[row.priority],
            "due": row.published_at,
            "valid": row.valid_until,
            "announcement": row.id,
            "commune": row.commune,
            "now": tx.now,
            "channel": channel,
            "low": low,
            "high": high,
            "published": row.published_at,
            "emergency": int(row.priority == "emergency"),
            "yes": True,
            "no": False,
            "topic": row.topic,
            "like": f"%,{row.topic},%",
            **names,
        },
    )
    return max(0, tx.changed(result))


def _in_hamlets(wanted: list[str]) -> tuple[str, dict[str, str]]:
    """The condition on the hamlet, and its values. An emergency goes to the whole commune: nobody is left out in
    danger because they, or the official, spelled a hamlet otherwise."""
    names = {f"h{place}": keyed(name) for place, name in enumerate(wanted)}
    listed = ", ".join(f":{name}" for name in names)
    return (f"AND (:emergency = 1 OR f.hamlet_key = '' OR f.hamlet_key IN ({listed}))" if wanted else ""), names


def _asked(tx: Transaction, sql: str, values: dict[str, Any]) -> Result[Any]:
    """Run text with its values, each with the type it has in Python: PostgreSQL does not guess them all."""
    types: dict[type, TypeEngine[Any]] = {str: String(), bool: Boolean(), int: BigInteger()}
    typed = [bindparam(name, value, types[type(value)]) for name, value in values.items()]
    return tx.session.execute(text(sql).bindparams(*typed))


def count(tx: Transaction, commune: str, wanted: list[str], emergency: bool, topic: str = "") -> dict[str, int]:
    """How many people an announcement would reach now, by channel; the same conditions as the spread."""
    condition, names = _in_hamlets(wanted)
    rows: Any = _asked(
        tx,
        _AUDIENCE.format(hamlet=condition),
        {
            "commune": commune,
            "yes": True,
            "emergency": int(emergency),
            "topic": topic,
            "like": f"%,{topic},%",
            **names,
        },
    ).all()
    return {row[0]: row[1] for row in rows}


def listeners(tx: Transaction) -> dict[str, int]:
    """How many addresses live on each channel, all communes together."""
    rows = tx.session.execute(
        text(
            "SELECT k.channel, count(*) FROM address a JOIN account k ON k.id = a.account_id"
            " WHERE a.gone_at = 0 GROUP BY k.channel"
        )
    ).all()
    return {row[0]: row[1] for row in rows}
