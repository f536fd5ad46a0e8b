"""Reads official lists of units: the whole of them, or `ListError` with every file, line and reason."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from content.vietnamese import clean

if TYPE_CHECKING:
    from _csv import Reader

Row = dict[str, str]
MOST_PROBLEMS = 20  # that are told at once
LARGEST = 50_000_000  # bytes of one file; the whole country has two million

COMMUNE_TYPES = ("Xã", "Phường", "Đặc khu")
PROVINCE_TYPES = ("Tỉnh", "Thành phố")
FORMER_TYPES = ("Xã", "Phường", "Thị trấn", "Đặc khu")
RELATIONS = ("whole", "split-main", "split")


class ListError(Exception):
    """The lists cannot be used; each of `problems` names a file, a line and the reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        shown = self.problems[:MOST_PROBLEMS]
        more = len(self.problems) - len(shown)
        super().__init__("\n".join([*shown, *([f"… và {more} chỗ nữa"] if more else [])]))


@dataclass(frozen=True, slots=True)
class Line:
    """One row, every column of its table there, and where it was read: "communes.csv:12"."""

    where: str
    row: Row


@dataclass(slots=True)
class Lists:
    """The tables that were given; one that was not is empty."""

    provinces: list[Line] = field(default_factory=list)
    communes: list[Line] = field(default_factory=list)
    former_communes: list[Line] = field(default_factory=list)
    aliases: list[Line] = field(default_factory=list)


Check = Callable[[str], str]  # the reason why a value is wrong, or ""


def _code(digits: int) -> Check:
    wrong = f"phải có đúng {digits} chữ số, kể cả số 0 ở đầu"
    return lambda value: "" if re.fullmatch(rf"[0-9]{{{digits}}}", value) else wrong


def _one_of(allowed: tuple[str, ...]) -> Check:
    return lambda value: "" if value in allowed else f"phải là một trong: {', '.join(allowed)}"


def _name(value: str) -> str:
    return "" if re.fullmatch(r"[^\W_][^\n;<>]{0,59}", value) else "phải là một tên, dài tối đa 60 ký tự"


def _former(value: str) -> str:
    typed = value.lower().startswith(tuple(f"{one.lower()} " for one in FORMER_TYPES))
    return _name(value) if typed else "phải bắt đầu bằng loại: Xã, Phường, Thị trấn hoặc Đặc khu"


def _date(value: str) -> str:
    try:
        good = date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    return "" if good else "phải là ngày có thật, viết năm-tháng-ngày, như 2026-09-20"


def _between(least: float, most: float) -> Check:
    def check(value: str) -> str:
        good = re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,12})?", value) and least <= float(value) <= most
        return "" if good else f"phải là số từ {least:g} đến {most:g}"

    return check


@dataclass(frozen=True, slots=True)
class Table:
    """What a file must and may hold. Columns of `needed` are never empty, save `gaps`."""

    needed: dict[str, Check]
    other: dict[str, Check]
    gaps: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[str]:
        """All its columns, in the order in which they are written."""
        return [*self.needed, *self.other]


TABLES: dict[str, Table] = {
    "provinces": Table(
        {"code": _code(2), "type": _one_of(PROVINCE_TYPES), "name": _name},
        {"effective_from": _date, "former_type": _one_of(PROVINCE_TYPES), "valid_to": _date},
    ),
    "communes": Table(
        {"code": _code(5), "province_code": _code(2), "type": _one_of(COMMUNE_TYPES), "name": _name},
        {
            "lat": _between(6, 24),
            "lon": _between(101, 118),
            "area_km2": _between(0, 100_000),
            "effective_from": _date,
            "former_type": _one_of(COMMUNE_TYPES),
            "valid_to": _date,
        },
    ),
    "former_communes": Table(
        {
            "old_province": _name,
            "old_district": _name,
            "old_code": _code(5),
            "old_commune": _former,
            "new_code": _code(5),
            "relation": _one_of(RELATIONS),
        },
        {"old_province_code": _code(2), "old_district_code": _code(3), "valid_from": _date, "valid_to": _date},
        frozenset({"old_province", "old_district", "old_code", "old_commune"}),
    ),
    "aliases": Table({"typed": _name, "name": _name}, {}),
}


def read_lists(paths: Iterable[Path]) -> Lists:
    """The lists in these files, told apart by their columns; of a folder its CSV files. Raises `ListError`."""
    found, problems = Lists(), list[str]()
    for path in _files(paths):
        try:
            kind, lines = _read(path)
        except ListError as error:
            problems += error.problems
            continue
        if getattr(found, kind):
            problems.append(f"{path.name}: đã có một tệp khác cùng các cột này")
        setattr(found, kind, lines)
    if problems:
        raise ListError(problems)
    return found


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not files:
            raise ListError([f"{path}: thư mục không có tệp .csv nào"])
        yield from files


def _read(path: Path) -> tuple[str, list[Line]]:
    rows = csv.reader(io.StringIO(text := _text(path), newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [clean(name).lower() for name in next(rows, [])]
        kind = _kind(path, header)
        lines = list(_lines(path, header, rows, TABLES[kind]))
    except csv.Error as error:
        raise ListError([f"{path.name}:{rows.line_num}: không đọc được dòng này ({error})"]) from None
    if not lines:
        raise ListError([f"{path.name}: không có dòng nào"])
    problems = [f"{line.where}: {wrong}" for line in lines for wrong in _wrong(line.row, TABLES[kind])]
    if problems:
        raise ListError(problems)
    return kind, lines


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ListError([f"{path}: không mở được ({error.strerror})"]) from None
    if len(data) > LARGEST:
        raise ListError([f"{path.name}: lớn hơn {LARGEST // 1_000_000} MB, không phải danh sách đơn vị hành chính"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ListError([f"{path.name}:{line}: không phải UTF-8; hãy lưu lại dưới dạng “CSV UTF-8”"]) from None


def _delimiter(text: str) -> str:
    """A semicolon is what Excel writes on a Vietnamese machine."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _kind(path: Path, header: list[str]) -> str:
    """The table whose columns these are. Raises `ListError` that names the missing ones."""
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise ListError([f"{path.name}:1: cột bị lặp: {', '.join(doubled)}"])
    kind = max(TABLES, key=lambda one: len(set(header) & set(TABLES[one].columns)))
    missing = [name for name in TABLES[kind].needed if name not in header]
    if missing:
        raise ListError([f"{path.name}:1: thiếu cột {', '.join(missing)}"])
    return kind


def _lines(path: Path, header: list[str], rows: "Reader", table: Table) -> Iterator[Line]:
    for values in rows:
        where = f"{path.name}:{rows.line_num}"
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            raise ListError([f"{where}: có {len(values)} cột, dòng đầu có {len(header)}"])
        given = dict(zip(header, map(clean, values), strict=True))
        yield Line(where, {name: given.get(name, "") for name in table.columns})


def _wrong(row: Row, table: Table) -> Iterator[str]:
    for name, check in (table.needed | table.other).items():
        value = row[name]
        if not value:
            if name in table.needed and name not in table.gaps:
                yield f"cột {name} bị trống"
        elif reason := check(value):
            yield f"cột {name}: “{value[:40]}” {reason}"
