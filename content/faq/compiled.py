"""A FAQ entry made ready for the index."""

from collections.abc import Iterable, Iterator
from sys import intern
from typing import NamedTuple

from content.faq.entries import Entry
from content.faq.features import Reading, by_position, read, sound


class Variant(NamedTuple):
    """One wording of an entry: what it is made of ("=" before a shared meaning), and its letters."""

    units: tuple[str, ...]
    light_units: tuple[str, ...]
    letters: str


class Compiled(NamedTuple):
    """An entry made ready. The texts are syllables with a space on either side, so that " xã " is found as such:
    ten thousand entries as strings take a third of the memory of the same as sets."""

    entry: Entry
    folded: str
    marked: str
    sounds: str
    answer: str
    meanings: frozenset[str]
    variants: tuple[Variant, ...]

    def found_by(self) -> Iterator[str]:
        """What the entry is found by in the inverted index."""
        yield from (intern(syllable) for syllable in dict.fromkeys(self.folded.split()) if syllable != "|")
        yield from (intern(f"={meaning}") for meaning in self.meanings)
        yield from (intern(f"~{heard}") for heard in dict.fromkeys(self.sounds.split()))


def compile_entry(entry: Entry) -> Compiled:
    """`entry` made ready: read once, compared many times."""
    wordings = [read(text) for text in (entry.question, *entry.alternatives, *entry.keywords)]
    tokens = [token for wording in wordings for token in wording.tokens]
    return Compiled(
        entry=entry,
        folded=f" {' | '.join(wording.folded for wording in wordings)} ",
        marked=_spaced(token.marked for token in tokens),
        sounds=_spaced(sound(token.folded) for token in tokens if not token.light),
        answer=_spaced(token.folded for token in read(entry.answer).tokens if not token.light),
        meanings=frozenset(intern(meaning) for wording in wordings for meaning, _, _ in wording.meanings),
        variants=tuple(_variant(wording) for wording in wordings),
    )


def _spaced(syllables: Iterable[str]) -> str:
    return f" {' '.join(dict.fromkeys(syllables))} "


def _variant(reading: Reading) -> Variant:
    meant = by_position(reading)
    alone = [token for at, token in enumerate(reading.tokens) if at not in meant]
    units = [f"={meaning}" for meaning, _, _ in reading.meanings] + [t.folded for t in alone if not t.light]
    light = [token.folded for token in alone if token.light]
    return Variant(_interned(units), _interned(light), reading.folded)


def _interned(units: Iterable[str]) -> tuple[str, ...]:
    return tuple(intern(unit) for unit in dict.fromkeys(units))
