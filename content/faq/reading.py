"""Reading a text: its syllables, the concepts named in it, and the clauses of a long message."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from content.faq.lexicon import Lexicon, lexicon
from content.faq.phrases import Phrase
from content.faq.sounds import sound, spoken
from content.vietnamese import Word, clean, decode, expand, has_marks, squeeze, word_lists, words

_CLAUSE = re.compile(r"[.,;:!?\n…()]+")
# A villager's question is in its first two thousand letters, or nowhere.
LONGEST = 2000
_LONGEST_PHRASE = 6  # syllables
# How sure a concept is when its phrase is spelled so: with other marks, only small words, by sound, one syllable bare.
_MARKS, _SMALL, _HEARD, _BARE = 0.85, 0.85, 0.8, 0.6


class Token(NamedTuple):
    """One syllable of a text."""

    folded: str
    marked: str
    light: bool  # carries the question, not its subject ("làm", "ở đâu")
    bare: bool  # typed without marks by somebody who types none
    clause: int  # which part of the text it stands in, between full stops and commas


class Span(NamedTuple):
    """A concept named by the syllables `first` to `last` (one past)."""

    concept: str
    first: int
    last: int
    sure: float


class Reading(NamedTuple):
    """A text read."""

    tokens: tuple[Token, ...]
    spans: tuple[Span, ...]

    @property
    def folded(self) -> str:
        """The syllables as one string, for the comparison by letters."""
        return " ".join(token.folded for token in self.tokens)


@lru_cache(maxsize=8)  # the same words are asked of more than one index
def read(text: str) -> Reading:
    """`text` as somebody typed it, abbreviations and keyboard leftovers resolved first, slips of the pen allowed.

    Whoever types marks at all leaves a word bare because it has none: "vay tiền" is a loan, "vay" alone may be "vậy".
    """
    cleaned = clean(text[:LONGEST])
    typed = squeeze(expand(cleaned))  # abbreviations first: "cccd" holds no letter down
    return _read(expand(decode(typed)), any(map(has_marks, words(cleaned))), slips=True)


def names_something_broken(text: str) -> bool:
    """Whether it speaks of a road, a lamp, a pole, rubbish: of what people want mended."""
    return any(span.concept in lexicon().broken for span in read(text).spans)


def read_written(text: str) -> Reading:
    """`text` as an official wrote it: taken by the letter."""
    found, short = words(text[:LONGEST]), word_lists()
    if any(w.folded in short.expand or w.folded in short.context or w.marked in short.spelled for w in found):
        return _read(expand(text[:LONGEST]), True, slips=False)
    return _read(text[:LONGEST], True, slips=False, found=found)  # most hold nothing short, and expanding costs most


def _read(text: str, exact: bool, slips: bool, found: list[Word] | None = None) -> Reading:
    found, known = words(text) if found is None else found, lexicon()
    breaks = [n for n in range(1, len(found)) if _CLAUSE.search(text, found[n - 1].end, found[n].start)]
    tokens = tuple(_token(word, exact, bisect_right(breaks, n), known) for n, word in enumerate(found))
    spans = list(_named(tokens, slips, known))
    if slips:
        spans += _misspelled(tokens, spans, known)
    return Reading(tokens, tuple(sorted(_outermost(spans), key=lambda span: span.first)))


def _token(word: Word, exact: bool, clause: int, known: Lexicon) -> Token:
    marked = exact or has_marks(word)
    light = word.marked in known.light_marked if marked else word.folded in known.light_folded
    return Token(word.folded, word.marked, light or word.folded.isdigit(), not marked, clause)


def _named(tokens: tuple[Token, ...], slips: bool, known: Lexicon) -> Iterator[Span]:
    """The longest phrases that begin at each syllable; several when they are written alike."""
    folded = tuple(token.folded for token in tokens)
    for at in range(len(tokens)):
        found: list[Span] = []
        pair = known.phrases.get(folded[at : at + 2], ()) if at + 1 < len(tokens) else ()
        for phrase in pair + known.phrases.get(folded[at : at + 1], ()):
            last = at + len(phrase.folded)
            if found and last < found[0].last:
                break
            sure = _sure(phrase, tokens[at:last], slips) if folded[at:last] == phrase.folded else 0.0
            if sure == 1.0 or (sure and phrase.concept not in known.outside):  # what is not ours is said outright
                found.append(Span(phrase.concept, at, last, sure))
        if found:
            surest = max(span.sure for span in found)
            yield from (span for span in found if span.sure == surest)


def _sure(phrase: Phrase, here: tuple[Token, ...], slips: bool) -> float:
    other = [(t, marked) for t, marked in zip(here, phrase.marked, strict=True) if t.marked != marked]
    if not other:
        return 1.0
    if len(here) == 1:
        return _BARE if here[0].bare and not here[0].light else 0.0
    if all(token.bare for token, _ in other):
        return _SMALL if all(token.light for token in here) and not phrase.light else 1.0
    # Among marked words other marks are another word ("tiền ăn" is no "tiền án"), unless it is a usual slip.
    return _MARKS if slips and all(t.bare or _usual_slip(t, marked, len(here)) for t, marked in other) else 0.0


def _usual_slip(token: Token, marked: str, size: int) -> bool:
    if token.light:
        return False
    return size > 2 or token.marked == token.folded or spoken(token.marked) == spoken(marked)


def _misspelled(tokens: tuple[Token, ...], spans: list[Span], known: Lexicon) -> Iterator[Span]:
    """Phrases of several syllables that sound so, where nothing is named."""
    taken = {at for span in spans if _size(span) > 1 for at in range(span.first, span.last)}
    for at in range(len(tokens)):
        for size in range(min(_LONGEST_PHRASE, len(tokens) - at), 1, -1):
            here = tokens[at : at + size]
            if taken.intersection(range(at, at + size)) or here[0].clause != here[-1].clause:
                continue
            phrase = None if all(token.light for token in here) else _sounding_so(here, known)
            if phrase is not None:
                yield Span(phrase.concept, at, at + size, _HEARD)
                break


def _sounding_so(here: tuple[Token, ...], known: Lexicon) -> Phrase | None:
    heard = tuple(sound(token.folded) for token in here)
    return next((phrase for phrase in known.heard.find(heard) if _one_kept(phrase, here)), None)


def _one_kept(phrase: Phrase, here: tuple[Token, ...]) -> bool:
    """Whether a syllable that carries the subject is written as in the phrase: sounds alone are too many."""
    pairs = list(zip(here, phrase.folded, phrase.marked, strict=True))
    if any(not t.bare and spoken(t.marked) != spoken(marked) for t, _, marked in pairs):
        return False  # typed with other marks
    return any(t.folded == folded and not t.light for t, folded, _ in pairs)


def _outermost(spans: list[Span]) -> Iterator[Span]:
    """Without those that lie inside one of more syllables."""
    for span in spans:
        size = _size(span)
        around = (one for one in spans if one.first <= span.first and span.last <= one.last)
        if not any(_size(one) > size for one in around):
            yield span


def _size(span: Span) -> int:
    return span.last - span.first
