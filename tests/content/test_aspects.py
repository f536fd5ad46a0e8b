"""A short question without a subject leans on the answer before it; one that names its subject does not."""

import pytest

from content.aspects import aspect, leans, speaks_of

LEANING = {
    "thế mất bao nhiêu tiền?": "fee",
    "the mat bao nhieu tien": "fee",
    "mất phí ko": "fee",
    "bao lâu": "time",
    "vậy mất mấy ngày mới xong": "time",
    "mấy giờ ạ": "hours",
    "ở đâu": "place",
    "nộp ở đâu ạ": "place",
    "cần mang giấy tờ gì": "papers",
    "gặp ai": "who",
    "có được làm trên mạng không": "online",
}
STANDING = (
    "", "...", "không", "thôi", "làm khai sinh ở đâu", "đăng ký kết hôn mất bao nhiêu tiền", "tiền điện bao nhiêu",
    "cúp điện tới mấy giờ", "bao lâu " * 5, "a" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("text", LEANING)
def test_a_question_without_a_subject_says_which_side_it_asks_about(text: str) -> None:
    assert aspect(text) == LEANING[text]


@pytest.mark.parametrize("text", STANDING, ids=range(len(STANDING)))
def test_what_names_its_subject_or_asks_nothing_has_no_side(text: str) -> None:
    assert aspect(text) == ""


def test_a_form_that_goes_on_is_seen() -> None:
    assert [leans(one) for one in ("còn con nuôi thì sao", "con nuoi thi sao", "thế con nuôi", "con nuôi", "thế")] == [
        True, True, True, False, False]  # fmt: skip


def test_a_full_question_is_about_its_side() -> None:
    assert speaks_of("Làm khai sinh hết bao nhiêu tiền?", "fee")
    assert not speaks_of("Làm khai sinh ở đâu?", "fee")
