"""Does a text look like somebody in immediate danger? Then the numbers to call come before anything else.

The words are those of the Vietnam reference §4, widened. Missing a cry is worse than a false alarm: a text with an
alarm is only called less than certain when it also talks of papers, money or the past.
"""

import tomllib
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from content.phrases import Phrases, heard_words

_DATA = Path(__file__).with_name("danger_words.toml")
# People in danger write little; a pasted document is not read to its end.
_LONGEST = 3000


class Danger(IntEnum):
    """How sure it is that somebody is in danger now."""

    NONE = 0
    POSSIBLE = 1  # answer what was asked, and add the numbers
    CERTAIN = 2  # the numbers first


class _Lists(NamedTuple):
    alarm: Phrases
    cry: Phrases
    harmless: Phrases
    calm: Phrases
    bare: frozenset[str]


@cache
def _lists() -> _Lists:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    alarm, cry, harmless, calm = (Phrases(data[name]) for name in ("alarm", "cry", "harmless", "calm"))
    return _Lists(alarm, cry, harmless, calm, frozenset(data["bare"]))


def danger_level(text: str) -> Danger:
    """How much `text` looks like immediate danger."""
    text = text[:_LONGEST]
    lists = _lists()
    if lists.cry.find(text):
        return Danger.CERTAIN
    if not _alarmed(text):
        alone = " ".join(word.folded for word in heard_words(text)[:4])
        return Danger.POSSIBLE if alone in lists.bare else Danger.NONE
    return Danger.POSSIBLE if lists.calm.find(text) else Danger.CERTAIN


def _alarmed(text: str) -> bool:
    """Whether an alarm stands in the text outside the phrases that mean something else."""
    harmless = _lists().harmless.places(text)
    return any(
        not any(start < last and first < end for _, start, end in harmless)
        for _, first, last in _lists().alarm.places(text)
    )


def danger(text: str) -> bool:
    """Whether `text` looks like immediate danger, for certain."""
    return danger_level(text) is Danger.CERTAIN
