"""How well an index answers a set of questions whose answers are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

from content.faq.entries import CorpusError, lines_of, object_of
from content.faq.index import FaqIndex, Match


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the entries that are right answers; none when the corpus has no answer to it."""

    text: str
    expected: frozenset[str]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the index made of one question."""

    query: Query
    matches: tuple[Match, ...]

    @property
    def confident(self) -> bool:
        """Whether it would be answered without asking."""
        return bool(self.matches) and self.matches[0].confident

    def right_within(self, places: int) -> bool:
        """Whether a right entry is among the first `places`."""
        return any(match.id in self.query.expected for match in self.matches[:places])


def load_queries(path: Path | str) -> list[Query]:
    """Queries of a JSON-lines file: `text`, `expected_id` (one id, a list, or null), `kind`. CorpusError as usual."""
    path = Path(path)
    queries: list[Query] = []
    problems: list[str] = []
    for number, line in enumerate(lines_of(path), 1):
        if line.strip():
            try:
                queries.append(_query(object_of(line)))
            except (ValueError, KeyError) as wrong:
                problems.append(f"line {number}: {wrong}")
    if problems:
        raise CorpusError(path.name, problems)
    return queries


def _query(data: Mapping[str, Any]) -> Query:
    expected, text = data["expected_id"], data["text"]
    if not isinstance(text, str):
        raise ValueError("text is not a text")
    ids = expected if isinstance(expected, list) else [expected] if expected else []
    return Query(text, frozenset(map(str, ids)), str(data.get("kind", "")))


def ask_all(index: FaqIndex, queries: Iterable[Query]) -> list[Outcome]:
    """Every question asked, in order."""
    return [Outcome(query, tuple(index.search(query.text))) for query in queries]


class Count(NamedTuple):
    """How many of how many."""

    part: int
    whole: int

    @property
    def share(self) -> float:
        """The part, 0..1; 0 of nothing."""
        return round(self.part / self.whole, 4) if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share of all such questions lies with 95 % certainty (Wilson)."""
        if not self.whole:
            return 0.0, 1.0
        share, spread = self.part / self.whole, _Z * _Z / self.whole
        middle = (share + spread / 2) / (1 + spread)
        half = _Z / (1 + spread) * sqrt(share * (1 - share) / self.whole + spread / 4 / self.whole)
        return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


_Z = 1.96


def counts(outcomes: list[Outcome]) -> dict[str, Count]:
    """What is counted. Of the questions that have an answer: `top1`, `top3`; `coverage`, answered without asking back;
    `confident_right` and `confident_wrong` of these; `given_or_offered`, the right answer given, or among the three
    that are offered when unsure. `precision` of the confident answers to them; `false_confident` of the others.
    """
    inside = [one for one in outcomes if one.query.expected]
    outside = [one for one in outcomes if not one.query.expected]
    sure = [one for one in inside if one.confident]
    right = sum(one.right_within(1) for one in sure)
    size = len(inside)
    return {
        "top1": Count(sum(one.right_within(1) for one in inside), size),
        "top3": Count(sum(one.right_within(3) for one in inside), size),
        "coverage": Count(len(sure), size),
        "precision": Count(right, len(sure)),
        "confident_right": Count(right, size),
        "confident_wrong": Count(len(sure) - right, size),
        "given_or_offered": Count(sum(one.right_within(1 if one.confident else 3) for one in inside), size),
        "false_confident": Count(sum(one.confident for one in outside), len(outside)),
    }


def figures(outcomes: list[Outcome]) -> dict[str, float | int]:
    """How many questions there were, and the shares (0..1) of `counts`."""
    inside = sum(bool(one.query.expected) for one in outcomes)
    sizes = {"queries": len(outcomes), "in_scope": inside, "out_of_scope": len(outcomes) - inside}
    return sizes | {name: count.share for name, count in counts(outcomes).items()}


def intervals(outcomes: list[Outcome]) -> dict[str, tuple[float, float]]:
    """The 95 % interval of each share."""
    return {name: count.interval for name, count in counts(outcomes).items()}


def by_kind(outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each kind of question, in alphabetical order."""
    kinds = sorted({one.query.kind for one in outcomes})
    return {kind: [one for one in outcomes if one.query.kind == kind] for kind in kinds}


def worst(outcomes: list[Outcome], most: int) -> list[tuple[str, Outcome]]:
    """The errors that hurt most, with their names: confidently wrong or out of scope, then not offered, not first."""
    named = [(name, one) for one in outcomes if (name := _error(one))]
    return sorted(named, key=lambda pair: (_ERRORS.index(pair[0]), -_score(pair[1])))[:most]


_ERRORS = ("confident_wrong", "false_confident", "not_offered", "not_first")


def _error(one: Outcome) -> str:
    if one.confident and not one.right_within(1):
        return "confident_wrong" if one.query.expected else "false_confident"
    if not one.query.expected or one.right_within(1):
        return ""
    return "not_first" if one.right_within(3) else "not_offered"


def _score(one: Outcome) -> float:
    return one.matches[0].score if one.matches else 0.0
