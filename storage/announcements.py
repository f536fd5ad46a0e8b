"""Announcements: written, approved, published, and spread over the followers in ranges."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, text, update
from sqlmodel import Field, SQLModel, col, select

from storage.columns import big, key, one_of
from storage.outbox import EMERGENCY, MISSED, PRIORITY, ROUTINE, Delivery, Letter
from storage.transaction import Transaction

PRIORITIES = ("emergency", "priority", "routine")
LANE = {"emergency": EMERGENCY, "priority": PRIORITY, "routine": ROUTINE}
STATUSES = ("draft", "waiting", "publishing", "published")
NOTICES = ("news", "correction", "withdrawal")


class Announcement(SQLModel, table=True):
    """A bulletin for a commune. `spread_after` is how far the spread has come; a correction counts deliveries there."""

    __tablename__ = "announcement"
    __table_args__ = (one_of("priority", *PRIORITIES), one_of("status", *STATUSES), one_of("kind", *NOTICES))

    id: int | None = key()
    code: str = Field(max_length=12, unique=True)
    commune: str = Field(max_length=5, index=True)
    priority: str = Field(max_length=10)
    topic: str = Field(default="", max_length=40)
    title: str = Field(max_length=200)
    body: str
    source: str = Field(default="", max_length=300)  # issuing agency, bulletin number and time
    area: str = "[]"  # JSON list of commune codes when it is for several; empty = its own commune alone
    hamlets: str = "[]"  # JSON list; empty = the whole commune. An emergency reaches these first, then the rest
    kind: str = Field(default="news", max_length=10)
    corrects_id: int | None = big(default=None, index=True)  # what it corrects or withdraws
    once: bool = False  # never repeated, even where it is unclear whether it came
    at_night: bool = False  # the writer chose to send it in the quiet hours
    status: str = Field(default="draft", max_length=12)
    author_id: int = big()
    approver_id: int | None = big(default=None)
    created_at: int = big()
    submitted_at: int = big(default=0)
    published_at: int = big(default=0)
    valid_until: int = big()
    spread_last: int = big(default=0)  # how far it goes: the last citizen id; of a correction, the last delivery id
    spread_pass: int = 0  # 0: hamlets at risk, 1: heads of hamlets and officials, 2: everybody else
    spread_after: int = big(default=0)
    spread_done_at: int = big(default=0)
    stopped_at: int = big(default=0)  # corrected or withdrawn: nothing of it begins any more
    swept_at: int = big(default=0)  # what was queued of it when it was stopped has been ended
    folded_at: int = big(default=0)  # its deliveries are tallies now
    speech_sha: str = Field(default="", max_length=64)
    speech_aac_sha: str = Field(default="", max_length=64)  # the same for Zalo Bot, where an encoder is installed
    speech_seconds: int = 0
    speech_why: str = ""  # why there is no recording
    version: int = 0


def communes(row: Announcement) -> list[str]:
    """The codes of the communes it is for, its own first."""
    return [row.commune, *(code for code in json.loads(row.area) if code != row.commune)]


def set_area(row: Announcement, places: Sequence[str]) -> None:
    """Mean it for several communes, its own among them; with fewer than two it is for its own alone."""
    row.area = json.dumps(list(places) if len(places) > 1 else [])


def hamlets(row: Announcement) -> list[str]:
    """The hamlets it is meant for; empty = everywhere in the commune."""
    return list(json.loads(row.hamlets))


def set_hamlets(row: Announcement, names: Iterable[str]) -> None:
    """Mean it for some hamlets, or for all when there are none."""
    row.hamlets = json.dumps([name.strip() for name in names if name.strip()], ensure_ascii=False)


def fill(row: Announcement, priority: str, topic: str, title: str, body: str) -> None:
    """Change the words of a draft."""
    row.priority, row.topic, row.title, row.body = priority, topic, title, body
    row.version += 1


def of(tx: Transaction, announcement_id: int) -> Announcement | None:
    """The announcement with this id."""
    return tx.session.get(Announcement, announcement_id)


def coded(tx: Transaction, code: str) -> Announcement | None:
    """The announcement people know by this code."""
    return tx.session.exec(select(Announcement).where(Announcement.code == code.upper())).first()


def visible(tx: Transaction, code: str, commune: str) -> Announcement | None:
    """The announcement with this code, if it is this commune's; the province (empty) sees all.

    What the province tells several communes is theirs to see once it is out.
    """
    row = coded(tx, code)
    out = row is not None and row.status in ("publishing", "published")
    return row if row and (commune in ("", row.commune) or (out and commune in communes(row))) else None


def lock(tx: Transaction, row: Announcement) -> None:
    """Read it anew and keep others off until the end: whoever changes it must not overwrite its publication."""
    if tx.postgres:  # SQLite has one writer
        tx.session.refresh(row, with_for_update=True)


_DECIDING, _LOOKING = (text(f"SELECT pg_advisory_xact_lock{how}(7405)") for how in ("", "_shared"))


def decide(tx: Transaction) -> None:
    """Keep off, until the end, whoever looks for what is in force; who looked before has ended.

    So everybody who begins to follow finds an emergency in force, or its audience finds them. SQLite has one writer.
    """
    if tx.postgres:
        tx.run(_DECIDING)


def waiting(tx: Transaction, commune: str) -> list[Announcement]:
    """Emergencies that wait for a second official, oldest first; every commune's when `commune` is empty."""
    question = select(Announcement).where(Announcement.status == "waiting").order_by(col(Announcement.id))
    if commune:
        question = question.where(Announcement.commune == commune)
    return list(tx.session.exec(question).all())


