"""What speaks for an entry being the answer, and what against it: a question and an entry side by side."""

from collections.abc import Callable
from itertools import repeat
from typing import NamedTuple

from rapidfuzz import fuzz

from content.faq.asked import Asked, Unit
from content.faq.compiled import Compiled, Wording, unit_weight
from content.faq.lexicon import lexicon
from content.faq.sounds import sound
from content.faq.vocabulary import Term

# What one piece of evidence for a syllable is worth, best first; 1 is "certainly the same word".
_PAIRED, _ALONE, _HEARD, _NEAR, _OTHER_MARKS, _IN_ANSWER = 1.0, 0.8, 0.7, 0.6, 0.45, 0.35
_TOLD = 0.4  # a concept that only the answer speaks of
_SPELLED = 0.7  # a concept that the entry does not name, but whose syllables it holds
_LONG = 24  # units that carry a subject
_SHORT = 0.2  # a wording or a question of one word is not wholly met by it
_FEW = 0.3  # nor does such a question, or an entry of one concept, say much
_ENOUGH = 0.35  # from here on a concept counts as met
_WRITTEN = 0.9  # a word that the entry itself has
_MUCH = 20.0  # of words with their concepts: a question fully understood
_NOUGHT = repeat(0.0)

Near = Callable[[str], tuple[str, ...]]


class Evidence(NamedTuple):
    """Each 0..1, but for `said_amount` and `alike`, which may be more; the names are those of `blend.WEIGHTS`."""

    explained: float  # how much of what the question says the entry accounts for, squared
    covered: float  # how much of its best wording the question holds
    asked: float  # the same, keywords apart
    alike: float  # what both have, over what both say (the best wording), squared
    spoken: float  # how much of all the concepts of the entry the question names or suggests
    letters: float  # likeness by letters of the best wording; it is worth little if the question says little
    concepts: float  # how much of concepts was met
    strange: float  # how much of the concepts in the clause that asks the entry does not speak of
    in_answer: float  # how many of the words outside concepts stand in the answer
    long: float  # how much was met in all, the longer the question the more this counts
    said: float  # how much of the question's words the entry or its concepts would say; worth as much
    said_amount: float  # the same of its concepts alone, in all
    fits: float  # how much the words speak of that concept of the entry of which they speak most
    fits_all: float  # and of all its concepts
    fits_best: float  # of that concept, beside the one of which they speak most
    foreign: float  # how much they speak of what no commune answers, the entry's own words apart
    foreign_most: float  # the same of one such thing


def compare(asked: Asked, entry: Compiled, near: Near) -> Evidence:
    """The evidence for `entry`; `near` gives the known syllables a slip away from an unknown one."""
    credits = [_credit(unit, entry, near) for unit in asked.units]
    got = [unit.weight * credit for unit, credit in zip(asked.units, credits, strict=True)]
    covered, written, alike = _best_wording(asked, entry)
    strange = [u.weight for u, c in zip(asked.units, credits, strict=True) if u.concept and u.asks and c < _ENOUGH]
    speech, (spoken, fits, most) = asked.speech, _fits(asked, entry)
    said, amount, foreign = _said(asked, entry)
    says = asked.weight / (asked.weight + _FEW)
    return Evidence(
        explained=(sum(got) / (asked.weight + _SHORT)) ** 2,
        covered=covered,
        asked=written,
        alike=alike**2,
        spoken=spoken,
        letters=says * max(_alike(asked.letters, wording.letters) for wording in entry.wordings),
        concepts=_of_concepts(asked, got),
        strange=_soft(sum(strange)),
        in_answer=_in_answer(asked, entry),
        long=min(1.0, asked.size / _LONG) * _soft(sum(got)),
        said=says * said / speech.weight,
        said_amount=amount / _MUCH,
        fits=most / speech.weight,
        fits_all=fits / speech.weight,
        fits_best=most / (speech.most + 1),
        foreign=foreign / speech.weight,
        foreign_most=speech.foreign_most / speech.weight * (foreign / speech.foreign) if foreign else 0.0,
    )


def _fits(asked: Asked, entry: Compiled) -> tuple[float, float, float]:
    """How much the question names or suggests of all the concepts of an entry, how much its words speak of them, and
    of that one of which they speak most."""
    weights, speaks = lexicon().weight, asked.speech.concepts
    spoken = fits = most = 0.0
    whole = _FEW
    for concept in entry.concepts:
        weight, fit = weights.get(concept, 1.0), speaks.get(concept, 0.0)
        whole += weight
        spoken += weight * asked.hinted.get(concept, 0.0)
        fits += weight * fit
        most = max(most, fit)
    return spoken / whole, fits / whole, most


