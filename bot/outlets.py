"""Where deliveries go: a chat on a platform, or the source system. Each send makes one call and has one ending."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from bot import metrics, resent
from bot.channels.base import Channel, Medium
from bot.endings import Ending, Later, Never
from bot.gateways.source_system import Attachment, SourceSystem
from bot.media import MediaStore, mime_of
from bot.work import Work
from content.dates import date, when
from content.message import Part
from handlers import terms
from handlers.routes import purpose
from storage import Transaction, accounts, announcements, media, outbox, reports
from storage.ledger import Due

HANDLE_MS = 6 * 24 * 3_600_000  # Zalo's uploads die after seven days; Telegram's file ids outlive that


ONE_CALL = ("template", "article")  # routes by which one call says all that can be said


class Outlet(Protocol):
    """What a sender needs of the other side."""

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """delivery id → its parts."""

    async def send(self, row: Due, part: Part) -> Ending:
        """Make the call for one part."""


class Official(Protocol):
    """What an Official Account sends beside letters; its rows alone have the routes that need it."""

    async def send_template(self, chat: str, template_id: str, values: Mapping[str, str], tracking: str) -> Ending:
        """An approved template to one citizen."""

    async def send_article(self, article_id: str, target: Mapping[str, Sequence[str]]) -> Ending:
        """A prepared article to every follower whom `target` means."""

    async def send_group(self, group_id: str, part: Part, medium: Medium | None) -> Ending:
        """One part of a letter to everybody in a group."""


class ChatOutlet:
    """An account on a chat platform."""

    def __init__(self, channel: Channel, work: Work, store: MediaStore, now: Any) -> None:
        self.channel, self._work, self._store, self._now = channel, work, store, now
        self._letters: dict[int, tuple[Part, ...]] = {}

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """Opened once each: a broadcast has one letter for everybody. What may have come before says so."""
        wanted = {row.letter_id for row in rows if row.letter_id} - set(self._letters)
        if wanted:
            self._letters = {**_newest(self._letters), **await self._work.read(lambda tx: _opened(tx, wanted))}
        return {row.id: self._parts(row) for row in rows}

    def _parts(self, row: Due) -> tuple[Part, ...]:
        parts = self._letters.get(row.letter_id or 0, ())
        return parts[:1] if row.route in ONE_CALL else resent.marked(parts, row, self.channel.kind)

    async def send(self, row: Due, part: Part) -> Ending:
        """One call to the platform, by the row's route."""
        return metrics.ended(self.channel.kind, await self._call(row, part), row.resent and not row.parts_done)

    async def _call(self, row: Due, part: Part) -> Ending:
        """A file the platform cannot have any more is a letter that cannot go."""
        if row.route in ONE_CALL:
            return await self._in_one_call(row, part)
        medium = await self._medium(part.media) if part.media else None
        if part.media and medium is None:
            return Never("tệp đính kèm không còn")
        if row.route == "group":
            return await cast(Official, self.channel).send_group(row.chat, part, medium)
        return await self.channel.send(row.chat, part, medium)

    async def _in_one_call(self, row: Due, part: Part) -> Ending:
        official, agreed = cast(Official, self.channel), terms.within(self.channel.account.settings)
        if row.route == "article":
            return await official.send_article(row.chat, agreed.article_target)
        template = agreed.templates.get(purpose(row))
        if template is None:
            return Later(5, "mẫu tin vừa được thay")
        words = await self._work.read(lambda tx: _words(tx, row, part))
        values = template.values(resent.in_fields(words, template) if resent.is_copy(row) else words)
        return await official.send_template(row.chat, template.id, values, str(row.id))

    async def _medium(self, sha: str) -> Medium | None:
        path = self._store.path(sha)
        if not path.is_file():
            return None
        account_id, mime = self.channel.account.id, mime_of(path)
        handles = await self._work.read(lambda tx: accounts.handles(tx, account_id, {sha}))
        url = self._store.address(sha, mime, self._now())
        return Medium(sha, mime, path, path.stat().st_size, handles.get(sha, ""), url)


