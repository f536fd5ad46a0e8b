"""What speaks for an entry being the answer, and what against it: a question and an entry side by side."""

from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz import fuzz

from content.faq.asked import Asked, Unit
from content.faq.compiled import Compiled, Wording, unit_weight
from content.faq.lexicon import lexicon
from content.faq.sounds import sound

# What one piece of evidence for a syllable is worth, best first; 1 is "certainly the same word".
_PAIRED, _ALONE, _HEARD, _NEAR, _OTHER_MARKS, _IN_ANSWER = 1.0, 0.8, 0.7, 0.6, 0.45, 0.35
_TOLD = 0.4  # a concept that only the answer speaks of
_SPELLED = 0.7  # a concept that the entry does not name, but whose syllables it holds
_BRIEF, _LONG = 4, 8  # units that carry a subject
_SHORT = 0.2  # a wording of one word is not wholly met by it
_ENOUGH = 0.35  # from here on a concept counts as met

Near = Callable[[str], tuple[str, ...]]


class Evidence(NamedTuple):
    """Each 0..1 (or -1..1); the names are those of `blend.WEIGHTS`."""

    explained: float  # how much of what the question says the entry accounts for
    clause: float  # the same for the clause that it explains best
    covered: float  # how much of its best wording the question holds
    asked: float  # the same among the question and its alternatives only
    alike: float  # what both have, over what both say (the best wording)
    letters: float  # likeness by letters of the best wording
    amount: float  # how much was met in all
    concepts: float  # how much of that are concepts
    told: float  # how much of what is told without being named the entry speaks of
    tellings: float  # the same as a share of all that is told
    strange: float  # how much of concepts the entry does not speak of
    strangest: float  # the weightiest of them
    outside: float  # whether one of them is no business of a commune
    elsewhere: float  # how strongly something is told of that is no business of a commune
    unmet: float  # how much of words outside concepts the entry does not hold
    unmet_brief: float  # the same in a short question, where every word counts
    lacking: float  # how much of its best wording the question does not hold
    apart: float  # whether both name different members of one group ("lost" and "sold")
    wants: float  # whether both want the same of the thing: 1, different things: -1
    answer: float  # how much of what was met stands in the answer alone
    brief: float  # 1 for a question of one unit, less for longer ones
    long: float  # whether it is a long story
    long_amount: float  # and how much was met of it
    long_told: float  # and told of
    sharp: float  # squares and products: where only both together count
    both: float
    within: float
    same: float


def compare(asked: Asked, entry: Compiled, near: Near) -> Evidence:
    """The evidence for `entry`; `near` gives the known syllables a slip away from an unknown one."""
    credits = [_credit(unit, entry, near) for unit in asked.units]
    got = [unit.weight * credit for unit, credit in zip(asked.units, credits, strict=True)]
    told = [unit.weight * _of_concept(unit, entry) for unit in asked.told]
    best, covered, written, alike = _best_wording(asked, entry)
    strange = [u for u, c in zip(asked.units, credits, strict=True) if u.concept and c < _ENOUGH]
    met, hinted, size = sum(got), sum(told), sum(not unit.light for unit in asked.units)
    explained, clause = met / asked.weight if asked.weight else 0.0, _best_clause(asked, got)
    unmet = _unmet(asked, credits)
    long = float(size >= _LONG)
    return Evidence(
        explained=explained,
        clause=clause,
        covered=covered,
        asked=written,
        alike=alike,
        letters=max(_alike(asked.letters, wording.letters) for wording in entry.wordings),
        amount=_soft(met),
        concepts=_of_concepts(asked, got),
        told=_soft(hinted),
        tellings=hinted / (sum(unit.weight for unit in asked.told) + 0.3),
        strange=_soft(sum(unit.weight for unit in strange)),
        strangest=max((unit.weight for unit in strange), default=0.0),
        outside=float(any(unit.concept in lexicon().outside for unit in strange)),
        elsewhere=_elsewhere(asked, told),
        unmet=_soft(unmet),
        unmet_brief=_soft(unmet) * (size <= _BRIEF),
        lacking=_soft(max(0.0, best.weight * (1 - covered))),
        apart=_apart(asked, entry),
        wants=_wants(asked, entry),
        answer=_from_answer(asked, entry, got),
        brief=1 / max(1, size),
        long=long,
        long_amount=long * _soft(met),
        long_told=long * _soft(hinted),
        sharp=explained**2,
        both=explained * covered,
        within=clause * written,
        same=alike**2,
    )


def _unmet(asked: Asked, credits: list[float]) -> float:
    pairs = zip(asked.units, credits, strict=True)
    return sum(u.weight for u, credit in pairs if not u.concept and not u.light and credit < _ENOUGH)


def _elsewhere(asked: Asked, told: list[float]) -> float:
    foreign = lexicon().outside
    pairs = zip(asked.told, told, strict=True)
    return max((unit.weight for unit, met in pairs if not met and unit.concept in foreign), default=0.0)


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


def _best_clause(asked: Asked, got: list[float]) -> float:
    shares = [0.0]
    for first, last in asked.clauses or ((0, len(got)),):
        weight = sum(unit.weight for unit in asked.units[first:last])
        shares.append(sum(got[first:last]) / (weight + 0.3))
    return min(1.0, max(shares))


def _best_wording(asked: Asked, entry: Compiled) -> tuple[Wording, float, float, float]:
    """The wording that the question covers best, how far, how far the best one that is no keyword, and the greatest
    share of what wording and question have in common."""
    met = [(_met(asked, wording), wording) for wording in entry.wordings]
    shares = [(got / (wording.weight + _SHORT), got, wording) for got, wording in met]
    share, _, best = max(shares, key=lambda three: three[:2])
    written = max(share for share, _, wording in shares if not wording.keyword)
    alike = max(2 * got / (wording.weight + asked.weight + _SHORT) for got, wording in met)
    return best, share, written, alike


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


def _from_answer(asked: Asked, entry: Compiled, got: list[float]) -> float:
    told = sum(share for u, share in zip(asked.units, got, strict=True) if share and not _is_asked(u, entry))
    return told / sum(got) if told else 0.0


def _is_asked(unit: Unit, entry: Compiled) -> bool:
    if unit.concept:
        return unit.concept not in entry.told or unit.concept in entry.concepts
    return unit.folded in entry.folded or unit.heard in entry.sounds


def _apart(asked: Asked, entry: Compiled) -> float:
    """How many groups there are of which both name a member, and none that is the same or near."""
    groups = lexicon().apart
    named = {group for concept in asked.concepts for group in groups.get(concept, ())}
    clash = 0
    for group in named:
        theirs = [one for one in entry.concepts if group in groups.get(one, ())]
        clash += bool(theirs) and not any(_near_enough(asked, one) for one in theirs)
    return min(1.0, clash / 2 + 0.5) if clash else 0.0


def _wants(asked: Asked, entry: Compiled) -> float:
    asks = lexicon().asks
    ours, theirs = asked.concepts & asks, entry.concepts & asks
    if not ours or not theirs:
        return 0.0
    return 1.0 if any(_near_enough(asked, one) for one in theirs) else -1.0


def _near_enough(asked: Asked, concept: str) -> bool:
    return any(share >= _ENOUGH for share in asked.hints.get(concept, {}).values())
