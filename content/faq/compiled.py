"""A FAQ entry made ready for the index."""

from collections.abc import Iterable, Iterator
from sys import intern
from typing import NamedTuple

from content.faq.entries import Entry
from content.faq.lexicon import lexicon
from content.faq.reading import Reading, Token, read_written
from content.faq.sounds import sound

LIGHT = 0.08  # what a light word says beside a word that carries the subject


class Wording(NamedTuple):
    """One wording of an entry: its concepts ("=" before the name) and the syllables outside them, what these weigh
    in all, and its letters."""

    units: tuple[str, ...]
    weight: float
    letters: str
    keyword: bool


class Compiled(NamedTuple):
    """An entry made ready. The texts are syllables with a space on either side, so that " xã " is found as such:
    ten thousand entries as strings take a third of the memory of the same as sets."""

    entry: Entry
    folded: str
    marked: str
    sounds: str
    answer: str
    concepts: frozenset[str]
    told: frozenset[str]  # concepts of the answer alone
    wordings: tuple[Wording, ...]

    def found_by(self) -> Iterator[str]:
        """What the entry is found by in the inverted index."""
        yield from (intern(syllable) for syllable in dict.fromkeys(self.folded.split()) if syllable != "|")
        yield from (intern(f"={concept}") for concept in self.concepts)
        yield from (intern(f"+{concept}") for concept in self.told)
        yield from (intern(f"~{heard}") for heard in dict.fromkeys(self.sounds.split()))


def compile_entry(entry: Entry) -> Compiled:
    """`entry` made ready: read once, compared many times."""
    asked = [read_written(text) for text in (entry.question, *entry.alternatives)]
    keywords = [read_written(text) for text in entry.keywords]
    answer = read_written(entry.answer)
    if any(_is_ours(span.concept) for span in asked[0].spans):
        asked, keywords = [_of_ours(one) for one in asked], [_of_ours(one) for one in keywords]
        answer = _of_ours(answer)
    readings = [*asked, *keywords]
    tokens = [token for reading in readings for token in reading.tokens]
    concepts = _concepts(readings)
    return Compiled(
        entry=entry,
        folded=f" {' | '.join(reading.folded for reading in readings)} ",
        marked=_spaced(token.marked for token in tokens),
        sounds=_spaced(sound(token.folded) for token in tokens if not token.light),
        answer=_spaced(token.folded for token in answer.tokens if not token.light),
        concepts=concepts,
        told=_concepts([answer]) - concepts,
        wordings=(*(_wording(one, False) for one in asked), *(_wording(one, True) for one in keywords)),
    )


def _is_ours(concept: str) -> bool:
    return concept not in lexicon().outside and lexicon().weight.get(concept, 1.0) >= 0.5


def _of_ours(reading: Reading) -> Reading:
    """Without what no commune answers: "trời nắng" in advice about sunstroke does not make it speak of the weather."""
    return reading._replace(spans=tuple(span for span in reading.spans if span.concept not in lexicon().outside))


def _concepts(readings: Iterable[Reading]) -> frozenset[str]:
    return frozenset(intern(span.concept) for reading in readings for span in reading.spans)


def _spaced(syllables: Iterable[str]) -> str:
    return f" {' '.join(dict.fromkeys(syllables))} "


def _wording(reading: Reading, keyword: bool) -> Wording:
    units = dict.fromkeys(
        [*(f"={span.concept}" for span in reading.spans), *(_bare(reading.tokens[at]) for at in outside_spans(reading))]
    )
    weight = sum(map(unit_weight, units))
    return Wording(tuple(map(intern, units)), weight, reading.folded, keyword)


def outside_spans(reading: Reading) -> list[int]:
    """The positions of the syllables that belong to no concept."""
    inside = {at for span in reading.spans for at in range(span.first, span.last)}
    return [at for at in range(len(reading.tokens)) if at not in inside]


def _bare(token: Token) -> str:
    return f".{token.folded}" if token.light else token.folded


def unit_weight(unit: str) -> float:
    """What a concept ("=name"), a light word (".cho") or a syllable says, whatever else the corpus holds: a score
    must not move because somebody adds an entry about something else."""
    known = lexicon()
    if unit[0] == "=":
        return known.weight.get(unit[1:], 1.0)
    if unit[0] == ".":
        return LIGHT
    return SYLLABLE * known.common.get(unit, 1.0)


SYLLABLE = 0.5  # what a syllable says beside a concept