def _words(tx: Transaction, row: Due, part: Part) -> dict[str, str]:
    """What a template's fields may say."""
    report = reports.of(tx, row.report_id) if row.report_id else None
    news = announcements.of(tx, row.announcement_id) if row.announcement_id else None
    code, at = (report.code, report.created_at) if report else (news.code, news.published_at) if news else ("", tx.now)
    return {"code": code, "date": date(at), "title": part.text.partition("\n")[0], "text": part.text}


def _opened(tx: Transaction, ids: set[int]) -> dict[int, tuple[Part, ...]]:
    return {number: outbox.parts_of(tx, letter) for number, letter in outbox.letters(tx, ids).items()}


def _newest(letters: dict[int, tuple[Part, ...]], most: int = 256) -> dict[int, tuple[Part, ...]]:
    """Keep the memory small: conversations write a letter for every answer."""
    return dict(list(letters.items())[-most:])


class SourceOutlet:
    """The source system: the record is built when it is sent, so that a name given meanwhile is in it."""

    MISSING_MS = 10 * 60_000  # how long a report waits for its files; then it goes with the missing named

    def __init__(self, gateway: SourceSystem, work: Work, store: MediaStore, names: Any) -> None:
        self._gateway, self._work, self._store, self._names = gateway, work, store, names

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """One call each; the words are in the report."""
        return {row.id or 0: (Part("text", row.chat),) for row in rows}

    async def send(self, row: Due, part: Part) -> Ending:
        """Forward one report with its files."""
        built = await self._work.read(lambda tx: self._record(tx, row))
        if isinstance(built, tuple):
            return metrics.ended("source_system", await self._gateway.send(*built))
        return built

    def _record(self, tx: Transaction, row: Due) -> tuple[dict[str, Any], list[Attachment]] | Ending:
        report = reports.of(tx, row.report_id or 0)
        if report is None:
            return Never("việc này không còn")
        rows = media.of_report(tx, report.id or 0)
        patient = not report.danger and report.created_at > tx.now - self.MISSING_MS
        if patient and any(one.state == "wanted" for one in rows):
            return Later(5, "chờ tệp của người dân")
        files = [self._attachment(one) for one in rows if one.state == "ready"]
        return canonical(tx, report, self._names, len(rows) - len(files)), files

    def _attachment(self, row: media.Media) -> Attachment:
        # The citizen's own file name never travels.
        return Attachment(f"tep-{row.id}", row.mime, self._store.path(row.sha))


KINDS = {"feedback": "kien_nghi", "scene": "hien_truong", "rumour": "tin_gia", "question": "phan_anh"}


def canonical(tx: Transaction, report: reports.Report, names: Any, missing: int) -> dict[str, Any]:
    """The record of the vietnam reference §2.4. `names` finds a commune by its code."""
    opened, commune = tx.vault.open, names(report.commune)
    text = opened(report.text_sealed)
    more = [f"Nói thêm lúc {when(one.at)}: {opened(one.text_sealed)}" for one in reports.additions(tx, report)]
    return {
        "ma_phan_anh": report.code,
        "idempotency_key": report.code,
        "loai": KINDS[report.kind],
        "linh_vuc": report.category,
        "tieu_de": " ".join(text.split())[:100] or "Phản ánh kèm tệp",
        "noi_dung": "\n".join([text, *more]) + (f"\n(Thiếu {missing} tệp chưa lấy được.)" if missing else ""),
        "ma_xa": report.commune,
        "ma_tinh": commune.province.code if commune else "",
        "thon": report.hamlet,
        "vi_tri": {"mo_ta": opened(report.place_sealed), "vi_do": report.lat, "kinh_do": report.lon},
        "nguoi_gui": {
            "ho_ten": opened(report.name_sealed),
            "dia_chi": report.hamlet,
            "dien_thoai": opened(report.phone_sealed),
            "an_danh_cong_khai": True,
        },
        "kenh": "zalo_telegram",
        "thoi_diem_gui": report.created_at,
        "muc_do": "khan_cap" if report.danger else "thong_thuong",
        "don_vi_xu_ly": f"UBND {commune.full_name}" if commune and not report.to_province else "",
        "trang_thai": report.state,
    }  # fmt: skip
