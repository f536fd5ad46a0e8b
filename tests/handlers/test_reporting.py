"""Reporting: about → where → describe → read back → send; the code first, then who they are."""

import pytest

from storage.media import Media
from storage.outbox import CONVERSATION, EMERGENCY, STATUS, Delivery
from storage.reports import Report, ReportEvent
from storage.unanswered import Unanswered
from tests.handlers.stage import HOUR_MS, TAN_KHAI, THANH_NUA, Stage, Villager
from tests.handlers.steps import CHECK, DESCRIBED, FILED, NAMED, WHERE

TEN_MINUTES = 600_000


def say(villager: Villager, *lines: str) -> list[str]:
    said: list[str] = []
    for line in lines:
        said = villager.say(line)
    return said


def forward(stage: Stage) -> Delivery:
    """The newest delivery to the source system."""
    return stage.rows(Delivery, Delivery.letter_id == None)[-1]  # type: ignore[no-any-return]  # noqa: E711


def opened(stage: Stage, sealed: str) -> str:
    return stage.database.vault.open(sealed)


def test_the_whole_way_of_a_report(stage: Stage, hoa: Villager) -> None:
    say(hoa, *WHERE, "cột điện nghiêng, sắp đổ")
    hoa.send_media("image")
    hoa.send_media("voice")
    [read] = hoa.say("xong")
    for part in ("cột điện nghiêng, sắp đổ", "gần cầu treo, xã Thanh Nưa", "2 ảnh, lời nói"):
        assert part in read
    filed, asked = hoa.say("1")
    report = hoa.report()
    assert report.code in filed
    assert "UBND xã Thanh Nưa" in filed
    assert "Nghị định 49/2024" in asked
    assert (report.kind, report.category, report.commune, report.state) == ("scene", "works", THANH_NUA, "filed")
    assert [one.report_id for one in stage.rows(Media)] == [report.id, report.id]


def test_the_code_has_six_random_letters_without_lookalikes(hoa: Villager) -> None:
    say(hoa, *CHECK, "1")
    letters = hoa.report().code.removeprefix("PA-").replace("-", "")
    assert len(letters) >= 7
    assert not set(letters) & set("O0I1L")


def test_the_name_is_asked_kept_and_forwarded_at_the_answer(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED)
    assert forward(stage).due_at >= stage.clock() + TEN_MINUTES - 10_000
    assert "lần sau không phải nhắn lại" in say(hoa, "1", "Lò Thị Dung", "bản Tâu", "0912 345 678")[0]
    report = hoa.report()
    assert (opened(stage, report.name_sealed), report.hamlet) == ("Lò Thị Dung", "bản Tâu")
    assert opened(stage, report.phone_sealed) == "+84912345678"
    assert forward(stage).due_at <= stage.clock()


def test_a_name_typed_at_once_is_taken(stage: Stage, hoa: Villager) -> None:
    assert "thôn, bản nào" in say(hoa, *FILED, "Lò Thị Dung")[0]


def test_next_time_the_name_is_remembered_and_shown_by_its_initials(stage: Stage, hoa: Villager) -> None:
    say(hoa, *NAMED, "bản Tâu", "không")
    asked = say(hoa, *FILED)[-1]
    assert "lần trước: L. T. Hoa" in asked
    hoa.say("2")
    assert opened(stage, hoa.report().name_sealed) == "Lò Thị Hoa"


NO = [
    ("instead of a name", (*FILED, "không"), ("", "", "")),
    ("at the name", (*FILED, "1", "khong"), ("", "", "")),
    ("at the hamlet", (*NAMED, "không", "0912345678"), ("Lò Thị Hoa", "", "+84912345678")),
    ("at the phone", (*NAMED, "bản Tâu", "ko"), ("Lò Thị Hoa", "bản Tâu", "")),
]


@pytest.mark.parametrize(("lines", "kept"), [row[1:] for row in NO], ids=[row[0] for row in NO])
def test_no_needs_no_reason(stage: Stage, hoa: Villager, lines: tuple[str, ...], kept: tuple[str, str, str]) -> None:
    say(hoa, *lines)
    report = hoa.report()
    assert (opened(stage, report.name_sealed), report.hamlet, opened(stage, report.phone_sealed)) == kept
    assert forward(stage).due_at <= stage.clock()
    assert hoa.step() == ""


