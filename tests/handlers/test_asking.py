"""Questions: answered with source and date when it is sure; else the nearest three and a person. Danger goes first."""

from dataclasses import replace
from unicodedata import normalize

import pytest

from content.faq import Entry, Library
from handlers import match
from storage.reports import Report
from storage.unanswered import Unanswered
from tests.handlers.stage import TAN_KHAI, THANH_NUA, Stage, Villager

UNKNOWN = "con trâu nhà tôi thích nghe nhạc gì"
STATION = "trạm y tế xã Tân Khai, Hớn Quản mở lúc nào"


def test_a_sure_answer_names_its_source_and_the_day_it_was_reviewed(hoa: Villager) -> None:
    [said] = hoa.say("lam khai sinh cho con can gi")
    assert "60 ngày" in said
    assert "Theo Luật Hộ tịch" in said
    assert "xem lại ngày" in said
    assert "đọc tại" not in said


def test_a_stranger_is_answered_and_invited_once(zalo: Villager) -> None:
    assert "nhắn tên xã" in zalo.say("lam khai sinh cho con can gi")[-1]
    assert len(zalo.say("lam khai sinh cho con can gi")) == 1


@pytest.mark.parametrize(("words", "kind"), [("chan doi qua", "115"), ("Heo hơi bao nhiêu một ký?", "giá")])
def test_a_kind_word_that_fits_better_than_an_answer_comes_before_it(hoa: Villager, words: str, kind: str) -> None:
    [said] = hoa.say(words)
    assert kind in said
    assert "Theo " not in said


def test_when_it_is_not_sure_it_says_so_and_offers_a_person(stage: Stage, hoa: Villager) -> None:
    [said] = hoa.say(UNKNOWN)
    assert "nhờ cán bộ trả lời" in said.lower()
    [kept] = stage.rows(Unanswered)
    assert stage.database.vault.open(kept.text_sealed) == UNKNOWN
    assert kept.commune == THANH_NUA


@pytest.fixture
def alike(hoa: Villager) -> Villager:
    """Somebody whose channel knows five entries that are alike."""
    entries = [Entry(f"e{n}", f"Xin giấy khai sinh {what}", f"Câu trả lời {what}.") for n, what in enumerate(
        ("bản sao", "muộn", "cho con nuôi", "ở nước ngoài", "bị sai tên"))]  # fmt: skip
    hoa.know = replace(hoa.know, faq=Library(entries))
    return hoa


