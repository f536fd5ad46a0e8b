"""What is written becomes what is said."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.numbers_vi import LARGEST, cardinal, decimal, roman
from content.speakable import speakable
from content.speakable_table import TABLE

NUMBERS = {
    0: "không",
    4: "bốn",
    5: "năm",
    10: "mười",
    11: "mười một",
    14: "mười bốn",
    15: "mười lăm",
    21: "hai mươi mốt",
    24: "hai mươi tư",
    55: "năm mươi lăm",
    100: "một trăm",
    105: "một trăm linh năm",
    115: "một trăm mười lăm",
    1000: "một nghìn",
    1005: "một nghìn không trăm linh năm",
    1015: "một nghìn không trăm mười lăm",
    2025: "hai nghìn không trăm hai mươi lăm",
    25_000: "hai mươi lăm nghìn",
    1_005_000: "một triệu không trăm linh năm nghìn",
    2_000_000_001: "hai tỷ không trăm linh một",
    -3: "âm ba",
}
SAID = [
    # documents
    ("Nghị định 49/2024/NĐ-CP", "Nghị định số bốn mươi chín năm hai nghìn không trăm hai mươi tư của Chính phủ."),
    ("49/2024/NĐ-CP", "nghị định số bốn mươi chín năm hai nghìn không trăm hai mươi tư của Chính phủ."),
    ("KH 792/KH-UBND", "kế hoạch số bảy trăm chín mươi hai của Ủy ban nhân dân."),
    ("Kế hoạch số 44-KH/HU", "Kế hoạch số bốn mươi tư của Huyện ủy."),
    ("Luật 91/2025/QH15", "Luật số chín mươi mốt năm hai nghìn không trăm hai mươi lăm của Quốc hội khóa mười lăm."),
    ("Quyết định 12/2025", "Quyết định số mười hai năm hai nghìn không trăm hai mươi lăm."),
    # dates
    ("15/6", "ngày mười lăm tháng sáu."),
    ("ngày 20/9/2026", "ngày hai mươi tháng chín năm hai nghìn không trăm hai mươi sáu."),
    ("sáng 05.04.2026", "sáng ngày năm tháng tư năm hai nghìn không trăm hai mươi sáu."),
    ("2026-11-21", "ngày hai mươi mốt tháng mười một năm hai nghìn không trăm hai mươi sáu."),
    ("tháng 6/2026", "tháng sáu năm hai nghìn không trăm hai mươi sáu."),
    ("từ 20/11 - 22/11", "từ ngày hai mươi tháng mười một đến ngày hai mươi hai tháng mười một."),
    ("ngày 20-22/11", "từ ngày hai mươi đến ngày hai mươi hai tháng mười một."),
    ("tháng 4", "tháng tư."),
    ("thứ 4", "thứ tư."),
    ("2/3 diện tích", "hai phần ba diện tích."),
    ("trực 24/7", "trực hai mươi tư trên bảy."),
    # times
    ("7h30", "bảy giờ ba mươi phút."),
    ("19:00", "mười chín giờ."),
    ("3 giờ 05 ngày 22/11", "ba giờ năm phút ngày hai mươi hai tháng mười một."),
    ("từ 7h30-9h", "từ bảy giờ ba mươi phút đến chín giờ."),
    # spans, measures, money
    ("100–200 mm", "từ một trăm đến hai trăm mi-li-mét."),
    ("100-200mm/24h", "từ một trăm đến hai trăm mi-li-mét trong hai mươi tư giờ."),
    ("từ 3-5 ngày", "từ ba đến năm ngày."),
    ("gió cấp 8-9, giật cấp 11", "gió cấp tám đến chín, giật cấp mười một."),
    ("giai đoạn 2021-2025", f"giai đoạn {cardinal(2021)} đến {cardinal(2025)}."),
    ("60 km/h", "sáu mươi ki-lô-mét trên giờ."),
    ("1200 m³/s", "một nghìn hai trăm mét khối trên giây."),
    ("3 m2", "ba mét vuông."),
    ("lạnh -3°C", "lạnh âm ba độ C."),
    ("8%", "tám phần trăm."),
    ("500.000đ", "năm trăm nghìn đồng."),
    ("15.000.000 đồng/hộ", "mười lăm triệu đồng mỗi hộ."),
    ("2,5 ha", "hai phẩy năm héc-ta."),
    ("2.5", "hai phẩy năm."),
    ("0,05", "không phẩy không năm."),
    ("1.234,5", "một nghìn hai trăm ba mươi tư phẩy năm."),
    ("1,000,000", "một triệu."),
    ("05 hộ", "năm hộ."),
    # numbers to dial
    ("gọi 112 trước", "gọi một một hai trước."),
    ("112 – bị kẹt", "một một hai, bị kẹt."),
    ("gọi 113, 114 hoặc 115 ngay", "gọi một một ba, một một bốn hoặc một một năm ngay."),
    ("có 112 hộ bị ngập", "có một trăm mười hai hộ bị ngập."),
    ("mưa 112 mm", "mưa một trăm mười hai mi-li-mét."),
    ("0912345678", "không chín một hai, ba bốn năm, sáu bảy tám."),
    ("+84 912 345 678", "cộng tám bốn, chín một hai, ba bốn năm, sáu bảy tám."),
    ("0235.1022", "không hai ba năm, một không hai hai."),
    # Roman numerals
    ("Đại hội XIII", "Đại hội mười ba."),
    ("Quốc hội khóa XV", "Quốc hội khóa mười lăm."),
    ("quý I/2026", f"quý một năm {cardinal(2026)}."),
    ("XỬ LÝ VI PHẠM", "xử lý vi phạm."),
    # short forms, places, roads
    ("UBND xã và HĐND xã", "Ủy ban nhân dân xã và Hội đồng nhân dân xã."),
    ("làm CCCD, BHYT", "làm căn cước công dân, bảo hiểm y tế."),
    ("ATNĐ gần bờ", "áp thấp nhiệt đới gần bờ."),
    ("P. Tân Khai, TP. Đồng Nai", "phường Tân Khai, thành phố Đồng Nai."),
    ("TP Huế", "thành phố Huế."),
    ("QL279", "quốc lộ hai trăm bảy mươi chín."),
    ("quốc lộ 1A", "quốc lộ một a."),
    ("HTQL", "hát tê quy e-lờ."),
    # codes
    ("Mã K7M3", "Mã ca bảy em-mờ ba."),
    ("Mã KXTB", "Mã ca ích tê bê."),
    ("mã PA-7K3M-9QXD", "mã pê a, bảy ca ba em-mờ, chín quy ích đê."),
    ("H5N1", "hát năm en-nờ một."),
    # signs
    ("🟠 KHẨN: LŨ QUÉT – BẢN A – LÊN CHỖ CAO", "khẩn: lũ quét, bản A, lên chỗ cao."),
    ("- Rời nhà sát suối\n- Không qua tràn", "Rời nhà sát suối.\nKhông qua tràn."),
    ("1️⃣ Đúng", "một Đúng."),
    ("xem https://vi.du/a?b=1.", "xem đường dẫn trong tin."),
    (unicodedata.normalize("NFD", "khẩn cấp"), "khẩn cấp."),
    ("đi chưa?", "đi chưa?"),
    ("", ""),
    ("👍🏽 … 🟠", ""),
]


@pytest.mark.parametrize(("number", "words"), NUMBERS.items(), ids=str)
def test_a_number_is_read_as_people_say_it(number: int, words: str) -> None:
    assert cardinal(number) == words


def test_the_south_says_le_for_linh() -> None:
    assert cardinal(105, odd="lẻ") == "một trăm lẻ năm"


def test_a_number_too_long_to_hear_is_read_by_digits() -> None:
    assert cardinal(LARGEST + 1).startswith("một không không")


def test_a_decimal_keeps_its_noughts() -> None:
    assert decimal("1", "05") == "một phẩy không năm"


@pytest.mark.parametrize(("text", "value"), [("IV", 4), ("XIII", 13), ("MCMXC", 1990), ("IIX", None), ("", None)])
def test_only_well_formed_roman_numerals_count(text: str, value: int | None) -> None:
    assert roman(text) == value


@pytest.mark.parametrize(("text", "words"), SAID, ids=lambda value: repr(value)[:40])
def test_what_is_written_is_said_in_words(text: str, words: str) -> None:
    assert speakable(text) == words


def test_no_short_form_is_said_with_a_figure_or_a_sign() -> None:
    for table in ("abbreviations", "loanwords", "places", "roads", "units", "documents", "issuers", "letters"):
        for said in TABLE[table].values():
            assert re.fullmatch(r"[^\W\d_]+(?:[-, ]+[^\W\d_]+)*", said), said


def test_every_short_form_is_said_as_the_table_has_it() -> None:
    for short, said in TABLE["abbreviations"].items():
        assert said in speakable(f"gặp {short} xã"), short


pieces = st.sampled_from([text for text, _ in SAID] + ["1/", "-", "/", "mã ", "số ", "°", "12", ".", ",", "\n", "Đ"])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(pieces, max_size=8).map("".join)))
def test_any_text_can_be_said(text: str) -> None:
    said = speakable(text)
    assert unicodedata.is_normalized("NFC", said)
    assert all(one in " \n.,;:?!-" or unicodedata.category(one)[0] in "LM" for one in said), said
    assert "  " not in said
    assert said == said.strip()
    assert said == "" or any(one.isalpha() for one in said)


@pytest.mark.parametrize("text", ["0 " * 5000, " \n" * 5000, "1-" * 5000, "PA-" * 3000, "A" * 10_000, "9" * 10_000])
def test_a_very_long_text_can_be_said(text: str) -> None:
    assert not re.search(r"\d", speakable(text))
