"""The table of written short forms (speakable_words.toml), read once, and the patterns made of it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from content.numbers_vi import DIGITS

TABLE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("speakable_words.toml").read_text(encoding="utf-8"))
WORDS: dict[str, list[str]] = TABLE["words"]
LETTERS: dict[str, str] = TABLE["letters"]
UNITS: dict[str, str] = TABLE["units"]


def any_of(words: list[str] | dict[str, str]) -> str:
    """An alternation that tries the longest word first."""
    return "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True))


# 1.234.567,5 · 1,234,567 · 25,000 · 2,5 · 2.5 · 12
NUMBER = r"(?:\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\d)|\d{1,3}(?:,\d{3}){2,}(?!\d)|\d+(?:[.,]\d+)?)"
UNIT = rf"(?:{any_of(UNITS)})(?!\w)"
DASH = r"\s*[-–—]\s*"


def spell(code: str) -> str:
    """A code character by character, a pause at each hyphen: "K7-M3" → "ca bảy, em-mờ ba"."""
    return ", ".join(" ".join(_name(one) for one in group) for group in re.split(r"[-\s]+", code) if group)


def _name(one: str) -> str:
    return DIGITS[int(one)] if one in "0123456789" else LETTERS.get(one.upper(), one)
