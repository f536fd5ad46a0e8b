"""Words of complaint and denunciation lead to a question; blame of an official is noticed."""

import pytest

from content.legal import about_official, legal_fork


@pytest.mark.parametrize(
    ("text", "fork"),
    [
        ("tôi muốn khiếu nại", "khieu_nai"),
        ("khieu nai quyet dinh xu phat", "khieu_nai"),
        ("thu hoi dat nha toi khong dung", "khieu_nai"),
        ("đơn thư gửi đâu", "khieu_nai"),
        ("tố cáo cán bộ", "to_cao"),
        ("to giac tham nhung", "to_cao"),
        ("nó cho vay nặng lãi", "to_cao"),
        ("bị hành hung", "to_cao"),
        ("tố cáo và khiếu nại", "to_cao"),
        ("đường hỏng", None),
        ("phản ánh cột điện nghiêng", None),
        ("làm khai sinh", None),
        ("", None),
        ("😀", None),
    ],
)
def test_words_of_law_suggest_the_fork(text: str, fork: str | None) -> None:
    assert legal_fork(text) == fork


@pytest.mark.parametrize(
    "text",
    [
        "cán bộ địa chính đòi tiền mới làm",
        "can bo xa vong vo doi tien",
        "trưởng thôn thu tiền sai",
        "chủ tịch xã chửi dân",
        "công an xã đánh người",
        "bo phan mot cua hach sach",
    ],
)
def test_blame_of_an_official_is_noticed(text: str) -> None:
    assert about_official(text)


@pytest.mark.parametrize(
    "text",
    ["cán bộ ơi cho hỏi", "gặp chủ tịch xã ở đâu", "hàng xóm chửi tôi", "đường hỏng", "ủy ban xã mấy giờ mở cửa", ""],
)
def test_naming_an_official_or_a_quarrel_alone_is_not_blame(text: str) -> None:
    assert not about_official(text)
