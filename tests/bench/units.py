"""Place names over the whole country: how many are found, how fast, in how much memory; a naive peer beside it."""

import csv
import gc
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from content.units import Found, Gazetteer
from content.units.loader import DATA
from content.vietnamese import fold

PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
LETTERS = "abcdefghiklmnopqrstuvxy"
PEER_SAMPLE = 200


@dataclass(frozen=True)
class Place:
    """A present or former commune: its type, name, what may be said with it, and the communes it is today."""

    kind: str
    name: str
    districts: tuple[str, ...]
    provinces: tuple[str, ...]
    codes: frozenset[str]


@dataclass(frozen=True)
class Query:
    """What somebody types, how, and which communes are meant."""

    label: str
    text: str
    codes: frozenset[str]
    unique: bool = False  # one commune in the whole country has or had this name, marks and all


def places(gazetteer: Gazetteer) -> list[Place]:
    """All communes of today and all of before July 2025."""
    former: dict[str, list[dict[str, str]]] = {}
    parts: dict[str, list[dict[str, str]]] = {}
    with (DATA / "former_communes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            parts.setdefault(row["new_code"], []).append(row)
            if row["old_code"]:
                former.setdefault(row["old_code"], []).append(row)
    found = []
    for one in gazetteer.communes():
        districts = tuple(sorted({row["old_district"] for row in parts[one.code]}))
        province = (f"{one.province.type} {one.province.name}",)
        found.append(Place(one.type, one.name, districts, province, frozenset({one.code})))
    for rows in former.values():
        kind, name = _split(rows[0]["old_commune"])
        codes = frozenset(row["new_code"] for row in rows)
        new = {gazetteer.commune(code) for code in codes}
        provinces = {rows[0]["old_province"], *(f"{one.province.type} {one.province.name}" for one in new if one)}
        found.append(Place(kind, name, (rows[0]["old_district"],), tuple(sorted(provinces)), codes))
    return found


def _split(whole: str) -> tuple[str, str]:
    size = 2 if whole.lower().startswith("thị trấn") else 1
    parts = whole.split()
    return " ".join(parts[:size]), " ".join(parts[size:])


def misspell(name: str, dice: random.Random) -> str:
    """`name` with one typing error in a letter: left out, doubled by another, replaced, or swapped with the next."""
    at = dice.choice([i for i, c in enumerate(name) if c.isalpha()] or [0])
    other = dice.choice(LETTERS)
    swapped = name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]
    ways = [name[:at] + name[at + 1 :], name[:at] + other + name[at:], name[:at] + other + name[at + 1 :], swapped]
    return dice.choice([way for way in ways if way != name])


def queries(every: list[Place], dice: random.Random) -> list[Query]:
    """Four ways of writing and four contexts for each place; half of them with the type word."""
    bearers = Counter(name for name, _ in {(p.name, code) for p in every for code in p.codes})
    made = []
    for place in every:
        number = _is_number(place.name)
        district, province = dice.choice(place.districts), dice.choice(place.provinces)
        around = {
            "alone": [],
            "district": [district],
            "province": [province],
            "both": [district, province],
        }
        for context, parts in around.items():
            for style in ("marks", "plain", "error", "plain error"):
                name = misspell(place.name, dice) if "error" in style and not number else place.name
                head = f"{place.kind} {name}" if number or dice.random() < 0.5 else name
                text = dice.choice((", ", " ")).join([head, *(_maybe_bare(part, dice) for part in parts)])
                unique = context == "alone" and style == "marks" and bearers[place.name] == 1
                shown = fold(text) if "plain" in style else text
                made.append(Query(f"{style}, {context}", shown, place.codes, unique))
    return made


def _is_number(name: str) -> bool:
    return name.isdigit() or name in {"I", "II", "III", "IV", "V", "VI", "VII"}


def _bare(area: str) -> str:
    for word in ("Thành phố ", "Thị xã ", "Quận ", "Huyện ", "Tỉnh "):
        if area.startswith(word):
            return area[len(word) :]
    return area


def _maybe_bare(area: str, dice: random.Random) -> str:
    bare = _bare(area)
    if bare == area:
        return area
    return bare if dice.random() < 0.5 and not bare.isdigit() else area


def reachable(every: list[Place]) -> float:
    """The share that somebody would reach who reads every word rightly, and may ask about five communes.

    Forty communes are or were called "Tân Tiến": whoever types the name alone cannot be understood at once.
    """
    alike: dict[str, list[tuple[frozenset[str], float]]] = defaultdict(list)
    for place in every:
        for text, chance in _meant(place):
            alike[text].append((place.codes, chance))
            alike[fold(text) + "|plain"].append((place.codes, chance))
    return sum(_best_five(group) for group in alike.values()) / (8 * len(every))


