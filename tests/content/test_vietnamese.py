"""Vietnamese as it is typed: every normalising step is total, idempotent and bounded, and does what it says."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import vietnamese as vi

ANY = st.text(st.characters(), max_size=80) | st.text(
    st.sampled_from("aăâeêioôơuưyđÐ̛̣̀́̉̃̂̆sfrxjw123 \n\t.,'’-dwzk\u200b\u202e\ud800🙂ﷺ"), max_size=40
)
STEPS: list[Callable[[str], str]] = [vi.nfc, vi.clean, vi.fold, vi.squeeze, vi.expand, vi.decode]


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
        ("lam gks ko dc", "lam giay khai sinh khong duoc"),
        ("đc k", "duoc khong"),
        ("alooo xaaa", "alo xa"),
        ("ubnd xã", "uy ban nhan dan xa"),
    ],
)
def test_short_and_broken_typing_is_understood(typed: str, plain: str) -> None:
    assert vi.plain(typed) == plain


@pytest.mark.parametrize(
    "text", ["internet wifi taxi", "PA-7K3M-9QXD", "PA-01969-20261121", "K7A3", "0911222333", "thon3", "CO2"]
)
def test_the_decoder_leaves_codes_and_foreign_words_alone(text: str) -> None:
    assert vi.decode(text) == text


@pytest.mark.parametrize("text", ["tt", "dk", "bv", "xa", "công an cá", "ca"])
def test_what_may_mean_several_things_is_left_alone(text: str) -> None:
    assert vi.expand(text) == text


def test_the_word_lists_keep_their_rules() -> None:
    lists = vi.word_lists()
    for key, meaning in lists.expand.items():
        assert key == vi.fold(key)
        assert len(meaning) <= 8 * len(key)
        assert not [word for word in vi.syllables(meaning) if word in lists.expand]
    assert not lists.expand.keys() & lists.ambiguous.keys()


def telex(syllable: str) -> str:
    """`syllable` as the Telex keys that make it, tone last."""
    keys, tone = "", ""
    for c in unicodedata.normalize("NFD", syllable):
        mark = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}.get(c)
        tone = mark or tone
        keys += "" if mark else {"\u0302": keys[-1:], "\u0306": "w", "\u031b": "w", "đ": "dd"}.get(c, c)
    return keys + tone


SYLLABLES = re.findall(
    r"\w+",
    "đăng ký giấy chứng nhận quyền sử dụng đất thường trú nghèo hưởng trợ cấp người khuyết tật tuổi bão lũ quét sạt lở "
    "điện nước đường hỏng cầu ủy ban nhân dân tiêm chủng trẻ em hộ khẩu kết hôn ly khiếu nại tố cáo thuế phường xã",
)


@pytest.mark.parametrize("syllable", SYLLABLES)
def test_telex_keys_give_the_syllable_back(syllable: str) -> None:
    assert vi.decode_word(telex(syllable)) == vi.fold(syllable)
