"""Learns the blend of content/faq/blend.py: `python -m tests.content.fit_faq` prints weights and thresholds.

Each question chooses among its candidates and "none of them" (a softmax with a constant zero for none), so that
ranking and abstaining are learnt together. Only the fit half of the questions is used (`is_fit`).
"""

import hashlib
import random
from collections.abc import Iterable
from math import exp, log
from operator import truediv
from pathlib import Path
from statistics import pstdev
from typing import NamedTuple

from content.faq import STARTER, FaqIndex
from content.faq.asked import make_asked
from content.faq.evaluation import Query, load_queries
from content.faq.evidence import Evidence, compare
from tests.content.dev import dev_sets

DATA = Path(__file__).parent / "data"
_STEPS, _SAMPLE, _RATE, _RIDGE = 400, 300, 0.08, 0.003


class Row(NamedTuple):
    """A question of the fit half: the evidence of each candidate, and which of them are right."""

    query: Query
    evidence: list[tuple[float, ...]]
    right: list[bool]


def sets() -> list[tuple[FaqIndex, list[Query]]]:
    """Every development corpus with its questions."""
    example = DATA / "faq-example"
    found = [(FaqIndex.from_jsonl(example / "corpus.jsonl"), load_queries(example / "queries.jsonl"))]
    found.append((FaqIndex.from_jsonl(STARTER), load_queries(DATA / "starter-queries.jsonl")))
    return [*found, *dev_sets()]


def is_fit(query: Query) -> bool:
    """Whether a question belongs to the half that weights and thresholds are chosen on."""
    return hashlib.sha256(query.text.encode()).digest()[0] % 2 == 0


def rows(index: FaqIndex, queries: Iterable[Query]) -> list[Row]:
    """The questions with their evidence."""
    made = []
    for query in queries:
        asked = make_asked(query.text)
        ids = index.candidates(asked)
        evidence = [tuple(compare(asked, index.compiled(id), index.near)) for id in ids]
        made.append(Row(query, evidence, [id in query.expected for id in ids]))
    return made


def fit(made: list[Row], seed: int = 1) -> list[float]:
    """Bias and weights by Adam on samples of the half; the evidence is scaled so that all of it counts alike."""
    chance, scale = random.Random(seed), _spreads(made)
    made = [row._replace(evidence=[tuple(map(truediv, one, scale)) for one in row.evidence]) for row in made]
    weights = [0.0] * (1 + len(scale))
    mean, square = [0.0] * len(weights), [0.0] * len(weights)
    for step in range(1, _STEPS + 1):
        slope = _slope(chance.sample(made, min(len(made), _SAMPLE)), weights)
        for n, value in enumerate(slope):
            mean[n] = 0.9 * mean[n] + 0.1 * value
            square[n] = 0.999 * square[n] + 0.001 * value * value
            ahead = mean[n] / (1 - 0.9**step) / ((square[n] / (1 - 0.999**step)) ** 0.5 + 1e-9)
            weights[n] -= _RATE * (1 - step / _STEPS) * ahead
    return [weights[0], *map(truediv, weights[1:], scale)]


def _spreads(made: list[Row]) -> list[float]:
    return [pstdev(values) + 1e-6 for values in zip(*(one for row in made for one in row.evidence), strict=True)]


def _slope(made: list[Row], weights: list[float]) -> list[float]:
    slope = [_RIDGE * weight for weight in weights]
    slope[0] = 0.0
    for row in made:
        for share, one in zip(_pull(row, weights), row.evidence, strict=True):
            if abs(share) > 1e-4:
                slope[0] += share / len(made)
                for n, value in enumerate(one, 1):
                    slope[n] += share * value / len(made)
    return slope


def _pull(row: Row, weights: list[float]) -> list[float]:
    """How much too likely each candidate is."""
    power = [exp(min(30.0, weights[0] + sum(map(float.__mul__, weights[1:], one)))) for one in row.evidence]
    whole = 1.0 + sum(power)
    right = sum(p for p, ok in zip(power, row.right, strict=True) if ok)
    if not any(row.right):
        return [p / whole for p in power]
    return [p / whole - (p / right if ok else 0.0) for p, ok in zip(power, row.right, strict=True)]


def chances(row: Row, weights: list[float]) -> list[float]:
    return [weights[0] + sum(map(float.__mul__, weights[1:], one)) for one in row.evidence]


def loss(made: list[Row], weights: list[float]) -> float:
    total = 0.0
    for row in made:
        power = [exp(z) for z in chances(row, weights)]
        right = sum(p for p, ok in zip(power, row.right, strict=True) if ok) if any(row.right) else 1.0
        total -= log(right / (1 + sum(power)))
    return total / len(made)


def main() -> None:
    """Fit, and print what `content/faq/blend.py` holds."""
    made = [row for index, queries in sets() for row in rows(index, queries)]
    halves = [row for row in made if is_fit(row.query)], [row for row in made if not is_fit(row.query)]
    weights = fit(halves[0])
    print(f"# loss on the fit half {loss(halves[0], weights):.3f}, on the report half {loss(halves[1], weights):.3f}")
    print(f"BIAS = {weights[0]:.2f}")
    for name, weight in zip(Evidence._fields, weights[1:], strict=True):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    main()
