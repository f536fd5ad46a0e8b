"""Dates, hours, sums and ages are matched in one form, whichever way they are typed; other numbers stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import vietnamese as vi


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("15/6", "ngày 15 tháng 6"),
        ("hạn 05/06/2026.", "hạn ngày 5 tháng 6 năm 2026."),
        ("ngày 20.11.2026", "ngày 20 tháng 11 năm 2026"),
        ("20-11-2026", "ngày 20 tháng 11 năm 2026"),
        ("sinh 2/9/26", "sinh ngày 2 tháng 9 năm 2026"),
        ("tháng 9/2026", "tháng 9 năm 2026"),
        ("7h30", "7 giờ 30"),
        ("từ 7h đến 11h", "từ 7 giờ đến 11 giờ"),
        ("7:30 sáng, 7g30", "7 giờ 30 sáng, 7 giờ 30"),
        ("8 giờ 05", "8 giờ 05"),
        ("1tr5", "1,5 triệu"),
        ("500k", "500 nghìn"),
        ("2 củ", "2 triệu"),
        ("2tr, 3tỷ2", "2 triệu, 3,2 tỷ"),
        ("50.000đ", "50.000 đồng"),
        ("bà 76t k lương hưu", "bà 76 tuổi k lương hưu"),
        ("bé 8th", "bé 8 tháng"),
        ("làm thứ 7 không", "làm thứ bảy không"),
    ],
)
def test_figures_have_one_form(typed: str, read: str) -> None:
    assert vi.figures(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        *("0912345678", "0912.345.678", "+84 912 345 678", "001099012345", "PA-7K3M-9QXD", "PA-01969-20261121"),
        *("Nghị định 49/2024/NĐ-CP", "Thông tư 15/2024", "luật 12/2014/QH13", "nhà số 15/6", "ngõ 3/2", "hẻm 7/12/5"),
        *("31/13", "99/99", "25:99", "1.500.000", "3,5", "2 củ khoai", "5g", "4G", "QL6", "CT01", "192.168.1.1"),
        *("https://a.vn/15/6", "", "/", "1/", "1//2", "thứ 8", "30A-123.45", "10 k"[:2]),
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert vi.figures(text) == text


FIGURES = [
    "1",
    "15/6",
    "2/9/2026",
    "7h30",
    "7h",
    "1tr5",
    "500k",
    "2 củ",
    "76t",
    "8th",
    "thứ 7",
    "ngày",
    "/",
    ":",
    ".",
    "-",
    "số",
    " ",
]


@given(
    text=st.lists(st.sampled_from(FIGURES), max_size=10).flatmap(
        lambda parts: st.sampled_from([" ".join(parts), "".join(parts)])
    )
)
@settings(max_examples=500, deadline=None)
def test_any_run_of_figures_is_final_once_read(text: str) -> None:
    once = vi.figures(text)
    assert vi.figures(once) == once
    assert len(once) <= 8 * len(text) + 16
