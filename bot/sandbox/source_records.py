"""What the emulated source system keeps: reports in its own key map, their files, their news; its code tables.

The wire format of reports is not public (vietnam reference §2.4): the canonical record there is carried under
PascalCase keys of our choosing, listed in `FIELDS` and shown whole in pages/source/example.json.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

STATES = {
    0: "mới đến",
    1: "đã tiếp nhận",
    2: "đang xử lý",
    3: "cần bổ sung",
    4: "từ chối",
    5: "đã trả lời",
}
NEEDS_WORDS = {3: "Cần ghi rõ phải bổ sung gì.", 4: "Từ chối phải có lý do.", 5: "Cần ghi nội dung trả lời."}
KINDS = {1: "phản ánh", 2: "kiến nghị", 3: "phản ánh hiện trường", 4: "tin nghi sai sự thật"}
PRIORITIES = {1: "khẩn cấp", 2: "ưu tiên", 3: "thông thường"}
CHANNELS = {"ZALO": "Zalo", "TELEGRAM": "Telegram", "KHAC": "Kênh khác"}
FIELDS_OF_LIFE = {
    1: "giao thông, cầu đường",
    2: "điện, chiếu sáng",
    3: "nước, vệ sinh môi trường",
    4: "an ninh, trật tự",
    5: "y tế, dịch bệnh",
    6: "giáo dục",
    7: "đất đai, xây dựng",
    8: "thiên tai, sự cố",
    9: "chính sách, chế độ",
    10: "thông tin sai sự thật",
    99: "lĩnh vực khác",
}
FILE_LIMIT = 25 * 1024 * 1024  # bytes
FILE_TYPES = ("image/", "audio/", "video/", "application/pdf", "text/plain")
Record = dict[str, Any]


class Wrong(Exception):
    """A request this system answers with TrangThaiGui=1; the text goes into MoTa."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a report: the canonical name it carries (reference §2.4), its type and its rule."""

    key: str
    canonical: str
    kind: type | tuple[type, ...]
    required: bool = False
    pattern: str = ""
    table: dict[Any, str] | None = None


FIELDS = (
    Field("MaPhanAnh", "ma_phan_anh", str, True, r"\S{4,64}"),
    Field("KhoaChongTrung", "idempotency_key", str, True, r"\S{1,128}"),
    Field("LoaiPhanAnh", "loai", int, True, table=KINDS),
    Field("LinhVuc", "linh_vuc", int, table=FIELDS_OF_LIFE),
    Field("TieuDe", "tieu_de", str, pattern=r"(?s).{0,300}"),
    Field("NoiDung", "noi_dung", str, True, r"(?s).*\S.*"),
    Field("MaTinh", "ma_tinh", str, True, r"\d{2}"),
    Field("MaXa", "ma_xa", str, True, r"\d{5}"),
    Field("ThonBan", "thon", str),
    Field("ViTri", "vi_tri", dict),
    Field("NguoiGui", "nguoi_gui", dict),
    Field("DanhSachTep", "tep", list),
    Field("KenhTiepNhan", "kenh", str, True, table=CHANNELS),
    Field("ThoiDiemGui", "thoi_diem_gui", int, True),
    Field("MucDoUuTien", "muc_do", int, table=PRIORITIES),
    Field("DonViXuLy", "don_vi_xu_ly", str),
    Field("HanXuLy", "han_xu_ly", int),
    Field("DanhGia", "danh_gia", int),
)
SENDER = {"HoTen": str, "DiaChi": str, "DienThoai": str, "AnDanhCongKhai": bool}


def check_report(told: Record) -> Record:
    """The report with known keys and right types. Raises Wrong naming the first bad key."""
    known = {one.key for one in FIELDS}
    if strange := sorted(set(told) - known):
        raise Wrong(f"Trường không có trong danh mục: {', '.join(strange)}")
    for one in FIELDS:
        _check_field(one, told.get(one.key))
    _check_place(told.get("ViTri"))
    sender = told.get("NguoiGui") or {}
    for key, value in sender.items():
        if key not in SENDER or not (value is None or type(value) is SENDER[key]):
            raise Wrong(f"NguoiGui.{key} không đúng")
    return told


def _check_field(one: Field, value: Any) -> None:
    if value is None:
        if one.required:
            raise Wrong(f"Thiếu trường {one.key}")
        return
    if not isinstance(value, one.kind) or isinstance(value, bool):
        raise Wrong(f"{one.key} sai kiểu dữ liệu")
    if one.pattern and not re.fullmatch(one.pattern, str(value)):
        raise Wrong(f"{one.key} không hợp lệ")
    if one.table is not None and value not in one.table:
        raise Wrong(f"{one.key} không có trong danh mục")


def _check_place(place: Any) -> None:
    if place is None:
        return
    lat, lon = place.get("ViDo"), place.get("KinhDo")
    if not all(isinstance(x, int | float) for x in (lat, lon)) or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Wrong("ViTri không hợp lệ")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a report; `id` is TepID."""

    id: int
    name: str
    mime: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened to a report here, told to its sender once or many times under the same id."""

    id: str
    state: int
    words: str
    unit: str
    title: str  # official's title, or name and title
    at_ms: int


