"""The gazetteer: what commune a text means, what a code stands for, what lies near a point."""

from pathlib import Path
from typing import Literal

from content.units import nearby
from content.units.loader import DATA, Tables, load
from content.units.matching import DISTRICT_ALONE, MARGIN, WORST, Reading, Text
from content.units.model import Candidate, Commune, Found, Nearby, Province
from content.units.reading import read

MOST = 5  # candidates that are asked about
SURE = 25.0  # the greatest penalty at which nothing is asked


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
        """The commune with this five-digit code."""
        at = self._tables.position.get(code)
        return None if at is None else self._tables.communes[at]

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
        """Which communes `text` may mean. `province` (two-digit code) is where to look first.

        The text may be a name, an old name, a whole address in any order, with or without marks, with one typing error.
        Nothing fits: no candidates and `ask` false.
        """
        tokens = read(text, self._tables.vocabulary)
        if not tokens:
            return Found()
        typed = Text(tokens, self._tables.index)
        best = self._best(typed, province)
        if not best and province is not None:
            best = self._best(typed, None)
            return self._found(typed, best, province, elsewhere=bool(best))
        return self._found(typed, best, province)

    def mentions(self, text: str) -> Literal["place", "mention", "none"]:
        """Whether `text` is a place and nothing else, names one with its type word, or does neither.

        "Thanh Nưa, Điện Biên" is a place; "làm giấy khai sinh ở xã Thanh Nưa thế nào" mentions one.
        """
        found = self.find(text)
        if found.place_only:
            return "place"
        return "mention" if found.candidates and found.typed else "none"

    def _best(self, typed: Text, province: str | None) -> dict[int, Reading]:
        """The best reading for each commune."""
        best: dict[int, Reading] = {}
        for one in typed.readings(self._provinces):
            target = one.record.target
            if self._elsewhere(target, province):
                continue
            known = best.get(target)
            if known is None or one.penalty < known.penalty:
                best[target] = one
        return best

    def _elsewhere(self, target: int, province: str | None) -> bool:
        return province is not None and self._tables.communes[target].province.code != province

    def _found(
        self, typed: Text, best: dict[int, Reading], province: str | None, *, elsewhere: bool = False
    ) -> Found:
        penalties = {target: one.penalty for target, one in best.items()}
        masks = {target: one.mask for target, one in best.items()}
        self._add_districts(typed, penalties, masks, province)
        if not penalties:
            return self._province_alone(typed)
        order = sorted(penalties, key=lambda target: (penalties[target], target))
        top = penalties[order[0]]
        fit = [target for target in order if penalties[target] < top + MARGIN]
        ask = len(fit) > 1 or top > SURE or elsewhere
        return Found(
            tuple(self._candidate(target, penalties[target], best.get(target)) for target in fit[:MOST]),
            ask,
            len(fit),
            tuple(dict.fromkeys(self._tables.communes[target].province.code for target in fit)),
            typed.coverage(masks[order[0]]),
            order[0] in best and best[order[0]].typed,
        )

    def _candidate(self, target: int, penalty: float, one: Reading | None) -> Candidate:
        commune = self._tables.communes[target]
        named = (one.record.label,) if one and one.record.label else ()
        former = tuple(dict.fromkeys((*named, *commune.former)))
        return Candidate(commune, max(0.0, 1 - penalty / 100), former)

    def _add_districts(
        self, typed: Text, penalties: dict[int, float], masks: dict[int, int], province: str | None
    ) -> None:
        """A former district alone stands for the communes it became, unless a commune's name fits better."""
        for hit in typed.areas:
            left = typed.left_over(hit.mask)
            if hit.span.error or left or hit.level == "c":
                continue
            penalty = 0.0 if hit.level == "d" else DISTRICT_ALONE * 2
            for target in self._communes_of(hit.numbers):
                if not self._elsewhere(target, province) and penalty < penalties.get(target, WORST):
                    penalties[target] = penalty
                    masks[target] = hit.mask

    def _communes_of(self, areas: list[int]) -> list[int]:
        if any(area in self._provinces for area in areas):
            return []  # too many to choose from: the commune's name is asked
        return [target for area in areas for target in self._tables.area_communes.get(area, ())]

    def _province_alone(self, typed: Text) -> Found:
        for hit in typed.areas:
            codes = tuple(self._tables.area_provinces[n] for n in hit.numbers if n in self._provinces)
            left = typed.left_over(hit.mask)
            if codes and not left:
                return Found(ask=True, provinces=codes, coverage=1.0)
        return Found()
