"""The concepts of commune life (concepts/*.toml): phrases that mean one thing, and how things are related.

In a file, `[same]` holds a concept a line with its phrases, `[near]` how strongly one concept suggests another (in
both directions), `[hint]` words that tell of a concept without naming it, `[weight]` how much a concept says (1 unless
told), `[apart]` groups of which a question and its answer name the same member, `[asks]` what may be wanted of a thing,
`[grave]` what must not be answered with something else, `[broken]` what is told to be mended, `[kind] outside` what no
commune answers.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from content.faq.phrases import Fingerprints, Phrase, by_first, gaps, heard, phrase
from content.vietnamese import words

FOLDER = Path(__file__).with_name("concepts")
LIGHT = FOLDER / "light.toml"


class Lexicon(NamedTuple):
    """The files, ready for use. `phrases` and `hints` by their first two syllables (or the only one), longest first;
    `heard` by the sounds of all syllables; `gaps` by all syllables but one."""

    phrases: dict[tuple[str, ...], tuple[Phrase, ...]]
    heard: Fingerprints
    gaps: Fingerprints
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
    phrases = tuple(one for table in tables for one in _phrases(table.get("same", {}), light_marked))
    hints = (one for table in tables for one in _phrases(table.get("hint", {}), light_marked))
    outside = frozenset(name for table in tables if table.get("kind", {}).get("outside") for name in table["same"])
    return Lexicon(
        phrases=by_first(phrases),
        heard=heard(phrases),
        gaps=gaps(phrases),
        hints=by_first(hints),
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
    return (phrase(text, concept, light) for concept, line in same.items() for text in _names(line))


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
