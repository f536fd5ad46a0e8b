"""An answer: whose it is, how long it holds, its forms, what is asked next, and the question that leans on it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from content.dates import local
from content.faq import Attachment, Entry, Library
from tests.handlers.stage import DAY_MS, TAN_KHAI, THANH_NUA, Stage, Villager

MINUTE_MS = 60_000
SHA = "ab" * 32
BIRTH = Entry("khai-sinh", "Làm khai sinh cho con cần gì?", "Giấy chứng sinh, giấy tờ của cha mẹ.",
              follow_ups=("phi", "muon", "nothing"))  # fmt: skip
FEE = Entry("phi", "Làm khai sinh hết bao nhiêu tiền?", "Đúng hạn thì không mất tiền.")
LATE = Entry("muon", "Khai sinh muộn thì làm sao?", "Vẫn làm được, mang giấy tờ của cha mẹ.")
DESK = Entry("gio", "Bộ phận một cửa làm việc mấy giờ?", "Từ 7 giờ.")
MARRIED = Entry("ket-hon", "Đăng ký kết hôn cần giấy tờ gì?", "Căn cước của hai người.")
ALL = (BIRTH, FEE, LATE, DESK, MARRIED)
ASKED = "làm khai sinh cho con cần gì"
DESK_ASKED = "bộ phận một cửa làm việc mấy giờ"


def knowing(villager: Villager, *entries: Entry) -> Villager:
    """The villager writes to a channel that knows these entries and nothing else."""
    villager.know = replace(villager.know, faq=Library(entries), news={})
    return villager


# ---- whose ----


def test_a_communes_own_answer_is_for_its_people_and_for_who_asks_about_it(stage: Stage) -> None:
    own = replace(DESK, id="gio-tk", answer="Ở Tân Khai từ 8 giờ.", commune=TAN_KHAI, overrides="gio")
    here = knowing(stage.follower(THANH_NUA), *ALL, own)
    there = knowing(stage.follower(TAN_KHAI), *ALL, own)
    stranger = knowing(stage.villager(), *ALL, own)
    assert [one.say(DESK_ASKED)[0][:8] for one in (here, there, stranger)] == ["Từ 7 giờ", "Ở Tân Kh", "Từ 7 giờ"]
    [said] = here.say("bộ phận một cửa xã Tân Khai, Hớn Quản làm việc mấy giờ")
    assert said.startswith("Ở phường Tân Khai, thành phố Đồng Nai:\nỞ Tân Khai từ 8 giờ.")


def test_another_communes_own_is_never_offered(stage: Stage) -> None:
    words = ("chợ phiên họp ngày nào",)
    alone = Entry("cho-tk", "Chợ phiên Tân Khai họp ngày nào?", "Thứ bảy.", alternatives=words, commune=TAN_KHAI)
    hoa = knowing(stage.follower(THANH_NUA), *ALL, alone)
    assert "Chợ phiên" not in hoa.say("chợ phiên họp vào ngày nào")[0]
    assert "Thứ bảy" in knowing(stage.follower(TAN_KHAI), *ALL, alone).say("chợ phiên họp ngày nào")[0]


def test_one_who_moves_gets_the_answer_of_the_new_home(stage: Stage) -> None:
    own = replace(DESK, id="gio-tk", answer="Ở Tân Khai từ 8 giờ.", commune=TAN_KHAI, overrides="gio")
    hoa = knowing(stage.villager(), *ALL, own)
    assert hoa.say(DESK_ASKED)[0].startswith("Từ 7 giờ")
    hoa.start(f"xa-{TAN_KHAI}")
    hoa.say("1")
    assert hoa.say(DESK_ASKED)[0].startswith("Ở Tân Khai")


# ---- how long ----


def test_an_answer_ends_with_its_day_while_the_channel_runs(stage: Stage) -> None:
    today = local(stage.clock()).date()
    hoa = knowing(stage.follower(), *ALL[:3], replace(DESK, valid_until=today))
    assert hoa.say(DESK_ASKED)[0].startswith("Từ 7 giờ")
    stage.wait(DAY_MS)
    assert not any("Từ 7 giờ" in one for one in hoa.say(DESK_ASKED))


def test_an_answer_that_ended_after_it_was_offered_is_not_told(stage: Stage) -> None:
    today = local(stage.clock()).date()
    hoa = knowing(stage.follower(), BIRTH, replace(FEE, valid_until=today))
    hoa.say(ASKED)
    stage.wait(DAY_MS - 60_000)
    hoa.know.faq.roll(today + timedelta(days=1))
    assert "gỡ xuống" in hoa.say("1")[0]


# ---- what is asked next ----


def test_what_is_asked_next_stands_under_the_answer_as_numbers(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    [said] = hoa.say(ASKED)
    assert [line for line in said.splitlines() if line[:1].isdigit()] == [f"1. {FEE.question}", f"2. {LATE.question}"]
    assert hoa.say("1")[0].startswith("Đúng hạn")
    assert hoa.step() == ""


def test_it_can_be_chosen_by_its_words_and_by_a_button(stage: Stage) -> None:
    hoa = knowing(stage.follower(channel="telegram"), *ALL)
    hoa.say(ASKED)
    assert hoa.tap(2)[0].startswith("Vẫn làm được")
    hoa.say(ASKED)
    assert hoa.say("khai sinh muộn thì làm sao")[0].startswith("Vẫn làm được")


@pytest.mark.parametrize("other", ["cảm ơn nhé", "đăng ký kết hôn cần giấy tờ gì", "phản ánh", "xã của tôi", "👍"])
def test_whatever_else_is_typed_passes_the_numbers_by(stage: Stage, other: str) -> None:
    hoa, plain = knowing(stage.follower(), *ALL), knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    assert hoa.say(other) == plain.say(other)


def test_a_number_that_is_not_there_is_asked_again_and_0_ends_it(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    assert f"1. {FEE.question}" in hoa.say("7")[-1]
    hoa.say("0")
    assert hoa.step() == ""


def test_an_answer_in_the_middle_of_another_question_asks_nothing_of_its_own(stage: Stage) -> None:
    new = knowing(stage.villager(), *ALL)
    new.start(f"xa-{THANH_NUA}")
    said = new.say(ASKED)
    assert said[0].startswith("Giấy chứng sinh")
    assert FEE.question not in said[0]
    assert new.step() == "start.consent"


def test_a_menu_that_nobody_need_answer_gives_way_to_what_is_asked_next(stage: Stage) -> None:
    new = knowing(stage.villager(), *ALL)
    new.start(f"xa-{THANH_NUA}")
    assert "1. " in new.say("1")[-1]  # what may be set now: hamlet, topics, another commune
    assert f"1. {FEE.question}" in new.say(ASKED)[0]
    assert new.say("1")[0].startswith("Đúng hạn")


@pytest.mark.parametrize("words", ["nhận tin xã khác", "xóa hết dữ liệu của tôi"])
def test_a_question_that_must_be_answered_keeps_its_numbers(stage: Stage, words: str) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(words)
    step = hoa.step()
    assert step
    assert FEE.question not in "".join(hoa.say(ASKED))
    assert hoa.step() == step


# ---- forms ----


@pytest.mark.parametrize("channel", ["zalo_oa", "telegram"])
def test_a_form_goes_along_as_a_file(stage: Stage, channel: str) -> None:
    entry = replace(MARRIED, attachments=(Attachment(SHA, "Tờ khai kết hôn", 1000),))
    hoa = knowing(stage.follower(channel=channel), BIRTH, DESK, entry)
    assert "Mẫu Tờ khai kết hôn gửi kèm" in hoa.say("đăng ký kết hôn cần giấy tờ gì")[0]
    assert [(one.kind, one.media) for one in hoa.parts] == [("text", ""), ("file", SHA)]


def test_where_no_file_can_go_it_is_a_link_that_opens_for_a_month(stage: Stage) -> None:
    entry = replace(MARRIED, attachments=(Attachment(SHA, "Tờ khai kết hôn", 1000),))
    hoa = knowing(stage.follower(channel="zalo_bot"), BIRTH, DESK, entry)
    [said] = hoa.say("đăng ký kết hôn cần giấy tờ gì")
    assert [one.kind for one in hoa.parts] == ["text"]
    link = said.partition("Mẫu Tờ khai kết hôn: ")[2].split()[0]
    _, ticket, name = link.rsplit("/", 2)
    until, _, proof = ticket.partition(".")
    assert name == f"{SHA}.pdf"
    assert stage.database.vault.signed("media", f"{until}/{name}", proof)
    assert 29 * DAY_MS < int(until) - stage.clock() <= 30 * DAY_MS
    hoa.know = replace(hoa.know, manners=replace(hoa.know.manners, public_url=""))
    assert "xin tại bộ phận một cửa" in hoa.say("đăng ký kết hôn cần giấy tờ gì")[0]


# ---- the question that leans on it ----


@pytest.mark.parametrize(
    "text", ["thế mất bao nhiêu tiền?", "the mat bao nhieu tien", "bao nhiêu tiền ạ", "mất phí không"]
)
def test_a_question_without_a_subject_is_about_the_last_answer(stage: Stage, text: str) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    assert hoa.say(text)[0].startswith("Đúng hạn thì không mất tiền")


def test_where_nothing_else_is_known_the_last_answer_is_told_again_and_a_person_offered(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    [said] = hoa.say("thế ở đâu ạ")
    assert said.startswith(f"Vẫn về việc: {BIRTH.question}")
    assert said.splitlines()[-1] == "3. Chưa đủ, nhờ cán bộ trả lời"
    assert "thế ở đâu ạ" in hoa.say("3")[0]
    assert hoa.step() == "report.check"


def test_it_leans_for_ten_minutes(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    stage.wait(9 * MINUTE_MS)
    assert hoa.say("thế mất bao nhiêu tiền")[0].startswith("Đúng hạn")
    hoa.say(ASKED)
    stage.wait(11 * MINUTE_MS)
    hoa.forget_dialogue()
    assert not hoa.say("thế ở đâu ạ")[0].startswith("Vẫn về việc")


@pytest.mark.parametrize("text", ["đăng ký kết hôn cần giấy tờ gì", DESK_ASKED])
def test_a_question_that_stands_on_its_own_does_not_lean(stage: Stage, text: str) -> None:
    hoa, plain = knowing(stage.follower(), *ALL), knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    assert hoa.say(text) == plain.say(text)


def test_a_neighbouring_subject_is_never_answered_as_if_it_were_sure(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    assert not hoa.say("thế còn xe máy thì sao")[0].startswith(("Giấy chứng sinh", "Vẫn về việc"))


def test_a_stranger_is_understood_too_and_nobody_elses_answer_is_leant_on(stage: Stage) -> None:
    one, other = knowing(stage.villager(), *ALL), knowing(stage.villager(), *ALL)
    one.say(ASKED)
    other.say("xin chào")
    assert one.say("thế mất bao nhiêu tiền")[0].startswith("Đúng hạn")
    assert not other.say("thế mất bao nhiêu tiền")[0].startswith("Vẫn về việc")


def test_the_note_dies_with_the_person(stage: Stage) -> None:
    hoa = knowing(stage.follower(), *ALL)
    hoa.say(ASKED)
    hoa.withdraw()
    assert not hoa.say("thế ở đâu ạ")[0].startswith("Vẫn về việc")


def test_source_and_day_stand_under_an_answer_of_either_kind(stage: Stage) -> None:
    entry = replace(MARRIED, source="Luật Hộ tịch 2014; đọc tại https://vbpl.vn/1", reviewed_at=date(2026, 11, 2))
    hoa = knowing(stage.follower(), BIRTH, DESK, entry)
    assert hoa.say("đăng ký kết hôn cần giấy tờ gì")[0].endswith("Theo Luật Hộ tịch 2014, xem lại ngày 02/11/2026.")
