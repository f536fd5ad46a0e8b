"""Vietnamese typed with the keyboard switched off: the keys of Telex ("ddawngs") and VNI ("d9a8ng1") made words again.

The keys are played as a keyboard would play them, so that the marks come back too: "baox" is bão, "baos" is báo. What
does not become a syllable stays as it was typed. Where one key is all the evidence, the syllable must be one of
syllables.txt; the words under [keep] in vietnamese_words.toml are left alone.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from content.chunks import joined, protected
from content.keystrokes import TELEX_TONES, VOWELS, Keys, telex, vni
from content.shorthand import word_lists
from content.spelling import TONES, Word, fold, is_syllable, nfc, words

SYLLABLES = Path(__file__).with_name("syllables.txt")
LONGEST = 12  # keys: "nghieengs" has nine, "truwowngf" too
_FOREIGN = re.compile(r"w[aeiouy][^w]*$|[zfj]")  # "war", "zoos": no Vietnamese word begins so
_STOPS = ("c", "ch", "p", "t")  # these ends carry only sắc and nặng
_SHARP = (TONES[1], TONES[4])


class _Known(NamedTuple):
    """What syllables.txt holds, in three views."""

    marked: frozenset[str]
    folded: frozenset[str]
    rimes: frozenset[str]  # without tone: "ương", "iêt"


@cache
def known() -> _Known:
    """The syllables that people use, read once."""
    read = words(SYLLABLES.read_text(encoding="utf-8"))
    return _Known(
        frozenset(word.marked for word in read),
        frozenset(word.folded for word in read),
        frozenset(_rime(word.marked.rstrip(TONES)) for word in read),
    )


_ONSET = re.compile(r"(?:ngh|ng|nh|gh|gi(?=[aeouăâêôơư])|kh|ph|th|tr|ch|qu(?=.)|[bcdđghklmnpqrstvx])?")


def _rime(letters: str) -> str:
    found = _ONSET.match(letters)
    return letters[found.end() if found else 0 :]


def _likely(keys: Keys | None, last: str, *, mode: bool) -> str:
    """The syllable that the keys make, with as many marks as are certain; empty when they make none."""
    letters, tone = keys.word() if keys else ("", "")
    plain = fold(letters)
    if keys is None or not is_syllable(plain):
        return ""
    if letters + tone in known().marked:
        return letters + tone
    if _rime(letters) not in known().rimes or (plain not in known().folded and not mode):
        return ""
    fits = tone in _SHARP or not letters.endswith(_STOPS)
    if keys.sure:
        return letters + tone if fits else plain
    return letters + tone if fits and (mode or (last in TELEX_TONES and not keys.late)) else ""


@lru_cache(maxsize=16384)
def _decoded(token: str, *, mode: bool = False) -> str:
    """A word in lower case, its keys played: letters with their marks, the tone last; unchanged when it is no such.

    `mode`: the words around it were surely typed with the keyboard off.
    """
    folded = fold(token)
    if not 1 < len(token) <= LONGEST or is_syllable(folded) or not token[0].isalpha() or folded in _kept():
        return token
    if _FOREIGN.match(token) or (folded in word_lists().foreign and not mode):
        return token
    if token.isalpha():
        made = _likely(telex(token), token[-1], mode=mode) or _likely(telex(token, late=False), token[-1], mode=mode)
    else:
        numbered = folded.rstrip("0123456789") in word_lists().units and not mode  # "thon3" is hamlet 3, not a tone
        made = "" if numbered else _likely(vni(token), token[-1], mode=mode)
    return made if made and fold(made) != folded else token


@cache
def _kept() -> frozenset[str]:
    """Words the keys must leave: foreign ones, and those that are short for others."""
    lists = word_lists()
    return lists.keep | lists.expand.keys() | lists.ambiguous.keys()


def decode_word(folded: str) -> str:
    """A folded word typed with the Vietnamese keyboard off: "ddawng" gives "dang", "tie61ng" gives "tieng".

    A word that is Vietnamese as it stands, is on the list of words to keep, or does not become Vietnamese is returned
    unchanged, so that codes and foreign words pass.
    """
    found = _decoded(folded) if len(folded) <= LONGEST else folded
    return folded if found == folded else fold(found)


def decode(text: str) -> str:
    """`text` with the leftovers of Telex and VNI typing played out; the words changed are lower case, with their marks
    ("ddawng kys" gives "đăng ký") as far as these are certain.

    Addresses, e-mails and codes (PA-7K3M-9QXD) are left alone, and so is a capital with a digit ("BA1").
    """
    composed = nfc(text)
    kept = protected(composed)
    found = [word for word in words(composed) if _may_be_keys(composed, word) and not kept(word.start)]
    typed = [composed[word.start : word.end].lower().replace("ð", "đ") for word in found]
    off = _keyboard_off(typed)
    parts, last = [], 0
    for word, token in zip(found, typed, strict=True):
        made = _as_meant(token, off)
        if made:
            parts += [composed[last : word.start], made]
            last = word.end
    return nfc("".join([*parts, composed[last:]]))


def _may_be_keys(text: str, word: Word) -> bool:
    typed = text[word.start : word.end]
    return 1 < len(typed) <= LONGEST and not _code(typed) and not joined(text, word.start, word.end)


class _Off(NamedTuple):
    """How sure it is, by the words of a message together, that the keyboard was off."""

    surely: bool  # then "xa4" beside is xã and not xa 4
    vni: bool  # then "co1" beside is có and not the code CO1


def _keyboard_off(tokens: Sequence[str]) -> _Off:
    surely = any(_surely(token) for token in tokens)
    numbered = (token for token in tokens if not token.isalpha() and _decoded(token, mode=True) != token)
    return _Off(surely, surely or len(list(islice(numbered, 2))) == 2)


@lru_cache(maxsize=16384)
def _surely(token: str) -> bool:
    """Whether a word was typed with keys that no other language has."""
    if _decoded(token) == token:
        return False
    keys = telex(token) if token.isalpha() else vni(token)
    return keys is not None and keys.sure and (bool(keys.tone) or token.startswith(("dd", "d9")))


def _as_meant(token: str, off: _Off) -> str:
    """The word that the keys of one token make, spelled out; empty when it stands as it is."""
    alone = token[-1].isdigit() and sum(c.isdigit() for c in token) == 1
    if alone and not off.vni:
        return ""
    made = _decoded(token, mode=off.surely or (alone and off.vni))
    return "" if made == token else _spelled(made)


def _code(typed: str) -> bool:
    return typed.isupper() and typed[-1].isdigit() and typed[:-1].isalpha()


def _spelled(marked: str) -> str:
    """The tone set where it is written: "đươngf" made "đương" and huyền is "đường"."""
    letters, tone = marked.rstrip(TONES), marked[len(marked.rstrip(TONES)) :]
    return nfc(letters[: (at := _seat(letters) + 1)] + tone + letters[at:])


def _seat(letters: str) -> int:
    found = _ONSET.match(letters)
    vowels = [at for at, c in enumerate(letters) if c in VOWELS and at >= (found.end() if found else 0)]
    marked = [at for at in vowels if letters[at] in "ăâêôơư"]
    if marked or not vowels:
        return marked[-1] if marked else len(letters) - 1
    closed = vowels[-1] < len(letters) - 1
    return vowels[-1] if closed and len(vowels) < 3 else vowels[len(vowels) // 2 - (len(vowels) == 2)]
