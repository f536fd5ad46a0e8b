"""Vietnamese as it is typed: every normalising step is total, idempotent and bounded, and does what it says."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import vietnamese as vi

ANY = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("aăâeêioôơuưyđÐ̛̣̀́̉̃̂̆sfrxjw123 \n\t.,'’-dwzk\u200b\u202e\ud800🙂ﷺ"), max_size=40
)
STEPS: list[Callable[[str], str]] = [
    vi.nfc,
    vi.clean,
    vi.fold,
    vi.squeeze,
    vi.expand,
    vi.decode,
    vi.standard,
    vi.figures,
]
LONG = {
    "one letter": "a" * 100_000,
    "held keys": "as" * 50_000,
    "words": "ddawngs kys " * 8_334,
    "short words": "dk tt k " * 12_500,
    "marks on one letter": "a" + "\u0323\u0301" * 50_000,
    "at signs": "@" * 100_000,
    "dots": "a." * 50_000,
    "apostrophes": "a'" * 50_000,
    "digits": "1" * 100_000,
    "dates": "1/1/2026 " * 11_112,
    "consonants": "b" * 99_999 + "-",
    "emoji": "🙂" * 100_000,
    "surrogates": "\ud800" * 100_000,
    "ligatures": "ﷺ" * 100_000,
    "line ends": "\r\n" * 50_000,
    "Chinese": "你好" * 50_000,
    "nested JSON": "{[" * 50_000,
    "dialect": "mần răng chi rứa " * 5_883,
}


@pytest.mark.parametrize("step", [*STEPS, vi.plain], ids=lambda step: step.__name__)
@given(text=ANY)
@settings(max_examples=150, deadline=None)
def test_any_text_passes_and_does_not_explode(step: Callable[[str], str], text: str) -> None:
    assert len(step(text)) <= 8 * len(text) + 16


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@given(text=ANY)
@settings(max_examples=150, deadline=None)
def test_doing_it_twice_changes_nothing(step: Callable[[str], str], text: str) -> None:
    assert step(step(text)) == step(text)


@given(text=ANY)
@settings(max_examples=100, deadline=None)
def test_words_say_where_they_stand(text: str) -> None:
    composed = vi.nfc(text)
    for word in vi.words(text):
        assert vi.syllables(composed[word.start : word.end]) == [word.folded]


def test_folding_any_single_character_is_final() -> None:
    every = "".join(map(chr, range(0x20, 0x3000)))
    assert [c for c in every if vi.fold(vi.fold(c)) != vi.fold(c)] == []


def test_clean_drops_what_cannot_be_seen() -> None:
    assert vi.clean("  a\u200bb\u202ec\x07  d\r\n\r\n\r\n\r\ne\t f ") == "abc d\n\ne f"


def test_decomposed_text_is_composed() -> None:
    assert vi.clean(unicodedata.normalize("NFD", "Điện Biên")) == "Điện Biên"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Xã Đ’Ran, Ð", "xa d'ran, d"), ("HÒA  hoà", "hoa hoa"), ("𝐗ã", "xa"), ("ngừng\u200b", "ngung")],
)
def test_folding(text: str, folded: str) -> None:
    assert vi.fold(text) == folded


@pytest.mark.parametrize(
    ("old", "new"), [("hoà", "hòa"), ("uỷ", "ủy"), ("thuý", "thúy"), ("qúy", "quý"), ("KHOẺ", "khỏe")]
)
def test_old_and_new_tone_placement_are_one_word(old: str, new: str) -> None:
    assert vi.words(old)[0].marked == vi.words(new)[0].marked


def test_marks_still_tell_words_apart() -> None:
    assert vi.words("bão")[0].marked != vi.words("báo")[0].marked


def test_apostrophes_join_and_punctuation_parts() -> None:
    assert vi.syllables("Ở xã Đ'Ran, Ea H’Leo?") == ["o", "xa", "dran", "ea", "hleo"]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Ddawng kys khai sinh", "dang ky khai sinh"),
        ("tie61ng vie65t", "tieng viet"),
        ("d9uo7ng2 hu7", "duong hu"),
        ("alooo xaaa, khônggg", "alo xa, khong"),
        ("LAMF GKS 😀 Ở ĐÂU\u200b Z???", "lam giay khai sinh 😀 o dau vay???"),
        ("lafm hoof sow nhaf cuawr e", "lam ho so nha cua em"),
    ],
)
def test_broken_typing_is_understood(typed: str, plain: str) -> None:
    assert vi.plain(typed) == plain


@pytest.mark.parametrize("text", ["cccd", "www", "kkk", "zzzz", "1000000", "0999888777"])
def test_what_is_no_held_key_is_not_squeezed(text: str) -> None:
    assert vi.squeeze(text) == text


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_hundred_thousand_characters_pass_in_time(text: str) -> None:
    began = time.process_time()
    for step in (*STEPS, vi.plain, vi.syllables):
        step(text)
    assert time.process_time() - began < 12  # a tenth of it on an idle machine; what grows as the square takes minutes
