"""What is looked at in a text: its syllables, the meanings that synonyms share, and how a syllable sounds."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from content.vietnamese import Word, clean, decode, expand, has_marks, squeeze, words

SYNONYMS = Path(__file__).with_name("synonyms.toml")
_CLAUSE = re.compile(r"[.,;:!?\n…()]+")
# A villager's question is in its first two thousand letters, or nowhere.
LONGEST = 2000
_MOST_CLAUSES = 12


class Token(NamedTuple):
    """One syllable of a text."""

    folded: str
    marked: str
    light: bool  # carries the question, not its subject ("làm", "ở đâu")


class Reading(NamedTuple):
    """A text read: its syllables, and the meanings found in it as (meaning, first syllable, one past the last)."""

    tokens: tuple[Token, ...]
    meanings: tuple[tuple[str, int, int], ...]

    @property
    def folded(self) -> str:
        """The syllables as one string, for the comparison by letters."""
        return " ".join(token.folded for token in self.tokens)


class _Phrase(NamedTuple):
    folded: tuple[str, ...]
    marked: tuple[str, ...]
    meaning: str


class _Lists(NamedTuple):
    phrases: dict[str, tuple[_Phrase, ...]]  # by first syllable, longest first
    light_marked: frozenset[str]
    light_folded: frozenset[str]


@cache
def _lists() -> _Lists:
    data = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))
    by_first: dict[str, list[_Phrase]] = {}
    for meaning, phrases in data["same"].items():
        for phrase in phrases:
            found = words(phrase)
            made = _Phrase(tuple(w.folded for w in found), tuple(w.marked for w in found), meaning)
            by_first.setdefault(made.folded[0], []).append(made)
    light = [word for text in data["light"]["words"] for word in words(text)]
    return _Lists(
        {first: tuple(sorted(found, key=lambda p: -len(p.folded))) for first, found in by_first.items()},
        frozenset(word.marked for word in light),
        frozenset(word.folded for word in light),
    )


@lru_cache(maxsize=32)  # the same words are asked of more than one index
def read(text: str) -> Reading:
    """`text` as its syllables and meanings, abbreviations and keyboard leftovers resolved first.

    Whoever types marks at all leaves a word bare because it has none: "vay tiền" is a loan, "vay" alone may be "vậy".
    """
    typed = squeeze(clean(text[:LONGEST]))
    found = words(expand(decode(typed)))
    exact = any(has_marks(word) for word in words(typed))
    return Reading(tuple(_token(word, exact) for word in found), tuple(_meanings(found, exact)))


def _token(word: Word, exact: bool) -> Token:
    lists = _lists()
    marked = exact or has_marks(word)
    light = word.marked in lists.light_marked if marked else word.folded in lists.light_folded
    return Token(word.folded, word.marked, light)


def _meanings(found: list[Word], exact: bool) -> Iterator[tuple[str, int, int]]:
    at = 0
    while at < len(found):
        phrase = next((p for p in _lists().phrases.get(found[at].folded, ()) if _stands(p, found, at, exact)), None)
        if phrase is not None:
            yield phrase.meaning, at, at + len(phrase.folded)
        at += len(phrase.folded) if phrase else 1


def _stands(phrase: _Phrase, found: list[Word], at: int, exact: bool) -> bool:
    here = found[at : at + len(phrase.folded)]
    if tuple(word.folded for word in here) != phrase.folded:
        return False
    return len(here) > 1 or not (exact or has_marks(here[0])) or here[0].marked == phrase.marked[0]


def clauses(text: str) -> list[str]:
    """The parts of a long message, so that the one that asks is found: its clauses, and the last two together."""
    parts = [part.strip() for part in _CLAUSE.split(text[:LONGEST]) if len(part.split()) >= 2]
    if len(parts) < 2:
        return []
    return [*parts[-_MOST_CLAUSES:], " ".join(parts[-2:])]


# Spellings that sound alike somewhere in the country, so that they are mixed up in writing.
_ONSETS = (
    *(("ngh", "ng"), ("gh", "g"), ("tr", "ch"), ("gi", "d"), ("dz", "d"), ("qu", "q")),
    *(("x", "s"), ("r", "d"), ("k", "c"), ("q", "c"), ("l", "n"), ("f", "p")),
)
_Y_AS_I = re.compile(r"(?<![aeiou])y")  # "kỹ" is "kĩ", but "tay" is not "tai"
_ENDS = (("nh", "n"), ("ng", "n"), ("ch", "t"), ("c", "t"))


def by_position(reading: Reading) -> dict[int, tuple[str, int]]:
    """Of each syllable that is part of a meaning: the meaning, and how many syllables share it."""
    spans = ((at, meaning, last - first) for meaning, first, last in reading.meanings for at in range(first, last))
    return {at: (meaning, length) for at, meaning, length in spans}


@lru_cache(maxsize=16384)
def sound(folded: str) -> str:
    """A folded syllable as it may be heard: "tranh" and "chan", "xinh" and "sin" are one."""
    onset = next(((old, new) for old, new in _ONSETS if folded.startswith(old)), ("", ""))
    heard = _Y_AS_I.sub("i", onset[1] + folded[len(onset[0]) :])
    end = next(((old, new) for old, new in _ENDS if heard.endswith(old) and len(heard) > len(old)), ("", ""))
    return heard[: len(heard) - len(end[0])] + end[1]
