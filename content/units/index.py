"""Names of places and how to find them, also with one typing error."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from rapidfuzz.distance import OSA

Kind = Literal["xa", "phuong", "thi tran", "dac khu", ""]
SHORTEST_WITH_ERROR = 3  # letters; shorter keys are too close to everything


@dataclass(slots=True)
class Record:
    """One way in which a name leads to a commune."""

    target: int  # position in the list of communes
    kind: Kind
    prior: float  # penalty for being former, and for being a smaller part of a split
    areas: frozenset[int]  # districts and provinces, old and new, that may be said with it
    label: str  # the former unit in full; "" for a present commune
    unit: str  # code of the unit that bears the name: the commune's own, or the former one's with "<" before it


@dataclass(slots=True)
class Name:
    """One name as it is written with marks, and everything that bears it."""

    folded: tuple[str, ...]
    marked: tuple[str, ...]
    written: str  # composed, in one word: "thanhnưa"
    short: bool = False  # not the whole name: "Hà Giang" for "Hà Giang 2"
    records: list[Record] = field(default_factory=list)


class Index:
    """Keys are folded names without spaces, so that "thanhnua" and "Ea H Leo" are found too.

    One typing error (a letter more, less, other, or two swapped) is found through deletions: both the key and the typed
    word lose one letter each way, and what they have in common is compared properly.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[Name]] = {}
        self.areas: dict[str, list[int]] = {}
        self.levels: dict[int, str] = {}  # area -> the levels that its type words speak of: d, p or dp
        self._keys: list[str] = []
        self._longest = 0
        self._ends: frozenset[str] = frozenset()
        self._deletions: dict[str, tuple[int, ...]] = {}

    def name(
        self, folded: tuple[str, ...], marked: tuple[str, ...], written: str, *, short: bool = False
    ) -> list[Record]:
        """The records of a name, which is made when it is new."""
        bearers = self.names.setdefault("".join(folded), [])
        for one in bearers:
            if one.marked == marked and one.short == short:
                return one.records
        bearers.append(Name(folded, marked, written, short))
        return bearers[-1].records

    def area(self, key: str, number: int) -> None:
        """Let `key` mean the district or province `number` too."""
        known = self.areas.setdefault(key, [])
        if number not in known:
            known.append(number)

    def finish(self) -> None:
        """Build the deletions; call once, after the last name."""
        self._keys = sorted(key for key in self.names.keys() | self.areas.keys() if len(key) >= SHORTEST_WITH_ERROR)
        for number, key in enumerate(self._keys):
            for short in {key, *_deletions(key)}:
                self._deletions[short] = (*self._deletions.get(short, ()), number)
        self._longest = max(map(len, self._keys), default=0) + 1
        sizes = ((key, size) for key in self._keys for size in range(len(key) - 1, len(key) + 2))
        self._ends = frozenset(end for key, size in sizes for end in _ends(key, size))

    def near(self, typed: str) -> set[str]:
        """The keys exactly one typing error away from `typed`."""
        size = len(typed)
        if not SHORTEST_WITH_ERROR <= size <= self._longest or self._ends.isdisjoint(_ends(typed, size)):
            return set()
        numbers = set(self._deletions.get(typed, ()))
        for short in _deletions(typed):
            numbers.update(self._deletions.get(short, ()))
        keys = (self._keys[number] for number in numbers)
        return {key for key in keys if key != typed and _one_error(key, typed)}


def _ends(word: str, size: int) -> tuple[str, str]:
    """The beginning and the end of a word as it was typed, with `size` letters: one error, be it two letters swapped,
    leaves one of them whole."""
    whole = max(0, (size - 2) // 2)
    return "<" + word[:whole], ">" + word[len(word) - whole :]


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def strange(typed: str, key: str) -> bool:
    """Whether the one error between them is a letter that has no business there."""
    if len(typed) < len(key) or sorted(typed) == sorted(key):
        return False
    doubled = any(a == b and typed[:i] + typed[i + 1 :] == key for i, (a, b) in enumerate(pairwise(typed)))
    return not doubled


def _one_error(key: str, typed: str) -> bool:
    # A wrong digit is another ward, not a typing error.
    if not key.isalpha() and [c for c in key if c.isdigit()] != [c for c in typed if c.isdigit()]:
        return False
    return OSA.distance(key, typed, score_cutoff=1) == 1
