"""Commands are never mistaken for words, names and places, nor the other way round."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.command_words import COMMANDS, FREE_TEXT
from content.commands import choice, command, unsure, yes_no
from content.units import Gazetteer
from content.vietnamese import fold, syllables

NEVER = [
    "dung",
    "Dung",
    "DUNG",
    "huy",
    "Huy",
    "HUY",
    "an toan",
    "An Toàn",
    "xa dung",
    "xã Xa Dung",
    "xa An Toan",
    "ngung",
]
NEVER += [
    "thoi",
    "Nguyễn Thị Dung",
    "Trần Văn Huy",
    "đúng",
    "dùng",
    "dũng",
    "huy chương",
    "1",
    "11",
    "00",
    "",
    " ",
    "🙂",
    "/",
]


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("free_text", [False, True])
def test_a_name_a_place_or_a_bare_syllable_is_no_command(text: str, *, free_text: bool) -> None:
    assert command(text, free_text=free_text) is None


GIVEN = [
    ("NGỪNG", "stop"),
    ("ngừng", "stop"),
    ("Ngưng.", "stop"),
    ("dừng", "stop"),
    ("NGUNG", "stop"),
    ("ngung nhan tin", "stop"),
    ("dừng nhận tin", "stop"),
    ("dung nhan tin", "stop"),
    ("Tôi muốn ngừng nhận tin ạ", "stop"),
    ("stop", "stop"),
    ("STOP!", "stop"),
    ("/stop", "stop"),
    ("unsubscribe", "stop"),
    ("trợ giúp", "help"),
    ("tro giup", "help"),
    ("Help", "help"),
    ("/help@thontin_bot", "help"),
    ("dữ liệu của tôi", "my_data"),
    ("DU LIEU", "my_data"),
    ("du lieu cua toi", "my_data"),
    ("xóa dữ liệu của tôi", "erase"),
    ("0", "back"),
    ("quay lai", "back"),
    ("/start", "start"),
    ("/start c03328", "start"),
    ("phản ánh", "report"),
    ("phan anh", "report"),
    ("chi nhan tin khan cap", "emergency_only"),
    ("ngôn ngữ", "language"),
    ("đổi xã", "follow"),
    ("ngwngf nhanj tin", "stop"),
    ("NGUWNGF", "stop"),
    ("ngu7ng2 nha6n5 tin", "stop"),
    ("k nhận tin nữa", "stop"),
    ("ko nhan tin", "stop"),
    ("dk nhan tin", "follow"),
    ("phanr anhs", "report"),
    ("duwx lieeuj", "my_data"),
    ("ngừng nhận", "stop"),
]


@pytest.mark.parametrize(("text", "name"), GIVEN)
def test_a_command_is_recognised(text: str, name: str) -> None:
    assert command(text) == name


@pytest.mark.parametrize("text", [text for text, _ in GIVEN])
def test_while_free_text_is_asked_for_only_two_words_are_commands(text: str) -> None:
    leaving = {"ngung nhan tin", "ngwngf nhanj tin", "ngu7ng2 nha6n5 tin"}
    expected = {"0": "back"}.get(text, "stop" if text in leaving else None)
    assert command(text, free_text=True) == expected


@pytest.mark.parametrize("text", ["ngừng nhận tin", "NGỪNG NHẬN TIN", "ngung nhan tin", "ngưng nhận tin."])
def test_leaving_works_even_while_a_name_is_asked_for(text: str) -> None:
    assert command(text, free_text=True) == "stop"


def test_no_command_is_one_syllable_without_marks() -> None:
    for spellings in COMMANDS.values():
        for spelling in spellings:
            if len(spelling.split()) == 1:
                assert command(fold(spelling)) is None


def forms(text: str) -> set[str]:
    return {text, text.lower(), text.upper(), fold(text), fold(text).upper(), fold(text).title()}


def test_no_place_in_the_country_is_a_command() -> None:
    gazetteer = Gazetteer.load()
    named = {one.name for one in gazetteer.communes()} | {one.name for one in gazetteer.provinces()}
    assert len(named) > 2000
    said = {form for name in named for full in (name, f"xã {name}") for form in forms(full)}
    assert [text for text in said if command(text) or command(text, free_text=True) or unsure(text)] == []


FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Phan",
    "Lò",
    "Vàng",
    "Giàng",
    "Quàng",
    "Ksor",
    "Đinh",
    "Dương",
    "Lý",
    "Hồ",
    "",
]
GIVEN_NAMES = ["Dung", "Dũng", "Dùng", "Huy", "Hủy", "Anh", "Ánh", "An", "Toàn", "Bảo", "Báo", "Chi", "Nghị", "Nhàn",
               "Nhân", "Tin", "Tín", "Thôi", "Xóa", "Lan", "Tiếp", "Đăng", "Ký", "Lại", "Quay"]  # fmt: skip


def test_no_person_is_a_command_but_for_the_two_whose_name_is_a_report() -> None:
    people = {" ".join(filter(None, name)) for name in product(FAMILY, ("", "Thị", "Văn"), GIVEN_NAMES)}
    said = {form for one in people for form in forms(one)}
    taken = {text for text in said if command(text) or command(text, free_text=True)}
    assert {fold(text) for text in taken} == {"phan anh"}  # typed in small letters or in capitals it is "phản ánh"
    assert not {"Phan Anh", "Phan anh".title()} & taken


@pytest.mark.parametrize(
    "text", ["dung nhan", "DUNG NHAN", "Dung Nhan", "ngung nhan", "dungf", "huyr", "Phan Anh", "anh toan"]
)
def test_what_may_be_a_name_stops_nothing(text: str) -> None:
    assert command(text) is None


def test_words_while_free_text_is_asked_for_have_several_syllables() -> None:
    assert all(len(syllables(spelling)) > 2 for spellings in FREE_TEXT.values() for spelling in spellings)


def test_a_bare_ngung_can_be_asked_about() -> None:
    assert unsure("ngung") == "stop"
    assert unsure("ngung nhan") == "stop"
    assert unsure("dung") is None
    assert unsure("dung nhan") is None


@pytest.mark.parametrize(
    "text", ["dung", "Đúng", "dung roi a", "ok", "OKE", "co", "có ạ", "u", "vang", "dạ", "dong y", "👍", "phải"]
)
def test_yes(text: str) -> None:
    assert yes_no(text) is True


@pytest.mark.parametrize(
    "text", ["khong", "ko", "k", "Không ạ", "da khong", "khong dung", "chưa", "sai roi", "👎", "đừng", "thôi"]
)
def test_no(text: str) -> None:
    assert yes_no(text) is False


@pytest.mark.parametrize(
    "text", ["dừng", "dùng", "đúng không", "xa dung", "Huy", "1", "", "👍👎", "mất điện", "không biết", "cơ"]
)
def test_neither_yes_nor_no(text: str) -> None:
    assert yes_no(text) is None


SEND = ["Đúng, gửi đi", "Sửa lại", "Thôi, không gửi"]
PLACES = ["Xã Văn Lang, tỉnh Thái Nguyên", "Xã Văn Lăng, tỉnh Thái Nguyên", "Xã Văn Lang, tỉnh Phú Thọ"]
PEOPLE = ["Dung", "Dũng", "Huy"]


@pytest.mark.parametrize(
    ("text", "labels", "at"),
    [
        ("1", SEND, 0),
        ("1.", SEND, 0),
        ("số 2", SEND, 1),
        ("so hai", SEND, 1),
        ("một", SEND, 0),
        ("thứ nhất", SEND, 0),
        ("chọn số 3 nhé", SEND, 2),
        ("2️⃣", SEND, 1),
        ("sua lai", SEND, 1),
        ("Sửa lại nhé", SEND, 1),
        ("khong gui", SEND, 2),
        ("gửi đi", SEND, 0),
        ("sửa laij", SEND, 1),
        ("phu tho", PLACES, 2),
        ("xã văn lăng tỉnh thái nguyên", PLACES, 1),
        ("Dũng", PEOPLE, 1),
        ("huy", PEOPLE, 2),
    ],
)
def test_a_choice_is_understood(text: str, labels: list[str], at: int) -> None:
    assert choice(text, labels) == at


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("4", SEND),
        ("0", SEND),
        ("", SEND),
        ("mất điện", SEND),
        ("1 2", SEND),
        ("van lang", PLACES),
        ("Thái Nguyên", PLACES),
        ("o day", ["Tôi không ở đây", "Khác"]),
        ("1", []),
    ],
)
def test_an_unclear_choice_is_never_guessed(text: str, labels: list[str]) -> None:
    assert choice(text, labels) is None


def test_an_answer_to_this_morning_is_not_one_for_tonight() -> None:
    assert choice("1", ["An toàn", "Cần giúp"], keys=["11", "22"]) is None
    assert choice("22", ["An toàn", "Cần giúp"], keys=["11", "22"]) == 1
    assert choice("an toan", ["An toàn", "Cần giúp"], keys=["11", "22"]) == 0


@given(text=st.text(st.characters(), max_size=60))
@settings(max_examples=150, deadline=None)
def test_anything_typed_is_survived(text: str) -> None:
    command(text)
    command(text, free_text=True)
    yes_no(text)
    unsure(text)
    choice(text, SEND)
