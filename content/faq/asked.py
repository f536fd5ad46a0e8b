"""A question made ready to be compared with many entries."""

from collections import Counter
from collections.abc import Container, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from content.faq.compiled import outside_spans, unit_weight
from content.faq.lexicon import lexicon
from content.faq.reading import Reading, Span, Token, read
from content.faq.sounds import sound

_SIGN, _SIGNS, _TOLD = 0.3, 0.6, 0.8  # how much one word tells, and several, and all of them at most
_MOST_SYLLABLES = 3.5  # what all the syllables outside concepts may weigh: a long story is not a long question


class Unit(NamedTuple):
    """A concept, or a syllable outside concepts. Texts have a space on either side, as those of `Compiled` have."""

    weight: float
    at: int  # its first syllable
    concept: str  # "" for a syllable
    near: tuple[tuple[str, float], ...]  # what the concept suggests, itself first
    bare: str
    light: bool
    sure: float
    folded: str
    marked: str  # "" when it was typed without marks
    heard: str
    pairs: tuple[str, ...]  # with the syllable before it, and with the one after it


class Asked(NamedTuple):
    """The question: its units, the clauses as ranges of them, and what a wording of an entry may meet in it."""

    units: tuple[Unit, ...]
    told: tuple[Unit, ...]  # concepts that are hinted at and not named
    clauses: tuple[tuple[int, int], ...]
    weight: float
    syllables: frozenset[str]
    heard: frozenset[str]
    hints: dict[str, dict[str, float]]  # concept → the concepts that name or suggest it, and how strongly
    concepts: frozenset[str]
    letters: str
    tokens: tuple[Token, ...]


@lru_cache(maxsize=64)  # the same words are asked of the answers and of small talk
def make_asked(text: str) -> Asked:
    """`text` as a question."""
    reading = read(text)
    units = _units(reading)
    told = tuple(_told(reading, {unit.concept for unit in units}))
    hints: dict[str, dict[str, float]] = {}
    for unit in (*units, *told):
        for other, share in unit.near:
            hints.setdefault(other, {})[unit.concept] = share * unit.sure
    return Asked(
        units,
        told,
        _clauses(units, reading),
        sum(unit.weight for unit in units),
        frozenset(token.folded for token in reading.tokens),
        frozenset(sound(token.folded) for token in reading.tokens if not token.light),
        hints,
        frozenset(span.concept for span in reading.spans),
        reading.folded,
        reading.tokens,
    )


def _units(reading: Reading) -> tuple[Unit, ...]:
    spans: dict[str, Span] = {}
    for span in reading.spans:
        best = spans.get(span.concept)
        spans[span.concept] = span if best is None or span.sure > best.sure else best
    bare = [_syllable(reading.tokens, at) for at in outside_spans(reading)]
    heavy = sum(unit.weight for unit in bare if not unit.light)
    thin = min(1.0, _MOST_SYLLABLES / heavy) if heavy else 1.0
    units = [_concept(reading.tokens, span, spans) for span in spans.values()]
    units += [unit._replace(weight=unit.weight * thin) for unit in bare]
    return tuple(sorted(units, key=lambda unit: unit.at))


def _told(reading: Reading, named: Container[str]) -> Iterator[Unit]:
    """The concepts that are told of and not named: the more words tell of one, and the fewer others they may mean,
    the surer it is."""
    shared = Counter(span.first for span in reading.hints)
    doubt: dict[str, float] = {}
    first: dict[str, Span] = {}
    for span in reading.hints:
        if span.concept not in named:
            sign = (_SIGN if span.last - span.first == 1 else _SIGNS) / shared[span.first] ** 0.5
            doubt[span.concept] = doubt.get(span.concept, 1.0) * (1 - sign)
            first.setdefault(span.concept, span)
    for concept, span in first.items():
        yield _concept(reading.tokens, span._replace(sure=(1 - doubt[concept]) * _TOLD), named)


def _concept(tokens: tuple[Token, ...], span: Span, named: Container[str]) -> Unit:
    """What it suggests is not told once more when the question names that itself: "late" and "birth" are two things."""
    near = lexicon().near[span.concept]
    near = {other: share for other, share in near.items() if other == span.concept or other not in named}
    said = " ".join(token.folded for token in tokens[span.first : span.last])
    weight = unit_weight(f"={span.concept}") * span.sure
    return Unit(weight, span.first, span.concept, tuple(near.items()), said, False, span.sure, f" {said} ", "", "", ())


def _syllable(tokens: tuple[Token, ...], at: int) -> Unit:
    token = tokens[at]
    around = [(before.folded, after.folded) for before, after in pairwise(tokens[max(0, at - 1) : at + 2])]
    return Unit(
        unit_weight(f".{token.folded}" if token.light else token.folded),
        at,
        "",
        (),
        token.folded,
        token.light,
        1.0,
        f" {token.folded} ",
        f" {token.marked} " if token.marked != token.folded else "",
        f" {sound(token.folded)} ",
        tuple(f" {before} {after} " for before, after in around),
    )


def _clauses(units: tuple[Unit, ...], reading: Reading) -> tuple[tuple[int, int], ...]:
    """Each clause, and each with the one after it, as ranges of units; none for a message of one clause."""
    if not reading.breaks:
        return ()
    edges = [0, *(sum(unit.at < at for unit in units) for at in reading.breaks), len(units)]
    ones = list(pairwise(edges))
    twos = list(zip(edges, edges[2:], strict=False))
    return tuple(dict.fromkeys(span for span in [*ones, *twos] if span[1] > span[0]))
