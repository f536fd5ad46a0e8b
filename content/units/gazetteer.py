"""The gazetteer: what commune a text means, what a code stands for, what lies near a point."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Literal

from content.units import nearby
from content.units.choosing import Choice, best_first
from content.units.index import Record
from content.units.loader import DATA, Tables, load
from content.units.matching import DISTRICT_ALONE, LEFT_OVER, MARGIN, AreaHit, Reading, Text
from content.units.model import Candidate, Commune, Found, Nearby, Province
from content.units.reading import read

SURE = 15.0  # the greatest penalty at which nothing is asked
LEAST = 0.7  # the score of a commune that a sentence mentions
SHORT = 6  # letters; a shorter province is not recognised when it is misspelt


class Gazetteer:
    """All communes of today with the names they had. Made by `load`; safe to share between threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._provinces = frozenset(tables.area_provinces)
        self._near = nearby.Points(tables.communes)

    @classmethod
    def load(cls, folder: Path = DATA) -> "Gazetteer":
        """The gazetteer of the tables in `folder`. `OSError`, `KeyError` or `ValueError` when they are broken."""
        return cls(load(folder))

    def commune(self, code: str) -> Commune | None:
        """The commune with this five-digit code; one that is no more has `until`."""
        at = self._tables.position.get(code)
        return self._tables.gone.get(code) if at is None else self._tables.communes[at]

    def today(self, code: str) -> tuple[Commune, ...]:
        """The commune with this code, or what has become of it; nothing when that is not known."""
        known = self.commune(code)
        if known is None or not known.until:
            return (known,) if known else ()
        return tuple(one for after in known.successors if (one := self.commune(after)))

    def communes(self, province: str | None = None) -> tuple[Commune, ...]:
        """All communes, or those of the province with this two-digit code."""
        every = self._tables.communes
        return tuple(one for one in every if province is None or one.province.code == province)

    def provinces(self) -> tuple[Province, ...]:
        """Today's provinces and cities, in the order of their codes."""
        return tuple(self._tables.provinces.values())

    def near(self, lat: float, lon: float, limit: int = 3) -> Nearby:
        """The communes around a point in WGS 84 degrees; none outside Viet Nam."""
        return self._near.around(lat, lon, limit)

    def find(self, text: str, province: str | None = None) -> Found:
        """Which communes `text` may mean. `province` (two-digit code) is where to look first; what fits
        clearly better elsewhere is offered with `ask`.

        The text may be a name, an old name, a whole address in any order, with or without marks, with one typing error.
        Nothing fits: no candidates and `ask` false.
        """
        tokens = read(text, self._tables.vocabulary)
        if not tokens:
            return Found()
        typed = Text(tokens, self._tables.index)
        choice = Choice((*typed.readings(self._provinces), *self._districts(typed)))
        every = best_first(choice.best.values())
        alone = self._province_alone(typed, every[0] if every else None)
        if alone:
            same = [one for one in every if one.span.mask & ~alone.mask == 0 and one.span.error <= alone.span.error]
            return self._province_named(alone, [] if alone.level else same, choice)
        if not every:
            return Found()
        here = best_first(one for one in choice.best.values() if self._province(one.record.target) == province)
        if here and here[0].penalty < every[0].penalty + MARGIN:
            return self._found(typed, here, choice)
        return self._found(typed, every, choice, elsewhere=province is not None)

    def mentions(self, text: str) -> Literal["place", "mention", "none"]:
        """Whether `text` is a place and nothing else, names one with its type word, or does neither.

        "Thanh Nưa, Điện Biên" is a place; "làm giấy khai sinh ở xã Thanh Nưa thế nào" mentions one.
        """
        found = self.find(text)
        if found.place_only:
            return "place"
        named = found.typed and found.candidates and found.candidates[0].score >= LEAST
        return "mention" if named else "none"

    def _province(self, target: int) -> str:
        return self._tables.communes[target].province.code

    def _found(self, typed: Text, fit: list[Reading], choice: Choice, *, elsewhere: bool = False) -> Found:
        first = fit[0]
        ask = len(fit) > 1 or first.penalty > SURE or elsewhere or first.loose or typed.vague(first)
        return Found(
            tuple(self._candidate(one) for one in choice.shown(fit)),
            ask,
            len(fit),
            tuple(dict.fromkeys(self._province(one.record.target) for one in fit)),
            0.0 if first.loose else typed.coverage(first),
            first.typed,
            divided=first.record.label if choice.parts_of_one(fit) else "",
        )

    def _candidate(self, one: Reading) -> Candidate:
        commune = self._tables.communes[one.record.target]
        named = (one.record.label,) if one.record.label else ()
        former = tuple(dict.fromkeys((*named, *commune.former)))
        return Candidate(commune, max(0.0, 1 - one.penalty / 100), former)

    def _districts(self, typed: Text) -> Iterator[Reading]:
        """A former district alone stands for the communes it became, unless a commune's name fits better."""
        hits = [hit for hit in typed.areas if not hit.span.error]
        if typed.left_over(reduce(or_, (hit.mask for hit in hits), 0)):
            return
        for hit in hits:
            if hit.level == "c" or not self._provinces.isdisjoint(hit.numbers):
                continue
            penalty = 0.0 if hit.level == "d" else DISTRICT_ALONE
            for target in {target for area in hit.numbers for target in self._tables.area_communes.get(area, ())}:
                if all(not self._tables.around[target].isdisjoint(other.numbers) for other in hits):
                    commune = self._tables.communes[target]
                    record = Record(target, "", 0.0, self._tables.around[target], "", commune.code)
                    yield Reading(penalty, record, hit.span, hit.mask, hit.level == "d")

    def _province_alone(self, typed: Text, best: Reading | None) -> AreaHit | None:
        """The province that the text names, when it names nothing else.

        In "Xóm Chiếu, Hồ Chí Minh" there is more, although "xóm" may begin a hamlet, and "Thạnh Hóa" is no Thanh Hóa.
        """
        for hit in typed.areas:
            if self._provinces.isdisjoint(hit.numbers) or typed.left_over(hit.mask):
                continue
            unsure = hit.level == "c" or (hit.span.error and len(hit.span.key) < SHORT)
            if not unsure and (best is None or not self._more(typed, hit, best)):
                return hit
        return None

    def _more(self, typed: Text, hit: AreaHit, best: Reading) -> bool:
        """Whether a commune fits better than the province: it explains more, or has just the marks that were typed."""
        if best.penalty < SURE and best.mask & ~hit.mask:
            return True
        marked = typed.marked_in(hit.span)
        names = {self._tables.province_marks.get(number) for number in hit.numbers}
        return best.penalty < LEFT_OVER and not best.span.error and bool(marked) and marked not in names

    def _province_named(self, hit: AreaHit, same: list[Reading], choice: Choice) -> Found:
        """A province has too many communes to choose from; those that are called as it is are shown."""
        codes = tuple(self._tables.area_provinces[n] for n in hit.numbers if n in self._provinces)
        shown = tuple(self._candidate(one) for one in choice.shown(same))
        return Found(shown, True, len(same), codes, 1.0, province=codes[0])
