"""Questions about what was announced ("hôm nay cúp điện tới mấy giờ"), compared with the few announcements in force.

No index is needed: a commune has a handful of them. A question is about one when that explains the question's subject,
by its first line above all. Times and places in a question are no subject: they are what is asked for.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from content.vietnamese import plain, syllables

_DATA = Path(__file__).with_name("news_words.toml")
LONGEST = 300  # characters of a question that are looked at
LONGEST_TEXT = 2000
_IN_BODY = 0.6  # what a word of the body explains, beside one of the first line
_MEANS = 2.0  # what a shared meaning weighs, beside one syllable
FITS, PERHAPS = 0.75, 0.5
_CLOSE = 0.12  # two that are this near are asked about


class Bulletin(NamedTuple):
    """An announcement in force, made ready: what its first line and its body speak of."""

    number: int
    title: str
    until: int  # ms UTC
    first: frozenset[str]
    rest: frozenset[str]


class Asked(NamedTuple):
    """What a question says beside its small words."""

    subject: tuple[str, ...]
    today: bool  # about these days
    when: bool  # at what time, until when


class Told(NamedTuple):
    """Announcements that a question may be about, best first. `clear`: it asks about these days and names the thing."""

    numbers: tuple[int, ...] = ()
    sure: bool = False
    clear: bool = False


class _Words(NamedTuple):
    phrases: dict[str, list[tuple[list[str], str]]]  # by their first syllable, longest first
    today: tuple[str, ...]
    when: tuple[str, ...]
    light: frozenset[str]


@cache
def _words() -> _Words:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    named = [(syllables(one), f"={name}") for name, same in data["same"].items() for one in same]
    phrases: dict[str, list[tuple[list[str], str]]] = {}
    for phrase, name in sorted(named, key=lambda one: -len(one[0])):
        phrases.setdefault(phrase[0], []).append((phrase, name))
    folded = {part: tuple(" ".join(syllables(one)) for one in data[part]["words"]) for part in ("day", "when", "light")}
    light = frozenset(" ".join([*folded["light"], *folded["day"]]).split())
    return _Words(phrases, folded["day"], folded["when"], light)


def bulletin(number: int, title: str, body: str, until: int) -> Bulletin:
    """An announcement made ready."""
    return Bulletin(number, title, until, _speaks_of(title), _speaks_of(body[:LONGEST_TEXT]))


def _speaks_of(text: str) -> frozenset[str]:
    said = syllables(plain(text))
    return frozenset(said) | frozenset(_meanings(said)[0])


def _meanings(said: list[str]) -> tuple[list[str], list[str]]:
    """The shared meanings in a text, and the syllables that are part of none."""
    found, rest, at = [], [], 0
    while at < len(said):
        here = _words().phrases.get(said[at], ())
        meant = next(((phrase, name) for phrase, name in here if said[at : at + len(phrase)] == phrase), None)
        if meant:
            found.append(meant[1])
        else:
            rest.append(said[at])
        at += len(meant[0]) if meant else 1
    return found, rest


def asked(text: str) -> Asked:
    """What `text` asks about."""
    said = syllables(plain(text[:LONGEST]))
    found, rest = _meanings(said)
    spoken, light = f" {' '.join(said)} ", _words().light
    subject = [*found, *(one for one in rest if one not in light and not one.isdigit())]
    return Asked(
        tuple(dict.fromkeys(subject)),
        any(f" {one} " in spoken for one in _words().today),
        any(f" {one} " in spoken for one in _words().when),
    )


def find(text: str, bulletins: Iterable[Bulletin], now: int) -> Told:
    """The announcements in force that `text` may be about."""
    question = asked(text)
    if not question.subject:
        return Told()
    scored = [(_explained(question, one), one.number) for one in bulletins if one.until > now]
    ranked = sorted((one for one in scored if one[0] >= PERHAPS), reverse=True)
    if not ranked:
        return Told()
    best = ranked[0][0]
    near = tuple(number for score, number in ranked if best - score < _CLOSE)
    named = any(one.startswith("=") for one in question.subject) or len(question.subject) > 1
    fits = best >= FITS and (question.today or question.when or (named and best >= 1.0))
    return Told(near if fits else tuple(number for _, number in ranked), fits, fits and question.today)


def _explained(question: Asked, one: Bulletin) -> float:
    weights = [(_MEANS if word.startswith("=") else 1.0, word) for word in question.subject]
    got = sum(
        weight * (1.0 if word in one.first else _IN_BODY if word in one.rest else 0.0) for weight, word in weights
    )
    return got / sum(weight for weight, _ in weights)
