"""Announcements: written, checked, shown as each app will show them, approved by a second person, published."""

from dataclasses import dataclass

from content.channels import KINDS, Kind
from content.dates import date, when
from content.letters import fit
from content.message import Choice, Part, Said
from content.topics import TOPICS
from content.units import Commune, Gazetteer
from handlers import quiet
from handlers.collective import post_collective
from handlers.knowledge import Knowledge, Manners
from storage import Transaction, announcements, audit, outbox, publishing
from storage.announcements import PRIORITIES, Announcement
from storage.codes import new_code
from storage.officials import Official
from storage.publishing import AlreadyStopped, SamePerson

HEADLINE = 40  # characters of a lock screen
LONGEST_BODY = 1500
EMERGENCY_WORDS = 75  # more is not read while the water rises
MARK_ROOM = 14  # more for the first line of a correction, whose first words say that it is one
CHANNELS = ("zalo_oa", "zalo_bot", "telegram")
MARKS = {
    ("news", "emergency"): "⚠ KHẨN: ",
    ("news", "priority"): "Ưu tiên: ",
    ("correction", "emergency"): "⚠ ĐÍNH CHÍNH: ",
    ("withdrawal", "emergency"): "⚠ RÚT LẠI: ",
    ("correction", ""): "Đính chính: ",
    ("withdrawal", ""): "Rút lại tin: ",
}

__all__ = [
    "AlreadyStopped",
    "Draft",
    "SamePerson",
    "draft_of",
    "listen_link",
    "preview",
    "problems",
    "publish",
    "save",
    "submit",
]


@dataclass(frozen=True)
class Draft:
    """What an official typed into the form. `valid_until` is ms UTC."""

    commune: str
    priority: str
    topic: str
    title: str
    body: str
    source: str
    hamlets: tuple[str, ...]
    valid_until: int
    kind: str = "news"
    area: tuple[str, ...] = ()  # when it is for several communes; its own is among them


def headline(priority: str, title: str, kind: str = "news") -> str:
    """The first line, which is what a lock screen shows."""
    return f"{MARKS.get((kind, priority), MARKS.get((kind, ''), ''))}{title}"


def problems(draft: Draft, now: int, gazetteer: Gazetteer) -> list[str]:
    """What is wrong with a draft, one sentence each; empty when it can go out."""
    emergency = draft.priority == "emergency"
    checks = (
        (draft.priority not in PRIORITIES, "Chưa chọn mức: khẩn cấp, ưu tiên hay thông thường."),
        (gazetteer.commune(draft.commune) is None, "Mã xã không có trong danh mục."),
        (draft.topic not in ("", *TOPICS), "Chủ đề không có trong danh mục."),
        (not draft.title.strip(), "Chưa có dòng đầu."),
        (not draft.body.strip(), "Chưa có nội dung."),
        (len(draft.body) > LONGEST_BODY, f"Nội dung dài quá {LONGEST_BODY} ký tự, bà con không đọc hết."),
        (len(headline(draft.priority, draft.title, draft.kind)) > _longest(draft), _too_long(draft)),
        (draft.valid_until <= now, "Giờ hết hiệu lực phải ở sau lúc này."),
        (emergency and len(draft.body.split()) > EMERGENCY_WORDS, f"Tin khẩn cấp không quá {EMERGENCY_WORDS} từ."),
        (
            emergency and draft.topic == "disaster" and not draft.source.strip(),
            "Tin khẩn cấp về thiên tai phải ghi cơ quan ban hành, số và giờ của bản tin.",
        ),
    )
    return [sentence for wrong, sentence in checks if wrong]


def _longest(draft: Draft) -> int:
    if draft.priority != "emergency":
        return 100
    return HEADLINE if draft.kind == "news" else HEADLINE + MARK_ROOM


def _too_long(draft: Draft) -> str:
    if draft.priority == "emergency":
        room = _longest(draft) - len(headline("emergency", "", draft.kind))
        return f"Dòng đầu của tin khẩn cấp không quá {room} ký tự: việc gì, ở đâu, làm gì ngay."
    return "Dòng đầu dài quá."


def save(tx: Transaction, draft: Draft, official: Official, announcement_id: int | None = None) -> Announcement:
    """Keep a draft, new or changed. What is published never changes."""
    row = announcements.of(tx, announcement_id) if announcement_id else None
    if row is None or row.status not in ("draft", "waiting"):
        row = Announcement(code=new_code(5), commune=draft.commune, priority=draft.priority, title="", body="",
                           author_id=official.id or 0, created_at=tx.now, valid_until=0)  # fmt: skip
    announcements.fill(row, draft.priority, draft.topic, draft.title.strip(), draft.body.strip())
    row.source, row.valid_until = draft.source.strip(), draft.valid_until
    announcements.set_hamlets(row, draft.hamlets)
    announcements.set_area(row, draft.area)
    # Words that changed were not approved and not spoken; whoever changes them is their author.
    row.status, row.author_id = "draft", official.id or 0
    row.speech_sha = row.speech_aac_sha = ""
    return tx.add(row)


