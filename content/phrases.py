"""Fixed phrases looked for in what people type, with marks, without, or with one mark wrong."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from content.vietnamese import Word, clean, decode, expand, has_marks, squeeze, words

# Syllables that are another word with other marks (cháy/chạy, vùi/vui, sập/sắp, kẹt/kết, lũ/lu, đâm/đám, lở/lo), so
# that one wrong mark is not forgiven.
_STRICT = frozenset({"bao", "can", "chay", "dam", "de", "giet", "ket", "lo", "lu", "lua", "no", "sap", "vui"})


class _Phrase(NamedTuple):
    words: tuple[Word, ...]
    needs_marks: bool

    @property
    def folded(self) -> str:
        return " ".join(word.folded for word in self.words)


@lru_cache(maxsize=8)
def heard_words(text: str) -> tuple[Word, ...]:
    """The words of a text with abbreviations and keyboard leftovers resolved."""
    return tuple(words(expand(decode(squeeze(clean(text))))))


class Phrases:
    """A list of phrases, written with marks, to be found in a text. "!" before one: only when typed with its marks.

    So are single words: bare "chay" may be chạy, chảy or chay as well as cháy.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[_Phrase]] = {}
        for text in phrases:
            phrase = tuple(words(text))
            needs_marks = text.startswith("!") or len(phrase) == 1
            self._by_first.setdefault(phrase[0].folded, []).append(_Phrase(phrase, needs_marks))

    def find(self, text: str) -> list[str]:
        """The phrases that stand in `text`, in folded letters, in the order in which they stand there."""
        return [folded for folded, _, _ in self.places(text)]

    def places(self, text: str) -> list[tuple[str, int, int]]:
        """Like `find`, each with the numbers of its first word and of the one after its last."""
        said = heard_words(text)
        return [
            (phrase.folded, at, at + len(phrase.words))
            for at, word in enumerate(said)
            for phrase in self._by_first.get(word.folded, ())
            if _is_said(phrase, said[at : at + len(phrase.words)])
        ]


def _is_said(phrase: _Phrase, here: tuple[Word, ...]) -> bool:
    if len(here) < len(phrase.words):
        return False
    pairs = list(zip(here, phrase.words, strict=True))
    if any(said.folded != meant.folded for said, meant in pairs):
        return False
    if phrase.needs_marks:
        return all(said.marked == meant.marked for said, meant in pairs)
    wrong = [said for said, meant in pairs if has_marks(said) and said.marked != meant.marked]
    return not wrong or (len(wrong) == 1 and wrong[0].folded not in _STRICT)
