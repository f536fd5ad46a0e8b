"""thontin faq: ask the answers, check a file of them, measure how well they are found."""

import json
from pathlib import Path
from typing import Annotated

import typer

from content.faq import STARTER, CorpusError, Entry, FaqIndex, load_entries, missing_evidence
from content.faq.evaluation import ask_all, by_kind, figures, load_queries

app = typer.Typer(help="Questions and answers: ask, check, evaluate.", no_args_is_help=True)

Corpus = Annotated[Path, typer.Option(help="JSON lines of entries; without it the starter entries.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]


@app.callback()
def faq() -> None:
    """Questions and answers: ask, check, evaluate."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question as people type it.")],
    corpus: Corpus = STARTER,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many entries at most.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Which entries QUESTION may mean, best first. Exit code 0: found; 1: nothing alike; 2: the corpus is unusable."""
    index = FaqIndex(entry for entry in _entries(corpus) if entry.status == "served")
    matches = index.search(question, limit)
    if as_json:
        typer.echo(json.dumps({"matches": [match._asdict() for match in matches]}, ensure_ascii=False))
    else:
        sure = {True: "chắc", False: "chưa chắc"}
        for match in matches:
            typer.echo(f"{match.score:.2f}  {sure[match.confident]:9}  {match.id}  {index.entry(match.id).question}")
    raise typer.Exit(0 if matches else 1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="JSON lines of entries.")],
    as_json: AsJson = False,
) -> None:
    """Whether FILE can be used, and which served entries lack a source, its quoted sentence or a review date.

    Exit code 0: all well; 1: usable, but evidence is missing; 2: not usable, each line and the reason are printed.
    """
    entries = _entries(file)
    missing = {entry.id: gaps for entry in entries if (gaps := missing_evidence(entry))}
    served = sum(entry.status == "served" for entry in entries)
    if as_json:
        typer.echo(json.dumps({"entries": len(entries), "served": served, "missing": missing}, ensure_ascii=False))
    else:
        typer.echo(f"{len(entries)} entries, {served} served, {len(entries) - served} drafts")
        for id, gaps in missing.items():
            typer.echo(f"{id}: {', '.join(gaps)} missing")
    raise typer.Exit(1 if missing else 0)


@app.command()
def evaluate(
    corpus: Annotated[Path, typer.Option(help="JSON lines of entries.")],
    queries: Annotated[Path, typer.Option(help="JSON lines of text, expected_id and kind.")],
    as_json: AsJson = False,
) -> None:
    """How often the right entry comes first, and how often a confident answer is wrong. Exit code 2: unusable files."""
    index = FaqIndex(entry for entry in _entries(corpus) if entry.status == "served")
    try:
        asked = load_queries(queries)
    except (CorpusError, OSError, UnicodeDecodeError) as wrong:
        raise _unusable(wrong) from None
    outcomes = ask_all(index, asked)
    result = figures(outcomes) | {"kinds": by_kind(outcomes)}
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, value in figures(outcomes).items():
        typer.echo(f"{name:16} {value}")
    for kind, one in by_kind(outcomes).items():
        typer.echo(f"  {kind:18} {one['queries']:4}  top1 {one['top1']}  false_confident {one['false_confident']}")


def _entries(path: Path) -> list[Entry]:
    try:
        return load_entries(path)
    except (CorpusError, OSError) as wrong:
        raise _unusable(wrong) from None


def _unusable(wrong: Exception) -> typer.Exit:
    typer.echo(str(wrong), err=True)
    return typer.Exit(2)