def test_a_wrong_phone_is_asked_for_again(hoa: Villager) -> None:
    assert "chưa đúng" in say(hoa, *NAMED, "bản Tâu", "12345")[0]


def test_without_an_answer_it_goes_after_ten_minutes(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED)
    row = forward(stage)
    assert (row.lane, row.letter_id) == (STATUS, None)
    assert row.due_at - row.created_at == TEN_MINUTES


def test_danger_in_a_report_numbers_first_no_name_and_forwarded_at_once(stage: Stage, hoa: Villager) -> None:
    numbers, read = say(hoa, *WHERE, "nước lũ dâng, mấy người bị kẹt trên mái nhà, cứu với")
    assert numbers.startswith("NGUY HIỂM THÌ GỌI NGAY")
    assert "Kênh đọc lại" in read
    [filed] = hoa.say("1")
    assert "112" in filed
    assert hoa.step() == ""
    row = forward(stage)
    assert (row.lane, row.due_at <= stage.clock()) == (EMERGENCY, True)
    assert hoa.report().danger


def test_danger_out_of_the_blue_numbers_first_then_a_report(stage: Stage, hoa: Villager) -> None:
    [numbers] = hoa.say("cháy nhà rồi cứu với")
    assert "114" in numbers
    assert "cháy nhà rồi" in say(hoa, "1", "bản Tâu")[0]
    hoa.say("1")
    assert hoa.report().category == "danger"


def test_people_in_danger_go_on_telling_instead_of_choosing(hoa: Villager) -> None:
    hoa.say("lũ cuốn mất nhà rồi cứu với")
    say(hoa, "có ba người ở bản Tâu", "đầu bản")
    assert hoa.step() == "report.check"


def test_danger_while_the_name_is_asked_goes_first(hoa: Villager) -> None:
    say(hoa, *FILED, "1")
    assert hoa.say("cháy nhà rồi cứu với")[0].startswith("NGUY HIỂM")


def test_a_denunciation_is_confirmed_not_registered_and_shown_its_way(stage: Stage, hoa: Villager) -> None:
    say(hoa, *WHERE)
    hoa.send_media()
    assert "tố cáo hoặc khiếu nại" in hoa.say("tôi muốn tố cáo ông trưởng bản nhận hối lộ")[0]
    assert "nơi tiếp công dân" in hoa.say("1")[0]
    assert (stage.rows(Report), stage.rows(Media), hoa.step()) == ([], [], "")


def test_it_was_only_feedback_after_all(stage: Stage, hoa: Villager) -> None:
    say(hoa, *WHERE, "tôi muốn tố cáo ông trưởng bản nhận hối lộ", "2")
    assert hoa.step() == "report.describe"
    assert "tố cáo" not in hoa.say("thêm nữa, tôi tố cáo việc đổ rác")[0]


@pytest.mark.parametrize(
    "text", ["tôi tố cáo ông chủ tịch xã nhận hối lộ", "tôi khiếu kiện nhà bên lấn đất, xã bao che"]
)
def test_a_denunciation_out_of_the_blue_is_shown_its_way_and_kept_nowhere(
    stage: Stage, hoa: Villager, text: str
) -> None:
    assert "có chữ ký" in hoa.say(text)[0]
    hoa.say("1")
    assert (stage.rows(Report), stage.rows(Unanswered)) == ([], [])


def test_what_is_about_an_official_may_go_to_the_province(stage: Stage, hoa: Villager) -> None:
    assert "nói về cán bộ" in say(hoa, *WHERE, "cán bộ xã hách dịch, vòi tiền", "2", "xong")[0]
    hoa.say("1")
    filed = hoa.say("1")[0]
    assert "Nơi nhận: UBND tỉnh" in filed
    assert hoa.report().to_province


def test_the_read_back_can_be_changed(stage: Stage, hoa: Villager) -> None:
    say(hoa, *CHECK, "2", "1", "cột điện đổ rồi")
    assert "cột điện đổ rồi" in say(hoa, "2", "2", "đầu bản")[0]
    hoa.say("1")
    report = hoa.report()
    assert opened(stage, report.text_sealed) == "cột điện đổ rồi"
    assert opened(stage, report.place_sealed) == "đầu bản"


