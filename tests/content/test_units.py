"""Places are found as people call them, and asked about when several fit."""

import random
import time
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from content.units import Found, Gazetteer
from tests.bench import units as bench


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


CERTAIN = [
    ("no marks, type word, province", "xa thanh nua dien bien", "03328"),
    ("old district", "Tân Khai, Hớn Quản", "25357"),
    ("old type and district", "thị trấn Tân Khai, huyện Hớn Quản, tỉnh Bình Phước", "25357"),
    ("a name nobody else has", "Thanh Nưa", "03328"),
    ("marks tell Văn Lăng from Văn Lang", "Văn Lăng", "05665"),
    ("a longer name is not its part", "Dương Minh Châu", "25552"),
    ("a whole address", "số 12, thôn 3, xã Thanh Nưa, huyện Điện Biên, tỉnh Điện Biên", "03328"),
    ("a hamlet that is named like a commune", "bản Tân Lập, xã Thanh Nưa, Điện Biên", "03328"),
    ("province first", "tỉnh Điện Biên, xã Thanh Nưa", "03328"),
    ("abbreviated, numbered", "p12 q3 tphcm", "27142"),
    ("abbreviated with dots", "x. Thanh Nưa, t. Điện Biên", "03328"),
    ("letters left by Telex", "Ddieenj Bieen, Thanh Nuwa", "03328"),
    ("apostrophe typed", "xã Ea H’Leo", "24184"),
    ("apostrophe left out", "ea h leo", "24184"),
    ("no spaces", "thanhnua dienbien", "03328"),
    ("one letter wrong in the name", "xã Thanh Nuaa, Điện Biên", "03328"),
    ("one letter wrong in the province", "xã Thanh Nưa, Điện Bien", "03328"),
    ("decomposed letters", "xa\u0303 Thanh Nu\u031ba, \u0110ie\u0323\u0302n Bie\u0302n", "03328"),
    ("manners around it", "nhà em ở xã Thanh Nưa tỉnh Điện Biên ạ", "03328"),
    ("xã whose name begins like its type", "xã Xa Dung", "03208"),
    ("a type word inside a name", "Bạch Xa, Hàm Yên", "02380"),
    ("house, group and street first", "số 5 tổ 3 phố Lê Lợi, phường Bến Nghé, quận 1, TP HCM", "26740"),
    ("the whole address backwards", "TP HCM, Q1, P. Bến Nghé, phố Lê Lợi, tổ 3", "26740"),
    ("glued to the next name", "thanh nưadien bien", "03328"),
    ("a letter beside its neighbour across the space", "C ổLũng, Bá Thước", "14959"),
    ("wrong letters in name and district", "xã Tân Kai, Hơn Quản", "25357"),
    ("a district that was merged before", "phường Thảo Điền, quận 2", "27094"),
    ("a province by two letters", "xã Đồng Tâm bp", "25390"),
    ("a former city that is called as its province", "phường 1, thành phố Cà Mau", "32002"),
    ("no Thanh Hóa but a commune with other marks", "Thạnh Hóa", "27865"),
    ("a name that begins like a hamlet", "xóm chiếu, hồ chí minh", "27259"),
    ("Lộc Thạnh is no Lộc Thành", "Lộc Thạnh", "25280"),
    ("Đ for D", "Đ’Ran", "24934"),
    ("another apostrophe", "xã H`Bông, Chư Sê", "23971"),
    ("a part of a longer name is not the name", "Điện Bàn Tây", "20569"),
    ("nor the longer name its part", "Điện Bàn", "20551"),
]


@pytest.mark.parametrize(("text", "code"), [case[1:] for case in CERTAIN], ids=[case[0] for case in CERTAIN])
def test_a_clear_place_is_found_and_not_asked_about(gazetteer: Gazetteer, text: str, code: str) -> None:
    found = gazetteer.find(text)
    assert found.candidates[0].code == code
    assert not found.ask
    assert found.place_only


def test_the_new_name_type_and_province_are_given(gazetteer: Gazetteer) -> None:
    best = gazetteer.find("Tân Khai, Hớn Quản").candidates[0]
    assert best.commune.full_name == "phường Tân Khai, thành phố Đồng Nai"
    assert best.former[0] == "thị trấn Tân Khai, huyện Hớn Quản, tỉnh Bình Phước"


