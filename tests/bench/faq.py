"""How fast the FAQ index answers at a given size, beside rapidfuzz's WRatio over whole questions."""

import random
import resource
import time
from typing import Any

from rapidfuzz import fuzz, process

from content.faq import STARTER, Entry, FaqIndex, load_entries

_QUERIES = 400
_SEED = 20261121


def run(size: int = 10_000) -> dict[str, Any]:
    """Build an index of `size` entries and ask it.

    Latencies in ms of one core, build in s, memory in MiB: of the whole process at its peak, and what the index added.
    """
    chance = random.Random(_SEED)
    entries = _entries(size, chance)
    queries = [_query(chance.choice(entries), chance) for _ in range(_QUERIES)]
    before = _peak()
    started = time.perf_counter()
    index = FaqIndex(entries)
    built = time.perf_counter() - started
    took = sorted(_timed(lambda q=query: index.search(q)) for query in queries)
    return {
        "bench": "faq",
        "size": size,
        "seconds": round(built, 3),
        "per_s": round(len(took) / sum(took)),
        "p50_ms": round(took[len(took) // 2] * 1000, 3),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 3),
        "rss_mib": _peak() // 1024,
        "index_mib": (_peak() - before) // 1024,
        "peers": {"WRatio": _wratio(entries, queries[:10])},
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _entries(size: int, chance: random.Random) -> list[Entry]:
    """Entries that look like ours: each mixes the wordings of several, with a place of its own to tell it apart."""
    ours = load_entries(STARTER)
    wordings = [text for entry in ours for text in (entry.question, *entry.alternatives)]
    syllables = sorted({word for text in wordings for word in text.split()})
    return [_made(number, wordings, syllables, chance) for number in range(size)]


def _made(number: int, wordings: list[str], syllables: list[str], chance: random.Random) -> Entry:
    question = f"{chance.choice(wordings)} {' '.join(chance.choices(syllables, k=4))}"
    alternative = f"{chance.choice(wordings)} {' '.join(chance.choices(syllables, k=3))}"
    keywords = (" ".join(chance.choices(syllables, k=2)),)
    return Entry(f"E{number}", question, " ".join(chance.choices(syllables, k=40)), (alternative,), keywords)


def _query(entry: Entry, chance: random.Random) -> str:
    words = entry.question.split()
    return " ".join(word for word in words if chance.random() > 0.2) or entry.question


def _wratio(entries: list[Entry], queries: list[str]) -> float:
    questions = [entry.question for entry in entries]
    took = sum(_timed(lambda q=query: process.extract(q, questions, scorer=fuzz.WRatio, limit=5)) for query in queries)
    return round(len(queries) / took, 1)
