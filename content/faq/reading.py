"""Reading a text: its syllables, the concepts named in it, and the clauses of a long message."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from content.faq.lexicon import Lexicon, lexicon
from content.faq.phrases import Phrase, gap
from content.faq.sounds import sound
from content.vietnamese import Word, clean, decode, expand, has_marks, is_syllable, squeeze, word_lists, words

_CLAUSE = re.compile(r"[.,;:!?\n…()]+")
_FALLING = str.maketrans("\u0309\u0303", "\u0303\u0303")  # hỏi and ngã are mixed up everywhere
# A villager's question is in its first two thousand letters, or nowhere.
LONGEST = 2000
_LONGEST_PHRASE = 6  # syllables
_LONG_PHRASE = 3  # syllables
# How sure a concept is when its phrase is spelled so: other marks, by sound, with a slip, one syllable without marks.
_MARKS, _HEARD, _SLIP, _BARE = 0.85, 0.8, 0.7, 0.6
_BETWEEN, _LOOSE = 2, 0.85  # small words that may stand between the syllables of a phrase, and what is sure then


class Token(NamedTuple):
    """One syllable of a text."""

    folded: str
    marked: str
    light: bool  # carries the question, not its subject ("làm", "ở đâu")
    clause: int  # which part of the text it stands in, between full stops and commas


class Span(NamedTuple):
    """A concept named by the syllables `first` to `last` (one past)."""

    concept: str
    first: int
    last: int
    sure: float
    at: tuple[int, ...] = ()  # its syllables, when small words stand between them


class Reading(NamedTuple):
    """A text read."""

    tokens: tuple[Token, ...]
    spans: tuple[Span, ...]
    hints: tuple[Span, ...]  # told of, not named; only in what people type
    breaks: tuple[int, ...]  # the syllables before which a clause begins

    @property
    def folded(self) -> str:
        """The syllables as one string, for the comparison by letters."""
        return " ".join(token.folded for token in self.tokens)


@lru_cache(maxsize=32)  # the same words are asked of more than one index
@lru_cache(maxsize=64)
def read(text: str) -> Reading:
    """`text` as somebody typed it, abbreviations and keyboard leftovers resolved first, slips of the finger allowed.

    Whoever types marks at all leaves a word bare because it has none: "vay tiền" is a loan, "vay" alone may be "vậy".
    """
    typed = squeeze(expand(clean(text[:LONGEST])))  # abbreviations first: "cccd" holds no letter down
    return _read(expand(decode(typed)), any(map(has_marks, words(clean(text[:LONGEST])))), slips=True)


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
    breaks = tuple(n for n in range(1, len(found)) if _CLAUSE.search(text, found[n - 1].end, found[n].start))
    tokens = tuple(_token(word, exact, bisect_right(breaks, n), known) for n, word in enumerate(found))
    spans = list(_named(tokens, exact, slips, known))
    if slips:
        spans += _misspelled(tokens, spans, known)
    hints = tuple(_hinted(tokens, exact, known)) if slips else ()
    return Reading(tokens, tuple(sorted(_outermost(spans), key=lambda span: span.first)), hints, breaks)


def _token(word: Word, exact: bool, clause: int, known: Lexicon) -> Token:
    marked = exact or has_marks(word)
    light = word.marked in known.light_marked if marked else word.folded in known.light_folded
    return Token(word.folded, word.marked, light, clause)


def _named(tokens: tuple[Token, ...], exact: bool, slips: bool, known: Lexicon) -> Iterator[Span]:
    """The longest phrases that begin at each syllable; several when they are written alike."""
    for at in range(len(tokens)):
        places = _places(tokens, at, slips, known)
        if not places:
            continue
        found: list[Span] = []
        for phrase, here in places:
            if found and len(here) < len(found[0].at):
                break
            if sure := _sure(phrase, tuple(tokens[n] for n in here), exact, slips):
                loose = _LOOSE if here[-1] - here[0] >= len(here) else 1.0
                found.append(Span(phrase.concept, here[0], here[-1] + 1, sure * loose, here))
        surest = max((span.sure for span in found), default=0.0)
        yield from (span for span in found if span.sure == surest)


def _places(tokens: tuple[Token, ...], at: int, slips: bool, known: Lexicon) -> list[tuple[Phrase, tuple[int, ...]]]:
    """The phrases that may begin at a syllable, with the positions of their syllables, longest first.

    Small words may stand between ("cụt một chân", "bà em mất") in what people type.
    """
    first, found = tokens[at].folded, []
    for after in range(at + 1, min(len(tokens), at + 2 + (_BETWEEN if slips else 0))):
        for phrase in known.phrases.get((first, tokens[after].folded), ()):
            here = _rest(phrase, tokens, at, after, slips)
            if here:
                found.append((phrase, here))
        if not tokens[after].light or tokens[after].clause != tokens[at].clause:
            break
    found += [(phrase, (at,)) for phrase in known.phrases.get((first,), ())]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[1][-1])) if len(found) > 1 else found


def _rest(phrase: Phrase, tokens: tuple[Token, ...], at: int, after: int, slips: bool) -> tuple[int, ...]:
    """Where the syllables of a phrase stand whose first two are at `at` and `after`; empty if they do not follow."""
    here, room = [at, after], _BETWEEN - (after - at - 1)
    for folded in phrase.folded[2:]:
        next_at = here[-1] + 1
        while slips and room and next_at < len(tokens) and tokens[next_at].light and tokens[next_at].folded != folded:
            next_at, room = next_at + 1, room - 1
        if next_at >= len(tokens) or tokens[next_at].folded != folded:
            return ()
        here.append(next_at)
    return tuple(here) if tokens[here[-1]].clause == tokens[at].clause else ()


def _sure(phrase: Phrase, here: tuple[Token, ...], exact: bool, slips: bool) -> float:
    other = [(t, marked) for t, marked in zip(here, phrase.marked, strict=True) if t.marked != marked]
    if not other:
        return 1.0
    if len(here) == 1:
        return 0.0 if exact or here[0].light or here[0].marked != here[0].folded else _BARE
    if not exact:
        return _LOOSE if all(token.light for token in here) and not phrase.light else 1.0
    # Among marked words other marks are another word ("tiền ăn" is no "tiền án"), unless it is a usual slip.
    return _MARKS if slips and all(_usual_slip(token, marked, len(here)) for token, marked in other) else 0.0


def _usual_slip(token: Token, marked: str, size: int) -> bool:
    if token.light:
        return False
    return size > 2 or token.marked == token.folded or token.marked.translate(_FALLING) == marked.translate(_FALLING)


def _hinted(tokens: tuple[Token, ...], exact: bool, known: Lexicon) -> Iterator[Span]:
    """Concepts told of by each syllable: the longest words that begin there."""
    folded = tuple(token.folded for token in tokens)
    for at in range(len(tokens)):
        found: list[Span] = []
        for phrase in (*known.hints.get(folded[at : at + 2], ()), *known.hints.get(folded[at : at + 1], ())):
            last = at + len(phrase.folded)
            if found and last < found[0].last:
                break
            if folded[at:last] == phrase.folded and _sure(phrase, tokens[at:last], exact, True) == 1.0:
                found.append(Span(phrase.concept, at, last, 1.0))
        yield from found


def _misspelled(tokens: tuple[Token, ...], spans: list[Span], known: Lexicon) -> Iterator[Span]:
    """Phrases of several syllables that sound so, or of which one syllable is a slip away, where nothing is named."""
    taken = {at for span in spans if _size(span) > 1 for at in positions(span)}
    folded = tuple(token.folded for token in tokens)
    heard = tuple(map(sound, folded))
    for at in range(len(tokens)):
        for size in range(min(_LONGEST_PHRASE, len(tokens) - at), 1, -1):
            here = tokens[at : at + size]
            if taken.intersection(range(at, at + size)) or here[0].clause != here[-1].clause:
                continue
            if all(token.light for token in here):
                continue
            phrase, sure = next(known.heard.find(heard[at : at + size]), None), _HEARD
            if phrase is None or not _one_kept(phrase, here):
                phrase, sure = _a_slip_away(folded[at : at + size], known), _SLIP
            if phrase is not None:
                yield Span(phrase.concept, at, at + size, sure)
                break


def _one_kept(phrase: Phrase, here: tuple[Token, ...]) -> bool:
    """Whether a syllable that carries the subject is written as in the phrase: sounds alone are too many."""
    pairs = list(zip(here, phrase.folded, phrase.marked, strict=True))
    if any(t.folded == folded and t.marked not in (folded, marked) for t, folded, marked in pairs):
        return False  # typed with other marks
    return any(t.folded == folded and not t.light for t, folded, _ in pairs)


def _a_slip_away(typed: tuple[str, ...], known: Lexicon) -> Phrase | None:
    for at, syllable in enumerate(typed):
        for phrase in known.gaps.find(gap(typed, at)):
            if _is_slip(syllable, phrase.folded[at], len(typed)):
                return phrase
    return None


def _is_slip(typed: str, meant: str, size: int) -> bool:
    """What is a syllable itself was probably meant; in a long phrase it may be a slip all the same."""
    if min(len(meant), len(typed)) < 2 or (size < _LONG_PHRASE and is_syllable(typed)):
        return False
    return OSA.distance(typed, meant, score_cutoff=1) <= 1


def _outermost(spans: list[Span]) -> Iterator[Span]:
    """Without those that lie inside one of more syllables."""
    for span in spans:
        size = _size(span)
        around = (one for one in spans if one.first <= span.first and span.last <= one.last)
        if not any(_size(one) > size for one in around):
            yield span


def _size(span: Span) -> int:
    return len(span.at) or span.last - span.first


def positions(span: Span) -> Iterable[int]:
    """The syllables of a concept."""
    return span.at or range(span.first, span.last)
