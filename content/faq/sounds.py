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
_ENDS = (("nh", "n"), ("ng", "n"), ("ch", "t"), ("c", "t"))


@lru_cache(maxsize=16384)
def sound(folded: str) -> str:
    """A folded syllable as it may be heard: "tranh" and "chan", "xinh" and "sin" are one."""
    onset = next(((old, new) for old, new in _ONSETS if folded.startswith(old)), ("", ""))
    heard = _Y_AS_I.sub("i", onset[1] + folded[len(onset[0]) :])
    end = next(((old, new) for old, new in _ENDS if heard.endswith(old) and len(heard) > len(old)), ("", ""))
    return heard[: len(heard) - len(end[0])] + end[1]


@lru_cache(maxsize=16384)
def spoken(marked: str) -> str:
    """A syllable as it may be heard with its marks: "rất" and "đất" are two."""
    letters = marked.rstrip(TONES)
    return sound(letters) + marked[len(letters) :].translate(_FALLING)
