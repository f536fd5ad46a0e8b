"""Abbreviations and teencode, written out: the editable lists of vietnamese_words.toml and the rules that read them."""

import tomllib
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from content.chunks import protected
from content.spelling import Word, fold, nfc, words

DATA = Path(__file__).with_name("vietnamese_words.toml")
_ENDS = frozenset(".,;:!?…\n()")


class Rule(NamedTuple):
    """What an ambiguous word means between certain neighbours; no neighbours on a side: it does not matter there."""

    means: str
    before: frozenset[str]
    after: frozenset[str]


class Words(NamedTuple):
    """The editable word lists of vietnamese_words.toml, keys folded (those of `spelled` marked)."""

    expand: dict[str, str]
    ambiguous: dict[str, list[str]]
    keep: frozenset[str]
    foreign: frozenset[str]
    units: frozenset[str]
    spelled: dict[str, str]
    context: dict[str, tuple[Rule, ...]]


@cache
def word_lists() -> Words:
    """The word lists, read once."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    context: dict[str, tuple[Rule, ...]] = {}
    for one in data["context"]:
        before, after = (frozenset(one.get(side, "").split()) for side in ("before", "after"))
        context[one["key"]] = (*context.get(one["key"], ()), Rule(one["means"], before, after))
    spelled = {words(key)[0].marked: meaning for key, meaning in data["spelled"].items()}
    kept, foreign, units = (frozenset(data["keep"][name]) for name in ("words", "foreign", "units"))
    return Words(data["expand"], data["ambiguous"], kept, foreign, units, spelled, context)


def expand(text: str) -> str:
    """`text` with abbreviations and teencode written out ("lam gks ko" gives "lam giấy khai sinh không").

    Whole words without marks only (đ apart: "đc"), or spelled so on purpose ("mún"). What may mean several things
    ("tt", "dk", "bv") is left alone unless its neighbours decide ("đk kết hôn"); see `word_lists().ambiguous`.
    Addresses and e-mails are left alone.
    """
    composed = nfc(text)
    kept = protected(composed)
    read = words(composed)
    parts, last = [], 0
    for word, meaning in zip(read, _Reading(composed, read, [kept(word.start) for word in read]).meant, strict=True):
        if meaning:
            parts += [composed[last : word.start], meaning]
            last = word.end
    return nfc("".join([*parts, composed[last:]]))


class _Reading:
    """What each word stands for; empty for those that stand for themselves."""

    def __init__(self, text: str, read: Sequence[Word], kept: Sequence[bool]) -> None:
        self._text, self._read = text, read
        self.meant = ["" if keep else _alone(word) for word, keep in zip(read, kept, strict=True)]
        context = word_lists().context
        self._open = {
            at
            for at, word in enumerate(read)
            if word.folded in context and _bare(word) and not self.meant[at] and not kept[at]
        }
        self._decide()

    def _decide(self) -> None:
        """Let neighbours decide; one that is decided may decide the next, so these are asked again."""
        waiting = deque(sorted(self._open))
        while waiting:
            at = waiting.popleft()
            meaning = self._by_neighbours(at) if at in self._open else ""
            if meaning:
                self.meant[at] = meaning
                self._open.remove(at)
                waiting += [at - 1, at + 1]

    def _by_neighbours(self, at: int) -> str:
        before, after = self._before(at), self._after(at)
        rules = word_lists().context[self._read[at].folded]
        return next((one.means for one in rules if _fits(before, one.before) and _fits(after, one.after)), "")

    def _before(self, at: int) -> str:
        first = at == 0 or self._parted(at - 1)
        return "^" if first else self._outer(at - 1, -1)

    def _after(self, at: int) -> str:
        last = at + 1 == len(self._read) or self._parted(at)
        return "$" if last else self._outer(at + 1, 0)

    def _parted(self, at: int) -> bool:
        """Whether a sentence ends between a word and the next."""
        return any(c in _ENDS for c in self._text[self._read[at].end : self._read[at + 1].start])

    def _outer(self, at: int, side: int) -> str:
        """The nearest word of what a neighbour stands for."""
        folded = self._read[at].folded
        if folded.isdigit():
            return "#"
        return fold(self.meant[at]).split()[side] if self.meant[at] else folded


def _fits(word: str, wanted: frozenset[str]) -> bool:
    return not wanted or word in wanted


def _alone(word: Word) -> str:
    """What a word stands for wherever it stands; empty when it stands for itself."""
    if _bare(word):
        return word_lists().expand.get(word.folded, "")
    return word_lists().spelled.get(word.marked, "")


def _bare(word: Word) -> bool:
    return word.marked.replace("đ", "d") == word.folded
