"""How well an index answers a set of questions whose answers are known."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.faq.entries import CorpusError
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
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                queries.append(_query(json.loads(line)))
            except (ValueError, TypeError, AttributeError, KeyError) as wrong:
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


def figures(outcomes: list[Outcome]) -> dict[str, float | int]:
    """Shares 0..1: `top1` and `top3` of the questions that have an answer; `coverage`, the share of these answered
    confidently; `precision` of confident answers to them; `confident_wrong` of them; `false_confident` of the rest.
    """
    inside = [one for one in outcomes if one.query.expected]
    outside = [one for one in outcomes if not one.query.expected]
    sure = [one for one in inside if one.confident]
    right = [one for one in sure if one.right_within(1)]
    return {
        "queries": len(outcomes),
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "top1": _share(sum(one.right_within(1) for one in inside), len(inside)),
        "top3": _share(sum(one.right_within(3) for one in inside), len(inside)),
        "coverage": _share(len(sure), len(inside)),
        "precision": _share(len(right), len(sure)),
        "confident_wrong": _share(len(sure) - len(right), len(inside)),
        "false_confident": _share(sum(one.confident for one in outside), len(outside)),
    }


def by_kind(outcomes: list[Outcome]) -> dict[str, dict[str, float | int]]:
    """`figures` of each kind of question, in alphabetical order."""
    kinds = sorted({one.query.kind for one in outcomes})
    return {kind: figures([one for one in outcomes if one.query.kind == kind]) for kind in kinds}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
