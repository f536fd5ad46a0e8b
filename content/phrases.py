"""Fixed phrases looked for in what people type, with marks, without, or with one mark wrong."""

from collections.abc import Iterable
from functools import lru_cache

from content.vietnamese import Word, clean, decode, expand, has_marks, squeeze, words

# Syllables that are another word with other marks, so that one wrong mark is not forgiven:
# cháy/chạy, vùi/vui, nổ/nó, sập/sắp, kẹt/kết, lũ/lu, đâm/đám, lở/lo, cứu/cửu, cướp, chém/chém.
_STRICT = frozenset("chay vui no sap ket lu dam lo bao giet de can chay lua".split())


@lru_cache(maxsize=8)
def heard_words(text: str) -> tuple[Word, ...]:
    """The words of a text with abbreviations and keyboard leftovers resolved."""
    return tuple(words(expand(decode(squeeze(clean(text))))))


class Phrases:
    """A list of phrases, written with marks, to be found in a text."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[Word, ...]]] = {}
        for phrase in phrases:
            found = tuple(words(phrase))
            self._by_first.setdefault(found[0].folded, []).append(found)

    def find(self, text: str) -> list[str]:
        """The phrases that stand in `text`, in folded letters, in the order in which they stand there."""
        return [folded for folded, _, _ in self.places(text)]

    def places(self, text: str) -> list[tuple[str, int, int]]:
        """Like `find`, each with the numbers of its first word and of the one after its last."""
        said = heard_words(text)
        return [
            (" ".join(word.folded for word in phrase), at, at + len(phrase))
            for at, word in enumerate(said)
            for phrase in self._by_first.get(word.folded, ())
            if _is_said(phrase, said[at : at + len(phrase)])
        ]


def _is_said(phrase: tuple[Word, ...], here: tuple[Word, ...]) -> bool:
    if [word.folded for word in here] != [word.folded for word in phrase]:
        return False
    wrong = [h for h, p in zip(here, phrase, strict=True) if has_marks(h) and h.marked != p.marked]
    if len(phrase) == 1:  # one bare syllable is too many words at once: "chay" may be chạy, chảy, chay
        return not wrong and has_marks(here[0])
    return not wrong or (len(wrong) == 1 and wrong[0].folded not in _STRICT)
