"""Reads the tables of units into communes and an index of everything they are and were called."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from content.units.index import Index, Kind, Record
from content.units.model import Commune, Province
from content.units.reading import composed
from content.vietnamese import fold, nfc, syllables, words

DATA = Path(__file__).with_name("data")
Row = dict[str, str]
PRIORS = {"whole": 1.0, "split-main": 1.5, "split": 2.5}
SHORT_FORM = 3.0  # for leaving off a part of the name
KINDS: dict[str, Kind] = {"Xã": "xa", "Phường": "phuong", "Thị trấn": "thi tran", "Đặc khu": "dac khu"}
AREA_TYPES = ("Thành phố", "Thị xã", "Quận", "Huyện", "Tỉnh")
ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7"}
TAILS = frozenset("abc")
PHUONG = words("phường")[0].marked


@dataclass(slots=True)
class Tables:
    """Everything the gazetteer knows."""

    provinces: dict[str, Province] = field(default_factory=dict)
    communes: list[Commune] = field(default_factory=list)
    position: dict[str, int] = field(default_factory=dict)  # commune code -> place in `communes`
    gone: dict[str, Commune] = field(default_factory=dict)  # communes that are no more, by their code
    index: Index = field(default_factory=Index)
    vocabulary: set[str] = field(default_factory=set)  # every folded word of a name
    area_provinces: dict[int, str] = field(default_factory=dict)  # area -> code, for today's provinces
    province_marks: dict[int, str] = field(default_factory=dict)  # the same provinces, as they are written
    around: list[frozenset[int]] = field(default_factory=list)  # areas that may be said with each commune
    area_communes: dict[int, list[int]] = field(default_factory=dict)  # former district -> communes made of it


def load(folder: Path = DATA) -> Tables:
    """The tables in `folder`. `OSError`, `KeyError` or `ValueError` when they are missing or broken."""
    former = [row for row in _rows(folder / "former_communes.csv") if row["old_code"]]
    tables, areas = Tables(), _Areas()
    gone = {}
    for row in _rows(folder / "provinces.csv"):
        if row.get("valid_to"):
            gone[row["code"]] = Province(row["code"], row["type"], row["name"])
            continue
        tables.provinces[row["code"]] = Province(row["code"], row["type"], row["name"])
        tables.area_provinces[areas.number(row["name"], "")] = row["code"]
        tables.province_marks[areas.number(row["name"], "")] = "".join(word.marked for word in words(row["name"]))
        areas.province(tables.index, f"{row['type']} {row['name']}")
    by_commune: dict[str, list[Row]] = defaultdict(list)
    for row in former:
        by_commune[row["new_code"]].append(row)
        areas.province(tables.index, row["old_province"])
    for row in _rows(folder / "communes.csv"):
        if row.get("valid_to"):
            tables.gone[row["code"]] = _gone(row, tables.provinces | gone, former)
        else:
            _add_commune(tables, areas, row, by_commune[row["code"]])
    for row in former:
        if row["new_code"] in tables.position:
            _add_former(tables, areas, row)
    aliases = folder / "aliases.csv"
    areas.index(tables, list(_rows(aliases if aliases.exists() else DATA / "aliases.csv")))
    tables.index.finish()
    return tables


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class _Areas:
    """Numbers for provinces and former districts. A province keeps its number through the mergers."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._sets: dict[frozenset[int], frozenset[int]] = {}

    def number(self, name: str, province: str) -> int:
        """The number of a province (`province` is "") or of a district of `province`."""
        return self._numbers.setdefault((_bare(name), _bare(province)), len(self._numbers))

    def province(self, index: Index, full_name: str) -> None:
        """Note whether a province is, or was, called a city."""
        number = self.number(full_name, "")
        city = full_name.startswith("Thành phố") or index.levels.get(number) == "dp"
        index.levels[number] = "dp" if city else "p"

    def of(self, row: Row, province: Province) -> frozenset[int]:
        """What may be said with a former commune: district, old province, new province."""
        numbers = {self.number(row["old_province"], ""), self.number(province.name, "")}
        if row["old_district"]:
            numbers.add(self.number(row["old_district"], row["old_province"]))
        return self.shared(numbers)

    def shared(self, numbers: set[int]) -> frozenset[int]:
        """One set object for all records with the same areas."""
        found = frozenset(numbers)
        return self._sets.setdefault(found, found)

    def index(self, tables: Tables, aliases: list[Row]) -> None:
        """Make every area findable by its name, its name with "quan" when it is a number, and its aliases."""
        other: dict[str, list[str]] = defaultdict(list)
        for row in aliases:
            other[row["name"]].append(row["typed"])
        for (name, _), number in self._numbers.items():
            for typed in (name, *other[name]):
                parts = syllables(typed)
                tables.vocabulary.update(parts)
                key = "".join(parts)
                tables.index.area(f"quan{key}" if key.isdigit() else key, number)