def test_a_name_without_marks_that_several_bear_is_asked_about(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("van lang, thai nguyen")
    assert found.ask
    assert {"02143", "05665"} <= {one.code for one in found.candidates}


COLLISIONS = [
    ("marks", "Văn Lăng, Thái Nguyên", {"05665"}),
    ("other marks", "Văn Lang, Thái Nguyên", {"02143"}),
    ("no marks", "van lang thai nguyen", {"02143", "05665"}),
    ("no marks, old province", "van lang bac kan", {"02143"}),
    ("no marks, one province", "loc thanh dong nai", {"25280", "25294"}),
    ("marks, two provinces", "Lộc Thành", {"25093", "25294"}),
]


@pytest.mark.parametrize(("text", "codes"), [case[1:] for case in COLLISIONS], ids=[case[0] for case in COLLISIONS])
def test_names_that_differ_in_marks_are_told_apart_or_asked_about(
    gazetteer: Gazetteer, text: str, codes: set[str]
) -> None:
    found = gazetteer.find(text)
    assert {one.code for one in found.candidates} == codes
    assert found.ask is (len(codes) > 1)


def test_of_too_many_those_are_shown_that_most_people_may_mean(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Tân Hiệp")
    meant = [place for place in bench.places(gazetteer) if place.name == "Tân Hiệp"]
    shown = {one.code for one in found.candidates}
    reached = sum(bool(place.codes & shown) for place in meant)
    assert reached == max(
        sum(bool(place.codes & set(five)) for place in meant)
        for five in combinations({code for place in meant for code in place.codes}, 5)
    )


def test_a_slip_that_leaves_the_tone_comes_before_one_that_changes_it(gazetteer: Gazetteer) -> None:
    assert {one.name for one in gazetteer.find("xã Thạn Hóa").candidates[:1]} == {"Thạnh Hóa"}
    assert gazetteer.find("hanh Mỹ, Trà Vinh").candidates[0].former[0].startswith("xã Thanh Mỹ, ")


def test_a_commune_called_as_a_province_is_shown_while_the_commune_is_asked_for(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Khánh Hòa")
    assert (found.ask, found.province) == (True, "56")
    assert "04342" in {one.code for one in found.candidates}


def test_at_most_five_are_shown_and_the_rest_is_counted(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Tân Thành")
    assert found.ask
    assert len(found.candidates) == 5
    assert found.fits > 5
    assert len(found.provinces) > 5


def test_the_province_settles_a_shared_name(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Tân Thành", province="20")
    assert {one.commune.province.code for one in found.candidates} == {"20"}
    assert found.candidates[0].commune.full_name == "xã Tân Thành, tỉnh Lạng Sơn"


def test_a_place_outside_the_given_province_is_asked_about(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("Thanh Nưa", province="96")
    assert found.ask
    assert found.candidates[0].code == "03328"


def test_a_province_in_the_text_outweighs_the_one_expected(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("phường Tân Thành, Cà Mau", province="20")
    assert found.ask
    assert found.candidates[0].commune.full_name == "phường Tân Thành, tỉnh Cà Mau"


def test_a_split_commune_is_asked_about(gazetteer: Gazetteer) -> None:
    split = next(place for place in bench.places(gazetteer) if len(place.codes) > 2)
    found = gazetteer.find(f"{split.kind} {split.name}, {split.districts[0]}")
    assert found.ask
    assert split.codes <= {one.code for one in found.candidates}
    assert split.name in found.divided


def test_communes_of_one_name_are_no_divided_one(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("Văn Lang").divided == ""


def test_a_former_district_alone_offers_its_communes(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("huyện Hớn Quản")
    assert found.ask
    assert "25357" in {one.code for one in found.candidates}


def test_a_province_alone_asks_for_the_commune(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("tinh dien bien")
    assert (found.candidates, found.ask, found.provinces) == ((), True, ("11",))


NO_PLACES = [
    "cho tôi hỏi giấy khai sinh",
    "mất điện cả xóm từ sáng",
    "đường hỏng quá",
    "lam ho so khai sinh o dau",
    "cảm ơn nhé",
    "bao giờ có tiền hỗ trợ",
    "0911111222",
    "PA-7K3M-9QXD",
    "",
    "🙂🙂",
    "\ud800",
    "' OR 1=1 --",
    "<b>x</b>",
    "a" * 100_000,
]


@pytest.mark.parametrize("text", NO_PLACES)
def test_what_is_no_place_is_never_taken_for_one(gazetteer: Gazetteer, text: str) -> None:
    found = gazetteer.find(text)
    assert not found.place_only
    assert found.ask or not found.candidates
    assert gazetteer.mentions(text) == "none"


def test_a_question_that_names_a_commune_is_told_from_a_place(gazetteer: Gazetteer) -> None:
    assert gazetteer.mentions("xã Thanh Nưa, Điện Biên") == "place"
    assert gazetteer.mentions("làm giấy khai sinh ở xã Thanh Nưa thế nào") == "mention"


def test_one_syllable_without_marks_is_asked_about(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("dung").ask


def test_a_commune_is_known_by_its_code(gazetteer: Gazetteer) -> None:
    commune = gazetteer.commune("03328")
    assert commune is not None
    assert commune.full_name == "xã Thanh Nưa, tỉnh Điện Biên"
    assert gazetteer.commune("99999") is None


def test_the_whole_country_is_there(gazetteer: Gazetteer) -> None:
    assert len(gazetteer.provinces()) == 34
    assert len(gazetteer.communes()) == 3321
    assert len(gazetteer.communes("11")) == 45
    assert Counter(one.type for one in gazetteer.communes("75")) == {"Xã": 62, "Phường": 33}
    names = [one.name for one in gazetteer.communes()]
    assert not [name for name in names if not (name[0].isupper() or name[0].isdigit())]


def test_a_pin_finds_the_communes_around_it(gazetteer: Gazetteer) -> None:
    near = gazetteer.near(21.4283, 102.96)
    assert near.communes[0].commune.code == "03328"
    assert near.communes[0].km < 1
    assert len(near.communes) == 3


@pytest.mark.parametrize(
    ("lat", "lon"), [(48.85, 2.35), (0, 0), (13.75, 100.5), (float("nan"), 105), (91, 0), (21, float("inf"))]
)
def test_a_pin_outside_viet_nam_finds_nothing(gazetteer: Gazetteer, lat: float, lon: float) -> None:
    assert gazetteer.near(lat, lon).communes == ()


def test_a_pin_between_two_communes_is_asked_about(gazetteer: Gazetteer) -> None:
    one, other = gazetteer.commune("03328"), gazetteer.near(21.4283, 102.96).communes[1].commune
    assert one is not None
    near = gazetteer.near((one.lat + other.lat) / 2, (one.lon + other.lon) / 2)
    assert near.ask


def test_a_sample_of_the_country_is_found_however_it_is_typed(gazetteer: Gazetteer) -> None:
    dice = random.Random(2026)
    asked = bench.queries(dice.sample(bench.places(gazetteer), 60), dice)
    _, verdicts, bad = bench.measure(gazetteer, asked)
    assert (verdicts["right"] + verdicts["ask province"]) / len(asked) >= 0.99, bad
    assert verdicts["wrong unasked"] / len(asked) <= 0.003, bad


PLACES = st.lists(
    st.sampled_from([*"xphqtXPH.,'’- \n", "xã ", "Tân", "thanh", "hoa", "Ia ", "H'", "ổ", "quan1", "p12", "tp hcm"]),
    max_size=60,
).map("".join)


LONG = ["tan thanh ", "Tân Thạnh, ", "a, b ", "xã ", "i", "\u0301", "\ud800", "p12 q3 ", "Ia H'", "{"]


@pytest.mark.parametrize("piece", LONG)
def test_a_text_of_a_hundred_thousand_characters_is_answered_in_time(gazetteer: Gazetteer, piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.perf_counter()
    _well_formed(gazetteer.find(text))
    assert time.perf_counter() - start < 0.5  # a few milliseconds, but this machine may be busy


@settings(max_examples=300, deadline=500)
@given(text=st.one_of(st.text(), PLACES))
@example("\ud800 xã \u202e Tân Khai\x00")
def test_any_text_is_answered_in_time(gazetteer: Gazetteer, text: str) -> None:
    _well_formed(gazetteer.find(text))
    _well_formed(gazetteer.find(text, "11"))


def _well_formed(found: Found) -> None:
    assert len(found.candidates) <= 5
    assert found.fits >= len(found.candidates)
    assert len({one.code for one in found.candidates}) == len(found.candidates)
    assert found.ask or len(found.candidates) < 2
    assert all(0 <= one.score <= 1 for one in found.candidates)
