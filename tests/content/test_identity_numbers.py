"""Numbers of identity cards are taken out of what people type; telephones, codes and dates stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.identity_numbers import HIDDEN, hide

HIDES = {
    "012345678901": "•••",
    "0123 4567 8901": "•••",
    "012.345.678.901": "•••",
    "123456789012": "•••",
    "123456789": "•••",
    "cccd 012345678901 nhé": "cccd ••• nhé",
    "Căn cước công dân: 001099012345": "Căn cước công dân: •••",
    "can cuoc cua toi 123456789012": "can cuoc cua toi •••",
    "số cmnd của tôi là 123456789": "số cmnd của tôi là •••",
    "chứng minh nhân dân số 123 456 789": "chứng minh nhân dân số •••",
    "tôi tên Hoa, 011190000123, ở bản Tâu": "tôi tên Hoa, •••, ở bản Tâu",
}
STAYS = ("", "0912345678", "+84912345678", "gọi 0912345678 giúp", "84912345678", "mã khách hàng PA05040012345",
         "hồ sơ 123456789", "PA-7K3M-9QXD", "1/2/2026 09:00", "tôi ở thôn 3", "1", "1.234.567.890 đồng")  # fmt: skip


@pytest.mark.parametrize("text", HIDES)
def test_an_identity_number_is_taken_out(text: str) -> None:
    assert hide(text) == HIDES[text]


@pytest.mark.parametrize("text", STAYS)
def test_other_numbers_stay(text: str) -> None:
    assert hide(text) == text


def test_nine_digits_are_a_telephone_where_one_was_asked_for() -> None:
    assert hide("912345678", phone_asked=True) == "912345678"
    assert hide("912345678") == HIDDEN
    assert hide("012345678901", phone_asked=True) == HIDDEN


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    assert hide(hide(text)) == hide(text)


def test_a_book_of_digits_takes_no_time() -> None:
    began = time.perf_counter()
    for text in ("0" * 100_000, "01 " * 33_000, "cccd " * 20_000, "can cuoc a a a " * 7_000):
        hide(text)
    assert time.perf_counter() - began < 2.0
