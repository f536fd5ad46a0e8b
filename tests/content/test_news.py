"""Questions about what was announced find the announcement, and other questions do not."""

import pytest

from content.news import Told, bulletin, find

NOW, LATER = 1_000, 2_000
POWER, MEETING, VACCINE, DESK = 1, 2, 3, 4
BULLETINS = [
    bulletin(
        POWER, "Cúp điện bản Tâu thứ sáu 27/11", "Sửa đường dây. Từ 7 giờ đến 17 giờ bản Tâu không có điện.", LATER
    ),
    bulletin(
        MEETING, "Họp bản tối 28/11 tại nhà văn hóa", "19 giờ 30, mời mỗi nhà một người, bàn việc làm đường.", LATER
    ),
    bulletin(VACCINE, "Tiêm chủng cho trẻ dưới 1 tuổi", "Sáng 30/11 tại trạm y tế.", LATER),
    bulletin(DESK, "Bộ phận một cửa nghỉ ngày 30/11", "Nghỉ để sửa nhà.", LATER),
]
CLEAR = {
    "hôm nay cúp điện tới mấy giờ": POWER,
    "hom nay mat dien den may gio co lai": POWER,
    "mai có điện chưa, sáng mai ấy": POWER,
    "bữa ni khi mô có điện lại": POWER,
    "tối nay họp mấy giờ": MEETING,
    "ngày mai một cửa có làm việc không": DESK,
}
SURE = {
    "họp thôn mấy giờ": MEETING,
    "hop dan o dau": MEETING,
    "cúp điện": POWER,
    "bao giờ tiêm phòng cho trẻ": VACCINE,
    "chích ngừa ngày nào": VACCINE,
}
NOTHING = (
    "", "???", "làm khai sinh cho con cần gì", "tiền điện tháng này bao nhiêu", "đất hôm nay giá bao nhiêu",
    "hôm nay trời đẹp quá", "hôm nay ngày mấy", "mấy giờ rồi", "đường nhà tôi hỏng", "12345", "bão số mấy rồi",
)  # fmt: skip


@pytest.mark.parametrize("text", CLEAR)
def test_a_question_about_these_days_is_clearly_about_the_announcement(text: str) -> None:
    assert find(text, BULLETINS, NOW) == Told((CLEAR[text],), True, True)


@pytest.mark.parametrize("text", SURE)
def test_a_question_that_names_the_thing_finds_it(text: str) -> None:
    assert find(text, BULLETINS, NOW) == Told((SURE[text],), True, False)


@pytest.mark.parametrize("text", NOTHING)
def test_what_was_not_announced_is_not_answered_with_an_announcement(text: str) -> None:
    assert not find(text, BULLETINS, NOW).sure


def test_what_is_over_is_not_told() -> None:
    assert find("cúp điện tới mấy giờ", BULLETINS, LATER) == Told()


def test_two_that_are_alike_are_both_named() -> None:
    twins = [*BULLETINS, bulletin(9, "Cúp điện bản Mển chủ nhật", "Từ 6 giờ.", LATER)]
    assert find("cúp điện tới mấy giờ", twins, NOW).numbers == (9, POWER)
    assert find("cúp điện bản mển tới mấy giờ", twins, NOW).numbers == (9,)
