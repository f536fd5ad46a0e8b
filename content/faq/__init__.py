"""Questions and answers: the files, the index over them, and how well it answers."""

from pathlib import Path

from content.faq.entries import (
    Attachment,
    CorpusError,
    Entry,
    load_entries,
    missing_evidence,
    parse_entry,
    parse_lines,
)
from content.faq.index import FaqIndex, Match
from content.faq.library import Library

STARTER = Path(__file__).with_name("starter.jsonl")
SMALLTALK = Path(__file__).with_name("smalltalk.jsonl")

__all__ = [
    "SMALLTALK",
    "STARTER",
    "Attachment",
    "CorpusError",
    "Entry",
    "FaqIndex",
    "Library",
    "Match",
    "load_entries",
    "missing_evidence",
    "parse_entry",
    "parse_lines",
]
