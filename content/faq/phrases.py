"""The phrases of the lexicon, kept small: some ten thousands of them are in the memory of every process."""

from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from sys import intern
from typing import NamedTuple

from content.faq.sounds import sound
from content.vietnamese import Word, expand, word_lists, words

_PLACES = 20  # bits for the place of a phrase


class Phrase(NamedTuple):
    """One way to say a concept."""

    folded: tuple[str, ...]
    marked: tuple[str, ...]
    concept: str
    light: bool  # made of light words alone ("bản sao"), or there would be nothing to tell it by


class Fingerprints:
    """Which phrase has a key, in eight bytes a key: a dict of tuples takes two hundred.

    Two given keys share a fingerprint with a chance of 1 in 2 ** (64 - _PLACES), and then a phrase is found that is not
    there.
    """

    def __init__(self, phrases: tuple[Phrase, ...], keys: Iterable[tuple[Hashable, int]]) -> None:
        """`keys` with the places of their phrases."""
        self._phrases = phrases
        self._prints = array("Q", sorted(fingerprint(key, _PLACES) | place for key, place in keys))

    def find(self, key: Hashable) -> Iterator[Phrase]:
        """The phrases with this key, in their order."""
        wanted = fingerprint(key, _PLACES)
        at = bisect_left(self._prints, wanted)
        while at < len(self._prints) and self._prints[at] ^ wanted < 1 << _PLACES:
            yield self._phrases[self._prints[at] ^ wanted]
            at += 1


def fingerprint(key: Hashable, room: int) -> int:
    """64 bits of which the last `room` are free."""
    return (hash(key) << room) & 0xFFFF_FFFF_FFFF_FFFF


def heard(phrases: tuple[Phrase, ...]) -> Fingerprints:
    """The phrases of several syllables by the sounds of all."""
    several = ((one, place) for place, one in enumerate(phrases) if len(one.folded) > 1)
    return Fingerprints(phrases, ((tuple(map(sound, one.folded)), place) for one, place in several))


def by_first(phrases: Iterable[Phrase]) -> dict[tuple[str, ...], tuple[Phrase, ...]]:
    """The phrases by their first two syllables (or the only one), longest first."""
    found: dict[tuple[str, ...], tuple[Phrase, ...]] = {}
    for phrase in sorted(phrases, key=lambda one: -len(one.folded)):
        first = phrase.folded[:2]
        found[first] = (*found.get(first, ()), phrase)
    return found


def phrase(text: str, concept: str, light: frozenset[str]) -> Phrase:
    """The phrase that a file spells so."""
    folded, marked = zip(*_views(text), strict=True)
    return Phrase(folded, folded if marked == folded else marked, concept, light.issuperset(marked))


def _views(text: str) -> list[tuple[str, str]]:
    found = [view for typed in text.split() for view in _syllables(typed)]
    short = _short()
    if any(folded in short or marked in short for folded, marked in found):
        return [_view(word) for word in words(expand(text))]
    return found


@cache
def _short() -> frozenset[str]:
    """The words that may stand for others."""
    lists = word_lists()
    return frozenset((*lists.expand, *lists.context, *lists.spelled))


@cache  # a few thousand syllables make all phrases
def _syllables(typed: str) -> tuple[tuple[str, str], ...]:
    return tuple(map(_view, words(typed)))


def _view(word: Word) -> tuple[str, str]:
    folded = intern(word.folded)
    return folded, folded if word.marked == folded else intern(word.marked)
