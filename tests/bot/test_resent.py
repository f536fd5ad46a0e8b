"""A copy says that it is one, whatever room there is; nothing else does."""

from dataclasses import replace

import pytest

from bot.channels.telegram_media import unsendable
from bot.resent import in_fields, is_copy, marked
from content.channels import KINDS, units
from content.message import Part
from handlers.terms import parse
from storage.ledger import Due
from storage.outbox import EMERGENCY

COPY = Due(1, 1, 1, 1, "c", EMERGENCY, 0, None, 0, 0, "", 1_795_000_000_000, 0, "", True, False, 5, None, "", 0)
MARK = "(Gửi lại tin đã gửi lúc "
LONG = "Nước lên nhanh. " * 400


@pytest.mark.parametrize(
    ("row", "copy"),
    [
        pytest.param(COPY, True, id="it may have come"),
        pytest.param(replace(COPY, resent=False), False, id="it is the first"),
        pytest.param(replace(COPY, first_at=0), False, id="its copy went out, another part follows"),
        pytest.param(replace(COPY, letter_id=None), False, id="a report: the source system knows its key"),
    ],
)
def test_what_may_have_come_before_says_so(row: Due, copy: bool) -> None:
    [part] = marked((Part("text", "LŨ QUÉT"),), row, "telegram")
    assert is_copy(row) == copy
    assert (MARK in part.text) == copy
    assert part.text.startswith("LŨ QUÉT")


@pytest.mark.parametrize("channel", KINDS)
@pytest.mark.parametrize("less", [0, 1, 10, 76, 77, 78, 79, 200])
def test_words_give_way_to_the_mark_where_there_is_no_room_for_both(channel: str, less: int) -> None:
    limit = KINDS[channel].text_limit
    [part] = marked((Part("text", LONG[: limit - less]),), COPY, channel)
    assert units(part.text) <= limit
    assert MARK in part.text
    assert part.text.startswith(LONG[: limit - 300])
    words = part.text.partition(MARK)[0]
    assert words.strip().endswith("…") == (words.strip() != LONG[: limit - less].strip())


def test_what_has_no_room_any_more_goes_with_the_next_part() -> None:
    limit = KINDS["zalo_oa"].text_limit
    first, second = marked((Part("text", LONG[:limit]), Part("text", "Gọi 112.")), COPY, "zalo_oa")
    said = first.text.partition("\n" + MARK)[0] + " " + second.text
    assert said == LONG[:limit].strip() + "\nGọi 112."


@pytest.mark.parametrize(
    ("channel", "kind", "says"),
    [
        ("telegram", "voice", True),
        ("telegram", "photo", True),
        ("telegram", "file", True),
        ("zalo_oa", "photo", True),
        ("zalo_oa", "file", False),
        ("zalo_bot", "photo", True),
        ("zalo_bot", "voice", False),
    ],
)
def test_the_part_that_may_have_come_is_marked_and_no_other(channel: str, kind: str, says: bool) -> None:
    parts = (Part("text", "một"), Part(kind, media="x"), Part("text", "ba"))  # type: ignore[arg-type]
    found = marked(parts, replace(COPY, parts_done=1), channel)
    assert (found[0], found[2]) == (parts[0], parts[2])
    assert (MARK in found[1].text) == says
    assert units(found[1].text) <= KINDS[channel].caption_limit


def test_buttons_stay_where_they_are() -> None:
    from content.message import Button

    part = Part("text", LONG[:4096], (Button("1. Nghe", "q:1"),))
    [found] = marked((part,), COPY, "telegram")
    assert found.buttons == part.buttons
    assert unsendable(found, None) == ""


WORDS = {"code": "PA-7K3M-9QXD", "title": "LŨ QUÉT", "text": "LŨ QUÉT bản Tâu", "date": "22/11/2026"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("dau:title,lai:text:200", {"dau": "(Gửi lại) LŨ QUÉT", "lai": "LŨ QUÉT bản Tâu"}),
        ("lai:text:18", {"lai": "(Gửi lại) LŨ QUÉT…"[:18]}),
        ("ma:code:30,ngay:date", {"ma": "(Gửi lại) PA-7K3M-9QXD", "ngay": "22/11/2026"}),
        ("ma:code:12,ngay:date", {"ma": "PA-7K3M-9QXD", "ngay": "22/11/2026"}),
        ("ngay:date", {"ngay": "22/11/2026"}),
    ],
)
def test_a_template_says_it_in_the_first_field_that_has_room(fields: str, expected: dict[str, str]) -> None:
    template = parse({"template.emergency": "T1", "template.emergency.fields": fields}).templates["emergency"]
    assert template.values(in_fields(WORDS, template)) == expected
