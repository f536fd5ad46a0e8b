"""The development set: a corpus and questions of our own, written by hand, in the format of the example."""

from functools import cache
from pathlib import Path

from content.faq import Entry, FaqIndex, load_entries
from content.faq.evaluation import Query, load_queries

DEV = Path(__file__).parent / "data" / "dev"


def dev_entries() -> list[Entry]:
    """Every entry of the corpus files."""
    return [entry for path in sorted(DEV.glob("corpus-*.jsonl")) for entry in load_entries(path)]


@cache
def dev_index() -> FaqIndex:
    """The index over all of them."""
    return FaqIndex(dev_entries())


@cache
def dev_queries() -> list[Query]:
    """Every question of the query files."""
    return [query for path in sorted(DEV.glob("queries-*.jsonl")) for query in load_queries(path)]
