"""Where deliveries go: a chat on a platform, or the source system. Each send makes one call and has one ending."""

from typing import Any, Protocol

from bot import metrics
from bot.channels.base import Channel, Medium
from bot.endings import Ending, Later, Never
from bot.gateways.source_system import Attachment, SourceSystem
from bot.media import MediaStore, mime_of
from bot.work import Work
from content.dates import when
from content.message import Part
from storage import Transaction, accounts, media, outbox, reports
from storage.ledger import Due

HANDLE_MS = 6 * 24 * 3_600_000  # Zalo's uploads die after seven days; Telegram's file ids outlive that


class Outlet(Protocol):
    """What a sender needs of the other side."""

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """delivery id → its parts."""

    async def send(self, row: Due, part: Part) -> Ending:
        """Make the call for one part."""


class ChatOutlet:
    """An account on a chat platform."""

    def __init__(self, channel: Channel, work: Work, store: MediaStore, now: Any) -> None:
        self.channel, self._work, self._store, self._now = channel, work, store, now
        self._letters: dict[int, tuple[Part, ...]] = {}

    async def letter(self, rows: list[Due]) -> dict[int, tuple[Part, ...]]:
        """Opened once each: a broadcast has one letter for everybody."""
        wanted = {row.letter_id for row in rows if row.letter_id} - set(self._letters)
        if wanted:
            self._letters = {**_newest(self._letters), **await self._work.read(lambda tx: _opened(tx, wanted))}
        return {row.id or 0: self._letters.get(row.letter_id or 0, ()) for row in rows}

    async def send(self, row: Due, part: Part) -> Ending:
        """One call to the platform; a file the platform cannot have any more is a letter that cannot go."""
        medium = await self._medium(part.media) if part.media else None
        if part.media and medium is None:
            return Never("tệp đính kèm không còn")
        return metrics.ended(self.channel.kind, await self.channel.send(row.chat, part, medium))

    async def _medium(self, sha: str) -> Medium | None:
        path = self._store.path(sha)
        if not path.is_file():
            return None
        account_id, mime = self.channel.account.id, mime_of(path)
        handles = await self._work.read(lambda tx: accounts.handles(tx, account_id, {sha}))
        url = self._store.address(sha, mime, self._now())
        return Medium(sha, mime, path, path.stat().st_size, handles.get(sha, ""), url)


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
