"""thontin faq: ask the answers, check a file of them, measure how well they are found."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from content.faq import STARTER, CorpusError, Entry, FaqIndex, load_entries, missing_evidence
from content.faq.evaluation import (
    Count,
    Outcome,
    ask_all,
    by_kind,
    counts,
    figures,
    intervals,
    load_queries,
    worst,
)

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
    worst_errors: Annotated[int, typer.Option("--errors", min=0, help="How many of the worst errors to show.")] = 20,
) -> None:
    """How often the right entry comes first, and how often a confident answer is wrong. Exit code 2: unusable files.

    Shares come with their 95 % interval (Wilson), over all and by kind.
    """
    index = FaqIndex(entry for entry in _entries(corpus) if entry.status == "served")
    try:
        asked = load_queries(queries)
    except (CorpusError, OSError, UnicodeDecodeError) as wrong:
        raise _unusable(wrong) from None
    outcomes = ask_all(index, asked)
    if as_json:
        typer.echo(json.dumps(_evaluated(outcomes, worst_errors), ensure_ascii=False))
    else:
        _print_evaluation(index, outcomes, worst_errors)


def _evaluated(outcomes: list[Outcome], most: int) -> dict[str, Any]:
    kinds = {kind: figures(some) | {"intervals": intervals(some)} for kind, some in by_kind(outcomes).items()}
    errors = [_error(name, one) for name, one in worst(outcomes, most)]
    return figures(outcomes) | {"intervals": intervals(outcomes), "kinds": kinds, "errors": errors}


def _error(name: str, one: Outcome) -> dict[str, Any]:
    found = [match._asdict() for match in one.matches[:3]]
    expected = sorted(one.query.expected)
    return {"error": name, "kind": one.query.kind, "text": one.query.text, "expected": expected, "matches": found}


def _print_evaluation(index: FaqIndex, outcomes: list[Outcome], most: int) -> None:
    for name in ("queries", "in_scope", "out_of_scope"):
        typer.echo(f"{name:17} {figures(outcomes)[name]:5}")
    for name, count in counts(outcomes).items():
        typer.echo(f"{name:17} {_percent(count)}")
    for kind, some in by_kind(outcomes).items():
        found = counts(some)
        inside = ("top1", "top3", "confident_right", "confident_wrong", "given_or_offered")
        shown = inside if found["top1"].whole else ("false_confident",)
        typer.echo(f"\n{kind or '(no kind)'}: {len(some)}")
        for name in shown:
            typer.echo(f"  {name:17} {_percent(found[name])}")
    for name, one in worst(outcomes, most):
        best = f"{one.matches[0].score:.2f} {index.entry(one.matches[0].id).question}" if one.matches else "-"
        typer.echo(f"\n{name} ({one.query.kind}): {one.query.text}\n  → {best}")


def _percent(count: Count) -> str:
    low, high = count.interval
    return f"{count.share:6.1%}  ({low:.1%} to {high:.1%}, of {count.whole})"


def _entries(path: Path) -> list[Entry]:
    try:
        return load_entries(path)
    except (CorpusError, OSError) as wrong:
        raise _unusable(wrong) from None


def _unusable(wrong: Exception) -> typer.Exit:
    typer.echo(str(wrong), err=True)
    return typer.Exit(2)
