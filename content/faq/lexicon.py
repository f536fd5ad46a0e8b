"""The concepts of commune life (concepts/*.toml): phrases that mean one thing, and how things are related.

In a file, `[same]` holds a concept a line with its phrases, `[near]` how strongly one concept suggests another (in
both directions), `[hint]` words that tell of a concept without naming it, `[weight]` how much a concept says (1 unless
told), `[apart]` groups of which a question and its answer name the same member, `[asks]` what may be wanted of a thing,
`[grave]` what must not be answered with something else, `[broken]` what is told to be mended, `[kind] outside` what no
commune answers.
"""

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from content.faq.sounds import sound
from content.vietnamese import Word, expand, words

FOLDER = Path(__file__).with_name("concepts")
LIGHT = FOLDER / "light.toml"


class Phrase(NamedTuple):
    """One way to say a concept."""

    folded: tuple[str, ...]
    marked: tuple[str, ...]
    concept: str
    light: bool  # made of light words alone ("bản sao"), or there would be nothing to tell it by


class Lexicon(NamedTuple):
    """The files, ready for use. `phrases` and `hints` by their first two syllables (or the only one), longest first;
    `heard` by the sounds of all syllables; `gaps` by all syllables but one, which is "*"."""

    phrases: dict[tuple[str, ...], tuple[Phrase, ...]]
    heard: dict[tuple[str, ...], Phrase]
    gaps: dict[tuple[str, ...], tuple[Phrase, ...]]
    hints: dict[tuple[str, ...], tuple[Phrase, ...]]
    near: dict[str, dict[str, float]]
    weight: dict[str, float]
    apart: dict[str, tuple[str, ...]]
    asks: frozenset[str]
    grave: frozenset[str]
    broken: frozenset[str]
    outside: frozenset[str]
    light_marked: frozenset[str]
    light_folded: frozenset[str]
    common: dict[str, float]


def concept_files() -> list[Path]:
    """The files of concepts, in order."""
    return [path for path in sorted(FOLDER.glob("*.toml")) if path != LIGHT]


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in concept_files()]
    light = tomllib.loads(LIGHT.read_text(encoding="utf-8"))
    light_words = words(light["words"])
    light_marked = frozenset(word.marked for word in light_words)
    phrases = [phrase for table in tables for phrase in _phrases(table.get("same", {}), light_marked)]
    hints = [phrase for table in tables for phrase in _phrases(table.get("hint", {}), light_marked)]
    outside = frozenset(name for table in tables if table.get("kind", {}).get("outside") for name in table["same"])
    return Lexicon(
        phrases=_by_first(phrases),
        heard={tuple(map(sound, one.folded)): one for one in phrases if len(one.folded) > 1},
        gaps=_with_gaps(phrases),
        hints=_by_first(hints),
        near=_near(tables),
        weight={name: weight for table in tables for name, weight in table.get("weight", {}).items()},
        apart=_apart(tables),
        asks=_listed(tables, "asks"),
        grave=_listed(tables, "grave"),
        broken=_listed(tables, "broken"),
        outside=outside,
        light_marked=light_marked,
        light_folded=frozenset(word.folded for word in light_words),
        common={syllable: float(share) for share, line in light["common"].items() for syllable in line.split()},
    )


def _listed(tables: list[dict[str, Any]], part: str) -> frozenset[str]:
    return frozenset(name for table in tables for name in _names(table.get(part, {}).get("list", "")))


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _phrases(same: dict[str, str], light: frozenset[str]) -> Iterator[Phrase]:
    for concept, line in same.items():
        for text in _names(line):
            yield _phrase(words(expand(text)), concept, light)


def _phrase(found: list[Word], concept: str, light: frozenset[str]) -> Phrase:
    marked = tuple(word.marked for word in found)
    return Phrase(tuple(word.folded for word in found), marked, concept, light.issuperset(marked))


def _by_first(phrases: Iterable[Phrase]) -> dict[tuple[str, ...], tuple[Phrase, ...]]:
    by_first: dict[tuple[str, ...], list[Phrase]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase.folded[:2], []).append(phrase)
    return {first: tuple(sorted(found, key=lambda p: -len(p.folded))) for first, found in by_first.items()}


def _with_gaps(phrases: Iterable[Phrase]) -> dict[tuple[str, ...], tuple[Phrase, ...]]:
    gaps: dict[tuple[str, ...], list[Phrase]] = {}
    for phrase in phrases:
        size = len(phrase.folded)
        for at in range(size if size > 1 and len("".join(phrase.folded)) > 5 else 0):
            gaps.setdefault((*phrase.folded[:at], "*", *phrase.folded[at + 1 :]), []).append(phrase)
    return {key: tuple(found) for key, found in gaps.items()}


def _near(tables: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    near: dict[str, dict[str, float]] = {name: {name: 1.0} for table in tables for name in table.get("same", {})}
    for table in tables:
        for one, line in table.get("near", {}).items():
            for other, share in (text.split() for text in _names(line)):
                near[one][other] = near[other][one] = float(share)
    return near


def _apart(tables: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for table in tables:
        for group, line in table.get("apart", {}).items():
            for name in _names(line):
                groups.setdefault(name, []).append(group)
    return {name: tuple(found) for name, found in groups.items()}