def spoken(tx: Transaction, announcement_id: int, version: int, sha: str, aac_sha: str, seconds: int, why: str) -> bool:
    """Keep the recording (or why there is none) of words that were not changed or sent meanwhile; whether it was."""
    draft = col(Announcement.status).in_(("draft", "waiting"))
    return _spoken(tx, announcement_id, version, draft, sha, aac_sha, seconds, why)


def spoken_again(tx: Transaction, announcement_id: int, version: int, sha: str, aac_sha: str, seconds: int) -> bool:
    """A better recording of what is published, for whoever asks from now on; whether it was kept.

    An emergency's letters carry the recording that two people heard, so it stays that one.
    """
    out = col(Announcement.status).in_(("publishing", "published")) & (col(Announcement.priority) != "emergency")
    return _spoken(tx, announcement_id, version, out, sha, aac_sha, seconds, "")


def _spoken(
    tx: Transaction, announcement_id: int, version: int, which: Any, sha: str, aac_sha: str, seconds: int, why: str
) -> bool:
    done = tx.session.execute(
        update(Announcement)
        .where(col(Announcement.id) == announcement_id, col(Announcement.version) == version, which)
        .values(speech_sha=sha, speech_aac_sha=aac_sha, speech_seconds=seconds, speech_why=why[:200])
    )
    return tx.changed(done) == 1


def of_commune(tx: Transaction, commune: str, limit: int = 50) -> list[Announcement]:
    """A commune's announcements, newest first; every commune's when `commune` is empty."""
    question = select(Announcement).order_by(col(Announcement.id).desc()).limit(limit)
    if commune:
        told = _for(commune) & (col(Announcement.published_at) > 0)
        question = question.where((col(Announcement.commune) == commune) | told)
    return list(tx.session.exec(question).all())


def _for(commune: str) -> Any:
    return (col(Announcement.commune) == commune) | col(Announcement.area).contains(f'"{commune}"')


def correcting(tx: Transaction, announcement_id: int, kind: str) -> Announcement | None:
    """The correction or withdrawal of an announcement that is being written."""
    unsent = col(Announcement.status).in_(("draft", "waiting"))
    mine = select(Announcement).where(Announcement.corrects_id == announcement_id, Announcement.kind == kind)
    return tx.session.exec(mine.where(unsent).limit(1)).first()


def stopped_by(tx: Transaction, announcement_id: int) -> Announcement | None:
    """What corrected or withdrew an announcement."""
    out = col(Announcement.status).in_(("publishing", "published"))
    mine = select(Announcement).where(Announcement.corrects_id == announcement_id, out)
    return tx.session.exec(mine.limit(1)).first()


def in_force(tx: Transaction, commune: str) -> list[Announcement]:
    """Emergencies of a commune that still hold, oldest first. They are for everybody there, whatever hamlet.

    What was corrected or withdrawn holds no more; its correction does, and who comes new needs no withdrawal.
    """
    if tx.postgres:
        tx.run(_LOOKING)
    out = col(Announcement.status).in_(("publishing", "published"))
    return list(
        tx.session.exec(
            select(Announcement)
            .where(Announcement.priority == "emergency", out, Announcement.valid_until > tx.now, _for(commune))
            .where(Announcement.stopped_at == 0, Announcement.kind != "withdrawal")
            .order_by(col(Announcement.id))
        ).all()
    )


def current(tx: Transaction, most: int = 2000) -> list[Announcement]:
    """What is out and still holds, newest first, corrections and withdrawals among it, what they stopped not."""
    out = col(Announcement.status).in_(("publishing", "published"))
    holds = (Announcement.valid_until > tx.now, Announcement.stopped_at == 0)
    question = select(Announcement).where(out, *holds).order_by(col(Announcement.id).desc()).limit(most)
    return list(tx.session.exec(question).all())


def holds(row: Announcement, now: int) -> bool:
    """Whether it is still one of `current`."""
    return row.status in ("publishing", "published") and row.stopped_at == 0 and row.valid_until > now


def change_status(tx: Transaction, row: Announcement, before: str, after: str, **values: object) -> bool:
    """Move on from `before`, once: of five presses one wins. Whether it was this one.

    Words that somebody changed after `row` was read are not what was decided upon: nothing moves then.
    """
    done = tx.session.execute(
        update(Announcement)
        .where(col(Announcement.id) == row.id, col(Announcement.status) == before)
        .where(col(Announcement.version) == row.version)
        .values(status=after, **values)
    )
    tx.session.refresh(row)
    return tx.changed(done) == 1


def spreading(tx: Transaction) -> list[Announcement]:
    """What still spreads, emergencies first."""
    rows = tx.session.exec(
        select(Announcement).where(Announcement.status == "publishing").order_by(col(Announcement.id))
    ).all()
    return sorted(rows, key=lambda row: (LANE[row.priority], row.id or 0))


def letters(tx: Transaction, announcement_id: int) -> dict[str, int]:
    """channel → id of the letter with its words."""
    rows = tx.session.exec(select(Letter).where(Letter.announcement_id == announcement_id)).all()
    return {row.channel: row.id or 0 for row in rows}


def reached(tx: Transaction, announcement_id: int, address_id: int) -> bool:
    """Whether it has come to this address, or is on its way there: what was stopped or refused does not count."""
    return (
        tx.session.exec(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.announcement_id == announcement_id, Delivery.address_id == address_id)
            .where(col(Delivery.state).not_in(MISSED))
        ).one()
        > 0
    )