def _said(asked: Asked, entry: Compiled) -> tuple[float, float, float]:
    """How much of the question's words the entry or its concepts would say, how much its concepts alone, and how much
    of the others is about what no commune answers."""
    said = amount = foreign = 0.0
    for term in asked.speech.terms:
        by_concept = max(map(term.speaks.get, entry.concepts, _NOUGHT), default=0.0)
        share = _of_term(term, entry, by_concept)
        amount += term.weight * by_concept
        said += term.weight * share**2
        foreign += term.weight * term.foreign * (1 - share)
    return said, amount, foreign


def _of_term(term: Term, entry: Compiled, share: float) -> float:
    if term.folded in entry.folded if term.marked in ("", term.folded) else term.marked in entry.marked:
        return _WRITTEN
    return max(share, _IN_ANSWER) if term.marked and term.folded in entry.answer else share


def _in_answer(asked: Asked, entry: Compiled) -> float:
    words = [unit.folded for unit in asked.units if not unit.concept and not unit.light]
    return sum(word in entry.answer for word in words) / (len(words) + 1)


def misses_grave(asked: Asked, entry: Compiled) -> bool:
    """Whether the question names something grave that the entry does not speak of."""
    return bool((asked.concepts & lexicon().grave) - entry.concepts)


def _soft(amount: float) -> float:
    return amount / (amount + 1.0)


def _credit(unit: Unit, entry: Compiled, near: Near) -> float:
    return _of_concept(unit, entry) if unit.concept else _of_syllable(unit, entry, near)


def _of_concept(unit: Unit, entry: Compiled) -> float:
    if unit.concept in entry.concepts:
        return 1.0
    best = max((share for concept, share in unit.near if concept in entry.concepts), default=0.0)
    if unit.concept in entry.told:
        best = max(best, _TOLD)
    if best < _SPELLED and unit.folded in entry.folded:
        best = _SPELLED
    return best


def _of_syllable(unit: Unit, entry: Compiled, near: Near) -> float:
    if unit.folded in entry.folded:
        if unit.marked and unit.marked not in entry.marked:
            return _OTHER_MARKS
        return _PAIRED if any(pair in entry.folded for pair in unit.pairs) else _ALONE
    if unit.light:
        return 0.0
    if unit.heard in entry.sounds:
        return _HEARD
    if any(f" {one} " in entry.folded for one in near(unit.bare)):
        return _NEAR
    return _IN_ANSWER if unit.folded in entry.answer else 0.0


def _best_wording(asked: Asked, entry: Compiled) -> tuple[float, float, float]:
    """How far the question covers the wording that it covers best, the same keywords apart, and the greatest share of
    what a wording and the question have in common."""
    met = [(_met(asked, wording), wording) for wording in entry.wordings]
    shares = [(got / (wording.weight + _SHORT), wording.keyword) for got, wording in met]
    alike = max(2 * got / (wording.weight + asked.weight + _SHORT) for got, wording in met)
    return max(shares)[0], max(share for share, keyword in shares if not keyword), alike


def _met(asked: Asked, wording: Wording) -> float:
    """How much of a wording the question holds."""
    got = 0.0
    for unit in wording.units:
        if unit[0] == "=":
            met = _hinted(asked, unit[1:], wording.units)
        elif unit[0] == ".":
            met = float(unit[1:] in asked.syllables)
        else:
            met = 1.0 if unit in asked.syllables else _HEARD if sound(unit) in asked.heard else 0.0
        if met:
            got += unit_weight(unit) * met
    return got


def _hinted(asked: Asked, concept: str, units: tuple[str, ...]) -> float:
    """How far the question names or suggests a concept of a wording; what the wording names too suggests no other."""
    found = asked.hints.get(concept)
    if not found:
        return 0.0
    return max((share for one, share in found.items() if one == concept or f"={one}" not in units), default=0.0)


def _alike(asked: str, wording: str) -> float:
    """Likeness by letters, 0..1, in any order of the words and in this one."""
    return (fuzz.token_set_ratio(asked, wording) + fuzz.ratio(asked, wording)) / 200


def _of_concepts(asked: Asked, got: list[float]) -> float:
    return _soft(sum(share for unit, share in zip(asked.units, got, strict=True) if unit.concept))
