"""Which of many readings are shown: those that leave the fewest people without their commune."""

from collections import defaultdict
from collections.abc import Iterable

from content.units.matching import MARGIN, Reading

MOST = 5  # communes that are asked about
HALF_AS_LIKELY = 2.0  # so much worse a reading must be


class Choice:
    """The best reading for each commune, and which units, of today and of before, people may mean by it.

    Forty communes were called "Tân Tiến". Of those that fit equally well, one made of two of them is likelier than one
    made of one, and the second part of a split commune reaches nobody whom the first does not reach.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        self.best: dict[int, Reading] = {}
        self._units: dict[int, dict[str, float]] = defaultdict(dict)
        for one in readings:
            target, unit = one.record.target, one.record.unit
            known = self.best.get(target)
            if known is None or one.penalty < known.penalty:
                self.best[target] = one
            units = self._units[target]
            units[unit] = min(one.penalty, units.get(unit, one.penalty))

    @property
    def top(self) -> float:
        """The least penalty of all."""
        return min(one.penalty for one in self.best.values())

    def parts_of_one(self, fit: list[Reading]) -> bool:
        """Whether all of `fit` are what one former unit was divided into."""
        units = {one.record.unit for one in fit}
        return len(fit) > 1 and len(units) == 1 and bool(fit[0].record.label)

    def shown(self, fit: list[Reading]) -> list[Reading]:
        """At most five of `fit`, in its order."""
        if len(fit) <= MOST:
            return fit
        left = {one.record.target: self._likely(one.record.target, fit[0].penalty) for one in fit}
        chosen: set[int] = set()
        while len(chosen) < MOST:
            target = max(left, key=lambda one: sum(left[one].values()))
            chosen.add(target)
            for unit in left.pop(target):
                for others in left.values():
                    others.pop(unit, None)
        return [one for one in fit if one.record.target in chosen]

    def _likely(self, target: int, top: float) -> dict[str, float]:
        """How likely each unit of a commune is meant, the best reading being 1."""
        units = self._units[target].items()
        return {unit: 0.5 ** ((worse - top) / HALF_AS_LIKELY) for unit, worse in units if worse < top + MARGIN}


def best_first(readings: Iterable[Reading]) -> list[Reading]:
    """The readings about as good as the best of them, in order."""
    order = sorted(readings, key=lambda one: (one.penalty, one.record.target))
    return [one for one in order if one.penalty < order[0].penalty + MARGIN]
