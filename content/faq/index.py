"""The FAQ index: which entries a question may mean, how sure that is, and when to say that it is not sure.

Candidates come from an inverted index (syllables, concepts and what they suggest, sounds). Each is then laid beside
the question (evidence.py), and the evidence becomes a score and a decision (blend.py).
"""

from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from heapq import nlargest
from pathlib import Path
from typing import NamedTuple, Self

from rapidfuzz import process
from rapidfuzz.distance import OSA

from content.faq.asked import Asked, make_asked
from content.faq.blend import is_sure, logit, squeeze
from content.faq.compiled import Compiled, compile_entry
from content.faq.entries import Entry, load_entries
from content.faq.evidence import compare, misses_grave
from content.vietnamese import is_syllable

_CANDIDATES = 16
_WORTH = 0.3  # of the most promising one's weight: what has less has never come first, and costs the most to compare
_POSTINGS = 4000  # entries looked at after those of the weightiest key, before the common syllables are left out
_HEARD, _NEAR, _TOLD = 0.7, 0.6, 0.4
_RECENT = 8  # questions: who asked the last ones is answered within moments


def _begun(text: str) -> tuple[Asked, dict[str, float]]:
    """A question, and what speaks for each entry that was compared with it: none so far."""
    return make_asked(text), {}


class Match(NamedTuple):
    """One entry for a question. `score` is 0..1; `confident` at most on the first: it may be served without asking."""

    id: str
    score: float
    confident: bool


class FaqIndex:
    """An index over entries, changed in place when an official edits one: by one thread while none searches."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Index these entries, all of them: leave out drafts and expired ones."""
        self._entries: dict[str, Compiled] = {}
        self._found_by: dict[str, dict[str, None]] = {}  # key -> entry ids
        self.near = lru_cache(maxsize=4096)(self._nearest)
        self._syllables = lru_cache(maxsize=1)(self._plain_keys)
        # Whoever's commune has questions of its own is searched for again a moment later: most is weighed by then.
        self._weighed = lru_cache(maxsize=_RECENT)(_begun)
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

    def compiled(self, id: str) -> Compiled:
        """The entry with this id, made ready."""
        return self._entries[id]

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
        """What was found before is not true any more."""
        self.near.cache_clear()
        self._syllables.cache_clear()
        self._weighed.cache_clear()

    def search(self, text: str, limit: int = 5, hidden: Container[str] = ()) -> list[Match]:
        """The entries that `text` may ask for, best first, at most `limit`; empty when nothing is alike.

        `hidden` entries are neither found nor weighed against the others: they are not for whoever asks.
        """
        asked, weighed = self._weighed(text)
        found = self.candidates(asked, hidden)
        weighed |= {id: logit(compare(asked, self._entries[id], self.near)) for id in found if id not in weighed}
        ranked = sorted(((weighed[id], id) for id in found), key=lambda pair: (-pair[0], pair[1]))
        sure = is_sure([value for value, _ in ranked]) and not misses_grave(asked, self._entries[ranked[0][1]])
        return [Match(id, round(squeeze(value), 4), sure and n == 0) for n, (value, id) in enumerate(ranked[:limit])]

    def candidates(self, asked: Asked, hidden: Container[str] = ()) -> list[str]:
        """The entries worth comparing, most promising first."""
        votes: dict[str, float] = {}
        room = _POSTINGS
        for weight, key in sorted(self._keys(asked), reverse=True):
            found = self._found_by.get(key, {})
            # The weightiest come first; what most of a large corpus has tells nothing and would cost the most.
            if votes and (room := room - len(found)) < 0:
                break
            for id in found:
                votes[id] = votes.get(id, 0.0) + weight
        shown = {id: weight for id, weight in votes.items() if id not in hidden} if hidden else votes
        least = _WORTH * max(shown.values(), default=0.0)
        best = nlargest(_CANDIDATES, [(weight, id) for id, weight in shown.items() if weight >= least])
        return [id for _, id in best]

    def _keys(self, asked: Asked) -> Iterator[tuple[float, str]]:
        """What to look up for a question, with its weight."""
        for unit in (*asked.units, *asked.told):
            if unit.concept:
                for concept, share in unit.near:
                    yield unit.weight * share, f"={concept}"
                yield unit.weight * _TOLD, f"+{unit.concept}"
            else:
                yield unit.weight, unit.bare
                if not unit.light and unit.bare not in self._found_by:
                    yield unit.weight * _HEARD, f"~{unit.heard.strip()}"
                    yield from ((unit.weight * _NEAR, near) for near in self.near(unit.bare))

    def _nearest(self, folded: str) -> tuple[str, ...]:
        """The syllables of the index one slip of the finger away from what is no syllable at all ("vnag").

        Real syllables are a slip away from a dozen others: for them only those that sound alike count.
        """
        if len(folded) < 3 or is_syllable(folded):
            return ()
        found = process.extract(folded, self._syllables(), scorer=OSA.distance, score_cutoff=1, limit=None)
        return tuple(key for key, _, _ in found)

    def _plain_keys(self) -> list[str]:
        return [key for key in self._found_by if key[0] not in "=~+"]
