"""Vietnamese as people type it: two views of a text (folded for matching, marked for ranking) and how to get there.

Every function takes any `str` (lone surrogates too), never raises, and gives at most 8 x input + 16 characters.
All but `plain` are idempotent. What people wrote is kept and shown as they
wrote it: these are views beside it, and `words` says where each word stands.
"""

from content.figures import figures
from content.keyboard import decode, decode_word
from content.regional import standard
from content.shorthand import Words, expand, word_lists
from content.spelling import (
    Word,
    clean,
    fold,
    has_marks,
    is_syllable,
    nfc,
    squeeze,
    syllables,
    words,
)

__all__ = [
    "Word",
    "Words",
    "clean",
    "decode",
    "decode_word",
    "expand",
    "figures",
    "fold",
    "has_marks",
    "is_syllable",
    "nfc",
    "plain",
    "squeeze",
    "standard",
    "syllables",
    "word_lists",
    "words",
]


def plain(text: str) -> str:
    """The view for matching: cleaned, letters un-held, keyboard leftovers and abbreviations resolved, folded."""
    return fold(expand(decode(squeeze(clean(text)))))
