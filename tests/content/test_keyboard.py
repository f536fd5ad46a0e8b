"""Telex and VNI typed with the keyboard switched off: every syllable comes back, and nothing else is touched."""

import json
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from content import vietnamese as vi
from content.faq import SMALLTALK, STARTER
from content.keyboard import SYLLABLES
from content.texts import Texts

TELEX = dict(
    zip("\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b", ("f", "s", "x", "r", "j", "", "w", "w"), strict=True)
)
VNI = dict(zip("\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b", "21435687", strict=True))
TONES = "\u0300\u0301\u0303\u0309\u0323"
TYPINGS = [("telex", "end"), ("telex", "inline"), ("vni", "end"), ("vni", "inline")]
OFF = "d9uo7ng2 vaanx "  # said before, it shows that the keyboard is off


def typed(syllable: str, keyboard: str, tone_at: str) -> str:
    """The keys that make `syllable`, its tone right after the vowel or at the end."""
    table, keys, last = (TELEX if keyboard == "telex" else VNI), "", ""
    for letter in syllable:
        apart = unicodedata.normalize("NFD", letter)
        tone = next((table[c] for c in apart if c in TONES), "")
        marks = "".join(table[c] or apart[0] for c in apart[1:] if c not in TONES)
        barred = "dd" if keyboard == "telex" else "d9"
        keys += (barred if letter == "đ" else apart[0]) + marks + (tone if tone_at == "inline" else "")
        last = tone or last
    return keys + (last if tone_at == "end" else "")


@cache
def our_syllables() -> list[str]:
    """Every syllable with a mark in what we say ourselves."""
    said = [json.loads(line) for path in (STARTER, SMALLTALK) for line in path.read_text("utf-8").splitlines()]
    sentences = [one["question"] + " " + one["answer"] for one in said] + [*Texts.load().by_language["vi"].values()]
    text = vi.nfc(" ".join(sentences))
    found = {text[word.start : word.end].lower() for word in vi.words(text) if vi.has_marks(word)}
    return sorted(one for one in found if vi.is_syllable(vi.fold(one)))


@pytest.mark.parametrize(("keyboard", "tone_at"), TYPINGS)
def test_every_syllable_of_ours_comes_back_from_its_keys(keyboard: str, tone_at: str) -> None:
    assert len(our_syllables()) > 1000
    lost: dict[str, str] = {}
    for one in our_syllables():
        keys = typed(one, keyboard, tone_at)
        if keys not in vi.word_lists().keep:
            made = vi.decode(OFF + keys).split()[-1]
            lost |= {} if vi.fold(made) == vi.fold(one) else {keys: made}
    assert lost == {}


@pytest.mark.parametrize(("keyboard", "tone_at"), TYPINGS)
def test_the_marks_come_back_too(keyboard: str, tone_at: str) -> None:
    listed = [one for one in SYLLABLES.read_text("utf-8").split() if not one.isascii()]
    made = [vi.decode(OFF + typed(one, keyboard, tone_at)).split()[-1] for one in listed]
    right = sum(vi.words(one)[0].marked == vi.words(meant)[0].marked for one, meant in zip(made, listed, strict=True))
    assert right >= 0.995 * len(listed)


def test_a_single_word_comes_back_without_company() -> None:
    listed = [one for one in SYLLABLES.read_text("utf-8").split() if not one.isascii()]
    for tone_at in ("end", "inline"):
        right = sum(vi.decode_word(typed(one, "telex", tone_at)) == vi.fold(one) for one in listed)
        assert right >= 0.97 * len(listed)


def test_the_list_of_syllables_is_in_order_and_holds_syllables_only() -> None:
    listed = SYLLABLES.read_text("utf-8").split()
    assert len(listed) == len(set(listed)) == len({word.marked for word in vi.words(" ".join(listed))})
    assert [one for one in listed if not vi.is_syllable(vi.fold(one)) or one != vi.nfc(one).lower()] == []


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        ("Ddawng kys khai sinh", "đăng ký khai sinh"),
        ("DDAWNG KYS", "đăng ký"),
        ("lamf cawn cuowsc laanf ddaauf", "làm căn cước lần đầu"),
        ("mu7c1 d9ong1 bao3 hie6m3", "mức đóng bảo hiểm"),
        ("gia6y1 xac1 nha6n5 khuye6t1 ta6t5", "giấy xác nhận khuyết tật"),
        ("xa4 Thanh Nu7a", "xã Thanh nưa"),
        ("co1 gi2 kho6ng", "có gì không"),
        ("đường bị sujt luns baos ai", "đường bị sụt lún báo ai"),
        ("đươngf hỏng, sửa laij", "đường hỏng, sửa lại"),
        ("nhwngx nguwoif ngheof", "những người nghèo"),
        ("wngs tuyeenr, wowcs muown", "ứng tuyển, ước mươn"),
        ("dduowngf dduongwf", "đường đường"),
        ("quys quaanj ngoeof khuyur", "quý quận ngoèo khuỷu"),
        ("thuowr nhor hoawcj", "thuở nhỏ hoặc"),
        ("vieet ddaat", "viet dat"),  # the tone forgotten: no marks are better than wrong ones
        ("lux leen rooif", "lũ lên rồi"),
        ("chays nhaf", "cháy nhà"),
        ("cas cheets", "cá chết"),
        ("làm đđơn, đdường", "làm đơn, đường"),
        ("hoir: lamf gif?", "hỏi: làm gì?"),
    ],
)
def test_what_people_type_is_what_they_meant(keys: str, meant: str) -> None:
    assert vi.decode(keys).lower() == meant.lower()


FOREIGN = (Path(__file__).parent / "data" / "not-vietnamese.txt").read_text("utf-8").split()


def test_no_foreign_word_brand_code_or_address_is_touched() -> None:
    assert len(set(FOREIGN)) >= 300
    assert {one: vi.decode(one) for one in FOREIGN if vi.decode(one) != one} == {}


def test_a_foreign_word_stays_in_a_sentence_typed_with_marks() -> None:
    for text in ("mở tiệm hair salon", "quên pass app Zalo rồi", "tìm tour du lịch, có visa", "xã Thanh Nưa thon3"):
        assert vi.decode(text) == text


def test_no_syllable_with_or_without_marks_is_touched() -> None:
    listed = SYLLABLES.read_text("utf-8").split()
    assert [one for one in listed if vi.decode(one) != one] == []
    assert [one for one in listed if vi.decode_word(vi.fold(one)) != vi.fold(one)] == []


def test_words_to_keep_are_listed_once() -> None:
    keep = tomllib.loads((SYLLABLES.parent / "vietnamese_words.toml").read_text("utf-8"))["keep"]
    for words in (keep["words"], keep["foreign"], keep["units"]):
        assert len(words) == len(set(words))
    assert not set(keep["words"]) & set(keep["foreign"])
