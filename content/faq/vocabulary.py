"""What words speak of: each phrase and hint of the lexicon is an example of how people speak of its concept.

A story seldom holds a phrase of the lexicon as it stands there; it holds syllables and pairs of them that many phrases
of one concept share. Counted over all concepts they tell what a question is about, as words tell of documents in BM25.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from math import log
from typing import NamedTuple

from content.faq.phrases import Phrase, fingerprint

_PLACES, _MOST = 22, 1024  # bits for the number of a concept and how often it has a term; how often that is at most
_HALF, _EVEN = 0.5, 0.4  # examples of a concept that are half the proof, and how much more its length asks for
_UNKNOWN = 4.0  # what a syllable weighs that no phrase holds
_BRIEF = 3.0  # a question of one word is not wholly understood by it


class Term(NamedTuple):
    """A syllable of a question or two neighbours, with a space on either side as in the texts of an entry."""

    folded: str
    marked: str  # "" for two
    weight: float
    speaks: Mapping[str, float]  # concept → how far it speaks of it
    foreign: float  # how far it speaks of what no commune answers


class Speech(NamedTuple):
    """What the words of a question speak of."""

    terms: tuple[Term, ...]
    weight: float
    concepts: dict[str, float]
    most: float  # of one concept
    foreign: float  # how much of it is about what no commune answers
    foreign_most: float  # about one such concept


class Vocabulary:
    """The terms of all phrases, in eight bytes for each that a concept has."""

    def __init__(self, phrases: Iterable[Phrase], weights: Mapping[str, float], outside: Collection[str]) -> None:
        """Count the terms of `phrases`; `weights` are those of the concepts that weigh less than others."""
        examples: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            examples.setdefault(phrase.concept, []).append(phrase)
        self._names, self._outside = tuple(examples), outside
        self._weights = [weights.get(name, 1.0) for name in examples]
        self._prints, self._spread = _counted(examples.values())
        self._look = lru_cache(maxsize=2048)(self._looked_up)

    def _looked_up(self, term: str) -> tuple[float, dict[str, float], float]:
        """What a term weighs, how far it speaks of each concept, and of what no commune answers."""
        speaks = dict(self._spoken(fingerprint(term, _PLACES)))
        if not speaks:
            return (0.0 if " " in term else _UNKNOWN), speaks, 0.0
        foreign = max((share for concept, share in speaks.items() if concept in self._outside), default=0.0)
        return log(1 + len(self._names) / (len(speaks) + 0.5)), speaks, foreign

    def _spoken(self, wanted: int) -> Iterator[tuple[str, float]]:
        at = bisect_left(self._prints, wanted)
        while at < len(self._prints) and self._prints[at] ^ wanted < 1 << _PLACES:
            number, count = divmod(self._prints[at] ^ wanted, _MOST)
            yield self._names[number], self._weights[number] * count / (count + self._spread[number])
            at += 1

    def speech(self, folded: Sequence[str], marked: Sequence[str], light: Sequence[bool]) -> Speech:
        """What a question speaks of, by its syllables; the `light` ones tell nothing alone."""
        alone = dict.fromkeys((m, f) for m, f, small in zip(marked, folded, light, strict=True) if not small)
        terms = [Term(f" {f} ", f" {m} ", *self._look(m)) for m, f in alone]
        terms += [Term(f" {pair} ", "", *self._look(pair)) for pair in dict.fromkeys(_pairs(folded))]
        return self._speech(tuple(term for term in terms if term.weight))

    def _speech(self, terms: tuple[Term, ...]) -> Speech:
        concepts: dict[str, float] = {}
        for term in terms:
            for concept, share in term.speaks.items():
                concepts[concept] = concepts.get(concept, 0.0) + term.weight * share
        whole = sum(term.weight for term in terms) + _BRIEF
        foreign = sum(term.weight * term.foreign for term in terms)
        strange = max((value for concept, value in concepts.items() if concept in self._outside), default=0.0)
        return Speech(terms, whole, concepts, max(concepts.values(), default=0.0), foreign, strange)


def _counted(examples: Iterable[list[Phrase]]) -> tuple["array[int]", list[float]]:
    """The fingerprints of all terms with the numbers of their concepts and how often each has them; and how much proof
    each asks for."""
    prints, sizes = array("Q"), []
    for number, phrases in enumerate(examples):
        counts = Counter(chain.from_iterable(map(_terms, phrases)))
        place = number * _MOST
        prints.extend([fingerprint(one, _PLACES) | place + min(n, _MOST - 1) for one, n in counts.items()])
        sizes.append(counts.total())
    usual = sum(sizes) / max(1, len(sizes))
    return array("Q", sorted(prints)), [_HALF * (1 - _EVEN + _EVEN * size / usual) for size in sizes]


def _terms(phrase: Phrase) -> set[str]:
    return {*phrase.marked, *phrase.folded, *_pairs(phrase.folded)}


def _pairs(folded: Sequence[str]) -> Iterator[str]:
    return (f"{one} {other}" for one, other in pairwise(folded))
