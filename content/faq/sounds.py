"""How a syllable sounds: spellings that sound alike somewhere in the country are mixed up in writing."""

import re
from functools import lru_cache

from content.spelling import TONES

_ONSETS = (
    *(("ngh", "ng"), ("gh", "g"), ("tr", "ch"), ("gi", "d"), ("dz", "d"), ("qu", "q")),
    *(("x", "s"), ("r", "d"), ("k", "c"), ("q", "c"), ("l", "n"), ("f", "p")),
)
_Y_AS_I = re.compile(r"(?<![aeiou])y")  # "kỹ" is "kĩ", but "tay" is not "tai"
_FALLING = str.maketrans("\u0309", "\u0303")  # hỏi and ngã are mixed up everywhere
_SHORT = 32  # letters; longer words are no syllables, and not worth remembering
_ENDS = (("nh", "n"), ("ng", "n"), ("ch", "t"), ("c", "t"))


def sound(folded: str) -> str:
    """A folded syllable as it may be heard: "tranh" and "chan", "xinh" and "sin" are one."""
    return _short_sound(folded) if len(folded) <= _SHORT else _sound(folded)


@lru_cache(maxsize=16384)
def _short_sound(folded: str) -> str:
    return _sound(folded)


def _sound(folded: str) -> str:
    onset = next(((old, new) for old, new in _ONSETS if folded.startswith(old)), ("", ""))
    heard = _Y_AS_I.sub("i", onset[1] + folded[len(onset[0]) :])
    end = next(((old, new) for old, new in _ENDS if heard.endswith(old) and len(heard) > len(old)), ("", ""))
    return heard[: len(heard) - len(end[0])] + end[1]


def spoken(marked: str) -> str:
    """A syllable as it may be heard with its marks: "rất" and "đất" are two."""
    return _short_spoken(marked) if len(marked) <= _SHORT else _spoken(marked)


@lru_cache(maxsize=16384)
def _short_spoken(marked: str) -> str:
    return _spoken(marked)


def _spoken(marked: str) -> str:
    letters = marked.rstrip(TONES)
    return sound(letters) + marked[len(letters) :].translate(_FALLING)
