"""Words that may mean a complaint or a denunciation, which the law keeps apart from feedback.

Vietnam reference §3: such words only suggest a question ("is it this?"); nothing is ever refused because of them.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from content.phrases import Phrases

Fork = Literal["khieu_nai", "to_cao"]
_DATA = Path(__file__).with_name("legal_words.toml")
_LONGEST = 3000


@cache
def _lists() -> dict[str, Phrases]:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return {name: Phrases(phrases) for name, phrases in data.items()}


def _says(name: str, text: str) -> bool:
    return bool(_lists()[name].find(text[:_LONGEST]))


def legal_fork(text: str) -> Fork | None:
    """Which of the two `text` may be: the caller asks, and never refuses by itself. None when neither is likely."""
    if _says("denunciation", text):
        return "to_cao"
    return "khieu_nai" if _says("complaint", text) else None


def about_official(text: str) -> bool:
    """Whether `text` blames an official or office: then it is asked whether it may go past the commune."""
    return _says("officials", text) and _says("blame", text)
