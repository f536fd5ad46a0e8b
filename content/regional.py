"""Regional words and the common words for them: a further view for matching, never shown to anybody."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from content.chunks import protected
from content.spelling import Word, fold, has_marks, nfc, words

DATA = Path(__file__).with_name("regional_words.toml")
_EXACT = 0.4  # of the words have marks where people type them; what was written out for them brings a few as well
_PASSES = 8  # a common word may show that its neighbour is a regional one; two passes do, but for a word game
_STOPS = frozenset(".!?…\n:")


class _Phrase(NamedTuple):
    words: tuple[Word, ...]
    means: str
    exact: bool  # only in a text typed with marks


class _Single(NamedTuple):
    means: str
    not_after: frozenset[str]
    not_before: frozenset[str]


class _Lists(NamedTuple):
    phrases: dict[str, tuple[_Phrase, ...]]  # by their first syllable, longest first
    singles: dict[str, _Single]  # by the marked word


@cache
def _lists() -> _Lists:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    by_first: dict[str, list[_Phrase]] = {}
    for text, means in data["phrases"].items():
        phrase = _Phrase(tuple(words(text)), means, text.startswith("!"))
        by_first.setdefault(phrase.words[0].folded, []).append(phrase)
    phrases = {first: tuple(sorted(found, key=lambda one: -len(one.words))) for first, found in by_first.items()}
    return _Lists(phrases, {words(text)[0].marked: _single(one) for text, one in data["words"].items()})


def _single(one: dict[str, str]) -> _Single:
    sides = (frozenset(word.marked for word in words(one.get(side, ""))) for side in ("not_after", "not_before"))
    return _Single(one["means"], *sides)


def standard(text: str) -> str:
    """`text` with the words of the Centre, the South and the North put in common ones, for matching.

    "mần răng chừ" gives "làm sao bây giờ", "heo tui bị bịnh" gives "lợn tôi bị bệnh". Words that are ordinary ones too
    ("chi phí", "đau răng", "mô hình") stay, and so does most of what is typed without any mark ("ba toi", "chi toi").

    To be used after `expand(decode(squeeze(clean(text))))`, beside that view and not instead of it. A corpus may hold
    either word: put both sides of a comparison through it. Idempotent; what has no marks gets none.
    """
    composed = nfc(text)
    for _ in range(_PASSES):
        before, composed = composed, _once(composed)
        if composed == before:
            break
    return composed


def _once(composed: str) -> str:
    read = words(composed)
    kept = protected(composed)
    exact = sum(has_marks(word) for word in read) >= _EXACT * len(read) > 0
    parts, last, at = [], 0, 0
    while at < len(read):
        size, means = (0, "") if kept(read[at].start) else _found(composed, read, at, exact)
        if size:
            parts += [composed[last : read[at].start], means]
            last = read[at + size - 1].end
        at += size or 1
    return nfc("".join([*parts, composed[last:]]))


def _found(text: str, read: Sequence[Word], at: int, exact: bool) -> tuple[int, str]:
    """How many words from here on are regional, and the common ones for them; 0 when none is."""
    for phrase in _lists().phrases.get(read[at].folded, ()):
        here = read[at : at + len(phrase.words)]
        if (exact or not phrase.exact) and _is_said(here, phrase.words) and not _broken(text, here):
            return len(here), phrase.means if exact or any(map(has_marks, here)) else fold(phrase.means)
    single = _lists().singles.get(read[at].marked)
    if single is None or not (exact or has_marks(read[at])) or _is_name(text, read, at):
        return 0, ""
    ordinary = _one_of(read, at - 1, single.not_after) or _one_of(read, at + 1, single.not_before)
    return (0, "") if ordinary else (1, single.means)


def _one_of(read: Sequence[Word], at: int, wanted: frozenset[str]) -> bool:
    """Whether the word there is one of these; a bare one may be."""
    if not 0 <= at < len(read):
        return False
    word = read[at]
    return word.marked in wanted or (not has_marks(word) and word.folded in map(fold, wanted))


def _is_said(here: Sequence[Word], phrase: Sequence[Word]) -> bool:
    """Word for word; typed marks must agree, missing ones are forgiven."""
    return len(here) == len(phrase) and all(
        said.folded == meant.folded and (not has_marks(said) or said.marked == meant.marked)
        for said, meant in zip(here, phrase, strict=True)
    )


def _broken(text: str, here: Sequence[Word]) -> bool:
    """Whether a sentence ends between the words."""
    return any(c in _STOPS or c == "," for c in text[here[0].end : here[-1].start])


def _is_name(text: str, read: Sequence[Word], at: int) -> bool:
    """A capital inside a sentence that is not all in capitals: "chị Linh Chi"."""
    typed = text[read[at].start : read[at].end]
    first = at == 0 or any(c in _STOPS for c in text[read[at - 1].end : read[at].start])
    return typed[0].isupper() and typed[1:].islower() and not first
