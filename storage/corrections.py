"""Corrections and withdrawals: they go to exactly those who got the original, and never before it.

From the moment one is published nothing of the original begins any more. Its spread walks over the original's
deliveries: what still waits is ended, and whoever may have got it is written down for the correction. What is being
sent at that moment is waited for, and a last walk finds what it has become.
"""

from typing import Any

from sqlalchemy import bindparam, func, select, text

from storage.accounts import Account
from storage.announcements import LANE, Announcement
from storage.outbox import Delivery
from storage.transaction import Transaction

FIRST_WALK, LAST_WALK = range(2)
_ROWS = Delivery.__table__  # type: ignore[attr-defined]
_ACCOUNTS = Account.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]
_CORRECTS = select(_NEWS.c.corrects_id).where(_NEWS.c.id == bindparam("which"))
D = _ROWS.alias("d")

_HERE = "announcement_id = :original AND id > :low AND id <= :high"
# A second copy, or a letter of which a part has gone: its receiver may know the first, so they are told.
_END_BEGUN = f"""UPDATE delivery SET state = 'unknown', held = '', why = 'đã dừng, bản đầu có thể đã tới'
WHERE {_HERE} AND state = 'queued' AND (resent = :yes OR parts_done > 0)"""
_END_REST = (
    f"UPDATE delivery SET state = 'withdrawn', held = '', why = 'đã dừng gửi' WHERE {_HERE} AND state = 'queued'"
)

# Who may know what a delivery said, as its alias @. A part of it came, or a first copy may have: whatever the end was.
_CAME = """(@.state IN ('sent', 'unknown')
    OR (@.state NOT IN ('queued', 'claimed') AND (@.resent = :yes OR @.parts_done > 0)))"""
# The first correction may have missed them: who knows what that corrected is told the second one all the same.
_KNOWS_OLDER = f"""(d.state <> 'claimed' AND EXISTS (SELECT 1 FROM delivery e WHERE e.address_id = d.address_id
    AND e.announcement_id IN ({{older}}) AND {_CAME.replace("@", "e")}))"""
# Whoever stopped everything or blocked us since is not written to, but stands in the ledger with the reason.
_TELL = """
INSERT INTO delivery (letter_id, account_id, address_id, chat, lane, state, held, due_at, valid_until, attempts,
    parts_done, epoch, claimed_at, first_at, sent_at, message_id, route, why, resent, once, answered, announcement_id,
    commune, hamlet_key, created_at)
SELECT l.id, d.account_id, d.address_id, coalesce(a.chat, d.chat), :lane,
    CASE WHEN a.gone_at > 0 AND a.gone_inactive = :no THEN 'gone'
        WHEN c.stopped_at > 0 AND NOT (c.emergency_only = :yes AND :emergency = 1) THEN 'never' ELSE 'queued' END,
    '', :now, :valid, 0, 0, 0, 0, 0, 0, '', CASE WHEN d.route = 'group' THEN 'group' ELSE '' END,
    CASE WHEN a.gone_at > 0 AND a.gone_inactive = :no THEN a.gone_why
        WHEN c.stopped_at > 0 AND NOT (c.emergency_only = :yes AND :emergency = 1) THEN 'đã thôi nhận tin' ELSE '' END,
    :no, :once, :no, :announcement, d.commune, d.hamlet_key, :now
FROM delivery d
JOIN account k ON k.id = d.account_id
JOIN letter l ON l.announcement_id = :announcement AND l.channel = k.channel
LEFT JOIN address a ON a.id = d.address_id
LEFT JOIN citizen c ON c.id = a.citizen_id
WHERE d.announcement_id = :original AND d.id > :low AND d.id <= :high AND ({known})
  AND (c.id IS NOT NULL OR (d.route = 'group' AND NOT EXISTS (SELECT 1 FROM delivery e
      WHERE e.announcement_id = :announcement AND e.account_id = d.account_id AND e.chat = d.chat)))
ON CONFLICT (announcement_id, address_id) DO NOTHING
"""


def stop(tx: Transaction, row: Announcement) -> bool:
    """Let nothing of what `row` corrects begin any more; False if it is corrected, withdrawn or not out already.

    A correction that still spreads cannot be corrected: some know the first words, some the second.
    """
    out = (_NEWS.c.status == "published") | ((_NEWS.c.status == "publishing") & (_NEWS.c.kind == "news"))
    mine = (_NEWS.c.id == row.corrects_id, _NEWS.c.stopped_at == 0, _NEWS.c.folded_at == 0, out)
    ended = {"stopped_at": tx.now, "status": "published", "spread_done_at": tx.now}
    return tx.changed(tx.run(_NEWS.update().where(*mine).values(ended))) == 1


