"""Merges an official list into the one in use. What a name was stays known, with the days on which it was valid."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

from content.units.lists import Line, ListError, Lists, Row
from content.vietnamese import words

MOST_VANISHED = 20  # without a successor; more than that is a list that was cut off
KEPT = ("lat", "lon", "area_km2", "effective_from", "former_type")  # from our list, where the new one is silent


@dataclass(frozen=True, slots=True)
class Change:
    """One unit before and after; "" where there was none."""

    code: str
    before: str
    after: str


@dataclass(slots=True)
class Report:
    """What a list changes."""

    new: list[Change] = field(default_factory=list)
    renamed: list[Change] = field(default_factory=list)
    retyped: list[Change] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)
    merged: list[Change] = field(default_factory=list)
    vanished: list[Change] = field(default_factory=list)
    provinces: list[Change] = field(default_factory=list)
    former: int = 0  # former communes that lead elsewhere now
    untouched: list[str] = field(default_factory=list)  # provinces of which the list holds no commune
    without_place: list[str] = field(default_factory=list)  # new communes that no pin finds

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        lists = (self.new, self.renamed, self.retyped, self.moved, self.merged, self.vanished, self.provinces)
        return bool(any(lists) or self.former)

    def to_json(self) -> dict[str, object]:
        """Plain data for programs."""
        return asdict(self) | {"changed": self.changed}


class Merge:
    """Our list and a newer one; `done` is what to keep, `report` what is different."""

    def __init__(self, ours: Lists, newer: Lists, today: date, *, allow_vanished: bool = False) -> None:
        self.report = Report()
        self._today = today.isoformat()
        self._newer = newer
        self._provinces = {line.row["code"]: dict(line.row) for line in ours.provinces}
        self._communes = {line.row["code"]: dict(line.row) for line in ours.communes}
        self._former = [dict(line.row) for line in ours.former_communes]
        self._aliases = newer.aliases or ours.aliases
        self._lines = _by_code(line for line in newer.communes if not line.row["valid_to"])
        _by_code(newer.provinces)
        self._merge_provinces()
        self._check_provinces()
        self._gone = self._vanished()
        self._successors = self._read_successors()
        self._merge_communes()
        self._replace_former()
        self._retire(allow_vanished)

    @property
    def done(self) -> Lists:
        """The merged tables, in the order in which they are written."""
        return Lists(
            [Line("", self._provinces[code]) for code in sorted(self._provinces)],
            [Line("", self._communes[code]) for code in sorted(self._communes)],
            [Line("", row) for row in self._former],
            self._aliases,
        )

    def _in_force(self, code: str) -> bool:
        return code in self._communes and not self._communes[code]["valid_to"]

    def _title(self, row: Row) -> str:
        province = self._provinces[row["province_code"]]
        return f"{row['type'].lower()} {row['name']}, {province['type'].lower()} {province['name']}"

    def _merge_provinces(self) -> None:
        for line in self._newer.provinces:
            row, known = dict(line.row), self._provinces.get(line.row["code"])
            before = f"{known['type']} {known['name']}" if known else ""
            if known and _same(known["name"], row["name"]) and known["type"] == row["type"]:
                continue
            self.report.provinces.append(Change(row["code"], before, f"{row['type']} {row['name']}"))
            if known and known["type"] != row["type"]:
                row["former_type"] = known["type"]
            if known and not _same(known["name"], row["name"]):
                self._aliases = [*self._aliases, Line("", {"typed": known["name"], "name": row["name"]})]
            self._provinces[row["code"]] = row | {"effective_from": row["effective_from"] or self._today}
        self._retire_provinces()

    def _retire_provinces(self) -> None:
        given = {line.row["code"] for line in self._newer.provinces}
        for code, row in self._provinces.items():
            if given and code not in given and not row["valid_to"]:
                row["valid_to"] = _day_before(self._today)
                self.report.provinces.append(Change(code, f"{row['type']} {row['name']}", ""))

    def _check_provinces(self) -> None:
        present = {code for code, row in self._provinces.items() if not row["valid_to"]}
        unknown = [
            f"{line.where}: không có tỉnh, thành phố nào mã {line.row['province_code']}"
            for line in self._lines.values()
            if line.row["province_code"] not in present
        ]
        if unknown:
            raise ListError(unknown)

    def _vanished(self) -> list[str]:
        """Communes in force that the list does not name, though it names others of their province."""
        named = {line.row["province_code"] for line in self._lines.values()}
        gone = {code for code, row in self._provinces.items() if row["valid_to"]}
        self.report.untouched = [
            row["name"] for code, row in self._provinces.items() if named and code not in named | gone
        ]
        return [
            code
            for code, row in self._communes.items()
            if code not in self._lines and not row["valid_to"] and row["province_code"] in named | gone
        ]

    def _read_successors(self) -> dict[str, list[Row]]:
        """What became of each vanished commune, by the list of former ones: rows without a district."""
        found: dict[str, list[Row]] = defaultdict(list)
        problems = []
        present = self._lines.keys() | {code for code in self._communes if self._in_force(code)} - set(self._gone)
        for line in self._newer.former_communes:
            if line.row["new_code"] not in present:
                problems.append(f"{line.where}: không có xã, phường nào mã {line.row['new_code']}")
            if not line.row["old_district"] and line.row["old_code"] in self._gone:
                found[line.row["old_code"]].append(line.row)
        if problems:
            raise ListError(problems)
        return found

    def _merge_communes(self) -> None:
        for code, line in self._lines.items():
            row, known = dict(line.row), self._communes.get(code)
            if known is None or known["valid_to"]:
                row["effective_from"] = row["effective_from"] or self._today
                self.report.new.append(Change(code, "", self._title(row)))
                if not row["lat"]:
                    self.report.without_place.append(code)
                self._communes[code] = row
                continue
            self._communes[code] = self._renewed(known, row)

    def _renewed(self, known: Row, row: Row) -> Row:
        """A commune that goes on, with the name, type and province of the list."""
        change = Change(known["code"], self._title(known), self._title(row))
        differs = {
            "renamed": not _same(known["name"], row["name"]),
            "retyped": known["type"] != row["type"],
            "moved": known["province_code"] != row["province_code"],
        }
        for kind, different in differs.items():
            if different:
                getattr(self.report, kind).append(change)
        merged = {**row, **{name: row[name] or known[name] for name in KEPT}}
        if not any(differs.values()):
            return merged | {"name": known["name"], "effective_from": known["effective_from"]}
        since = row["effective_from"] if row["effective_from"] > known["effective_from"] else self._today
        merged["effective_from"] = since
        if differs["retyped"]:
            merged["former_type"] = known["type"]
        if differs["renamed"] or differs["moved"]:
            self._former.append(self._as_former(known, known["code"], "whole", since))
        return merged

    def _as_former(self, known: Row, new_code: str, relation: str, since: str) -> Row:
        """A unit of the two tiers as it was until the day before `since`."""
        province = self._provinces[known["province_code"]]
        return {
            "old_province_code": province["code"],
            "old_province": f"{province['type']} {province['name']}",
            "old_district_code": "",
            "old_district": "",
            "old_code": known["code"],
            "old_commune": f"{known['type']} {known['name']}",
            "new_code": new_code,
            "relation": relation,
            "valid_from": known["effective_from"],
            "valid_to": _day_before(since),
        }

    def _replace_former(self) -> None:
        """What the list says of a former unit stands for what we knew of it."""
        newer: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for line in self._newer.former_communes:
            if line.row["old_code"] not in self._successors or line.row["old_district"]:
                newer[_unit(line.row)].append(line.row)
        ours: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self._former:
            ours[_unit(row)].append(row)
        different = {unit for unit, rows in newer.items() if _edges(rows) != _edges(ours.get(unit, ()))}
        self.report.former = len(different)
        kept = [row for row in self._former if _unit(row) not in different]
        self._former = [*kept, *(dict(row) for unit in sorted(different) for row in newer[unit])]

    def _retire(self, allow_vanished: bool) -> None:
        """Vanished communes stay known; what led to them leads to their successors."""
        lost = [code for code in self._gone if code not in self._successors]
        if len(lost) > MOST_VANISHED and not allow_vanished:
            names = ", ".join(self._communes[code]["name"] for code in lost[:3])
            raise ListError(
                [f"Danh sách thiếu {len(lost)} xã, phường đang có ({names}…) mà không nói nhập vào đâu: tệp bị cắt?"]
            )
        for code in self._gone:
            known, rows = self._communes[code], self._successors.get(code, [])
            since = next((_day_after(row["valid_to"]) for row in rows if row["valid_to"]), self._today)
            after = "; ".join(self._title(self._communes[row["new_code"]]) for row in rows)
            change = Change(code, self._title(known), after)
            (self.report.merged if rows else self.report.vanished).append(change)
            self._former += [self._as_former(known, row["new_code"], row["relation"], since) for row in rows]
            known["valid_to"] = _day_before(since)
        self._former = [after for row in self._former for after in self._redirected(row)]

    def _redirected(self, row: Row) -> Iterator[Row]:
        rows = self._successors.get(row["new_code"])
        if not rows:
            yield row
            return
        for one in rows:
            relation = row["relation"] if one["relation"] == "whole" else one["relation"]
            yield row | {"new_code": one["new_code"], "relation": relation}


def _by_code(lines: Iterable[Line]) -> dict[str, Line]:
    found: dict[str, Line] = {}
    problems = []
    for line in lines:
        code = line.row["code"]
        if code in found:
            problems.append(f"{line.where}: mã {code} đã có ở {found[code].where}")
        found[code] = line
    if problems:
        raise ListError(problems)
    return found


def _same(name: str, other: str) -> bool:
    """The same name, wherever its tone stands: "Uý" and "Úy"."""
    return [word.marked for word in words(name)] == [word.marked for word in words(other)]


def _unit(row: Row) -> tuple[str, str, str]:
    """A code alone may have meant several units, one after another."""
    return row["old_code"], row["old_district"], "" if row["old_district"] else row["old_commune"]


def _edges(rows: Iterable[Row]) -> Counter[tuple[str, str, str]]:
    return Counter((row["old_commune"], row["new_code"], row["relation"]) for row in rows)


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