def test_not_right_means_change_and_never_throw_away(hoa: Villager) -> None:
    say(hoa, *CHECK, "không")
    assert hoa.step() == "report.edit"


def test_what_they_add_at_the_read_back_is_read_back(hoa: Villager) -> None:
    assert "dây điện thòng xuống" in say(hoa, *CHECK, "dây điện thòng xuống đường nữa")[0]
    assert "1 ảnh" in hoa.send_media()[0]


@pytest.mark.parametrize("lines", [(*CHECK, "3"), (*CHECK, "Thôi, không gửi"), (*CHECK, "2", "4")])
def test_it_can_be_called_off(stage: Stage, hoa: Villager, lines: tuple[str, ...]) -> None:
    say(hoa, *DESCRIBED)
    hoa.send_media()
    say(hoa, "xong", *lines[len(CHECK) :])
    assert (stage.rows(Report), stage.rows(Media), hoa.step()) == ([], [], "")


def test_whoever_follows_nothing_is_asked_for_the_commune(stage: Stage, zalo: Villager) -> None:
    say(zalo, "phản ánh", "1")
    assert zalo.step() == "report.commune"
    say(zalo, "Tân Khai, Hớn Quản", "chợ", "rác đầy đường", "xong", "1")
    assert zalo.report().commune == TAN_KHAI


def test_a_name_of_many_communes_asks_for_the_province(zalo: Villager) -> None:
    assert "tỉnh nào" in say(zalo, "phản ánh", "1", "Tân Thành")[0]
    assert "1. Xã Tân Thành, tỉnh Lạng Sơn" in zalo.say("lạng sơn")[0]
    assert "Ở chỗ nào trong xã Tân Thành, tỉnh Lạng Sơn" in zalo.say("1")[0]


def test_a_pin_says_where(stage: Stage, hoa: Villager) -> None:
    say(hoa, "phản ánh", "1")
    hoa.pin(21.42, 103.02)
    say(hoa, "cột điện nghiêng", "xong", "1")
    report = hoa.report()
    assert (report.lat, report.lon) == (21.42, 103.02)


def test_a_story_told_instead_of_a_choice_is_the_description(hoa: Villager) -> None:
    say(hoa, "phản ánh", "cột điện trước nhà nghiêng sắp đổ", "đầu bản")
    assert "cột điện trước nhà" in hoa.say("xong")[0]


def test_a_voice_message_may_be_the_whole_report(stage: Stage, hoa: Villager) -> None:
    say(hoa, "phản ánh", "1")
    hoa.send_media("voice")
    assert "nghe trong lời nói" in hoa.say("xong")[0]
    hoa.say("1")
    assert [one.report_id for one in stage.rows(Media)] == [hoa.report().id]


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
def test_a_file_out_of_the_blue_is_kept_and_can_be_sent(stage: Stage, hoa: Villager, kind: str) -> None:
    assert "đã nhận" in hoa.send_media(kind)[0]  # type: ignore[arg-type]
    assert "2 ảnh" in hoa.send_media("image", text="cột điện nghiêng")[0]
    say(hoa, "1", "1", "đầu bản", "xong", "1")
    assert [one.report_id for one in stage.rows(Media)] == [hoa.report().id] * 2
    assert opened(stage, hoa.report().text_sealed) == "cột điện nghiêng"


def test_a_sticker_is_a_smile(stage: Stage, hoa: Villager) -> None:
    assert len(hoa.send_media("sticker")) == 1
    assert stage.rows(Media) == []


def test_a_correction_while_describing_adds_to_the_report(hoa: Villager) -> None:
    say(hoa, *DESCRIBED)
    hoa.hear("text", text="cột điện nghiêng ở bản Tâu", edited=True)
    assert "cột điện nghiêng ở bản Tâu" in hoa.say("xong")[0]