def start(tx: Transaction, row: Announcement) -> dict[str, int]:
    """Where the walk over the original's deliveries begins and ends, as their ids."""
    low, high = _span(tx, row)
    return {"spread_pass": FIRST_WALK, "spread_after": low, "spread_last": high}


def _span(tx: Transaction, row: Announcement) -> tuple[int, int]:
    found = tx.run(select(func.min(_ROWS.c.id), func.max(_ROWS.c.id)).where(_ROWS.c.announcement_id == row.corrects_id))
    low, high = found.one()
    return (low - 1, high) if low else (0, 0)


def _known(tx: Transaction, original: int) -> str:
    """The condition on an original's delivery d: its receiver may know it, or what it corrected itself."""
    older = older_than(tx, original)
    known = _CAME.replace("@", "d")
    return f"{known} OR {_KNOWS_OLDER.format(older=', '.join(map(str, older)))}" if older else known


def older_than(tx: Transaction, announcement_id: int) -> list[int]:
    """What an announcement corrects, and what that corrects in turn."""
    found: list[int] = []
    one: int | None = announcement_id
    while one := tx.run(_CORRECTS, {"which": one}).scalar():
        found.append(one)
    return found


def got(tx: Transaction, announcement_id: int) -> Any:
    """The condition on a delivery, written d, of an original: a correction of it that is sent now goes there, or will
    when it has ended."""
    begun = "d.state = 'claimed' OR d.resent = :yes OR d.parts_done > 0"
    return text(f"({begun} OR {_known(tx, announcement_id)})").bindparams(yes=True)


_VOID = text(f"""SELECT DISTINCT n.id FROM delivery d JOIN announcement n ON n.id = d.announcement_id
    WHERE d.address_id = :address AND n.stopped_at > 0 AND {_CAME.replace("@", "d")} ORDER BY n.id""")


def void(tx: Transaction, address_id: int) -> list[int]:
    """Of what an address may know, the announcements that were corrected or withdrawn since."""
    return list(tx.run(_VOID, {"address": address_id, "yes": True}).scalars())


def count(tx: Transaction, announcement_id: int) -> dict[str, int]:
    """How many people got the original, or may get it at this moment, by channel."""
    by = select(_ACCOUNTS.c.channel, func.count()).join(D, D.c.account_id == _ACCOUNTS.c.id)
    mine = (D.c.announcement_id == announcement_id, D.c.address_id.is_not(None), got(tx, announcement_id))
    return {row[0]: row[1] for row in tx.run(by.where(*mine).group_by(_ACCOUNTS.c.channel))}


def sweep_range(tx: Transaction, row: Announcement, size: int) -> bool:
    """One step over the next `size` ids, the cursor moved in the same transaction. Whether there was one to make:
    False while the original is still being sent to somebody."""
    if row.spread_after >= row.spread_last:
        return _next_walk(tx, row)
    low = row.spread_after
    row.spread_after = min(low + size, row.spread_last)
    _sweep(tx, row, low, row.spread_after)
    tx.session.add(row)
    return True


def _sweep(tx: Transaction, row: Announcement, low: int, high: int) -> None:
    here = {"original": row.corrects_id, "low": low, "high": high}
    tx.run(text(_END_BEGUN), {**here, "yes": True})
    tx.run(text(_END_REST), here)
    told: dict[str, Any] = {
        "lane": LANE[row.priority],
        "emergency": int(row.priority == "emergency"),
        "valid": row.valid_until,
        "once": row.once,
        "announcement": row.id,
        "now": tx.now,
        "yes": True,
        "no": False,
    }
    tx.run(text(_TELL.format(known=_known(tx, row.corrects_id or 0))), {**here, **told})


def _next_walk(tx: Transaction, row: Announcement) -> bool:
    """A walk is over. The last one begins when nothing of the original is under way, and ends the spread."""
    if row.spread_pass == LAST_WALK:
        row.status, row.spread_done_at = "published", tx.now
        tx.run(_NEWS.update().where(_NEWS.c.id == row.corrects_id).values(swept_at=tx.now))
    elif _under_way(tx, row):
        return False
    else:
        low, high = _span(tx, row)
        row.spread_pass, row.spread_after, row.spread_last = LAST_WALK, low, high
    tx.session.add(row)
    return True


def _under_way(tx: Transaction, row: Announcement) -> bool:
    """Whether somebody is being told the original at this moment."""
    mine = select(_ROWS.c.id).where(_ROWS.c.announcement_id == row.corrects_id, _ROWS.c.state == "claimed")
    return tx.run(mine.limit(1)).first() is not None
