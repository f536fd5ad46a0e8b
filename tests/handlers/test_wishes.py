"""What villagers say in their own words, where a command would have been shorter: it is understood or asked about."""

import pytest

from handlers import wishes
from tests.handlers.stage import Stage, Villager

TOLD = {
    "a wish, without marks": "toi muon bao cot dien do",
    "no wish, without marks": "bao cot dien do",
    "the bare fact": "duong hong qua",
    "with the command's words": "phản ánh đường hỏng ở bản Tâu",
}


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD.keys())
def test_who_tells_what_is_broken_is_in_a_report_and_need_not_tell_it_again(hoa: Villager, told: str) -> None:
    assert "thuộc loại nào" in hoa.say(told)[-1]
    hoa.say("1")
    hoa.say("gần cầu treo")
    assert told in hoa.say("xong")[-1]


def test_it_is_told_right_after_joining_too(zalo: Villager) -> None:
    zalo.start("xa-03328")
    zalo.say("1")
    zalo.say("toi muon bao cot dien do")
    assert zalo.step() == "report.about"


def test_the_bare_word_report_is_no_description(hoa: Villager) -> None:
    for line in ("report", "1", "gần cầu treo"):
        hoa.say(line)
    assert hoa.step() == "report.describe"
    assert hoa.say("0")


QUESTIONS = ("phản ánh thế nào", "báo việc cho xã ở đâu?", "tôi muốn báo tạm trú thì làm thế nào")


@pytest.mark.parametrize("asked", QUESTIONS)
def test_who_asks_how_to_report_is_answered(hoa: Villager, asked: str) -> None:
    assert hoa.say(asked)
    assert not hoa.step().startswith("report.")


@pytest.mark.parametrize(
    "text", ["bao gio co dien", "muốn bảo hiểm y tế tự nguyện", "bão to quá đi mất", "bao nhieu tien"]
)
def test_bao_is_many_words(text: str) -> None:
    assert not wishes.reports(text)


@pytest.mark.parametrize("said", ["dung gui nua", "đừng nhắn nữa", "thoi khong nhan nua", "phiền quá"])
def test_who_is_tired_of_news_is_asked_whether_to_stop(hoa: Villager, said: str) -> None:
    hoa.say(said)
    assert hoa.step() == "privacy.unsure"
    citizen = hoa.citizen()
    assert citizen
    assert not citizen.stopped_at


@pytest.mark.parametrize("said", ["viec cua toi toi dau roi", "sao khong thay tra loi", "phản ánh của tôi đâu rồi"])
def test_what_became_of_it_is_told_without_the_code(hoa: Villager, said: str) -> None:
    assert "chưa thấy việc nào" in hoa.say(said)[0]
    for line in ("phản ánh", "1", "gần cầu treo", "cột điện nghiêng", "xong", "1", "2"):
        hoa.say(line)
    assert hoa.report().code in hoa.say(said)[0]


def test_nobody_sees_what_others_sent(stage: Stage, hoa: Villager) -> None:
    for line in ("phản ánh", "1", "gần cầu treo", "cột điện nghiêng", "xong", "1", "2"):
        hoa.say(line)
    assert "chưa thấy việc nào" in stage.follower().say("việc của tôi tới đâu rồi")[0]


def test_a_mistyped_code_is_said_to_be_one(hoa: Villager) -> None:
    assert "không thấy mã này" in hoa.say("PA-K7M3")[0]


@pytest.mark.parametrize("said", ["xã tôi tên gì", "toi o xa nao", "bỏ xã"])
def test_which_commune_is_mine(hoa: Villager, said: str) -> None:
    assert "xã Thanh Nưa" in hoa.say(said)[0]
    assert hoa.step() == "commune.places"


@pytest.mark.parametrize("said", ["toi muon gap can bo", "nhờ cán bộ trả lời"])
def test_a_person_is_asked_for(hoa: Villager, said: str) -> None:
    assert "hỏi cán bộ điều gì" in hoa.say(said)[0]
    assert "Bao giờ họp bản" in hoa.say("Bao giờ họp bản?")[0]
    hoa.say("2")
    assert "chỗ xảy ra" not in "".join(hoa.say("0"))


def test_a_bare_syllable_is_no_question(hoa: Villager) -> None:
    for said in ("dung", "da", "xong"):
        assert "Kênh nghe đây" in hoa.say(said)[0]


def test_a_yes_out_of_the_blue_is_no_place(hoa: Villager) -> None:
    hoa.say("da vang a")
    assert hoa.step() == ""


def test_no_place_that_was_offered_asks_again_and_thoi_ends_it(zalo: Villager) -> None:
    for line in ("phản ánh", "1", "dung"):
        zalo.say(line)
    assert zalo.say("không phải")[-1].startswith("Việc này ở xã")
    zalo.say("thôi")
    assert zalo.step() == ""
