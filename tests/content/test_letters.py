"""Fitting: what is said becomes parts that each kind of channel can carry, and nothing of it is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.channels import KINDS, Kind, units
from content.letters import MOST_PARTS, fit, split
from content.message import Choice, Part, Said

CHOICES = (Choice("1", "Đúng, gửi đi"), Choice("2", "Sửa lại"))


@pytest.mark.parametrize("channel", ["zalo_oa", "zalo_bot"])
def test_where_there_are_no_buttons_choices_are_numbered_lines(channel: str) -> None:
    assert fit(Said("Đúng chưa?", CHOICES, "q"), KINDS[channel]) == (
        Part("text", "Đúng chưa?\n\n1. Đúng, gửi đi\n2. Sửa lại"),
    )


def test_buttons_carry_the_number_too_so_that_typing_it_works() -> None:
    [part] = fit(Said("Đúng chưa?", CHOICES, "q7"), KINDS["telegram"])
    assert [(one.label, one.payload) for one in part.buttons] == [("1. Đúng, gửi đi", "q7:1"), ("2. Sửa lại", "q7:2")]


def test_the_payload_of_a_button_fits_into_64_bytes() -> None:
    [part] = fit(Said("x", (Choice("33", "Muốn hỏi thêm"),), f"answer{10**18}"), KINDS["telegram"])
    assert len(part.buttons[0].payload.encode()) <= 64


VOICE = [("telegram", ["text", "voice"]), ("zalo_bot", ["text", "voice"]), ("zalo_oa", ["text"])]


@pytest.mark.parametrize(("channel", "kinds"), VOICE)
def test_a_recording_follows_the_text_or_becomes_a_link(channel: str, kinds: list[str]) -> None:
    parts = fit(Said("Tin", voice="f" * 64, listen="https://x.vn/listen/K7M3"), KINDS[channel])
    assert [one.kind for one in parts] == kinds
    assert ("Nghe đọc: https://x.vn/listen/K7M3" in parts[0].text) == (channel == "zalo_oa")


def test_files_come_last() -> None:
    assert [one.kind for one in fit(Said("Ảnh", files=("a", "b")), KINDS["telegram"])] == ["text", "photo", "photo"]


def test_a_long_text_is_cut_between_paragraphs_then_sentences_then_words() -> None:
    assert split("Một câu.\n\nHai câu.", 12) == ["Một câu.", "Hai câu."]
    assert split("Một câu. Hai câu.", 12) == ["Một câu.", "Hai câu."]
    assert split("một hai ba bốn", 8) == ["một hai", "ba bốn"]


def test_the_choices_stay_under_the_last_piece() -> None:
    parts = fit(Said("câu dài. " * 600, CHOICES, "q"), KINDS["telegram"])
    assert [len(one.buttons) for one in parts] == [0, 2]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@given(text=st.text(max_size=9000))
def test_every_part_fits_and_there_are_three_at_most(kind: Kind, text: str) -> None:
    pieces = split(text, kind.text_limit)
    assert 1 <= len(pieces) <= MOST_PARTS
    assert all(0 < units(one) <= kind.text_limit for one in pieces)


@given(words=st.lists(st.text(alphabet="aăâbcdđêôơư", min_size=1, max_size=9), min_size=1, max_size=120))
def test_nothing_is_lost_where_three_parts_are_enough(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(split(text, 800)).split() == words
