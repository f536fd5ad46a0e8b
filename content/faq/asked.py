"""A question made ready to be compared with many entries."""

from collections import Counter
from collections.abc import Container, Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from content.faq.compiled import outside_spans, unit_weight
from content.faq.lexicon import lexicon
from content.faq.reading import Reading, Span, Token, read
from content.faq.sounds import sound
from content.faq.vocabulary import Speech

_TOLD, _LEAST, _MOST = 8, 0.04, 0.8  # concepts told of without being named, and how sure each is
_CLEAR = 25.0  # what makes one half sure
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
    asks: bool  # stands in the clause that asks


class Asked(NamedTuple):
    """The question: its units, and what a wording of an entry may meet in it."""

    units: tuple[Unit, ...]
    told: tuple[Unit, ...]  # concepts that are told of and not named
    speech: Speech
    weight: float
    size: int  # units that carry a subject
    syllables: frozenset[str]
    heard: frozenset[str]
    hints: dict[str, dict[str, float]]  # concept → the concepts that name or suggest it, and how strongly
    hinted: dict[str, float]  # concept → how strongly the strongest does
    concepts: frozenset[str]
    letters: str
    tokens: tuple[Token, ...]


@lru_cache(maxsize=8)  # the same words are asked of the answers and of small talk
def make_asked(text: str) -> Asked:
    """`text` as a question."""
    reading = read(text)
    clause = _asking(reading.tokens)
    units = tuple(_in_clause(unit, reading, clause) for unit in _units(reading))
    speech = _speech(reading.tokens)
    told = tuple(_told(speech, {unit.concept for unit in units}))
    hints: dict[str, dict[str, float]] = {}
    for unit in (*units, *told):
        for other, share in unit.near:
            hints.setdefault(other, {})[unit.concept] = share * unit.sure
    return Asked(
        units,
        told,
        speech,
        sum(unit.weight for unit in units),
        sum(not unit.light for unit in units),
        frozenset(token.folded for token in reading.tokens),
        frozenset(sound(token.folded) for token in reading.tokens if not token.light),
        hints,
        {concept: max(shares.values()) for concept, shares in hints.items()},
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


def _speech(tokens: tuple[Token, ...]) -> Speech:
    folded, marked, light = ([getattr(token, view) for token in tokens] for view in ("folded", "marked", "light"))
    return lexicon().vocabulary.speech(folded, marked, light)


def _told(speech: Speech, named: Container[str]) -> Iterator[Unit]:
    """The concepts that the words speak of most and that are not named."""
    others = ((value, concept) for concept, value in speech.concepts.items() if concept not in named)
    for value, concept in nlargest(_TOLD, others):
        sure = min(_MOST, value**2 / (value**2 + _CLEAR**2))
        if sure < _LEAST:
            break
        weight = unit_weight(f"={concept}") * sure
        yield Unit(weight, 0, concept, _near(concept, named), concept, False, sure, f"={concept}", "", "", (), True)


def _concept(tokens: tuple[Token, ...], span: Span, named: Container[str]) -> Unit:
    said = " ".join(token.folded for token in tokens[span.first : span.last])
    weight, near = unit_weight(f"={span.concept}") * span.sure, _near(span.concept, named)
    return Unit(weight, span.first, span.concept, near, said, False, span.sure, f" {said} ", "", "", (), True)


def _near(concept: str, named: Container[str]) -> tuple[tuple[str, float], ...]:
    """What it suggests is not told once more when the question names that itself: "late" and "birth" are two things."""
    near = lexicon().near[concept].items()
    return tuple((other, share) for other, share in near if other == concept or other not in named)


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
        True,
    )


def _asking(tokens: tuple[Token, ...]) -> int:
    """The clause of a story that asks: the last of those with two words that ask ("ở đâu", "làm gì"), or with one; the
    last of all where none asks."""
    words = Counter(token.clause for token in tokens if token.light and token.folded in lexicon().asking)
    return max(range(tokens[-1].clause + 1), key=lambda clause: (min(2, words[clause]), clause)) if tokens else 0


def _in_clause(unit: Unit, reading: Reading, clause: int) -> Unit:
    return unit if reading.tokens[unit.at].clause == clause else unit._replace(asks=False)
