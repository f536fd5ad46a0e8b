"""Abbreviations and teencode: written out where they are sure, left open where only the sentence can tell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import vietnamese as vi
from content.keyboard import known

LISTS = vi.word_lists()


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("lam gks ko dc", "lam giay khai sinh khong duoc"),
        ("đc k", "duoc khong"),
        ("ubnd xã", "uy ban nhan dan xa"),
        ("e mún xin vô hộ nghèo thì lm s", "em muon xin vo ho ngheo thi lam sao"),
        ("hs lm cccd lần đầu cần j z", "ho so lam can cuoc lan dau can gi vay"),
        ("xin thêm bs khai sinh ở đâu v", "xin them ban sao khai sinh o dau vay"),
        ("quên mk vneid r ad ơi", "quen mat khau vneid roi ad oi"),
        ("bhyt hộ gđ bn 1 năm", "bao hiem y te ho gia dinh bao nhieu 1 nam"),
        ("nghi bị lừa đảo qua đt thì lm s", "nghi bi lua dao qua dien thoai thi lam sao"),
        ("cíu với, nước lên nhìu wá", "cuu voi, nuoc len nhieu qua"),
        ("KO BÍT ntn", "khong bit nhu the nao"),
        ("gửi k@gmail.com hay www.vs.vn k", "gui k@gmail.com hay www.vs.vn khong"),
    ],
)
def test_short_typing_is_written_out(typed: str, plain: str) -> None:
    assert vi.plain(typed) == plain


CONTEXT = [
    ("đk kết hôn", "đăng ký kết hôn"),
    ("đk tạm trú onl đc k", "đăng ký tạm trú onl được không"),
    ("đủ đk k", "đủ điều kiện không"),
    ("cần đk gì", "cần điều kiện gì"),
    ("lam dk k", "lam được không"),
    ("tt 15/2024", "thông tư 15/2024"),
    ("làm tt khai sinh", "làm thủ tục khai sinh"),
    ("tt y tế", "trung tâm y tế"),
    ("bv huyện", "bệnh viện huyện"),
    ("bv môi trường", "bảo vệ môi trường"),
    ("thẻ bh y tế", "thẻ bảo hiểm y tế"),
    ("bh moi xong", "bao giờ moi xong"),
    ("nộp hs", "nộp hồ sơ"),
    ("hs lớp 1", "học sinh lớp 1"),
    ("giấy ks cho con", "giấy khai sinh cho con"),
    ("khám sk", "khám sức khỏe"),
    ("an toàn tp", "an toàn thực phẩm"),
    ("tp huế", "thành phố huế"),
    ("bs nói sao", "bác sĩ nói sao"),
    ("xét hn", "xét hộ nghèo"),
    ("mất cc", "mất căn cước"),
    ("cc giấy tờ", "công chứng giấy tờ"),
    ("tại s", "tại sao"),
    ("mất s đỏ", "mất sổ đỏ"),
    ("e hỏi", "em hỏi"),
    ("làm ở đâu a", "làm ở đâu ạ"),
]


@pytest.mark.parametrize(("typed", "meant"), CONTEXT)
def test_the_neighbours_decide(typed: str, meant: str) -> None:
    assert vi.expand(typed) == meant


OPEN = [
    "tt",
    "dk",
    "bv",
    "xa",
    "ca",
    "bs",
    "hs",
    "ks",
    "tp",
    "sk",
    "kt",
    "công an cá",
    "xã tt",
    "ea hleo",
    "khu e",
    "thôn 7 a",
    "b 52",
]


@pytest.mark.parametrize("text", OPEN)
def test_what_may_mean_several_things_is_left_alone(text: str) -> None:
    assert vi.expand(text) == text


def test_the_readings_of_what_stays_open_are_listed() -> None:
    for key in ("tt", "dk", "bv", "xa", "bs", "hs", "ks", "tp", "sk"):
        assert len(LISTS.ambiguous[key]) > 1
    assert len(LISTS.expand) >= 200


def test_the_word_lists_keep_their_rules() -> None:
    read = {word.folded: word for text in [*LISTS.expand, *LISTS.ambiguous] for word in vi.words(text)}
    for key, meaning in [*LISTS.expand.items(), *LISTS.spelled.items()]:
        assert [word.marked for word in vi.words(key)] == [key] or key in LISTS.spelled
        assert len(meaning) <= 8 * len(key), key
        assert not [word for word in vi.words(meaning) if is_key(word)], key
    for key in LISTS.expand:
        assert key == vi.fold(key)
        assert key not in known().folded or key in ("ko", "iu", "nhiu"), (
            f"{key} is a word: it belongs under [ambiguous]"
        )
    assert read.keys() == {*LISTS.expand, *LISTS.ambiguous}
    assert not LISTS.expand.keys() & LISTS.ambiguous.keys()


def test_the_rules_of_context_choose_one_of_the_readings_and_hold_no_key_themselves() -> None:
    for key, rules in LISTS.context.items():
        for rule in rules:
            assert rule.means in LISTS.ambiguous[key], f"{key}: {rule.means}"
            assert rule.before | rule.after
            assert not (rule.before | rule.after) & LISTS.expand.keys(), f"{key}: neighbours are compared written out"
            assert not [word for word in vi.words(rule.means) if is_key(word)], rule.means


def is_key(word: vi.Word) -> bool:
    bare = word.marked.replace("đ", "d") == word.folded
    return (bare and (word.folded in LISTS.expand or word.folded in LISTS.context)) or word.marked in LISTS.spelled


SPOKEN = [*LISTS.expand, *LISTS.ambiguous, *LISTS.spelled, "khong", "lam", "gi", "hoc", "ho", "so", "1", ",", "?", "đk"]


@given(text=st.lists(st.sampled_from(SPOKEN), max_size=12).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_any_run_of_short_words_is_final_once_written_out(text: str) -> None:
    once = vi.expand(text)
    assert vi.expand(once) == once
    assert len(once) <= 8 * len(text) + 16
