"""The FAQ index: which entries a question may mean, how sure that is, and when to say that it is not sure.

Candidates come from an inverted index (syllables, pairs of syllables, shared meanings, sounds), weighted by rarity.
Each candidate is then judged by how much of the question it explains, how much of its own wording the question
covers, and by letters (rapidfuzz). `confident` asks for all three and for a clear lead over the second.
"""

from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import islice, pairwise, repeat
from math import log
from pathlib import Path
from typing import NamedTuple, Self

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from content.faq.compiled import Compiled, Variant, compile_entry
from content.faq.entries import Entry, load_entries
from content.faq.features import Reading, Token, by_position, clauses, read, sound
from content.vietnamese import is_syllable

# What one piece of evidence for a syllable is worth, best first; 1 is "certainly the same word".
_PAIRED, _ALONE, _HEARD, _NEAR, _OTHER_MARKS, _IN_ANSWER = 1.0, 0.8, 0.75, 0.6, 0.45, 0.4
_LIGHT = 0.12  # how much a light word counts beside a word that carries the subject
_CANDIDATES = 24
_POSTINGS = 6000  # entries looked at per question before the common syllables are left out
_MEANING = 1.3  # a shared meaning is stronger evidence than one rare syllable
# The blend, and what confidence asks for: set by hand on the example and starter queries, not calibrated.
_EXPLAINED, _COVERED, _LETTERS = 0.58, 0.27, 0.15
_SAID_ENOUGH = 0.3  # weight of a question that says anything: "thế à" says nothing
_SURE, _MARGIN, _EXPLAINED_ENOUGH = 0.6, 0.08, 0.55


class Match(NamedTuple):
    """One entry for a question. `score` is 0..1; `confident` at most on the first: it may be served without asking."""

    id: str
    score: float
    confident: bool


class _Place(NamedTuple):
    """One syllable of the question. Texts have a space on either side, as the texts of `Compiled` have."""

    weight: float
    meaning: str  # that it is part of, "" for none
    bare: str
    light: bool
    folded: str
    marked: str  # "" when it was typed without marks
    heard: str
    pairs: tuple[str, ...]  # with the syllable before it, and with the one after it


class _Part(NamedTuple):
    """The question, or one clause of it, made ready to be compared with many entries."""

    places: tuple[_Place, ...]
    weight: float
    asked: frozenset[str]
    letters: str
    share: float  # a clause taken out of its message says a little less than a whole message of the same words


class _Judged(NamedTuple):
    score: float
    explained: float


