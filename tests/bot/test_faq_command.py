"""thontin faq: what it prints and how it exits."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.faq import app

EXAMPLE = Path(__file__).parents[1] / "content" / "data" / "faq-example"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_ask_prints_matches_best_first() -> None:
    code, printed = run("ask", "lam gks cho con", "--json")
    matches = json.loads(printed)["matches"]
    assert code == 0
    assert set(matches[0]) == {"id", "score", "confident"}
    assert matches[0]["id"] == "khai-sinh"
    assert [one["score"] for one in matches] == sorted((one["score"] for one in matches), reverse=True)


def test_ask_takes_another_corpus() -> None:
    code, printed = run("ask", "mất điện", "--corpus", str(EXAMPLE / "corpus.jsonl"), "--json")
    assert (code, json.loads(printed)["matches"][0]["id"]) == (0, "D035")


def test_ask_that_finds_nothing_exits_with_one() -> None:
    assert run("ask", "😀", "--json") == (1, '{"matches": []}\n')


@pytest.mark.parametrize("command", [("ask", "x", "--corpus"), ("check",)], ids=["ask", "check"])
def test_an_unusable_file_is_named_with_its_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"id": "a", "question": "q"}\n', encoding="utf-8")
    code, printed = run(*command, str(file))
    assert code == 2
    assert "line 1: answer is missing" in printed


def test_a_missing_file_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    code, printed = run("check", str(tmp_path / "none.jsonl"))
    assert code == 2
    assert "none.jsonl" in printed


def test_check_counts_and_names_what_lacks_evidence(tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text('{"id": "a", "question": "q", "answer": "a"}\n', encoding="utf-8")
    code, printed = run("check", str(file), "--json")
    found = json.loads(printed)
    assert (code, found["entries"], list(found["missing"])) == (1, 1, ["a"])
    assert run("check", str(file))[1].startswith("1 mục: 1 đem dùng, 0 bản nháp\na: thiếu source, ")


def test_evaluate_prints_figures_overall_and_by_kind() -> None:
    files = ("--corpus", str(EXAMPLE / "corpus.jsonl"), "--queries", str(EXAMPLE / "queries.jsonl"))
    code, printed = run("evaluate", *files, "--json")
    found = json.loads(printed)
    assert code == 0
    assert {"top1", "top3", "coverage", "precision", "false_confident", "kinds"} <= set(found)
    assert found["queries"] == 154
    assert "typo" in found["kinds"]
    assert run("evaluate", *files)[1].startswith("queries")


def test_queries_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_bytes(b"\xff")
    code, printed = run("evaluate", "--corpus", str(EXAMPLE / "corpus.jsonl"), "--queries", str(file))
    assert (code, printed) == (2, "q.jsonl: line 1: not UTF-8\n")


def test_evaluate_prints_intervals_and_the_worst_errors() -> None:
    files = ("--corpus", str(EXAMPLE / "corpus.jsonl"), "--queries", str(EXAMPLE / "queries.jsonl"))
    found = json.loads(run("evaluate", *files, "--errors", "2", "--json")[1])
    low, high = found["intervals"]["top1"]
    assert low <= found["top1"] <= high
    assert {"confident_right", "given_or_offered", "confident_wrong"} <= set(found)
    assert len(found["errors"]) <= 2
    assert {"error", "text", "expected", "matches"} <= set(found["errors"][0])
    assert "given_or_offered" in run("evaluate", *files)[1]
    assert found["errors"][0]["text"] in run("evaluate", *files)[1]
