"""The FAQ index: which entries a question may mean, how sure that is, and when to say that it is not sure.

Candidates come from an inverted index (syllables, pairs of syllables, shared meanings, sounds), weighted by rarity.
Each candidate is then judged by how much of the question it explains, how much of its own wording the question
covers, and by letters (rapidfuzz). `confident` asks for all three and for a clear lead over the second.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import log
from pathlib import Path
from typing import NamedTuple, Self

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from content.faq.entries import Entry, load_entries
from content.faq.features import Reading, clauses, read, sound

# What one piece of evidence for a syllable is worth, best first; 1 is "certainly the same word".
_PAIRED, _ALONE, _HEARD, _NEAR, _OTHER_MARKS, _IN_ANSWER = 1.0, 0.8, 0.75, 0.6, 0.45, 0.4
_LIGHT = 0.12  # how much a light word counts beside a word that carries the subject
_CANDIDATES = 40
_MEANING = 1.3  # a shared meaning is stronger evidence than one rare syllable
# The blend, and what confidence asks for. Chosen on half of the example queries, reported on the rest.
_EXPLAINED, _COVERED, _LETTERS = 0.58, 0.27, 0.15
_SURE, _MARGIN, _EXPLAINED_ENOUGH = 0.6, 0.07, 0.62


class Match(NamedTuple):
    """One entry for a question. `score` is 0..1; `confident` at most on the first: it may be served without asking."""

    id: str
    score: float
    confident: bool


class _Variant(NamedTuple):
    """One wording of an entry: units (syllables and meanings) with the weight classes needed to see how much is met."""

    units: tuple[tuple[str, bool], ...]  # unit, whether light
    letters: str


class _Compiled(NamedTuple):
    entry: Entry
    marked: dict[str, frozenset[str]]  # folded syllable -> the marked forms it has in the questions
    pairs: frozenset[tuple[str, str]]
    meanings: frozenset[str]
    sounds: frozenset[str]
    in_answer: frozenset[str]
    variants: tuple[_Variant, ...]

    def keys(self) -> Iterator[str]:
        """What the entry is found by in the inverted index."""
        yield from self.marked
        yield from (f"={meaning}" for meaning in self.meanings)
        yield from (f"~{heard}" for heard in self.sounds)


class _Judged(NamedTuple):
    score: float
    explained: float


class FaqIndex:
    """An index over entries, changed in place when an official edits one. Not for several threads at once."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Index these entries, all of them: leave out drafts and expired ones with `entries.servable`."""
        self._entries: dict[str, _Compiled] = {}
        self._found_by: dict[str, dict[str, None]] = {}  # key -> entry ids, in order of arrival
        self._near = lru_cache(maxsize=4096)(self._nearest)
        for entry in entries:
            self.add(entry)

    @classmethod
    def from_jsonl(cls, path: Path | str) -> Self:
        """The index over a file's entries that are not drafts. CorpusError when a line is wrong."""
        return cls(entry for entry in load_entries(path) if entry.status == "served")

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, id: str) -> Entry:
        """The entry with this id. KeyError when there is none."""
        return self._entries[id].entry

    def add(self, entry: Entry) -> None:
        """Add an entry, or put it in the place of the one with its id."""
        if entry.id in self._entries:
            self.remove(entry.id)
        compiled = _compile(entry)
        self._entries[entry.id] = compiled
        for key in compiled.keys():
            self._found_by.setdefault(key, {})[entry.id] = None
        self._near.cache_clear()

    def remove(self, id: str) -> None:
        """Take an entry out. KeyError when there is none."""
        for key in self._entries.pop(id).keys():
            found = self._found_by[key]
            del found[id]
            if not found:
                del self._found_by[key]
        self._near.cache_clear()

    def search(self, text: str, limit: int = 5) -> list[Match]:
        """The entries that `text` may ask for, best first, at most `limit`; empty when nothing is alike."""
        best: dict[str, _Judged] = {}
        for part, share in self._parts(text):
            for id, judged in self._judge(read(part)):
                score = judged.score * share
                if id not in best or score > best[id].score:
                    best[id] = _Judged(score, judged.explained)
        ranked = sorted(best.items(), key=lambda item: (-item[1].score, item[0]))
        sure = _is_sure([judged for _, judged in ranked])
        return [Match(id, round(j.score, 4), sure and n == 0) for n, (id, j) in enumerate(ranked[:limit])]

    def _parts(self, text: str) -> list[tuple[str, float]]:
        # A clause taken out of its message says a little less than a whole message of the same words.
        return [(text, 1.0), *((part, 0.93) for part in clauses(text))]

    def _judge(self, reading: Reading) -> Iterator[tuple[str, _Judged]]:
        for id in self._candidates(reading):
            yield id, self._compare(reading, self._entries[id])

    def _candidates(self, reading: Reading) -> list[str]:
        votes: Counter[str] = Counter()
        for key, factor in self._query_keys(reading):
            found = self._found_by.get(key, {})
            # A key that half of a large corpus has tells nothing, and reading it would cost the most.
            if len(found) > 200 and len(found) * 4 > len(self._entries):
                continue
            weight = self._weight(key) * factor
            for id in found:
                votes[id] += weight  # type: ignore[assignment]
        return [id for id, _ in votes.most_common(_CANDIDATES)]

    def _query_keys(self, reading: Reading) -> Iterator[tuple[str, float]]:
        for token in dict.fromkeys(reading.tokens):
            factor = _LIGHT if token.light else 1.0
            yield token.folded, factor
            if token.folded not in self._found_by and not token.light:
                yield f"~{sound(token.folded)}", _HEARD
                yield from ((near, _NEAR) for near in self._near(token.folded))
        yield from ((f"={meaning}", _MEANING) for meaning, _, _ in dict.fromkeys(reading.meanings))

    def _nearest(self, folded: str) -> tuple[str, ...]:
        """The syllables of the index one slip of the finger away from an unknown one."""
        if len(folded) < 3:
            return ()
        known = (key for key in self._found_by if key[0] not in "=~" and abs(len(key) - len(folded)) <= 1)
        return tuple(found for found, _, _ in process.extract(folded, known, scorer=OSA.distance, score_cutoff=1, limit=4))

    def _weight(self, key: str) -> float:
        """Rarity of a key in the corpus, 0..1; a key that no entry has is as rare as can be."""
        size = len(self._entries)
        having = len(self._found_by.get(key, ()))
        return log(1 + (size - having + 0.5) / (having + 0.5)) / log(2 + 2 * size)

    def _compare(self, reading: Reading, compiled: _Compiled) -> _Judged:
        explained = self._explained(reading, compiled)
        letters = reading.folded
        covered = max(self._covered(reading, variant) for variant in compiled.variants)
        alike = max(fuzz.token_set_ratio(letters, v.letters) + fuzz.ratio(letters, v.letters) for v in compiled.variants)
        score = _EXPLAINED * explained + _COVERED * covered + _LETTERS * alike / 200
        return _Judged(min(1.0, score), explained)

    def _explained(self, reading: Reading, compiled: _Compiled) -> float:
        """How much of the question's weight the entry accounts for, 0..1."""
        meant = _by_position(reading)
        total = got = 0.0
        for at, token in enumerate(reading.tokens):
            meaning, length = meant.get(at, ("", 1))
            weight = self._position_weight(token.folded, token.light, meaning, length)
            total += weight
            got += weight * max(meaning in compiled.meanings, self._credit(reading, at, compiled))
        return got / total if total else 0.0

    def _position_weight(self, folded: str, light: bool, meaning: str, length: int) -> float:
        if meaning and f"={meaning}" in self._found_by:
            return self._weight(f"={meaning}") * _MEANING / length
        return self._weight(folded) * (_LIGHT if light else 1.0)

    def _credit(self, reading: Reading, at: int, compiled: _Compiled) -> float:
        token = reading.tokens[at]
        if token.folded in compiled.marked:
            forms = compiled.marked[token.folded]
            if token.marked != token.folded and token.marked not in forms:
                return _OTHER_MARKS
            return _PAIRED if _is_paired(reading, at, compiled.pairs) else _ALONE
        if token.light:
            return 0.0
        if sound(token.folded) in compiled.sounds:
            return _HEARD
        if any(near in compiled.marked for near in self._near(token.folded)):
            return _NEAR
        return _IN_ANSWER if token.folded in compiled.in_answer else 0.0

    def _covered(self, reading: Reading, variant: _Variant) -> float:
        """How much of one wording of the entry the question contains, 0..1."""
        asked = {token.folded for token in reading.tokens} | {f"={meaning}" for meaning, _, _ in reading.meanings}
        heard = {sound(token.folded) for token in reading.tokens if not token.light}
        total = got = 0.0
        for unit, light in variant.units:
            weight = self._weight(unit) * (_LIGHT if light else 1.0)
            total += weight
            got += weight * (1.0 if unit in asked else _HEARD if sound(unit) in heard else 0.0)
        return got / total if total else 0.0