class FaqIndex:
    """An index over entries, changed in place when an official edits one. Not for several threads at once."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Index these entries, all of them: leave out drafts and expired ones with `entries.servable`."""
        self._entries: dict[str, Compiled] = {}
        self._found_by: dict[str, dict[str, None]] = {}  # key -> entry ids, in order of arrival
        self._near = lru_cache(maxsize=4096)(self._nearest)
        self._weights: dict[str, float] = {}
        self._heavy: dict[str, list[float]] = {}
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
        compiled = compile_entry(entry)
        self._entries[entry.id] = compiled
        for key in compiled.found_by():
            self._found_by.setdefault(key, {})[entry.id] = None
        self._forget()

    def remove(self, id: str) -> None:
        """Take an entry out. KeyError when there is none."""
        for key in self._entries.pop(id).found_by():
            found = self._found_by[key]
            del found[id]
            if not found:
                del self._found_by[key]
        self._forget()

    def _forget(self) -> None:
        self._near.cache_clear()
        self._weights.clear()
        self._heavy.clear()

    def search(self, text: str, limit: int = 5, hidden: Container[str] = ()) -> list[Match]:
        """The entries that `text` may ask for, best first, at most `limit`; empty when nothing is alike.

        `hidden` entries are neither found nor weighed against the others: they are not for whoever asks.
        """
        whole = read(text)
        parts = [self._part(whole, 1.0), *(self._part(read(clause), 0.93) for clause in clauses(text))]
        ranked = self._ranked(parts, self._candidates(whole, hidden), max(limit, 2))
        sure = _is_sure([judged for judged, _ in ranked]) and parts[0].weight >= _SAID_ENOUGH
        sure = sure and not self._names_another(whole)
        return [Match(id, round(j.score, 4), sure and n == 0) for n, (j, id) in enumerate(ranked[:limit])]

    def _ranked(self, parts: list[_Part], ids: list[str], most: int) -> list[tuple[_Judged, str]]:
        """The best `most` of the entries `ids`, best first."""
        ranked: list[tuple[_Judged, str]] = []
        for id in ids:
            # What cannot be among the best need not be compared to the end.
            judged = self._best(parts, id, ranked[-1][0].score if len(ranked) == most else 0.0)
            if judged is not None:
                ranked = sorted([*ranked, (judged, id)], key=lambda item: (-item[0].score, item[1]))[:most]
        return ranked

    def _part(self, reading: Reading, share: float) -> _Part:
        meant, tokens = by_position(reading), reading.tokens
        places = tuple(self._place(tokens, at, *meant.get(at, ("", 1))) for at in range(len(tokens)))
        return _Part(places, sum(one.weight for one in places), _asked(reading), reading.folded, share)

    def _place(self, tokens: tuple[Token, ...], at: int, meaning: str, length: int) -> _Place:
        token = tokens[at]
        around = [(before.folded, after.folded) for before, after in pairwise(tokens[max(0, at - 1) : at + 2])]
        return _Place(
            self._place_weight(token, meaning, length),
            meaning,
            token.folded,
            token.light,
            f" {token.folded} ",
            f" {token.marked} " if token.marked != token.folded else "",
            f" {sound(token.folded)} ",
            tuple(f" {before} {after} " for before, after in around),
        )

    def _place_weight(self, token: Token, meaning: str, length: int) -> float:
        if meaning and f"={meaning}" in self._found_by:
            return self._weight(f"={meaning}") * _MEANING / length
        return self._weight(token.folded) * (_LIGHT if token.light else 1.0)

    def _best(self, parts: list[_Part], id: str, least: float) -> _Judged | None:
        """How well the entry fits the part that it fits best; None when that is less than `least`."""
        compiled, best = self._entries[id], None
        for part in parts:
            judged = self._compare(part, id, compiled, max(least, best.score) if best else least)
            best = max(best, judged) if best and judged else judged or best
        return best

    def _names_another(self, reading: Reading) -> bool:
        """Whether the question holds a name that no entry has ("quên mật khẩu zalo"): it is about that, then."""
        meant = by_position(reading)
        return any(
            _is_name(token) and token.folded not in self._found_by and not self._near(token.folded)
            for at, token in enumerate(reading.tokens)
            if at not in meant
        )

    def _candidates(self, reading: Reading, hidden: Container[str]) -> list[str]:
        votes: dict[str, float] = {}
        room = _POSTINGS
        for weight, key in sorted(((self._weight(k) * f, k) for k, f in self._query_keys(reading)), reverse=True):
            found = self._found_by.get(key, {})
            # The rarest come first; what most of a large corpus has tells nothing and would cost the most.
            if votes and (room := room - len(found)) < 0:
                break
            for id in found:
                votes[id] = votes.get(id, 0.0) + weight
        shown = (id for id in votes if id not in hidden) if hidden else votes
        return nlargest(_CANDIDATES, shown, key=votes.__getitem__)

    def _query_keys(self, reading: Reading) -> Iterator[tuple[str, float]]:
        for token in dict.fromkeys(reading.tokens):
            factor = _LIGHT if token.light else 1.0
            yield token.folded, factor
            if token.folded not in self._found_by and not token.light:
                yield f"~{sound(token.folded)}", _HEARD
                yield from ((near, _NEAR) for near in self._near(token.folded))
        yield from ((f"={meaning}", _MEANING) for meaning, _, _ in dict.fromkeys(reading.meanings))

    def _nearest(self, folded: str) -> tuple[str, ...]:
        """The syllables of the index one slip of the finger away from what is no syllable at all ("vnag").

        Real syllables are a slip away from a dozen others: for them only those that sound alike count.
        """
        if len(folded) < 3 or is_syllable(folded):
            return ()
        known = (key for key in self._found_by if key[0] not in "=~" and abs(len(key) - len(folded)) <= 1)
        return tuple(islice((key for key in known if OSA.distance(folded, key, score_cutoff=1) <= 1), 4))

    def _weight(self, key: str) -> float:
        """Rarity of a key in the corpus, 0..1; a key that no entry has is as rare as can be."""
        weight = self._weights.get(key)
        if weight is None:
            size, having = len(self._entries), len(self._found_by.get(key, ()))
            weight = self._weights[key] = log(1 + (size - having + 0.5) / (having + 0.5)) / log(2 + 2 * size)
        return weight

    def _compare(self, part: _Part, id: str, compiled: Compiled, least: float) -> _Judged | None:
        """The entry beside one part of the question; None as soon as it is certain that it scores less than `least`."""
        explained = self._explained(part, compiled)
        score = _EXPLAINED * explained
        if (score + _COVERED + _LETTERS) * part.share < least:
            return None
        heavy = self._heavy.get(id) or self._weigh(id, compiled)
        score += _COVERED * max(map(self._covered, repeat(part.asked), compiled.variants, heavy))
        if (score + _LETTERS) * part.share < least:
            return None
        score += _LETTERS * max(_alike(part.letters, variant.letters) for variant in compiled.variants)
        return _Judged(min(1.0, score * part.share), explained)

    def _explained(self, part: _Part, compiled: Compiled) -> float:
        """How much of the question's weight the entry accounts for, 0..1."""
        got = 0.0
        for place in part.places:
            got += place.weight if place.meaning in compiled.meanings else place.weight * self._credit(place, compiled)
        return got / part.weight if part.weight else 0.0

    def _credit(self, place: _Place, compiled: Compiled) -> float:
        if place.folded in compiled.folded:
            if place.marked and place.marked not in compiled.marked:
                return _OTHER_MARKS
            return _PAIRED if any(pair in compiled.folded for pair in place.pairs) else _ALONE
        if place.light:
            return 0.0
        if place.heard in compiled.sounds:
            return _HEARD
        if any(f" {near} " in compiled.folded for near in self._near(place.bare)):
            return _NEAR
        return _IN_ANSWER if place.folded in compiled.answer else 0.0

    def _weigh(self, id: str, compiled: Compiled) -> list[float]:
        """What each wording of the entry weighs in all; kept until the index changes."""
        weigh = self._weight
        self._heavy[id] = [
            sum(map(weigh, variant.units)) + _LIGHT * sum(map(weigh, variant.light_units))
            for variant in compiled.variants
        ]
        return self._heavy[id]

    def _covered(self, asked: frozenset[str], variant: Variant, heavy: float) -> float:
        """How much of one wording of the entry, which weighs `heavy`, the question contains, 0..1."""
        got = 0.0
        for unit in variant.units:
            met = 1.0 if unit in asked else _HEARD if f"~{sound(unit)}" in asked else 0.0
            if met:
                got += self._weight(unit) * met
        got += _LIGHT * sum(self._weight(unit) for unit in variant.light_units if unit in asked)
        return got / heavy if heavy else 0.0


def _alike(asked: str, wording: str) -> float:
    """Likeness by letters, 0..1, in any order of the words and in this one."""
    return (fuzz.token_set_ratio(asked, wording) + fuzz.ratio(asked, wording)) / 200


def _is_name(token: Token) -> bool:
    return len(token.folded) > 2 and token.folded.isalpha() and not token.light and not is_syllable(token.folded)


def _is_sure(ranked: list[_Judged]) -> bool:
    if not ranked:
        return False
    lead = ranked[0].score - (ranked[1].score if len(ranked) > 1 else 0.0)
    return ranked[0].score >= _SURE and lead >= _MARGIN and ranked[0].explained >= _EXPLAINED_ENOUGH


def _asked(reading: Reading) -> frozenset[str]:
    """Everything in a question that a wording may contain: syllables, "=" meanings, "~" sounds."""
    syllables = {token.folded for token in reading.tokens}
    heard = {f"~{sound(token.folded)}" for token in reading.tokens if not token.light}
    return frozenset(syllables | heard | {f"={meaning}" for meaning, _, _ in reading.meanings})
