"""Questions that nothing was learnt from: no weight, no threshold, no word of the lexicon. Look at the figures alone.

Whoever mends an error that they saw in this set has made it one more development set, and must write another.
"""

from pathlib import Path

import pytest

from content.faq import FaqIndex
from content.faq.evaluation import ask_all, figures, load_queries

UNSEEN = Path(__file__).parent / "data" / "unseen"


@pytest.fixture(scope="module")
def found() -> dict[str, float | int]:
    return figures(ask_all(FaqIndex.from_jsonl(UNSEEN / "corpus.jsonl"), load_queries(UNSEEN / "queries.jsonl")))


@pytest.mark.parametrize(
    ("figure", "floor"),
    [("top1", 0.90), ("top3", 0.96), ("confident_right", 0.72), ("given_or_offered", 0.94)],
)
def test_it_understands_what_nobody_prepared_it_for(found: dict[str, float | int], figure: str, floor: float) -> None:
    assert found[figure] >= floor


@pytest.mark.parametrize(("figure", "most"), [("confident_wrong", 0.02), ("false_confident", 0.03)])
def test_it_is_seldom_sure_and_wrong(found: dict[str, float | int], figure: str, most: float) -> None:
    assert found[figure] <= most
