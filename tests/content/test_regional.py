"""Words of the Centre, the South and the North are matched as the common ones; ordinary words that look alike stay."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import vietnamese as vi
from content.regional import DATA

LISTS = tomllib.loads(DATA.read_text("utf-8"))


@pytest.mark.parametrize(
    ("said", "common"),
    [
        ("mần khai sinh cho con nít cần chi rứa", "làm khai sinh cho trẻ em cần gì thế"),
        ("rớt mô mất cái căn cước rồi, xin cái khác răng đây", "rơi đâu mất cái căn cước rồi, xin cái khác sao đây"),
        ("mệ mới mất chừ phải mần giấy chi", "bà mới mất bây giờ phải làm giấy gì"),
        ("nhập hộ khẩu vô nhà chồng mần răng", "nhập hộ khẩu vào nhà chồng làm sao"),
        ("heo lăn ra chết hoài, kêu ai rứa", "lợn lăn ra chết mãi, kêu ai thế"),
        ("bão vô thì chạy đi mô", "bão vào thì chạy đi đâu"),
        ("đất ông bà tui chưa có bằng khoán, xin cấp chỗ mô", "đất ông bà tôi chưa có sổ đỏ, xin cấp chỗ nào"),
        ("cúp điện hoài kêu ai", "mất điện mãi kêu ai"),
        ("nỏ biết mần răng", "không biết làm sao"),
        ("bữa ni xã có mần việc hông", "hôm nay xã có làm việc không"),
        ("ổng biểu tui dìa bển", "ông ấy bảo tôi về bên đó"),
        ("ba má em trồng bắp với đậu phộng", "bố mẹ em trồng ngô với lạc"),
        ("Má tôi bảy mươi sáu tuổi", "mẹ tôi bảy mươi sáu tuổi"),
        ("hết nhiêu tiền, đi hết nhiêu", "hết bao nhiêu tiền, đi hết bao nhiêu"),
        ("can chi, o mo, man rang", "can gi, o dau, lam sao"),
        ("duoc hong, nha tui co con heo", "duoc khong, nha toi co con lon"),
        ("MẦN RĂNG CHỪ", "làm sao bây giờ"),
    ],
)
def test_regional_words_become_common_ones(said: str, common: str) -> None:
    assert vi.standard(said) == common


ORDINARY = [
    "đau răng",
    "trồng răng giả",
    "khám răng hàm mặt",
    "làm răng ở đâu",
    "chi phí bao nhiêu",
    "chi cục thuế",
    "tiền chi trả",
    "chị Linh Chi",
    "mô hình nuôi lợn",
    "quy mô lớn",
    "lỗ hổng",
    "đau xương hông",
    "vô tình",
    "vô gia cư",
    "biểu mẫu",
    "đại biểu",
    "ăn bả chuột",
    "rau má",
    "lá tía tô",
    "bắp cải",
    "bao nhiêu tiền",
    "chần chừ",
    "ba con lợn",
    "sâu bọ",
    "gieo mạ",
    "số ba",
    "xã Má Lé",
    "tê liệt",
    "bán nỏ thần",
    "ba toi",
    "chi toi",
    "rang sau",
    "tui sach",
    "dau rang",
    "https://heo.vn/chi",
    "người mô tả",
    "đồng chí",
    "cái nỏ",
    "té nước",
    "vô số",
    "ba mẹ con đang bám trên cây",
    "gia heo hoi hom nay",
    "di mo, duong hong co ai sua, ho so chi gom, no biet, duong lo",
    "can chi phi gi",
    "lam giấy khai sinh can chi tra bao nhieu",
]


@pytest.mark.parametrize("said", ORDINARY)
def test_ordinary_words_stay(said: str) -> None:
    assert vi.standard(said) == said


def test_the_common_words_are_no_regional_ones() -> None:
    for key, means in [*LISTS["phrases"].items(), *((key, one["means"]) for key, one in LISTS["words"].items())]:
        assert vi.standard(means) == means, key
        assert len(means) <= 8 * len(key)


def test_what_keeps_a_word_ordinary_is_no_regional_word_itself() -> None:
    for key, one in LISTS["words"].items():
        near = vi.words(one.get("not_after", "") + " " + one.get("not_before", ""))
        assert not [
            word.marked for word in near if word.marked in {vi.words(other)[0].marked for other in LISTS["words"]}
        ], key


def test_a_phrase_has_several_syllables_and_a_word_has_one() -> None:
    assert all(len(vi.words(key)) > 1 for key in LISTS["phrases"])
    assert all(len(vi.words(key)) == 1 for key in LISTS["words"])


SPOKEN = [
    *LISTS["phrases"],
    *LISTS["words"],
    "làm",
    "giấy",
    "cái",
    "ba",
    "đi",
    "ở",
    "con",
    "bao",
    "man",
    "rang",
    "chi",
    "Chi",
    ",",
    ".",
]


@given(text=st.lists(st.sampled_from(SPOKEN), max_size=10).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_any_run_of_regional_words_is_final_once_it_is_common(text: str) -> None:
    once = vi.standard(text)
    assert vi.standard(once) == once
    assert len(once) <= 8 * len(text) + 16