def _is_sure(ranked: list[_Judged]) -> bool:
    if not ranked:
        return False
    lead = ranked[0].score - (ranked[1].score if len(ranked) > 1 else 0.0)
    return ranked[0].score >= _SURE and lead >= _MARGIN and ranked[0].explained >= _EXPLAINED_ENOUGH


def _by_position(reading: Reading) -> dict[int, tuple[str, int]]:
    spans = ((at, meaning, last - first) for meaning, first, last in reading.meanings for at in range(first, last))
    return {at: (meaning, length) for at, meaning, length in spans}


def _is_paired(reading: Reading, at: int, pairs: frozenset[tuple[str, str]]) -> bool:
    """Whether the syllable stands beside the same neighbour as in the entry: words are mostly two syllables."""
    tokens = reading.tokens
    before = at > 0 and (tokens[at - 1].folded, tokens[at].folded) in pairs
    return before or (at + 1 < len(tokens) and (tokens[at].folded, tokens[at + 1].folded) in pairs)


def _compile(entry: Entry) -> _Compiled:
    wordings = [read(text) for text in (entry.question, *entry.alternatives, *entry.keywords)]
    marked: dict[str, set[str]] = {}
    for token in (token for wording in wordings for token in wording.tokens):
        marked.setdefault(token.folded, set()).add(token.marked)
    return _Compiled(
        entry=entry,
        marked={folded: frozenset(forms) for folded, forms in marked.items()},
        pairs=frozenset(pair for wording in wordings for pair in _pairs(wording)),
        meanings=frozenset(meaning for wording in wordings for meaning, _, _ in wording.meanings),
        sounds=frozenset(sound(t.folded) for wording in wordings for t in wording.tokens if not t.light),
        in_answer=frozenset(token.folded for token in read(entry.answer).tokens if not token.light),
        variants=tuple(_variant(wording) for wording in wordings),
    )


def _pairs(reading: Reading) -> Iterator[tuple[str, str]]:
    folded = [token.folded for token in reading.tokens]
    return zip(folded, folded[1:], strict=False)


def _variant(reading: Reading) -> _Variant:
    meant = _by_position(reading)
    units = {f"={meaning}": False for meaning, _, _ in reading.meanings}
    units |= {token.folded: token.light for at, token in enumerate(reading.tokens) if at not in meant}
    return _Variant(tuple(units.items()), reading.folded)
