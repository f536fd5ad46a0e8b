"""Questions about what was announced: answered with its words, code and time while it holds, to whom it concerns."""

from dataclasses import replace

import pytest

from content.faq import Entry, Library
from content.news import Bulletin, bulletin
from handlers import announcements
from storage import announcements as kept
from tests.handlers.stage import HOUR_MS, TAN_KHAI, THANH_NUA, Stage, Villager

POWER = "Cúp điện bản Tâu hôm nay"
BODY = "Sửa đường dây, từ 7 giờ đến 17 giờ."
ASKED = "hôm nay cúp điện tới mấy giờ"


def listening(villager: Villager, *entries: Entry) -> Villager:
    """The villager writes to a channel that knows what is announced now, as a refresh would have it."""
    rows = villager.stage.do(kept.current)
    news: dict[str, tuple[Bulletin, ...]] = {}
    for row in rows:
        for commune in kept.communes(row):
            made = bulletin(row.id or 0, row.title, row.body, row.valid_until)
            news[commune] = (*news.get(commune, ()), made)
    faq = Library(entries) if entries else villager.know.faq
    villager.know = replace(villager.know, news=news, faq=faq)
    return villager


def withdraw(stage: Stage, number: int, kind: str = "withdrawal", title: str = "Cúp điện: không cắt nữa") -> int:
    """Correct or withdraw an announcement; the id of what does."""
    lan = stage.official()

    def run(tx: object) -> int:
        old = kept.of(tx, number)  # type: ignore[arg-type]
        assert old
        draft = replace(announcements.draft_of(old), kind=kind, title=title)
        row = announcements.save(tx, draft, lan)  # type: ignore[arg-type]
        row.kind, row.corrects_id = kind, number
        tx.add(row)  # type: ignore[attr-defined]
        assert announcements.publish(tx, row, lan, stage.know, two_people=False)  # type: ignore[arg-type]
        return row.id or 0

    return stage.do(run)


def test_the_announcement_answers_with_its_words_its_code_and_its_time(stage: Stage) -> None:
    hoa = stage.follower()
    number = stage.publish(POWER, "routine", body=BODY)
    row = stage.do(lambda tx: kept.of(tx, number))
    assert row
    hoa.arrives()
    [said] = listening(hoa).say(ASKED)
    assert said.startswith(POWER)
    for part in (BODY, f"Mã {row.code}", "Có hiệu lực đến", "UBND xã Thanh Nưa"):
        assert part in said


@pytest.mark.parametrize(
    "text", ["hom nay mat dien den may gio co lai", "cúp điện tới khi nào", "bữa ni mấy giờ có điện"]
)
def test_it_is_found_by_other_words(stage: Stage, text: str) -> None:
    hoa = stage.follower()
    stage.publish(POWER, "routine", body=BODY)
    hoa.arrives()
    assert listening(hoa).say(text)[0].startswith(POWER)


def test_it_is_for_those_who_follow_the_commune_and_for_who_names_it(stage: Stage) -> None:
    stage.publish(POWER, "routine", body=BODY)
    other = listening(stage.follower(TAN_KHAI))
    assert not other.say(ASKED)[0].startswith(POWER)
    assert other.say("hôm nay xã Thanh Nưa, Điện Biên cúp điện tới mấy giờ")[0].startswith(POWER)
    stranger = listening(stage.villager())
    assert not stranger.say(ASKED)[0].startswith(POWER)


def test_a_second_commune_that_they_follow_counts_too(stage: Stage) -> None:
    hoa = stage.follower(TAN_KHAI)
    hoa.start(f"xa-{THANH_NUA}")
    hoa.say("1")
    hoa.forget_dialogue()
    stage.publish(POWER, "routine", body=BODY)
    hoa.arrives()
    assert listening(hoa).say(ASKED)[0].startswith(POWER)


def test_what_is_over_does_not_answer(stage: Stage) -> None:
    hoa = stage.follower()
    stage.publish(POWER, "routine", body=BODY, hours=2)
    hoa.arrives()
    listening(hoa)
    stage.wait(3 * HOUR_MS)
    assert not hoa.say(ASKED)[0].startswith(POWER)


def test_a_withdrawal_is_what_answers_even_when_the_channel_has_not_heard_of_it_yet(stage: Stage) -> None:
    hoa = stage.follower()
    number = stage.publish(POWER, "routine", body=BODY)
    hoa.arrives()
    listening(hoa)  # knows the announcement, and not its withdrawal
    withdraw(stage, number)
    assert not any(one.startswith(POWER) for one in hoa.say(ASKED))
    hoa.forget_dialogue()
    assert listening(hoa).say(ASKED)[0].startswith("Rút lại tin: Cúp điện")


def test_a_correction_answers_in_place_of_what_it_corrects(stage: Stage) -> None:
    hoa = stage.follower()
    number = stage.publish(POWER, "routine", body=BODY)
    withdraw(stage, number, "correction", "Cúp điện bản Tâu đến 12 giờ thôi")
    hoa.arrives()
    assert listening(hoa).say(ASKED)[0].startswith("Đính chính: Cúp điện bản Tâu đến 12 giờ")


def test_two_that_fit_alike_are_chosen_from(stage: Stage) -> None:
    hoa = stage.follower()
    stage.publish(POWER, "routine", body=BODY)
    stage.publish("Cúp điện bản Mển hôm nay", "routine", body="Từ 6 giờ đến 9 giờ.")
    hoa.arrives()
    [said] = listening(hoa).say(ASKED)
    assert "1. Tin: Cúp điện bản Mển hôm nay\n2. Tin: Cúp điện bản Tâu hôm nay\n3. Không phải" in said
    assert hoa.say("2")[0].startswith(POWER)
    assert hoa.step() == ""


FAQ = Entry("cup-dien", "Cúp điện thì báo ai?", "Gọi điện lực 19006769.", alternatives=("cúp điện", "mất điện báo ai"))
REST = Entry("khai-sinh", "Làm khai sinh cho con cần gì?", "Giấy chứng sinh.")


def test_a_sure_answer_comes_first_unless_the_question_is_about_these_days(stage: Stage) -> None:
    hoa = stage.follower()
    stage.publish(POWER, "routine", body=BODY)
    hoa.arrives()
    listening(hoa, FAQ, REST)
    [said] = hoa.say("cúp điện thì báo ai")
    assert said.startswith("Gọi điện lực")
    assert said.endswith(f"1. Tin: {POWER}")  # the other meaning is one tap away
    assert hoa.say("1")[0].startswith(POWER)
    assert hoa.say(ASKED)[0].startswith(POWER)


def test_a_short_question_leans_on_the_announcement_before_it(stage: Stage) -> None:
    hoa = stage.follower()
    stage.publish(POWER, "routine", body=BODY)
    hoa.arrives()
    listening(hoa, FAQ, REST).say(ASKED)
    assert hoa.say("thế tới mấy giờ")[0].startswith(POWER)
    assert hoa.say("làm khai sinh cho con cần gì")[0].startswith("Giấy chứng sinh")


def test_an_emergency_answers_with_its_own_words(stage: Stage) -> None:
    hoa = stage.follower()
    stage.publish("Bão về tối nay, ở trong nhà", body="Chằng chống nhà cửa.")
    hoa.arrives()
    [said] = listening(hoa, FAQ, REST).say("tối nay bão về mấy giờ")
    assert said.startswith("⚠ KHẨN: Bão về tối nay")
    assert said.count("Có hiệu lực đến") == 1