@dataclass
class Case:
    """One report as this system holds it. `id` is PhanAnhID, `number` MaNguon."""

    id: int
    number: str
    account: str
    record: Record
    received_ms: int
    state: int = 0
    files: list[Attachment] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def missing_files(self) -> list[Record]:
        """Files announced in DanhSachTep whose bytes never came."""
        have = {one.sha256 for one in self.files}
        return [one for one in self.record.get("DanhSachTep") or [] if one.get("MaBam") not in have]

    def news_json(self, one: News) -> Record:
        """One item of GET /phan-anh/cap-nhat."""
        return {
            "CapNhatID": one.id,
            "PhanAnhID": self.id,
            "MaNguon": self.number,
            "MaPhanAnh": self.record["MaPhanAnh"],
            "TrangThai": one.state,
            "TenTrangThai": STATES[one.state],
            "NoiDung": one.words,
            "DonVi": one.unit,
            "NguoiTraLoi": one.title,
            "ThoiDiem": one.at_ms,
        }


class Cases:
    """All reports, by id and by their sender's idempotency key."""

    def __init__(self) -> None:
        self.by_id: dict[int, Case] = {}
        self._by_key: dict[tuple[str, str], Case] = {}
        self._ids, self._file_ids, self._news_ids = count(1), count(1), count(1)

    def known(self, account: str, key: str) -> Case | None:
        return self._by_key.get((account, key))

    def take(self, account: str, told: Record, now_ms: int, year: int) -> Case:
        """A new case from a checked report, with the files inside it. Raises Wrong and keeps nothing."""
        files = [one for one in map(self._inside, told.get("DanhSachTep") or []) if one]
        number = next(self._ids)
        case = Case(number, f"TTN-{year}-{number:06d}", account, told, now_ms, files=files)
        self.by_id[case.id] = self._by_key[account, told["KhoaChongTrung"]] = case
        for one in told.get("DanhSachTep") or []:
            one.pop("DuLieu", None)
        return case

    def _inside(self, told: Any) -> Attachment | None:
        if not isinstance(told, dict) or not all(isinstance(told.get(k), str) for k in ("TenTep", "LoaiTep", "MaBam")):
            raise Wrong("DanhSachTep: cần TenTep, LoaiTep, MaBam")
        if "DuLieu" not in told:
            return None  # announced; its bytes follow in POST /phan-anh/{id}/tep
        try:
            data = base64.b64decode(told["DuLieu"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise Wrong("DanhSachTep: DuLieu không phải base64") from None
        return self.make_file(told["TenTep"], told["LoaiTep"], data, told["MaBam"])

    def make_file(self, name: str, mime: str, data: bytes, sha256: str = "") -> Attachment:
        """A checked file, not yet on a case. `sha256` (hex) must fit when given. Raises Wrong."""
        if not data or len(data) > FILE_LIMIT:
            raise Wrong("Tệp rỗng hoặc quá lớn")
        if not mime.startswith(FILE_TYPES):
            raise Wrong(f"Loại tệp {mime} không được nhận")
        found = hashlib.sha256(data).hexdigest()
        if sha256 and sha256.lower() != found:
            raise Wrong("MaBam không khớp nội dung tệp")
        return Attachment(next(self._file_ids), name[:120], mime, data, found)

    def attach(self, case: Case, file: Attachment) -> Attachment:
        """Put a file on a case; the same bytes again are the same file."""
        for old in case.files:
            if old.sha256 == file.sha256:
                return old
        case.files.append(file)
        return file

    def file(self, file_id: int) -> Attachment | None:
        return next((f for case in self.by_id.values() for f in case.files if f.id == file_id), None)

    def change(self, case: Case, state: int, words: str, unit: str, title: str, now_ms: int) -> News:
        """A person here changes the state or answers. Raises Wrong when words, unit or title are missing."""
        words, unit, title = words.strip(), unit.strip(), title.strip()
        if state not in STATES or state == 0:
            raise Wrong("Trạng thái không có trong danh mục.")
        if state in NEEDS_WORDS and not words:
            raise Wrong(NEEDS_WORDS[state])
        if not unit:
            raise Wrong("Cần ghi đơn vị.")
        if state in (4, 5) and not title:
            raise Wrong("Cần ghi chức vụ người trả lời.")
        news = News(f"CN{next(self._news_ids):08d}", state, words, unit, title, now_ms)
        case.state = state
        case.news.append(news)
        return news

    def between(self, account: str, start_ms: int, end_ms: int) -> list[Record]:
        """News of this account's reports with start <= ThoiDiem <= end, oldest first."""
        found = [
            (one.at_ms, one.id, case.news_json(one))
            for case in self.by_id.values()
            if case.account == account
            for one in case.news
            if start_ms <= one.at_ms <= end_ms
        ]
        return [told for _, _, told in sorted(found, key=lambda item: item[:2])]
