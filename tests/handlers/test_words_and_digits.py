"""No word without marks is ever a command, at any step; digits answer the question they were typed for."""

import pytest

from storage.outbox import Delivery
from storage.reports import Report
from tests.handlers.stage import HOUR_MS, Stage, Villager
from tests.handlers.steps import CHOICES, FREE, NAMED, STEPS, WHERE

WORDS = ["dung", "huy", "an toan", "Nguyễn Thị Dung", "Xã Xa Dung", "xa An Toan"]
STOPPED = "privacy.stopped"  # the one step whose citizen has left already


@pytest.mark.parametrize("step", STEPS)
def test_a_name_or_a_word_without_marks_stops_nothing_and_loses_nothing(stage: Stage, step: str) -> None:
    for word in WORDS:
        villager = STEPS[step](stage)
        said = villager.say(word)
        citizen = villager.citizen()
        assert said, word
        assert citizen is not None, word
        assert bool(citizen.stopped_at) == (step == STOPPED), word
        # "an toan" is the answer to "are you in danger?", and then what they cried is answered as a question.
        assert villager.step() or step in ("commune.hamlet", "safety.called"), f"{word}: the dialogue is gone"


@pytest.mark.parametrize("step", [*FREE])
def test_where_words_are_asked_for_a_name_is_the_answer(stage: Stage, step: str) -> None:
    villager = FREE[step](stage)
    villager.say("Trần Văn Huy")
    after = {"report.phone": "report.phone", "report.describe": "report.describe"}
    assert villager.step() == after.get(step, villager.step())
    assert villager.step() not in ("privacy.stopped", "privacy.unsure", "faq.offered")


YES = [
    ("start.consent", "commune.after"),
    ("safety.called", "report.where"),
    ("report.offered", "report.about"),
    ("report.resume", "report.describe"),
    ("report.check", "report.identity"),
    ("report.identity", "report.name"),
]


@pytest.mark.parametrize("word", ["dung", "đúng rồi", "ok", "vâng", "dạ"])
@pytest.mark.parametrize(("step", "after"), YES, ids=[row[0] for row in YES])
def test_in_a_yes_no_step_dung_means_yes(stage: Stage, step: str, after: str, word: str) -> None:
    villager = STEPS[step](stage)
    villager.say(word)
    assert villager.step() == after


@pytest.mark.parametrize("word", ["dung", "ok", "vâng"])
def test_an_erasure_wants_more_than_a_yes(stage: Stage, word: str) -> None:
    villager = STEPS["privacy.erase"](stage)
    villager.say(word)
    assert villager.citizen() is not None
    assert villager.step() == "privacy.erase"


@pytest.mark.parametrize("step", STEPS)
def test_at_every_step_there_is_help_and_a_way_out(stage: Stage, step: str) -> None:
    villager = STEPS[step](stage)
    assert villager.step() == step
    assert "Kênh này làm được mấy việc" in villager.say("trợ giúp")[0]
    assert villager.step() == step, "help has answered nothing"
    if step in CHOICES:
        said = villager.say("9")
        assert villager.step() == step, "a number that is not there chooses nothing"
        assert "1. " in said[-1] or step in ("commune.which", "commune.hours", "report.commune")
    assert villager.say("ngừng nhận tin")[0].startswith("Đã ngừng")
    citizen = villager.citizen()
    assert citizen is not None
    assert citizen.stopped_at


@pytest.mark.parametrize("word", ["NGỪNG", "dừng nhận tin", "stop", "NGUNG"])
def test_leaving_has_several_words(hoa: Villager, word: str) -> None:
    assert hoa.say(word)[0].startswith("Đã ngừng")


@pytest.mark.parametrize("step", FREE)
def test_a_bare_stop_is_an_answer_where_words_are_asked_for(stage: Stage, step: str) -> None:
    villager = FREE[step](stage)
    villager.say("ngừng")
    citizen = villager.citizen()
    assert citizen is not None
    assert not citizen.stopped_at


def test_ngung_is_asked_about(hoa: Villager) -> None:
    assert "muốn thôi nhận tin" in hoa.say("ngung")[0]
    hoa.say("2")
    citizen = hoa.citizen()
    assert citizen is not None
    assert not citizen.stopped_at


