"""A dialogue that something else interrupts is not lost: it is taken up again when that is over."""

import pytest

from storage.citizens import Follow
from tests.handlers.stage import THANH_NUA, Stage, Villager
from tests.handlers.steps import CHECK, DESCRIBED, FILED, STEPS, WHERE
from tests.handlers.test_asking import UNKNOWN

KEPT = [
    "report.about",
    "report.where",
    "report.describe",
    "report.check",
    "report.whom",
    "report.fork",
    "report.edit",
    "report.offered",
]


@pytest.mark.parametrize("step", KEPT)
def test_a_report_is_taken_up_where_it_was_left(stage: Stage, step: str) -> None:
    villager = STEPS[step](stage)
    villager.say("ngừng nhận tin")
    assert villager.say("nhận lại như cũ")[-1].endswith("VIẾT TIẾP.")
    villager.say("viết tiếp")
    assert villager.step() == step


def test_the_line_is_said_once_and_not_after_every_word(hoa: Villager) -> None:
    for line in (*DESCRIBED, "ngừng nhận tin", "2"):
        hoa.say(line)
    assert len(hoa.say("lam khai sinh cho con can gi")) == 1


def test_consent_is_asked_again_when_the_other_dialogue_ends(stage: Stage, zalo: Villager) -> None:
    zalo.start(f"xa-{THANH_NUA}")
    zalo.say(UNKNOWN)
    assert zalo.step() == "faq.offered"
    for line in ("nhờ cán bộ", "Thanh Nưa", "1"):
        zalo.say(line)
    assert "Kênh tin của UBND xã Thanh Nưa" in zalo.say("không")[-1]
    zalo.say("1")
    assert [one.commune for one in stage.rows(Follow)] == [THANH_NUA]


def test_who_they_are_is_asked_again_after_an_interruption(hoa: Villager) -> None:
    for line in (*FILED, UNKNOWN):
        hoa.say(line)
    assert hoa.step() == "faq.offered"
    assert "Nghị định 49" in hoa.say("0")[-1]


def test_a_link_in_the_middle_of_a_report(hoa: Villager) -> None:
    for line in (*CHECK, "#xa-25357"):
        hoa.say(line)
    assert hoa.step() == "commune.relation"
    hoa.say("2")
    hoa.say("viết tiếp")
    assert hoa.step() == "report.check"


def test_danger_in_the_middle_of_choosing_a_commune(zalo: Villager) -> None:
    zalo.start(f"xa-{THANH_NUA}")
    zalo.say("2")
    assert zalo.say("cháy nhà rồi cứu với")[0].startswith("NGUY HIỂM")
    assert "xã, phường nào" in zalo.say("không phải")[-1]


def test_an_optional_question_goes_without_a_word(hoa: Villager) -> None:
    hoa.say("chủ đề")
    hoa.say("dữ liệu của tôi")
    assert len(hoa.say("giữ nguyên")) == 1


def test_a_letter_and_a_dialogue_each_have_their_own_keys(stage: Stage, hoa: Villager) -> None:
    for line in WHERE:
        hoa.say(line)
    stage.publish("Lịch tiêm chủng", "routine")
    hoa.arrives()
    listened, again = hoa.say("11")
    assert "/listen/" in listened
    assert "kể rõ giúp" in again
    assert hoa.step() == "report.describe"
