"""What ships: every served answer has a source that was read, every model can be sent."""

import re
from datetime import date

import pytest

from content.announcements import Model, blanks, fill, load_models
from content.faq import SMALLTALK, STARTER, Entry, FaqIndex, load_entries, missing_evidence
from content.topics import TOPICS

ENTRIES = load_entries(STARTER)
SERVED = [entry for entry in ENTRIES if entry.status == "served"]
CHAT = load_entries(SMALLTALK)
MODELS = load_models()
# Tone §1 and §2: words that make an old villager feel spoken to by an office.
STIFF = ("vui lòng", "thực hiện", "tiến hành", "hệ thống", "thao tác", "cú pháp", "click", "quý khách", "người dùng")
NUMBERS = {"111", "112", "113", "114", "115"}
# The days on which the sources were read: an entry that says another day was changed without being checked here.
REVIEWED = {date(2026, 11, 21), date(2026, 11, 24), date(2026, 11, 26)}
# Numbers that follow from the source without standing in it: an example reckoned from a rule.
EXAMPLES = {"doi-can-cuoc": {"23"}, "tro-cap-khuyet-tat": {"750", "250"}, "tre-mo-coi": {"750", "250"}}


def named(one: Entry | Model) -> str:
    return one.id


def test_enough_answers_are_served_for_the_groups_of_commune_matters() -> None:
    """A floor, not a count: an official may add to the file without touching this test."""
    assert len(ENTRIES) >= 150
    assert len(SERVED) >= 135
    assert len({entry.category for entry in SERVED}) >= 24
    assert all(entry.category for entry in ENTRIES)


@pytest.mark.parametrize("entry", SERVED, ids=named)
def test_a_served_answer_is_asked_for_in_several_ways(entry: Entry) -> None:
    assert 4 <= len(entry.alternatives) <= 8
    assert entry.keywords


def test_answers_from_a_law_that_ends_are_asked_about_again_before_it_does() -> None:
    """The civil status law of 2014 and Decree 120/2025 end on 1 March 2027."""
    resting = [entry for entry in SERVED if re.search(r"Luật Hộ tịch 60/2014|Nghị định 120/2025", entry.source)]
    assert resting
    assert [entry.id for entry in resting if entry.valid_until != date(2027, 2, 28)] == []


@pytest.mark.parametrize("entry", SERVED, ids=named)
def test_a_served_answer_quotes_the_source_that_was_read(entry: Entry) -> None:
    assert missing_evidence(entry) == []
    assert "đọc tại" in entry.source
    assert len(entry.source_quote) >= 40
    assert entry.cited
    assert entry.reviewed_at in REVIEWED


@pytest.mark.parametrize("entry", SERVED, ids=named)
def test_every_number_in_an_answer_stands_in_its_source(entry: Entry) -> None:
    """A fee, an age or a deadline that the source does not say would be a guess."""
    said = entry.source_quote + entry.source
    known = set(re.findall(r"\d+", said)) | NUMBERS
    known |= {str(int(digits)) for digits in known}
    known |= {amount.replace(".", "").removesuffix("000000") for amount in re.findall(r"\d[\d.]*\d", said)}
    assert set(re.findall(r"\d+", entry.answer)) <= known | EXAMPLES.get(entry.id, set()), "a number without a source"


@pytest.mark.parametrize("entry", [*ENTRIES, *CHAT], ids=named)
def test_an_answer_is_short_and_speaks_plainly(entry: Entry) -> None:
    assert len(entry.answer) <= 500
    assert not [word for word in STIFF if word in entry.answer.lower()]
    assert not re.search(r"\bbạn\b", entry.answer.lower())


def test_what_is_asked_next_leads_from_one_served_answer_to_another() -> None:
    served = {one.id: one for one in ENTRIES if one.status == "served"}
    nexts = [(one.id, other) for one in served.values() for other in one.follow_ups]
    assert len({one for one, _ in nexts}) >= 90
    assert [pair for pair in nexts if pair[1] not in served] == []


def test_what_could_not_be_checked_stays_a_draft_and_says_where_to_ask() -> None:
    drafts = [entry for entry in ENTRIES if entry.status == "draft"]
    assert drafts
    assert all("hỏi" in entry.answer and not entry.reviewed_at for entry in drafts)