def test_a_correction_after_filing_is_added_and_files_nothing_twice(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED, "1")
    added, again = hoa.hear("text", text="cột điện nghiêng ở bản Tâu", edited=True)
    assert hoa.report().code in added
    assert "Họ tên" in again
    assert len(stage.rows(Report)) == 1
    assert [one.kind for one in stage.rows(ReportEvent)] == ["addition"]


def test_a_correction_long_after_is_a_new_text(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED, "không")
    assert hoa.hear("text", text="cột điện nghiêng ở bản Tâu", edited=True)
    assert len(stage.rows(Report)) == 1


def test_a_photo_after_filing_still_reaches_the_report(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED)
    hoa.send_media()
    assert [one.report_id for one in stage.rows(Media)] == [hoa.report().id]
    assert hoa.step() == "report.identity"


def test_a_very_long_description_is_kept_to_a_length_that_is_said(stage: Stage, hoa: Villager) -> None:
    say(hoa, *WHERE)
    assert hoa.say("rác " * 2400)[0].startswith("Đã ghi")
    assert "10000 chữ cái đầu" in hoa.say("rác " * 2400)[0]
    say(hoa, "xong", "1")
    assert len(opened(stage, hoa.report().text_sealed)) == 10_000


def test_a_photo_with_words_under_it_chooses_nothing(stage: Stage, hoa: Villager) -> None:
    say(hoa, *CHECK)
    hoa.send_media("image", text="1")
    assert stage.rows(Report) == []


def test_replies_go_out_in_the_lane_of_conversation(stage: Stage, hoa: Villager) -> None:
    say(hoa, *FILED)
    assert {one.lane for one in stage.rows(Delivery, Delivery.letter_id != None)} == {CONVERSATION}  # noqa: E711


def test_a_draft_is_dropped_after_a_day(stage: Stage, hoa: Villager) -> None:
    say(hoa, *DESCRIBED, "ngừng nhận tin")
    stage.wait(25 * HOUR_MS)
    assert "Không có phản ánh nào đang viết dở" in hoa.say("viết tiếp")[0]


def test_a_draft_survives_whatever_interrupts_it(hoa: Villager) -> None:
    say(hoa, *CHECK)
    said = hoa.say("ngừng")
    assert said[0].startswith("Đã ngừng")
    assert "VIẾT TIẾP" in hoa.say("2")[-1]
    assert "cột điện nghiêng" in hoa.say("viết tiếp")[0]
    hoa.say("1")
    assert hoa.report()


def test_a_question_in_between_is_answered_and_the_step_asked_again(hoa: Villager) -> None:
    say(hoa, *CHECK)
    answered, again = hoa.say("lam khai sinh cho con can gi")
    assert "60 ngày" in answered
    assert "Kênh đọc lại" in again


def test_a_new_report_beside_a_draft_is_asked_about(hoa: Villager) -> None:
    say(hoa, *DESCRIBED, "ngừng nhận tin", "2")
    assert "đang viết dở" in hoa.say("phản ánh")[0]
    hoa.say("2")
    assert hoa.step() == "report.about"
    assert hoa.say("0")[-1].startswith("Vâng, không gửi gì cả"), "and the old draft is gone"


@pytest.mark.parametrize(("typed", "kept"), [
    ("tôi tên là Huy", "Huy"), ("toi ten Dung", "Dung"), ("Lò Thị Dung", "Lò Thị Dung"), ("Ten", "Ten"),
    ("em là Tôn Nữ La", "Tôn Nữ La"), ("La Văn Cầu", "La Văn Cầu"),
])  # fmt: skip
def test_a_name_is_kept_without_what_stands_before_it(stage: Stage, hoa: Villager, typed: str, kept: str) -> None:
    say(hoa, *FILED, "1", typed, "không", "không")
    assert stage.database.vault.open(hoa.report().name_sealed) == kept


@pytest.mark.parametrize("half", ["Huy", "huy", "Dung"])
def test_half_a_name_beside_the_choice_asks_for_the_whole(hoa: Villager, half: str) -> None:
    say(hoa, *FILED, half)
    assert hoa.step() == "report.name"


def test_done_sends_what_was_read_back(hoa: Villager) -> None:
    assert "Mã: PA-" in say(hoa, *CHECK, "xong")[0]