def test_0_goes_back_one_question_at_a_time(hoa: Villager) -> None:
    for line in (*WHERE, "cột điện nghiêng"):
        hoa.say(line)
    assert [(hoa.say("0"), hoa.step())[1] for _ in range(3)] == ["report.where", "report.about", ""]


def test_going_back_keeps_what_was_gathered(stage: Stage, hoa: Villager) -> None:
    for line in (*WHERE, "cột điện nghiêng", "0", "bản Tâu", "xong", "1"):
        hoa.say(line)
    report = hoa.report()
    vault = stage.database.vault
    assert (vault.open(report.text_sealed), vault.open(report.place_sealed)) == ("cột điện nghiêng", "bản Tâu")


def test_0_after_the_name_asks_for_the_name_again_and_files_nothing_twice(stage: Stage, hoa: Villager) -> None:
    for line in (*NAMED, "0", "0", "0"):
        hoa.say(line)
    assert hoa.step() == ""
    assert len(stage.rows(Report)) == 1


def test_a_digit_with_no_question_gets_a_sensible_answer(hoa: Villager) -> None:
    assert "không trả lời câu nào" in hoa.say("1")[0]


def test_a_digit_counts_only_for_a_question_that_was_delivered(stage: Stage, zalo: Villager) -> None:
    zalo.posted = False
    zalo.start("xa-03328")
    said = zalo.say("1")
    assert zalo.step() == "start.consent"
    assert len([one for one in said if "Kênh tin của UBND" in one]) == 1, "the queued copy gives way to the new one"
    zalo.arrives()
    zalo.say("1")
    assert zalo.step() == "commune.after"


def test_a_digit_typed_before_the_question_left_is_not_its_answer(stage: Stage, hoa: Villager) -> None:
    hoa.say("phản ánh")
    typed = stage.clock()
    stage.wait(3_000)
    hoa.say("1")
    hoa.hear("text", text="1", at=typed)
    assert hoa.step() == "report.where"
    hoa.say("1")
    assert hoa.step() == "report.describe"


def test_a_clock_out_of_step_does_not_lock_anybody_out(stage: Stage, hoa: Villager) -> None:
    hoa.say("phản ánh")
    hoa.hear("text", text="1", at=stage.clock() - 49 * HOUR_MS)
    assert hoa.step() == "report.where"


def test_words_are_taken_as_they_are_spelled_or_not(hoa: Villager) -> None:
    hoa.say("phan anh")
    hoa.say("rac, mui hoi, suoi, moi truong")
    assert hoa.step() == "report.where"


def test_yesterdays_question_is_over(stage: Stage, hoa: Villager) -> None:
    hoa.say("phản ánh")
    stage.wait(25 * HOUR_MS)
    assert "không trả lời câu nào" in hoa.say("1")[0]


def test_buttons_choose_on_telegram_and_old_ones_get_a_kind_word(stage: Stage) -> None:
    telegram = stage.villager("telegram")
    telegram.start("xa-03328")
    old = telegram.parts
    assert "sẽ nhận tin" in telegram.tap(1)[0]
    telegram.parts = old
    assert "đã qua rồi" in telegram.tap(1)[0]
    assert telegram.step() == "commune.after"


def test_a_question_asked_again_takes_its_old_buttons_too(stage: Stage) -> None:
    telegram = stage.villager("telegram")
    telegram.start("xa-03328")
    old = telegram.parts
    telegram.say("huy")
    telegram.parts = old
    assert "sẽ nhận tin" in telegram.tap(1)[0]


@pytest.mark.parametrize("payload", ["", ":", "abc:1", "abc:²", f"{'9' * 70}:1", "answer1:11"])
def test_a_payload_that_nobody_made_is_an_old_button(hoa: Villager, payload: str) -> None:
    assert len(hoa.hear("tap", payload=payload)) == 1


def test_a_repeated_question_is_one_delivery(stage: Stage, hoa: Villager) -> None:
    for line in (*WHERE, "cột điện nghiêng"):
        hoa.say(line)
    hoa.posted = False
    for _ in range(4):
        hoa.send_media()
    assert len(hoa.waiting()) == 1
    assert [one.state for one in stage.rows(Delivery)].count("withdrawn") == 3
