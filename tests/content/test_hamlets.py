"""Hamlets as people write them."""

import pytest

from content.hamlets import key

SAME = [
    ("Bản Tâu", "ban tau"),
    ("Bản Tâu", "tâu"),
    ("Tổ dân phố Him Lam", "him lam"),
    ("Buôn Đôn", "don"),
    ("Khu phố Chợ", "chợ"),
    ("  THÔN   Nà Khoang ", "na khoang"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_hamlet_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("Bản Tâu", "Bản Tấu 2"), ("tổ 5", "thôn 5"), ("Thôn 1", "Thôn 2")])
def test_different_hamlets_stay_different(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_no_name_has_no_key() -> None:
    assert key("") == key("  ") == ""
