"""The concepts of commune life (concepts/*.toml): phrases that mean one thing, and how things are related.

In a file, `[same]` holds a concept a line with its phrases, `[near]` how strongly one concept suggests another (in
both directions), `[hint]` words that tell of a concept without naming it, `[weight]` how much a concept says (1 unless
told), `[grave]` what must not be answered with something else, `[broken]` what is told to be mended, `[kind] outside`
what no commune answers.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from content.faq.phrases import Fingerprints, Phrase, by_first, heard, phrase
from content.faq.vocabulary import Vocabulary
from content.vietnamese import words

FOLDER = Path(__file__).with_name("concepts")
LIGHT = FOLDER / "light.toml"


class Lexicon(NamedTuple):
    """The files, ready for use. `phrases` by their first two syllables (or the only one), longest first;
    `heard` by the sounds of all syllables."""

    phrases: dict[tuple[str, ...], tuple[Phrase, ...]]
    heard: Fingerprints
    vocabulary: Vocabulary
    near: dict[str, dict[str, float]]
    weight: dict[str, float]
    grave: frozenset[str]
    broken: frozenset[str]
    outside: frozenset[str]
    light_marked: frozenset[str]
    light_folded: frozenset[str]
    asking: frozenset[str]
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
    weight = _weights(tables, _shares(light["spoken"]))
    outside = frozenset(name for table in tables if table.get("kind", {}).get("outside") for name in table["same"])
    vocabulary = Vocabulary(chain(phrases, hints), weight, outside)  # first: it needs the most room for a while
    return Lexicon(
        phrases=by_first(phrases),
        heard=heard(phrases),
        vocabulary=vocabulary,
        near=_near(tables),
        weight=weight,
        grave=_listed(tables, "grave"),
        broken=_listed(tables, "broken"),
        outside=outside,
        light_marked=light_marked,
        light_folded=frozenset(word.folded for word in light_words),
        asking=frozenset(light["asking"].split()),
        common=_shares(light["common"]),
    )


def _weights(tables: list[dict[str, Any]], spoken: dict[str, float]) -> dict[str, float]:
    told = {name: weight for table in tables for name, weight in table.get("weight", {}).items()}
    return {name: told.get(name, 1.0) * spoken.get(name, 1.0) for name in (*told, *spoken)}


def _shares(table: dict[str, str]) -> dict[str, float]:
    return {name: float(share) for share, line in table.items() for name in line.split()}


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
