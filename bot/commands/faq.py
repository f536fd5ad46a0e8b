"""thontin faq: ask the answers, check a file of them, measure how well they are found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from content.faq import STARTER, CorpusError, FaqIndex, load_entries, missing_evidence
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

T = TypeVar("T")
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
    index = _read(FaqIndex.from_jsonl, corpus)
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
    entries = _read(load_entries, file)
    missing = {entry.id: gaps for entry in entries if (gaps := missing_evidence(entry))}
    served = sum(entry.status == "served" for entry in entries)
    if as_json:
        typer.echo(json.dumps({"entries": len(entries), "served": served, "missing": missing}, ensure_ascii=False))
    else:
        typer.echo(f"{len(entries)} mục: {served} đem dùng, {len(entries) - served} bản nháp")
        for id, gaps in missing.items():
            typer.echo(f"{id}: thiếu {', '.join(gaps)}")
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
    index = _read(FaqIndex.from_jsonl, corpus)
    outcomes = ask_all(index, _read(load_queries, queries))
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
    found = figures(outcomes)
    for name in ("queries", "in_scope", "out_of_scope"):
        typer.echo(f"{name:17} {found[name]:5}")
    for name, count in counts(outcomes).items():
        typer.echo(f"{name:17} {_percent(count)}")
    for kind, some in by_kind(outcomes).items():
        _print_kind(kind, some)
    for name, one in worst(outcomes, most):
        best = f"{one.matches[0].score:.2f} {index.entry(one.matches[0].id).question}" if one.matches else "-"
        typer.echo(f"\n{name} ({one.query.kind}): {one.query.text}\n  → {best}")


def _print_kind(kind: str, outcomes: list[Outcome]) -> None:
    found = counts(outcomes)
    inside = ("top1", "top3", "confident_right", "confident_wrong", "given_or_offered")
    typer.echo(f"\n{kind or '(no kind)'}: {len(outcomes)}")
    for name in inside if found["top1"].whole else ("false_confident",):
        typer.echo(f"  {name:17} {_percent(found[name])}")


def _percent(count: Count) -> str:
    low, high = count.interval
    return f"{count.share:6.1%}  ({low:.1%} to {high:.1%}, of {count.whole})"


def _read(load: Callable[[Path], T], path: Path) -> T:
    """What `load` makes of a file; one that cannot be used ends the command."""
    try:
        return load(path)
    except (CorpusError, OSError) as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None