def draft_of(row: Announcement) -> Draft:
    """A stored announcement as the form shows it."""
    return Draft(row.commune, row.priority, row.topic, row.title, row.body, row.source,
                 tuple(announcements.hamlets(row)), row.valid_until, row.kind,
                 tuple(announcements.communes(row)))  # fmt: skip


def submit(tx: Transaction, row: Announcement, official: Official, know: Knowledge, two_people: bool) -> bool:
    """The author is done: an emergency waits for a second official, the rest goes out. Whether it went out."""
    if row.priority == "emergency" and two_people and row.kind != "withdrawal":
        if announcements.change_status(tx, row, "draft", "waiting", submitted_at=tx.now):
            audit.write(tx, official.id or 0, "announcement.submitted", row.code, row.commune)
        return False
    return publish(tx, row, official, know, two_people)


def publish(tx: Transaction, row: Announcement, official: Official, know: Knowledge, two_people: bool) -> bool:
    """Send it out, once; five presses are one.

    Raises `SamePerson` when an emergency has no second person, `AlreadyStopped` when what it corrects was corrected.
    """
    if not publishing.publish(tx, row, official.id or 0, two_people):
        return False
    row.at_night = quiet.night(tx, row) in ("chosen", "ends")
    for channel in CHANNELS:
        parts, offer = parts_of(row, KINDS[channel], know)
        outbox.write_letter(tx, channel, parts, offer, announcement_id=row.id)
    post_collective(tx, row)
    audit.write(tx, official.id or 0, "announcement.published", row.code, row.commune, row.priority)
    return True


def parts_of(row: Announcement, kind: Kind, know: Knowledge) -> tuple[tuple[Part, ...], str]:
    """The parts of its letter for one kind of channel, and what 11 under it means."""
    urgent = row.priority == "emergency"
    offered = bool(row.speech_sha) and not urgent
    choices = (Choice("11", know.texts.say("vi", "announcement.listen")),) if offered else ()
    said = Said(
        words(row, know),
        choices,
        question=f"listen{row.id}",
        voice=voice(row, kind) if urgent else "",
        listen=listen_link(know.manners, row) if urgent else "",
        urgent=urgent,
    )
    return fit(said, kind), f"listen:{row.id}" if offered else ""


def voice(row: Announcement, kind: Kind) -> str:
    """The recording that a kind of channel can carry; empty where there is none."""
    return {"mp3": row.speech_sha, "aac": row.speech_aac_sha, "link": ""}[kind.voice]


def words(row: Announcement, know: Knowledge) -> str:
    """The whole text: what, where and what to do first, who says so last."""
    commune = _speaks_for(row, know)
    lines = [headline(row.priority, row.title, row.kind), row.body]
    if row.priority == "emergency":
        lines.append(know.texts.say("vi", "announcement.until", until=when(row.valid_until)))
        if "112" not in row.body:
            lines.append(know.texts.say("vi", "announcement.call"))
    if row.source:
        lines.append(know.texts.say("vi", "announcement.source", source=row.source))
    at = when(row.published_at) if row.published_at else know.texts.say("vi", "announcement.when_sent")
    signed_by = f"UBND {commune.full_name}" if commune else know.manners.controller
    lines.append(know.texts.say("vi", "announcement.signed", unit=signed_by, at=at, code=row.code))
    return "\n".join(lines)


def _speaks_for(row: Announcement, know: Knowledge) -> Commune | None:
    """The commune in whose name it is said; none for news to several, which the province says."""
    return know.gazetteer.commune(row.commune) if len(announcements.communes(row)) == 1 else None


def spoken_words(row: Announcement, know: Knowledge) -> str:
    """What is read aloud: the text without its code."""
    commune = _speaks_for(row, know)
    name = f"Ủy ban nhân dân {commune.full_name}" if commune else know.manners.controller
    call = know.texts.say("vi", "announcement.call") if row.priority == "emergency" else ""
    until = know.texts.say("vi", "announcement.until", until=when(row.valid_until)) if call else ""
    opening = know.texts.say("vi", "announcement.spoken_emergency" if call else "announcement.spoken", name=name)
    return "\n".join(line for line in (opening, headline("", row.title, row.kind) + ".", row.body, until, call) if line)


def preview(row: Announcement, know: Knowledge) -> dict[str, tuple[Part, ...]]:
    """channel → the parts as people there will get them."""
    return {channel: parts_of(row, KINDS[channel], know)[0] for channel in CHANNELS}


def listen_link(manners: Manners, row: Announcement) -> str:
    """The page that plays it; empty while there is no recording or no address of ours."""
    return f"{manners.public_url}/listen/{row.code}" if manners.public_url and row.speech_sha else ""


def day_of(row: Announcement) -> str:
    """When it was published, as people write it."""
    return date(row.published_at) if row.published_at else ""
