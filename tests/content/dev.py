"""The development set: corpora and questions of our own, written by hand, in the format of the example."""

from functools import cache
from pathlib import Path

from content.faq import STARTER, Entry, FaqIndex, load_entries
from content.faq.evaluation import Query, load_queries

DEV = Path(__file__).parent / "data" / "dev"
# Each corpus with the questions that are asked of it; the first is one commune's in two files.
CORPORA = {("corpus-a", "corpus-b"): ("queries-a", "queries-b", "queries-out"), ("corpus-c",): ("queries-c",)}


@cache
def dev_sets() -> list[tuple[FaqIndex, list[Query]]]:
    """Every corpus with its questions; the last is the one that we serve."""
    ours = [(FaqIndex(_entries(files)), _queries(asked)) for files, asked in CORPORA.items()]
    return [*ours, (FaqIndex.from_jsonl(STARTER), _queries(("queries-s",)))]


def _entries(files: tuple[str, ...]) -> list[Entry]:
    return [entry for file in files for entry in load_entries(DEV / f"{file}.jsonl")]


def _queries(files: tuple[str, ...]) -> list[Query]:
    return [query for file in files for query in load_queries(DEV / f"{file}.jsonl")]


def dev_entries() -> list[Entry]:
    """The entries of the first corpus."""
    return _entries(next(iter(CORPORA)))


def dev_index() -> FaqIndex:
    """The index over them."""
    return dev_sets()[0][0]


def dev_queries() -> list[Query]:
    """What is asked of it."""
    return dev_sets()[0][1]