def _meant(place: Place) -> Iterator[tuple[str, float]]:
    """What is typed for a place in each context, and how often."""
    kinds = (place.kind,) if _is_number(place.name) else (place.kind, "")
    for districts in ((), place.districts):
        for provinces in ((), place.provinces):
            around = list(product(kinds, districts or ("",), provinces or ("",)))
            for kind, district, province in around:
                yield f"{kind}|{place.name}|{_bare(district)}|{_bare(province)}", 1 / len(around)


def _best_five(group: list[tuple[frozenset[str], float]]) -> float:
    reached = 0.0
    for _ in range(5):
        chances: dict[str, float] = defaultdict(float)
        for codes, chance in group:
            for code in codes:
                chances[code] += chance
        best = max(chances, key=lambda code: chances[code], default="")
        reached += chances[best]
        group = [one for one in group if best not in one[0]]
    return reached


def verdict(found: Found, query: Query) -> str:
    """right, ask province (more fit than are shown), wrong unasked, or missed."""
    codes = [one.code for one in found.candidates]
    if not found.ask and codes:
        return "right" if codes[0] in query.codes and len(query.codes) == 1 else "wrong unasked"
    if query.codes & set(codes):
        return "right"
    return "ask province" if found.fits > len(codes) or (found.ask and not codes) else "missed"


def rss_mib() -> float:
    """Resident memory of this process in MiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_MIB


def measure(gazetteer: Gazetteer, asked: list[Query]) -> tuple[list[float], Counter[str], list[tuple[Query, Found]]]:
    """Seconds for each query, how the verdicts are spread, and what went wrong."""
    seconds, verdicts, bad = [], Counter[str](), []
    for query in asked:
        start = time.perf_counter()
        found = gazetteer.find(query.text)
        seconds.append(time.perf_counter() - start)
        end = verdict(found, query)
        verdicts[end] += 1
        verdicts[f"{query.label}: {end}"] += 1
        if query.unique:
            verdicts["unique"] += 1
            verdicts["unique unasked"] += not found.ask
        if end in ("missed", "wrong unasked"):
            bad.append((query, found))
    return seconds, verdicts, bad


def naive(gazetteer: Gazetteer) -> Callable[[str], str]:
    """The peer: rapidfuzz WRatio over every full name of today and before."""
    names: dict[str, str] = {}
    for one in gazetteer.communes():
        names[fold(one.full_name)] = one.code
        names.update((fold(label), one.code) for label in one.former)
    keys = list(names)
    return lambda text: names[process.extractOne(fold(text), keys, scorer=fuzz.WRatio)[0]]


def run(size: int | None = None) -> dict[str, Any]:
    """Measure `size` queries (default: all 16 for each of 13,352 places)."""
    before = rss_mib()
    start = time.perf_counter()
    gazetteer = Gazetteer.load()
    load_s, memory = time.perf_counter() - start, rss_mib() - before
    asked = queries(places(gazetteer), random.Random(34))
    best = reachable(places(gazetteer))
    if size is not None and size < len(asked):
        asked = random.Random(35).sample(asked, size)
    start = time.perf_counter()
    seconds, verdicts, _ = measure(gazetteer, asked)
    total = time.perf_counter() - start
    return {
        "bench": "units",
        "size": len(asked),
        "seconds": round(total, 2),
        "per_s": round(len(asked) / total),
        **_spread(seconds),
        "rss_mib": round(memory, 1),
        "load_s": round(load_s, 2),
        "right": _share(verdicts["right"], len(asked)),
        "five_could_reach": round(best, 4),
        "right_or_province_asked": _share(verdicts["right"] + verdicts["ask province"], len(asked)),
        "missed": _share(verdicts["missed"], len(asked)),
        "wrong_unasked": _share(verdicts["wrong unasked"], len(asked)),
        "unique_unasked": _share(verdicts["unique unasked"], verdicts["unique"]),
        "by_style": _by_style(asked, verdicts),
        **_peer(gazetteer, random.Random(36).sample(asked, min(PEER_SAMPLE, len(asked)))),
    }


def _by_style(asked: list[Query], verdicts: Counter[str]) -> dict[str, list[float]]:
    """For each way of writing and context: right, and right or the province is asked."""
    counts = Counter(query.label for query in asked)
    return {
        label: [
            _share(verdicts[f"{label}: right"], count),
            _share(verdicts[f"{label}: right"] + verdicts[f"{label}: ask province"], count),
        ]
        for label, count in sorted(counts.items())
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _spread(seconds: list[float]) -> dict[str, float]:
    order = sorted(seconds)
    return {
        "p50_ms": round(order[len(order) // 2] * 1000, 3),
        "p99_ms": round(order[int(len(order) * 0.99)] * 1000, 3),
    }


def _peer(gazetteer: Gazetteer, sample: list[Query]) -> dict[str, Any]:
    peer = naive(gazetteer)
    start = time.perf_counter()
    right = sum(peer(query.text) in query.codes for query in sample)
    seconds = time.perf_counter() - start
    return {"peers": {"rapidfuzz WRatio": round(len(sample) / seconds)}, "peer_right": _share(right, len(sample))}