def test_every_starter_question_finds_its_own_entry() -> None:
    index = FaqIndex(SERVED)
    lost = [entry.id for entry in SERVED if index.search(entry.question)[0].id != entry.id]
    assert lost == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("xin chào", "chuyen-chao"),
        ("cảm ơn nhé", "chuyen-cam-on"),
        ("ngu quá", "chuyen-mang-chui"),
        ("mai trời lạnh cỡ nào", "chuyen-thoi-tiet"),
        ("gia heo hoi hom nay", "chuyen-gia-ca"),
        ("bạn là ai", "chuyen-la-ai"),
        ("bot ngu như bò", "chuyen-mang-chui"),
        ("kể chuyện cười đi", "chuyen-vui"),
        ("zalo bị hack", "chuyen-noi-khac"),
        ("ly hôn ở đâu", "chuyen-toa-an"),
        ("hàng shopee chưa tới", "chuyen-buu-dien"),
        ("nhặt được cái ví", "chuyen-that-lac"),
    ],
)
def test_small_talk_gets_a_kind_word(said: str, kind: str) -> None:
    best = FaqIndex(CHAT).search(said)[0]
    assert (best.id, best.confident) == (kind, True)


@pytest.mark.parametrize(
    ("said", "kind", "numbers"),
    [
        ("tôi không muốn sống nữa", "chuyen-hai-minh", {"115", "111"}),
        ("uống thuốc sâu rồi", "chuyen-hai-minh", {"115"}),
        ("con tôi bị lạc", "chuyen-nguoi-lac", {"113", "111", "112"}),
        ("bà nội đi lạc từ sáng", "chuyen-nguoi-lac", {"113"}),
        ("có người bị ngất", "chuyen-cap-cuu", {"115", "112"}),
        ("chồng đánh tôi", "bao-luc-gia-dinh", {"113", "111"}),
        ("cháu bị người lớn sờ mó", "tre-em-111", {"111", "113"}),
        ("trẻ em bị bỏ rơi", "tre-em-111", {"111"}),
        ("có người bị điện giật", "dien-giat", {"115"}),
        ("trẻ em bị đuối nước", "duoi-nuoc", {"115"}),
    ],
)
def test_a_cry_for_help_gets_the_right_numbers(said: str, kind: str, numbers: set[str]) -> None:
    """Whatever the danger words say first, the answer itself must not send anybody to the wrong place."""
    index = FaqIndex([*SERVED, *CHAT])
    assert index.search(said)[0].id == kind
    assert numbers <= set(re.findall(r"\b11\d\b", index.entry(kind).answer))


@pytest.mark.parametrize(
    "asked", ["làm giấy khai sinh", "đường hỏng rồi", "mất điện", "làm sổ đỏ ở đâu", "nước sạch bị đục"]
)
def test_a_real_question_is_not_taken_for_small_talk(asked: str) -> None:
    assert not FaqIndex(CHAT).search(asked)[0].confident


def test_ten_models_of_three_priorities() -> None:
    assert len(MODELS) == len({model.id for model in MODELS}) == 10
    assert {model.priority for model in MODELS} == {"routine", "priority", "emergency"}
    assert {model.topic for model in MODELS} <= set(TOPICS)


@pytest.mark.parametrize("model", [one for one in MODELS if one.priority == "emergency"], ids=named)
def test_an_emergency_says_what_where_and_what_to_do_on_the_lock_screen(model: Model) -> None:
    line = f"⚠ KHẨN: {model.title}"
    assert len(line) <= 40
    assert blanks(model.title) == ["nơi"]
    assert model.title.endswith("NGAY")
    assert len(model.body.split()) <= 75
    assert "112" in model.body


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_hazard_level_is_never_written_by_us(model: Model) -> None:
    assert not re.search(r"[Cc]ấp \d|rủi ro (thấp|trung bình|lớn|rất lớn|thảm họa)", model.title + model.body)
    if model.topic == "disaster":
        assert model.hazard is not None
        assert len(blanks(model.source)) == 3


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_model_has_blanks_and_balanced_braces_and_stays_true_for_a_while(model: Model) -> None:
    assert blanks(model.title + model.body)
    assert not re.search(r"[{}]", fill(model.title + model.body, dict.fromkeys(blanks(model.title + model.body), "x")))
    assert 1 <= model.valid_hours <= 240
    assert not [word for word in STIFF if word in model.body.lower()]


def test_a_blank_without_a_value_stays_to_be_seen() -> None:
    assert fill("{nơi} lúc {giờ}", {"nơi": "bản A"}) == "bản A lúc {giờ}"
    assert fill("{nơi}", {"nơi": ""}) == "{nơi}"