def _bare(name: str) -> str:
    """`name` without its type word."""
    for word in (*AREA_TYPES, *KINDS):
        if name.lower().startswith(f"{word.lower()} "):
            return name[len(word) + 1 :]
    return name


def _add_commune(tables: Tables, areas: _Areas, row: Row, parts: list[Row]) -> None:
    province = tables.provinces[row["province_code"]]
    name = row["name"]
    same_first = sorted(parts, key=lambda part: (_bare(part["old_commune"]) != name, part["relation"] == "split"))
    former = tuple(dict.fromkeys(_label(part) for part in same_first))
    target = len(tables.communes)
    tables.position[row["code"]] = target
    tables.communes.append(Commune(row["code"], row["type"], name, province, *_place(row), former))
    around = {areas.number(province.name, "")}
    for part in parts:
        around |= areas.of(part, province)
        if part["old_district"]:
            district = areas.number(part["old_district"], part["old_province"])
            tables.area_communes.setdefault(district, []).append(target)
    tables.around.append(areas.shared(around))
    kinds = {row["type"], row["former_type"]} - {""}
    for kind in kinds:
        prior = 0.0 if kind == row["type"] else 0.5
        _add_name(tables, name, Record(target, KINDS[kind], prior, tables.around[target], "", row["code"]))


def _place(row: Row) -> tuple[float, float, float]:
    """Latitude, longitude (not a number where the list does not say) and area."""
    return float(row["lat"] or "nan"), float(row["lon"] or "nan"), float(row["area_km2"] or 0)


def _gone(row: Row, provinces: dict[str, Province], former: list[Row]) -> Commune:
    """A commune that is no more. Its code stands in what people follow and wrote."""
    code, own = row["code"], f"{row['type']} {row['name']}"
    after = (one["new_code"] for one in former if one["old_code"] == code and one["old_commune"] == own)
    named = Commune(code, row["type"], row["name"], provinces[row["province_code"]], *_place(row), ())
    return replace(named, until=row["valid_to"], successors=tuple(dict.fromkeys(after)))


def _add_former(tables: Tables, areas: _Areas, row: Row) -> None:
    target = tables.position[row["new_code"]]
    whole = row["old_commune"]
    kind = next(kind for word, kind in KINDS.items() if whole.lower().startswith(word.lower()))
    around = areas.of(row, tables.communes[target].province)
    unit = f"<{row['old_code']} {row.get('valid_to', '')}"
    _add_name(tables, _bare(whole), Record(target, kind, PRIORS[row["relation"]], around, _label(row), unit))


def _label(row: Row) -> str:
    """A former unit in full: "xã Thanh Nưa, huyện Điện Biên, tỉnh Điện Biên", with its last day where that is known."""
    parts = (row["old_commune"], row["old_district"], row["old_province"])
    name = ", ".join(part[: -len(_bare(part))].lower() + _bare(part) for part in parts if part)
    until = row.get("valid_to")
    return f"{name} (đến {date.fromisoformat(until):%d/%m/%Y})" if until else name


def _add_name(tables: Tables, name: str, record: Record) -> None:
    name = nfc(name)
    read = words(name)
    folded, marked = tuple(word.folded for word in read), tuple(word.marked for word in read)
    written = tuple(composed(word, name) for word in read)
    tables.vocabulary.update(folded)
    put = tables.index.name
    if len(folded) == 1 and (folded[0].isdigit() or folded[0] in ROMAN):
        # "Phường 7": the number alone is nobody's name.
        for number in {folded[0], ROMAN.get(folded[0], folded[0])}:
            put(("phuong", number), (PHUONG, number), f"phường{number}").append(record)
        return
    put(folded, marked, "".join(written)).append(record)
    if folded[-1] in ROMAN and len(folded) > 2 and folded[-1] not in TAILS:
        tail = ROMAN[folded[-1]]
        put((*folded[:-1], tail), (*marked[:-1], tail), "".join(written[:-1]) + tail).append(record)
    short = replace(record, prior=record.prior + SHORT_FORM)
    for part in (slice(*ends) for ends in _short_forms(name, folded)):
        put(folded[part], marked[part], "".join(written[part]), short=True).append(short)


def _short_forms(name: str, folded: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The parts of a long name that people leave the rest off."""
    if len(folded) > 2 and (folded[-1].isdigit() or folded[-1] in TAILS or folded[-1] in ROMAN):
        yield 0, len(folded) - 1
    if folded[0].isdigit():
        yield 1, len(folded)
    if folded[:2] == ("nong", "truong"):
        yield 2, len(folded)
    if " - " in name:
        yield 0, len(fold(name.split(" - ")[0]).split())
