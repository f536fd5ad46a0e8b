"""The FAQ: files are read whole or refused, the index finds what people mean and says when it is not sure."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.faq import STARTER, CorpusError, Entry, FaqIndex, load_entries, missing_evidence, parse_lines
from content.faq.evaluation import Outcome, Query, ask_all, by_kind, figures, load_queries
from content.faq.lexicon import concept_files, lexicon
from content.faq.reading import read
from content.faq.sounds import sound, spoken

EXAMPLE = Path(__file__).parent / "data" / "faq-example"
STARTER_QUERIES = Path(__file__).parent / "data" / "starter-queries.jsonl"
GOOD = {"id": "a", "question": "Làm khai sinh ở đâu?", "answer": "Ở xã."}


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes}, ensure_ascii=False)


@pytest.fixture(scope="module")
def example() -> FaqIndex:
    return FaqIndex.from_jsonl(EXAMPLE / "corpus.jsonl")


@pytest.fixture(scope="module")
def starter() -> FaqIndex:
    return FaqIndex.from_jsonl(STARTER)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        (line(id=""), "id"),
        (line(question=None), "question is missing"),
        (line(answer="  "), "answer is missing"),
        (line(id="a" * 61), "id is longer than 60 characters"),
        (line(answer=5), "answer is not a text"),
        (line(alternatives="x"), "alternatives is not a list"),
        (line(keywords=[1]), "keywords is not a list"),
        (line(reviewed_at="21/11/2026"), "reviewed_at is not a date"),
        (line(reviewed_at="20261121"), "reviewed_at is not a date"),
        (line(valid_until="2026-02-30"), "valid_until is not a date"),
        (line(commune="123"), "commune is not a code"),
        (line(status="live"), "status"),
    ],
)
def test_a_broken_line_is_named_with_its_number_and_the_reason(bad: str, reason: str) -> None:
    with pytest.raises(CorpusError) as wrong:
        parse_lines([line(), "", bad], "f.jsonl")
    assert wrong.value.problems[0].startswith("line 3: ")
    assert reason in str(wrong.value)


def test_every_broken_line_is_named_at_once_and_nothing_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text("\n".join([line(), "{", line(id="b", answer="")]), encoding="utf-8")
    with pytest.raises(CorpusError) as wrong:
        FaqIndex.from_jsonl(file)
    assert [problem.split(":")[0] for problem in wrong.value.problems] == ["line 2", "line 3"]


def test_a_doubled_id_is_refused_with_both_lines() -> None:
    with pytest.raises(CorpusError, match="line 2: id 'a' is already on line 1"):
        parse_lines([line(), line()])


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    file.write_bytes(line().encode() + b"\n\xff\n")
    with pytest.raises(CorpusError, match="line 2: not UTF-8"):
        load_entries(file)


def test_an_entry_reads_back_what_it_writes() -> None:
    made = Entry("x", "Hỏi?", "Đáp.", ("a",), ("b",), "c", "01969", "Luật; đọc tại nơi", "câu", date(2026, 1, 2), None)
    assert parse_lines([json.dumps(made.to_json())]) == [made]
    assert made.cited == "Luật"


def test_what_else_is_written_there_does_not_decide_whether_a_slip_is_understood() -> None:
    gold = Entry("vang", "Giá vàng hôm nay", "x")
    others = [Entry("a", "Bảng cang đáng gàng", "y"), Entry("b", "Hàng măng bằng càng", "z")]
    alone = FaqIndex([gold]).search("giá zang hôm nay")
    among = FaqIndex([gold, *others]).search("giá zang hôm nay")
    assert (among[0].id, among[0].score) == (alone[0].id, alone[0].score)


def test_a_phrase_is_read_once_wherever_it_stands() -> None:
    for text in ("hỏi thuế", "thuế"):
        spans = read(text).spans
        assert spans
        assert len(spans) == len(set(spans))


def test_drafts_and_expired_entries_are_not_served() -> None:
    draft = Entry("d", "q", "a", status="draft")
    old = Entry("o", "q", "a", valid_until=date(2026, 1, 31))
    assert [one.id for one in (draft, old) if one.served_on(date(2026, 1, 31))] == ["o"]
    assert not any(one.served_on(date(2026, 2, 1)) for one in (draft, old))


def test_a_served_entry_without_evidence_is_found_out() -> None:
    assert missing_evidence(Entry("x", "q", "a")) == ["source", "source_quote", "reviewed_at"]
    assert missing_evidence(Entry("x", "q", "a", status="draft")) == []


def test_the_example_set_is_answered_well_enough(example: FaqIndex) -> None:
    found = figures(ask_all(example, load_queries(EXAMPLE / "queries.jsonl")))
    assert found["top1"] >= 0.94
    assert found["top3"] >= 0.98
    assert found["confident_right"] >= 0.8
    assert found["confident_wrong"] <= 0.03
    assert found["false_confident"] <= 0.05


def test_the_starter_entries_are_found_and_strangers_are_not(starter: FaqIndex) -> None:
    found = figures(ask_all(starter, load_queries(STARTER_QUERIES)))
    assert found["top1"] >= 0.92
    assert found["confident_right"] >= 0.85
    assert found["confident_wrong"] <= 0.03
    assert found["false_confident"] <= 0.1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Làm giấy khai sinh cho con mới sinh", "khai-sinh"),
        ("lam gks cho con", "khai-sinh"),
        ("LÀM GIẤY KHAI SINH CHO CON", "khai-sinh"),
        ("lamf giaays khai sinh cho con mowis sinh", "khai-sinh"),
        ("làm dấy khai xinh cho con mới sinh", "khai-sinh"),
        ("heo chết nhiều quá báo ai", "lon-chet"),
        ("lợn chết nhiều quá báo ai", "lon-chet"),
    ],
)
def test_the_same_question_is_found_however_it_is_typed(starter: FaqIndex, typed: str, meant: str) -> None:
    best = starter.search(typed)[0]
    assert (best.id, best.confident) == (meant, True)


def test_the_clause_that_asks_is_found_in_a_long_message(starter: FaqIndex) -> None:
    typed = (
        "Dạ em chào cán bộ, em đi làm công ty mãi trong Nam, Tết này mới về được mấy hôm, "
        "vợ chồng em lo quá, xin giấy độc thân ở đâu"
    )
    assert starter.search(typed)[0].id == "xac-nhan-doc-than"


@pytest.mark.parametrize(
    "typed",
    [
        *("quên mật khẩu zalo", "vay tiền online", "giá vàng hôm nay", "zzzz", "ừ thế à", "ở đâu"),
        *("an toàn", "xã An Toàn", "giấy tờ cho con gái tôi lấy chồng xa", "giay to cho con gai toi lay chong xa"),
        *("toi muon hoi them", "may gio tiem", "o nha co dien thoai cu", "nha toi bi ngap roi"),
    ],
)
def test_it_is_not_sure_of_what_it_does_not_know(starter: FaqIndex, typed: str) -> None:
    assert not any(match.confident for match in starter.search(typed))


def test_marks_tell_words_apart(starter: FaqIndex) -> None:
    index = FaqIndex([Entry("bao", "Bão lớn thì trú ở đâu?", "a"), Entry("baochi", "Báo lớn mua ở đâu?", "a")])
    assert index.search("báo lớn mua đâu")[0].id == "baochi"
    assert index.search("bão lớn trú đâu")[0].id == "bao"


@pytest.mark.parametrize(
    "typed", ["", "   ", "😀👍", "?!...", "\x00\u200b", "123456789", "{'a': 1}", "漢字", "khai sinh " * 20_000]
)
def test_any_text_gets_an_answer_in_time(starter: FaqIndex, typed: str) -> None:
    assert len(starter.search(typed)) <= 5


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_scores_stay_between_nothing_and_one_best_first(text: str) -> None:
    matches = FaqIndex([Entry("a", "Làm khai sinh", "x"), Entry("b", "Đăng ký kết hôn", "y")]).search(text)
    assert all(0 <= match.score <= 1 for match in matches)
    assert matches == sorted(matches, key=lambda match: -match.score)
    assert not any(match.confident for match in matches[1:])


def test_an_entry_edited_in_place_is_found_by_its_new_words_only() -> None:
    index = FaqIndex([Entry("a", "Làm khai sinh", "x"), Entry("b", "Đăng ký kết hôn", "y")])
    index.add(Entry("a", "Xin xác nhận khuyết tật", "z"))
    assert index.search("giấy khuyết tật")[0].id == "a"
    assert index.entry("a").answer == "z"
    assert len(index) == 2
    assert all(match.id != "a" or not match.confident for match in index.search("khai sinh"))


def test_an_entry_taken_out_is_not_found_again() -> None:
    index = FaqIndex([Entry("a", "Làm khai sinh", "x"), Entry("b", "Đăng ký kết hôn", "y")])
    index.remove("a")
    assert [match.id for match in index.search("khai sinh")] in ([], ["b"])
    with pytest.raises(KeyError):
        index.entry("a")
    with pytest.raises(KeyError):
        index.remove("a")


def test_building_in_another_order_gives_the_same_answers(example: FaqIndex) -> None:
    entries = load_entries(EXAMPLE / "corpus.jsonl")
    turned = FaqIndex(reversed(entries))
    for query in load_queries(EXAMPLE / "queries.jsonl")[:40]:
        assert turned.search(query.text, 3) == example.search(query.text, 3)


def test_an_empty_index_finds_nothing() -> None:
    assert FaqIndex().search("khai sinh") == []


def test_no_phrase_names_two_concepts() -> None:
    named: dict[tuple[str, ...], set[str]] = {}
    for phrase in (phrase for found in lexicon().phrases.values() for phrase in found):
        named.setdefault(phrase.marked, set()).add(phrase.concept)
    assert {marked: concepts for marked, concepts in named.items() if len(concepts) > 1} == {}


def test_the_files_of_concepts_name_only_concepts_that_there_are() -> None:
    known = set(lexicon().near)
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in concept_files()]
    lists = [table[part]["list"] for table in tables for part in ("grave", "broken") if part in table]
    named = {name.strip() for line in lists for name in line.split(",")}
    named |= {name for table in tables for part in ("weight", "hint") for name in table.get(part, {})}
    assert named - known == set()


@pytest.mark.parametrize(("one", "other"), [("tranh", "chanh"), ("xinh", "sinh"), ("giay", "day"), ("ky", "ki")])
def test_syllables_that_sound_alike_are_one(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("tay", "tai"), ("ban", "van"), ("so", "sa")])
def test_syllables_that_sound_different_stay_apart(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_only_words_as_short_as_a_syllable_are_remembered_with_their_sound() -> None:
    for heard in (sound, spoken):
        assert heard("xinh") is heard("xinh")
        assert heard("x" * 2000) is not heard("x" * 2000)


def test_a_bare_word_among_marked_ones_is_bare_on_purpose() -> None:
    assert [token.light for token in read("vay tiền").tokens] == [False, False]
    assert read("vay").tokens[0].light


def test_queries_with_a_wrong_line_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"text": "a", "expected_id": null}\n{"text": "b"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="line 2"):
        load_queries(file)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"expected_id": null}', "text"),
        (b'{"text": 5, "expected_id": null}', "text is not a text"),
    ],
)
def test_a_query_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, bad: bytes, reason: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_bytes(b'{"text": "a", "expected_id": null}\n\n' + bad)
    with pytest.raises(CorpusError, match=f"line 3: .*{reason}"):
        load_queries(file)


def test_queries_may_begin_with_a_byte_order_mark_and_hold_any_line_separator(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('\ufeff{"text": "a\u2028b\x85c", "expected_id": "x"}\r\n', encoding="utf-8")
    assert load_queries(file) == [Query("a\u2028b\x85c", frozenset({"x"}))]


def test_figures_count_what_they_say() -> None:
    index = FaqIndex([Entry("a", "Làm khai sinh cho con", "x"), Entry("b", "Đăng ký kết hôn ở xã", "y")])
    lines = [("làm khai sinh cho con", "a"), ("đăng ký kết hôn ở xã", "a"), ("giá vàng", None)]
    outcomes: list[Outcome] = ask_all(index, [_query(text, right) for text, right in lines])
    found = figures(outcomes)
    assert (found["in_scope"], found["out_of_scope"]) == (2, 1)
    assert found["top1"] == 0.5
    assert (found["coverage"], found["precision"], found["confident_wrong"]) == (1.0, 0.5, 0.5)
    assert found["false_confident"] == 0.0
    assert set(by_kind(outcomes)) == {"k"}


def _query(text: str, right: str | None) -> Query:
    return Query(text, frozenset({right} if right else ()), "k")