def test_the_nearest_are_three_and_one_can_be_chosen(alike: Villager) -> None:
    [said] = alike.say("xin giấy khai sinh")
    assert "Kênh chưa chắc hiểu đúng" in said
    assert [line[:2] for line in said.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3.", "4.", "5."]
    assert alike.say("1")[0].startswith("Câu trả lời")
    assert alike.step() == ""


@pytest.mark.parametrize("said", ["4", "không phải", "nhờ cán bộ", "Không phải, nhờ cán bộ trả lời"])
def test_none_of_the_three_is_a_person(alike: Villager, said: str) -> None:
    alike.say("xin giấy khai sinh")
    alike.say(said)
    assert alike.step() == "report.check"


def test_a_person_answers_what_the_faq_cannot(stage: Stage, hoa: Villager) -> None:
    hoa.say(UNKNOWN)
    assert UNKNOWN in hoa.say("nhờ cán bộ trả lời")[0]
    hoa.say("1")
    report = hoa.report()
    assert (report.kind, stage.database.vault.open(report.text_sealed)) == ("question", UNKNOWN)


def test_a_new_question_takes_the_place_of_the_old_one(hoa: Villager) -> None:
    hoa.say(UNKNOWN)
    assert "60 ngày" in hoa.say("lam khai sinh cho con can gi")[0]


def test_the_answer_of_another_commune_is_not_given(hoa: Villager) -> None:
    entry = Entry("rieng", "Chợ phiên họp ngày nào", "Chợ họp thứ bảy.", commune="25357")
    hoa.know = replace(hoa.know, faq=Library([entry]))
    assert "thứ bảy" not in hoa.say("chợ phiên họp ngày nào")[0]
    entry = replace(entry, commune=THANH_NUA)
    hoa.know = replace(hoa.know, faq=Library([entry]))
    assert "thứ bảy" in hoa.say("chợ phiên họp ngày nào")[0]


def test_an_answer_taken_out_meanwhile_is_not_served(alike: Villager) -> None:
    alike.say("xin giấy khai sinh")
    alike.know = replace(alike.know, faq=Library())
    assert "gỡ xuống" in alike.say("1")[0]


@pytest.mark.parametrize("text", ["Cháy nhà rồi cứu với", "lũ cuốn mất nhà rồi", "sat lo dat vui nha cuu voi"])
def test_danger_gets_the_numbers_first(hoa: Villager, text: str) -> None:
    said = hoa.say(text)
    assert said[0].startswith("NGUY HIỂM THÌ GỌI NGAY")
    for number in ("112", "113", "114", "115", "111"):
        assert number in said[0]


def test_it_was_no_danger_so_the_question_is_answered(hoa: Villager) -> None:
    hoa.say("cứu với, sạt lở đất làm mất sổ đỏ thì xin lại ở đâu")
    assert "NGUY HIỂM" not in hoa.say("không")[0]
    assert hoa.step() in ("", "faq.offered")


@pytest.mark.parametrize("said", ["không", "khong", "2"])
def test_a_bare_no_to_danger_gives_the_same_sure_answer_as_a_marked_one(hoa: Villager, said: str) -> None:
    hoa.say("cứu với, làm giấy khai sinh cho con ở đâu")
    assert "Theo Luật Hộ tịch" in hoa.say(said)[0]
    assert hoa.step() != "faq.offered"


@pytest.mark.parametrize(
    "typed",
    [normalize("NFD", STATION), STATION.replace("Khai", "Kh\u200bai")],
    ids=["decomposed", "zero-width"],
)
def test_a_place_is_taken_out_of_a_question_whatever_its_letters_are_made_of(stage: Stage, typed: str) -> None:
    found = match(stage.know, typed)
    assert (" ".join(found.asked.split()), found.commune) == ("trạm y tế mở lúc nào", TAN_KHAI)
    assert found == match(stage.know, STATION)


@pytest.mark.parametrize("safe", ["an toàn rồi", "an toan", "2"])
def test_an_toan_means_no_danger_here(stage: Stage, hoa: Villager, safe: str) -> None:
    hoa.say("Cháy nhà rồi cứu với")
    hoa.say(safe)
    assert hoa.step() != "safety.called"
    assert stage.rows(Report) == []


def test_a_photo_with_a_cry_under_it_goes_into_the_report(stage: Stage, hoa: Villager) -> None:
    assert hoa.send_media("image", text="cháy nhà rồi cứu với")[0].startswith("NGUY HIỂM")
    hoa.say("1")
    assert "1 ảnh" in hoa.say("bản Tâu")[0]


def test_another_language_is_one_question(hoa: Villager) -> None:
    assert "2. English" in hoa.say("ngôn ngữ")[0]
    hoa.say("english")
    citizen = hoa.citizen()
    assert citizen is not None
    assert citizen.language == "en"
    assert "REPORT" in hoa.say("help")[0]


def test_a_recording_goes_with_its_sentence_where_the_channel_carries_it(stage: Stage) -> None:
    spoken = replace(stage.know, recordings={("vi", "commune.which"): "f" * 64})
    for channel, parts in (("telegram", ["text", "voice"]), ("zalo_oa", ["text"])):
        villager = stage.villager(channel, spoken)
        villager.follow()
        assert [one.kind for one in villager.parts][-len(parts) :] == parts
        assert [one.media for one in villager.parts if one.kind == "voice"] == ["f" * 64] * (len(parts) - 1)
