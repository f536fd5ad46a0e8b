"""Answers to reports, announcements, tracking codes: told once, answered with 11, 22, 33."""

import pytest

from handlers import answers
from storage import Transaction, citizens, reports
from storage.codes import report_code
from storage.outbox import STATUS, Delivery
from storage.reports import Report, ReportEvent
from tests.handlers.stage import HOUR_MS, Stage, Villager
from tests.handlers.steps import FILED, WHERE


@pytest.fixture
def filed(hoa: Villager) -> Villager:
    """Somebody whose report is filed."""
    for line in (*FILED, "không"):
        hoa.say(line)
    return hoa


def answer(stage: Stage, report: Report, text: str = "Điện lực đã dựng lại cột.", state: str = "answered") -> None:
    official = stage.official()
    stage.do(lambda tx: answers.by_official(tx, fresh(tx, report), official, state, text, stage.know))


def fresh(tx: Transaction, report: Report) -> Report:
    row = reports.of(tx, report.id or 0)
    assert row
    return row


def test_an_answer_names_post_and_unit_and_asks_whether_it_is_done(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    [said] = filed.arrives()
    for part in ("Điện lực đã dựng lại cột.", "Chủ tịch UBND xã, UBND xã Thanh Nưa", "11. Xong rồi", "22. Chưa xong"):
        assert part in said


LAST_WORD = [("11", "closed", "done"), ("22", "received", "undone"), ("33", "received", "")]


@pytest.mark.parametrize(("key", "state", "verdict"), LAST_WORD)
def test_the_citizen_has_the_last_word(stage: Stage, filed: Villager, key: str, state: str, verdict: str) -> None:
    answer(stage, filed.report())
    filed.arrives()
    filed.say(key)
    report = filed.report()
    assert (report.state, report.verdict) == (state, verdict)


def test_what_they_add_goes_to_the_report(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    filed.arrives()
    filed.say("22")
    assert filed.report().code in filed.say("dây vẫn còn chùng lắm")[0]
    added = [one for one in stage.rows(ReportEvent) if one.kind == "addition"]
    assert stage.database.vault.open(added[0].text_sealed) == "dây vẫn còn chùng lắm"


@pytest.mark.parametrize("nothing", ["0", "không"])
def test_or_nothing(stage: Stage, filed: Villager, nothing: str) -> None:
    answer(stage, filed.report())
    filed.arrives()
    filed.say("33")
    assert "vẫn ghi" in filed.say(nothing)[0]
    assert filed.step() == ""


def test_the_source_systems_news_is_told_once(stage: Stage, filed: Villager) -> None:
    told = ("u1", "working", "", "Sở Công Thương", "")
    for _ in range(3):
        stage.do(lambda tx: answers.by_source(tx, fresh(tx, filed.report()), stage.know, *told))
    assert len(filed.arrives()) == 1


def test_two_open_letters_and_one_11_are_asked_about(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    stage.publish("Lịch tiêm chủng", "routine")
    assert len(filed.arrives()) == 2
    [asked] = filed.say("11")
    assert "1. Lịch tiêm chủng" in asked
    assert "2. Trả lời mã PA-" in asked
    filed.say("2")
    assert filed.report().state == "closed"


def test_22_is_only_for_the_answer(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    stage.publish("Lịch tiêm chủng", "routine")
    filed.arrives()
    assert "gửi kèm ảnh" in filed.say("22")[0]


def test_11_before_the_letter_came_is_no_answer_to_it(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    filed.posted = False
    assert "không trả lời tin nào" in filed.say("11")[0]
    assert filed.report().state == "answered"


def test_11_under_an_announcement_brings_its_recording(stage: Stage, hoa: Villager) -> None:
    stage.publish("Lịch tiêm chủng", "routine")
    hoa.arrives()
    assert "/listen/" in hoa.say("11")[0]


def test_11_on_zalo_bot_without_an_aac_recording_gives_the_link(stage: Stage) -> None:
    bot = stage.follower(channel="zalo_bot")
    stage.publish("Lịch tiêm chủng", "routine")
    bot.arrives()
    assert "/listen/" in bot.say("11")[0]


def test_digits_of_a_dialogue_and_of_a_letter_do_not_meet(stage: Stage, filed: Villager) -> None:
    filed.say("phản ánh")
    filed.say("1")
    answer(stage, filed.report())
    filed.arrives()
    assert (filed.step(), filed.report().state) == ("report.where", "answered")
    filed.say("11")
    assert filed.report().state == "closed", "the letter came after the question"
    assert filed.step() == "report.where"
    filed.say("11")
    assert filed.step() == "report.describe", "no letter waits any more: it is the address"


def test_a_letter_in_the_middle_of_a_report_does_not_lose_it(stage: Stage, filed: Villager) -> None:
    for line in (*WHERE, "cột điện lại nghiêng"):
        filed.say(line)
    answer(stage, filed.report())
    filed.arrives()
    filed.say("22")
    assert "VIẾT TIẾP" in filed.say("vẫn chưa ai tới")[-1]


def test_old_letters_are_answered_no_more(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())
    filed.arrives()
    stage.wait(8 * 24 * HOUR_MS)
    assert "không trả lời tin nào" in filed.say("11")[0]


def test_an_answer_that_found_the_window_closed_is_the_first_thing_said(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report())

    [letter] = stage.rows(Delivery, Delivery.lane == STATUS, Delivery.letter_id != None)  # noqa: E711

    def hold(tx: Transaction) -> None:
        row = tx.session.get(Delivery, letter.id)
        assert row
        row.held = "window"
        tx.add(row)
        citizens.holds(tx, row.address_id or 0)

    stage.do(hold)
    stage.wait(30 * 24 * HOUR_MS)
    assert filed.arrives() == []
    first, second = filed.say("lam khai sinh cho con can gi")
    assert "Điện lực đã dựng lại cột." in first
    assert "60 ngày" in second


def test_ones_own_code_shows_everything(stage: Stage, filed: Villager) -> None:
    code = filed.report().code
    assert "Tới đâu: đã gửi" in filed.say(code)[0]
    answer(stage, filed.report())
    assert "Điện lực đã dựng lại cột." in filed.say(code.lower().replace("-", " "))[-1]


def test_a_strangers_code_shows_state_unit_and_date_only_five_times_an_hour(stage: Stage, filed: Villager) -> None:
    other = stage.follower()
    code = filed.report().code
    [said] = other.say(code)
    assert "đã gửi, chưa có người nhận" in said
    assert "UBND xã Thanh Nưa" in said
    assert "cột điện" not in said
    for _ in range(4):
        other.say(code)
    assert "thử nhiều mã" in other.say(code)[0]
    assert "Tới đâu" in filed.say(code)[0], "one's own is never counted"
    stage.wait(HOUR_MS + 1000)
    assert "đã gửi" in other.say(code)[0]


def test_a_code_that_does_not_exist_counts_as_a_try(stage: Stage, filed: Villager, hoa: Villager) -> None:
    other = stage.follower()
    for _ in range(5):
        assert "không thấy mã này" in other.say(report_code())[0]
    assert "thử nhiều mã" in other.say(filed.report().code)[0]


ASKING = [("more", "33. Trả lời xã"), ("refused", "33. Muốn hỏi thêm")]


@pytest.mark.parametrize(("state", "line"), ASKING)
def test_who_is_asked_for_more_or_refused_can_reply(stage: Stage, filed: Villager, state: str, line: str) -> None:
    answer(stage, filed.report(), "Cột số mấy?", state)
    [said] = filed.arrives()
    assert said.endswith(line)
    assert "11." not in said
    filed.say("33")
    assert filed.report().code in filed.say("cột số 12")[0]
    assert filed.report().state == "received"
    assert [one.kind for one in stage.rows(ReportEvent)][-1] == "addition"


def test_the_answer_to_an_official_may_simply_be_typed(stage: Stage, filed: Villager) -> None:
    answer(stage, filed.report(), "Cột số mấy?", "more")
    filed.arrives()
    assert "1. Câu trả lời cho xã" in filed.say("cot so 12")[0]
    assert filed.report().code in filed.say("1")[0]
    added = [one for one in stage.rows(ReportEvent) if one.kind == "addition"]
    assert stage.database.vault.open(added[-1].text_sealed) == "cot so 12"
    assert filed.report().state == "received"
    assert "Câu trả lời cho xã" not in filed.say("con trâu nhà tôi thích nghe nhạc gì")[0]
